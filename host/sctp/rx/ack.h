#ifndef SENSO_SCTP_RX_ACK_H
#define SENSO_SCTP_RX_ACK_H

#include <stdbool.h>

#include "base/mono.h"

/*
 * When to send a SACK (RFC 9260 section 6.2): for every second packet with data, or after the
 * delay; at once for a gap, a duplicate, the I bit (RFC 7053), or a FORWARD TSN.
 */

/*
 * RFC 9260 section 6.2 allows 200 ms at most and no more than 500. Over a real path the time only
 * has to be long enough for an answer of the application to take the SACK along; a lone packet's
 * sender gets its RTT 10 times sooner than with 200 ms.
 */
#define ACK_DELAY   (20 * MONO_MS)
#define ACK_PACKETS 2u

struct ack_timer {
  bool now;         /* send one with the next poll */
  unsigned packets; /* with data since the last SACK */
  mono_us at;       /* delayed SACK; MONO_NEVER: none owed */
};

void ack_init(struct ack_timer *a);

/* A packet with DATA came; urgent: do not delay. */
void ack_on_packet(struct ack_timer *a, mono_us now, bool urgent);

/* A SACK is owed, now or later: it may go along with other chunks. */
static inline bool ack_owed(const struct ack_timer *a) {
  return a->now || a->at != MONO_NEVER;
}

void ack_wake(struct ack_timer *a, mono_us now);
void ack_sent(struct ack_timer *a);

#endif
