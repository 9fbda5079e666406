#ifndef SENSO_ICE_GATHER_H
#define SENSO_ICE_GATHER_H

#include "ice/state.h"

/* Links and their host candidates (RFC 8445 section 5.1.1). */

/* The link with this id that is not closed, or NULL. */
struct ice_link *ice_link_find(const struct ice_agent *a, uint32_t id);

/* The host candidate of a link that is up. */
void ice_link_candidate(const struct ice_link *link, struct ice_candidate *ret);

/* The priority of the candidate of this type based on the link. */
uint32_t ice_link_priority(const struct ice_link *link, enum ice_candidate_type type);

/* The next OUT_BIND or OUT_UNBIND, or candidate or gathered event; false when there is none. */
bool ice_gather_poll_link(struct ice_agent *a, struct ice_out *ret);
bool ice_gather_poll_event(struct ice_agent *a, struct ice_out *ret);

/* True once each bind was answered. */
bool ice_gather_done(const struct ice_agent *a);

/* Frees all links. */
void ice_gather_free(struct ice_agent *a);

#endif
