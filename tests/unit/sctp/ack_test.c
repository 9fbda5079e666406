#include "sctp/rx/ack.h"

#include "support/unit.h"

static void test_every_second_packet_is_acknowledged_at_once(void **state) {
  (void)state;
  struct ack_timer a;
  ack_init(&a);
  ack_on_packet(&a, 1000, false);
  assert_false(a.now);
  assert_true(ack_owed(&a));
  ack_on_packet(&a, 2000, false);
  assert_true(a.now);
  ack_sent(&a);
  assert_false(ack_owed(&a));
}

static void test_a_lone_packet_is_acknowledged_after_twenty_milliseconds(void **state) {
  (void)state;
  struct ack_timer a;
  ack_init(&a);
  ack_on_packet(&a, 1000, false);
  assert_int_equal(a.at, 1000 + 20 * MONO_MS);
  ack_wake(&a, a.at - 1);
  assert_false(a.now);
  ack_wake(&a, a.at);
  assert_true(a.now);
}

static void test_what_is_urgent_is_acknowledged_at_once(void **state) {
  (void)state;
  struct ack_timer a;
  ack_init(&a);
  ack_on_packet(&a, 1000, true);
  assert_true(a.now);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_second_packet_is_acknowledged_at_once),
      cmocka_unit_test(test_a_lone_packet_is_acknowledged_after_twenty_milliseconds),
      cmocka_unit_test(test_what_is_urgent_is_acknowledged_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
