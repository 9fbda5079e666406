#ifndef SENSO_SCTP_TX_RTT_H
#define SENSO_SCTP_TX_RTT_H

#include <stdbool.h>

#include "base/mono.h"

/* Round-trip times: the retransmission timeout (RFC 9260 section 6.3), and the least RTT of late.
 */

/* RFC 9260 section 16; with a hint from ICE three times that, within the bounds below. */
#define RTO_INITIAL          (1 * MONO_S)
#define RTO_INITIAL_HINT_MIN (100 * MONO_MS)
/*
 * RFC 9260 section 16 recommends 1 s, against needless timeouts where a SACK may be delayed by 200
 * ms. Here most losses are found by time or by a probe (RFC 8985), what a needless timeout takes is
 * given back when the acknowledgement shows it (tx/recovery.c), and a lone packet either asks for
 * its SACK at once (RFC 7053) or is given the 200 ms on top. So the minimum is that of common TCPs.
 */
#define RTO_MIN (200 * MONO_MS)
/* Recommended: 60 s. Consent (RFC 7675) ends a silent path after 30 s; a path that comes back
 * should not wait for longer than this. */
#define RTO_MAX (10 * MONO_S)
/* Least distance of the RTO from the mean, in the place of the clock granularity G of
 * section 6.3.1: a queue that fills in slow start adds this much to a steady RTT before the mean
 * follows. */
#define RTT_SPREAD_MIN (100 * MONO_MS)

#define RTT_RECENT 8u

/*
 * A path whose least RTT is below this stays on the machine or goes next door: its RTT is made by
 * schedulers, a burst is over before a timer could run, and nothing is lost but where a buffer is
 * full.
 */
#define RTT_NEXT_DOOR (2 * MONO_MS)

struct rtt {
  mono_us srtt; /* 0: not measured yet */
  mono_us var;
  mono_us base; /* the RTO without its doublings */
  unsigned doublings;
  mono_us hint;
  mono_us least[2]; /* of the running and the one before of two spans; MONO_NEVER: none */
  mono_us span_from;
  mono_us recent[RTT_RECENT]; /* the last measurements, a ring */
  unsigned n_recent;
};

/* Forgets all; hint 0: unknown. */
void rtt_init(struct rtt *r, mono_us hint);

/* A measurement, of a chunk sent once only (Karn's rule). */
void rtt_sample(struct rtt *r, mono_us now, mono_us sample);

/* The timeout now, with its doublings. */
mono_us rtt_rto(const struct rtt *r);

/* A timeout happened (section 6.3.3, E2); progress undoes the doublings. */
void rtt_back_off(struct rtt *r);
void rtt_progress(struct rtt *r);

/* The least RTT of the last 15 to 30 s, or of the last few measurements; 0 when there is none. */
mono_us rtt_least(const struct rtt *r);
mono_us rtt_recent_least(const struct rtt *r);

/* False while nothing was measured. */
bool rtt_is_next_door(const struct rtt *r);

#endif
