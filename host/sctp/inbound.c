#include <errno.h>

#include "sctp/assoc.h"
#include "sctp/packet/data.h"

/* A packet in, chunk by chunk. */

static void on_data_fault(struct sctp *s, int err) {
  if (err == -EPROTO)
    assoc_violation(s, "the peer sent fragments that contradict each other");
  else
    assoc_violation(s, "the peer sent a message larger than the maximum");
}

static int no_data(struct sctp *s, const struct data_chunk *d) {
  uint8_t tsn[4];
  store_be32(tsn, d->tsn);
  assoc_abort(s, -EPROTO, CAUSE_NO_USER_DATA, (struct bytes){tsn, sizeof tsn},
              "the peer sent a DATA chunk without data");
  return 0;
}

static int invalid_stream(struct sctp *s, const struct data_chunk *d) {
  uint8_t info[4] = {0};
  store_be16(info, d->stream);
  return reply_error(s, CAUSE_INVALID_STREAM, (struct bytes){info, sizeof info});
}

/* Data may come while we wait for the COOKIE ACK: that was lost or overtaken. */
static bool takes_data(struct sctp *s, mono_us now) {
  if (s->phase == PHASE_COOKIE_ECHOED) handshake_done(s, now);
  return s->phase >= PHASE_ESTABLISHED && s->phase <= PHASE_SHUTDOWN_SENT;
}

static int on_data(struct sctp *s, mono_us now, const struct chunk *c) {
  struct data_chunk d;
  if (!takes_data(s, now)) return 0;
  if (!data_chunk_read(c, &d)) {
    assoc_violation(s, "the peer sent a DATA chunk without its header");
    return 0;
  }
  if (d.interleaved != s->interleaving) { /* RFC 8260 section 2.2.1 */
    assoc_violation(s, "the peer sent the kind of DATA chunk that was not agreed upon");
    return 0;
  }
  if (d.data.n == 0) return no_data(s, &d);
  int err = receiver_data(&s->rx, &d);
  if (err == -ENOSTR) return invalid_stream(s, &d);
  if (err == -EPROTO || err == -EMSGSIZE) {
    on_data_fault(s, err);
    return 0;
  }
  /* RFC 9260 section 9.2: in SHUTDOWN-SENT data is answered with another SHUTDOWN. */
  if (s->phase == PHASE_SHUTDOWN_SENT) s->shutdown.due = s->rx.ack.now = true;
  return err;
}

static int on_sack(struct sctp *s, mono_us now, const struct chunk *c) {
  struct sack_chunk sack;
  if (s->phase == PHASE_COOKIE_ECHOED) handshake_done(s, now);
  if (!assoc_is_up(s) || !sack_chunk_read(c->value, &sack)) return 0;
  if (sender_on_sack(&s->tx, now, &sack) < 0)
    assoc_violation(s, "the peer acknowledged what was never sent");
  s->resets.look = true;
  return 0;
}

static int on_forward(struct sctp *s, mono_us now, const struct chunk *c) {
  struct forward_tsn_chunk f;
  if (!takes_data(s, now) || !forward_tsn_read(c, &f)) return 0;
  if (f.interleaved != s->interleaving) { /* RFC 8260 section 2.3.1 */
    assoc_violation(s, "the peer sent the kind of FORWARD TSN chunk that was not agreed upon");
    return 0;
  }
  int err = receiver_forward(&s->rx, &f);
  if (err != -EPROTO) return err;
  assoc_violation(s, "the peer skipped the begin of a message it goes on with");
  return 0;
}

static int on_pad(struct sctp *s, mono_us now, const struct chunk *c) {
  (void)s;
  (void)now;
  (void)c;
  return 0;
}

struct handler {
  uint8_t type;
  int (*handle)(struct sctp *, mono_us, const struct chunk *);
};

/* The most frequent first. INIT and COOKIE ECHO have rules of their own about the packet. */
static const struct handler handlers[] = {
    {CHUNK_DATA, on_data},
    {CHUNK_I_DATA, on_data},
    {CHUNK_SACK, on_sack},
    {CHUNK_HEARTBEAT, heartbeat_on_heartbeat},
    {CHUNK_HEARTBEAT_ACK, heartbeat_on_ack},
    {CHUNK_FORWARD_TSN, on_forward},
    {CHUNK_I_FORWARD_TSN, on_forward},
    {CHUNK_RE_CONFIG, reset_on_reconfig},
    {CHUNK_ABORT, ending_on_abort},
    {CHUNK_ERROR, ending_on_error},
    {CHUNK_INIT_ACK, handshake_on_init_ack},
    {CHUNK_COOKIE_ACK, handshake_on_cookie_ack},
    {CHUNK_SHUTDOWN, shutdown_on_shutdown},
    {CHUNK_SHUTDOWN_ACK, shutdown_on_ack},
    {CHUNK_SHUTDOWN_COMPLETE, shutdown_on_complete},
    {CHUNK_PAD, on_pad},
};

static const struct handler *find_handler(const struct sctp *s, uint8_t type) {
  bool interleaving = type == CHUNK_I_DATA || type == CHUNK_I_FORWARD_TSN;
  if (interleaving && !s->cfg.interleaving) return NULL;
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
    if (handlers[i].type == type) return &handlers[i];
  return NULL;
}

/* Section 3.2: the two highest bits say whether to go on and whether to tell. */
static int on_unknown(struct sctp *s, const struct chunk *c, bool *ret_stop) {
  *ret_stop = !(c->type & UNKNOWN_SKIP_CHUNK);
  if (!(c->type & UNKNOWN_REPORT_CHUNK) || !assoc_is_up(s)) return 0;
  const uint8_t header[] = {c->type, c->flags, 0, CHUNK_HEADER_SIZE};
  return reply_error(s, CAUSE_UNRECOGNIZED_CHUNK, (struct bytes){header, sizeof header});
}

static int on_chunk(struct sctp *s, mono_us now, const struct chunk *c, uint32_t tag,
                    bool *ret_stop) {
  if (c->type == CHUNK_COOKIE_ECHO) return handshake_on_cookie_echo(s, now, c, tag);
  /* A packet for another life of the association may hold nothing but a COOKIE ECHO. */
  if (tag != s->local_tag) {
    *ret_stop = true;
    return 0;
  }
  const struct handler *h = find_handler(s, c->type);
  return h ? h->handle(s, now, c) : on_unknown(s, c, ret_stop);
}

/* Section 8.5.1: with the T bit an ABORT or SHUTDOWN COMPLETE carries our own tag back. */
static bool is_reflected(const struct sctp *s, const struct chunk *c, uint32_t tag) {
  bool may = c->type == CHUNK_ABORT || c->type == CHUNK_SHUTDOWN_COMPLETE;
  return may && (c->flags & FLAG_T) && s->peer_tag != 0 && tag == s->peer_tag;
}

/* Section 8.5: whether the packet's tag fits its first chunk. */
static bool tag_fits(const struct sctp *s, const struct chunk *first, uint32_t tag) {
  return tag == s->local_tag || first->type == CHUNK_COOKIE_ECHO || is_reflected(s, first, tag);
}

static int read_chunks(struct sctp *s, mono_us now, struct cursor *chunks, uint32_t tag) {
  struct chunk c;
  if (!chunk_next(chunks, &c)) return 0;
  /* INIT has tag 0 and is alone (section 3.3.2 and 8.5.1 A). */
  if (c.type == CHUNK_INIT) {
    bool takes = tag == 0 && chunks->n == 0 && s->phase != PHASE_ENDED;
    return takes ? handshake_on_init(s, now, &c) : 0;
  }
  if (!tag_fits(s, &c, tag)) return 0;
  if (is_reflected(s, &c, tag)) tag = s->local_tag;
  bool stop = false, alive = s->phase != PHASE_ENDED || c.type == CHUNK_SHUTDOWN_ACK;
  int result = 0;
  while (alive && !stop) {
    int err = on_chunk(s, now, &c, tag, &stop);
    if (err < 0) result = err;
    alive = s->phase != PHASE_ENDED && chunk_next(chunks, &c);
  }
  return result;
}

int inbound_packet(struct sctp *s, mono_us now, struct bytes packet) {
  struct packet_header h;
  struct cursor chunks;
  enum packet_integrity integrity = s->cfg.zero_checksum ? PACKET_ZERO_ACCEPTABLE : PACKET_CRC32C;
  enum packet_fault fault = packet_open(packet, integrity, &h, &chunks);
  if (fault == PACKET_CHECKSUM) s->checksum_errors++;
  if (fault != PACKET_OK) return 0;
  if (h.source != s->cfg.remote_port || h.destination != s->cfg.local_port) return 0;
  s->packets_received++;
  int err = read_chunks(s, now, &chunks, h.tag);
  receiver_packet_end(&s->rx, now);
  return err;
}
