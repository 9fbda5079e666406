#include "sctp/tx/loss_signal.h"

#include "sctp/tx/hystart.h"

/* Added to half the least RTT where paths are so short that 4 ms is many round trips. */
#define SLACK (500 * (mono_us)1)

void loss_signal_sent(struct loss_signal *l) {
  if (++l->sent < LOSS_SPAN_PACKETS) return;
  l->sent /= 2;
  l->lost /= 2;
}

void loss_signal_lost(struct loss_signal *l) {
  l->lost++;
}

/* The rise of the RTT that means a queue: HyStart++'s, but no more than about half the RTT itself.
 */
static mono_us queue_threshold(mono_us least) {
  return mono_min(hystart_threshold(least), least / 2 + SLACK);
}

bool loss_signal_is_congestion(const struct loss_signal *l, const struct rtt *r) {
  if (r->n_recent == 0 || rtt_is_next_door(r)) return true;
  if (l->lost > l->sent / LOSS_BORNE_DIVISOR + LOSS_GRACE_PACKETS) return true;
  mono_us least = rtt_least(r);
  return rtt_recent_least(r) > least + queue_threshold(least);
}
