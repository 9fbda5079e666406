#include "sctp/pmtu.h"

#include "sctp/packet/packet.h"

/* MAX_PROBES and PMTU_RAISE_TIMER, RFC 8899 section 5.1.2 and 5.1.1. */
#define MAX_PROBES  3u
#define RAISE_AFTER (600 * MONO_S)
/* PROBE_TIMER's lower bound, same section. */
#define PROBE_WAIT_MIN (1 * MONO_S)

/* A connection that is closed at once needs no search; nor does a path that has just failed. */
#define START_AFTER      (100 * MONO_MS)
#define RESTART_AFTER    (5 * MONO_S)
#define LOOK_AGAIN_AFTER (1 * MONO_S)

/* The search ends when so little is left to be gained. */
#define RESOLUTION 32u

void pmtu_init(struct pmtu *p, size_t base, size_t max) {
  *p = (struct pmtu){.base = base, .max = max, .good = base, .bad = max + 4, .at = MONO_NEVER};
}

static void begin(struct pmtu *p, mono_us at) {
  pmtu_init(p, p->base, p->max);
  if (p->max > p->base) p->at = at;
}

void pmtu_start(struct pmtu *p, mono_us now) {
  begin(p, mono_add(now, START_AFTER));
}

void pmtu_black_hole(struct pmtu *p, mono_us now) {
  begin(p, mono_add(now, RESTART_AFTER));
}

/* The largest size first, as most paths are alike; then the middle of what is left. */
static size_t next_size(const struct pmtu *p) {
  if (p->good == p->max || p->bad - p->good <= RESOLUTION) return 0;
  if (p->bad > p->max) return p->max;
  return (p->good + (p->bad - p->good) / 2) & ~(size_t)3;
}

static void go_on(struct pmtu *p, mono_us now) {
  p->tries = 0;
  p->probe = next_size(p);
  p->due = p->probe > 0;
  bool raise = !p->due && p->good < p->max;
  p->at = raise ? mono_add(now, RAISE_AFTER) : MONO_NEVER;
}

void pmtu_wake(struct pmtu *p, mono_us now, bool busy) {
  if (now < p->at) return;
  if (busy) {
    p->at = mono_add(now, LOOK_AGAIN_AFTER);
  } else if (p->probe > 0 && p->tries < MAX_PROBES) {
    p->due = true;
    p->at = MONO_NEVER;
  } else {
    p->bad = p->probe > 0 ? p->probe : p->max + 4;
    go_on(p, now);
  }
}

bool pmtu_on_ack(struct pmtu *p, mono_us now, uint64_t nonce) {
  if (p->probe == 0 || p->tries == 0 || nonce != p->nonce) return false;
  p->good = p->probe;
  go_on(p, now);
  return true;
}

void pmtu_write(struct pmtu *p, mono_us now, mono_us rto, const struct rng *rng, struct writer *w) {
  size_t left = p->probe - w->n;
  if (writer_left(w) < left) return;
  p->due = false;
  p->tries++;
  p->nonce = rng_u64(rng);
  p->at = mono_add(now, 3 * rto > PROBE_WAIT_MIN ? 3 * rto : PROBE_WAIT_MIN);
  size_t at = chunk_begin(w, CHUNK_HEARTBEAT, 0);
  size_t info = param_begin(w, PARAM_HEARTBEAT_INFO);
  writer_u64(w, p->nonce);
  param_end(w, info);
  chunk_end(w, at);
  at = chunk_begin(w, CHUNK_PAD, 0);
  writer_zero(w, p->probe - w->n);
  chunk_end(w, at);
}
