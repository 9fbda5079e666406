#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/integrity.h"
#include "support/ice_bench.h"

/* Connected, controlled, by the peer's nomination. */
static void connected(struct bench *b) {
  bench_ready(b, false);
  b->now += 10 * MONO_MS;
  assert_int_equal(bench_success(b, &b->tx[0]), 0);
  const struct bench_check check = {.controlling = true, .use_candidate = true};
  assert_int_equal(bench_check(b, &check), 0);
  assert_true(bench_pair(b, 0).selected);
  bench_clear(b);
}

struct both {
  struct ice_credentials ours, theirs;
};

/* Takes new credentials into use on the bench; gives back the old ones. */
static struct both renew(struct bench *b) {
  struct both old = {b->ours, b->theirs};
  ice_credentials_make(&b->rng.rng, &b->ours);
  ice_credentials_make(&b->rng.rng, &b->theirs);
  return old;
}

static void test_a_restart_announces_anew_and_keeps_the_old_path(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  (void)renew(&b);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_told(&b, ICE_EV_CANDIDATE), 1);
  assert_int_equal(bench_told(&b, ICE_EV_GATHERED), 1);
  assert_int_equal(b.n_binds + b.n_unbound, 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6000);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static void test_the_new_generation_takes_over_when_it_has_a_selected_pair(void **state) {
  (void)state;
  struct bench b;
  const struct bench_check old_check = {.controlling = true};
  connected(&b);
  struct both old = renew(&b);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6500, 9), 0);
  assert_int_equal(b.n_tx, 1);
  assert_true(stun_check_integrity(&b.tx[0].m, bytes_of(b.theirs.pwd)));
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  /* Valid is not enough: data stays, the old credentials are answered still. */
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6000);
  struct bench_check with_old = old_check;
  with_old.ufrag = old.ours.ufrag;
  with_old.pwd = old.ours.pwd;
  assert_int_equal(bench_check(&b, &with_old), 0);
  assert_true(stun_check_integrity(&bench_last(&b, STUN_SUCCESS)->m, bytes_of(old.ours.pwd)));
  const struct bench_check nominate = {
      .from = addr_v4(192, 0, 2, 2, 6500), .controlling = true, .use_candidate = true};
  assert_int_equal(bench_check(&b, &nominate), 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6500);
  assert_int_equal(bench_told(&b, ICE_EV_SELECTED), 1);
  assert_int_equal(bench_check(&b, &with_old), -EINVAL);
  assert_int_equal(bench_pairs(&b), 1);
  bench_free(&b);
}

static void test_the_old_path_keeps_its_consent_during_a_restart(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  struct both old = renew(&b);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  while (b.n_tx == 0) bench_at(&b, b.wake_at);
  assert_true(stun_check_integrity(&b.tx[0].m, bytes_of(old.theirs.pwd)));
  const struct bench_answer how = {.pwd = old.theirs.pwd};
  assert_int_equal(bench_answer(&b, &b.tx[0], &how), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static void test_rollback_of_an_unanswered_restart(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  struct both old = renew(&b);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  ice_agent_rollback(b.a, b.now);
  bench_drain(&b);
  struct bench_check check = {.controlling = true};
  assert_int_equal(bench_check(&b, &check), -EINVAL); /* the new ones are gone */
  check.ufrag = old.ours.ufrag;
  check.pwd = old.ours.pwd;
  assert_int_equal(bench_check(&b, &check), 0);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6000);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static void test_rollback_without_a_restart_is_harmless(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  ice_agent_rollback(b.a, b.now);
  bench_free(&b);
  connected(&b);
  ice_agent_rollback(b.a, b.now);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6000);
  /* An answered restart is not undone. */
  (void)renew(&b);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  assert_int_equal(bench_set_remote(&b), 0);
  ice_agent_rollback(b.a, b.now);
  assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = true}), 0);
  bench_free(&b);
}

static void test_the_peers_restart_waits_for_ours(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  struct ice_credentials ours = b.ours;
  (void)renew(&b);
  /* Its new credentials and candidates come first; nothing is sent for them ... */
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6500, 9), 0);
  ice_agent_end_of_remote(b.a, b.now);
  assert_int_equal(b.n_tx, 0);
  assert_int_equal(bench_pairs(&b), 1);
  /* ... and our old ones stay in use ... */
  struct bench_check check = {.controlling = true, .ufrag = ours.ufrag, .pwd = ours.pwd};
  assert_int_equal(bench_check(&b, &check), 0);
  bench_clear(&b);
  /* ... until we start. */
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 1);
  assert_int_equal(b.tx[0].path.remote.port, 6500);
  bench_free(&b);
}

static void test_rollback_forgets_the_peers_restart(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  (void)renew(&b);
  assert_int_equal(bench_set_remote(&b), 0);
  ice_agent_rollback(b.a, b.now);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6500, 9), 0);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 0); /* no remote credentials */
  bench_free(&b);
}

static void test_remote_description_before_our_start(void **state) {
  (void)state;
  struct bench b;
  const char *const ips[] = {"192.0.2.1"};
  bench_init(&b, false);
  assert_int_equal(bench_interfaces(&b, ips, 1), 0);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 9), 0);
  assert_int_equal(b.n_tx, 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_bound(&b, 0, 5000), 0);
  assert_int_equal(b.n_tx, 1);
  bench_free(&b);
}

static void test_two_restarts_in_a_row_keep_the_path_that_carries_data(void **state) {
  (void)state;
  struct bench b;
  connected(&b);
  for (unsigned i = 0; i < 3; i++) {
    (void)renew(&b);
    assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
    bench_drain(&b);
    assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6000);
  }
  ice_agent_rollback(b.a, b.now);
  assert_int_equal(ice_agent_data_path(b.a)->remote.port, 6000);
  bench_free(&b);
}

static void test_a_lite_peer_is_controlled_by_us(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(ice_agent_set_remote(b.a, b.now, &b.theirs, true, 0), 0);
  assert_true(ice_agent_controlling(b.a));
  ice_agent_set_controlling(b.a, false);
  assert_true(ice_agent_controlling(b.a));
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_restart_announces_anew_and_keeps_the_old_path),
      cmocka_unit_test(test_the_new_generation_takes_over_when_it_has_a_selected_pair),
      cmocka_unit_test(test_the_old_path_keeps_its_consent_during_a_restart),
      cmocka_unit_test(test_rollback_of_an_unanswered_restart),
      cmocka_unit_test(test_rollback_without_a_restart_is_harmless),
      cmocka_unit_test(test_the_peers_restart_waits_for_ours),
      cmocka_unit_test(test_rollback_forgets_the_peers_restart),
      cmocka_unit_test(test_remote_description_before_our_start),
      cmocka_unit_test(test_two_restarts_in_a_row_keep_the_path_that_carries_data),
      cmocka_unit_test(test_a_lite_peer_is_controlled_by_us),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
