#include "sctp/tx/pacer.h"

/* Faster than the window by as much as lets it be found too small: 2 in slow start, else 1.25. */
#define GAIN_SLOW_START 200u
#define GAIN_STEADY     125u

void pacer_init(struct pacer *p) {
  *p = (struct pacer){0};
}

static bool is_off(const struct pacer_rate *r) {
  return r->srtt == 0;
}

/* Bytes in a time of at most some seconds. */
static int64_t bytes_in(const struct pacer_rate *r, mono_us time) {
  unsigned gain = r->slow_start ? GAIN_SLOW_START : GAIN_STEADY;
  return (int64_t)(r->cwnd * time / r->srtt * gain / 100);
}

static int64_t burst_of(const struct pacer_rate *r) {
  int64_t tick = bytes_in(r, PACER_TICK), least = (int64_t)(PACER_BURST_PACKETS * r->packet);
  return 2 * tick > least ? 2 * tick : least;
}

void pacer_refill(struct pacer *p, mono_us now, const struct pacer_rate *r) {
  if (is_off(r)) {
    p->at = now;
    p->budget = 0;
    return;
  }
  int64_t burst = burst_of(r);
  mono_us since = mono_min(now - p->at, r->srtt);
  int64_t gained = bytes_in(r, since);
  if (gained == 0 && since > 0) return; /* too short a time for a byte: keep it for later */
  p->at = now;
  p->budget = p->budget + gained < burst ? p->budget + gained : burst;
}

mono_us pacer_next(const struct pacer *p, mono_us now, const struct pacer_rate *r) {
  if (is_off(r) || p->budget > 0) return now;
  int64_t per_tick = bytes_in(r, PACER_TICK);
  if (per_tick >= 1 - p->budget) return now + PACER_TICK;
  int64_t need = 1 - p->budget;
  if (per_tick == 0) return now + r->srtt;
  return now + PACER_TICK * (mono_us)((need + per_tick - 1) / per_tick);
}

void pacer_spend(struct pacer *p, size_t n) {
  p->budget -= (int64_t)n;
}
