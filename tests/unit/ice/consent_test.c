#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ice_bench.h"

/* Connected and selected, the answers taking 10 ms; nothing recorded. */
static void connected(struct bench *b) {
  bench_ready(b, true);
  b->now += 10 * MONO_MS;
  assert_int_equal(bench_success(b, &b->tx[0]), 0);
  b->now += 10 * MONO_MS;
  assert_int_equal(bench_success(b, &b->tx[1]), 0);
  assert_true(bench_pair(b, 0).selected);
  bench_clear(b);
}

static void test_a_request_each_4_to_6_seconds_at_random(void **state) {
  (void)state;
  struct bench b;
  mono_us least = MONO_NEVER, most = 0;
  connected(&b);
  for (unsigned i = 0; i < 200; i++) {
    mono_us before = b.now;
    bench_clear(&b);
    while (b.n_tx == 0) bench_at(&b, b.wake_at);
    mono_us gap = b.now - before;
    if (gap < least) least = gap;
    if (gap > most) most = gap;
    assert_true(bench_has(&b.tx[0], STUN_ATTR_USE_CANDIDATE));
    assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  }
  assert_in_range(least, 4000 * MONO_MS, 4200 * MONO_MS);
  assert_in_range(most, 5800 * MONO_MS, 6000 * MONO_MS);
  assert_int_equal(bench_pair(&b, 0).consent_requests_sent, 200);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static void test_each_request_is_a_transaction_and_measures(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  while (b.n_tx == 0) bench_at(&b, b.wake_at);
  while (b.n_tx == 1) bench_at(&b, b.wake_at);
  assert_false(stun_tid_equal(&b.tx[0].m.tid, &b.tx[1].m.tid));
  assert_int_equal(b.tx[1].at - b.tx[0].at, 100 * MONO_MS);
  b.now += 7 * MONO_MS;
  bench_clear(&b);
  struct bench_tx first = b.tx[0];
  assert_int_equal(bench_success(&b, &first), 0);
  assert_int_equal(bench_pair(&b, 0).rtt, 107 * MONO_MS);
  assert_int_equal(bench_told(&b, ICE_EV_RTT), 1);
  bench_free(&b);
}

static void test_missing_answers_are_asked_for_quickly(void **state) {
  (void)state;
  const mono_us gaps[] = {100, 150, 150, 150, 150, 150};
  struct bench b;
  connected(&b);
  while (b.n_tx < 7) bench_at(&b, b.wake_at);
  for (size_t i = 0; i < 6; i++) assert_int_equal(b.tx[i + 1].at - b.tx[i].at, gaps[i] * MONO_MS);
  bench_free(&b);
}

static void test_disconnected_after_5_seconds_and_back_on_an_answer(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  mono_us heard = b.now;
  while (b.n_tx == 0) bench_at(&b, b.wake_at);
  mono_us at = b.tx[0].at + MONO_S; /* one second unanswered, 5 s in all */
  if (at < heard + 5 * MONO_S) at = heard + 5 * MONO_S;
  bench_run(&b, at - 1);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  assert_true(b.wake_at <= at);
  bench_run(&b, at);
  assert_int_equal(ice_agent_state(b.a), ICE_DISCONNECTED);
  assert_non_null(ice_agent_data_path(b.a));
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static void test_failed_and_silent_30_seconds_after_the_last_answer(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  mono_us heard = b.now;
  bench_run(&b, heard + 30 * MONO_S - 1);
  assert_int_equal(ice_agent_state(b.a), ICE_DISCONNECTED);
  assert_non_null(ice_agent_data_path(b.a));
  bench_run(&b, heard + 30 * MONO_S);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  assert_null(ice_agent_data_path(b.a));
  assert_true(b.wake_at == MONO_NEVER);
  /* The peer's checks are answered, but change nothing. */
  bench_clear(&b);
  assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = false}), 0);
  assert_int_equal(bench_count(&b, STUN_SUCCESS), 1);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  bench_free(&b);
}

static void test_only_answers_give_consent(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  mono_us heard = b.now;
  for (unsigned i = 1; i <= 29; i++) {
    bench_run(&b, heard + i * MONO_S);
    bench_clear(&b);
    assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = false}), 0);
    bench_clear(&b);
  }
  bench_run(&b, heard + 30 * MONO_S);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  bench_free(&b);
}

static void test_the_answer_to_an_older_request_counts_too(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  while (b.n_tx < 5) bench_at(&b, b.wake_at);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(bench_success(&b, &b.tx[4]), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static size_t sent_to(const struct bench *b, uint16_t port) {
  size_t n = 0;
  for (size_t i = 0; i < b->n_tx; i++) n += b->tx[i].path.remote.port == port;
  return n;
}

static const struct bench_tx *last_to(const struct bench *b, uint16_t port) {
  for (size_t i = b->n_tx; i > 0; i--)
    if (b->tx[i - 1].path.remote.port == port) return &b->tx[i - 1];
  return NULL;
}

/* 300 ms, as the requests at 0, 100 and 300 ms had their time. */
static void test_silence_has_the_other_pairs_checked(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6009, 1), 0);
  bench_run(&b, b.now + 100 * MONO_MS);
  bench_clear(&b);
  while (b.n_tx == 0 || b.tx[b.n_tx - 1].path.remote.port != 6000) bench_at(&b, b.wake_at);
  mono_us missing = b.now;
  bench_run(&b, missing + 300 * MONO_MS - 1);
  size_t before = sent_to(&b, 6009);
  bench_run(&b, missing + 350 * MONO_MS);
  assert_int_equal(sent_to(&b, 6009), before + 1);
  /* It answers while the selected one is silent: it is nominated. */
  assert_int_equal(bench_success(&b, last_to(&b, 6009)), 0);
  assert_true(bench_has(bench_last(&b, STUN_REQUEST), STUN_ATTR_USE_CANDIDATE));
  assert_int_equal(bench_last(&b, STUN_REQUEST)->path.remote.port, 6009);
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6009);
  assert_int_equal(bench_told(&b, ICE_EV_SELECTED), 1);
  bench_free(&b);
}

static void test_a_check_from_a_new_place_has_the_old_path_asked_at_once(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  bench_run(&b, b.now + 600 * MONO_MS);
  assert_int_equal(b.n_tx, 0);
  const struct bench_check check = {.from = addr_v4(203, 0, 113, 7, 777), .controlling = false};
  assert_int_equal(bench_check(&b, &check), 0);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 2); /* there and here */
  mono_us moved = b.now;
  size_t there = b.tx[1].path.remote.port == 777 ? 1 : 2;
  b.now += 10 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[there]), 0);
  bench_run(&b, moved + 40 * MONO_MS - 1);
  assert_int_equal(bench_last(&b, STUN_REQUEST)->path.remote.port, 6000);
  bench_run(&b, moved + 40 * MONO_MS);
  const struct bench_tx *tx = NULL;
  for (size_t i = 0; i < b.n_tx; i++)
    if (b.tx[i].at == b.now && b.tx[i].path.remote.port == 777) tx = &b.tx[i];
  assert_non_null(tx);
  assert_true(bench_has(tx, STUN_ATTR_USE_CANDIDATE));
  assert_int_equal(bench_success(&b, tx), 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 777);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_request_each_4_to_6_seconds_at_random),
      cmocka_unit_test(test_each_request_is_a_transaction_and_measures),
      cmocka_unit_test(test_missing_answers_are_asked_for_quickly),
      cmocka_unit_test(test_disconnected_after_5_seconds_and_back_on_an_answer),
      cmocka_unit_test(test_failed_and_silent_30_seconds_after_the_last_answer),
      cmocka_unit_test(test_only_answers_give_consent),
      cmocka_unit_test(test_the_answer_to_an_older_request_counts_too),
      cmocka_unit_test(test_silence_has_the_other_pairs_checked),
      cmocka_unit_test(test_a_check_from_a_new_place_has_the_old_path_asked_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
