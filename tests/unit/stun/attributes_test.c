#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/attributes.h"
#include "stun/builder.h"
#include "support/stun_vectors.h"

/* A message of one attribute with this value. */
struct one {
  uint8_t buf[256];
  struct stun_message m;
};

static struct stun_message *make(struct one *o, uint16_t type, const void *value, size_t n) {
  struct writer w = writer_of(o->buf, sizeof o->buf);
  struct stun_tid tid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  stun_begin(&w, STUN_ERROR, STUN_BINDING, &tid);
  stun_put(&w, type, (struct bytes){value, n});
  assert_int_equal(stun_parse(writer_written(&w), &o->m), 0);
  return &o->m;
}

static struct stun_message parse(const uint8_t *p, size_t n) {
  struct stun_message m;
  assert_int_equal(stun_parse((struct bytes){p, n}, &m), 0);
  return m;
}

static void test_the_mapped_addresses_of_the_sample_responses(void **state) {
  (void)state;
  struct stun_message m4 = parse(vector_ipv4, sizeof vector_ipv4);
  struct stun_message m6 = parse(vector_ipv6, sizeof vector_ipv6);
  struct addr got, want = addr_v4(192, 0, 2, 1, 32853);
  assert_true(stun_get_xor_address(&m4, STUN_ATTR_XOR_MAPPED_ADDRESS, &got));
  assert_true(addr_equal(&got, &want));
  assert_true(addr_parse_ip("2001:db8:1234:5678:11:2233:4455:6677", 32853, &want));
  assert_true(stun_get_xor_address(&m6, STUN_ATTR_XOR_MAPPED_ADDRESS, &got));
  assert_true(addr_equal(&got, &want));
}

static void test_an_address_of_another_size_or_family_is_none(void **state) {
  (void)state;
  struct one o;
  struct addr a = {.port = 77};
  const uint8_t family3[8] = {0, 3, 0, 1, 1, 2, 3, 4}, v4[8] = {0, 1, 0, 80, 192, 0, 2, 1};
  const uint8_t none[4] = {0, 0, 0, 1}, long4[12] = {0, 1};
  uint16_t type = STUN_ATTR_MAPPED_ADDRESS;
  assert_false(stun_get_address(make(&o, type, family3, 8), type, &a));
  assert_false(stun_get_address(make(&o, type, none, 4), type, &a));
  assert_false(stun_get_address(make(&o, type, long4, 12), type, &a));
  assert_false(stun_get_address(make(&o, type, v4, 7), type, &a));
  assert_int_equal(a.port, 77);
  assert_true(stun_get_address(make(&o, type, v4, 8), type, &a));
  assert_int_equal(a.port, 80);
}

static void test_the_ice_attributes_of_the_sample_request(void **state) {
  (void)state;
  struct stun_message m = parse(vector_request, sizeof vector_request);
  uint32_t priority = 0;
  uint64_t tie_breaker = 0;
  assert_true(stun_get_u32(&m, STUN_ATTR_PRIORITY, &priority));
  assert_int_equal(priority, 0x6e0001ff);
  assert_true(stun_get_u64(&m, STUN_ATTR_ICE_CONTROLLED, &tie_breaker));
  assert_true(tie_breaker == 0x932ff9b151263b36u);
  assert_false(stun_get_u64(&m, STUN_ATTR_ICE_CONTROLLING, &tie_breaker));
  assert_false(stun_get_u32(&m, STUN_ATTR_ICE_CONTROLLED, &priority));
  assert_false(stun_get_u64(&m, STUN_ATTR_PRIORITY, &tie_breaker));
}

static void test_error_codes_from_300_to_699(void **state) {
  (void)state;
  struct one o;
  struct stun_error e = {0};
  const uint8_t role[] = {0, 0, 4, 87, 'x', 'y'}, low[] = {0, 0, 2, 99}, high[] = {0, 0, 7, 0};
  const uint8_t number[] = {0, 0, 4, 100}, junk[] = {0xff, 0xff, 0xfb, 0};
  uint16_t type = STUN_ATTR_ERROR_CODE;
  assert_true(stun_get_error(make(&o, type, role, sizeof role), &e));
  assert_int_equal(e.code, 487);
  assert_true(bytes_equal(e.reason, bytes_of("xy")));
  assert_false(stun_get_error(make(&o, type, low, 4), &e));
  assert_false(stun_get_error(make(&o, type, high, 4), &e));
  assert_false(stun_get_error(make(&o, type, number, 4), &e));
  assert_false(stun_get_error(make(&o, type, role, 3), &e));
  assert_true(stun_get_error(make(&o, type, junk, 4), &e)); /* reserved bits are ignored */
  assert_int_equal(e.code, 300);
}

static void test_password_algorithms_with_parameters(void **state) {
  (void)state;
  struct one o;
  const uint8_t list[] = {0, 2, 0, 1, 9, 0, 0, 0, 0, 1, 0, 0}, cut[] = {0, 2, 0, 9, 1};
  uint16_t got[2] = {0}, type = STUN_ATTR_PASSWORD_ALGORITHMS;
  assert_int_equal(stun_get_password_algorithms(make(&o, type, list, sizeof list), type, got, 2),
                   2);
  assert_int_equal(got[0], STUN_PASSWORD_SHA256);
  assert_int_equal(got[1], STUN_PASSWORD_MD5);
  assert_int_equal(stun_get_password_algorithms(&o.m, type, got, 1), 1);
  assert_int_equal(stun_get_password_algorithms(make(&o, type, cut, sizeof cut), type, got, 2), 0);
}

static void test_the_features_in_a_nonce(void **state) {
  (void)state;
  uint32_t v = 0;
  assert_true(stun_nonce_features(bytes_of("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"), &v));
  assert_int_equal(v, 2);
  assert_true(stun_nonce_features(bytes_of("obMatJos2wAAA"), &v));
  assert_int_equal(v, STUN_FEATURE_PASSWORD_ALGORITHMS | STUN_FEATURE_USERNAME_ANONYMITY);
  assert_true(stun_nonce_features(bytes_of("obMatJos2z09/+"), &v));
  assert_false(stun_nonce_features(bytes_of("obMatJos2AA!A"), &v));
  assert_false(stun_nonce_features(bytes_of("obMatJos2AAA"), &v));
  assert_false(stun_nonce_features(bytes_of("obMatJos3AAAA"), &v));
}

static void test_the_transmission_counter(void **state) {
  (void)state;
  struct one o;
  const uint8_t five[] = {0, 0, 5, 1};
  uint16_t type = STUN_ATTR_TRANSACTION_TRANSMIT_COUNTER;
  assert_int_equal(stun_get_transmit_count(make(&o, type, five, 4)), 5);
  assert_int_equal(stun_get_transmit_count(make(&o, STUN_ATTR_SOFTWARE, five, 4)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_mapped_addresses_of_the_sample_responses),
      cmocka_unit_test(test_an_address_of_another_size_or_family_is_none),
      cmocka_unit_test(test_the_ice_attributes_of_the_sample_request),
      cmocka_unit_test(test_error_codes_from_300_to_699),
      cmocka_unit_test(test_password_algorithms_with_parameters),
      cmocka_unit_test(test_the_features_in_a_nonce),
      cmocka_unit_test(test_the_transmission_counter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
