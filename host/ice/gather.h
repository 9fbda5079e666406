#ifndef SENSO_ICE_GATHER_H
#define SENSO_ICE_GATHER_H

#include "ice/state.h"

/* Links and their host candidates (RFC 8445 section 5.1.1). */

/* The link with this id that is not closed, or NULL. */
struct ice_link *ice_link_find(const struct ice_agent *a, uint32_t id);

/* The host or relayed candidate of a link that is up. */
void ice_link_candidate(const struct ice_link *link, struct ice_candidate *ret);

/* The server-reflexive candidate of the link that has this address, or NULL. */
const struct ice_reflexive *ice_link_reflexive(const struct ice_link *link,
                                               const struct addr *addr);
void ice_reflexive_candidate(const struct ice_link *link, const struct ice_reflexive *r,
                             struct ice_candidate *ret);

/* True when the agent's policy lets pairs of this generation use the link. */
bool ice_link_allowed(const struct ice_agent *a, const struct ice_link *link);

/* What a check on the link says its peer-reflexive candidate would be; a relay hides none. */
enum ice_candidate_type ice_link_learned(const struct ice_link *link);

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
