#include "sctp/association.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "sctp/assoc.h"

/* The least MTU we can work with: IPv4's (RFC 791), less what UDP and DTLS take. */
#define MTU_MIN 400u
#define MTU_MAX 65535u

/* The owner's time to the association's, which stands still while the path is not writable. */
static mono_us run_time(const struct run_clock *c, mono_us now) {
  return (c->stopped ? c->stopped_at : now) - c->behind;
}

mono_us assoc_enter(struct sctp *s, mono_us now) {
  s->tx.real = now;
  return run_time(&s->clock, now);
}

/* What the owner did not take of the last event is over. */
static void forget_told(struct sctp *s) {
  struct event_item *told = s->told;
  s->told = NULL;
  if (!told) return;
  if (told->kind == SCTP_EV_MESSAGE) {
    struct rx_msg *m = LIST_ENTRY(&told->link, struct rx_msg, item.link);
    rx_msg_free(m);
  } else {
    free(LIST_ENTRY(&told->link, struct reset_event, item.link));
  }
}

static bool is_valid(const struct sctp_cfg *cfg) {
  return cfg->mtu >= MTU_MIN && cfg->mtu <= MTU_MAX && cfg->max_mtu <= MTU_MAX &&
         cfg->max_streams > 0 && cfg->receive_window > 0 && cfg->max_message > 0;
}

static void stop_timers(struct sctp *s) {
  s->handshake.t1_at = s->handshake.give_up_at = MONO_NEVER;
  s->shutdown.t2_at = s->shutdown.give_up_at = MONO_NEVER;
  s->heartbeat.at = s->resets.at = MONO_NEVER;
}

int sctp_new(struct sctp **ret, const struct sctp_cfg *cfg, mono_us now) {
  if (!is_valid(cfg)) return -EINVAL;
  struct sctp *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->cfg = *cfg;
  s->mtu = cfg->mtu;
  pmtu_init(&s->pmtu, cfg->mtu, cfg->max_mtu & ~(size_t)3);
  cfg->rng->fill(cfg->rng->ctx, s->secret, sizeof s->secret);
  do s->local_tag = rng_u32(cfg->rng);
  while (s->local_tag == 0);
  s->local_tsn = s->resets.next_seq = rng_u32(cfg->rng);
  list_init(&s->replies);
  stop_timers(s);
  sender_init(&s->tx, s->local_tsn, cfg->mtu, cfg->send_buffer);
  receiver_init(&s->rx, cfg->receive_window, cfg->max_message);
  (void)assoc_enter(s, now);
  *ret = s;
  return 0;
}

struct sctp *sctp_free(struct sctp *s) {
  if (!s) return NULL;
  forget_told(s);
  sender_free(&s->tx);
  receiver_free(&s->rx);
  reset_free(s);
  LIST_EACH_SAFE(it, tmp, &s->replies) payload_free(LIST_ENTRY(it, struct payload, link));
  payload_free(s->lone);
  payload_free(s->handshake.cookie);
  free(s);
  return NULL;
}

int sctp_connect(struct sctp *s, mono_us now) {
  mono_us t = assoc_enter(s, now);
  if (s->phase != PHASE_CLOSED) return -EISCONN;
  handshake_connect(s, t);
  return 0;
}

void assoc_use_mtu(struct sctp *s) {
  s->mtu = s->pmtu.good;
  sender_set_mtu(&s->tx, s->mtu);
}

/* Large packets do not get through any more: RFC 8899 section 4.3. */
static void look_for_black_hole(struct sctp *s, mono_us now) {
  if (s->mtu <= s->pmtu.base || !sender_is_stuck(&s->tx)) return;
  pmtu_black_hole(&s->pmtu, now);
  assoc_use_mtu(s);
}

/* What any input may have made possible. */
static void progress(struct sctp *s, mono_us now) {
  sender_expire(&s->tx);
  sender_follow_abandoned(&s->tx);
  if (!assoc_is_up(s)) return;
  if (s->tx.errors > MAX_RETRANSMITS) {
    assoc_end(s, -ETIMEDOUT, "the peer stopped answering");
    return;
  }
  look_for_black_hole(s, now);
  reset_progress(s);
  shutdown_progress(s, now);
}

int sctp_recv(struct sctp *s, mono_us now, struct bytes packet) {
  mono_us t = assoc_enter(s, now);
  forget_told(s);
  int err = inbound_packet(s, t, packet);
  progress(s, t);
  return err;
}

/* The earliest timer in the association's time. Chunks that went with a COOKIE ECHO wait for the
 * handshake's timer. */
static mono_us timers(struct sctp *s, mono_us now) {
  if (s->phase == PHASE_ENDED) return MONO_NEVER;
  mono_us at = handshake_deadline(s);
  if (!assoc_is_up(s)) return at;
  at = mono_min(at,
                mono_min(s->rx.ack.now ? MONO_NEVER : s->rx.ack.at, sender_deadline(&s->tx, now)));
  at = mono_min(at, mono_min(heartbeat_deadline(s), reset_deadline(s)));
  at = mono_min(at, s->pmtu.at);
  return mono_min(at, shutdown_deadline(s));
}

static void run_timers(struct sctp *s, mono_us now) {
  if (s->clock.stopped || s->phase == PHASE_ENDED) return;
  handshake_wake(s, now);
  if (!assoc_is_up(s)) return;
  ack_wake(&s->rx.ack, now);
  sender_wake(&s->tx, now);
  heartbeat_wake(s, now);
  pmtu_wake(&s->pmtu, now, s->tx.errors > 0);
  reset_wake(s, now);
  shutdown_wake(s, now);
}

int sctp_wake(struct sctp *s, mono_us now) {
  mono_us t = assoc_enter(s, now);
  forget_told(s);
  run_timers(s, t);
  progress(s, t);
  return 0;
}

static void fill_message(struct sctp *s, struct sctp_event *ev) {
  const struct rx_msg *m = LIST_ENTRY(&s->told->link, struct rx_msg, item.link);
  ev->stream = m->stream;
  ev->ppid = m->ppid;
  ev->unordered = m->unordered;
  ev->bytes = m->n;
}

static void fill_reset(struct sctp *s, struct sctp_event *ev) {
  const struct reset_event *e = LIST_ENTRY(&s->told->link, struct reset_event, item.link);
  ev->streams = e->streams;
  ev->n_streams = e->n;
  ev->err = e->err;
}

/* The next thing to tell, in order: connected, what came in, what left the send buffer. */
static bool next_event(struct sctp *s, struct sctp_event *ev) {
  *ev = (struct sctp_event){.text = ""};
  if (s->connected_due) {
    s->connected_due = false;
    ev->kind = SCTP_EV_CONNECTED;
    return true;
  }
  s->told = delivery_next(&s->rx.delivery);
  if (s->told) {
    ev->kind = s->told->kind;
    if (ev->kind == SCTP_EV_MESSAGE)
      fill_message(s, ev);
    else
      fill_reset(s, ev);
    return true;
  }
  const struct out_stream *out = send_queue_announce(&s->tx.queue, &ev->bytes);
  if (!out) return false;
  ev->kind = SCTP_EV_ACKED;
  ev->stream = out->id;
  return true;
}

static bool closed_event(struct sctp *s, struct sctp_event *ev) {
  if (!s->closed_due) return false;
  s->closed_due = false;
  *ev = (struct sctp_event){.kind = SCTP_EV_CLOSED, .err = s->closed_err, .text = s->closed_text};
  return true;
}

/* When to be woken in the owner's time; lifetimes go on while the path is not writable. */
static mono_us wake_at(struct sctp *s, mono_us now, mono_us run) {
  mono_us at = s->clock.stopped ? MONO_NEVER : mono_add(timers(s, run), s->clock.behind);
  mono_us expiry = s->phase == PHASE_ENDED ? MONO_NEVER : send_queue_expiry(&s->tx.queue);
  at = mono_min(at, mono_add(expiry, 1));
  assert(at > now);
  return at;
}

void sctp_poll(struct sctp *s, mono_us now, uint8_t *buf, size_t cap, struct sctp_out *ret) {
  mono_us t = assoc_enter(s, now);
  forget_told(s);
  /* Another input may have come at the very time of a timer. */
  if (timers(s, t) <= t) run_timers(s, t);
  progress(s, t);
  ret->kind = OUT_EVENT;
  if (next_event(s, &ret->u.ev)) return;
  size_t n = s->clock.stopped ? 0 : outbound_packet(s, t, buf, cap);
  if (n > 0) {
    ret->kind = OUT_TX;
    ret->full = n == s->mtu;
    ret->fragment = n > s->mtu && !s->probed;
    ret->u.tx_n = n;
    return;
  }
  if (closed_event(s, &ret->u.ev)) return;
  ret->kind = OUT_IDLE;
  ret->u.wake_at = wake_at(s, now, t);
}

/* Until they are negotiated, as many as we offer. */
static uint16_t usable_streams(const struct sctp *s) {
  return s->streams_out > 0 ? s->streams_out : s->cfg.max_streams;
}

/* Why a message cannot be queued, or 0. */
static int refusal(const struct sctp *s, const struct sctp_send_info *info, size_t n) {
  if (n == 0 || n > UINT32_MAX) return -EINVAL;
  if (s->phase > PHASE_ESTABLISHED) return -ENOTCONN;
  if (info->stream >= usable_streams(s)) return -EINVAL;
  const struct out_stream *out = send_queue_stream(&s->tx.queue, info->stream);
  if (out && out->resetting) return -EBUSY;
  return send_queue_is_full(&s->tx.queue, n) ? -EAGAIN : 0;
}

int sctp_send(struct sctp *s, mono_us now, const struct sctp_send_info *info,
              struct payload *message) {
  (void)assoc_enter(s, now);
  int err = refusal(s, info, message->n);
  if (err == 0) err = send_queue_add(&s->tx.queue, info, message, mono_add(now, info->lifetime));
  if (err < 0) payload_free(message);
  return err;
}

struct payload *sctp_take_message(struct sctp *s) {
  if (!s->told || s->told->kind != SCTP_EV_MESSAGE) return NULL;
  struct rx_msg *m = LIST_ENTRY(&s->told->link, struct rx_msg, item.link);
  struct payload *p = rx_msg_take(m);
  if (p) receiver_taken(&s->rx, p->n);
  return p;
}

void sctp_release(struct sctp *s, mono_us now, size_t n) {
  (void)assoc_enter(s, now);
  receiver_released(&s->rx, n);
}

int sctp_reset_streams(struct sctp *s, mono_us now, const uint16_t *streams, size_t n) {
  (void)assoc_enter(s, now);
  if (s->phase > PHASE_ESTABLISHED) return -ENOTCONN;
  for (size_t i = 0; i < n; i++)
    if (streams[i] >= usable_streams(s)) return -EINVAL;
  return reset_request(s, streams, n);
}

void sctp_set_writable(struct sctp *s, mono_us now, bool writable) {
  struct run_clock *c = &s->clock;
  mono_us t = assoc_enter(s, now);
  if (c->stopped == !writable) return;
  if (writable) c->behind += now - c->stopped_at;
  c->stopped = !writable;
  c->stopped_at = now;
  /* Answers to what was sent before the stop do not tell the path's RTT. */
  s->tx.rtt_from = t + 1;
}

void sctp_path_changed(struct sctp *s, mono_us now) {
  mono_us t = assoc_enter(s, now);
  pmtu_init(&s->pmtu, s->pmtu.base, s->pmtu.max);
  if (assoc_is_up(s)) pmtu_start(&s->pmtu, t);
  assoc_use_mtu(s);
  sender_path_changed(&s->tx, t, s->hint);
  if (assoc_is_up(s) && s->tx.out.flight.n == 0) heartbeat_probe(s);
}

void sctp_set_path_doubted(struct sctp *s, mono_us now, bool doubted) {
  (void)assoc_enter(s, now);
  s->tx.doubted = doubted;
}

void sctp_path_resumed(struct sctp *s, mono_us now) {
  mono_us t = assoc_enter(s, now);
  if (assoc_is_up(s)) sender_path_resumed(&s->tx, t);
}

bool sctp_awaits_answer(const struct sctp *s) {
  return s->tx.out.flight.n > 0;
}

void sctp_hint_rtt(struct sctp *s, mono_us rtt) {
  s->hint = rtt;
  if (s->tx.rtt.srtt == 0) rtt_init(&s->tx.rtt, rtt);
}

static size_t between(size_t v, size_t low, size_t high) {
  return v < low ? low : v > high ? high : v;
}

void sctp_set_mtu(struct sctp *s, mono_us now, size_t mtu, size_t max) {
  mono_us t = assoc_enter(s, now);
  size_t base = between(mtu, MTU_MIN, MTU_MAX);
  pmtu_init(&s->pmtu, base, between(max, base, MTU_MAX) & ~(size_t)3);
  if (assoc_is_up(s)) pmtu_start(&s->pmtu, t);
  assoc_use_mtu(s);
}

bool sctp_next_is_long(const struct sctp *s) {
  return s->pmtu.due || sender_packet_size(&s->tx) > s->mtu;
}

void sctp_shutdown(struct sctp *s, mono_us now) {
  shutdown_begin(s, assoc_enter(s, now));
}

void sctp_abort(struct sctp *s, mono_us now, const char *reason) {
  (void)assoc_enter(s, now);
  assoc_abort(s, -ECONNABORTED, CAUSE_USER_ABORT, bytes_of(reason), reason ? reason : "aborted");
}

enum sctp_state sctp_state(const struct sctp *s) {
  static const enum sctp_state states[] = {
      [PHASE_CLOSED] = SCTP_CLOSED,
      [PHASE_COOKIE_WAIT] = SCTP_CONNECTING,
      [PHASE_COOKIE_ECHOED] = SCTP_CONNECTING,
      [PHASE_ESTABLISHED] = SCTP_CONNECTED,
      [PHASE_SHUTDOWN_PENDING] = SCTP_SHUTTING_DOWN,
      [PHASE_SHUTDOWN_SENT] = SCTP_SHUTTING_DOWN,
      [PHASE_SHUTDOWN_RECEIVED] = SCTP_SHUTTING_DOWN,
      [PHASE_SHUTDOWN_ACK_SENT] = SCTP_SHUTTING_DOWN,
      [PHASE_ENDED] = SCTP_CLOSED,
  };
  return states[s->phase];
}

uint16_t sctp_streams_out(const struct sctp *s) {
  return s->streams_out;
}

uint16_t sctp_streams_in(const struct sctp *s) {
  return s->streams_in;
}

size_t sctp_buffered(const struct sctp *s, uint16_t stream) {
  const struct out_stream *out = send_queue_stream(&s->tx.queue, stream);
  return out ? out->buffered : 0;
}

void sctp_stats(const struct sctp *s, struct sctp_stats *ret) {
  const struct sender *tx = &s->tx;
  *ret = (struct sctp_stats){
      .srtt = tx->rtt.srtt,
      .rto = rtt_rto(&tx->rtt),
      .cwnd = tx->cubic.cwnd,
      .mtu = s->mtu,
      .in_flight = tx->out.flight_bytes,
      .send_queued = tx->queue.buffered,
      .receive_held = receiver_held(&s->rx),
      .peer_rwnd = tx->peer_window,
      .packets_sent = s->packets_sent,
      .packets_received = s->packets_received,
      .bytes_sent = tx->bytes,
      .bytes_received = s->rx.bytes,
      .retransmits = tx->retransmits,
      .fast_retransmits = tx->fast_retransmits,
      .timeouts = tx->timeouts,
      .abandoned = tx->abandoned,
      .duplicates = s->rx.duplicates,
      .checksum_errors = s->checksum_errors,
  };
}
