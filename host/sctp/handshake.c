#include <errno.h>
#include <stdlib.h>

#include "sctp/assoc.h"

/* T1 doubles up to this, and after so long nobody is there (in the place of Max.Init.Retransmits).
 */
#define T1_MAX  (3 * MONO_S)
#define GIVE_UP (30 * MONO_S)

/* A handshake's answer that took longer is not a measurement: something was sent twice. */
#define RTT_CREDIBLE (1 * MONO_S)

static mono_us t1_of(const struct sctp *s) {
  mono_us t1 = rtt_rto(&s->tx.rtt);
  for (unsigned i = 0; i < s->handshake.tries && t1 < T1_MAX; i++) t1 *= 2;
  return mono_min(t1, T1_MAX);
}

static void start_t1(struct sctp *s, mono_us now) {
  s->handshake.tries = 0;
  s->handshake.due = true;
  s->handshake.sent_at = now;
  s->handshake.t1_at = mono_add(now, t1_of(s));
}

static void stop_t1(struct sctp *s) {
  struct handshake *h = &s->handshake;
  h->due = false;
  h->t1_at = h->give_up_at = MONO_NEVER;
  h->cookie = payload_free(h->cookie);
  h->reports = (struct bytes){NULL, 0};
}

void handshake_connect(struct sctp *s, mono_us now) {
  s->phase = PHASE_COOKIE_WAIT;
  s->handshake.give_up_at = mono_add(now, GIVE_UP);
  start_t1(s, now);
}

void handshake_again(struct sctp *s, mono_us now) {
  sender_requeue(&s->tx);
  s->handshake.cookie = payload_free(s->handshake.cookie);
  s->phase = PHASE_COOKIE_WAIT;
  start_t1(s, now);
}

/* What both INIT and INIT ACK say of us. */
static struct init_chunk own_init(const struct sctp *s, uint32_t tag, uint32_t tsn) {
  return (struct init_chunk){.tag = tag,
                             .a_rwnd = receiver_window(&s->rx),
                             .streams_out = s->cfg.max_streams,
                             .streams_in = s->cfg.max_streams,
                             .tsn = tsn,
                             .forward_tsn = true,
                             .reconfig = true,
                             .interleaving = s->cfg.interleaving,
                             .zero_checksum = s->cfg.zero_checksum};
}

static uint16_t fewer(uint16_t a, uint16_t b) {
  return a < b ? a : b;
}

static uint32_t nonzero_tag(const struct rng *rng) {
  for (;;) {
    uint32_t tag = rng_u32(rng);
    if (tag != 0) return tag;
  }
}

/* Section 5.1: tag and streams must not be 0. Tells the peer so. */
static int check_init(struct sctp *s, const struct init_chunk *init) {
  if (init->tag == 0 || (init->streams_out > 0 && init->streams_in > 0)) return init->tag != 0;
  uint8_t buf[16];
  struct writer w = writer_of(buf, sizeof buf);
  size_t at = chunk_begin(&w, CHUNK_ABORT, 0);
  param_write(&w, CAUSE_INVALID_PARAMETER, (struct bytes){NULL, 0});
  chunk_end(&w, at);
  (void)reply_lone(s, init->tag, writer_written(&w));
  return 0;
}

/* The cookie holds what the association would be. Once there is one, a new INIT is answered with a
 * new tag and its cookie with the tags of the present (section 5.2.2). */
static struct cookie cookie_for(struct sctp *s, mono_us now, const struct init_chunk *init) {
  bool fresh = s->phase >= PHASE_ESTABLISHED;
  return (struct cookie){.made_at = now,
                         .local_tag = fresh ? nonzero_tag(s->cfg.rng) : s->local_tag,
                         .peer_tag = init->tag,
                         .local_tsn = fresh ? rng_u32(s->cfg.rng) : s->local_tsn,
                         .peer_tsn = init->tsn,
                         .local_tie_tag = s->phase > PHASE_CLOSED ? s->local_tag : 0,
                         .peer_tie_tag = s->phase > PHASE_COOKIE_WAIT ? s->peer_tag : 0,
                         .peer_rwnd = init->a_rwnd,
                         .streams_out = fewer(s->cfg.max_streams, init->streams_in),
                         .streams_in = fewer(s->cfg.max_streams, init->streams_out),
                         .forward_tsn = init->forward_tsn,
                         .reconfig = init->reconfig,
                         .interleaving = init->interleaving,
                         .zero_checksum = init->zero_checksum};
}

int handshake_on_init(struct sctp *s, mono_us now, const struct chunk *c) {
  uint8_t report_buf[INIT_REPORT_MAX], cookie_buf[COOKIE_SIZE], buf[2 * INIT_REPORT_MAX + 256];
  struct writer report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk init;
  if (!init_chunk_read(c->value, &init, &report) || !check_init(s, &init)) return 0;
  if (s->phase == PHASE_SHUTDOWN_ACK_SENT) {
    s->shutdown.due = true;
    return 0;
  }
  struct cookie cookie = cookie_for(s, now, &init);
  struct writer cw = writer_of(cookie_buf, sizeof cookie_buf);
  cookie_write(&cw, s->secret, &cookie);
  struct init_chunk answer = own_init(s, cookie.local_tag, cookie.local_tsn);
  answer.cookie = writer_written(&cw);
  struct writer w = writer_of(buf, sizeof buf);
  init_chunk_write(&w, CHUNK_INIT_ACK, &answer, writer_written(&report));
  return w.failed ? 0 : reply_lone(s, init.tag, writer_written(&w));
}

/* Both ends know each other now; what is left is to say so. */
static void meet(struct sctp *s, const struct cookie *c) {
  s->peer_tag = c->peer_tag;
  s->streams_out = c->streams_out;
  s->streams_in = c->streams_in;
  s->peer_reconfig = c->reconfig;
  s->skip_checksum = c->zero_checksum && s->cfg.zero_checksum;
  s->resets.peer_seq = c->peer_tsn;
  s->interleaving = c->interleaving && s->cfg.interleaving;
  receiver_start(&s->rx, &(struct receiver_start){.tsn = c->peer_tsn,
                                                  .streams = c->streams_in,
                                                  .forward_tsn = c->forward_tsn,
                                                  .interleaving = s->interleaving});
  sender_start(&s->tx, c->peer_rwnd, c->forward_tsn, s->interleaving);
  sender_limit_streams(&s->tx, c->streams_out);
}

static void note_rtt(struct sctp *s, mono_us now, mono_us sent_at) {
  if (now - sent_at < RTT_CREDIBLE) rtt_sample(&s->tx.rtt, now, now - sent_at);
}

static int refuse_cookieless(struct sctp *s, const struct init_chunk *init) {
  static const uint8_t missing[] = {0, 0, 0, 1, 0, PARAM_STATE_COOKIE};
  s->peer_tag = init->tag;
  s->phase = PHASE_COOKIE_ECHOED;
  assoc_abort(s, -EPROTO, CAUSE_MISSING_PARAMETER, (struct bytes){missing, sizeof missing},
              "the peer's INIT ACK has no cookie");
  return 0;
}

int handshake_on_init_ack(struct sctp *s, mono_us now, const struct chunk *c) {
  struct handshake *h = &s->handshake;
  struct writer report = writer_of(h->report_buf, sizeof h->report_buf);
  struct init_chunk init;
  if (s->phase != PHASE_COOKIE_WAIT) return 0;
  if (!init_chunk_read(c->value, &init, &report) || init.tag == 0) return 0;
  if (init.streams_out == 0 || init.streams_in == 0) {
    assoc_end(s, -EPROTO, "the peer's INIT ACK offers no streams");
    return 0;
  }
  if (init.cookie.n == 0) return refuse_cookieless(s, &init);
  h->cookie = payload_copy(init.cookie);
  if (!h->cookie) return -ENOMEM;
  h->reports = writer_written(&report);
  const struct cookie known = {.peer_tag = init.tag,
                               .peer_tsn = init.tsn,
                               .peer_rwnd = init.a_rwnd,
                               .streams_out = fewer(s->cfg.max_streams, init.streams_in),
                               .streams_in = fewer(s->cfg.max_streams, init.streams_out),
                               .forward_tsn = init.forward_tsn,
                               .reconfig = init.reconfig,
                               .interleaving = init.interleaving,
                               .zero_checksum = init.zero_checksum};
  meet(s, &known);
  if (h->tries == 0) note_rtt(s, now, h->sent_at);
  s->phase = PHASE_COOKIE_ECHOED;
  start_t1(s, now);
  return 0;
}

void handshake_done(struct sctp *s, mono_us now) {
  stop_t1(s);
  s->phase = PHASE_ESTABLISHED;
  s->connected_due = true;
  s->resets.look = true;
  recovery_arm_t3(&s->tx, now);
  heartbeat_start(s, now);
  pmtu_start(&s->pmtu, now);
}

/* The tags of the cookie against ours, table 12 of section 5.2.4. */
enum meeting { MEET_NEW, MEET_SAME, MEET_RESTART, MEET_IGNORE };

static enum meeting judge_cookie(const struct sctp *s, const struct cookie *c) {
  bool local = c->local_tag == s->local_tag, peer = c->peer_tag == s->peer_tag;
  if (s->phase == PHASE_CLOSED || s->phase == PHASE_COOKIE_WAIT)
    return local ? MEET_NEW : MEET_IGNORE;
  if (local && peer) return MEET_SAME;                                        /* D */
  if (local) return s->phase == PHASE_COOKIE_ECHOED ? MEET_NEW : MEET_IGNORE; /* B */
  bool ties = c->local_tie_tag == s->local_tag && c->peer_tie_tag == s->peer_tag;
  return !peer && ties ? MEET_RESTART : MEET_IGNORE; /* A, C */
}

static int stale(struct sctp *s, mono_us now, const struct cookie *c) {
  uint8_t buf[16];
  struct writer w = writer_of(buf, sizeof buf);
  mono_us over = now - c->made_at - COOKIE_LIFE;
  size_t at = chunk_begin(&w, CHUNK_ERROR, 0);
  size_t cause = param_begin(&w, CAUSE_STALE_COOKIE);
  writer_u32(&w, over < UINT32_MAX ? (uint32_t)over : UINT32_MAX);
  param_end(&w, cause);
  chunk_end(&w, at);
  return reply_lone(s, c->peer_tag, writer_written(&w));
}

static int cookie_while_shutting_down(struct sctp *s) {
  s->shutdown.due = true;
  return reply_error(s, CAUSE_COOKIE_WHILE_SHUTTING_DOWN, (struct bytes){NULL, 0});
}

int handshake_on_cookie_echo(struct sctp *s, mono_us now, const struct chunk *c, uint32_t tag) {
  struct cookie cookie;
  enum cookie_fault fault = cookie_read(c->value, s->secret, now, &cookie);
  if (fault == COOKIE_FORGED || tag != cookie.local_tag) return 0;
  enum meeting m = judge_cookie(s, &cookie);
  /* Section 5.2.4, 3: an old cookie still counts where both tags are known. */
  if (fault == COOKIE_STALE && m != MEET_SAME) return stale(s, now, &cookie);
  if (m == MEET_IGNORE) return 0;
  if (m == MEET_RESTART) {
    if (s->phase == PHASE_SHUTDOWN_ACK_SENT) return cookie_while_shutting_down(s);
    assoc_end(s, -ECONNRESET, "the peer restarted the association");
    return 0;
  }
  if (reply_empty(s, CHUNK_COOKIE_ACK) < 0) return -ENOMEM;
  if (m == MEET_NEW) {
    meet(s, &cookie);
    note_rtt(s, now, cookie.made_at);
  }
  if (!assoc_is_up(s)) handshake_done(s, now);
  return 0;
}

int handshake_on_cookie_ack(struct sctp *s, mono_us now, const struct chunk *c) {
  (void)c;
  if (s->phase != PHASE_COOKIE_ECHOED) return 0;
  if (s->handshake.tries == 0) note_rtt(s, now, s->handshake.sent_at);
  handshake_done(s, now);
  return 0;
}

void handshake_wake(struct sctp *s, mono_us now) {
  struct handshake *h = &s->handshake;
  if (now >= h->give_up_at) {
    assoc_end(s, -ETIMEDOUT, "the peer did not answer the SCTP handshake for 30 seconds");
    return;
  }
  if (now < h->t1_at) return;
  h->tries++;
  h->due = true;
  h->t1_at = mono_add(now, t1_of(s));
  /* What went along with the COOKIE ECHO goes along again. */
  if (s->phase == PHASE_COOKIE_ECHOED) sender_requeue(&s->tx);
}

mono_us handshake_deadline(const struct sctp *s) {
  return mono_min(s->handshake.t1_at, s->handshake.give_up_at);
}

/* INIT is alone in its packet; COOKIE ECHO is the first chunk, and data may follow (section 5.1 D).
 */
void handshake_write(struct sctp *s, mono_us now, struct writer *w) {
  struct handshake *h = &s->handshake;
  h->due = false;
  if (s->phase == PHASE_COOKIE_WAIT) {
    struct init_chunk init = own_init(s, s->local_tag, s->local_tsn);
    init_chunk_write(w, CHUNK_INIT, &init, (struct bytes){NULL, 0});
    return;
  }
  size_t at = chunk_begin(w, CHUNK_COOKIE_ECHO, 0);
  writer_bytes(w, payload_bytes(h->cookie));
  chunk_end(w, at);
  if (h->reports.n > 0 && writer_left(w) >= h->reports.n + CHUNK_HEADER_SIZE + CHUNK_HEADER_SIZE) {
    at = chunk_begin(w, CHUNK_ERROR, 0);
    param_write(w, CAUSE_UNRECOGNIZED_PARAMETERS, h->reports);
    chunk_end(w, at);
  }
  if (sender_ready(&s->tx, now)) (void)sender_fill(&s->tx, now, w);
}
