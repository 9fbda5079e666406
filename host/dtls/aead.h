#ifndef SENSO_DTLS_AEAD_H
#define SENSO_DTLS_AEAD_H

#include <openssl/evp.h>

#include "dtls/record.h"

#define DTLS_AEAD_TAG     16
#define DTLS_AEAD_KEY_MAX 32
#define DTLS_AEAD_IV_MAX  12

/* One of the cipher suites offered. */
struct dtls_suite {
  const EVP_CIPHER *(*cipher)(void);
  const char *prf_hash;
  uint16_t id; /* IANA's TLS cipher suite */
  uint8_t key_n;
  uint8_t iv_n;       /* of the key block */
  uint8_t explicit_n; /* nonce bytes in each record: AES-GCM, RFC 5288 section 3 */
};

/* The suite of this IANA number, or NULL. */
const struct dtls_suite *dtls_suite_find(uint16_t id);

/* What sealing adds to a plaintext, header included. */
size_t dtls_suite_overhead(const struct dtls_suite *suite);

/* One direction of an association's protection. Zero-initialised may be cleared. */
struct dtls_aead {
  const struct dtls_suite *suite;
  EVP_CIPHER_CTX *ctx;
  uint8_t iv[DTLS_AEAD_IV_MAX];
};

/* Keys one direction, to seal or to open. 0, -ENOMEM or -EIO. */
int dtls_aead_init(struct dtls_aead *a, const struct dtls_suite *suite, const uint8_t *key,
                   const uint8_t *iv, bool seal);
void dtls_aead_clear(struct dtls_aead *a);

/* Writes a whole DTLS 1.2 record of epoch 1 into out. 0 and *ret_n, -EMSGSIZE, -EIO. */
struct dtls_plain {
  uint8_t type;
  uint64_t seq;
  struct bytes body;
};
int dtls_aead_seal(struct dtls_aead *a, const struct dtls_plain *plain, uint8_t *out, size_t cap,
                   size_t *ret_n);

/* The size of the plaintext in a record, or -1 when it is too short or too long to be one. */
int dtls_aead_plain_size(const struct dtls_aead *a, const struct dtls_record *record);

/* Opens a record into out, which has room for dtls_aead_plain_size bytes and may be the ciphertext
 * itself. 0 or -EBADMSG, when what is in out means nothing. */
int dtls_aead_open(struct dtls_aead *a, const struct dtls_record *record, uint8_t *out);

#endif
