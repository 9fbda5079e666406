#ifndef SENSO_TESTS_OPENSSL_PEER_H
#define SENSO_TESTS_OPENSSL_PEER_H

#include <openssl/ssl.h>

#include "dtls/dtls.h"

/*
 * A DTLS peer that is OpenSSL alone: its own handshake, timer and records, over memory. What it
 * writes in one go counts as one datagram. Asserts with cmocka.
 */
struct openssl_peer {
  SSL_CTX *ctx;
  SSL *ssl;
  BIO *in, *out;
  struct dtls_fingerprint fingerprint; /* of its certificate, if it has one */
};

struct openssl_peer_cfg {
  bool server;
  bool rsa;            /* its key is RSA 2048, not P-256 */
  bool no_certificate; /* it has none to show */
  const char *ciphers; /* NULL: OpenSSL's own choice */
  const char *srtp;    /* its use_srtp profiles (RFC 5764), NULL: none */
};

void openssl_peer_init(struct openssl_peer *p, const struct openssl_peer_cfg *cfg);
void openssl_peer_clear(struct openssl_peer *p);

/* Gives it a datagram, and goes on with its handshake if that is not done. */
void openssl_peer_give(struct openssl_peer *p, struct bytes datagram);

/* What it has written since: its size, 0 if nothing. */
size_t openssl_peer_take(struct openssl_peer *p, uint8_t *buf, size_t cap);

#endif
