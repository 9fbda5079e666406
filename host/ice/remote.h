#ifndef SENSO_ICE_REMOTE_H
#define SENSO_ICE_REMOTE_H

#include "ice/state.h"

/* Remote candidates of a generation. */

/* The remote candidate at this address (the scope is not compared), or NULL. */
struct ice_remote *ice_remote_find(const struct ice_generation *g, const struct addr *addr);

/* Learns a peer-reflexive candidate from a check, RFC 8445 section 7.3.1.3. NULL past the limit or
 * when out of memory. */
struct ice_remote *ice_remote_learn(struct ice_generation *g, const struct addr *addr,
                                    uint32_t priority);

/* Same family, IP and port: the scope of an IPv6 link-local address is known on one side only. */
bool ice_addr_same(const struct addr *a, const struct addr *b);

/* The candidate as evidence. */
void ice_remote_candidate(const struct ice_remote *r, struct ice_candidate *ret);

/* The next OUT_RESOLVE; false when there is none. */
bool ice_remote_poll_resolve(struct ice_agent *a, struct ice_out *ret);

/* Frees all remote candidates of a generation. */
void ice_remote_free_all(struct ice_generation *g);

#endif
