#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"
#include "support/stun_vectors.h"

static struct stun_tid tid_of(const uint8_t *message) {
  struct stun_tid tid;
  memcpy(tid.b, message + 8, sizeof tid.b);
  return tid;
}

/* A long-term request has zeros as padding, so it comes out byte for byte. */
static void test_the_long_term_request_is_rebuilt(void **state) {
  (void)state;
  uint8_t buf[200];
  struct stun_key key;
  struct writer w = writer_of(buf, sizeof buf);
  struct stun_tid tid = tid_of(vector_long_term);
  const struct stun_long_term in = {bytes_of(VECTOR_USER), bytes_of(VECTOR_REALM),
                                    bytes_of(VECTOR_LONG_TERM)};
  assert_int_equal(stun_long_term_key(STUN_PASSWORD_MD5, &in, &key), 0);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put(&w, STUN_ATTR_USERNAME, bytes_of(VECTOR_USER));
  stun_put(&w, STUN_ATTR_NONCE, bytes_of("f//499k954d6OL34oL9FSTvy64sA"));
  stun_put(&w, STUN_ATTR_REALM, bytes_of(VECTOR_REALM));
  stun_put_integrity(&w, (struct bytes){key.b, key.n});
  assert_false(w.failed);
  assert_int_equal(w.n, sizeof vector_long_term);
  assert_memory_equal(buf, vector_long_term, w.n);
}

static void test_the_sha256_request_is_rebuilt(void **state) {
  (void)state;
  uint8_t buf[200];
  struct stun_key key, hash;
  const uint16_t algorithm[] = {STUN_PASSWORD_SHA256};
  struct writer w = writer_of(buf, sizeof buf);
  struct stun_tid tid = tid_of(vector_sha256);
  const struct stun_long_term in = {bytes_of(VECTOR_USER), bytes_of(VECTOR_REALM),
                                    bytes_of(VECTOR_LONG_TERM)};
  assert_int_equal(stun_long_term_key(STUN_PASSWORD_SHA256, &in, &key), 0);
  assert_int_equal(stun_userhash(in.username, in.realm, &hash), 0);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put(&w, STUN_ATTR_USERHASH, (struct bytes){hash.b, hash.n});
  stun_put(&w, STUN_ATTR_NONCE, bytes_of("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"));
  stun_put(&w, STUN_ATTR_REALM, bytes_of(VECTOR_REALM));
  stun_put_password_algorithms(&w, STUN_ATTR_PASSWORD_ALGORITHM, (struct stun_types){algorithm, 1});
  stun_put_integrity_sha256(&w, (struct bytes){key.b, key.n});
  assert_false(w.failed);
  assert_int_equal(w.n, sizeof vector_sha256);
  assert_memory_equal(buf, vector_sha256, w.n);
}

static void check_address(const char *ip) {
  uint8_t buf[100];
  struct addr a, got;
  struct stun_message m;
  struct writer w = writer_of(buf, sizeof buf);
  struct stun_tid tid = tid_of(vector_ipv6);
  assert_true(addr_parse_ip(ip, 32853, &a));
  stun_begin(&w, STUN_SUCCESS, STUN_BINDING, &tid);
  stun_put_address(&w, STUN_ATTR_MAPPED_ADDRESS, &a);
  stun_put_xor_address(&w, STUN_ATTR_XOR_MAPPED_ADDRESS, &a);
  assert_int_equal(stun_parse(writer_written(&w), &m), 0);
  assert_true(stun_get_address(&m, STUN_ATTR_MAPPED_ADDRESS, &got));
  assert_true(addr_equal(&a, &got));
  assert_true(stun_get_xor_address(&m, STUN_ATTR_XOR_MAPPED_ADDRESS, &got));
  assert_true(addr_equal(&a, &got));
}

static void test_addresses_come_back(void **state) {
  (void)state;
  check_address("192.0.2.1");
  check_address("2001:db8:1234:5678:11:2233:4455:6677");
}

static void test_errors_and_unknown_attributes(void **state) {
  (void)state;
  uint8_t buf[100];
  struct stun_message m;
  struct stun_error e;
  struct bytes v;
  const uint16_t types[] = {0x7f01, 0x0123, 0x4567};
  const uint8_t want[] = {0x7f, 0x01, 0x01, 0x23, 0x45, 0x67};
  struct stun_tid tid = {{0}};
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_ERROR, STUN_BINDING, &tid);
  stun_put_error(&w, STUN_ERR_UNKNOWN_ATTRIBUTE);
  stun_put_unknown(&w, (struct stun_types){types, 3});
  assert_int_equal(stun_parse(writer_written(&w), &m), 0);
  assert_true(stun_get_error(&m, &e));
  assert_int_equal(e.code, 420);
  assert_true(bytes_equal(e.reason, bytes_of("Unknown Attribute")));
  assert_true(stun_find(&m, STUN_ATTR_UNKNOWN_ATTRIBUTES, &v));
  assert_true(bytes_equal(v, (struct bytes){want, sizeof want}));
}

static void test_a_message_that_does_not_fit_fails(void **state) {
  (void)state;
  uint8_t buf[64];
  for (size_t cap = 0; cap < 20 + 8 + 24 + 8; cap++) {
    struct writer w = writer_of(buf, cap);
    struct stun_tid tid = {{0}};
    struct addr a = addr_v4(192, 0, 2, 1, 1);
    stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
    stun_put_u32(&w, STUN_ATTR_PRIORITY, 1);
    stun_put_integrity(&w, bytes_of("key"));
    stun_put_fingerprint(&w);
    assert_true(w.failed);
    stun_put_xor_address(&w, STUN_ATTR_XOR_MAPPED_ADDRESS, &a);
    stun_put_unknown(&w, (struct stun_types){(const uint16_t[]){1}, 1});
    stun_put_password_algorithms(&w, 1, (struct stun_types){(const uint16_t[]){1}, 1});
    assert_true(w.failed);
  }
}

static void test_a_value_past_16_bits_fails(void **state) {
  (void)state;
  static uint8_t buf[140000], value[70000];
  struct stun_tid tid = {{0}};
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put(&w, STUN_ATTR_DATA, (struct bytes){value, 65536});
  assert_true(w.failed);
  w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put(&w, STUN_ATTR_DATA, (struct bytes){value, 40000});
  assert_false(w.failed);
  stun_put(&w, STUN_ATTR_DATA, (struct bytes){value, 40000});
  assert_true(w.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_long_term_request_is_rebuilt),
      cmocka_unit_test(test_the_sha256_request_is_rebuilt),
      cmocka_unit_test(test_addresses_come_back),
      cmocka_unit_test(test_errors_and_unknown_attributes),
      cmocka_unit_test(test_a_message_that_does_not_fit_fails),
      cmocka_unit_test(test_a_value_past_16_bits_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
