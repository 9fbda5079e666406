#include "base/serial.h"
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
    /* Interleaved, chunks of others lie between. */
    for (uint32_t left = m->chunks; left > 0; tsn++) {
      if (outstanding_at(o, tsn)->msg != m) continue;
      outstanding_set(o, tsn, TX_ABANDONED);
      left--;
    }
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

/* The entries of the chunk being made. */
struct forward {
  struct forward_tsn_entry entries[FORWARD_STREAMS];
  size_t n, cap;
  bool interleaving; /* unordered messages are named too */
};

/* Notes the last message skipped in the message's stream. False when there are too many streams. */
static bool note_stream(struct forward *f, const struct tx_msg *m) {
  if (m->unordered && !f->interleaving) return true;
  for (size_t i = f->n; i > 0; i--) {
    struct forward_tsn_entry *e = &f->entries[i - 1];
    if (e->stream != m->stream->id || e->unordered != m->unordered) continue;
    if (serial32_lt(e->mid, m->mid)) e->mid = m->mid;
    return true;
  }
  if (f->n == f->cap) return false;
  f->entries[f->n++] = (struct forward_tsn_entry){m->stream->id, m->unordered, m->mid};
  return true;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

void sender_write_forward(struct sender *s, mono_us now, struct writer *w) {
  struct forward f = {.interleaving = s->interleaving};
  size_t left = writer_left(w), entry = forward_tsn_entry_size(s->interleaving);
  if (left < FORWARD_TSN_HEADER_SIZE + entry) return;
  f.cap = smaller((left - FORWARD_TSN_HEADER_SIZE) / entry, FORWARD_STREAMS);
  uint64_t tsn = s->out.base;
  while (tsn < s->forward_to && note_stream(&f, outstanding_at(&s->out, tsn)->msg)) tsn++;
  forward_tsn_write(w, s->interleaving, (uint32_t)(tsn - 1),
                    &(struct forward_tsn_list){f.entries, f.n});
  s->forward_due = false;
  s->forward_sent = now;
  if (s->recovery.t3_at == MONO_NEVER) recovery_arm_t3(s, now);
}
