#include "dtls/aead.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint16_t ids[] = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8};
#define IDS (sizeof ids / sizeof ids[0])

struct both {
  struct dtls_aead seal, open;
};

static void begin(struct both *b, uint16_t id) {
  uint8_t key[32];
  uint8_t iv[12];
  const struct dtls_suite *suite = dtls_suite_find(id);
  assert_non_null(suite);
  memset(key, 7, sizeof key);
  memset(iv, 9, sizeof iv);
  assert_int_equal(dtls_aead_init(&b->seal, suite, key, iv, true), 0);
  assert_int_equal(dtls_aead_init(&b->open, suite, key, iv, false), 0);
}

static void end(struct both *b) {
  dtls_aead_clear(&b->seal);
  dtls_aead_clear(&b->open);
}

static struct dtls_record parse(const uint8_t *p, size_t n) {
  struct cursor c = cursor_of((struct bytes){p, n});
  struct dtls_record r;
  assert_true(dtls_record_take(&c, &r));
  assert_int_equal(c.n, 0);
  return r;
}

static const struct dtls_plain hello = {
    DTLS_APPLICATION_DATA, 0x0102030405, {(const uint8_t *)"hello", 5}};

static void test_what_is_sealed_opens_with_every_suite(void **state) {
  (void)state;
  for (size_t i = 0; i < IDS; i++) {
    struct both b;
    uint8_t sealed[64];
    uint8_t out[5];
    size_t n = 0;
    begin(&b, ids[i]);
    assert_int_equal(dtls_aead_seal(&b.seal, &hello, sealed, sizeof sealed, &n), 0);
    assert_int_equal(n, 5 + dtls_suite_overhead(b.seal.suite));
    struct dtls_record r = parse(sealed, n);
    assert_int_equal(r.epoch, 1);
    assert_true(r.seq == hello.seq);
    assert_int_equal(dtls_aead_plain_size(&b.open, &r), 5);
    assert_int_equal(dtls_aead_open(&b.open, &r, out), 0);
    assert_memory_equal(out, "hello", 5);
    end(&b);
  }
}

static void test_a_changed_bit_anywhere_is_noticed(void **state) {
  (void)state;
  for (size_t i = 0; i < IDS; i++) {
    struct both b;
    uint8_t sealed[64];
    uint8_t out[64];
    size_t n = 0;
    begin(&b, ids[i]);
    assert_int_equal(dtls_aead_seal(&b.seal, &hello, sealed, sizeof sealed, &n), 0);
    for (size_t at = 0; at < n; at++) {
      uint8_t copy[64];
      struct dtls_record r;
      memcpy(copy, sealed, n);
      copy[at] ^= 1;
      struct cursor c = cursor_of((struct bytes){copy, n});
      if (!dtls_record_take(&c, &r)) continue; /* type, version, length */
      assert_int_equal(dtls_aead_open(&b.open, &r, out), -EBADMSG);
    }
    struct dtls_record r = parse(sealed, n);
    assert_int_equal(dtls_aead_open(&b.open, &r, out), 0);
    end(&b);
  }
}

static void test_it_opens_in_place_and_an_empty_record_too(void **state) {
  (void)state;
  struct both b;
  uint8_t sealed[64];
  size_t n = 0;
  begin(&b, 0xc02b);
  assert_int_equal(dtls_aead_seal(&b.seal, &hello, sealed, sizeof sealed, &n), 0);
  struct dtls_record r = parse(sealed, n);
  assert_int_equal(dtls_aead_open(&b.open, &r, sealed + 13), 0);
  assert_memory_equal(sealed + 13, "hello", 5);
  struct dtls_plain empty = {DTLS_APPLICATION_DATA, 7, {NULL, 0}};
  assert_int_equal(dtls_aead_seal(&b.seal, &empty, sealed, sizeof sealed, &n), 0);
  assert_int_equal(n, 37);
  r = parse(sealed, n);
  assert_int_equal(dtls_aead_plain_size(&b.open, &r), 0);
  assert_int_equal(dtls_aead_open(&b.open, &r, sealed), 0);
  end(&b);
}

static void test_a_record_too_short_or_too_long_has_no_size(void **state) {
  (void)state;
  struct both b;
  uint8_t body[24] = {0};
  uint8_t out[8];
  begin(&b, 0xc02b);
  struct dtls_record r = {23, DTLS_VERSION_1_2, 1, 0, {body, 23}, {NULL, 0}};
  assert_int_equal(dtls_aead_plain_size(&b.open, &r), -1);
  assert_int_equal(dtls_aead_open(&b.open, &r, out), -EBADMSG);
  r.body.n = 24;
  assert_int_equal(dtls_aead_plain_size(&b.open, &r), 0);
  r.body.n = 24 + 16384;
  assert_int_equal(dtls_aead_plain_size(&b.open, &r), 16384);
  r.body.n++;
  assert_int_equal(dtls_aead_plain_size(&b.open, &r), -1);
  end(&b);
}

static void test_sealing_needs_exactly_the_overhead(void **state) {
  (void)state;
  struct both b;
  uint8_t sealed[64];
  size_t n = 99;
  begin(&b, 0xc02b);
  for (size_t cap = 0; cap < 42; cap++)
    assert_int_equal(dtls_aead_seal(&b.seal, &hello, sealed, cap, &n), -EMSGSIZE);
  assert_int_equal(n, 99);
  assert_int_equal(dtls_aead_seal(&b.seal, &hello, sealed, 42, &n), 0);
  struct dtls_plain big = {23, 0, {NULL, 16385}};
  assert_int_equal(dtls_aead_seal(&b.seal, &big, sealed, sizeof sealed, &n), -EMSGSIZE);
  end(&b);
}

static void test_only_the_offered_suites_are_known(void **state) {
  (void)state;
  assert_null(dtls_suite_find(0xc02d));
  assert_null(dtls_suite_find(0));
  assert_int_equal(dtls_suite_overhead(dtls_suite_find(0xc02c)), 37);
  assert_int_equal(dtls_suite_overhead(dtls_suite_find(0xcca9)), 29);
}

/* Computed with Python's cryptography: AES-128-GCM, key 00..0f, nonce 10..13 then 0001000000000005,
 * AAD 0001000000000005 17 fefd 0003, plaintext "abc". */
static void test_a_record_is_as_computed_elsewhere(void **state) {
  (void)state;
  static const uint8_t expected[] = {0x17, 0xfe, 0xfd, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
                                     0x05, 0x00, 0x1b, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
                                     0x05, 0xc6, 0xd5, 0xeb, 0xd6, 0x69, 0x3a, 0x4f, 0xdc, 0x38,
                                     0xea, 0xbb, 0xd1, 0x2a, 0x63, 0x17, 0x19, 0x6c, 0xf9, 0x22};
  uint8_t key[16];
  uint8_t iv[4];
  uint8_t sealed[64];
  size_t n = 0;
  struct dtls_aead a;
  for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)i;
  for (size_t i = 0; i < sizeof iv; i++) iv[i] = (uint8_t)(0x10 + i);
  assert_int_equal(dtls_aead_init(&a, dtls_suite_find(0xc02b), key, iv, true), 0);
  struct dtls_plain abc = {23, 5, {(const uint8_t *)"abc", 3}};
  assert_int_equal(dtls_aead_seal(&a, &abc, sealed, sizeof sealed, &n), 0);
  assert_int_equal(n, sizeof expected);
  assert_memory_equal(sealed, expected, n);
  dtls_aead_clear(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_sealed_opens_with_every_suite),
      cmocka_unit_test(test_a_changed_bit_anywhere_is_noticed),
      cmocka_unit_test(test_it_opens_in_place_and_an_empty_record_too),
      cmocka_unit_test(test_a_record_too_short_or_too_long_has_no_size),
      cmocka_unit_test(test_sealing_needs_exactly_the_overhead),
      cmocka_unit_test(test_only_the_offered_suites_are_known),
      cmocka_unit_test(test_a_record_is_as_computed_elsewhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
