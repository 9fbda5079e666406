#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ice_net.h"

static const struct net_policy fast = {.delay_min = 100, .delay_max = 100, .signal_min = 1};
static const struct net_policy slow = {.delay_min = 25000, .delay_max = 25000, .signal_min = 1};
static const char *const host_a[] = {"192.0.2.1"}, *const host_b[] = {"192.0.2.2"};

static void two(struct ice_net *net, const struct net_policy *policy, bool a_controls,
                bool b_controls) {
  net_init(net, 1, policy);
  struct net_node *a = net_add(net, a_controls, 0), *b = net_add(net, b_controls, 0);
  assert_int_equal(net_interfaces(a, host_a, 1), 0);
  assert_int_equal(net_interfaces(b, host_b, 1), 0);
  assert_int_equal(net_connect(a, b), 0);
}

static void test_two_agents_connect_without_waiting_for_the_pacing(void **state) {
  (void)state;
  struct ice_net net;
  two(&net, &fast, true, false);
  assert_true(net_run_until(&net, net_all_selected, MONO_S + 2 * MONO_MS));
  assert_true(net_all_agree(&net));
  /* A check and the nomination: two round trips of 200 us, and the signalling. */
  assert_in_range(net.now - MONO_S, 0, 410);
  net_free(&net);
}

static bool all_have_paths(struct ice_net *net) {
  return ice_agent_data_path(net->nodes[0].agent) && ice_agent_data_path(net->nodes[1].agent);
}

static void test_a_data_path_takes_one_round_trip(void **state) {
  (void)state;
  struct ice_net net;
  two(&net, &slow, true, false);
  assert_true(net_run_until(&net, all_have_paths, 2 * MONO_S));
  assert_in_range(net.now - MONO_S, 50 * MONO_MS, 51 * MONO_MS);
  net_free(&net);
}

static void test_the_exact_traffic_of_a_connect(void **state) {
  (void)state;
  struct ice_net net;
  two(&net, &slow, true, false);
  net_run(&net, 4 * MONO_S);
  /* A: check, answer, nomination. B: check, answers to both. None sent twice. */
  assert_int_equal(net.nodes[0].n_tx, 3);
  assert_int_equal(net.nodes[1].n_tx, 3);
  net_free(&net);
}

static bool is_dead_one_way(void *ctx, const struct addr *from, const struct addr *to) {
  const bool *all = ctx;
  (void)to;
  return *all && from->ip[3] == 1;
}

static void test_traffic_that_comes_in_alone_is_no_connection(void **state) {
  (void)state;
  struct ice_net net;
  bool dead = true;
  struct net_policy policy = fast;
  policy.dead = is_dead_one_way;
  policy.ctx = &dead;
  two(&net, &policy, true, false);
  net_run(&net, 20 * MONO_S);
  assert_int_equal(net.nodes[0].state, ICE_CHECKING);
  assert_int_equal(net.nodes[1].state, ICE_CHECKING);
  net_free(&net);
}

static void check_roles(bool a, bool b) {
  struct ice_net net;
  two(&net, &fast, a, b);
  assert_true(net_run_until(&net, net_all_selected, MONO_S + 3 * MONO_MS));
  assert_int_not_equal(ice_agent_controlling(net.nodes[0].agent),
                       ice_agent_controlling(net.nodes[1].agent));
  net_free(&net);
}

static void test_conflicting_roles_cost_a_round_trip_or_two(void **state) {
  (void)state;
  check_roles(true, true);
  check_roles(false, false);
}

/* As with a browser's mDNS names: one side never learns the other's candidates. */
static void test_one_side_alone_with_candidates_suffices(void **state) {
  (void)state;
  struct ice_net net;
  net_init(&net, 1, &fast);
  struct net_node *a = net_add(&net, true, 0), *b = net_add(&net, false, 0);
  assert_int_equal(net_interfaces(a, host_a, 1), 0);
  assert_int_equal(net_interfaces(b, host_b, 1), 0);
  net.policy.no_trickle = true;
  assert_int_equal(net_connect(a, b), 0);
  net_run(&net, 2 * MONO_S);
  assert_int_equal(a->state, ICE_CHECKING);
  struct ice_candidate c = {.type = ICE_HOST, .foundation = "1", .priority = 2130706431};
  c.addr = addr_v4(192, 0, 2, 2, 5000);
  assert_int_equal(ice_agent_add_remote(a->agent, net.now, &c), 0);
  net_drain(a);
  assert_true(net_run_until(&net, net_all_selected, net.now + MONO_MS));
  net_free(&net);
}

/* The address in use goes and another comes, as when the Wi-Fi changes. */
static mono_us roam(bool controlling) {
  struct ice_net net;
  const char *const then[] = {"198.51.100.9"};
  two(&net, &slow, controlling, !controlling);
  assert_true(net_run_until(&net, net_all_selected, 2 * MONO_S));
  net_run(&net, 10 * MONO_S);
  mono_us start = net.now;
  assert_int_equal(net_interfaces(&net.nodes[0], then, 1), 0);
  assert_true(net_run_until(&net, net_all_agree, start + 5 * MONO_S));
  mono_us took = net.now - start;
  assert_true(net_run_until(&net, net_all_selected, start + 5 * MONO_S));
  net_free(&net);
  return took;
}

static void test_roaming_takes_300_ms_and_the_round_trips(void **state) {
  (void)state;
  assert_in_range(roam(true), 0, 150 * MONO_MS);
  assert_in_range(roam(false), 0, 480 * MONO_MS);
}

static void test_a_restart_moves_without_a_gap(void **state) {
  (void)state;
  struct ice_net net;
  two(&net, &slow, true, false);
  assert_true(net_run_until(&net, net_all_selected, 2 * MONO_S));
  assert_int_equal(net_restart(&net.nodes[0]), 0);
  for (unsigned i = 0; i < 300; i++) {
    net_run(&net, net.now + MONO_MS);
    assert_true(all_have_paths(&net));
  }
  assert_int_equal(net.nodes[0].n_selected, 2);
  assert_int_equal(net.nodes[1].n_selected, 2);
  assert_int_equal(net.nodes[0].state, ICE_COMPLETED);
  net_free(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_agents_connect_without_waiting_for_the_pacing),
      cmocka_unit_test(test_a_data_path_takes_one_round_trip),
      cmocka_unit_test(test_the_exact_traffic_of_a_connect),
      cmocka_unit_test(test_traffic_that_comes_in_alone_is_no_connection),
      cmocka_unit_test(test_conflicting_roles_cost_a_round_trip_or_two),
      cmocka_unit_test(test_one_side_alone_with_candidates_suffices),
      cmocka_unit_test(test_roaming_takes_300_ms_and_the_round_trips),
      cmocka_unit_test(test_a_restart_moves_without_a_gap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
