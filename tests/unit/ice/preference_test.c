#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "ice/preference.h"
#include "support/ice_bench.h"

struct in {
  const char *name, *ip;
  bool temporary, deprecated;
};

/* Orders the addresses and compares with the wanted ones, NULL-terminated. */
static void check(const struct in *in, size_t n, bool loopback, const char *const *want) {
  struct ice_interface_addr list[16] = {0};
  struct ice_preference p;
  for (size_t i = 0; i < n; i++) {
    (void)snprintf(list[i].name, sizeof list[i].name, "%.15s", in[i].name);
    list[i].addr = bench_addr(in[i].ip, 0);
    list[i].temporary = in[i].temporary;
    list[i].deprecated = in[i].deprecated;
  }
  ice_preference_order(list, n, loopback, &p);
  size_t i = 0;
  for (; want[i]; i++) {
    struct addr a = bench_addr(want[i], 0);
    assert_true(i < p.n);
    assert_true(addr_ip_equal(&a, &p.list[i].addr));
  }
  assert_int_equal(p.n, i);
}

static void test_families_take_turns_beginning_with_ipv6(void **state) {
  (void)state;
  const struct in in[] = {{"a", "192.0.2.1", 0, 0},
                          {"a", "192.0.2.2", 0, 0},
                          {"a", "192.0.2.3", 0, 0},
                          {"a", "2001:db8::1", 0, 0},
                          {"a", "2001:db8::2", 0, 0}};
  const char *const want[] = {"2001:db8::1", "192.0.2.1", "2001:db8::2",
                              "192.0.2.2",   "192.0.2.3", NULL};
  check(in, 5, false, want);
}

static void test_loopback_only_when_asked_for_and_last(void **state) {
  (void)state;
  const struct in in[] = {{"lo", "127.0.0.1", 0, 0}, {"a", "10.0.0.1", 0, 0}};
  const char *const without[] = {"10.0.0.1", NULL};
  const char *const with[] = {"10.0.0.1", "127.0.0.1", NULL};
  check(in, 2, false, without);
  check(in, 2, true, with);
}

static void test_link_local_only_when_there_is_nothing_else(void **state) {
  (void)state;
  const struct in in[] = {
      {"a", "fe80::1", 0, 0}, {"a", "169.254.1.1", 0, 0}, {"a", "10.0.0.1", 0, 0}};
  const char *const some[] = {"10.0.0.1", NULL};
  const char *const only[] = {"fe80::1", "169.254.1.1", NULL};
  check(in, 3, false, some);
  check(in, 2, false, only);
}

static void test_a_temporary_address_stands_for_its_prefix(void **state) {
  (void)state;
  const struct in in[] = {{"a", "2001:db8::1", 0, 0},
                          {"a", "2001:db8::77", 1, 0},
                          {"b", "2001:db8::2", 0, 0},
                          {"a", "2001:db8:1::1", 0, 0}};
  const char *const want[] = {"2001:db8::77", "2001:db8::2", "2001:db8:1::1", NULL};
  check(in, 4, false, want);
}

static void test_a_deprecated_temporary_address_stands_for_nothing(void **state) {
  (void)state;
  const struct in in[] = {{"a", "2001:db8::77", 1, 1}, {"a", "2001:db8::1", 0, 0}};
  const char *const want[] = {"2001:db8::1", "2001:db8::77", NULL};
  check(in, 2, false, want);
}

static void test_wide_scopes_come_first(void **state) {
  (void)state;
  const struct in in[] = {
      {"a", "10.0.0.1", 0, 0}, {"a", "192.0.2.1", 0, 0}, {"a", "192.168.0.1", 0, 0}};
  const char *const want[] = {"192.0.2.1", "10.0.0.1", "192.168.0.1", NULL};
  check(in, 3, false, want);
}

static void test_what_can_be_no_candidate_is_left_out(void **state) {
  (void)state;
  const struct in in[] = {{"a", "0.0.0.0", 0, 0},
                          {"a", "224.0.0.1", 0, 0},
                          {"a", "ff02::1", 0, 0},
                          {"a", "::", 0, 0},
                          {"a", "::ffff:192.0.2.1", 0, 0}};
  const char *const want[] = {NULL};
  check(in, 5, true, want);
}

static void test_there_is_a_limit(void **state) {
  (void)state;
  static struct ice_interface_addr list[100];
  struct ice_preference p;
  for (size_t i = 0; i < 100; i++) list[i].addr = addr_v4(192, 0, 2, (uint8_t)(i + 1), 0);
  ice_preference_order(list, 100, false, &p);
  assert_int_equal(p.n, ICE_INTERFACES_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_families_take_turns_beginning_with_ipv6),
      cmocka_unit_test(test_loopback_only_when_asked_for_and_last),
      cmocka_unit_test(test_link_local_only_when_there_is_nothing_else),
      cmocka_unit_test(test_a_temporary_address_stands_for_its_prefix),
      cmocka_unit_test(test_a_deprecated_temporary_address_stands_for_nothing),
      cmocka_unit_test(test_wide_scopes_come_first),
      cmocka_unit_test(test_what_can_be_no_candidate_is_left_out),
      cmocka_unit_test(test_there_is_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
