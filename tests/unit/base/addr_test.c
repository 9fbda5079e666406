#include "base/addr.h"

#include <arpa/inet.h>

#include "support/unit.h"

static void test_good_addresses_are_read_and_written_back(void **state) {
  (void)state;
  static const char *const same[] = {"0.0.0.0",
                                     "192.0.2.1",
                                     "255.255.255.255",
                                     "::",
                                     "::1",
                                     "2001:db8::1",
                                     "1::",
                                     "fe80::1:0:0:1",
                                     "1:2:3:4:5:6:7:8",
                                     "2001:db8:0:1:1:1:1:1",
                                     "1:0:0:2::3"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    struct addr a;
    char buf[ADDR_TEXT_MAX];
    assert_true(addr_parse_ip(same[i], 7, &a));
    assert_string_equal(addr_format_ip(&a, buf), same[i]);
    assert_int_equal(a.port, 7);
  }
}

static void test_bad_addresses_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "1",
                                    "1.2.3",
                                    "1.2.3.4.5",
                                    "256.1.1.1",
                                    "1.2.3.-1",
                                    "01.2.3.4",
                                    "1.2.3.4 ",
                                    ":",
                                    ":::",
                                    "1::2::3",
                                    "1:2:3:4:5:6:7",
                                    "1:2:3:4:5:6:7:8:9",
                                    "1:2:3:4:5:6:7::8:9",
                                    "12345::",
                                    "g::",
                                    "::1%eth0",
                                    "1:",
                                    "::1.2.3",
                                    "1:2:3:4:5:6:7:1.2.3.4",
                                    "[::1]"};
  struct addr untouched = {.port = 42};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (addr_parse_ip(bad[i], 7, &untouched)) fail_msg("\"%s\" was taken", bad[i]);
    assert_int_equal(untouched.port, 42);
  }
}

/* The C library is the judge of what random texts mean. */
static void test_texts_mean_what_inet_pton_says(void **state) {
  (void)state;
  static const char alphabet[] = "0123456789abcdef:::...";
  uint32_t x = 1;
  for (int i = 0; i < 200000; i++) {
    char text[24] = {0};
    x = x * 1664525 + 1013904223;
    size_t n = 2 + (x >> 20) % 18;
    for (size_t k = 0; k < n; k++) {
      x = x * 1664525 + 1013904223;
      text[k] = alphabet[(x >> 16) % (sizeof alphabet - 1)];
    }
    uint8_t v4[4], v6[16];
    struct addr a;
    bool is_v4 = inet_pton(AF_INET, text, v4) == 1, is_v6 = inet_pton(AF_INET6, text, v6) == 1;
    bool ours = addr_parse_ip(text, 0, &a);
    if (ours != (is_v4 || is_v6)) fail_msg("\"%s\": %d", text, ours);
    if (ours) assert_memory_equal(a.ip, is_v4 ? v4 : v6, is_v4 ? 4 : 16);
  }
}

static void test_a_port_follows_brackets_in_ipv6(void **state) {
  (void)state;
  struct addr a = addr_v4(192, 0, 2, 1, 65535);
  char buf[ADDR_TEXT_MAX];
  assert_string_equal(addr_format(&a, buf), "192.0.2.1:65535");
  assert_true(addr_parse_ip("2001:db8::1", 80, &a));
  assert_string_equal(addr_format(&a, buf), "[2001:db8::1]:80");
  assert_true(addr_parse_ip("1111:2222:3333:4444:5555:6666:7777:8888", 65535, &a));
  assert_string_equal(addr_format(&a, buf), "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

static void test_scopes(void **state) {
  (void)state;
  static const struct {
    const char *ip;
    enum addr_scope scope;
  } rows[] = {{"127.0.0.1", ADDR_SCOPE_LOOPBACK}, {"169.254.1.1", ADDR_SCOPE_LINK},
              {"10.0.0.1", ADDR_SCOPE_PRIVATE},   {"172.16.0.1", ADDR_SCOPE_PRIVATE},
              {"172.32.0.1", ADDR_SCOPE_GLOBAL},  {"192.168.1.1", ADDR_SCOPE_PRIVATE},
              {"100.64.0.1", ADDR_SCOPE_PRIVATE}, {"100.128.0.1", ADDR_SCOPE_GLOBAL},
              {"8.8.8.8", ADDR_SCOPE_GLOBAL},     {"::1", ADDR_SCOPE_LOOPBACK},
              {"fe80::1", ADDR_SCOPE_LINK},       {"fd00::1", ADDR_SCOPE_PRIVATE},
              {"2001:db8::1", ADDR_SCOPE_GLOBAL}, {"::ffff:10.0.0.1", ADDR_SCOPE_PRIVATE}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct addr a;
    assert_true(addr_parse_ip(rows[i].ip, 0, &a));
    assert_int_equal(addr_scope(&a), rows[i].scope);
  }
}

static void test_equality_looks_at_family_address_scope_and_port(void **state) {
  (void)state;
  struct addr a = addr_v4(1, 2, 3, 4, 5), b = a;
  assert_true(addr_equal(&a, &b));
  b.port = 6;
  assert_false(addr_equal(&a, &b));
  assert_true(addr_ip_equal(&a, &b));
  b.scope = 1;
  assert_false(addr_ip_equal(&a, &b));
}

static void test_multicast_and_any_are_known(void **state) {
  (void)state;
  struct addr a = addr_v4(224, 0, 0, 251, 5353);
  assert_true(addr_is_multicast(&a));
  a = addr_v4(255, 255, 255, 255, 0);
  assert_true(addr_is_multicast(&a));
  a = addr_v4(0, 0, 0, 0, 9);
  assert_true(addr_is_any(&a));
  assert_true(addr_parse_ip("ff02::fb", 0, &a));
  assert_true(addr_is_multicast(&a));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_addresses_are_read_and_written_back),
      cmocka_unit_test(test_bad_addresses_are_refused),
      cmocka_unit_test(test_texts_mean_what_inet_pton_says),
      cmocka_unit_test(test_a_port_follows_brackets_in_ipv6),
      cmocka_unit_test(test_scopes),
      cmocka_unit_test(test_equality_looks_at_family_address_scope_and_port),
      cmocka_unit_test(test_multicast_and_any_are_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
