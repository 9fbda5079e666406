#ifndef SENSO_DTLS_CONTEXT_H
#define SENSO_DTLS_CONTEXT_H

#include <openssl/ssl.h>

#include "base/bytes.h"

/*
 * What all associations of an identity share: an SSL_CTX for DTLS 1.2 with our ciphers, mutual
 * certificates and the fingerprint check, and the method of a BIO that hands whole datagrams over.
 * An SSL made from it carries a `struct dtls_check *` as its app data.
 */
int dtls_context_new(SSL_CTX **ret, X509 *cert, EVP_PKEY *key);

/* The two ends of such a BIO; BIO_set_data gives it one. write is called for each write, that is
 * whole records, and tells whether they were taken; OpenSSL reads `in` once. */
struct dtls_wire {
  bool (*write)(void *ctx, struct bytes records);
  void *ctx;
  struct bytes in;
};

int dtls_context_bio_new(BIO_METHOD **ret);

#endif
