#include "dtls/identity.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "dtls/context.h"
#include "dtls/fingerprint.h"
#include "dtls/openssl.h"

#define VALID_BEFORE_S (INT64_C(24) * 3600) /* clocks of peers differ */
#define VALID_AFTER_S                                                                              \
  (INT64_C(30) * 24 * 3600) /* WebRTC 1.0 section 4.9.1: 30 days are the default */
#define SERIAL_SIZE 8

struct dtls_identity {
  size_t refs;
  SSL_CTX *ctx; /* holds the key and the certificate */
  BIO_METHOD *bio;
  struct dtls_fingerprint fingerprint;
  uint8_t *der;
  size_t der_n;
  int64_t expires;
};

/* A random positive serial (RFC 5280 section 4.1.2.2). */
static int set_serial(X509 *cert) {
  uint8_t raw[SERIAL_SIZE];
  if (RAND_bytes(raw, sizeof raw) != 1) return -EIO;
  raw[0] = (uint8_t)((raw[0] & 0x7f) | 0x40);
  BIGNUM *bn = BN_bin2bn(raw, sizeof raw, NULL);
  bool ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
  BN_free(bn);
  return ok ? 0 : -ENOMEM;
}

/* Fills in and signs a version 3 certificate whose subject and issuer tell nothing. */
static int fill_certificate(X509 *cert, EVP_PKEY *key, int64_t unix_now) {
  static const unsigned char name[] = "WebRTC";
  int r = set_serial(cert);
  if (r != 0) return r;
  X509_NAME *subject = X509_get_subject_name(cert);
  bool ok = X509_set_version(cert, X509_VERSION_3) == 1 &&
            X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
            X509_set_issuer_name(cert, subject) == 1 &&
            ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(unix_now - VALID_BEFORE_S)) &&
            ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(unix_now + VALID_AFTER_S)) &&
            X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0;
  return ok ? 0 : dtls_openssl_error();
}

static int take_der(struct dtls_identity *id, const X509 *cert) {
  int n = i2d_X509(cert, &id->der);
  if (n <= 0) return dtls_openssl_error();
  id->der_n = (size_t)n;
  return dtls_fingerprint_of(cert, DTLS_SHA256, &id->fingerprint);
}

static int make(struct dtls_identity *id, int64_t unix_now) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = key ? X509_new() : NULL;
  int r = cert ? fill_certificate(cert, key, unix_now) : dtls_openssl_error();
  if (r == 0) r = take_der(id, cert);
  if (r == 0) r = dtls_context_new(&id->ctx, cert, key);
  if (r == 0) r = dtls_context_bio_new(&id->bio);
  X509_free(cert);
  EVP_PKEY_free(key);
  return r;
}

int dtls_identity_new(struct dtls_identity **ret, int64_t unix_now) {
  struct dtls_identity *id = calloc(1, sizeof *id);
  if (!id) return -ENOMEM;
  id->refs = 1;
  id->expires = unix_now + VALID_AFTER_S;
  ERR_clear_error();
  int r = make(id, unix_now);
  ERR_clear_error();
  if (r != 0) {
    (void)dtls_identity_unref(id);
    return r;
  }
  *ret = id;
  return 0;
}

struct dtls_identity *dtls_identity_ref(struct dtls_identity *id) {
  id->refs++;
  return id;
}

struct dtls_identity *dtls_identity_unref(struct dtls_identity *id) {
  if (!id) return NULL;
  assert(id->refs > 0);
  if (--id->refs > 0) return NULL;
  SSL_CTX_free(id->ctx);
  BIO_meth_free(id->bio);
  OPENSSL_free(id->der);
  free(id);
  return NULL;
}

void dtls_identity_fingerprint(const struct dtls_identity *id, struct dtls_fingerprint *ret) {
  *ret = id->fingerprint;
}

struct bytes dtls_identity_der(const struct dtls_identity *id) {
  return (struct bytes){id->der, id->der_n};
}

int64_t dtls_identity_expires(const struct dtls_identity *id) {
  return id->expires;
}

SSL_CTX *dtls_identity_ctx(const struct dtls_identity *id) {
  return id->ctx;
}

const BIO_METHOD *dtls_identity_bio(const struct dtls_identity *id) {
  return id->bio;
}
