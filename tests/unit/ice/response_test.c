#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ice_bench.h"

static void test_a_success_makes_the_pair_valid_and_measures_it(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, false);
  b.now += 30 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  struct ice_pair_info p = bench_pair(&b, 0);
  assert_int_equal(p.state, ICE_PAIR_SUCCEEDED);
  assert_int_equal(p.rtt, 30 * MONO_MS);
  assert_int_equal(p.total_rtt, 30 * MONO_MS);
  assert_int_equal(p.requests_sent, 1);
  assert_int_equal(p.responses_received, 1);
  assert_int_equal(p.local.type, ICE_HOST);
  assert_non_null(ice_agent_data_path(b.a));
  bench_free(&b);
}

static void test_another_mapped_address_is_a_local_prflx_candidate(void **state) {
  (void)state;
  struct bench b;
  struct ice_candidate c;
  const struct bench_answer how = {.mapped = addr_v4(203, 0, 113, 5, 1234)};
  bench_ready(&b, false);
  assert_int_equal(bench_answer(&b, &b.tx[0], &how), 0);
  struct ice_pair_info p = bench_pair(&b, 0);
  assert_int_equal(p.local.type, ICE_PRFLX);
  assert_true(addr_equal(&p.local.addr, &how.mapped));
  assert_int_equal(p.local.related.port, 5000);
  assert_true(ice_agent_local_candidate(b.a, 1, &c));
  assert_int_equal(c.type, ICE_PRFLX);
  assert_false(ice_agent_local_candidate(b.a, 2, &c));
  bench_free(&b);
}

static void check_ignored(const struct bench_answer *how) {
  struct bench b;
  bench_ready(&b, false);
  assert_int_equal(bench_answer(&b, &b.tx[0], how), -EINVAL);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_IN_PROGRESS);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_SUCCEEDED);
  bench_free(&b);
}

static void test_what_anyone_could_have_sent_is_ignored(void **state) {
  (void)state;
  check_ignored(&(struct bench_answer){.pwd = "wrong"});
  check_ignored(&(struct bench_answer){.plain = true});
  check_ignored(&(struct bench_answer){.plain = true, .code = 401});
  check_ignored(&(struct bench_answer){.pwd = "wrong", .code = 487});
  check_ignored(&(struct bench_answer){.extra = 0x7abc});
}

static void test_an_answer_from_elsewhere_fails_the_pair(void **state) {
  (void)state;
  struct bench b;
  const struct bench_answer how = {.from = addr_v4(192, 0, 2, 99, 6000)};
  bench_ready(&b, false);
  assert_int_equal(bench_answer(&b, &b.tx[0], &how), 0);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_FAILED);
  bench_free(&b);
}

static void test_an_answer_counts_once(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, false);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(bench_success(&b, &b.tx[0]), -EINVAL);
  assert_int_equal(bench_pair(&b, 0).responses_received, 1);
  bench_free(&b);
}

static void test_an_authentic_error_fails_the_pair(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, false);
  assert_int_equal(bench_answer(&b, &b.tx[0], &(struct bench_answer){.code = 400}), 0);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_FAILED);
  bench_free(&b);
}

static void check_role_conflict(bool controlling) {
  struct bench b;
  bench_ready(&b, controlling);
  uint16_t before = controlling ? STUN_ATTR_ICE_CONTROLLING : STUN_ATTR_ICE_CONTROLLED;
  uint16_t after = controlling ? STUN_ATTR_ICE_CONTROLLED : STUN_ATTR_ICE_CONTROLLING;
  uint64_t old_tie, new_tie;
  assert_true(stun_get_u64(&b.tx[0].m, before, &old_tie));
  assert_int_equal(bench_answer(&b, &b.tx[0], &(struct bench_answer){.code = 487}), 0);
  assert_int_equal(ice_agent_controlling(b.a), !controlling);
  assert_int_equal(b.n_tx, 2); /* checked again at once */
  assert_true(stun_get_u64(&b.tx[1].m, after, &new_tie));
  assert_true(old_tie != new_tie);
  assert_false(stun_tid_equal(&b.tx[0].m.tid, &b.tx[1].m.tid));
  bench_free(&b);
}

static void test_487_changes_the_role_and_checks_again(void **state) {
  (void)state;
  check_role_conflict(true);
  check_role_conflict(false);
}

static void test_a_late_487_for_the_former_role_changes_nothing(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  /* The peer's check shows the conflict first. */
  const struct bench_check check = {.controlling = true, .tie_breaker = UINT64_MAX};
  assert_int_equal(bench_check(&b, &check), 0);
  assert_false(ice_agent_controlling(b.a));
  assert_int_equal(bench_answer(&b, &b.tx[0], &(struct bench_answer){.code = 487}), 0);
  assert_false(ice_agent_controlling(b.a));
  bench_free(&b);
}

static void test_retransmissions_are_told_apart_by_the_counter(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, false);
  bench_run(&b, b.now + 300 * MONO_MS); /* sent at 0, 100 and 300 ms */
  assert_int_equal(b.n_tx, 3);
  b.now += 20 * MONO_MS;
  assert_int_equal(bench_answer(&b, &b.tx[2], &(struct bench_answer){.count = true}), 0);
  assert_int_equal(bench_pair(&b, 0).rtt, 20 * MONO_MS);
  bench_free(&b);
}

static void test_without_the_counter_a_retransmitted_check_measures_nothing(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, false);
  bench_run(&b, b.now + 100 * MONO_MS);
  assert_int_equal(bench_success(&b, &b.tx[1]), 0);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_SUCCEEDED);
  assert_int_equal(bench_pair(&b, 0).rtt, 0);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_success_makes_the_pair_valid_and_measures_it),
      cmocka_unit_test(test_another_mapped_address_is_a_local_prflx_candidate),
      cmocka_unit_test(test_what_anyone_could_have_sent_is_ignored),
      cmocka_unit_test(test_an_answer_from_elsewhere_fails_the_pair),
      cmocka_unit_test(test_an_answer_counts_once),
      cmocka_unit_test(test_an_authentic_error_fails_the_pair),
      cmocka_unit_test(test_487_changes_the_role_and_checks_again),
      cmocka_unit_test(test_a_late_487_for_the_former_role_changes_nothing),
      cmocka_unit_test(test_retransmissions_are_told_apart_by_the_counter),
      cmocka_unit_test(test_without_the_counter_a_retransmitted_check_measures_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
