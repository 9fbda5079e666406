#include <errno.h>

#include "sctp/assoc.h"

/* HB.interval, RFC 9260 section 16; with RTO and jitter on top (section 8.3). */
#define HEARTBEAT_INTERVAL (30 * MONO_S)

static mono_us next_beat(const struct sctp *s, mono_us now) {
  mono_us rto = rtt_rto(&s->tx.rtt);
  mono_us jitter = rng_below(s->cfg.rng, (uint32_t)rto);
  return mono_add(now, HEARTBEAT_INTERVAL + rto / 2 + jitter);
}

void heartbeat_start(struct sctp *s, mono_us now) {
  s->heartbeat.at = next_beat(s, now);
}

void heartbeat_probe(struct sctp *s) {
  s->heartbeat.due = true;
}

int heartbeat_on_heartbeat(struct sctp *s, mono_us now, const struct chunk *c) {
  (void)now;
  if (!assoc_is_up(s) || CHUNK_HEADER_SIZE + padded(c->value.n) > s->pmtu.base - PACKET_HEADER_SIZE)
    return 0;
  struct payload *p = payload_new(CHUNK_HEADER_SIZE + padded(c->value.n));
  if (!p) return -ENOMEM;
  struct writer w = writer_of(p->data, p->cap);
  size_t at = chunk_begin(&w, CHUNK_HEARTBEAT_ACK, 0);
  writer_bytes(&w, c->value);
  chunk_end(&w, at);
  p->n = w.n;
  reply_take(s, p);
  return 0;
}

int heartbeat_on_ack(struct sctp *s, mono_us now, const struct chunk *c) {
  struct heartbeat *h = &s->heartbeat;
  struct cursor in = cursor_of(c->value);
  struct param p;
  if (!param_next(&in, &p) || p.type != PARAM_HEARTBEAT_INFO) return 0;
  struct cursor info = cursor_of(p.value);
  uint64_t nonce = cursor_u64(&info);
  if (info.failed) return 0;
  if (pmtu_on_ack(&s->pmtu, now, nonce)) {
    assoc_use_mtu(s);
    return 0;
  }
  if (!h->waiting || nonce != h->nonce) return 0;
  h->waiting = false;
  h->at = next_beat(s, now);
  s->tx.errors = 0;
  if (h->sent_at >= s->tx.rtt_from) rtt_sample(&s->tx.rtt, now, now - h->sent_at);
  return 0;
}

void heartbeat_wake(struct sctp *s, mono_us now) {
  struct heartbeat *h = &s->heartbeat;
  if (now < h->at) return;
  if (h->waiting) {
    h->waiting = false;
    if (!s->tx.doubted) s->tx.errors++;
    h->due = true;
  } else if (sender_is_idle(&s->tx)) {
    h->due = true;
  }
  h->at = next_beat(s, now);
}

mono_us heartbeat_deadline(const struct sctp *s) {
  return s->heartbeat.at;
}

void heartbeat_write(struct sctp *s, mono_us now, struct writer *w) {
  struct heartbeat *h = &s->heartbeat;
  if (writer_left(w) < 16) return;
  h->due = false;
  h->waiting = true;
  h->nonce = rng_u64(s->cfg.rng);
  h->sent_at = now;
  h->at = mono_add(now, rtt_rto(&s->tx.rtt) << (s->tx.errors < 6 ? s->tx.errors : 6));
  size_t at = chunk_begin(w, CHUNK_HEARTBEAT, 0);
  size_t info = param_begin(w, PARAM_HEARTBEAT_INFO);
  writer_u64(w, h->nonce);
  param_end(w, info);
  chunk_end(w, at);
}
