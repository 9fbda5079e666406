#include "net/sockaddr.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "support/unit.h"

static void there_and_back(const struct addr *a, socklen_t size) {
  struct sockaddr_storage s;
  struct addr b;
  assert_int_equal(net_sockaddr_from(a, &s), size);
  assert_true(net_sockaddr_to((const struct sockaddr *)&s, &b));
  assert_true(addr_equal(a, &b));
}

static void test_addresses_go_there_and_back(void **state) {
  (void)state;
  struct addr v4 = addr_v4(192, 0, 2, 1, 65535), v6, local;
  assert_true(addr_parse_ip("2001:db8::1", 1, &v6));
  assert_true(addr_parse_ip("fe80::1", 7, &local));
  local.scope = 3;
  there_and_back(&v4, sizeof(struct sockaddr_in));
  there_and_back(&v6, sizeof(struct sockaddr_in6));
  there_and_back(&local, sizeof(struct sockaddr_in6));
}

static void test_a_zone_is_kept_for_link_local_addresses_only(void **state) {
  (void)state;
  struct addr v6, back;
  struct sockaddr_storage s;
  assert_true(addr_parse_ip("2001:db8::1", 1, &v6));
  v6.scope = 5;
  (void)net_sockaddr_from(&v6, &s);
  assert_true(net_sockaddr_to((const struct sockaddr *)&s, &back));
  assert_int_equal(back.scope, 0);
}

static void test_another_family_is_no_address(void **state) {
  (void)state;
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  struct addr a = addr_v4(1, 2, 3, 4, 5), before = a;
  assert_false(net_sockaddr_to((const struct sockaddr *)&local, &a));
  assert_true(addr_equal(&a, &before));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_addresses_go_there_and_back),
      cmocka_unit_test(test_a_zone_is_kept_for_link_local_addresses_only),
      cmocka_unit_test(test_another_family_is_no_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
