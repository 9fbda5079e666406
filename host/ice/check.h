#ifndef SENSO_ICE_CHECK_H
#define SENSO_ICE_CHECK_H

#include "base/writer.h"
#include "ice/state.h"

/* Sending connectivity checks and consent requests (RFC 8445 section 7.2.2). Pacing, RTO and the
 * order of things: PACING.md beside this file. */

/* Starts a check of the pair: a new transaction whose request is due at once. */
void ice_check_start(struct ice_agent *a, struct ice_pair *p, mono_us now);

/* The peer's check came while ours is under way: sends it again soon, 50 ms after the last time,
 * or anew when it was sent for the last time. */
void ice_check_hasten(struct ice_pair *p);

/* Writes the next request that is due at `now`, retransmissions first, then triggered and ordinary
 * checks. False when there is none. */
bool ice_check_poll(struct ice_agent *a, mono_us now, struct writer *w, struct ice_out *ret);

/* Fails the checks whose last wait is over. */
void ice_check_expire(struct ice_generation *g, mono_us now);

/* When ice_check_poll or ice_check_expire has something to do next. */
mono_us ice_check_deadline(const struct ice_agent *a);

/* Ta in force: the larger one of both sides' (RFC 8445 section 14.2). */
mono_us ice_check_ta(const struct ice_agent *a);

struct ice_request {
  struct stun_tid tid;
  unsigned count; /* of this transmission, from 1 */
  bool use_candidate;
  bool controlling;
  uint64_t tie_breaker;
};

/* Writes a binding request of the pair. Sets w->failed when out of memory. */
void ice_check_write(const struct ice_pair *p, const struct ice_request *q, struct writer *w);

/* Counts a request as sent and fills OUT_TX. */
void ice_check_sent(struct ice_pair *p, mono_us now, size_t n, struct ice_out *ret);

#endif
