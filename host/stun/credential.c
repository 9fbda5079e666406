#include "stun/credential.h"

#include <errno.h>

#include "stun/builder.h"

#define ALGORITHMS_MAX 8 /* numbers of a list that are looked at */

static struct bytes bytes_in(const struct text *t) {
  return (struct bytes){(const uint8_t *)t->p, t->n};
}

/* Replaces the content. False when out of memory. */
static bool keep(struct text *t, struct bytes value) {
  text_clear(t);
  text_add_bytes(t, value);
  return !t->failed;
}

int stun_credential_set(struct stun_credential *c, struct bytes username, struct bytes password) {
  if (username.n == 0 || username.n > STUN_USERNAME_MAX) return -EINVAL;
  c->signs = false;
  return keep(&c->username, username) && keep(&c->password, password) ? 0 : -ENOMEM;
}

void stun_credential_free(struct stun_credential *c) {
  struct text *all[] = {&c->username, &c->password, &c->realm, &c->nonce, &c->algorithms};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) text_free(all[i]);
  *c = (struct stun_credential){0};
}

/* The first of the server's list that we know (section 9.2.4): the order is its preference. A list
 * counts only if the nonce says so too: else somebody between may have taken it out (9.2.1). */
static bool choose_algorithm(struct stun_credential *c, const struct stun_message *m,
                             struct bytes nonce) {
  uint16_t offered[ALGORITHMS_MAX];
  uint32_t features = 0;
  struct bytes list = {0};
  size_t n =
      stun_get_password_algorithms(m, STUN_ATTR_PASSWORD_ALGORITHMS, offered, ALGORITHMS_MAX);
  bool promised =
      stun_nonce_features(nonce, &features) && (features & STUN_FEATURE_PASSWORD_ALGORITHMS);
  text_clear(&c->algorithms);
  c->algorithm = STUN_PASSWORD_MD5;
  if (!promised) return true;
  if (n == 0 || !stun_find(m, STUN_ATTR_PASSWORD_ALGORITHMS, &list)) return false;
  for (size_t i = 0; i < n; i++) {
    if (offered[i] != STUN_PASSWORD_SHA256 && offered[i] != STUN_PASSWORD_MD5) continue;
    c->algorithm = (enum stun_password_algorithm)offered[i];
    text_add_bytes(&c->algorithms, list);
    return true;
  }
  return false;
}

static enum stun_challenge make_key(struct stun_credential *c) {
  const struct stun_long_term in = {bytes_in(&c->username), bytes_in(&c->realm),
                                    bytes_in(&c->password)};
  if (c->algorithms.failed || stun_long_term_key(c->algorithm, &in, &c->key) < 0)
    return STUN_CHALLENGE_NO_MEMORY;
  c->signs = true;
  return STUN_CHALLENGE_RETRY;
}

/* A nonce that is not the one we used: the same one again would go round for ever. */
static bool is_news(const struct stun_credential *c, struct bytes nonce) {
  return !bytes_equal(bytes_in(&c->nonce), nonce);
}

enum stun_challenge stun_credential_challenge(struct stun_credential *c,
                                              const struct stun_message *m, bool was_signed) {
  struct stun_error error;
  struct bytes realm = {0}, nonce = {0};
  if (!stun_get_error(m, &error) || !stun_find(m, STUN_ATTR_NONCE, &nonce))
    return STUN_CHALLENGE_BROKEN;
  bool has_realm = stun_find(m, STUN_ATTR_REALM, &realm);
  if (was_signed && error.code == STUN_ERR_UNAUTHENTICATED) return STUN_CHALLENGE_REFUSED;
  if (was_signed && !is_news(c, nonce)) return STUN_CHALLENGE_REFUSED;
  if (!has_realm && !c->signs) return STUN_CHALLENGE_BROKEN;
  if (nonce.n == 0 || nonce.n > STUN_NONCE_MAX || realm.n > STUN_REALM_MAX)
    return STUN_CHALLENGE_BROKEN;
  c->signs = false;
  if (!choose_algorithm(c, m, nonce)) return STUN_CHALLENGE_BROKEN;
  if (!keep(&c->nonce, nonce) || (has_realm && !keep(&c->realm, realm)))
    return STUN_CHALLENGE_NO_MEMORY;
  return make_key(c);
}

void stun_credential_put(const struct stun_credential *c, struct writer *w) {
  if (!c->signs) return;
  struct bytes key = {c->key.b, c->key.n};
  stun_put(w, STUN_ATTR_USERNAME, bytes_in(&c->username));
  stun_put(w, STUN_ATTR_REALM, bytes_in(&c->realm));
  stun_put(w, STUN_ATTR_NONCE, bytes_in(&c->nonce));
  if (c->algorithms.n == 0) {
    stun_put_integrity(w, key);
    return;
  }
  const uint16_t chosen = (uint16_t)c->algorithm;
  stun_put(w, STUN_ATTR_PASSWORD_ALGORITHMS, bytes_in(&c->algorithms));
  stun_put_password_algorithms(w, STUN_ATTR_PASSWORD_ALGORITHM, (struct stun_types){&chosen, 1});
  stun_put_integrity_sha256(w, key);
}

bool stun_credential_check(const struct stun_credential *c, const struct stun_message *m) {
  if (!c->signs) return true;
  struct bytes key = {c->key.b, c->key.n};
  return c->algorithms.n > 0 ? stun_check_integrity_sha256(m, key) : stun_check_integrity(m, key);
}
