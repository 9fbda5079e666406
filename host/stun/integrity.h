#ifndef SENSO_STUN_INTEGRITY_H
#define SENSO_STUN_INTEGRITY_H

#include "base/writer.h"
#include "stun/attributes.h"
#include "stun/message.h"

/*
 * MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 sections 14.5 and 14.6). The
 * short-term key is the password itself; the long-term one comes from stun_long_term_key. Text must
 * have been prepared (RFC 8265 OpaqueString) by the caller.
 */
#define STUN_KEY_MAX 32

struct stun_key {
  uint8_t b[STUN_KEY_MAX];
  size_t n;
};

/* username, realm, password: RFC 8489 section 18.5.1. 0 and *ret, or -ENOMEM. */
struct stun_long_term {
  struct bytes username, realm, password;
};
int stun_long_term_key(enum stun_password_algorithm algorithm, const struct stun_long_term *in,
                       struct stun_key *ret);

/* The value of USERHASH, section 14.4. 0 and *ret (32 bytes), or -ENOMEM. */
int stun_userhash(struct bytes username, struct bytes realm, struct stun_key *ret);

/* True when the attribute is there and right. */
bool stun_check_integrity(const struct stun_message *m, struct bytes key);
bool stun_check_integrity_sha256(const struct stun_message *m, struct bytes key);

/* Appends the attribute over all that was written. Out of memory sets w->failed. */
void stun_put_integrity(struct writer *w, struct bytes key);
void stun_put_integrity_sha256(struct writer *w, struct bytes key);

#endif
