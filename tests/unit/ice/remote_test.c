#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "support/ice_bench.h"

static struct ice_candidate named(const char *name, uint16_t port) {
  struct ice_candidate c = {.type = ICE_HOST, .priority = 2130706431, .foundation = "1"};
  (void)snprintf(c.name, sizeof c.name, "%s", name);
  c.addr.port = port;
  return c;
}

static size_t count(const struct bench *b) {
  struct ice_candidate c;
  size_t n = 0;
  while (ice_agent_remote_candidate(b->a, n, &c)) n++;
  return n;
}

static void test_a_duplicate_changes_nothing(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 5), 0);
  assert_int_equal(count(&b), 1);
  assert_int_equal(bench_pairs(&b), 1);
  bench_free(&b);
}

static void test_the_65th_candidate_is_refused(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  for (uint16_t i = 0; i < 64; i++)
    assert_int_equal(bench_candidate(&b, "192.0.2.2", (uint16_t)(6000 + i), 1000u + i), 0);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 7000, 1), -ENOSPC);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 1), 0);
  assert_int_equal(count(&b), 64);
  bench_free(&b);
}

static void test_an_mdns_name_is_resolved_once_and_kept(void **state) {
  (void)state;
  struct bench b;
  struct ice_candidate c = named("0a1b.LOCAL", 7000), got;
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(ice_agent_add_remote(b.a, b.now, &c), 0);
  assert_int_equal(ice_agent_add_remote(b.a, b.now, &c), 0);
  bench_drain(&b);
  assert_int_equal(b.n_resolves, 1);
  assert_int_equal(count(&b), 1);
  assert_true(ice_agent_remote_candidate(b.a, 0, &got));
  assert_string_equal(got.name, "0a1b.LOCAL");
  assert_int_equal(bench_pairs(&b), 0);
  bench_free(&b);
}

static void test_another_name_is_resolved_and_checked(void **state) {
  (void)state;
  struct bench b;
  struct ice_candidate c = named("host.example", 7000);
  const struct addr found[] = {addr_v4(192, 0, 2, 9, 0), addr_v4(192, 0, 2, 10, 0),
                               bench_addr("2001:db8::9", 0)};
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(ice_agent_add_remote(b.a, b.now, &c), 0);
  bench_drain(&b);
  assert_int_equal(b.n_resolves, 1);
  assert_string_equal(b.resolves[0].name, "host.example");
  assert_int_equal(ice_agent_resolved(b.a, b.now, b.resolves[0].id, 0, found, 3), 0);
  bench_drain(&b);
  assert_int_equal(count(&b), 2); /* one a family */
  assert_int_equal(bench_pairs(&b), 1);
  assert_int_equal(bench_pair(&b, 0).path.remote.port, 7000);
  assert_int_equal(bench_pair(&b, 0).path.remote.ip[3], 9);
  /* An answer that comes twice is ignored. */
  assert_int_equal(ice_agent_resolved(b.a, b.now, b.resolves[0].id, 0, &found[1], 1), 0);
  assert_int_equal(count(&b), 2);
  bench_free(&b);
}

static void test_a_name_that_is_not_found_stays_as_evidence(void **state) {
  (void)state;
  struct bench b;
  struct ice_candidate c = named("host.example", 7000);
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(ice_agent_add_remote(b.a, b.now, &c), 0);
  bench_drain(&b);
  assert_int_equal(ice_agent_resolved(b.a, b.now, b.resolves[0].id, -ENOENT, NULL, 0), 0);
  bench_drain(&b);
  assert_int_equal(count(&b), 1);
  assert_int_equal(bench_pairs(&b), 0);
  bench_free(&b);
}

static void test_a_learned_candidate_becomes_the_signalled_one(void **state) {
  (void)state;
  struct bench b;
  struct ice_candidate got;
  const struct bench_check check = {.controlling = false};
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(bench_check(&b, &check), 0);
  assert_true(ice_agent_remote_candidate(b.a, 0, &got));
  assert_int_equal(got.type, ICE_PRFLX);
  uint64_t before = bench_pair(&b, 0).priority;
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 2130706431), 0);
  assert_int_equal(count(&b), 1);
  assert_int_equal(bench_pairs(&b), 1);
  assert_true(ice_agent_remote_candidate(b.a, 0, &got));
  assert_int_equal(got.type, ICE_HOST);
  assert_int_equal(got.priority, 2130706431);
  assert_string_equal(got.foundation, "1");
  assert_true(bench_pair(&b, 0).priority > before);
  bench_free(&b);
}

static void test_learned_candidates_have_a_limit_of_their_own(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(bench_set_remote(&b), 0);
  for (uint16_t i = 0; i < 40; i++) {
    const struct bench_check check = {.from = addr_v4(198, 51, 100, 1, (uint16_t)(1000 + i))};
    bench_clear(&b);
    assert_int_equal(bench_check(&b, &check), 0);
    assert_int_equal(bench_count(&b, STUN_SUCCESS), 1); /* answered nevertheless */
  }
  assert_int_equal(count(&b), 32);
  assert_int_equal(bench_candidate(&b, "192.0.2.2", 6000, 1), 0);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_duplicate_changes_nothing),
      cmocka_unit_test(test_the_65th_candidate_is_refused),
      cmocka_unit_test(test_an_mdns_name_is_resolved_once_and_kept),
      cmocka_unit_test(test_another_name_is_resolved_and_checked),
      cmocka_unit_test(test_a_name_that_is_not_found_stays_as_evidence),
      cmocka_unit_test(test_a_learned_candidate_becomes_the_signalled_one),
      cmocka_unit_test(test_learned_candidates_have_a_limit_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
