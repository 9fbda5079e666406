#include "dtls/fingerprint.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls/identity.h"

static struct dtls_identity *id;

static const X509 *certificate(void) {
  return SSL_CTX_get0_certificate(dtls_identity_ctx(id));
}

static struct dtls_fingerprint hashed(enum dtls_hash hash) {
  struct dtls_fingerprint fp;
  assert_int_equal(dtls_fingerprint_of(certificate(), hash, &fp), 0);
  return fp;
}

/* What a check against this list says. */
static bool accepts(const struct dtls_fingerprint *list, size_t n) {
  struct dtls_check check;
  assert_int_equal(dtls_check_init(&check, list, n), 0);
  bool ok = dtls_check_certificate(&check, certificate());
  assert_true(check.done);
  assert_int_equal(check.matched, ok);
  assert_int_equal(check.der_n, dtls_identity_der(id).n);
  assert_memory_equal(check.der, dtls_identity_der(id).p, check.der_n);
  OPENSSL_free(check.der);
  return ok;
}

static void test_every_hash_matches_its_own_certificate(void **state) {
  (void)state;
  static const size_t sizes[] = {[DTLS_SHA256] = 32,
                                 [DTLS_SHA384] = 48,
                                 [DTLS_SHA512] = 64,
                                 [DTLS_SHA1] = 20,
                                 [DTLS_SHA224] = 28};
  for (int h = DTLS_SHA256; h <= DTLS_SHA224; h++) {
    struct dtls_fingerprint fp = hashed((enum dtls_hash)h);
    assert_int_equal(fp.n, sizes[h]);
    assert_true(accepts(&fp, 1));
  }
}

static void test_one_wrong_bit_anywhere_is_a_mismatch(void **state) {
  (void)state;
  struct dtls_fingerprint fp = hashed(DTLS_SHA256);
  for (size_t i = 0; i < fp.n; i++) {
    fp.value[i] ^= 1;
    assert_false(accepts(&fp, 1));
    fp.value[i] ^= 1;
  }
  fp.n = 31;
  assert_false(accepts(&fp, 1));
  fp.n = 0;
  assert_false(accepts(&fp, 1));
  fp.n = SIZE_MAX;
  assert_false(accepts(&fp, 1));
}

static void test_any_one_by_the_strongest_hash_suffices(void **state) {
  (void)state;
  struct dtls_fingerprint list[3] = {hashed(DTLS_SHA256), hashed(DTLS_SHA256), hashed(DTLS_SHA1)};
  list[0].value[5] ^= 4;
  assert_true(accepts(list, 3));
  list[1].value[5] ^= 4;
  assert_false(accepts(list, 3)); /* though the weaker one matches */
}

static void test_none_is_invalid_and_a_long_list_is_cut(void **state) {
  (void)state;
  struct dtls_check check;
  struct dtls_fingerprint list[DTLS_FINGERPRINTS + 1];
  assert_int_equal(dtls_check_init(&check, NULL, 0), -EINVAL);
  for (size_t i = 0; i <= DTLS_FINGERPRINTS; i++) list[i] = hashed(DTLS_SHA256);
  assert_int_equal(dtls_check_init(&check, list, DTLS_FINGERPRINTS + 1), 0);
  assert_int_equal(check.n, DTLS_FINGERPRINTS);
}

static void test_the_text_is_as_in_sdp_and_never_overflows(void **state) {
  (void)state;
  struct dtls_fingerprint fp = {.hash = DTLS_SHA1, .n = 3, .value = {0x0a, 0xff, 0x10}};
  char buf[DTLS_FINGERPRINT_TEXT_MAX];
  dtls_fingerprint_format(&fp, buf, sizeof buf);
  assert_string_equal(buf, "sha-1 0A:FF:10");
  fp = hashed(DTLS_SHA512);
  dtls_fingerprint_format(&fp, buf, sizeof buf);
  assert_int_equal(strlen(buf), 8 + 64 * 3 - 1);
  for (size_t cap = 12; cap < sizeof buf; cap++) {
    char *small = malloc(cap);
    assert_non_null(small);
    dtls_fingerprint_format(&fp, small, cap);
    assert_true(strlen(small) < cap);
    free(small);
  }
}

static int setup(void **state) {
  (void)state;
  return dtls_identity_new(&id, 1760000000);
}

static int teardown(void **state) {
  (void)state;
  id = dtls_identity_unref(id);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_hash_matches_its_own_certificate),
      cmocka_unit_test(test_one_wrong_bit_anywhere_is_a_mismatch),
      cmocka_unit_test(test_any_one_by_the_strongest_hash_suffices),
      cmocka_unit_test(test_none_is_invalid_and_a_long_list_is_cut),
      cmocka_unit_test(test_the_text_is_as_in_sdp_and_never_overflows),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
