#include "sctp/tx/pacer.h"

#include "support/unit.h"

static void test_a_window_is_spread_over_its_round_trip(void **state) {
  (void)state;
  const struct pacer_rate rate = {.cwnd = 1000000, .packet = 1000, .srtt = 100 * MONO_MS};
  struct pacer p;
  pacer_init(&p);
  size_t sent = 0;
  mono_us now = MONO_S;
  for (mono_us end = now + 100 * MONO_MS; now < end;) {
    pacer_refill(&p, now, &rate);
    mono_us next = pacer_next(&p, now, &rate);
    if (next > now) {
      assert_true(next <= now + 2 * PACER_TICK);
      now = next;
      continue;
    }
    pacer_spend(&p, 1000);
    sent += 1000;
  }
  /* 1.25 windows, and the first burst */
  assert_in_range(sent, 1250000, 1250000 + 30000);
}

static void test_a_burst_is_at_most_two_ticks_or_ten_packets(void **state) {
  (void)state;
  const struct pacer_rate rate = {.cwnd = 100000, .packet = 1000, .srtt = 100 * MONO_MS};
  struct pacer p;
  pacer_init(&p);
  int burst = 0;
  pacer_refill(&p, 100 * MONO_S, &rate);
  for (; pacer_next(&p, 100 * MONO_S, &rate) <= 100 * MONO_S; burst++) pacer_spend(&p, 1000);
  assert_int_equal(burst, 10);
}

static void test_an_unknown_path_is_not_paced(void **state) {
  (void)state;
  const struct pacer_rate rate = {.cwnd = 10000, .packet = 1000, .srtt = 0};
  struct pacer p;
  pacer_init(&p);
  pacer_spend(&p, 100000);
  assert_int_equal(pacer_next(&p, 5, &rate), 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_window_is_spread_over_its_round_trip),
      cmocka_unit_test(test_a_burst_is_at_most_two_ticks_or_ten_packets),
      cmocka_unit_test(test_an_unknown_path_is_not_paced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
