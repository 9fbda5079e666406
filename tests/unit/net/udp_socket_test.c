#include "net/udp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/seeded_rng.h"
#include "support/unit.h"

static struct seeded_rng seeded;

static int begin(void **state) {
  (void)state;
  seeded_rng_init(&seeded, 1);
  return 0;
}

static int open_v4(uint16_t port, uint16_t min, uint16_t max, struct addr *ret) {
  struct net_udp_place place = {addr_v4(127, 0, 0, 1, port), min, max};
  return net_udp_open(&place, &seeded.rng, ret);
}

static int option(int fd, int level, int name) {
  int v = -1;
  socklen_t n = sizeof v;
  assert_int_equal(getsockopt(fd, level, name, &v, &n), 0);
  return v;
}

static void test_any_port_is_one_the_kernel_chose(void **state) {
  (void)state;
  struct addr local;
  int fd = open_v4(0, 0, 0, &local);
  assert_true(fd >= 0);
  assert_int_equal(local.family, ADDR_V4);
  assert_int_not_equal(local.port, 0);
  assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert_int_equal(option(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
  assert_true(option(fd, SOL_SOCKET, SO_RCVBUF) >= 2 * 212992);
  close(fd);
}

static void test_a_range_is_used_up_then_refused(void **state) {
  (void)state;
  struct addr local[4];
  int fd[4];
  uint16_t first = 0;
  int probe = open_v4(0, 0, 0, &local[0]); /* a free place to put a range */
  first = local[0].port > 65000 ? 40000 : local[0].port;
  close(probe);
  int opened = 0;
  for (int i = 0; i < 4; i++) {
    fd[i] = open_v4(0, first, (uint16_t)(first + 2), &local[i]);
    if (fd[i] >= 0) {
      assert_true(local[i].port >= first && local[i].port <= first + 2);
      opened++;
    }
  }
  assert_true(opened <= 3);
  assert_int_equal(fd[3], -EADDRINUSE);
  for (int i = 0; i < 4; i++)
    if (fd[i] >= 0) close(fd[i]);
}

static void test_a_fixed_port_is_that_one_or_none(void **state) {
  (void)state;
  struct addr a, b;
  int fd = open_v4(0, 0, 0, &a);
  assert_int_equal(open_v4(a.port, 0, 0, &b), -EADDRINUSE);
  close(fd);
  fd = open_v4(a.port, 1, 2, &b);
  assert_true(fd >= 0);
  assert_int_equal(b.port, a.port);
  close(fd);
}

static void test_an_address_of_somebody_else_is_refused(void **state) {
  (void)state;
  struct net_udp_place place = {.local = addr_v4(192, 0, 2, 1, 0)};
  struct addr local = addr_v4(1, 1, 1, 1, 1), before = local;
  assert_int_equal(net_udp_open(&place, &seeded.rng, &local), -EADDRNOTAVAIL);
  place.local.family = ADDR_NONE;
  assert_int_equal(net_udp_open(&place, &seeded.rng, &local), -EAFNOSUPPORT);
  assert_true(addr_equal(&local, &before));
}

static void test_ipv6_is_ipv6_only(void **state) {
  (void)state;
  struct net_udp_place place = {.port_min = 0};
  struct addr local;
  assert_true(addr_parse_ip("::1", 0, &place.local));
  int fd = net_udp_open(&place, &seeded.rng, &local);
  if (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT) {
    print_message("skipped: this machine has no IPv6 loopback\n");
    skip();
  }
  assert_true(fd >= 0);
  assert_int_equal(local.family, ADDR_V6);
  assert_int_equal(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
  assert_int_equal(option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_PROBE);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_port_is_one_the_kernel_chose),
      cmocka_unit_test(test_a_range_is_used_up_then_refused),
      cmocka_unit_test(test_a_fixed_port_is_that_one_or_none),
      cmocka_unit_test(test_an_address_of_somebody_else_is_refused),
      cmocka_unit_test(test_ipv6_is_ipv6_only),
  };
  return cmocka_run_group_tests(tests, begin, NULL);
}
