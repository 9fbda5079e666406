/* The machine's clock: retransmission, the end of patience, and what poll gives. */
#include <assert.h>
#include <stdio.h>

#include "base/writer.h"
#include "dtls/machine.h"

#define RETRY_UNKNOWN (400 * MONO_MS) /* the RTT is not known */
#define RETRY_MIN     (50 * MONO_MS)
#define RETRY_MARGIN  (20 * MONO_MS)
#define RETRY_MAX     (3 * MONO_S)
#define PATIENCE      (30 * MONO_S)

static mono_us first_interval(const struct dtls *d) {
  if (d->rtt == 0) return RETRY_UNKNOWN;
  mono_us t = mono_add(mono_add(d->rtt, d->rtt), RETRY_MARGIN);
  if (t < RETRY_MIN) return RETRY_MIN;
  return t;
}

static mono_us next_interval(const struct dtls *d) {
  mono_us most = first_interval(d) > RETRY_MAX ? first_interval(d) : RETRY_MAX;
  return mono_min(2 * d->timers.interval, most);
}

static bool flight_out(const struct dtls *d) {
  return d->state == DTLS_CONNECTING && d->flight.complete && !dtls_flight_pending(&d->flight);
}

void dtls_timers_stop(struct dtls *d) {
  d->timers =
      (struct dtls_timers){.resend_at = MONO_NEVER, .fail_at = MONO_NEVER, .alert_at = MONO_NEVER};
}

void dtls_timers_flight(struct dtls *d, mono_us now) {
  dtls_timers_stop(d);
  d->timers.interval = first_interval(d);
  if (d->writable) d->timers.fail_at = mono_add(now, PATIENCE);
}

void dtls_timers_doubt(struct dtls *d, mono_us now, uint8_t code) {
  if (d->timers.alert_at != MONO_NEVER) return;
  d->alert_code = code;
  d->timers.alert_at = mono_add(now, first_interval(d));
}

void dtls_set_rtt(struct dtls *d, mono_us rtt) {
  bool first = d->timers.interval == first_interval(d);
  d->rtt = rtt;
  if (!first || d->state != DTLS_CONNECTING) return;
  d->timers.interval = first_interval(d);
  if (d->timers.resend_at != MONO_NEVER)
    d->timers.resend_at = mono_add(d->timers.sent_at, d->timers.interval);
}

void dtls_set_writable(struct dtls *d, mono_us now, bool writable) {
  if (d->writable == writable) return;
  d->writable = writable;
  d->timers.resend_at = MONO_NEVER;
  d->timers.fail_at = MONO_NEVER;
  if (!writable || d->state != DTLS_CONNECTING) return;
  d->timers.fail_at = mono_add(now, PATIENCE);
  if (flight_out(d)) d->timers.resend_at = mono_add(now, d->timers.interval);
}

static void time_out(struct dtls *d) {
  const char *why = "the peer does not answer";
  if (d->peer_is_client)
    why = "the peer takes the DTLS client's part as well";
  else if (d->role == DTLS_SERVER && d->flight.n == 0)
    why = "no ClientHello came from the peer";
  (void)snprintf(d->text, sizeof d->text, "the DTLS handshake made no progress for 30 s: %s", why);
  dtls_fail(d, DTLS_TIMED_OUT);
}

void dtls_timers_run(struct dtls *d, mono_us now) {
  struct dtls_timers *t = &d->timers;
  if (d->state != DTLS_CONNECTING) return;
  if (t->alert_at <= now) {
    dtls_fail_alert(d, d->alert_code);
  } else if (t->fail_at <= now) {
    time_out(d);
  } else if (t->resend_at <= now) {
    dtls_flight_rewind(&d->flight);
    t->interval = next_interval(d);
    t->resend_at = MONO_NEVER;
    d->retransmissions++;
  }
}

int dtls_wake(struct dtls *d, mono_us now) {
  dtls_timers_run(d, now);
  return 0;
}

static size_t emit_alert(struct dtls *d, uint8_t *buf, size_t cap) {
  uint8_t body[2] = {d->alert.level, d->alert.code};
  struct bytes b = {body, sizeof body};
  size_t n = 0;
  d->alert.set = false;
  if (!d->alert.sealed) return dtls_flight_single(&d->flight, DTLS_ALERT_RECORD, b, buf, cap);
  if (!d->keys || dtls_keys_seal(d->keys, DTLS_ALERT_RECORD, b, buf, cap, &n) != 0) return 0;
  return n;
}

static size_t emit_flight(struct dtls *d, mono_us now, uint8_t *buf, size_t cap) {
  struct dtls_keys *keys = d->keys ? d->keys : d->handshake ? d->handshake->keys : NULL;
  size_t n = dtls_flight_emit(&d->flight, keys, buf, cap);
  if (n == 0) {
    (void)snprintf(d->text, sizeof d->text, "a flight of the DTLS handshake could not be sealed");
    dtls_fail(d, DTLS_PROTOCOL);
  } else if (flight_out(d)) {
    d->timers.sent_at = now;
    d->timers.resend_at = mono_add(now, d->timers.interval);
  }
  return n;
}

static size_t emit(struct dtls *d, mono_us now, uint8_t *buf, size_t cap) {
  size_t n = 0;
  if (!d->writable) return 0;
  if (cap > d->mtu) cap = d->mtu;
  if (dtls_flight_pending(&d->flight)) n = emit_flight(d, now, buf, cap);
  if (n == 0 && d->alert.set) n = emit_alert(d, buf, cap);
  return n;
}

void dtls_poll(struct dtls *d, mono_us now, uint8_t *buf, size_t cap, struct dtls_out *ret) {
  dtls_timers_run(d, now);
  size_t n = emit(d, now, buf, cap);
  if (n > 0) {
    *ret = (struct dtls_out){.kind = OUT_TX, .u.tx_n = n};
    return;
  }
  if (d->announced != d->state) {
    d->announced = d->state;
    *ret = (struct dtls_out){.kind = OUT_EVENT, .u.state = d->state};
    return;
  }
  mono_us at = mono_min(d->timers.resend_at, mono_min(d->timers.fail_at, d->timers.alert_at));
  assert(at > now);
  *ret = (struct dtls_out){.kind = OUT_IDLE, .u.wake_at = at};
}
