#include "sctp/siphash.h"

struct sip {
  uint64_t v[4];
};

static uint64_t rotl(uint64_t v, unsigned by) {
  return v << by | v >> (64 - by);
}

static uint64_t load_le64(const uint8_t *p, size_t n) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++) v |= (uint64_t)p[i] << 8 * i;
  return v;
}

static void rounds(struct sip *s, unsigned n) {
  uint64_t *v = s->v;
  for (; n > 0; n--) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] = rotl(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] = rotl(v[2], 32);
  }
}

static void absorb(struct sip *s, uint64_t word) {
  s->v[3] ^= word;
  rounds(s, 2);
  s->v[0] ^= word;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY_SIZE], struct bytes message) {
  uint64_t k0 = load_le64(key, 8), k1 = load_le64(key + 8, 8);
  struct sip s = {{k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                   k1 ^ 0x7465646279746573u}};
  size_t whole = message.n / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) absorb(&s, load_le64(message.p + i, 8));
  absorb(&s, load_le64(message.p + whole, message.n - whole) | (uint64_t)message.n << 56);
  s.v[2] ^= 0xff;
  rounds(&s, 4);
  return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
