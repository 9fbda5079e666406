#ifndef SENSO_SCTP_TX_LOSS_SIGNAL_H
#define SENSO_SCTP_TX_LOSS_SIGNAL_H

#include "sctp/tx/rtt.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Tells losses by congestion from losses by a bad link. A queue that overflows was full before: the
 * RTT rose with it. A loss while the RTT is at its least, on a path that loses little, is taken to
 * be the link's own and repaired without a smaller window. The share that is borne is BBR's
 * (draft-ietf-ccwg-bbr section 2.7: BBR.LossThresh, 2 %), with some packets' grace so that one loss
 * among few packets does not count as many percent.
 */
#define LOSS_BORNE_DIVISOR 50u /* 2 % */
#define LOSS_GRACE_PACKETS 6u
/* Older traffic counts half each time so many packets were sent. */
#define LOSS_SPAN_PACKETS 2048u

struct loss_signal {
  size_t sent, lost; /* packets, halved now and then */
};

void loss_signal_sent(struct loss_signal *l);
void loss_signal_lost(struct loss_signal *l);

/* True when a loss found now calls for a smaller window. */
bool loss_signal_is_congestion(const struct loss_signal *l, const struct rtt *r);

#endif
