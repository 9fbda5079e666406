/* The kernel's network state, and its changes: snapshot and monitor. Each test runs in a network
 * namespace of its own. */
#include "net/monitor.h"

#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/net/driven.h"

/* Runs `ip`; true if it worked. */
static bool ip(const char *arguments) {
  char line[256], *argv[24];
  int n = 0;
  (void)snprintf(line, sizeof line, "ip %s", arguments);
  for (char *at = strtok(line, " "); at && n < 23; at = strtok(NULL, " ")) argv[n++] = at;
  argv[n] = NULL;
  pid_t child = fork();
  if (child == 0) {
    execvp("ip", argv);
    _exit(127);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

static bool in_own_namespace;

static int enter_namespace(void **state) {
  (void)state;
  in_own_namespace = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
  in_own_namespace = in_own_namespace && ip("link set lo up");
  if (in_own_namespace)
    in_own_namespace = ip("link add eth7 type veth peer name eth8") && ip("link set eth8 up");
  return 0;
}

static void need_namespace(void) {
  if (in_own_namespace) return;
  print_message("skipped: no network namespace can be made here\n");
  skip();
}

static const struct rpc_interface *interface(const struct rpc_network *n, const char *name) {
  for (size_t i = 0; i < n->n_interfaces; i++)
    if (strcmp(n->interfaces[i].name, name) == 0) return &n->interfaces[i];
  return NULL;
}

static const struct ice_interface_addr *address(const struct rpc_network *n, const char *ip_text) {
  char text[ADDR_TEXT_MAX];
  for (size_t i = 0; i < n->n_addrs; i++)
    if (strcmp(addr_format_ip(&n->addrs[i].addr, text), ip_text) == 0) return &n->addrs[i];
  return NULL;
}

static const struct rpc_route *route(const struct rpc_network *n, const char *gateway) {
  char text[ADDR_TEXT_MAX];
  for (size_t i = 0; i < n->n_routes; i++)
    if (strcmp(addr_format_ip(&n->routes[i].gateway, text), gateway) == 0) return &n->routes[i];
  return NULL;
}

static void test_the_loopback_is_in_every_snapshot(void **state) {
  (void)state;
  struct net_snapshot *s;
  assert_int_equal(net_snapshot_new(&s), 0);
  const struct rpc_network *n = net_snapshot_network(s);
  const struct rpc_interface *lo = interface(n, "lo");
  assert_non_null(lo);
  assert_true(lo->loopback && lo->up && lo->mtu > 0 && lo->index > 0);
  assert_string_equal(lo->type, "loopback");
  assert_non_null(address(n, "127.0.0.1"));
  assert_string_equal(address(n, "127.0.0.1")->name, "lo");
  net_snapshot_free(s);
}

struct fixture {
  struct driven d;
  struct net_monitor *m;
  int changes;
};

static void on_change(void *ctx, const struct rpc_network *n) {
  struct fixture *f = ctx;
  f->changes++;
  assert_ptr_equal(n, net_monitor_network(f->m));
}

static void begin(struct fixture *f) {
  *f = (struct fixture){0};
  driven_begin(&f->d);
  assert_int_equal(net_monitor_new(&f->m, &f->d.loop, on_change, f), 0);
}

static void end(struct fixture *f) {
  net_monitor_free(f->m);
  driven_end(&f->d);
}

static void test_addresses_come_and_go(void **state) {
  (void)state;
  need_namespace();
  struct fixture f;
  begin(&f);
  assert_null(address(net_monitor_network(f.m), "198.51.100.7"));
  assert_true(ip("addr add 198.51.100.7/24 dev lo"));
  DRIVE_UNTIL(&f.d, address(net_monitor_network(f.m), "198.51.100.7"));
  assert_true(ip("addr add 2001:db8::7/64 dev lo nodad preferred_lft 0"));
  DRIVE_UNTIL(&f.d, address(net_monitor_network(f.m), "2001:db8::7"));
  assert_true(address(net_monitor_network(f.m), "2001:db8::7")->deprecated);
  assert_false(address(net_monitor_network(f.m), "198.51.100.7")->deprecated);
  assert_false(address(net_monitor_network(f.m), "198.51.100.7")->temporary);
  assert_true(ip("addr del 198.51.100.7/24 dev lo"));
  DRIVE_UNTIL(&f.d, !address(net_monitor_network(f.m), "198.51.100.7"));
  assert_true(f.changes >= 3);
  end(&f);
}

static void test_interfaces_and_routes_come_and_go(void **state) {
  (void)state;
  need_namespace();
  struct fixture f;
  begin(&f);
  const struct rpc_interface *i = interface(net_monitor_network(f.m), "eth7");
  assert_non_null(i);
  assert_false(i->up || i->loopback);
  assert_string_equal(i->type, "ethernet");
  assert_true(ip("addr add 192.0.2.5/24 dev eth7"));
  assert_true(ip("link set eth7 mtu 1380 up"));
  DRIVE_UNTIL(&f.d, interface(net_monitor_network(f.m), "eth7")->up);
  assert_int_equal(interface(net_monitor_network(f.m), "eth7")->mtu, 1380);
  DRIVE_UNTIL(&f.d, address(net_monitor_network(f.m), "192.0.2.5"));
  assert_int_equal(net_monitor_network(f.m)->n_routes, 0);
  assert_true(ip("route add default via 192.0.2.1 metric 77"));
  DRIVE_UNTIL(&f.d, route(net_monitor_network(f.m), "192.0.2.1"));
  const struct rpc_route *r = route(net_monitor_network(f.m), "192.0.2.1");
  assert_int_equal(r->metric, 77);
  assert_int_equal(r->family, ADDR_V4);
  assert_int_equal(r->interface, interface(net_monitor_network(f.m), "eth7")->index);
  assert_true(ip("link set eth7 down"));
  DRIVE_UNTIL(&f.d, !interface(net_monitor_network(f.m), "eth7")->up);
  DRIVE_UNTIL(&f.d, net_monitor_network(f.m)->n_routes == 0);
  assert_null(address(net_monitor_network(f.m), "192.0.2.5")); /* switched off, though it is set */
  end(&f);
}

static void test_a_route_over_several_hops_is_several_routes(void **state) {
  (void)state;
  need_namespace();
  struct net_snapshot *s;
  assert_true(ip("link set eth7 up"));
  assert_true(ip("addr replace 192.0.2.5/24 dev eth7"));
  assert_true(ip("route add default nexthop via 192.0.2.1 weight 1 nexthop via 192.0.2.2"));
  assert_int_equal(net_snapshot_new(&s), 0);
  assert_non_null(route(net_snapshot_network(s), "192.0.2.1"));
  assert_non_null(route(net_snapshot_network(s), "192.0.2.2"));
  net_snapshot_free(s);
  assert_true(ip("route del default"));
}

static void test_link_local_addresses_have_their_zone(void **state) {
  (void)state;
  need_namespace();
  struct net_snapshot *s;
  assert_true(ip("link set eth7 up"));
  assert_true(ip("addr replace fe80::7/64 dev eth7 nodad"));
  assert_int_equal(net_snapshot_new(&s), 0);
  const struct ice_interface_addr *a = address(net_snapshot_network(s), "fe80::7");
  assert_non_null(a);
  assert_int_equal(a->addr.scope, interface(net_snapshot_network(s), "eth7")->index);
  net_snapshot_free(s);
}

static void test_changes_that_follow_each_other_are_told_together(void **state) {
  (void)state;
  need_namespace();
  struct fixture f;
  begin(&f);
  for (int i = 1; i <= 5; i++) {
    char text[64];
    (void)snprintf(text, sizeof text, "addr add 203.0.113.%d/32 dev lo", i);
    assert_true(ip(text));
  }
  DRIVE_UNTIL(&f.d, address(net_monitor_network(f.m), "203.0.113.5"));
  assert_int_equal(f.changes, 1);
  end(&f);
}

static void test_equal_states_are_equal(void **state) {
  (void)state;
  need_namespace();
  struct net_snapshot *a, *b, *c;
  assert_int_equal(net_snapshot_new(&a), 0);
  assert_int_equal(net_snapshot_new(&b), 0);
  assert_true(ip("addr add 203.0.113.99/32 dev lo"));
  assert_int_equal(net_snapshot_new(&c), 0);
  assert_true(net_snapshot_equal(a, b));
  assert_false(net_snapshot_equal(a, c));
  net_snapshot_free(a);
  net_snapshot_free(b);
  net_snapshot_free(c);
}

static int scenario(void *ctx) {
  struct driven *d = ctx;
  struct net_monitor *m = NULL;
  int r = net_monitor_new(&m, &d->loop, on_change, NULL);
  net_monitor_free(m);
  driven_settle(d);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct driven d;
  driven_begin(&d);
  assert_int_equal(scenario(&d), 0);
  fail_alloc_each(scenario, &d);
  driven_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_loopback_is_in_every_snapshot),
      cmocka_unit_test(test_addresses_come_and_go),
      cmocka_unit_test(test_interfaces_and_routes_come_and_go),
      cmocka_unit_test(test_a_route_over_several_hops_is_several_routes),
      cmocka_unit_test(test_link_local_addresses_have_their_zone),
      cmocka_unit_test(test_changes_that_follow_each_other_are_told_together),
      cmocka_unit_test(test_equal_states_are_equal),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
