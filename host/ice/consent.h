#ifndef SENSO_ICE_CONSENT_H
#define SENSO_ICE_CONSENT_H

#include "base/writer.h"
#include "ice/state.h"

/*
 * Consent freshness (RFC 7675) of the pair that carries data, in the current generation and in the
 * one before a restart. Each request is a transaction of its own, so each answer measures the round
 * trip.
 */

/* Follows the pair that carries data, expires consent, and has other pairs checked when answers are
 * missing. */
void ice_consent_run(struct ice_generation *g, const struct rng *rng, mono_us now);

/* Writes the request that is due at `now`; false when there is none. */
bool ice_consent_poll(struct ice_agent *a, mono_us now, struct writer *w, struct ice_out *ret);

/* When ice_consent_run or ice_consent_poll has something to do next, or the pair becomes
 * disconnected. */
mono_us ice_consent_deadline(const struct ice_generation *g, mono_us now);

/* An authenticated answer came over the pair. */
void ice_consent_heard(struct ice_pair *p, const struct rng *rng, mono_us now);

/* The peer's check came over the pair although our requests get no answer: ask again at once. */
void ice_consent_hint(struct ice_pair *p, mono_us now);

/* The peer checks from where it never was: it may have moved, so ask on the old path at once. */
void ice_consent_suspect(struct ice_generation *g, mono_us now);

/* The last request must be repeated with another role. */
void ice_consent_again(struct ice_pair *p, mono_us now);

/* Soon checks again: the nomination is repeated so that the peer follows. */
void ice_consent_hurry(struct ice_pair *p, mono_us now);

/* True if this is one of the last requests, with when it was sent and the role it stated. */
struct ice_consent_sent {
  mono_us at;
  bool controlling;
};
bool ice_consent_match(const struct ice_pair *p, const struct stun_tid *tid,
                       struct ice_consent_sent *ret);

/* No answer for about 5 s. */
bool ice_consent_disconnected(const struct ice_pair *p, mono_us now);

/* No answer for about a second: have other pairs checked. */
bool ice_consent_missing(const struct ice_pair *p, mono_us now);

/* When a pair that answered meanwhile is to be preferred: three requests went unanswered, for three
 * round trips and 300 ms at least. MONO_NEVER while answers come. */
mono_us ice_consent_doubted_at(const struct ice_pair *p);

#endif
