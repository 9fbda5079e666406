#ifndef SENSO_PROBE_TALK_H
#define SENSO_PROBE_TALK_H

#include <uv.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/rng.h"
#include "dtls/dtls.h"

/* One exchange over UDP with one server, from a socket of its own, until it is answered or given
 * up: after 4.25 s, or as soon as an ICMP error refuses it. */
struct talk;

enum talk_kind {
  TALK_BINDING,  /* STUN, RFC 8489 */
  TALK_DTLS,     /* a ClientHello; any record is an answer */
  TALK_ALLOCATE, /* TURN, RFC 8656 */
};

enum talk_outcome { TALK_ANSWERED, TALK_SILENT, TALK_REFUSED, TALK_PROHIBITED, TALK_ODD };

struct talk_result {
  enum talk_outcome outcome;
  unsigned tries;
  struct addr mapped;  /* BINDING, ALLOCATE; or ADDR_NONE */
  struct addr relayed; /* ALLOCATE: it stands; or ADDR_NONE */
  unsigned code;       /* ALLOCATE: the server's error, 0: none */
};

struct talk_cfg {
  uv_loop_t *loop;
  const struct rng *rng;
  enum talk_kind kind;
  struct addr remote;
  const char *username, *credential; /* ALLOCATE; borrowed for the call */
  struct dtls_identity *identity;    /* DTLS */
  void *ctx;
  /* Once. The owner frees the talk then or later; an allocation stands until it does. */
  void (*done)(void *ctx, const struct talk_result *result);
  /* ALLOCATE: what a peer sent to the relayed address; may be NULL. */
  void (*data)(void *ctx, struct bytes payload);
};

/* 0 or a negative errno; done comes from the loop. */
int talk_new(struct talk **ret, const struct talk_cfg *cfg);
/* An allocation is given back. NULL is fine; returns NULL. */
struct talk *talk_free(struct talk *t);

/* ALLOCATE, while it stands: lets the peer in (RFC 8656 section 9) and sends it something. */
void talk_send(struct talk *t, const struct addr *peer, struct bytes payload);

const char *talk_word(enum talk_outcome o);

/* A whole message that is 401 with REALM and NONCE (RFC 8489 section 9.2.4): so answers a server.
 */
bool turn_is_challenge(struct bytes message);

/* 401 or 441 to a login that was given (RFC 8489 section 9.2.3, RFC 8656 section 18). */
static inline bool turn_refuses_login(unsigned code) {
  return code == 401 || code == 441;
}

#endif
