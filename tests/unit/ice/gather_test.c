#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ice/priority.h"
#include "support/ice_bench.h"

static const char *const both[] = {"192.0.2.1", "2001:db8::1"};

static void test_nothing_is_bound_before_the_start(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  assert_int_equal(bench_interfaces(&b, both, 2), 0);
  assert_int_equal(b.n_binds, 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(b.n_binds, 2);
  assert_int_equal(b.binds[0].local.family, ADDR_V6);
  assert_int_equal(b.binds[0].local.port, 0);
  assert_int_not_equal(b.binds[0].link, b.binds[1].link);
  bench_free(&b);
}

static void test_candidates_are_told_as_sockets_come_up_and_the_end_after_the_last(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  assert_int_equal(bench_interfaces(&b, both, 2), 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_bound(&b, 0, 5000), 0);
  assert_int_equal(b.n_events, 1);
  assert_int_equal(b.events[0].kind, ICE_EV_CANDIDATE);
  assert_int_equal(b.events[0].u.candidate.type, ICE_HOST);
  assert_int_equal(b.events[0].u.candidate.addr.port, 5000);
  assert_int_equal(b.events[0].u.candidate.priority, ice_priority(ICE_HOST, 65535 - 63));
  assert_int_equal(bench_bound(&b, 1, 5001), 0);
  assert_int_equal(b.n_events, 3);
  assert_int_equal(b.events[1].kind, ICE_EV_CANDIDATE);
  assert_true(b.events[1].u.candidate.priority < b.events[0].u.candidate.priority);
  assert_string_not_equal(b.events[1].u.candidate.foundation, b.events[0].u.candidate.foundation);
  assert_int_equal(b.events[2].kind, ICE_EV_GATHERED);
  bench_free(&b);
}

/* Who nominates by priority moves at once to what took the place of something else. */
static void test_the_newer_of_two_alike_is_better(void **state) {
  (void)state;
  static const char *const before[] = {"10.0.0.2"}, *const moved[] = {"10.0.0.77"};
  const struct addr first = addr_v4(198, 51, 100, 1, 1), second = addr_v4(198, 51, 100, 1, 2);
  struct bench b;
  bench_init(&b, true);
  assert_int_equal(bench_interfaces(&b, before, 1), 0);
  ice_agent_set_gathering(b.a, true);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(bench_bound(&b, 0, 5000), 0);
  uint32_t link = b.binds[0].link;
  assert_int_equal(ice_agent_add_reflexive(b.a, b.now, link, &first, 1), 0);
  assert_int_equal(ice_agent_add_reflexive(b.a, b.now, link, &second, 1), 0);
  bench_drain(&b);
  assert_int_equal(b.n_events, 3);
  assert_true(b.events[2].u.candidate.priority > b.events[1].u.candidate.priority);
  assert_int_equal(bench_interfaces(&b, moved, 1), 0);
  bench_drain(&b);
  assert_int_equal(bench_bound(&b, 1, 5001), 0);
  assert_true(b.events[3].u.candidate.priority > b.events[0].u.candidate.priority);
  bench_free(&b);
}

static void test_without_addresses_gathering_ends_at_once(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(b.n_events, 1);
  assert_int_equal(b.events[0].kind, ICE_EV_GATHERED);
  bench_free(&b);
}

static void test_a_failed_bind_gives_no_candidate(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  assert_int_equal(bench_interfaces(&b, both, 1), 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(ice_agent_bound(b.a, b.now, b.binds[0].link, -EADDRNOTAVAIL, NULL), 0);
  bench_drain(&b);
  assert_int_equal(bench_told(&b, ICE_EV_CANDIDATE), 0);
  assert_int_equal(bench_told(&b, ICE_EV_GATHERED), 1);
  /* It is tried again when the list comes again, under a new id. */
  uint32_t first = b.binds[0].link;
  bench_clear(&b);
  assert_int_equal(bench_interfaces(&b, both, 1), 0);
  assert_int_equal(b.n_binds, 1);
  assert_int_not_equal(b.binds[0].link, first);
  assert_int_equal(b.n_unbound, 0);
  bench_free(&b);
}

static void test_an_address_that_stays_keeps_its_link(void **state) {
  (void)state;
  struct bench b;
  const char *const then[] = {"192.0.2.1", "10.0.0.9"};
  bench_init(&b, true);
  bench_up(&b);
  bench_clear(&b);
  assert_int_equal(bench_interfaces(&b, then, 2), 0);
  assert_int_equal(b.n_unbound, 0);
  assert_int_equal(b.n_binds, 1);
  assert_int_equal(bench_bound(&b, 0, 5001), 0);
  assert_int_equal(bench_told(&b, ICE_EV_CANDIDATE), 1);
  assert_int_equal(bench_told(&b, ICE_EV_GATHERED), 0);
  bench_free(&b);
}

static void test_an_address_that_goes_unbinds_its_link_for_good(void **state) {
  (void)state;
  struct bench b;
  const char *const then[] = {"10.0.0.9"};
  struct ice_candidate c;
  bench_init(&b, true);
  bench_up(&b);
  assert_int_equal(bench_interfaces(&b, then, 1), 0);
  assert_int_equal(b.n_unbound, 1);
  assert_int_equal(b.unbound[0], 1);
  assert_false(ice_agent_local_candidate(b.a, 0, &c));
  /* A late answer about it changes nothing. */
  struct addr late = addr_v4(192, 0, 2, 1, 7);
  assert_int_equal(ice_agent_bound(b.a, b.now, 1, 0, &late), 0);
  assert_false(ice_agent_local_candidate(b.a, 0, &c));
  bench_free(&b);
}

static void test_ports_are_asked_from_the_range(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, true);
  ice_agent_free(b.a);
  struct ice_cfg cfg = {.rng = &b.rng.rng, .port_min = 6000, .port_max = 6010};
  assert_int_equal(ice_agent_new(&b.a, &cfg, b.now), 0);
  assert_int_equal(bench_interfaces(&b, both, 1), 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(b.binds[0].port_min, 6000);
  assert_int_equal(b.binds[0].port_max, 6010);
  bench_free(&b);
}

static void test_changing_addresses_for_long_leaves_nothing_behind(void **state) {
  (void)state;
  struct bench b;
  const char *const ips[2][1] = {{"192.0.2.1"}, {"192.0.2.2"}};
  bench_ready(&b, true);
  for (size_t i = 0; i < 100; i++) {
    bench_clear(&b);
    assert_int_equal(bench_interfaces(&b, ips[i % 2 == 0], 1), 0);
    assert_int_equal(b.n_binds, 1);
    assert_int_equal(bench_bound(&b, 0, 5000), 0);
    bench_run(&b, b.now + 100 * MONO_MS);
  }
  assert_true(bench_pairs(&b) <= 6);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_is_bound_before_the_start),
      cmocka_unit_test(test_candidates_are_told_as_sockets_come_up_and_the_end_after_the_last),
      cmocka_unit_test(test_the_newer_of_two_alike_is_better),
      cmocka_unit_test(test_without_addresses_gathering_ends_at_once),
      cmocka_unit_test(test_a_failed_bind_gives_no_candidate),
      cmocka_unit_test(test_an_address_that_stays_keeps_its_link),
      cmocka_unit_test(test_an_address_that_goes_unbinds_its_link_for_good),
      cmocka_unit_test(test_ports_are_asked_from_the_range),
      cmocka_unit_test(test_changing_addresses_for_long_leaves_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
