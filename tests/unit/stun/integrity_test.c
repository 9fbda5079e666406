#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/builder.h"
#include "stun/integrity.h"
#include "support/stun_vectors.h"

static struct stun_message parse(const uint8_t *p, size_t n) {
  struct stun_message m;
  assert_int_equal(stun_parse((struct bytes){p, n}, &m), 0);
  return m;
}

static const struct {
  const uint8_t *p;
  size_t n;
} short_term[] = {{vector_request, sizeof vector_request},
                  {vector_ipv4, sizeof vector_ipv4},
                  {vector_ipv6, sizeof vector_ipv6}};

static void test_the_short_term_vectors_verify(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct stun_message m = parse(short_term[i].p, short_term[i].n);
    assert_true(stun_check_integrity(&m, bytes_of(VECTOR_PASSWORD)));
    assert_false(stun_check_integrity(&m, bytes_of("VOkJxbRl1RmTxUk/WvJxBu")));
    assert_false(stun_check_integrity_sha256(&m, bytes_of(VECTOR_PASSWORD)));
  }
}

static void test_each_changed_bit_before_the_integrity_is_seen(void **state) {
  (void)state;
  struct stun_message original = parse(vector_request, sizeof vector_request);
  for (size_t bit = 0; bit < original.integrity_at * 8; bit++) {
    uint8_t buf[sizeof vector_request];
    struct stun_message m;
    memcpy(buf, vector_request, sizeof buf);
    buf[bit / 8] = (uint8_t)(buf[bit / 8] ^ 1 << bit % 8);
    if (stun_parse((struct bytes){buf, sizeof buf}, &m) < 0) continue;
    assert_false(stun_check_integrity(&m, bytes_of(VECTOR_PASSWORD)));
  }
}

static void test_the_long_term_vectors_verify(void **state) {
  (void)state;
  struct stun_key key;
  const struct stun_long_term in = {bytes_of(VECTOR_USER), bytes_of(VECTOR_REALM),
                                    bytes_of(VECTOR_LONG_TERM)};
  struct stun_message m = parse(vector_long_term, sizeof vector_long_term);
  assert_int_equal(stun_long_term_key(STUN_PASSWORD_MD5, &in, &key), 0);
  assert_int_equal(key.n, 16);
  assert_true(stun_check_integrity(&m, (struct bytes){key.b, key.n}));
  m = parse(vector_sha256, sizeof vector_sha256);
  assert_int_equal(stun_long_term_key(STUN_PASSWORD_SHA256, &in, &key), 0);
  assert_int_equal(key.n, 32);
  assert_true(stun_check_integrity_sha256(&m, (struct bytes){key.b, key.n}));
  assert_false(stun_check_integrity(&m, (struct bytes){key.b, key.n}));
}

static void test_the_userhash_of_the_vector(void **state) {
  (void)state;
  struct stun_key hash;
  struct stun_message m = parse(vector_sha256, sizeof vector_sha256);
  struct bytes v;
  assert_int_equal(stun_userhash(bytes_of(VECTOR_USER), bytes_of(VECTOR_REALM), &hash), 0);
  assert_true(stun_find(&m, STUN_ATTR_USERHASH, &v));
  assert_true(bytes_equal(v, (struct bytes){hash.b, hash.n}));
}

/* RFC 2104 section 2: a key longer than a block is hashed first. */
static void test_a_password_longer_than_a_block(void **state) {
  (void)state;
  char key[257];
  uint8_t buf[100];
  struct stun_tid tid = {{0}};
  memset(key, 'k', sizeof key);
  key[256] = '\0';
  const size_t sizes[] = {0, 1, 63, 64, 65, 256};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct bytes k = {(const uint8_t *)key, sizes[i]};
    struct writer w = writer_of(buf, sizeof buf);
    stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
    stun_put_integrity(&w, k);
    struct stun_message m = parse(buf, w.n);
    assert_true(stun_check_integrity(&m, k));
    assert_false(stun_check_integrity(&m, (struct bytes){k.p, k.n ? k.n - 1 : 9}));
  }
}

/* HMAC-SHA1 of a known message, computed apart from this code. */
static void test_a_long_key_gives_the_known_value(void **state) {
  (void)state;
  static const uint8_t want[20] = {0xeb, 0xc9, 0xaa, 0x03, 0xef, 0x4e, 0xa2, 0x8a, 0x52, 0xd3,
                                   0x4a, 0x1d, 0xe5, 0x64, 0x51, 0xfb, 0x96, 0xa8, 0x29, 0x45};
  uint8_t key[80], buf[100];
  struct stun_tid tid = {{0}};
  memset(key, 0xaa, sizeof key);
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put_integrity(&w, (struct bytes){key, sizeof key});
  assert_memory_equal(buf + 24, want, sizeof want);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_short_term_vectors_verify),
      cmocka_unit_test(test_each_changed_bit_before_the_integrity_is_seen),
      cmocka_unit_test(test_the_long_term_vectors_verify),
      cmocka_unit_test(test_the_userhash_of_the_vector),
      cmocka_unit_test(test_a_password_longer_than_a_block),
      cmocka_unit_test(test_a_long_key_gives_the_known_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
