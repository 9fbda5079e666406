/* The W3C's "update the negotiation-needed flag" (webrtc-pc section 4.7.3). */
#include "peer/internal.h"

static bool is_needed(const struct peer *p) {
  bool channels_unnegotiated = p->wants_channels && !p->current_remote.sdp;
  return channels_unnegotiated || p->restart_wanted;
}

void peer_update_negotiation(struct peer *p) {
  if (p->closed || p->signaling != PEER_STABLE) return;
  bool needed = is_needed(p);
  if (needed && !p->negotiation_needed) p->announce_negotiation_needed = true;
  if (!needed) p->announce_negotiation_needed = false;
  p->negotiation_needed = needed;
}
