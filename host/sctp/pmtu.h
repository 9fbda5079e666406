#ifndef SENSO_SCTP_PMTU_H
#define SENSO_SCTP_PMTU_H

#include "base/mono.h"
#include "base/rng.h"
#include "base/writer.h"

/*
 * The search for the largest packet a path carries (DPLPMTUD, RFC 8899) by probes: a HEARTBEAT and
 * a PAD chunk (RFC 4820) of the size to be tried, which carry no data, so that a lost one costs
 * nothing. Sizes are bytes of an SCTP packet, multiples of 4.
 */
struct pmtu {
  size_t base, max; /* what every path carries, and where the search ends */
  size_t good;      /* the largest size that passed; base at first */
  size_t bad;       /* the least size that is thought not to pass */
  size_t probe;     /* the size of the probe that is due or out; 0: none */
  unsigned tries;   /* probes of this size sent */
  bool due;         /* one is to be sent */
  uint64_t nonce;   /* of the probe that is out */
  mono_us at;       /* it is lost; or the search begins; MONO_NEVER */
};

/* No search yet. max <= base: none ever. */
void pmtu_init(struct pmtu *p, size_t base, size_t max);

/* The path is up, or another one: the search begins soon, from base. */
void pmtu_start(struct pmtu *p, mono_us now);

/* What is larger than base does not pass any more: base is in force, and the search begins again.
 */
void pmtu_black_hole(struct pmtu *p, mono_us now);

/* Time has passed. busy: nothing is heard from the peer just now, so no probe would tell anything.
 */
void pmtu_wake(struct pmtu *p, mono_us now, bool busy);

/* An answered HEARTBEAT: true when it was the probe, and `good` has grown. rto paces the next. */
bool pmtu_on_ack(struct pmtu *p, mono_us now, uint64_t nonce);

/* Fills the rest of a packet that holds its header only with the probe that is due, and waits for
 * its answer for three RTOs and a second at least (RFC 8899 section 5.1.1). Nothing when w has no
 * room for it. */
void pmtu_write(struct pmtu *p, mono_us now, mono_us rto, const struct rng *rng, struct writer *w);

#endif
