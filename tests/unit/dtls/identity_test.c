#include "dtls/identity.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1760000000)

static int64_t unix_of(const ASN1_TIME *t) {
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  int days = 0;
  int seconds = 0;
  assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, t), 1);
  ASN1_TIME_free(epoch);
  return (int64_t)days * 86400 + seconds;
}

static X509 *parsed(const struct dtls_identity *id) {
  struct bytes der = dtls_identity_der(id);
  const uint8_t *p = der.p;
  X509 *cert = d2i_X509(NULL, &p, (long)der.n);
  assert_non_null(cert);
  return cert;
}

static void test_the_certificate_is_p256_and_signed_by_itself(void **state) {
  (void)state;
  struct dtls_identity *id = NULL;
  assert_int_equal(dtls_identity_new(&id, NOW), 0);
  X509 *cert = parsed(id);
  EVP_PKEY *key = X509_get0_pubkey(cert);
  char group[32] = "";
  size_t n = 0;
  assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof group, &n), 1);
  assert_string_equal(group, "prime256v1");
  assert_int_equal(X509_verify(cert, key), 1);
  assert_int_equal(X509_get_version(cert), X509_VERSION_3);
  X509_free(cert);
  (void)dtls_identity_unref(id);
}

static void test_it_is_valid_from_a_day_before_to_30_days_after(void **state) {
  (void)state;
  struct dtls_identity *id = NULL;
  assert_int_equal(dtls_identity_new(&id, NOW), 0);
  X509 *cert = parsed(id);
  assert_true(unix_of(X509_get0_notBefore(cert)) == NOW - 86400);
  assert_true(unix_of(X509_get0_notAfter(cert)) == NOW + INT64_C(30) * 86400);
  assert_true(dtls_identity_expires(id) == NOW + INT64_C(30) * 86400);
  X509_free(cert);
  (void)dtls_identity_unref(id);
}

static void test_the_fingerprint_is_the_hash_of_the_der(void **state) {
  (void)state;
  struct dtls_identity *id = NULL;
  struct dtls_fingerprint fp;
  uint8_t hash[32];
  size_t n = 0;
  assert_int_equal(dtls_identity_new(&id, NOW), 0);
  dtls_identity_fingerprint(id, &fp);
  struct bytes der = dtls_identity_der(id);
  assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, der.p, der.n, hash, &n), 1);
  assert_int_equal(fp.hash, DTLS_SHA256);
  assert_int_equal(fp.n, 32);
  assert_memory_equal(fp.value, hash, 32);
  (void)dtls_identity_unref(id);
}

static void test_two_identities_differ_in_key_and_serial(void **state) {
  (void)state;
  struct dtls_identity *id[2] = {NULL, NULL};
  X509 *cert[2];
  for (int i = 0; i < 2; i++) {
    assert_int_equal(dtls_identity_new(&id[i], NOW), 0);
    cert[i] = parsed(id[i]);
    assert_false(ASN1_STRING_type(X509_get0_serialNumber(cert[i])) == V_ASN1_NEG_INTEGER);
  }
  assert_int_not_equal(
      ASN1_INTEGER_cmp(X509_get0_serialNumber(cert[0]), X509_get0_serialNumber(cert[1])), 0);
  assert_int_not_equal(EVP_PKEY_eq(X509_get0_pubkey(cert[0]), X509_get0_pubkey(cert[1])), 1);
  for (int i = 0; i < 2; i++) {
    X509_free(cert[i]);
    (void)dtls_identity_unref(id[i]);
  }
}

static void test_it_lives_until_the_last_reference(void **state) {
  (void)state;
  struct dtls_identity *id = NULL;
  assert_int_equal(dtls_identity_new(&id, NOW), 0);
  assert_ptr_equal(dtls_identity_ref(id), id);
  assert_null(dtls_identity_unref(id));
  assert_true(dtls_identity_der(id).n > 100);
  assert_null(dtls_identity_unref(id));
  assert_null(dtls_identity_unref(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_certificate_is_p256_and_signed_by_itself),
      cmocka_unit_test(test_it_is_valid_from_a_day_before_to_30_days_after),
      cmocka_unit_test(test_the_fingerprint_is_the_hash_of_the_der),
      cmocka_unit_test(test_two_identities_differ_in_key_and_serial),
      cmocka_unit_test(test_it_lives_until_the_last_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
