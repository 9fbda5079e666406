#include "sctp/tx/hystart.h"

#include "support/unit.h"

static void test_slow_start_slows_down_when_the_rtt_rises(void **state) {
  (void)state;
  struct hystart h;
  hystart_init(&h, 100);
  for (int i = 0; i < 8; i++) hystart_sample(&h, 40 * MONO_MS);
  hystart_round(&h, 99, 200);
  assert_int_equal(h.last_least, MONO_NEVER); /* the round is not over */
  hystart_round(&h, 100, 200);
  for (int i = 0; i < 8; i++) hystart_sample(&h, 45 * MONO_MS - 1);
  assert_int_equal(hystart_growth(&h, 1000), 1000);
  hystart_round(&h, 200, 300);
  for (int i = 0; i < 8; i++) hystart_sample(&h, 51 * MONO_MS);
  assert_int_equal(hystart_growth(&h, 1000), 250);
  for (uint64_t i = 0; i < HYSTART_CSS_ROUNDS; i++) {
    assert_false(h.done);
    hystart_round(&h, 300 + 100 * i, 400 + 100 * i);
  }
  assert_true(h.done);
}

static void test_slow_start_goes_on_when_the_rtt_falls_again(void **state) {
  (void)state;
  struct hystart h;
  hystart_init(&h, 100);
  for (int i = 0; i < 8; i++) hystart_sample(&h, 40 * MONO_MS);
  hystart_round(&h, 100, 200);
  for (int i = 0; i < 8; i++) hystart_sample(&h, 60 * MONO_MS);
  assert_true(h.conservative);
  hystart_round(&h, 200, 300);
  for (int i = 0; i < 8; i++) hystart_sample(&h, 41 * MONO_MS);
  assert_false(h.conservative);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slow_start_slows_down_when_the_rtt_rises),
      cmocka_unit_test(test_slow_start_goes_on_when_the_rtt_falls_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
