#include "sctp/tx/sender.h"

#define STUCK_TIMEOUTS    2u
#define STUCK_RETRANSMITS 4u

void sender_init(struct sender *s, uint32_t initial_tsn, size_t mtu, size_t send_buffer) {
  *s = (struct sender){.mtu = mtu};
  send_queue_init(&s->queue, send_buffer);
  outstanding_init(&s->out, initial_tsn);
  rtt_init(&s->rtt, 0);
  cubic_init(&s->cubic, sender_fragment(s), s->out.next);
  pacer_init(&s->pacer);
  recovery_init(&s->recovery, s->out.next);
  s->forward_to = s->out.base;
}

void sender_free(struct sender *s) {
  /* Messages that are both queued and outstanding are freed by whichever lets go last. */
  while (outstanding_count(&s->out) > 0) {
    struct tx_chunk c = outstanding_pop(&s->out);
    if (c.msg->chunks == 0 && !c.msg->queued) tx_msg_free(c.msg);
  }
  send_queue_free(&s->queue);
  outstanding_free(&s->out);
}

void sender_start(struct sender *s, uint32_t peer_window, bool forward_tsn, bool interleaving) {
  s->peer_window = peer_window;
  s->forward_tsn = forward_tsn;
  s->interleaving = interleaving;
  if (interleaving) send_queue_interleave(&s->queue, peer_window);
}

void sender_limit_streams(struct sender *s, uint16_t streams) {
  size_t at = 0;
  for (struct out_stream *o; (o = stream_map_each(&s->queue.streams, &at)) != NULL;)
    while (o->id >= streams && o->queue.next && !list_empty(&o->queue))
      sender_abandon(s, LIST_ENTRY(o->queue.next, struct tx_msg, link));
}

bool sender_is_stuck(const struct sender *s) {
  if (outstanding_count(&s->out) == 0) return false;
  return s->rtt.doublings >= STUCK_TIMEOUTS ||
         outstanding_at(&s->out, s->out.base)->retransmits >= STUCK_RETRANSMITS;
}

bool sender_is_idle(const struct sender *s) {
  return outstanding_count(&s->out) == 0 && s->queue.unsent == 0;
}

void sender_wake(struct sender *s, mono_us now) {
  struct recovery *r = &s->recovery;
  if (now >= r->reorder_at) recovery_detect(s, now);
  if (now >= r->t3_at) {
    recovery_on_t3(s, now);
  } else if (now >= r->probe_at) {
    recovery_on_probe(s);
  }
  sender_follow_abandoned(s);
}

mono_us sender_deadline(struct sender *s, mono_us now) {
  const struct recovery *r = &s->recovery;
  mono_us timers = mono_min(r->t3_at, mono_min(r->reorder_at, r->probe_at));
  return mono_min(timers, sender_pacing_deadline(s, now));
}

void sender_requeue(struct sender *s) {
  for (uint64_t tsn; outstanding_oldest(&s->out, &tsn);) outstanding_set(&s->out, tsn, TX_LOST);
  s->recovery.t3_at = s->recovery.probe_at = s->recovery.reorder_at = MONO_NEVER;
}

void sender_path_changed(struct sender *s, mono_us now, mono_us hint) {
  rtt_init(&s->rtt, hint);
  cubic_init(&s->cubic, sender_fragment(s), s->out.next);
  pacer_init(&s->pacer);
  s->signal = (struct loss_signal){0};
  uint64_t highest = s->recovery.highest;
  recovery_init(&s->recovery, s->out.next);
  s->recovery.highest = highest;
  s->errors = 0;
  s->rtt_from = now;
  if (s->out.flight.n > 0) s->probe_due = PROBE_OLDEST;
  recovery_arm_t3(s, now);
}

void sender_path_resumed(struct sender *s, mono_us now) {
  s->errors = 0;
  rtt_progress(&s->rtt);
  if (s->out.flight.n > 0) s->probe_due = PROBE_OLDEST;
  recovery_arm_t3(s, now);
}

void sender_set_mtu(struct sender *s, size_t mtu) {
  s->mtu = mtu;
  cubic_set_mtu(&s->cubic, sender_fragment(s));
}
