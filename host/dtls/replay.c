#include "dtls/replay.h"

#include <string.h>

static uint64_t bit(uint64_t seq) {
  return UINT64_C(1) << (seq % 64);
}

static uint64_t word(uint64_t seq) {
  return seq % DTLS_REPLAY_WINDOW / 64;
}

bool dtls_replay_seen(const struct dtls_replay *r, uint64_t seq) {
  if (seq >= r->next) return false;
  if (r->next - seq > DTLS_REPLAY_WINDOW) return true;
  return (r->bits[word(seq)] & bit(seq)) != 0;
}

void dtls_replay_mark(struct dtls_replay *r, uint64_t seq) {
  if (seq >= r->next) {
    if (seq - r->next >= DTLS_REPLAY_WINDOW)
      memset(r->bits, 0, sizeof r->bits);
    else
      for (uint64_t s = r->next; s < seq; s++) r->bits[word(s)] &= ~bit(s);
    r->next = seq + 1;
  } else if (r->next - seq > DTLS_REPLAY_WINDOW) {
    return;
  }
  r->bits[word(seq)] |= bit(seq);
}
