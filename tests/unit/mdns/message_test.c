#include "mdns/message.h"

#include <string.h>

#include "support/unit.h"

static void test_only_names_under_local_are_local(void **state) {
  (void)state;
  assert_true(mdns_is_local("a.local"));
  assert_true(mdns_is_local("1f4712db-ea17-4bcf-a596-105139dfd8bf.LOCAL."));
  assert_false(mdns_is_local("local"));
  assert_false(mdns_is_local("a.locale"));
  assert_false(mdns_is_local("a.local.example"));
  assert_false(mdns_is_local(""));
}

static void test_a_query_asks_for_both_families(void **state) {
  (void)state;
  static const uint8_t expected[] = {0,   0, 0,   0,   0,   2,   0,   0, 0, 0,  0, 0, 1,
                                     'a', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1,  0, 1, 1,
                                     'a', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 28, 0, 1};
  uint8_t buf[100];
  struct writer w = writer_of(buf, sizeof buf);
  mdns_put_query(&w, "a.local");
  assert_false(w.failed);
  assert_int_equal(w.n, sizeof expected);
  assert_memory_equal(buf, expected, sizeof expected);
}

static void test_names_that_dns_cannot_hold_fail(void **state) {
  (void)state;
  char longer[400];
  memset(longer, 'a', sizeof longer);
  memcpy(longer + 64, ".local", 7);
  static const char *const names[] = {"a..local", ".local"};
  uint8_t buf[1000];
  for (size_t i = 0; i < 3; i++) {
    struct writer w = writer_of(buf, sizeof buf);
    mdns_put_query(&w, i < 2 ? names[i] : longer);
    assert_true(w.failed);
  }
}

#define HEAD(n) 0, 0, 0x84, 0, 0, 0, 0, n, 0, 0, 0, 0
#define NAME    1, 'a', 5, 'l', 'o', 'c', 'a', 'l', 0

static void test_addresses_are_read_from_a_response(void **state) {
  (void)state;
  static const uint8_t packet[] = {HEAD(3), NAME, 0,    16,  0,    1,  0,    0,    0, 60,
                                   0,       2,    1,    'x', /* TXT: passed over */
                                   0xc0,    12,   0,    1,   0x80, 1,  0,    0,    0, 120,
                                   0,       4,    192,  0,   2,    7, /* a pointer to the name */
                                   1,       'b',  0xc0, 14,  0,    28, 0x80, 1,    0, 0,
                                   0,       0,    0,    16,  0x20, 1,  0xd,  0xb8, 0, 0,
                                   0,       0,    0,    0,   0,    0,  0,    0,    0, 1};
  struct mdns_answers all;
  struct mdns_answer a;
  char text[ADDR_TEXT_MAX];
  assert_true(mdns_answers_begin((struct bytes){packet, sizeof packet}, &all));
  assert_true(mdns_answers_next(&all, &a));
  assert_string_equal(a.name, "a.local");
  assert_string_equal(addr_format_ip(&a.addr, text), "192.0.2.7");
  assert_int_equal(a.ttl, 120);
  assert_true(mdns_answers_next(&all, &a));
  assert_string_equal(a.name, "b.local");
  assert_string_equal(addr_format_ip(&a.addr, text), "2001:db8::1");
  assert_int_equal(a.ttl, 0);
  assert_false(mdns_answers_next(&all, &a));
}

static void test_what_is_malformed_ends_the_reading(void **state) {
  (void)state;
  static const struct {
    const char *what;
    uint8_t bytes[40];
    size_t n;
    bool begins;
  } rows[] = {
      {"empty", {0}, 0, false},
      {"a query", {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, 12, false},
      {"a response code", {0, 0, 0x84, 3, 0, 0, 0, 1, 0, 0, 0, 0}, 12, false},
      {"no records", {HEAD(1)}, 12, true},
      {"a pointer to itself",
       {HEAD(1), 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4},
       28,
       true},
      {"a pointer ahead", {HEAD(1), 0xc0, 14, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4}, 28, true},
      {"a label of an unknown kind",
       {HEAD(1), 0x80, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4},
       28,
       true},
      {"data that is cut off", {HEAD(1), 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3}, 26, true},
      {"an A record of 3 bytes", {HEAD(1), 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 3, 1, 2, 3}, 26, true},
      {"another class", {HEAD(1), 0, 0, 1, 0, 3, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4}, 27, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct mdns_answers all;
    struct mdns_answer a;
    bool begins = mdns_answers_begin((struct bytes){rows[i].bytes, rows[i].n}, &all);
    if (begins != rows[i].begins || (begins && mdns_answers_next(&all, &a)))
      fail_msg("%s", rows[i].what);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_names_under_local_are_local),
      cmocka_unit_test(test_a_query_asks_for_both_families),
      cmocka_unit_test(test_names_that_dns_cannot_hold_fail),
      cmocka_unit_test(test_addresses_are_read_from_a_response),
      cmocka_unit_test(test_what_is_malformed_ends_the_reading),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
