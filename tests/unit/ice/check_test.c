#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "ice/priority.h"
#include "stun/integrity.h"
#include "support/ice_bench.h"

static void test_what_a_check_holds(void **state) {
  (void)state;
  struct bench b;
  struct bytes v;
  uint32_t priority = 0;
  uint64_t tie_breaker = 0;
  char name[600];
  bench_ready(&b, true);
  const struct bench_tx *tx = &b.tx[0];
  assert_int_equal(b.n_tx, 1);
  (void)snprintf(name, sizeof name, "%s:%s", b.theirs.ufrag, b.ours.ufrag);
  assert_true(stun_find(&tx->m, STUN_ATTR_USERNAME, &v));
  assert_true(bytes_equal(v, bytes_of(name)));
  assert_true(stun_get_u32(&tx->m, STUN_ATTR_PRIORITY, &priority));
  assert_int_equal(priority, ice_priority(ICE_PRFLX, 65535 - 63));
  assert_true(stun_get_u64(&tx->m, STUN_ATTR_ICE_CONTROLLING, &tie_breaker));
  assert_false(bench_has(tx, STUN_ATTR_ICE_CONTROLLED));
  assert_false(bench_has(tx, STUN_ATTR_USE_CANDIDATE));
  assert_true(stun_check_integrity(&tx->m, bytes_of(b.theirs.pwd)));
  assert_int_equal(stun_get_transmit_count(&tx->m), 1);
  bench_free(&b);
}

/* PACING.md: 100 ms, doubling to 3.2 s, given up after 39.5 s. */
static void test_an_unanswered_check_is_sent_again_as_written(void **state) {
  (void)state;
  const mono_us at[] = {0,     100,   300,   700,   1500,  3100,  6300,  9500,
                        12700, 15900, 19100, 22300, 25500, 28700, 31900, 35100};
  struct bench b;
  bench_ready(&b, false);
  mono_us start = b.now;
  for (size_t i = 1; i < sizeof at / sizeof at[0]; i++) {
    bench_run(&b, start + at[i] * MONO_MS - 1);
    assert_int_equal(bench_count(&b, STUN_REQUEST), i);
    bench_run(&b, start + at[i] * MONO_MS);
    assert_int_equal(bench_count(&b, STUN_REQUEST), i + 1);
    assert_true(stun_tid_equal(&b.tx[i].m.tid, &b.tx[0].m.tid));
    assert_int_equal(stun_get_transmit_count(&b.tx[i].m), i + 1);
  }
  bench_run(&b, start + 39500 * MONO_MS - 1);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_IN_PROGRESS);
  bench_run(&b, start + 39500 * MONO_MS);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_FAILED);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 16);
  bench_free(&b);
}

static void test_many_pairs_keep_the_rate_of_one_per_pacing(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, false);
  bench_up(&b);
  for (unsigned i = 0; i < 20; i++) {
    struct ice_candidate c = {.priority = 1000 + i, .addr = addr_v4(198, 51, 100, (uint8_t)i, 9)};
    (void)snprintf(c.foundation, sizeof c.foundation, "%u", i);
    assert_int_equal(ice_agent_add_remote(b.a, b.now, &c), 0);
  }
  mono_us start = b.now;
  assert_int_equal(bench_set_remote(&b), 0);
  bench_run(&b, start + 950 * MONO_MS);
  assert_int_equal(b.n_tx, 20); /* one each 50 ms, no retransmission yet: RTO is 20 * 50 ms */
  bench_run(&b, start + 1000 * MONO_MS - 1);
  assert_int_equal(b.n_tx, 20);
  bench_run(&b, start + 1000 * MONO_MS);
  assert_int_equal(b.n_tx, 21);
  bench_free(&b);
}

static void check_pace(mono_us ours, mono_us theirs, mono_us want) {
  struct bench b;
  bench_init(&b, false);
  ice_agent_free(b.a);
  struct ice_cfg cfg = {.rng = &b.rng.rng, .ta = ours};
  assert_int_equal(ice_agent_new(&b.a, &cfg, b.now), 0);
  bench_up(&b);
  struct ice_candidate c = {.priority = 9, .foundation = "1", .addr = addr_v4(192, 0, 2, 8, 9)};
  struct ice_candidate d = {.priority = 8, .foundation = "2", .addr = addr_v4(192, 0, 2, 9, 9)};
  assert_int_equal(ice_agent_add_remote(b.a, b.now, &c), 0);
  assert_int_equal(ice_agent_add_remote(b.a, b.now, &d), 0);
  assert_int_equal(ice_agent_set_remote(b.a, b.now, &b.theirs, false, theirs), 0);
  bench_drain(&b);
  mono_us start = b.now;
  assert_int_equal(b.n_tx, 1);
  bench_at(&b, start + want - 1);
  size_t before = b.n_tx;
  bench_at(&b, start + want);
  assert_true(b.n_tx > before);
  bench_free(&b);
}

static void test_the_larger_pacing_is_in_force_and_silence_is_50_ms(void **state) {
  (void)state;
  check_pace(0, 0, 50 * MONO_MS);
  check_pace(5 * MONO_MS, 0, 50 * MONO_MS);
  check_pace(5 * MONO_MS, 7 * MONO_MS, 7 * MONO_MS);
  check_pace(70 * MONO_MS, 7 * MONO_MS, 70 * MONO_MS);
  check_pace(1, 1, 5 * MONO_MS);
}

static void test_an_answered_check_comes_again_from_a_check_of_the_peer_after_50_ms(void **state) {
  (void)state;
  struct bench b;
  const struct bench_check check = {.controlling = true};
  bench_ready(&b, false);
  mono_us start = b.now;
  assert_int_equal(bench_check(&b, &check), 0);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 1);
  bench_at(&b, start + 50 * MONO_MS - 1);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 1);
  bench_at(&b, start + 50 * MONO_MS);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 2);
  assert_true(stun_tid_equal(&bench_last(&b, STUN_REQUEST)->m.tid, &b.tx[0].m.tid));
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_a_check_holds),
      cmocka_unit_test(test_an_unanswered_check_is_sent_again_as_written),
      cmocka_unit_test(test_many_pairs_keep_the_rate_of_one_per_pacing),
      cmocka_unit_test(test_the_larger_pacing_is_in_force_and_silence_is_50_ms),
      cmocka_unit_test(test_an_answered_check_comes_again_from_a_check_of_the_peer_after_50_ms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
