#ifndef SENSO_DTLS_KEYS_H
#define SENSO_DTLS_KEYS_H

#include <openssl/ssl.h>

#include "dtls/aead.h"
#include "dtls/dtls.h"
#include "dtls/replay.h"

/*
 * The protection of epoch 1, both directions. OpenSSL makes the handshake; the records are ours:
 * the keys follow from the session's master secret and the two randoms (RFC 5246 section 6.3), and
 * the SSL object, 74 KB of it, is freed once the handshake is done.
 */
struct dtls_keys {
  struct dtls_aead seal, open;
  uint64_t seal_seq; /* of the next record */
  struct dtls_replay replay;
};

/* Derives the keys of a handshake that has its master secret. 0, -ENOMEM, -EIO. */
int dtls_keys_new(struct dtls_keys **ret, SSL *ssl, enum dtls_role role);
struct dtls_keys *dtls_keys_free(struct dtls_keys *keys);

/* The keys to open what this side itself sealed. Clear with dtls_aead_clear. */
int dtls_keys_own(struct dtls_aead *ret, SSL *ssl, enum dtls_role role);

/* Seals the next record into out. 0 and *ret_n, -EMSGSIZE, -EIO, -EOVERFLOW after 2^48 records. */
int dtls_keys_seal(struct dtls_keys *keys, uint8_t type, struct bytes body, uint8_t *out,
                   size_t cap, size_t *ret_n);

/* Opens a record into out (as dtls_aead_open) and notes its number. 0, -EALREADY when it was seen,
 * -EBADMSG. */
int dtls_keys_open(struct dtls_keys *keys, const struct dtls_record *record, uint8_t *out);

#endif
