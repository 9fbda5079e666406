#ifndef SENSO_ICE_CHECKLIST_H
#define SENSO_ICE_CHECKLIST_H

#include "ice/state.h"

/* The pairs of a generation and the order they are checked in (RFC 8445 section 6.1.2 to 6.1.4). */

/* Forms the pairs that are missing between the links that are up and the signalled remote
 * candidates. 0 or -ENOMEM. */
int ice_checklist_form(struct ice_agent *a, struct ice_generation *g);

/* Adds one pair; at ICE_PAIRS_MAX it takes the place of a worse one that is not in use. NULL when
 * there is none, or out of memory. */
struct ice_pair *ice_checklist_add(struct ice_agent *a, struct ice_generation *g,
                                   struct ice_link *link, struct ice_remote *remote);

/* Computes all priorities anew: the role or a remote priority has changed. */
void ice_checklist_reprioritize(struct ice_agent *a, struct ice_generation *g);

/* The link is closed: its pairs fail in all generations. */
void ice_checklist_fail_link(struct ice_agent *a, const struct ice_link *link);

/* The pair failed: no check, no nomination, not selected any more. */
void ice_checklist_fail(struct ice_pair *p);

/* The pair succeeded: those of the same foundation are no longer Frozen (section 7.2.5.3.3). */
void ice_checklist_unfreeze(const struct ice_pair *p);

/* Puts the pair at the end of the triggered-check queue, once. */
void ice_checklist_trigger(struct ice_pair *p);

/* Has every pair other than `except` checked again: the path in use gives no answer, or is gone. */
void ice_checklist_recheck(struct ice_generation *g, const struct ice_pair *except);

/* One of them. */
void ice_checklist_recheck_pair(struct ice_pair *p);

/* True while checks of this generation may be sent. */
bool ice_checklist_running(const struct ice_generation *g);

/* The pair whose triggered check is next, or NULL; taken off the queue. */
struct ice_pair *ice_checklist_next_triggered(struct ice_generation *g);

/* The pair whose ordinary check is next (section 6.1.4.2), or NULL. */
struct ice_pair *ice_checklist_next_ordinary(const struct ice_generation *g);

/* Pairs that are Waiting or In-Progress: N of the RTO formula, section 14.3. */
size_t ice_checklist_active(const struct ice_generation *g);

/* True when no pair that may still be checked is Frozen, Waiting or In-Progress. */
bool ice_checklist_done(const struct ice_generation *g);

#endif
