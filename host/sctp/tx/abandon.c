#include "sctp/packet/forward_tsn.h"
#include "sctp/tx/sender.h"

/* Streams named in one FORWARD TSN; with more, it goes only as far as these reach. */
#define FORWARD_STREAMS 64u

/*
 * The unsent rest of a message gets one TSN, abandoned like the others: a receiver that sees the
 * next message before the FORWARD TSN must not take it for a continuation of this one.
 */
static void add_placeholder(struct sender *s, struct tx_msg *m) {
  if (outstanding_reserve(&s->out) < 0) return;
  outstanding_push(&s->out, &(struct tx_chunk){.msg = m, .end = true, .state = TX_ABANDONED});
}

void sender_abandon(struct sender *s, struct tx_msg *m) {
  struct outstanding *o = &s->out;
  uint64_t tsn = m->first_tsn > o->base ? m->first_tsn : o->base;
  m->abandoned = true;
  s->abandoned++;
  if (m->taken > 0) {
    for (; tsn < o->next && outstanding_at(o, tsn)->msg == m; tsn++)
      outstanding_set(o, tsn, TX_ABANDONED);
    if (m->queued) add_placeholder(s, m);
  }
  send_queue_drop(&s->queue, m);
  send_queue_release(&s->queue, m, m->unreleased);
  m->data = payload_free(m->data);
  send_queue_settle(&s->queue, m);
}

bool sender_is_over(const struct sender *s, const struct tx_chunk *c) {
  const struct tx_msg *m = c->msg;
  if (!s->forward_tsn) return false;
  return (m->limit_retransmits && c->retransmits >= m->max_retransmits) || s->real > m->expiry.key;
}

void sender_expire(struct sender *s) {
  for (struct tx_msg *m; (m = send_queue_expired(&s->queue, s->real)) != NULL;) {
    if (m->taken == 0 || s->forward_tsn)
      sender_abandon(s, m);
    else
      /* The peer cannot be told to skip what it has of this message: all of it must go. */
      heap_remove(&s->queue.expiries, &m->expiry);
  }
}

void sender_follow_abandoned(struct sender *s) {
  const struct outstanding *o = &s->out;
  if (s->forward_to < o->base) s->forward_to = o->base;
  while (s->forward_to < o->next && outstanding_at(o, s->forward_to)->state == TX_ABANDONED) {
    s->forward_to++;
    s->forward_due = true;
  }
  if (!sender_owes_forward(s)) s->forward_due = false;
}

/* Notes the last SSN skipped in the message's stream. False when there are too many streams. */
static bool note_stream(struct forward_tsn_entry *entries, size_t *n, size_t cap,
                        const struct tx_msg *m) {
  if (m->unordered) return true;
  for (size_t i = *n; i > 0; i--) {
    if (entries[i - 1].stream != m->stream->id) continue;
    entries[i - 1].ssn = m->ssn;
    return true;
  }
  if (*n == cap) return false;
  entries[(*n)++] = (struct forward_tsn_entry){m->stream->id, m->ssn};
  return true;
}

void sender_write_forward(struct sender *s, mono_us now, struct writer *w) {
  struct forward_tsn_entry entries[FORWARD_STREAMS];
  size_t n = 0, left = writer_left(w);
  if (left < 12) return;
  size_t cap = (left - 8) / 4 < FORWARD_STREAMS ? (left - 8) / 4 : FORWARD_STREAMS;
  uint64_t tsn = s->out.base;
  while (tsn < s->forward_to && note_stream(entries, &n, cap, outstanding_at(&s->out, tsn)->msg))
    tsn++;
  forward_tsn_write(w, (uint32_t)(tsn - 1), entries, n);
  s->forward_due = false;
  s->forward_sent = now;
  if (s->recovery.t3_at == MONO_NEVER) recovery_arm_t3(s, now);
}
