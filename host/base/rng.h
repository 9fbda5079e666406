#ifndef SENSO_BASE_RNG_H
#define SENSO_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Where a machine's randomness comes from: the owner's. fill never fails and fills all n bytes. */
struct rng {
  void (*fill)(void *ctx, void *buf, size_t n);
  void *ctx;
};

uint32_t rng_u32(const struct rng *rng);
uint64_t rng_u64(const struct rng *rng);

/* Uniform in [0, bound); bound > 0. */
uint32_t rng_below(const struct rng *rng, uint32_t bound);

/* n characters of the ice-char alphabet (RFC 8839 section 5.4: letters, digits, + and /) and a NUL:
 * buf holds n + 1. */
void rng_ice_chars(const struct rng *rng, char *buf, size_t n);

#endif
