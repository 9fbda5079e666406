#ifndef SENSO_SCTP_TX_HYSTART_H
#define SENSO_SCTP_TX_HYSTART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mono.h"

/* HyStart++ (RFC 9406): leaves slow start when the RTT rises, before the queue overflows. */

/* RFC 9406 section 4.3 */
#define HYSTART_MIN_RTT_THRESH (4 * MONO_MS)
#define HYSTART_MAX_RTT_THRESH (16 * MONO_MS)
#define HYSTART_RTT_DIVISOR    8u
#define HYSTART_SAMPLES        8u
#define HYSTART_CSS_DIVISOR    4u
#define HYSTART_CSS_ROUNDS     5u

struct hystart {
  uint64_t round_end; /* the round ends when this TSN is acknowledged */
  mono_us last_least, least;
  unsigned samples;
  bool conservative; /* CSS */
  mono_us css_baseline;
  unsigned css_rounds;
  bool done; /* slow start ended */
};

void hystart_init(struct hystart *h, uint64_t next_tsn);

/* A measurement of this round. */
void hystart_sample(struct hystart *h, mono_us rtt);

/* Everything below base is acknowledged; next_tsn is what the next round waits for. */
void hystart_round(struct hystart *h, uint64_t base, uint64_t next_tsn);

/* How much the window grows for so many acknowledged bytes. */
size_t hystart_growth(const struct hystart *h, size_t acked);

/* The RTT's rise over `least` that means a queue (also used to judge losses). */
mono_us hystart_threshold(mono_us least);

#endif
