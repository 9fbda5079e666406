#include <errno.h>
#include <stdlib.h>

#include "base/serial.h"
#include "sctp/assoc.h"
#include "sctp/packet/reconfig.h"

/* Resets the peer asks for, RFC 6525 section 5.2. */

static int respond(struct sctp *s, uint32_t seq, enum reset_result result) {
  uint8_t buf[32];
  struct writer w = writer_of(buf, sizeof buf);
  size_t at = chunk_begin(&w, CHUNK_RE_CONFIG, 0);
  reconfig_write_response(&w, seq, result);
  chunk_end(&w, at);
  return reply_chunk(s, writer_written(&w));
}

static bool names_only_ours(const struct reconfig_param *p, uint16_t streams) {
  for (size_t i = 0; i < reconfig_streams(p); i++)
    if (reconfig_stream_at(p, i) >= streams) return false;
  return true;
}

/*
 * A request that was answered "in progress" comes again, under the same number or, with the same
 * content, under the next one, until the peer hears that it was performed. That answer may cross
 * with one more repetition, so for a while the same content is not taken for a second reset.
 */
#define REPETITION (1 * MONO_S)

static enum reset_result deferred_result(struct sctp *s, mono_us now) {
  if (s->rx.delivery.deferred.event) return RESET_IN_PROGRESS;
  if (s->resets.deferring) s->resets.told_at = now;
  s->resets.deferring = false;
  return RESET_PERFORMED;
}

static bool is_repetition(const struct resets *r, mono_us now, const struct reconfig_param *p,
                          uint64_t print) {
  bool recent = r->deferring || (r->told_at > 0 && now - r->told_at < REPETITION);
  return recent && r->deferred_print == print && r->deferred_tsn == p->last_tsn;
}

/* Performs the reset or puts it off. */
static int outgoing(struct sctp *s, mono_us now, const struct reconfig_param *p,
                    enum reset_result *ret) {
  struct resets *r = &s->resets;
  struct delivery *d = &s->rx.delivery;
  uint64_t print = siphash(s->secret, p->streams);
  bool repeated = is_repetition(r, now, p, print);
  if (repeated || d->deferred.event) {
    *ret = repeated ? deferred_result(s, now) : RESET_ALREADY_IN_PROGRESS;
    return 0;
  }
  if (!names_only_ours(p, s->streams_in)) {
    *ret = RESET_WRONG_SSN;
    return 0;
  }
  struct reset_event *e = reset_event_new(SCTP_EV_RESET_INCOMING, reconfig_streams(p));
  if (!e) return -ENOMEM;
  for (size_t i = 0; i < e->n; i++) e->streams[i] = reconfig_stream_at(p, i);
  uint64_t cum = s->rx.tracker.cum;
  if (delivery_reset(d, e, serial32_unwrap(cum, p->last_tsn), cum)) {
    *ret = RESET_PERFORMED;
    return 0;
  }
  r->deferred_print = print;
  r->deferred_tsn = p->last_tsn;
  r->deferring = true;
  *ret = RESET_IN_PROGRESS;
  return 0;
}

/* The peer asks us to reset streams of ours: our own request is the answer (section 5.2.3). */
static int incoming(struct sctp *s, const struct reconfig_param *p, enum reset_result *ret) {
  *ret = RESET_WRONG_SSN;
  if (reconfig_streams(p) == 0 || !names_only_ours(p, s->streams_out)) return 0;
  for (size_t i = 0; i < reconfig_streams(p); i++) {
    uint16_t stream = reconfig_stream_at(p, i);
    int err = reset_request(s, &stream, 1);
    if (err < 0) return err;
  }
  s->resets.answers = p->request_seq;
  *ret = RESET_IN_PROGRESS;
  return 0;
}

static int on_request(struct sctp *s, mono_us now, const struct reconfig_param *p) {
  struct resets *r = &s->resets;
  if (p->request_seq == r->peer_seq - 1) {
    if (r->deferring) r->peer_result = deferred_result(s, now);
    return respond(s, p->request_seq, r->peer_result);
  }
  if (p->request_seq != r->peer_seq) return respond(s, p->request_seq, RESET_BAD_SEQUENCE);
  /* Resets of all TSNs and more streams: refused, as RFC 6525 allows. */
  enum reset_result result = RESET_DENIED;
  int err = p->type == PARAM_OUTGOING_RESET   ? outgoing(s, now, p, &result)
            : p->type == PARAM_INCOMING_RESET ? incoming(s, p, &result)
                                              : 0;
  if (err < 0) return err;
  r->peer_seq++;
  r->peer_result = result;
  return respond(s, p->request_seq, result);
}

int reset_on_reconfig(struct sctp *s, mono_us now, const struct chunk *c) {
  if (!assoc_is_up(s)) return 0;
  struct cursor in = cursor_of(c->value);
  for (struct param raw; param_next(&in, &raw);) {
    struct reconfig_param p;
    if (!reconfig_param_read(&raw, &p)) return 0;
    if (p.type == PARAM_RECONFIG_RESPONSE) {
      reset_on_response(s, now, p.response_seq, p.result);
      continue;
    }
    int err = on_request(s, now, &p);
    if (err < 0) return err;
  }
  return 0;
}
