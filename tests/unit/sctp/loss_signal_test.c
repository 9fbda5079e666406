#include "sctp/tx/loss_signal.h"

#include "support/unit.h"

static struct rtt measured(mono_us least, mono_us now) {
  struct rtt r;
  rtt_init(&r, 0);
  rtt_sample(&r, 0, least);
  for (unsigned i = 0; i < RTT_RECENT; i++) rtt_sample(&r, 1, now);
  return r;
}

static void test_a_loss_with_a_queue_is_congestion(void **state) {
  (void)state;
  struct loss_signal l = {.sent = 1000, .lost = 1};
  struct rtt r = measured(80 * MONO_MS, 90 * MONO_MS);
  assert_false(loss_signal_is_congestion(&l, &r));
  r = measured(80 * MONO_MS, 90 * MONO_MS + 1);
  assert_true(loss_signal_is_congestion(&l, &r));
}

static void test_on_a_short_path_half_the_rtt_is_a_queue(void **state) {
  (void)state;
  struct loss_signal l = {.sent = 1000, .lost = 1};
  struct rtt r = measured(4 * MONO_MS, 4 * MONO_MS + 2500);
  assert_false(loss_signal_is_congestion(&l, &r));
  r = measured(4 * MONO_MS, 4 * MONO_MS + 2501);
  assert_true(loss_signal_is_congestion(&l, &r));
}

static void test_next_door_every_loss_is_congestion(void **state) {
  (void)state;
  struct loss_signal l = {.sent = 1000, .lost = 1};
  struct rtt r = measured(2 * MONO_MS - 1, 2 * MONO_MS - 1);
  assert_true(loss_signal_is_congestion(&l, &r));
  r = measured(2 * MONO_MS, 2 * MONO_MS);
  assert_false(loss_signal_is_congestion(&l, &r));
}

static void test_more_than_two_percent_of_losses_is_congestion(void **state) {
  (void)state;
  struct rtt r = measured(80 * MONO_MS, 80 * MONO_MS);
  struct loss_signal l = {.sent = 1000, .lost = 20 + LOSS_GRACE_PACKETS};
  assert_false(loss_signal_is_congestion(&l, &r));
  loss_signal_lost(&l);
  assert_true(loss_signal_is_congestion(&l, &r));
}

static void test_a_loss_before_any_measurement_is_congestion(void **state) {
  (void)state;
  struct rtt r;
  rtt_init(&r, 50 * MONO_MS);
  assert_true(loss_signal_is_congestion(&(struct loss_signal){0}, &r));
}

static void test_old_losses_fade(void **state) {
  (void)state;
  struct loss_signal l = {.lost = 64};
  for (unsigned i = 0; i < LOSS_SPAN_PACKETS; i++) loss_signal_sent(&l);
  assert_int_equal(l.lost, 32);
  assert_int_equal(l.sent, LOSS_SPAN_PACKETS / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_loss_with_a_queue_is_congestion),
      cmocka_unit_test(test_on_a_short_path_half_the_rtt_is_a_queue),
      cmocka_unit_test(test_next_door_every_loss_is_congestion),
      cmocka_unit_test(test_more_than_two_percent_of_losses_is_congestion),
      cmocka_unit_test(test_a_loss_before_any_measurement_is_congestion),
      cmocka_unit_test(test_old_losses_fade),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
