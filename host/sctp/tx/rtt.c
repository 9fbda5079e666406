#include "sctp/tx/rtt.h"

#define LEAST_SPAN (15 * MONO_S)

/* Enough doublings to reach RTO_MAX from RTO_MIN. */
#define DOUBLINGS_MAX 6u

static mono_us clamp(mono_us v, mono_us low, mono_us high) {
  if (v < low) return low;
  return v > high ? high : v;
}

void rtt_init(struct rtt *r, mono_us hint) {
  *r = (struct rtt){.hint = hint, .least = {MONO_NEVER, MONO_NEVER}};
  r->base = hint > 0 ? clamp(3 * clamp(hint, 0, RTO_INITIAL), RTO_INITIAL_HINT_MIN, RTO_INITIAL)
                     : RTO_INITIAL;
}

static void note_least(struct rtt *r, mono_us now, mono_us sample) {
  if (r->n_recent == 0 || now - r->span_from > 2 * LEAST_SPAN) {
    r->least[1] = MONO_NEVER;
    r->least[0] = sample;
    r->span_from = now;
  } else if (now - r->span_from > LEAST_SPAN) {
    r->least[1] = r->least[0];
    r->least[0] = sample;
    r->span_from = now;
  }
  r->least[0] = mono_min(r->least[0], sample);
  r->recent[r->n_recent++ % RTT_RECENT] = sample;
}

void rtt_sample(struct rtt *r, mono_us now, mono_us sample) {
  if (sample == 0) sample = 1;
  note_least(r, now, sample);
  if (r->srtt == 0) {
    r->srtt = sample;
    r->var = sample / 2;
  } else {
    /* RTO.Beta 1/4, RTO.Alpha 1/8 (section 6.3.1, C3) */
    mono_us off = r->srtt > sample ? r->srtt - sample : sample - r->srtt;
    r->var = (3 * r->var + off) / 4;
    r->srtt = (7 * r->srtt + sample) / 8;
  }
  mono_us spread = 4 * r->var > RTT_SPREAD_MIN ? 4 * r->var : RTT_SPREAD_MIN;
  r->base = clamp(r->srtt + spread, RTO_MIN, RTO_MAX);
  r->doublings = 0;
}

mono_us rtt_rto(const struct rtt *r) {
  return mono_min(r->base << r->doublings, RTO_MAX);
}

void rtt_back_off(struct rtt *r) {
  if (r->doublings < DOUBLINGS_MAX) r->doublings++;
}

void rtt_progress(struct rtt *r) {
  r->doublings = 0;
}

mono_us rtt_least(const struct rtt *r) {
  mono_us least = mono_min(r->least[0], r->least[1]);
  return least == MONO_NEVER ? 0 : least;
}

mono_us rtt_recent_least(const struct rtt *r) {
  unsigned n = r->n_recent < RTT_RECENT ? r->n_recent : RTT_RECENT;
  mono_us least = n > 0 ? r->recent[0] : 0;
  for (unsigned i = 1; i < n; i++) least = mono_min(least, r->recent[i]);
  return least;
}

bool rtt_is_next_door(const struct rtt *r) {
  return r->n_recent > 0 && rtt_least(r) < RTT_NEXT_DOOR;
}
