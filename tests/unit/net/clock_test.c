#include "net/clock.h"

#include <time.h>

#include "support/unit.h"

static void test_the_clock_never_goes_back_and_is_the_monotonic_one(void **state) {
  (void)state;
  struct timespec t;
  mono_us before = net_clock_now();
  assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
  mono_us between = (mono_us)t.tv_sec * 1000000 + (mono_us)t.tv_nsec / 1000;
  mono_us after = net_clock_now();
  assert_true(before <= between && between <= after);
}

static void test_the_offset_leads_to_the_wall_clock(void **state) {
  (void)state;
  int64_t wall = net_clock_unix_us();
  int64_t sum = (int64_t)net_clock_now() + net_clock_unix_offset_us();
  assert_true(wall > INT64_C(1600000000000000));
  assert_true(sum - wall > -1000000 && sum - wall < 1000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_clock_never_goes_back_and_is_the_monotonic_one),
      cmocka_unit_test(test_the_offset_leads_to_the_wall_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
