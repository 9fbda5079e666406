#include "sctp/tx/sender.h"

/* A fragment smaller than this share of a full one waits for the next packet. */
#define LEAST_FRAGMENT_DIVISOR 4u

#define MEMORY_RETRY (10 * MONO_MS)

static struct pacer_rate rate_of(const struct sender *s) {
  return (struct pacer_rate){.cwnd = s->cubic.cwnd,
                             .packet = s->mtu,
                             .srtt = rtt_is_next_door(&s->rtt) ? 0 : s->rtt.srtt,
                             .slow_start = cubic_in_slow_start(&s->cubic)};
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static bool has_window(const struct sender *s) {
  return s->out.flight_bytes < s->cubic.cwnd;
}

static bool may_resend(const struct sender *s) {
  return s->out.flight.n == 0 || (has_window(s) && s->peer_window > 0);
}

/*
 * How many of n bytes of new data may go. With nothing outstanding something always may: against a
 * closed window it is the probe of RFC 9260 section 6.1, A.
 */
static size_t may_send(const struct sender *s, size_t n) {
  if (outstanding_count(&s->out) >= OUTSTANDING_MAX) return 0;
  if (outstanding_count(&s->out) == 0 || s->out.flight.n + s->out.lost.n == 0)
    return s->peer_window > 0 ? smaller(n, s->peer_window) : n;
  size_t used = s->out.flight_bytes;
  return has_window(s) && used < s->peer_window && n <= s->peer_window - used ? n : 0;
}

/* True when the windows let something go; the pacer may still hold it back. */
static bool may_go(struct sender *s) {
  if (s->out.lost.n > 0) return may_resend(s);
  const struct tx_msg *m = send_queue_head(&s->queue);
  return m && may_send(s, smaller(m->data->n - m->taken, sender_fragment(s))) > 0;
}

bool sender_ready(struct sender *s, mono_us now) {
  if (s->out.flight.n == 0) s->probe_due = PROBE_NONE; /* acknowledged since the timer fired */
  if (s->probe_due != PROBE_NONE) return true;
  if (!may_go(s)) return false;
  struct pacer_rate rate = rate_of(s);
  pacer_refill(&s->pacer, now, &rate);
  return pacer_next(&s->pacer, now, &rate) <= now;
}

mono_us sender_pacing_deadline(struct sender *s, mono_us now) {
  if (!may_go(s)) return MONO_NEVER;
  struct pacer_rate rate = rate_of(s);
  pacer_refill(&s->pacer, now, &rate);
  mono_us next = pacer_next(&s->pacer, now, &rate);
  /* What could go and did not was short of memory. */
  return next > now ? next : now + MEMORY_RETRY;
}

/* Data that fits into what is left of the packet. */
static size_t room_for_data(const struct sender *s, const struct writer *w) {
  size_t left = writer_left(w) & ~(size_t)3, header = data_header_size(s->interleaving);
  return left > header ? left - header : 0;
}

static void write_chunk(struct sender *s, struct writer *w, uint64_t tsn, bool immediate) {
  const struct tx_chunk *c = outstanding_at(&s->out, tsn);
  const struct tx_msg *m = c->msg;
  if (immediate) s->asked = true;
  loss_signal_sent(&s->signal);
  data_chunk_write(w, &(struct data_chunk){.interleaved = s->interleaving,
                                           .tsn = (uint32_t)tsn,
                                           .stream = m->stream->id,
                                           .mid = m->unordered && !s->interleaving ? 0 : m->mid,
                                           .fsn = c->fsn,
                                           .ppid = m->ppid,
                                           .begin = c->begin,
                                           .end = c->end,
                                           .unordered = m->unordered,
                                           .immediate = immediate,
                                           .data = {m->data->data + c->offset, c->n}});
}

static void resend(struct sender *s, mono_us now, struct writer *w, uint64_t tsn, bool immediate) {
  if (s->peer_window == 0) s->window_probe = true;
  write_chunk(s, w, tsn, immediate);
  outstanding_resent(&s->out, tsn, now);
  s->retransmits++;
  if (tsn == s->out.base) recovery_arm_t3(s, now);
}

/*
 * The next chunk to be sent again: the one lost first, but with nothing in flight the lowest. A
 * peer with a full window takes that one only (RFC 9260 section 6.3.3, E3: the earliest
 * outstanding).
 */
static bool next_lost(const struct sender *s, uint64_t *ret_tsn) {
  const struct outstanding *o = &s->out;
  if (o->lost.n > 0 && o->flight.n == 0 && outstanding_at(o, o->base)->state == TX_LOST) {
    *ret_tsn = o->base;
    return true;
  }
  return outstanding_first_lost(o, ret_tsn);
}

size_t sender_packet_size(const struct sender *s) {
  uint64_t tsn;
  if (!next_lost(s, &tsn)) return s->mtu;
  size_t n = PACKET_HEADER_SIZE + data_header_size(s->interleaving) +
             padded(outstanding_at(&s->out, tsn)->n);
  return n > s->mtu ? n : s->mtu;
}

/* Sends what was lost; true while the packet has room for more. */
static bool fill_lost(struct sender *s, mono_us now, struct writer *w, size_t *written) {
  for (uint64_t tsn; next_lost(s, &tsn);) {
    struct tx_chunk *c = outstanding_at(&s->out, tsn);
    if (sender_is_over(s, c)) {
      sender_abandon(s, c->msg);
      continue;
    }
    if (!may_resend(s) || c->n > room_for_data(s, w)) return false;
    bool last = s->out.lost.n == 1 && s->queue.unsent == 0;
    resend(s, now, w, tsn, last || s->peer_window == 0);
    ++*written;
  }
  return true;
}

/* The next n bytes of the message get a TSN. */
static void send_new(struct sender *s, mono_us now, struct writer *w, struct tx_msg *m, size_t n) {
  struct tx_chunk c = {.msg = m,
                       .sent_at = now,
                       .offset = (uint32_t)m->taken,
                       .fsn = m->next_fsn,
                       .n = (uint16_t)n,
                       .state = TX_FLIGHT,
                       .begin = m->taken == 0,
                       .end = m->taken + n == m->data->n};
  uint64_t tsn = s->out.next;
  if (m->taken == 0) m->first_tsn = tsn;
  if (n > s->peer_window) s->window_probe = true;
  send_queue_took(&s->queue, m, n);
  outstanding_push(&s->out, &c);
  bool last = s->queue.unsent == 0;
  write_chunk(s, w, tsn,
              s->window_probe || (last && (s->hurry || s->rtt.srtt >= IMMEDIATE_RTT_MIN)));
  s->bytes += n;
}

static void fill_new(struct sender *s, mono_us now, struct writer *w, size_t *written) {
  for (struct tx_msg *m; (m = send_queue_head(&s->queue)) != NULL;) {
    size_t left = m->data->n - m->taken, room = room_for_data(s, w);
    size_t n = smaller(left, smaller(room, sender_fragment(s)));
    if (n == 0 || (n < left && n < sender_fragment(s) / LEAST_FRAGMENT_DIVISOR)) return;
    n = may_send(s, n);
    if (n == 0 || outstanding_reserve(&s->out) < 0) return;
    if (*written == 0) s->packet_first = s->out.next;
    send_new(s, now, w, m, n);
    ++*written;
  }
}

/* The probe: new data if there is and the peer has room, else the chunk sent last (RFC 8985 section
 * 7.3); on a new path the oldest. */
static void fill_probe(struct sender *s, mono_us now, struct writer *w, size_t *written) {
  enum probe kind = s->probe_due;
  s->probe_due = PROBE_NONE;
  if (s->out.flight.n == 0) return;
  const struct tx_msg *m = send_queue_head(&s->queue);
  uint64_t tsn =
      outstanding_unwrap(&s->out, kind == PROBE_TAIL ? s->out.flight.last : s->out.flight.first);
  size_t room = s->peer_window > s->out.flight_bytes ? s->peer_window - s->out.flight_bytes : 0;
  if (kind == PROBE_TAIL && m && room >= sender_fragment(s) && outstanding_reserve(&s->out) == 0) {
    tsn = s->out.next;
    size_t n = smaller(m->data->n - m->taken, smaller(room_for_data(s, w), sender_fragment(s)));
    if (n == 0) return;
    send_new(s, now, w, send_queue_head(&s->queue), n);
  } else {
    const struct tx_chunk *c = outstanding_at(&s->out, tsn);
    if (sender_is_over(s, c) || c->n > room_for_data(s, w)) return;
    resend(s, now, w, tsn, true);
  }
  s->recovery.probing = true;
  s->recovery.probe_tsn = tsn;
  ++*written;
}

size_t sender_fill(struct sender *s, mono_us now, struct writer *w) {
  size_t written = 0;
  if (s->out.flight.n == 0 && s->out.lost.n == 0)
    cubic_after_idle(&s->cubic, now - s->last_sent, rtt_rto(&s->rtt));
  s->asked = false;
  if (s->probe_due != PROBE_NONE) fill_probe(s, now, w, &written);
  if (written > 0) return written;
  if (fill_lost(s, now, w, &written)) fill_new(s, now, w, &written);
  return written;
}

void sender_packet_sent(struct sender *s, mono_us now, size_t n) {
  s->last_sent = now;
  s->filled = s->out.flight_bytes;
  pacer_spend(&s->pacer, n);
  if (s->recovery.t3_at == MONO_NEVER) recovery_arm_t3(s, now);
  recovery_arm_probe(s, now);
}
