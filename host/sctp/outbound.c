#include <assert.h>

#include "sctp/assoc.h"

/* A packet out: what is due, in the order the RFCs ask for, then data. */

static void begin(const struct sctp *s, struct writer *w, uint32_t tag) {
  packet_begin(w, &(struct packet_header){s->cfg.local_port, s->cfg.remote_port, tag});
}

static size_t finish(struct sctp *s, struct writer *w) {
  packet_finish(w);
  s->packets_sent++;
  return w->n;
}

/* The same for a packet of an association that both ends know of: all that may lack its checksum
 * (RFC 9653 section 5.2). */
static size_t finish_established(struct sctp *s, struct writer *w) {
  if (!s->skip_checksum) return finish(s, w);
  assert(!w->failed);
  s->packets_sent++;
  return w->n;
}

static size_t lone_packet(struct sctp *s, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  begin(s, &w, s->lone_tag);
  writer_bytes(&w, payload_bytes(s->lone));
  s->lone = payload_free(s->lone);
  return w.failed ? 0 : finish(s, &w);
}

static size_t handshake_packet(struct sctp *s, mono_us now, uint8_t *buf, size_t cap) {
  if (!s->handshake.due) return 0;
  struct writer w = writer_of(buf, cap);
  begin(s, &w, s->phase == PHASE_COOKIE_WAIT ? 0 : s->peer_tag);
  handshake_write(s, now, &w);
  return w.failed ? 0 : finish(s, &w);
}

static void write_replies(struct sctp *s, struct writer *w) {
  while (!list_empty(&s->replies)) {
    struct payload *p = LIST_ENTRY(s->replies.next, struct payload, link);
    if (writer_left(w) < padded(p->n)) return;
    writer_bytes(w, payload_bytes(p));
    writer_zero(w, padded(p->n) - p->n);
    list_remove(&p->link);
    payload_free(p);
    s->n_replies--;
  }
}

static bool may_send_data(const struct sctp *s) {
  return s->phase >= PHASE_ESTABLISHED && s->phase <= PHASE_SHUTDOWN_RECEIVED &&
         s->phase != PHASE_SHUTDOWN_SENT;
}

/* All but data. `data`: some will follow, so a SACK that may wait goes along. */
static void write_control(struct sctp *s, mono_us now, struct writer *w, bool data) {
  write_replies(s, w);
  if ((s->rx.ack.now || (data && ack_owed(&s->rx.ack))) && writer_left(w) >= SACK_HEADER_SIZE)
    receiver_write_sack(&s->rx, w);
  if (s->tx.forward_due) sender_write_forward(&s->tx, now, w);
  if (s->resets.due) reset_write(s, now, w);
  if (s->heartbeat.due) heartbeat_write(s, now, w);
  if (s->shutdown.due) shutdown_write(s, now, w);
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t packet(struct sctp *s, mono_us now, uint8_t *buf, size_t cap) {
  bool data = may_send_data(s) && sender_ready(&s->tx, now);
  size_t size = smaller(s->mtu, cap);
  struct writer w = writer_of(buf, size);
  begin(s, &w, s->peer_tag);
  write_control(s, now, &w, data);
  bool control = w.n > PACKET_HEADER_SIZE;
  size_t wanted = data ? smaller(sender_packet_size(&s->tx), cap) : size;
  if (data && (wanted <= size || !control)) {
    w.cap = wanted > size ? wanted : size;
    size_t written = sender_fill(&s->tx, now, &w);
    if (written > 0) sender_packet_sent(&s->tx, now, w.n);
  }
  return w.n > PACKET_HEADER_SIZE ? finish_established(s, &w) : 0;
}

static size_t mtu_probe(struct sctp *s, mono_us now, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  begin(s, &w, s->peer_tag);
  pmtu_write(&s->pmtu, now, rtt_rto(&s->tx.rtt), s->cfg.rng, &w);
  s->probed = w.n > PACKET_HEADER_SIZE;
  return s->probed ? finish_established(s, &w) : 0;
}

size_t outbound_packet(struct sctp *s, mono_us now, uint8_t *buf, size_t cap) {
  s->probed = false;
  if (s->lone) return lone_packet(s, buf, cap);
  if (s->phase == PHASE_COOKIE_WAIT || s->phase == PHASE_COOKIE_ECHOED)
    return handshake_packet(s, now, buf, smaller(s->mtu, cap));
  if (!assoc_is_up(s)) return 0;
  size_t n = s->pmtu.due ? mtu_probe(s, now, buf, cap) : 0;
  return n > 0 ? n : packet(s, now, buf, cap);
}
