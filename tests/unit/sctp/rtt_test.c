#include "sctp/tx/rtt.h"

#include "support/unit.h"

static void test_the_first_rto_is_a_second_or_three_times_the_hint(void **state) {
  (void)state;
  struct rtt r;
  rtt_init(&r, 0);
  assert_int_equal(rtt_rto(&r), 1 * MONO_S);
  rtt_init(&r, 50 * MONO_MS);
  assert_int_equal(rtt_rto(&r), 150 * MONO_MS);
  rtt_init(&r, 1 * MONO_MS);
  assert_int_equal(rtt_rto(&r), 100 * MONO_MS);
  rtt_init(&r, 5 * MONO_S);
  assert_int_equal(rtt_rto(&r), 1 * MONO_S);
}

static void test_the_rto_follows_the_measurements(void **state) {
  (void)state;
  struct rtt r;
  rtt_init(&r, 0);
  rtt_sample(&r, 0, 100 * MONO_MS);
  assert_int_equal(r.srtt, 100 * MONO_MS);
  assert_int_equal(rtt_rto(&r), 300 * MONO_MS); /* srtt + 4 * srtt / 2 */
  rtt_sample(&r, 0, 100 * MONO_MS);
  assert_int_equal(rtt_rto(&r), 250 * MONO_MS); /* var 37.5 ms */
  for (int i = 0; i < 50; i++) rtt_sample(&r, 0, 100 * MONO_MS);
  assert_int_equal(rtt_rto(&r), 200 * MONO_MS); /* the least distance */
  for (int i = 0; i < 100; i++) rtt_sample(&r, 0, 1 * MONO_MS);
  assert_int_equal(rtt_rto(&r), RTO_MIN);
}

static void test_the_rto_doubles_up_to_ten_seconds_and_comes_back(void **state) {
  (void)state;
  struct rtt r;
  rtt_init(&r, 0);
  for (int i = 0; i < 20; i++) rtt_sample(&r, 0, 10 * MONO_MS);
  mono_us rto = rtt_rto(&r);
  for (int i = 0; i < 20; i++) {
    rtt_back_off(&r);
    rto = mono_min(2 * rto, RTO_MAX);
    assert_int_equal(rtt_rto(&r), rto);
  }
  rtt_progress(&r);
  assert_int_equal(rtt_rto(&r), RTO_MIN);
}

static void test_the_least_rtt_is_forgotten_after_a_while(void **state) {
  (void)state;
  struct rtt r;
  rtt_init(&r, 0);
  rtt_sample(&r, 0, 10 * MONO_MS);
  for (mono_us t = 1; t < 30; t++) {
    rtt_sample(&r, t * MONO_S, 50 * MONO_MS);
    assert_int_equal(rtt_least(&r), 10 * MONO_MS);
  }
  for (mono_us t = 30; t < 40; t++) rtt_sample(&r, t * MONO_S, 50 * MONO_MS);
  assert_int_equal(rtt_least(&r), 50 * MONO_MS);
}

static void test_a_path_below_two_milliseconds_is_next_door_however_busy_it_is(void **state) {
  (void)state;
  struct rtt r;
  rtt_init(&r, 0);
  assert_false(rtt_is_next_door(&r));
  rtt_sample(&r, 0, 2 * MONO_MS);
  assert_false(rtt_is_next_door(&r));
  rtt_sample(&r, 0, 2 * MONO_MS - 1);
  for (int i = 0; i < 20; i++) rtt_sample(&r, 0, 9 * MONO_MS);
  assert_true(rtt_is_next_door(&r));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_first_rto_is_a_second_or_three_times_the_hint),
      cmocka_unit_test(test_the_rto_follows_the_measurements),
      cmocka_unit_test(test_the_rto_doubles_up_to_ten_seconds_and_comes_back),
      cmocka_unit_test(test_the_least_rtt_is_forgotten_after_a_while),
      cmocka_unit_test(test_a_path_below_two_milliseconds_is_next_door_however_busy_it_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
