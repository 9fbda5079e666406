#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ice_bench.h"

static void test_nothing_is_known_in_the_beginning(void **state) {
  (void)state;
  struct bench b;
  struct ice_pair_info p;
  struct ice_candidate c;
  const struct path path = {1, addr_v4(192, 0, 2, 2, 6000)};
  bench_init(&b, true);
  assert_false(ice_agent_selected(b.a, &p));
  assert_false(ice_agent_pair(b.a, 0, &p));
  assert_false(ice_agent_local_candidate(b.a, 0, &c));
  assert_false(ice_agent_remote_candidate(b.a, 0, &c));
  assert_false(ice_agent_knows(b.a, &path));
  assert_null(ice_agent_data_path(b.a));
  bench_free(&b);
}

static void test_the_paths_of_pairs_are_known_others_are_not(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  struct path path = {1, addr_v4(192, 0, 2, 2, 6000)};
  assert_true(ice_agent_knows(b.a, &path));
  path.link = 2;
  assert_false(ice_agent_knows(b.a, &path));
  path = (struct path){1, addr_v4(192, 0, 2, 2, 6001)};
  assert_false(ice_agent_knows(b.a, &path));
  path = (struct path){1, addr_v4(192, 0, 2, 3, 6000)};
  assert_false(ice_agent_knows(b.a, &path));
  bench_free(&b);
}

static void test_the_counters_of_a_pair(void **state) {
  (void)state;
  struct bench b;
  bench_ready(&b, true);
  mono_us start = b.now;
  b.now += 5 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[0]), 0);
  b.now += 5 * MONO_MS;
  assert_int_equal(bench_success(&b, &b.tx[1]), 0);
  b.now += 5 * MONO_MS;
  assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = false}), 0);
  struct ice_pair_info p = bench_pair(&b, 0), s;
  assert_int_equal(p.requests_sent, 2);
  assert_int_equal(p.responses_received, 2);
  assert_int_equal(p.requests_received, 1);
  assert_int_equal(p.responses_sent, 1);
  assert_int_equal(p.consent_requests_sent, 0);
  assert_int_equal(p.last_sent, start + 5 * MONO_MS);
  assert_int_equal(p.last_received, start + 15 * MONO_MS);
  assert_int_equal(p.since, start + 10 * MONO_MS);
  assert_int_equal(p.rtt, 5 * MONO_MS);
  assert_int_equal(p.total_rtt, 10 * MONO_MS);
  assert_true(p.nominated && p.selected);
  assert_int_equal(p.remote.type, ICE_HOST);
  assert_true(ice_agent_selected(b.a, &s));
  assert_int_equal(s.id, p.id);
  assert_int_equal(bench_told(&b, ICE_EV_RTT), 1);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_is_known_in_the_beginning),
      cmocka_unit_test(test_the_paths_of_pairs_are_known_others_are_not),
      cmocka_unit_test(test_the_counters_of_a_pair),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
