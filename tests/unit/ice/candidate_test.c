#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ice/candidate.h"

static int parse(const char *text, struct ice_candidate *ret, struct fault *fault) {
  return ice_candidate_parse(bytes_of(text), ret, fault);
}

static void test_a_host_candidate_as_a_browser_writes_it(void **state) {
  (void)state;
  struct ice_candidate c;
  struct addr want = addr_v4(192, 0, 2, 7, 54321);
  assert_int_equal(parse("candidate:842163049 1 udp 2113937151 192.0.2.7 54321 typ host generation "
                         "0 ufrag EsAw network-cost 999",
                         &c, NULL),
                   0);
  assert_int_equal(c.type, ICE_HOST);
  assert_string_equal(c.foundation, "842163049");
  assert_int_equal(c.priority, 2113937151);
  assert_true(addr_equal(&c.addr, &want));
  assert_int_equal(c.related.family, ADDR_NONE);
  assert_string_equal(c.name, "");
}

static void test_related_address_and_other_types(void **state) {
  (void)state;
  struct ice_candidate c;
  assert_int_equal(
      parse("a=candidate:a+/9 1 UDP 1 2001:db8::9 9 typ SRFLX raddr 10.0.0.1 rport 8\r\n", &c,
            NULL),
      0);
  assert_int_equal(c.type, ICE_SRFLX);
  assert_int_equal(c.addr.family, ADDR_V6);
  assert_int_equal(c.related.port, 8);
  assert_int_equal(c.related.family, ADDR_V4);
  assert_int_equal(
      parse("candidate:1 1 udp 1 192.0.2.1 9 typ relay raddr x.local rport 0", &c, NULL), 0);
  assert_int_equal(c.type, ICE_RELAY);
  assert_int_equal(c.related.family, ADDR_NONE);
  assert_int_equal(parse("candidate:1 1 udp 1 192.0.2.1 9 typ prflx", &c, NULL), 0);
  assert_int_equal(c.type, ICE_PRFLX);
}

static void test_an_mdns_name(void **state) {
  (void)state;
  struct ice_candidate c;
  const char *text =
      "candidate:1 1 udp 2113937151 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 54596 typ host";
  assert_int_equal(parse(text, &c, NULL), 0);
  assert_string_equal(c.name, "1f4712db-ea17-4bcf-a596-105139dfd8bf.local");
  assert_int_equal(c.addr.family, ADDR_NONE);
  assert_int_equal(c.addr.port, 54596);
}

static void test_what_is_not_for_us_is_told_from_what_is_wrong(void **state) {
  (void)state;
  struct ice_candidate c;
  const char *const others[] = {
      "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
      "candidate:1 2 udp 1 192.0.2.1 9 typ host",
      "candidate:1 1 udp 1 192.0.2.1 9 typ novel",
      "candidate:1 1 ssltcp 1 192.0.2.1 9 typ host",
  };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    assert_int_equal(parse(others[i], &c, NULL), -EPROTONOSUPPORT);
}

static void test_a_fault_names_the_field(void **state) {
  (void)state;
  const struct {
    const char *text, *says;
  } wrong[] = {
      {"", "beginning"},
      {"candidat:1 1 udp 1 192.0.2.1 9 typ host", "beginning"},
      {"candidate: 1 udp 1 192.0.2.1 9 typ host", "foundation"},
      {"candidate:012345678901234567890123456789012 1 udp 1 192.0.2.1 9 typ host", "foundation"},
      {"candidate:a_b 1 udp 1 192.0.2.1 9 typ host", "foundation"},
      {"candidate:1 0 udp 1 192.0.2.1 9 typ host", "component"},
      {"candidate:1 257 udp 1 192.0.2.1 9 typ host", "component"},
      {"candidate:1 x udp 1 192.0.2.1 9 typ host", "component"},
      {"candidate:1 1", "transport"},
      {"candidate:1 1 udp -1 192.0.2.1 9 typ host", "priority"},
      {"candidate:1 1 udp 4294967296 192.0.2.1 9 typ host", "priority"},
      {"candidate:1 1 udp 1 192.0.2.1 65536 typ host", "port"},
      {"candidate:1 1 udp 1 192.0.2.1", "port"},
      {"candidate:1 1 udp 1 192.0.2.256 9 typ host", "address"},
      {"candidate:1 1 udp 1 fe80::1%eth0 9 typ host", "address"},
      {"candidate:1 1 udp 1 a..b 9 typ host", "address"},
      {"candidate:1 1 udp 1 .local 9 typ host", "address"},
      {"candidate:1 1 udp 1 192.0.2.1 9 host", "typ"},
      {"candidate:1 1 udp 1 192.0.2.1 9 typ", "typ"},
      {"candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport x", "rport"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct fault fault = {0};
    struct ice_candidate c = {.priority = 42};
    assert_int_equal(parse(wrong[i].text, &c, &fault), -EINVAL);
    assert_int_equal(fault.reason, FAULT_INVALID_CANDIDATE);
    assert_non_null(strstr(fault.text, wrong[i].says));
    assert_int_equal(c.priority, 42);
  }
}

static void check_round_trip(const char *text) {
  struct ice_candidate c;
  struct text to = {0};
  assert_int_equal(parse(text, &c, NULL), 0);
  ice_candidate_format(&c, NULL, &to);
  assert_string_equal(to.p, text);
  text_free(&to);
}

static void test_writing_gives_what_was_read(void **state) {
  (void)state;
  check_round_trip("candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host");
  check_round_trip("candidate:1 1 udp 0 x-1.local 5000 typ host");
  check_round_trip("candidate:a 1 udp 4294967295 2001:db8::1 1 typ srflx raddr fd00::1 rport 7");
  check_round_trip("candidate:a 1 udp 1 192.0.2.1 1 typ relay raddr 192.0.2.2 rport 7");
}

static void test_a_hidden_related_address_is_written_as_any(void **state) {
  (void)state;
  struct ice_candidate c = {.type = ICE_SRFLX, .foundation = "f", .priority = 5};
  struct text to = {0};
  c.addr = addr_v4(192, 0, 2, 1, 9);
  ice_candidate_format(&c, "uFrG", &to);
  assert_string_equal(to.p,
                      "candidate:f 1 udp 5 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 0 ufrag uFrG");
  text_free(&to);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_host_candidate_as_a_browser_writes_it),
      cmocka_unit_test(test_related_address_and_other_types),
      cmocka_unit_test(test_an_mdns_name),
      cmocka_unit_test(test_what_is_not_for_us_is_told_from_what_is_wrong),
      cmocka_unit_test(test_a_fault_names_the_field),
      cmocka_unit_test(test_writing_gives_what_was_read),
      cmocka_unit_test(test_a_hidden_related_address_is_written_as_any),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
