#include "stun/integrity.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "stun/builder.h"

#define BLOCK      64 /* of MD5, SHA-1 and SHA-256 alike */
#define DIGEST_MAX 32
#define PARTS_MAX  5

/* Bytes hashed one after the other. */
struct parts {
  struct bytes p[PARTS_MAX];
  size_t n;
};

static int digest(EVP_MD_CTX *ctx, const EVP_MD *md, const struct parts *in, uint8_t *ret) {
  bool ok = EVP_DigestInit_ex(ctx, md, NULL) == 1;
  for (size_t i = 0; ok && i < in->n; i++)
    ok = in->p[i].n == 0 || EVP_DigestUpdate(ctx, in->p[i].p, in->p[i].n) == 1;
  return ok && EVP_DigestFinal_ex(ctx, ret, NULL) == 1 ? 0 : -ENOMEM;
}

static int digest_once(const EVP_MD *md, const struct parts *in, uint8_t *ret) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!ctx) return -ENOMEM;
  int r = digest(ctx, md, in, ret);
  EVP_MD_CTX_free(ctx);
  return r;
}

/* The key as one block, xored with the pad byte (RFC 2104 section 2). */
static void pad_key(const uint8_t key[BLOCK], uint8_t pad, uint8_t ret[BLOCK]) {
  for (size_t i = 0; i < BLOCK; i++) ret[i] = (uint8_t)(key[i] ^ pad);
}

/* HMAC of header and body, RFC 2104. ret holds DIGEST_MAX bytes. */
static int hmac(EVP_MD_CTX *ctx, const EVP_MD *md, struct bytes key, const struct bytes text[2],
                uint8_t *ret) {
  size_t size = (size_t)EVP_MD_get_size(md);
  uint8_t block[BLOCK] = {0}, pad[BLOCK], inner[DIGEST_MAX];
  int r = 0;
  if (key.n > BLOCK)
    r = digest(ctx, md, &(struct parts){{key}, 1}, block);
  else if (key.n > 0)
    memcpy(block, key.p, key.n);
  pad_key(block, 0x36, pad);
  if (r == 0) r = digest(ctx, md, &(struct parts){{{pad, BLOCK}, text[0], text[1]}, 3}, inner);
  pad_key(block, 0x5c, pad);
  if (r == 0) r = digest(ctx, md, &(struct parts){{{pad, BLOCK}, {inner, size}}, 2}, ret);
  return r;
}

/* What an integrity attribute at offset `at` covers: all before it, with the length in the header
 * as if the message ended behind its value (RFC 8489 section 14.5). */
struct cover {
  const uint8_t *message;
  size_t at, value_size;
  const EVP_MD *md;
};

static int cover_hmac(const struct cover *c, struct bytes key, uint8_t *ret) {
  uint8_t buf[STUN_HEADER_SIZE];
  struct writer header = writer_of(buf, sizeof buf);
  writer_bytes(&header, (struct bytes){c->message, sizeof buf});
  writer_patch_u16(&header, 2, (uint16_t)(c->at - STUN_HEADER_SIZE + 4 + c->value_size));
  const struct bytes text[2] = {writer_written(&header),
                                {c->message + sizeof buf, c->at - sizeof buf}};
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  int r = ctx ? hmac(ctx, c->md, key, text, ret) : -ENOMEM;
  EVP_MD_CTX_free(ctx);
  return r;
}

static bool check(const struct cover *c, struct bytes value, struct bytes key) {
  uint8_t mac[DIGEST_MAX];
  if (c->at == 0 || cover_hmac(c, key, mac) < 0) return false;
  return bytes_equal_secret(value, (struct bytes){mac, value.n});
}

bool stun_check_integrity(const struct stun_message *m, struct bytes key) {
  const struct cover c = {m->raw.p, m->integrity_at, 20, EVP_sha1()};
  return check(&c, m->integrity, key);
}

bool stun_check_integrity_sha256(const struct stun_message *m, struct bytes key) {
  const struct cover c = {m->raw.p, m->sha256_at, m->sha256.n, EVP_sha256()};
  return check(&c, m->sha256, key);
}

static void put_hmac(struct writer *w, uint16_t type, const EVP_MD *md, struct bytes key) {
  uint8_t mac[DIGEST_MAX];
  if (w->failed) return;
  const struct cover c = {w->p, w->n, (size_t)EVP_MD_get_size(md), md};
  if (cover_hmac(&c, key, mac) < 0)
    w->failed = true;
  else
    stun_put(w, type, (struct bytes){mac, c.value_size});
}

void stun_put_integrity(struct writer *w, struct bytes key) {
  put_hmac(w, STUN_ATTR_MESSAGE_INTEGRITY, EVP_sha1(), key);
}

void stun_put_integrity_sha256(struct writer *w, struct bytes key) {
  put_hmac(w, STUN_ATTR_MESSAGE_INTEGRITY_SHA256, EVP_sha256(), key);
}

int stun_long_term_key(enum stun_password_algorithm algorithm, const struct stun_long_term *in,
                       struct stun_key *ret) {
  const EVP_MD *md = algorithm == STUN_PASSWORD_MD5 ? EVP_md5() : EVP_sha256();
  struct bytes colon = bytes_of(":");
  struct stun_key key = {.n = (size_t)EVP_MD_get_size(md)};
  struct parts parts = {{in->username, colon, in->realm, colon, in->password}, 5};
  int r = digest_once(md, &parts, key.b);
  if (r == 0) *ret = key;
  return r;
}

int stun_userhash(struct bytes username, struct bytes realm, struct stun_key *ret) {
  struct stun_key key = {.n = 32};
  struct parts parts = {{username, bytes_of(":"), realm}, 3};
  int r = digest_once(EVP_sha256(), &parts, key.b);
  if (r == 0) *ret = key;
  return r;
}
