#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ice/priority.h"
#include "support/ice_bench.h"

/* Three pairs, to ports 6001 (best) to 6003, of foundations of their own so that all are checked.
 */
static void three(struct bench *b, bool controlling) {
  bench_init(b, controlling);
  bench_up(b);
  for (uint16_t i = 1; i <= 3; i++) {
    struct ice_candidate c = {.priority = ice_priority(ICE_HOST, (uint16_t)(10 - i)),
                              .addr = addr_v4(192, 0, 2, 2, (uint16_t)(6000 + i))};
    c.foundation[0] = (char)('0' + i);
    assert_int_equal(ice_agent_add_remote(b->a, b->now, &c), 0);
  }
  assert_int_equal(bench_set_remote(b), 0);
}

static uint16_t selected_port(const struct bench *b) {
  struct ice_pair_info p;
  return ice_agent_selected(b->a, &p) ? p.path.remote.port : 0;
}

static const struct bench_tx *nomination(const struct bench *b) {
  for (size_t i = b->n_tx; i > 0; i--)
    if (bench_has(&b->tx[i - 1], STUN_ATTR_USE_CANDIDATE)) return &b->tx[i - 1];
  return NULL;
}

static void test_the_best_pair_is_nominated_at_once(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  b.now += 4 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  const struct bench_tx *tx = nomination(&b);
  assert_non_null(tx);
  assert_int_equal(tx->at, b.now);
  assert_int_equal(tx->path.remote.port, 6001);
  assert_int_equal(selected_port(&b), 0);
  assert_int_equal(bench_success(&b, tx), 0);
  assert_int_equal(selected_port(&b), 6001);
  assert_int_equal(bench_told(&b, ICE_EV_SELECTED), 1);
  assert_true(bench_pair(&b, 0).nominated);
  bench_free(&b);
}

/* PACING.md: a check without an answer for three round trips and 20 ms has had its time. */
static void test_a_better_pair_that_had_its_time_is_not_waited_for(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  bench_run(&b, b.now + 50 * MONO_MS);
  assert_int_equal(b.n_tx, 2);
  b.now += 10 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[1]), 0);
  assert_non_null(nomination(&b));
  assert_int_equal(nomination(&b)->path.remote.port, 6002);
  bench_free(&b);
}

/* PACING.md: two round trips and 10 ms after the first valid pair. */
static void test_a_better_pair_is_waited_for_with_little_patience(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  mono_us start = b.now;
  const struct bench_check check = {.from = addr_v4(192, 0, 2, 2, 6002), .controlling = false};
  assert_int_equal(bench_check(&b, &check), 0); /* triggered at once */
  b.now += 10 * MONO_MS;
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  bench_at(&b, start + 40 * MONO_MS - 1);
  assert_null(nomination(&b));
  bench_at(&b, start + 40 * MONO_MS); /* 10 + 2 * 10 + 10 */
  assert_non_null(nomination(&b));
  assert_int_equal(nomination(&b)->path.remote.port, 6002);
  bench_free(&b);
}

static void test_a_better_pair_that_comes_in_time_is_taken(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  const struct bench_check check = {.from = addr_v4(192, 0, 2, 2, 6002), .controlling = false};
  assert_int_equal(bench_check(&b, &check), 0);
  b.now += 10 * MONO_MS;
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  b.now += 5 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(nomination(&b)->path.remote.port, 6001);
  bench_free(&b);
}

static void test_a_nomination_that_gets_no_answer_is_repeated(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  b.now += 10 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  mono_us sent = nomination(&b)->at;
  struct stun_tid tid = nomination(&b)->m.tid;
  bench_run(&b, sent + 50 * MONO_MS);
  assert_int_equal(nomination(&b)->at, sent + 50 * MONO_MS);
  assert_true(stun_tid_equal(&nomination(&b)->m.tid, &tid));
  bench_free(&b);
}

static int uc(struct bench *b, uint16_t port) {
  const struct bench_check check = {
      .from = addr_v4(192, 0, 2, 2, port), .controlling = true, .use_candidate = true};
  return bench_check(b, &check);
}

/* Makes the pair to this port valid by a check of the peer and an answer. */
static void validate(struct bench *b, uint16_t port) {
  const struct bench_check check = {.from = addr_v4(192, 0, 2, 2, port), .controlling = true};
  assert_int_equal(bench_check(b, &check), 0);
  for (size_t i = b->n_tx; i > 0; i--) {
    if (b->tx[i - 1].m.cls != STUN_REQUEST || b->tx[i - 1].path.remote.port != port) continue;
    assert_int_equal(bench_success(b, &b->tx[i - 1]), 0);
    return;
  }
  fail();
}

static void test_controlled_we_select_when_the_nominated_pair_is_valid(void **state) {
  (void)state;
  struct bench b;
  three(&b, false);
  assert_int_equal(uc(&b, 6001), 0);
  assert_int_equal(selected_port(&b), 0);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(selected_port(&b), 6001);
  assert_int_equal(bench_told(&b, ICE_EV_SELECTED), 1);
  bench_free(&b);
}

static void test_of_aggressive_nominations_the_best_pair_counts(void **state) {
  (void)state;
  struct bench b;
  three(&b, false);
  validate(&b, 6001);
  validate(&b, 6002);
  validate(&b, 6003);
  assert_int_equal(uc(&b, 6002), 0);
  assert_int_equal(selected_port(&b), 6002);
  assert_int_equal(uc(&b, 6001), 0);
  assert_int_equal(selected_port(&b), 6001);
  assert_int_equal(uc(&b, 6003), 0);
  assert_int_equal(selected_port(&b), 6001);
  bench_free(&b);
}

static void test_a_later_nomination_of_a_worse_pair_is_followed(void **state) {
  (void)state;
  struct bench b;
  three(&b, false);
  validate(&b, 6001);
  validate(&b, 6003);
  assert_int_equal(uc(&b, 6001), 0);
  mono_us start = b.now;
  b.now = start + 500 * MONO_MS - 1;
  assert_int_equal(uc(&b, 6003), 0);
  assert_int_equal(selected_port(&b), 6001);
  b.now = start + 500 * MONO_MS;
  assert_int_equal(uc(&b, 6003), 0);
  assert_int_equal(selected_port(&b), 6003);
  bench_free(&b);
}

static void test_data_moves_up_from_a_nats_mapping_to_host_candidates(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  b.now += 10 * MONO_MS;
  const struct bench_answer mapped = {.mapped = bench_addr("203.0.113.5", 1234)};
  assert_int_equal(bench_answer(&b, &b.tx[0], &mapped), 0);
  assert_int_equal(bench_answer(&b, bench_last(&b, STUN_REQUEST), &mapped), 0);
  assert_true(bench_pair(&b, 0).selected);
  bench_clear(&b);
  assert_int_equal(bench_candidate(&b, "192.0.2.3", 6009, UINT32_MAX / 2), 0);
  bench_run(&b, b.now + 100 * MONO_MS);
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  const struct bench_tx *tx = bench_last(&b, STUN_REQUEST);
  assert_int_equal(tx->path.remote.port, 6009);
  assert_true(bench_has(tx, STUN_ATTR_USE_CANDIDATE));
  assert_int_equal(bench_success(&b, tx), 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6009);
  bench_free(&b);
}

static void test_use_candidate_means_nothing_while_we_control(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  const struct bench_check check = {.from = addr_v4(192, 0, 2, 2, 6001), .use_candidate = true};
  assert_int_equal(bench_check(&b, &check), 0);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(selected_port(&b), 0);
  bench_free(&b);
}

static void test_data_may_flow_over_a_valid_pair_before_the_nomination(void **state) {
  (void)state;
  struct bench b;
  three(&b, true);
  assert_null(ice_agent_data_path(b.a));
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6001);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_best_pair_is_nominated_at_once),
      cmocka_unit_test(test_a_better_pair_that_had_its_time_is_not_waited_for),
      cmocka_unit_test(test_a_better_pair_is_waited_for_with_little_patience),
      cmocka_unit_test(test_a_better_pair_that_comes_in_time_is_taken),
      cmocka_unit_test(test_a_nomination_that_gets_no_answer_is_repeated),
      cmocka_unit_test(test_controlled_we_select_when_the_nominated_pair_is_valid),
      cmocka_unit_test(test_of_aggressive_nominations_the_best_pair_counts),
      cmocka_unit_test(test_a_later_nomination_of_a_worse_pair_is_followed),
      cmocka_unit_test(test_data_moves_up_from_a_nats_mapping_to_host_candidates),
      cmocka_unit_test(test_use_candidate_means_nothing_while_we_control),
      cmocka_unit_test(test_data_may_flow_over_a_valid_pair_before_the_nomination),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
