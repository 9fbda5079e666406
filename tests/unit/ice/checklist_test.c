#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ice/priority.h"
#include "support/ice_bench.h"

#define PACE (50 * MONO_MS)

static size_t in_state(const struct bench *b, enum ice_pair_state state) {
  size_t n = 0;
  for (size_t i = 0; i < bench_pairs(b); i++) n += bench_pair(b, i).state == state;
  return n;
}

static void test_the_first_check_goes_at_once_and_the_next_after_the_pacing(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  for (uint16_t i = 0; i < 3; i++)
    assert_int_equal(bench_candidate(&b,
                                     (const char *[]){"192.0.2.11", "192.0.2.12", "192.0.2.13"}[i],
                                     6000, ice_priority(ICE_HOST, (uint16_t)(100 + i))),
                     0);
  mono_us start = b.now;
  assert_int_equal(b.n_tx, 0);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(b.n_tx, 1);
  assert_int_equal(b.tx[0].path.remote.ip[3], 13); /* the best */
  bench_at(&b, start + PACE - 1);
  assert_int_equal(b.n_tx, 1);
  bench_free(&b);
}

/* The bench gives all candidates the foundation "1". */
static void test_pairs_of_a_foundation_wait_for_the_first(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 300), 0);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6001, 200), 0);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6002, 100), 0);
  assert_int_equal(in_state(&b, ICE_PAIR_WAITING), 1);
  assert_int_equal(in_state(&b, ICE_PAIR_FROZEN), 2);
  assert_int_equal(bench_set_remote(&b), 0);
  mono_us start = b.now;
  bench_at(&b, start + PACE);
  assert_int_equal(b.n_tx, 1); /* frozen until the first one has an end */
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(in_state(&b, ICE_PAIR_FROZEN), 0);
  bench_free(&b);
}

static void test_no_more_than_100_pairs(void **state) {
  (void)state;
  struct bench b;
  const char *const ips[] = {"192.0.2.1", "192.0.2.3"};
  bench_init(&b, true);
  assert_int_equal(bench_interfaces(&b, ips, 2), 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_bound(&b, 0, 5000), 0);
  assert_int_equal(bench_bound(&b, 1, 5001), 0);
  for (uint16_t i = 0; i < 64; i++)
    assert_int_equal(bench_candidate(&b, "192.0.2.2", (uint16_t)(6000 + i), 1000u + i), 0);
  assert_int_equal(bench_pairs(&b), 100);
  /* The worst made way: of the 14 worst candidates none has a pair. */
  for (size_t i = 0; i < 100; i++) assert_true(bench_pair(&b, i).remote.priority >= 1000 + 14);
  bench_free(&b);
}

static void test_with_a_pair_selected_worse_ones_are_not_checked(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6001, 5), 0);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(bench_success(&b, &b.tx[1]), 0); /* the nomination */
  assert_true(bench_has(&b.tx[1], STUN_ATTR_USE_CANDIDATE));
  bench_clear(&b);
  bench_run(&b, b.now + 3 * MONO_S);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 0);
  /* A candidate that comes later is checked all the same: it may serve one day. */
  assert_int_equal(bench_candidate(&b, "192.0.2.9", 6002, 4), 0);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 1);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_first_check_goes_at_once_and_the_next_after_the_pacing),
      cmocka_unit_test(test_pairs_of_a_foundation_wait_for_the_first),
      cmocka_unit_test(test_no_more_than_100_pairs),
      cmocka_unit_test(test_with_a_pair_selected_worse_ones_are_not_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
