#include <errno.h>

#include "sctp/assoc.h"

/* T5-shutdown-guard (RFC 9260 section 9.2: five times RTO.Max); nobody waits for that long here. */
#define SHUTDOWN_GUARD (30 * MONO_S)

static void send_with_t2(struct sctp *s, mono_us now, enum phase phase) {
  struct shutdown *d = &s->shutdown;
  s->phase = phase;
  d->due = true;
  d->tries = 0;
  d->t2_at = mono_add(now, rtt_rto(&s->tx.rtt));
  if (d->give_up_at == MONO_NEVER) d->give_up_at = mono_add(now, SHUTDOWN_GUARD);
}

void shutdown_begin(struct sctp *s, mono_us now) {
  if (s->phase < PHASE_ESTABLISHED) {
    assoc_end(s, 0, "the association was shut down before it was set up");
    return;
  }
  if (s->phase != PHASE_ESTABLISHED) return;
  s->phase = PHASE_SHUTDOWN_PENDING;
  s->tx.hurry = true;
  shutdown_progress(s, now);
}

void shutdown_progress(struct sctp *s, mono_us now) {
  if (s->phase != PHASE_SHUTDOWN_PENDING && s->phase != PHASE_SHUTDOWN_RECEIVED) return;
  if (!sender_is_idle(&s->tx)) return;
  send_with_t2(s, now,
               s->phase == PHASE_SHUTDOWN_PENDING ? PHASE_SHUTDOWN_SENT : PHASE_SHUTDOWN_ACK_SENT);
}

int shutdown_on_shutdown(struct sctp *s, mono_us now, const struct chunk *c) {
  struct cursor in = cursor_of(c->value);
  uint32_t cum = cursor_u32(&in);
  if (in.failed || !assoc_is_up(s)) return 0;
  if (sender_on_cumulative(&s->tx, now, cum) < 0) {
    assoc_violation(s, "the peer acknowledged what was never sent");
    return 0;
  }
  if (s->phase == PHASE_SHUTDOWN_SENT)
    send_with_t2(s, now, PHASE_SHUTDOWN_ACK_SENT);
  else if (s->phase < PHASE_SHUTDOWN_SENT)
    s->phase = PHASE_SHUTDOWN_RECEIVED;
  shutdown_progress(s, now);
  return 0;
}

static int complete(struct sctp *s, uint32_t tag, uint8_t flags) {
  const uint8_t chunk[] = {CHUNK_SHUTDOWN_COMPLETE, flags, 0, CHUNK_HEADER_SIZE};
  return reply_lone(s, tag, (struct bytes){chunk, sizeof chunk});
}

int shutdown_on_ack(struct sctp *s, mono_us now, const struct chunk *c) {
  (void)now;
  (void)c;
  if (s->phase != PHASE_SHUTDOWN_SENT && s->phase != PHASE_SHUTDOWN_ACK_SENT) {
    /* We are done and our SHUTDOWN COMPLETE was lost (section 8.4, 5). */
    return s->phase == PHASE_ENDED ? complete(s, s->local_tag, FLAG_T) : 0;
  }
  int err = complete(s, s->peer_tag, 0);
  assoc_end(s, 0, "the association was shut down");
  return err;
}

int shutdown_on_complete(struct sctp *s, mono_us now, const struct chunk *c) {
  (void)now;
  (void)c;
  if (s->phase == PHASE_SHUTDOWN_ACK_SENT) assoc_end(s, 0, "the association was shut down");
  return 0;
}

void shutdown_wake(struct sctp *s, mono_us now) {
  struct shutdown *d = &s->shutdown;
  if (now >= d->give_up_at || (now >= d->t2_at && d->tries >= MAX_RETRANSMITS)) {
    assoc_abort(s, -ETIMEDOUT, CAUSE_USER_ABORT, (struct bytes){NULL, 0},
                "the peer did not answer the shutdown");
    return;
  }
  if (now < d->t2_at) return;
  d->tries++;
  d->due = true;
  rtt_back_off(&s->tx.rtt);
  d->t2_at = mono_add(now, rtt_rto(&s->tx.rtt));
}

mono_us shutdown_deadline(const struct sctp *s) {
  return mono_min(s->shutdown.t2_at, s->shutdown.give_up_at);
}

void shutdown_write(struct sctp *s, mono_us now, struct writer *w) {
  (void)now;
  if (writer_left(w) < 8) return;
  s->shutdown.due = false;
  bool ack = s->phase == PHASE_SHUTDOWN_ACK_SENT;
  size_t at = chunk_begin(w, ack ? CHUNK_SHUTDOWN_ACK : CHUNK_SHUTDOWN, 0);
  if (!ack) writer_u32(w, (uint32_t)s->rx.tracker.cum);
  chunk_end(w, at);
}
