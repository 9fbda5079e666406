#ifndef SENSO_STUN_CREDENTIAL_H
#define SENSO_STUN_CREDENTIAL_H

#include "base/text.h"
#include "stun/integrity.h"

/*
 * A client's side of the long-term credential mechanism, RFC 8489 section 9.2: the first request
 * goes without; the server's 401 brings realm and nonce, a 438 a new nonce; later requests carry
 * them and are signed. With a server that offers it, the key and the signature are SHA-256.
 * Zero-initialised is empty.
 */
struct stun_credential {
  struct text username, password; /* OpaqueString prepared (RFC 8265) by the owner */
  struct text realm, nonce;       /* empty until a challenge came */
  struct text algorithms;         /* PASSWORD-ALGORITHMS as the server sent it; empty: none */
  enum stun_password_algorithm algorithm;
  struct stun_key key;
  bool signs; /* realm, nonce and key are known */
};

/* Bytes of RFC 8489 sections 14.3, 14.9 and 14.10 at most. */
#define STUN_USERNAME_MAX 508
#define STUN_REALM_MAX    762
#define STUN_NONCE_MAX    762

/* 0; -EINVAL when the username is empty or too long, -ENOMEM. */
int stun_credential_set(struct stun_credential *c, struct bytes username, struct bytes password);
void stun_credential_free(struct stun_credential *c);

/* What a 401 or 438 means for the request that it answers. */
enum stun_challenge {
  STUN_CHALLENGE_RETRY,   /* send the request anew, with a new transaction id */
  STUN_CHALLENGE_REFUSED, /* the credentials are wrong (401 to a signed request) */
  STUN_CHALLENGE_BROKEN,  /* no realm or nonce, or only algorithms that are unknown */
  STUN_CHALLENGE_NO_MEMORY
};

/* Takes an error response 401 or 438 in. was_signed: the request that it answers was. */
enum stun_challenge stun_credential_challenge(struct stun_credential *c,
                                              const struct stun_message *m, bool was_signed);

/* Appends USERNAME, REALM, NONCE, the algorithms and the integrity attribute, last of all but
 * FINGERPRINT; nothing while no challenge came. */
void stun_credential_put(const struct stun_credential *c, struct writer *w);

/* True when a response to a signed request is signed with our key, by the attribute that the
 * request had (section 9.2.5), or when nothing is signed yet. */
bool stun_credential_check(const struct stun_credential *c, const struct stun_message *m);

#endif
