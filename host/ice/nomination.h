#ifndef SENSO_ICE_NOMINATION_H
#define SENSO_ICE_NOMINATION_H

#include "ice/state.h"

/* Choosing the pair that carries data (RFC 8445 section 8). */

/* While we control: nominates the best valid pair, as soon as no better one is worth waiting for,
 * and another one when the selected pair gives no answer. */
void ice_nomination_run(struct ice_agent *a, mono_us now);

/* When ice_nomination_run has to decide next. */
mono_us ice_nomination_deadline(const struct ice_agent *a, mono_us now);

/* USE-CANDIDATE came for the pair while we are controlled. */
void ice_nomination_follow(struct ice_agent *a, struct ice_pair *p, mono_us now);

/* Our nomination of the pair was answered. */
void ice_nomination_done(struct ice_agent *a, struct ice_pair *p, mono_us now);

/* Changes our role (RFC 8445 section 7.3.1.1). */
void ice_nomination_set_role(struct ice_agent *a, bool controlling);

#endif
