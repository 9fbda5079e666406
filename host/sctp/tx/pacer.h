#ifndef SENSO_SCTP_TX_PACER_H
#define SENSO_SCTP_TX_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mono.h"

/*
 * Spreads a window over its round trip: no bursts for a short queue to drop. It stands in for the
 * Max.Burst of RFC 9260 section 6.1 D, which would starve a sender whose SACKs come bundled.
 */

/* A timer's worth is sent at once, at least so many packets. */
#define PACER_TICK          (1 * MONO_MS)
#define PACER_BURST_PACKETS 10u

struct pacer {
  mono_us at;     /* budget was last topped up */
  int64_t budget; /* bytes that may go now; below 0: a packet was let through whole */
};

struct pacer_rate {
  size_t cwnd, packet;
  mono_us srtt; /* 0: unknown or next door, no pacing */
  bool slow_start;
};

void pacer_init(struct pacer *p);

/* Tops up to now. */
void pacer_refill(struct pacer *p, mono_us now, const struct pacer_rate *r);

/* When the next packet may go: `now` or earlier when at once. Refill first. */
mono_us pacer_next(const struct pacer *p, mono_us now, const struct pacer_rate *r);

void pacer_spend(struct pacer *p, size_t n);

#endif
