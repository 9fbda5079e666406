#include "dtls/fingerprint.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/bytes.h"

struct hash_row {
  const char *name; /* RFC 8122 section 5, hash-func */
  const EVP_MD *(*md)(void);
  int strength; /* the higher is preferred */
};

static const struct hash_row hashes[] = {
    [DTLS_SHA256] = {"sha-256", EVP_sha256, 3}, [DTLS_SHA384] = {"sha-384", EVP_sha384, 4},
    [DTLS_SHA512] = {"sha-512", EVP_sha512, 5}, [DTLS_SHA1] = {"sha-1", EVP_sha1, 1},
    [DTLS_SHA224] = {"sha-224", EVP_sha224, 2},
};

int dtls_fingerprint_of(const X509 *cert, enum dtls_hash hash, struct dtls_fingerprint *ret) {
  uint8_t value[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (X509_digest(cert, hashes[hash].md(), value, &n) != 1) return -EIO;
  *ret = (struct dtls_fingerprint){.hash = hash, .n = n};
  for (unsigned i = 0; i < n && i < sizeof ret->value; i++) ret->value[i] = value[i];
  return 0;
}

void dtls_fingerprint_format(const struct dtls_fingerprint *fp, char *buf, size_t cap) {
  size_t at = (size_t)snprintf(buf, cap, "%s ", hashes[fp->hash].name);
  for (size_t i = 0; i < fp->n && i < sizeof fp->value && at + 4 <= cap; i++) {
    (void)snprintf(buf + at, cap - at, i == 0 ? "%02X" : ":%02X", fp->value[i]);
    at += i == 0 ? 2 : 3;
  }
}

static int strongest(const struct dtls_fingerprint *list, size_t n) {
  int best = 0;
  for (size_t i = 0; i < n; i++) {
    int strength = hashes[list[i].hash].strength;
    if (strength > best) best = strength;
  }
  return best;
}

int dtls_check_init(struct dtls_check *check, const struct dtls_fingerprint *expected, size_t n) {
  *check = (struct dtls_check){0};
  if (n > DTLS_FINGERPRINTS) n = DTLS_FINGERPRINTS;
  int best = strongest(expected, n);
  for (size_t i = 0; i < n; i++) {
    if (hashes[expected[i].hash].strength == best) check->expected[check->n++] = expected[i];
  }
  return check->n > 0 ? 0 : -EINVAL;
}

static bool matches(const struct dtls_check *check) {
  bool any = false;
  struct bytes seen = {check->seen.value, check->seen.n};
  for (size_t i = 0; i < check->n; i++) {
    const struct dtls_fingerprint *e = &check->expected[i];
    if (e->n <= sizeof e->value && bytes_equal_secret((struct bytes){e->value, e->n}, seen))
      any = true;
  }
  return any;
}

bool dtls_check_certificate(struct dtls_check *check, const X509 *cert) {
  uint8_t *der = NULL;
  if (check->done || dtls_fingerprint_of(cert, check->expected[0].hash, &check->seen) != 0)
    return false;
  int n = i2d_X509(cert, &der);
  if (n <= 0) return false;
  check->der = der;
  check->der_n = (size_t)n;
  check->done = true;
  check->matched = matches(check);
  return check->matched;
}
