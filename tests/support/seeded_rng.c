#include "support/seeded_rng.h"

#include <string.h>

static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static void fill(void *ctx, void *buf, size_t n) {
  struct seeded_rng *s = ctx;
  uint8_t *p = buf;
  while (n > 0) {
    uint64_t v = next(&s->state);
    size_t k = n < 8 ? n : 8;
    memcpy(p, &v, k);
    p += k;
    n -= k;
  }
}

void seeded_rng_init(struct seeded_rng *s, uint64_t seed) {
  s->state = seed;
  s->rng = (struct rng){fill, s};
}
