#include "dtls/aead.h"

#include <errno.h>
#include <string.h>

#include "base/writer.h"
#include "dtls/openssl.h"

#define EPOCH      1  /* the only one protected: there is no renegotiation */
#define NONCE_SIZE 12 /* RFC 5116: all three AEADs */
#define AAD_SIZE   13 /* RFC 5246 section 6.2.3.3, with epoch and sequence number */

/* RFC 5289 and RFC 7905. */
static const struct dtls_suite suites[] = {
    {EVP_aes_128_gcm, "SHA256", 0xc02b, 16, 4, 8},
    {EVP_aes_128_gcm, "SHA256", 0xc02f, 16, 4, 8},
    {EVP_aes_256_gcm, "SHA384", 0xc02c, 32, 4, 8},
    {EVP_aes_256_gcm, "SHA384", 0xc030, 32, 4, 8},
    {EVP_chacha20_poly1305, "SHA256", 0xcca9, 32, 12, 0},
    {EVP_chacha20_poly1305, "SHA256", 0xcca8, 32, 12, 0},
};

const struct dtls_suite *dtls_suite_find(uint16_t id) {
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
    if (suites[i].id == id) return &suites[i];
  }
  return NULL;
}

size_t dtls_suite_overhead(const struct dtls_suite *suite) {
  return DTLS_RECORD_HEADER + suite->explicit_n + DTLS_AEAD_TAG;
}

int dtls_aead_init(struct dtls_aead *a, const struct dtls_suite *suite, const uint8_t *key,
                   const uint8_t *iv, bool seal) {
  *a = (struct dtls_aead){.suite = suite, .ctx = EVP_CIPHER_CTX_new()};
  if (!a->ctx) return dtls_openssl_error();
  memcpy(a->iv, iv, suite->iv_n);
  if (EVP_CipherInit_ex(a->ctx, suite->cipher(), NULL, key, NULL, seal ? 1 : 0) != 1) {
    dtls_aead_clear(a);
    return dtls_openssl_error();
  }
  return 0;
}

void dtls_aead_clear(struct dtls_aead *a) {
  EVP_CIPHER_CTX_free(a->ctx);
  OPENSSL_cleanse(a->iv, sizeof a->iv);
  *a = (struct dtls_aead){0};
}

static uint64_t epoch_seq(uint64_t seq) {
  return (uint64_t)EPOCH << 48 | seq;
}

/* GCM: salt, then the explicit part as it stands in the record. ChaCha20: the IV xor epoch and
 * number (RFC 7905 section 2). */
static void make_nonce(const struct dtls_aead *a, uint64_t v, uint8_t nonce[NONCE_SIZE]) {
  memcpy(nonce, a->iv, NONCE_SIZE);
  for (size_t i = 0; i < 8; i++) nonce[4 + i] ^= (uint8_t)(v >> (56 - 8 * i));
}

static void make_aad(uint8_t aad[AAD_SIZE], uint8_t type, uint64_t seq, size_t n) {
  struct writer w = writer_of(aad, AAD_SIZE);
  writer_u64(&w, epoch_seq(seq));
  writer_u8(&w, type);
  writer_u16(&w, DTLS_VERSION_1_2);
  writer_u16(&w, (uint16_t)n);
}

/* Runs the cipher over one record's worth. */
static bool run(struct dtls_aead *a, const uint8_t *nonce, const uint8_t *aad, struct bytes in,
                uint8_t *out) {
  int n = 0;
  return EVP_CipherInit_ex(a->ctx, NULL, NULL, NULL, nonce, -1) == 1 &&
         EVP_CipherUpdate(a->ctx, NULL, &n, aad, AAD_SIZE) == 1 &&
         (in.n == 0 || EVP_CipherUpdate(a->ctx, out, &n, in.p, (int)in.n) == 1);
}

int dtls_aead_seal(struct dtls_aead *a, const struct dtls_plain *plain, uint8_t *out, size_t cap,
                   size_t *ret_n) {
  size_t explicit_n = a->suite->explicit_n;
  if (plain->body.n > DTLS_PLAINTEXT_MAX) return -EMSGSIZE;
  struct writer w = writer_of(out, cap);
  writer_u8(&w, plain->type);
  writer_u16(&w, DTLS_VERSION_1_2);
  writer_u64(&w, epoch_seq(plain->seq));
  writer_u16(&w, (uint16_t)(explicit_n + plain->body.n + DTLS_AEAD_TAG));
  if (explicit_n > 0) writer_u64(&w, epoch_seq(plain->seq));
  uint8_t *body = writer_reserve(&w, plain->body.n);
  uint8_t *tag = writer_reserve(&w, DTLS_AEAD_TAG);
  if (!body || !tag) return -EMSGSIZE;
  uint8_t nonce[NONCE_SIZE];
  uint8_t aad[AAD_SIZE];
  int n = 0;
  make_nonce(a, epoch_seq(plain->seq), nonce);
  make_aad(aad, plain->type, plain->seq, plain->body.n);
  if (!run(a, nonce, aad, plain->body, body) || EVP_CipherFinal_ex(a->ctx, tag, &n) != 1 ||
      EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, DTLS_AEAD_TAG, tag) != 1)
    return -EIO;
  *ret_n = w.n;
  return 0;
}

int dtls_aead_plain_size(const struct dtls_aead *a, const struct dtls_record *record) {
  size_t extra = (size_t)a->suite->explicit_n + DTLS_AEAD_TAG;
  if (record->body.n < extra || record->body.n - extra > DTLS_PLAINTEXT_MAX) return -1;
  return (int)(record->body.n - extra);
}

int dtls_aead_open(struct dtls_aead *a, const struct dtls_record *record, uint8_t *out) {
  int size = dtls_aead_plain_size(a, record);
  if (size < 0 || record->epoch != EPOCH || record->version != DTLS_VERSION_1_2) return -EBADMSG;
  struct cursor c = cursor_of(record->body);
  uint64_t v = a->suite->explicit_n > 0 ? cursor_u64(&c) : epoch_seq(record->seq);
  struct bytes body = cursor_take(&c, (size_t)size);
  struct bytes tag_bytes = cursor_take(&c, DTLS_AEAD_TAG);
  uint8_t nonce[NONCE_SIZE];
  uint8_t aad[AAD_SIZE];
  uint8_t tag[DTLS_AEAD_TAG];
  int n = 0;
  if (tag_bytes.n != sizeof tag) return -EBADMSG;
  memcpy(tag, tag_bytes.p, sizeof tag);
  make_nonce(a, v, nonce);
  make_aad(aad, record->type, record->seq, (size_t)size);
  bool ok = run(a, nonce, aad, body, out) &&
            EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, DTLS_AEAD_TAG, tag) == 1 &&
            EVP_CipherFinal_ex(a->ctx, tag, &n) == 1;
  return ok ? 0 : -EBADMSG;
}
