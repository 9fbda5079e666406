#include "dtls/keys.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "dtls/openssl.h"

#define BLOCK_MAX (2 * (DTLS_AEAD_KEY_MAX + DTLS_AEAD_IV_MAX))

/* Key block and its parts, RFC 5246 section 6.3: AEADs need no MAC keys. */
struct block {
  const struct dtls_suite *suite;
  uint8_t p[BLOCK_MAX];
};

/* What the master secret's PRF is run with. */
struct secrets {
  uint8_t master[SSL_MAX_MASTER_KEY_LENGTH];
  size_t master_n;
  uint8_t randoms[2 * SSL3_RANDOM_SIZE]; /* server's, then client's */
};

static bool read_secrets(SSL *ssl, struct secrets *s) {
  const SSL_SESSION *session = SSL_get_session(ssl);
  if (!session) return false;
  s->master_n = SSL_SESSION_get_master_key(session, s->master, sizeof s->master);
  return s->master_n == sizeof s->master &&
         SSL_get_server_random(ssl, s->randoms, SSL3_RANDOM_SIZE) == SSL3_RANDOM_SIZE &&
         SSL_get_client_random(ssl, s->randoms + SSL3_RANDOM_SIZE, SSL3_RANDOM_SIZE) ==
             SSL3_RANDOM_SIZE;
}

static int run_prf(struct block *b, struct secrets *s) {
  char label[] = "key expansion";
  char hash[8];
  (void)OPENSSL_strlcpy(hash, b->suite->prf_hash, sizeof hash);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, s->master, s->master_n),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label, sizeof label - 1),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, s->randoms, sizeof s->randoms),
      OSSL_PARAM_construct_end(),
  };
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
  EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
  size_t n = 2 * ((size_t)b->suite->key_n + b->suite->iv_n);
  bool ok = ctx && EVP_KDF_derive(ctx, b->p, n, params) == 1;
  EVP_KDF_CTX_free(ctx);
  EVP_KDF_free(kdf);
  return ok ? 0 : dtls_openssl_error();
}

static int make_block(struct block *b, SSL *ssl) {
  const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
  if (!cipher) cipher = SSL_get_pending_cipher(ssl);
  b->suite = cipher ? dtls_suite_find(SSL_CIPHER_get_protocol_id(cipher)) : NULL;
  struct secrets s;
  if (!b->suite || !read_secrets(ssl, &s)) return -EIO;
  int r = run_prf(b, &s);
  OPENSSL_cleanse(&s, sizeof s);
  return r;
}

/* One direction of the block: what `writer` seals with. */
static int key_direction(struct dtls_aead *a, const struct block *b, enum dtls_role writer,
                         bool seal) {
  size_t i = writer == DTLS_SERVER ? 1 : 0;
  const struct dtls_suite *suite = b->suite;
  const uint8_t *key = b->p + i * suite->key_n;
  const uint8_t *iv = b->p + 2 * (size_t)suite->key_n + i * suite->iv_n;
  return dtls_aead_init(a, suite, key, iv, seal);
}

int dtls_keys_new(struct dtls_keys **ret, SSL *ssl, enum dtls_role role) {
  struct dtls_keys *keys = calloc(1, sizeof *keys);
  if (!keys) return -ENOMEM;
  struct block b;
  enum dtls_role other = role == DTLS_CLIENT ? DTLS_SERVER : DTLS_CLIENT;
  int r = make_block(&b, ssl);
  if (r == 0) r = key_direction(&keys->seal, &b, role, true);
  if (r == 0) r = key_direction(&keys->open, &b, other, false);
  OPENSSL_cleanse(&b, sizeof b);
  if (r != 0) {
    (void)dtls_keys_free(keys);
    return r;
  }
  *ret = keys;
  return 0;
}

int dtls_keys_own(struct dtls_aead *ret, SSL *ssl, enum dtls_role role) {
  struct block b;
  int r = make_block(&b, ssl);
  if (r == 0) r = key_direction(ret, &b, role, false);
  OPENSSL_cleanse(&b, sizeof b);
  return r;
}

struct dtls_keys *dtls_keys_free(struct dtls_keys *keys) {
  if (!keys) return NULL;
  dtls_aead_clear(&keys->seal);
  dtls_aead_clear(&keys->open);
  free(keys);
  return NULL;
}

int dtls_keys_seal(struct dtls_keys *keys, uint8_t type, struct bytes body, uint8_t *out,
                   size_t cap, size_t *ret_n) {
  if (keys->seal_seq > DTLS_SEQ_MAX) return -EOVERFLOW;
  struct dtls_plain plain = {type, keys->seal_seq, body};
  int r = dtls_aead_seal(&keys->seal, &plain, out, cap, ret_n);
  if (r != -EMSGSIZE) keys->seal_seq++; /* a number once tried is not used again */
  return r;
}

int dtls_keys_open(struct dtls_keys *keys, const struct dtls_record *record, uint8_t *out) {
  if (dtls_replay_seen(&keys->replay, record->seq)) return -EALREADY;
  int r = dtls_aead_open(&keys->open, record, out);
  if (r == 0) dtls_replay_mark(&keys->replay, record->seq);
  return r;
}
