#ifndef SENSO_SCTP_TSN_SET_H
#define SENSO_SCTP_TSN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of unwrapped TSNs as sorted ranges that do not touch: what lies above a cumulative TSN. */
struct tsn_range {
  uint64_t first, last; /* both included */
};

struct tsn_set {
  struct tsn_range *ranges;
  size_t n, cap;
};

/* Room for one more range, so that the next tsn_set_add cannot fail. 0 or -ENOMEM. */
int tsn_set_reserve(struct tsn_set *s);

/* Adds first..last; there must be room (tsn_set_reserve). */
void tsn_set_add(struct tsn_set *s, uint64_t first, uint64_t last);

/* Index of the first range whose last is at least tsn; s->n when there is none. */
size_t tsn_set_find(const struct tsn_set *s, uint64_t tsn);

bool tsn_set_has(const struct tsn_set *s, uint64_t tsn);

/* Takes away all up to and including tsn. */
void tsn_set_drop_upto(struct tsn_set *s, uint64_t tsn);

/* Empties it and frees its storage. */
void tsn_set_free(struct tsn_set *s);

#endif
