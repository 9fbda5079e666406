#include "sctp/rx/ack.h"

void ack_init(struct ack_timer *a) {
  *a = (struct ack_timer){.at = MONO_NEVER};
}

void ack_on_packet(struct ack_timer *a, mono_us now, bool urgent) {
  a->packets++;
  if (urgent || a->packets >= ACK_PACKETS)
    a->now = true;
  else if (a->at == MONO_NEVER)
    a->at = mono_add(now, ACK_DELAY);
}

void ack_wake(struct ack_timer *a, mono_us now) {
  if (now >= a->at) a->now = true;
}

void ack_sent(struct ack_timer *a) {
  ack_init(a);
}
