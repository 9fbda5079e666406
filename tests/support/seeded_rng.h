#ifndef SENSO_TESTS_SEEDED_RNG_H
#define SENSO_TESTS_SEEDED_RNG_H

#include "base/rng.h"

/* A repeatable rng (splitmix64). Not for secrets. */
struct seeded_rng {
  uint64_t state;
  struct rng rng; /* what the machines take */
};

/* rng points into *s: s must not move. */
void seeded_rng_init(struct seeded_rng *s, uint64_t seed);

#endif
