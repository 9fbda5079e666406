#include "sctp/tx/cubic.h"

#include "support/unit.h"

#define MTU ((size_t)1000)

static struct cubic_ack ack_of(mono_us now, size_t n) {
  return (struct cubic_ack){.now = now, .srtt = 100 * MONO_MS, .acked = n, .limited = true};
}

/* Acknowledges a window's worth each round trip for so long. */
static mono_us run_for(struct cubic *c, mono_us now, mono_us time) {
  for (mono_us end = now + time; now < end; now += 100 * MONO_MS) {
    struct cubic_ack a = ack_of(now, c->cwnd);
    cubic_on_ack(c, &a);
  }
  return now;
}

static void test_the_window_starts_with_ten_packets_and_doubles(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  assert_int_equal(c.cwnd, 10 * MTU);
  (void)run_for(&c, 0, 300 * MONO_MS);
  assert_int_equal(c.cwnd, 80 * MTU);
}

static void test_a_loss_takes_three_tenths(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 100 * MTU;
  cubic_on_loss(&c);
  assert_int_equal(c.cwnd, 70 * MTU);
  assert_int_equal(c.ssthresh, 70 * MTU);
  assert_int_equal(c.w_max, 100 * MTU);
  for (int i = 0; i < 50; i++) cubic_on_loss(&c);
  assert_int_equal(c.cwnd, 2 * MTU);
}

static void test_the_window_is_back_after_k_and_then_grows_on(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 1000 * MTU;
  cubic_on_loss(&c);
  /* K = cbrt(300 / 0.4) = 9.09 s */
  mono_us t = run_for(&c, MONO_S, 4 * MONO_S);
  assert_in_range(c.cwnd, 900 * MTU, 970 * MTU);
  t = run_for(&c, t, 5 * MONO_S);
  assert_in_range(c.cwnd, 995 * MTU, 1005 * MTU);
  (void)run_for(&c, t, 5 * MONO_S);
  assert_in_range(c.cwnd, 1040 * MTU, 1080 * MTU);
}

static void test_a_small_window_grows_as_renos_would(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 20 * MTU;
  cubic_on_loss(&c);
  (void)run_for(&c, MONO_S, 2 * MONO_S);
  /* From 14 packets 9/17 of one each round trip up to 20, in the 9 left one each; cubic alone, with
   * its K of 2.5 s, would not be there yet. */
  assert_in_range(c.cwnd, 28 * MTU, 29 * MTU);
}

static void test_an_unused_window_does_not_grow(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  struct cubic_ack a = ack_of(MONO_S, 5 * MTU);
  a.limited = false;
  for (int i = 0; i < 100; i++) cubic_on_ack(&c, &a);
  assert_int_equal(c.cwnd, 10 * MTU);
}

static void test_after_a_timeout_the_window_grows_again(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 1000 * MTU;
  c.ssthresh = 1000 * MTU;
  cubic_on_timeout(&c, 1);
  assert_int_equal(c.cwnd, MTU);
  assert_int_equal(c.ssthresh, 700 * MTU);
  mono_us t = run_for(&c, MONO_S, MONO_S);
  assert_int_equal(c.cwnd, 700 * MTU); /* slow start, ten round trips */
  (void)run_for(&c, t, 15 * MONO_S);
  assert_true(c.cwnd > 1000 * MTU);
}

static void test_timeouts_in_a_row_do_not_lower_the_threshold_each_time(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 1000 * MTU;
  for (int i = 0; i < 8; i++) cubic_on_timeout(&c, 1);
  assert_int_equal(c.ssthresh, 700 * MTU);
}

static void test_a_needless_timeout_is_undone(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 1000 * MTU;
  c.ssthresh = 900 * MTU;
  cubic_on_timeout(&c, 1);
  cubic_undo_timeout(&c);
  assert_int_equal(c.cwnd, 1000 * MTU);
  assert_int_equal(c.ssthresh, 900 * MTU);
}

static void test_idle_time_halves_the_window_down_to_the_first(void **state) {
  (void)state;
  struct cubic c;
  cubic_init(&c, MTU, 1);
  c.cwnd = 100 * MTU;
  c.ssthresh = 50 * MTU;
  cubic_after_idle(&c, 399 * MONO_MS, 200 * MONO_MS);
  assert_int_equal(c.cwnd, 50 * MTU);
  assert_int_equal(c.ssthresh, 75 * MTU);
  cubic_after_idle(&c, 100 * MONO_S, 200 * MONO_MS);
  assert_int_equal(c.cwnd, 10 * MTU);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_window_starts_with_ten_packets_and_doubles),
      cmocka_unit_test(test_a_loss_takes_three_tenths),
      cmocka_unit_test(test_the_window_is_back_after_k_and_then_grows_on),
      cmocka_unit_test(test_a_small_window_grows_as_renos_would),
      cmocka_unit_test(test_an_unused_window_does_not_grow),
      cmocka_unit_test(test_after_a_timeout_the_window_grows_again),
      cmocka_unit_test(test_timeouts_in_a_row_do_not_lower_the_threshold_each_time),
      cmocka_unit_test(test_a_needless_timeout_is_undone),
      cmocka_unit_test(test_idle_time_halves_the_window_down_to_the_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
