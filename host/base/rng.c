#include "base/rng.h"

uint32_t rng_u32(const struct rng *rng) {
  uint32_t v;
  rng->fill(rng->ctx, &v, sizeof v);
  return v;
}

uint64_t rng_u64(const struct rng *rng) {
  uint64_t v;
  rng->fill(rng->ctx, &v, sizeof v);
  return v;
}

uint32_t rng_below(const struct rng *rng, uint32_t bound) {
  uint32_t reject_under =
      (uint32_t)(-bound) % bound; /* 2^32 mod bound: what would make some results likelier */
  for (;;) {
    uint32_t v = rng_u32(rng);
    if (v >= reject_under) return v % bound;
  }
}

void rng_ice_chars(const struct rng *rng, char *buf, size_t n) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i++) {
    uint8_t v;
    rng->fill(rng->ctx, &v, 1);
    buf[i] = alphabet[v & 63];
  }
  buf[n] = '\0';
}
