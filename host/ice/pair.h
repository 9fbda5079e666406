#ifndef SENSO_ICE_PAIR_H
#define SENSO_ICE_PAIR_H

#include "ice/state.h"

/* True when a candidate of this address can be reached from the link (RFC 8445 section 6.1.2.2):
 * same family, link-local with link-local, loopback with loopback. */
bool ice_pair_fits(const struct ice_link *link, const struct addr *remote);

/* A new pair in the generation, Frozen; its priority is set. NULL when out of memory. */
struct ice_pair *ice_pair_new(struct ice_agent *a, struct ice_generation *g, struct ice_link *link,
                              struct ice_remote *remote);

/* Takes it out of its generation and frees it. */
void ice_pair_free(struct ice_pair *p);

/* The pair of the generation with this link and remote candidate or path, or NULL. */
struct ice_pair *ice_pair_find(const struct ice_generation *g, const struct ice_link *link,
                               const struct ice_remote *remote);
struct ice_pair *ice_pair_at(const struct ice_generation *g, const struct path *path);

/* Computes the priority, which depends on our role. */
void ice_pair_set_priority(const struct ice_agent *a, struct ice_pair *p);

/* Succeeded, and its link is up. */
bool ice_pair_valid(const struct ice_pair *p);

/* Both candidates have the same foundations. */
bool ice_pair_same_foundation(const struct ice_pair *p, const struct ice_pair *q);

/* The valid pair of the highest priority, or NULL. */
struct ice_pair *ice_pair_best_valid(const struct ice_generation *g);

/* The pair that data of this generation goes over: the selected one, else the best valid one, else
 * NULL; NULL also after consent has expired. */
struct ice_pair *ice_pair_data(const struct ice_generation *g);

/* Takes a measured round trip. */
void ice_pair_measure(struct ice_pair *p, mono_us rtt);

/* Frees the pairs of a link in all generations: the link itself is about to go. */
void ice_pairs_forget_link(struct ice_agent *a, const struct ice_link *link);

#endif
