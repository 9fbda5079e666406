#include <errno.h>

#include "sctp/tx/sender.h"

/* A chunk is acknowledged for the first time: what that tells about the path. */
static void count(struct sender *s, mono_us now, uint64_t tsn, const struct tx_chunk *c,
                  struct ack_tally *t) {
  const struct recovery *r = &s->recovery;
  if (c->state != TX_FLIGHT && c->state != TX_LOST) return;
  t->any = true;
  t->bytes += c->n;
  if (tsn > t->highest) t->highest = tsn;
  if (r->probing && tsn == r->probe_tsn) t->probe_acked = true;
  if (c->retransmits > 0 && c->sent_at >= s->rtt_from && now - c->sent_at < rtt_least(&s->rtt)) {
    /* The answer is to the first transmission (RFC 8985 section 6.2, step 2). */
    t->needless = true;
    return;
  }
  if (c->retransmits == 0) {
    if (tsn < r->highest) t->reordered = true;
    if (!t->has_clean || c->sent_at > t->clean_sent) t->clean_sent = c->sent_at;
    t->has_clean = true;
  }
  if (!t->has_newest || c->sent_at > t->newest_sent ||
      (c->sent_at == t->newest_sent && tsn > t->newest_tsn)) {
    t->newest_sent = c->sent_at;
    t->newest_tsn = tsn;
  }
  t->has_newest = true;
}

/* Everything up to and including cum leaves the queue. */
static void acknowledge_upto(struct sender *s, mono_us now, uint64_t cum, struct ack_tally *t) {
  while (s->out.base <= cum) {
    uint64_t tsn = s->out.base;
    count(s, now, tsn, outstanding_at(&s->out, tsn), t);
    struct tx_chunk c = outstanding_pop(&s->out);
    if (!c.msg->abandoned) send_queue_release(&s->queue, c.msg, c.n);
    send_queue_settle(&s->queue, c.msg);
    t->cumulative = true;
  }
  tsn_set_drop_upto(&s->out.acked, cum);
}

static void acknowledge_run(struct sender *s, mono_us now, struct tsn_range run,
                            struct ack_tally *t) {
  for (uint64_t tsn = run.first; tsn <= run.last; tsn++) {
    struct tx_chunk *c = outstanding_at(&s->out, tsn);
    count(s, now, tsn, c, t);
    if (c->state != TX_ABANDONED) outstanding_set(&s->out, tsn, TX_ACKED);
  }
}

/* Acknowledges what the block names and no SACK named before. */
static void acknowledge_block(struct sender *s, mono_us now, struct tsn_range block,
                              struct ack_tally *t) {
  struct tsn_set *acked = &s->out.acked;
  /* Without memory the block is left for the next SACK to repeat. */
  if (tsn_set_reserve(acked) < 0) return;
  for (uint64_t at = block.first; at <= block.last;) {
    size_t i = tsn_set_find(acked, at);
    bool found = i < acked->n && acked->ranges[i].first <= block.last;
    uint64_t stop = found ? acked->ranges[i].first : block.last + 1;
    if (at < stop) acknowledge_run(s, now, (struct tsn_range){at, stop - 1}, t);
    at = found ? acked->ranges[i].last + 1 : stop;
  }
  tsn_set_add(acked, block.first, block.last);
}

static void acknowledge_gaps(struct sender *s, mono_us now, uint64_t cum,
                             const struct sack_chunk *sack, struct ack_tally *t) {
  for (size_t i = 0; i < sack_gaps(sack); i++) {
    struct sack_gap gap = sack_gap_at(sack, i);
    struct tsn_range block = {cum + gap.first, cum + gap.last};
    if (gap.first == 0 || gap.last < gap.first || block.last >= s->out.next) continue;
    acknowledge_block(s, now, block, t);
  }
}

/*
 * A peer that acknowledges up to a TSN and has the next one would have said so: it dropped what it
 * had acknowledged by gap blocks (RFC 9260 section 6.2). All of that is sent again.
 */
static void check_reneging(struct sender *s) {
  struct tsn_set *acked = &s->out.acked;
  if (acked->n == 0 || acked->ranges[0].first != s->out.base) return;
  for (size_t i = 0; i < acked->n; i++)
    for (uint64_t tsn = acked->ranges[i].first; tsn <= acked->ranges[i].last; tsn++)
      if (outstanding_at(&s->out, tsn)->state == TX_ACKED) outstanding_set(&s->out, tsn, TX_LOST);
  acked->n = 0;
}

static void measure(struct sender *s, mono_us now, const struct ack_tally *t) {
  if (!t->has_clean || t->clean_sent < s->rtt_from) return;
  rtt_sample(&s->rtt, now, now - t->clean_sent);
  if (!rtt_is_next_door(&s->rtt)) hystart_sample(&s->cubic.hystart, now - t->clean_sent);
}

/* The window counts as used up when nearly all of it was in flight. */
static bool was_limited(const struct sender *s) {
  if (cubic_in_slow_start(&s->cubic)) return s->filled >= s->cubic.cwnd / 2;
  return s->filled + 3 * s->mtu >= s->cubic.cwnd;
}

static void grow_window(struct sender *s, mono_us now, const struct ack_tally *t) {
  hystart_round(&s->cubic.hystart, s->out.base, s->out.next);
  if (t->bytes == 0 || (recovery_is_on(s) && s->recovery.reduced)) return;
  cubic_on_ack(&s->cubic,
               &(struct cubic_ack){
                   .now = now, .srtt = s->rtt.srtt, .acked = t->bytes, .limited = was_limited(s)});
}

/* The first answer after a timeout shows whether it was needed. */
static void judge_timeout(struct sender *s, const struct ack_tally *t) {
  if (!t->any || s->cubic.undo_cwnd == 0) return;
  if (t->needless) {
    cubic_undo_timeout(&s->cubic);
    for (uint64_t tsn; outstanding_first_lost(&s->out, &tsn);)
      outstanding_set(&s->out, tsn, TX_FLIGHT);
  }
  cubic_forget_undo(&s->cubic);
}

/* What was sent against a closed window was dropped, not lost: it goes again when there is room. */
static void follow_window(struct sender *s, uint32_t a_rwnd) {
  s->peer_window = a_rwnd;
  if (a_rwnd == 0 || !s->window_probe) return;
  s->window_probe = false;
  rtt_progress(&s->rtt);
  sender_requeue(s);
}

static void after_ack(struct sender *s, mono_us now, const struct ack_tally *t, size_t dups) {
  s->heard = true;
  if (t->any) s->errors = 0;
  if (t->cumulative) rtt_progress(&s->rtt);
  judge_timeout(s, t);
  measure(s, now, t);
  grow_window(s, now, t);
  recovery_on_ack(s, now, t, dups);
  sender_follow_abandoned(s);
  if (sender_owes_forward(s) && now >= mono_add(s->forward_sent, s->rtt.srtt))
    s->forward_due = true;
  if (t->cumulative || s->recovery.t3_at == MONO_NEVER) recovery_arm_t3(s, now);
  if (t->any) recovery_arm_probe(s, now);
}

int sender_on_sack(struct sender *s, mono_us now, const struct sack_chunk *sack) {
  uint64_t cum = outstanding_unwrap(&s->out, sack->cum);
  if (cum >= s->out.next) return -EPROTO;
  if (cum + 1 < s->out.base) return 0; /* overtaken by a newer one (section 6.2.1, D i) */
  struct ack_tally t = {0};
  acknowledge_upto(s, now, cum, &t);
  acknowledge_gaps(s, now, cum, sack, &t);
  check_reneging(s);
  follow_window(s, sack->a_rwnd);
  after_ack(s, now, &t, sack_dups(sack));
  return 0;
}

int sender_on_cumulative(struct sender *s, mono_us now, uint32_t cum32) {
  uint64_t cum = outstanding_unwrap(&s->out, cum32);
  if (cum >= s->out.next) return -EPROTO;
  if (cum + 1 < s->out.base) return 0;
  struct ack_tally t = {0};
  acknowledge_upto(s, now, cum, &t);
  after_ack(s, now, &t, 0);
  return 0;
}
