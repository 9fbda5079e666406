#include "sctp/tx/sender.h"

/* A probe sooner than this would only meet a peer that is busy (RFC 8985 section 7.2 has 2 RTT). */
#define PROBE_MIN (10 * MONO_MS)
/* The reordering window grows to four quarters of the least RTT, and never past the mean. */
#define STEPS_MAX 16u

void recovery_init(struct recovery *r, uint64_t next_tsn) {
  *r = (struct recovery){.steps = 1,
                         .highest = next_tsn - 1,
                         .reorder_at = MONO_NEVER,
                         .probe_at = MONO_NEVER,
                         .t3_at = MONO_NEVER};
}

/* True when all that is in flight went out in one packet, whose SACK may be delayed. */
static bool is_lone(const struct sender *s) {
  uint64_t tsn;
  if (s->asked || !outstanding_oldest(&s->out, &tsn)) return false;
  return tsn >= s->packet_first;
}

void recovery_arm_t3(struct sender *s, mono_us now) {
  bool needed = s->out.flight.n > 0 || s->out.lost.n > 0 || sender_owes_forward(s);
  mono_us rto = rtt_rto(&s->rtt) + (is_lone(s) && s->rtt.srtt > 0 ? PEER_ACK_DELAY : 0);
  s->recovery.t3_at = needed ? mono_add(now, rto) : MONO_NEVER;
}

void recovery_arm_probe(struct sender *s, mono_us now) {
  struct recovery *r = &s->recovery;
  r->probe_at = MONO_NEVER;
  if (s->out.flight.n == 0 || r->probing || r->reorder_at != MONO_NEVER || s->window_probe ||
      s->rtt.srtt == 0 || s->rtt.doublings > 0)
    return;
  mono_us rto = rtt_rto(&s->rtt), wait = 2 * s->rtt.srtt;
  if (wait < PROBE_MIN) wait = PROBE_MIN;
  if (wait > rto - rto / 8) wait = rto - rto / 8;
  if (is_lone(s)) wait += PEER_ACK_DELAY;
  r->probe_at = mono_add(now, wait);
}

void recovery_lose(struct sender *s, uint64_t tsn) {
  outstanding_set(&s->out, tsn, TX_LOST);
  const struct tx_chunk *c = outstanding_at(&s->out, tsn);
  if (sender_is_over(s, c)) sender_abandon(s, c->msg);
}

/* A loss was found: the window shrinks at most once until all sent by now is acknowledged. */
static void congestion_event(struct sender *s) {
  struct recovery *r = &s->recovery;
  if (!recovery_is_on(s)) {
    r->end = s->out.next;
    r->reduced = false;
    if (r->steps > 1) r->steps--; /* RFC 8985 forgets after 16 recoveries */
  }
  if (r->reduced || !loss_signal_is_congestion(&s->signal, &s->rtt)) return;
  r->reduced = true;
  cubic_on_loss(&s->cubic);
}

static void lose_by_detection(struct sender *s, uint64_t tsn) {
  recovery_lose(s, tsn);
  loss_signal_lost(&s->signal);
  s->fast_retransmits++;
  congestion_event(s);
}

/* RFC 8985 section 6.2, step 4. */
static mono_us reordering_window(const struct sender *s) {
  const struct recovery *r = &s->recovery;
  if (!r->reordered && recovery_is_on(s)) return 0;
  mono_us window = rtt_least(&s->rtt) / 4 * r->steps;
  return mono_min(window, s->rtt.srtt);
}

static bool sent_before_newest(const struct recovery *r, uint64_t tsn, const struct tx_chunk *c) {
  return c->sent_at < r->newest_sent || (c->sent_at == r->newest_sent && tsn < r->newest_tsn);
}

void recovery_detect(struct sender *s, mono_us now) {
  struct recovery *r = &s->recovery;
  r->reorder_at = MONO_NEVER;
  for (uint64_t tsn; outstanding_oldest(&s->out, &tsn);) {
    const struct tx_chunk *c = outstanding_at(&s->out, tsn);
    if (!sent_before_newest(r, tsn, c)) return;
    mono_us due = c->sent_at + r->newest_rtt + reordering_window(s);
    if (due > now) {
      r->reorder_at = due;
      return;
    }
    lose_by_detection(s, tsn);
  }
}

/* Keeps the highest TSNs that SACKs newly acknowledged: what lies below the third of them was
 * reported missing three times (the HTNA rule of section 7.2.4). */
static void note_report(struct recovery *r, uint64_t highest) {
  for (size_t i = 0; i < MISSING_REPORTS; i++) {
    if (highest <= r->reports[i]) continue;
    uint64_t down = r->reports[i];
    r->reports[i] = highest;
    highest = down;
  }
}

/* The lowest hole alone is looked at: once a loss is known, time finds the others at once. */
static void count_reports(struct sender *s) {
  const struct recovery *r = &s->recovery;
  if (r->reordered || outstanding_count(&s->out) == 0) return;
  const struct tx_chunk *c = outstanding_at(&s->out, s->out.base);
  if (c->state == TX_FLIGHT && c->retransmits == 0 && s->out.base < r->reports[MISSING_REPORTS - 1])
    lose_by_detection(s, s->out.base);
}

static void follow_newest(struct sender *s, mono_us now, const struct ack_tally *t) {
  struct recovery *r = &s->recovery;
  if (!t->has_newest || t->newest_sent < r->newest_sent) return;
  r->newest_sent = t->newest_sent;
  r->newest_tsn = t->newest_tsn;
  r->newest_rtt = now - t->newest_sent;
  /* Our time stood still while it was on its way. */
  if (t->newest_sent < s->rtt_from && r->newest_rtt < s->rtt.srtt) r->newest_rtt = s->rtt.srtt;
}

void recovery_on_ack(struct sender *s, mono_us now, const struct ack_tally *t, size_t dups) {
  struct recovery *r = &s->recovery;
  if (t->reordered) r->reordered = true;
  if (dups > 0 && r->steps < STEPS_MAX) r->steps++;
  follow_newest(s, now, t);
  if (t->any) note_report(r, t->highest);
  if (t->highest > r->highest) r->highest = t->highest;
  if (t->any) r->probing = false;
  count_reports(s);
  recovery_detect(s, now);
  /* The probe mended the only loss: nothing else would tell of it (section 7.4). */
  if (t->probe_acked && !t->needless && dups == 0) congestion_event(s);
}

void recovery_on_t3(struct sender *s, mono_us now) {
  struct recovery *r = &s->recovery;
  bool closed = s->window_probe;
  /* A peer that answers and keeps its window shut is not gone (section 6.1, A). */
  if ((!closed || !s->heard) && !s->doubted) s->errors++;
  s->heard = false;
  s->timeouts++;
  rtt_back_off(&s->rtt);
  if (!closed && s->out.flight.n + s->out.lost.n > 0) cubic_on_timeout(&s->cubic, s->out.next);
  for (uint64_t tsn; outstanding_oldest(&s->out, &tsn);) recovery_lose(s, tsn);
  if (sender_owes_forward(s)) s->forward_due = true;
  r->end = s->out.next;
  r->reduced = false;
  r->probing = false;
  r->probe_at = r->reorder_at = MONO_NEVER;
  s->window_probe = false;
  pacer_init(&s->pacer);
  recovery_arm_t3(s, now);
}

void recovery_on_probe(struct sender *s) {
  s->recovery.probe_at = MONO_NEVER;
  s->probe_due = PROBE_TAIL;
}
