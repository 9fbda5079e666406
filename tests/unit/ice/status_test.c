#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ice_bench.h"

static enum ice_state last_told(const struct bench *b) {
  enum ice_state s = ICE_NEW;
  for (size_t i = 0; i < b->n_events; i++)
    if (b->events[i].kind == ICE_EV_STATE) s = b->events[i].u.state;
  return s;
}

static void test_new_checking_connected_completed(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(ice_agent_state(b.a), ICE_NEW);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(last_told(&b), ICE_CHECKING);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 9), 0);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(last_told(&b), ICE_CONNECTED);
  assert_int_equal(bench_success(&b, &b.tx[1]), 0);
  assert_int_equal(last_told(&b), ICE_CONNECTED); /* more candidates may come */
  ice_agent_end_of_remote(b.a, b.now);
  bench_drain(&b);
  assert_int_equal(last_told(&b), ICE_COMPLETED);
  assert_int_equal(bench_told(&b, ICE_EV_STATE), 3);
  bench_free(&b);
}

/* RFC 8863: not because all checks failed, and not because there is none. */
static void check_patience(bool candidate) {
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  mono_us start = b.now;
  assert_int_equal(bench_set_remote(&b), 0);
  if (candidate) assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 9), 0);
  if (candidate)
    assert_int_equal(bench_answer(&b, &b.tx[0], &(struct bench_answer){.code = 400}), 0);
  ice_agent_end_of_remote(b.a, b.now);
  bench_drain(&b);
  bench_run(&b, start + 39500 * MONO_MS - 1);
  assert_int_equal(ice_agent_state(b.a), ICE_CHECKING);
  bench_run(&b, start + 39500 * MONO_MS);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  assert_int_equal(last_told(&b), ICE_FAILED);
  assert_true(b.wake_at == MONO_NEVER);
  bench_free(&b);
}

static void test_patience_before_failed(void **state) {
  (void)state;
  check_patience(true);
  check_patience(false);
}

static void test_a_check_of_the_peer_in_the_time_of_patience_connects(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(bench_set_remote(&b), 0);
  ice_agent_end_of_remote(b.a, b.now);
  bench_run(&b, b.now + 39 * MONO_S);
  assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = false}), 0);
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_run(&b, b.now + 2 * MONO_S);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

static void test_without_any_address_left_it_is_disconnected_then_failed(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(bench_success(&b, &b.tx[1]), 0);
  mono_us lost = b.now;
  assert_int_equal(bench_interfaces(&b, NULL, 0), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_DISCONNECTED);
  assert_null(ice_agent_data_path(b.a));
  bench_run(&b, lost + 30 * MONO_S - 1);
  assert_int_equal(ice_agent_state(b.a), ICE_DISCONNECTED);
  bench_run(&b, lost + 30 * MONO_S);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  bench_free(&b);
}

static void test_an_address_that_comes_back_in_time_reconnects(void **state) {
  (void)state;
  struct bench b;
  const char *const ips[] = {"192.0.2.77"};
  bench_ready(&b, true);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(bench_success(&b, &b.tx[1]), 0);
  assert_int_equal(bench_interfaces(&b, NULL, 0), 0);
  bench_run(&b, b.now + 20 * MONO_S);
  bench_clear(&b);
  assert_int_equal(bench_interfaces(&b, ips, 1), 0);
  assert_int_equal(bench_bound(&b, 0, 5001), 0);
  assert_int_equal(b.n_tx, 1); /* at once */
  const struct bench_answer how = {.mapped = addr_v4(192, 0, 2, 77, 5001)};
  assert_int_equal(bench_answer(&b, &b.tx[0], &how), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  assert_int_equal(ice_agent_data_path(b.a)->link, 2);
  bench_free(&b);
}

static void test_a_restart_after_failure_checks_again(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  bench_run(&b, b.now + 40 * MONO_S);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  ice_credentials_make(&b.rng.rng, &b.ours);
  ice_credentials_make(&b.rng.rng, &b.theirs);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(ice_agent_state(b.a), ICE_FAILED);
  bench_clear(&b);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CHECKING);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 9), 0);
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  assert_int_equal(ice_agent_state(b.a), ICE_CONNECTED);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_new_checking_connected_completed),
      cmocka_unit_test(test_patience_before_failed),
      cmocka_unit_test(test_a_check_of_the_peer_in_the_time_of_patience_connects),
      cmocka_unit_test(test_without_any_address_left_it_is_disconnected_then_failed),
      cmocka_unit_test(test_an_address_that_comes_back_in_time_reconnects),
      cmocka_unit_test(test_a_restart_after_failure_checks_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
