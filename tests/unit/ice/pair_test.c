#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ice/pair.h"
#include "support/ice_bench.h"

static bool fits(const char *local, const char *remote, uint16_t port) {
  struct ice_link link = {.state = ICE_LINK_UP, .local = bench_addr(local, 5000)};
  struct addr to = bench_addr(remote, port);
  return ice_pair_fits(&link, &to);
}

static void test_which_addresses_are_paired(void **state) {
  (void)state;
  assert_true(fits("192.0.2.1", "198.51.100.1", 1));
  assert_true(fits("10.0.0.1", "192.0.2.1", 1));
  assert_true(fits("2001:db8::1", "fd00::1", 1));
  assert_true(fits("fe80::1", "fe80::2", 1));
  assert_true(fits("127.0.0.1", "127.0.0.1", 1));
  assert_false(fits("192.0.2.1", "2001:db8::1", 1));
  assert_false(fits("2001:db8::1", "fe80::2", 1));
  assert_false(fits("fe80::1", "2001:db8::1", 1));
  assert_false(fits("192.0.2.1", "127.0.0.1", 1));
  assert_false(fits("127.0.0.1", "192.0.2.1", 1));
  assert_false(fits("192.0.2.1", "192.0.2.2", 0));
  assert_false(fits("192.0.2.1", "224.0.0.1", 1));
  assert_false(fits("192.0.2.1", "255.255.255.255", 1));
  assert_false(fits("192.0.2.1", "0.0.0.0", 1));
}

static void test_link_local_addresses_get_the_scope_of_the_link(void **state) {
  (void)state;
  struct bench b;
  struct ice_interface_addr list[] = {{.name = "eth0", .addr = bench_addr("fe80::1", 0)}};
  list[0].addr.scope = 3;
  bench_init(&b, true);
  assert_int_equal(ice_agent_set_interfaces(b.a, b.now, list, 1), 0);
  assert_int_equal(ice_agent_start(b.a, b.now, &b.ours), 0);
  bench_drain(&b);
  assert_int_equal(b.binds[0].local.scope, 3);
  assert_int_equal(bench_bound(&b, 0, 5000), 0);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(bench_candidate(&b, "fe80::2", 6000, 1), 0);
  assert_int_equal(b.n_tx, 1);
  assert_int_equal(b.tx[0].path.remote.scope, 3);
  const struct bench_answer how = {.mapped = bench_addr("fe80::1", 5000)};
  assert_int_equal(bench_answer(&b, &b.tx[0], &how), 0);
  assert_int_equal(bench_pair(&b, 0).state, ICE_PAIR_SUCCEEDED);
  assert_int_equal(bench_pair(&b, 0).local.type, ICE_HOST);
  bench_free(&b);
}

static void test_the_smoothed_round_trip(void **state) {
  (void)state;
  struct ice_pair p = {0};
  ice_pair_measure(&p, 800);
  assert_int_equal(p.srtt, 800);
  ice_pair_measure(&p, 1600);
  assert_int_equal(p.srtt, 900);
  assert_int_equal(p.rtt, 1600);
  assert_int_equal(p.total_rtt, 2400);
}

static void test_a_round_trip_of_nothing_is_one_that_is_known(void **state) {
  (void)state;
  struct ice_pair p = {0};
  ice_pair_measure(&p, 0);
  assert_int_equal(p.srtt, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_which_addresses_are_paired),
      cmocka_unit_test(test_link_local_addresses_get_the_scope_of_the_link),
      cmocka_unit_test(test_the_smoothed_round_trip),
      cmocka_unit_test(test_a_round_trip_of_nothing_is_one_that_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
