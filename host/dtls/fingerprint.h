#ifndef SENSO_DTLS_FINGERPRINT_H
#define SENSO_DTLS_FINGERPRINT_H

#include <openssl/x509.h>

#include "dtls/dtls.h"

/* "sha-512 " and 64 times "AA:". */
#define DTLS_FINGERPRINT_TEXT_MAX 208

/* The hash of a certificate's DER. 0 or -EIO. */
int dtls_fingerprint_of(const X509 *cert, enum dtls_hash hash, struct dtls_fingerprint *ret);

/* Writes "sha-256 AA:BB:..." as an SDP line has it (RFC 8122 section 5), cut off where cap ends. */
void dtls_fingerprint_format(const struct dtls_fingerprint *fp, char *buf, size_t cap);

/*
 * What the description says of the peer's certificate, and what came of it. Of several hash
 * functions only the strongest listed counts (RFC 8122 section 5.1); of several fingerprints by it,
 * one must match.
 */
struct dtls_check {
  struct dtls_fingerprint expected[DTLS_FINGERPRINTS]; /* all by the same hash */
  size_t n;
  bool done, matched;
  struct dtls_fingerprint seen; /* of the peer's certificate, once done */
  uint8_t *der;                 /* the peer's certificate, once done; owned, OPENSSL_free */
  size_t der_n;
};

/* 0, or -EINVAL when the list has none. Lines past DTLS_FINGERPRINTS are not read. */
int dtls_check_init(struct dtls_check *check, const struct dtls_fingerprint *expected, size_t n);

/* Compares in constant time and keeps the certificate. False: mismatch, or out of memory. */
bool dtls_check_certificate(struct dtls_check *check, const X509 *cert);

#endif
