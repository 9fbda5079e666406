#include "sctp/tx/hystart.h"

void hystart_init(struct hystart *h, uint64_t next_tsn) {
  *h = (struct hystart){.round_end = next_tsn, .last_least = MONO_NEVER, .least = MONO_NEVER};
}

mono_us hystart_threshold(mono_us least) {
  mono_us t = least / HYSTART_RTT_DIVISOR;
  if (t < HYSTART_MIN_RTT_THRESH) return HYSTART_MIN_RTT_THRESH;
  return t > HYSTART_MAX_RTT_THRESH ? HYSTART_MAX_RTT_THRESH : t;
}

/* Section 4.2: with enough samples, compares this round with the last, or with what CSS began at.
 */
static void judge(struct hystart *h) {
  if (h->samples < HYSTART_SAMPLES) return;
  if (!h->conservative) {
    if (h->last_least == MONO_NEVER || h->least < h->last_least + hystart_threshold(h->last_least))
      return;
    h->css_baseline = h->least;
    h->conservative = true;
    h->css_rounds = 0;
  } else if (h->least < h->css_baseline) {
    h->css_baseline = MONO_NEVER;
    h->conservative = false;
  }
}

void hystart_sample(struct hystart *h, mono_us rtt) {
  if (h->done) return;
  h->least = mono_min(h->least, rtt);
  h->samples++;
  judge(h);
}

void hystart_round(struct hystart *h, uint64_t base, uint64_t next_tsn) {
  if (h->done || base < h->round_end) return;
  if (h->conservative && ++h->css_rounds >= HYSTART_CSS_ROUNDS) h->done = true;
  h->last_least = h->least;
  h->least = MONO_NEVER;
  h->samples = 0;
  h->round_end = next_tsn;
}

size_t hystart_growth(const struct hystart *h, size_t acked) {
  return h->conservative ? acked / HYSTART_CSS_DIVISOR : acked;
}
