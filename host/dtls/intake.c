/* What comes from the peer: into the handshake, or out as application data. */
#include <errno.h>
#include <string.h>

#include "dtls/machine.h"

#define ALERT_FATAL        2 /* RFC 5246 section 7.2 */
#define ALERT_CLOSE_NOTIFY 0

/* A sealed Finished takes 61 bytes. OpenSSL keeps what it cannot open yet, a hundred records of any
 * size: nobody shall fill that. */
#define SEALED_HANDSHAKE_MAX 256

/* Before the handshake is done (the design's limit), and after: what one wake-up may bring. */
static const struct dtls_inbox_limit early = {16, 20000};
static const struct dtls_inbox_limit connected = {1024, 1 << 20};

/* The records that outran our keys: handshake ones only set the replay window, the rest waits for
 * dtls_read. */
static void settle(struct dtls *d) {
  struct dtls_inbox old = d->inbox;
  struct dtls_record r;
  d->inbox = (struct dtls_inbox){0};
  while (dtls_inbox_next(&old, &r)) {
    uint8_t *in_place = old.p + (r.body.p - old.p);
    if (r.type == DTLS_HANDSHAKE)
      (void)dtls_keys_open(d->keys, &r, in_place);
    else if (dtls_inbox_add(&d->inbox, r.whole, &connected) != 0)
      d->bad_records++;
  }
  dtls_inbox_clear(&old);
}

static void established(struct dtls *d) {
  d->keys = d->handshake->keys;
  d->handshake->keys = NULL;
  d->cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(d->handshake->ssl));
  dtls_drop_handshake(d);
  if (d->role == DTLS_CLIENT) dtls_flight_clear(&d->flight);
  dtls_timers_stop(d);
  d->state = DTLS_CONNECTED;
  settle(d);
}

static void refused(struct dtls *d) {
  enum dtls_failure why = dtls_handshake_failure(d->handshake, d->text, sizeof d->text);
  d->alert = d->handshake->alert;
  d->keys = d->handshake->keys;
  d->handshake->keys = NULL;
  dtls_fail(d, why);
}

void dtls_advance(struct dtls *d, mono_us now, const struct dtls_record *record) {
  switch (dtls_handshake_run(d->handshake, record)) {
  case DTLS_HS_SAME: break;
  case DTLS_HS_MOVED: d->timers.alert_at = MONO_NEVER; break;
  case DTLS_HS_FLIGHT: dtls_timers_flight(d, now); break;
  case DTLS_HS_DONE: established(d); break;
  case DTLS_HS_FAILED: refused(d); break;
  }
}

static void plain_handshake(struct dtls *d, mono_us now, const struct dtls_record *r) {
  int type = dtls_record_handshake_type(r->body);
  bool hello = type == DTLS_CLIENT_HELLO && d->role == DTLS_CLIENT;
  if (hello) d->peer_is_client = true;
  if (type == DTLS_HELLO_REQUEST || hello) return;
  dtls_advance(d, now, r);
}

/* Anybody can write an alert of epoch 0. */
static void plain_alert(struct dtls *d, mono_us now, const struct dtls_record *r) {
  if (r->body.n != 2) {
    d->bad_records++;
    return;
  }
  if (r->body.p[0] == ALERT_FATAL || r->body.p[1] == ALERT_CLOSE_NOTIFY)
    dtls_timers_doubt(d, now, r->body.p[1]);
}

static void plain_record(struct dtls *d, mono_us now, const struct dtls_record *r) {
  if (r->type == DTLS_HANDSHAKE)
    plain_handshake(d, now, r);
  else if (r->type == DTLS_CHANGE_CIPHER_SPEC)
    dtls_advance(d, now, r);
  else if (r->type == DTLS_ALERT_RECORD)
    plain_alert(d, now, r);
  else
    d->bad_records++;
}

void dtls_intake(struct dtls *d, mono_us now, const struct dtls_record *r) {
  if (d->state == DTLS_CONNECTED) {
    (void)dtls_inbox_add(&d->inbox, r->whole, &connected);
  } else if (d->state == DTLS_CONNECTING) {
    if (r->epoch == 0)
      plain_record(d, now, r);
    else if (r->epoch > 1)
      d->bad_records++;
    else {
      (void)dtls_inbox_add(&d->inbox, r->whole, &early);
      if (r->type == DTLS_HANDSHAKE && r->whole.n <= SEALED_HANDSHAKE_MAX) dtls_advance(d, now, r);
    }
  }
}

int dtls_recv(struct dtls *d, mono_us now, struct bytes datagram) {
  if (d->state == DTLS_CLOSED || d->state == DTLS_FAILED) return 0;
  struct bytes records = dtls_record_span(datagram);
  if (records.n != datagram.n || datagram.n == 0) d->bad_records++;
  if (d->state != DTLS_CONNECTING) {
    const struct dtls_inbox_limit *limit = d->state == DTLS_NEW ? &early : &connected;
    int r = dtls_inbox_add(&d->inbox, records, limit);
    return r == -ENOMEM ? r : 0;
  }
  struct cursor c = cursor_of(records);
  struct dtls_record r;
  while (dtls_record_take(&c, &r)) dtls_intake(d, now, &r);
  return 0;
}

static void authentic_alert(struct dtls *d, const uint8_t *body, size_t n) {
  if (n != 2)
    d->bad_records++;
  else if (body[1] == ALERT_CLOSE_NOTIFY)
    dtls_shut(d);
  else if (body[0] == ALERT_FATAL)
    dtls_fail_alert(d, body[1]);
}

/* The peer's Finished again: it lacks our last flight. */
static void authentic_handshake(struct dtls *d, const uint8_t *body, size_t n) {
  int type = dtls_record_handshake_type((struct bytes){body, n});
  if (type == DTLS_FINISHED && d->flight.complete) {
    dtls_flight_rewind(&d->flight);
    d->retransmissions++;
  }
}

/* Opens one record: application data goes to buf and its size is returned; all else is dealt with
 * here. */
static size_t open_record(struct dtls *d, const struct dtls_record *r, uint8_t *buf, size_t cap) {
  int size = dtls_aead_plain_size(&d->keys->open, r);
  if (r->epoch == 0) return 0; /* the peer sends its last flight again, or somebody else writes */
  if (size < 0) {
    d->bad_records++;
    return 0;
  }
  size_t n = (size_t)size;
  bool data = r->type == DTLS_APPLICATION_DATA;
  bool direct = data && n <= cap;
  uint8_t *out = direct ? buf : d->inbox.p + (r->body.p - d->inbox.p);
  int e = dtls_keys_open(d->keys, r, out);
  if (e == -EBADMSG) d->bad_records++;
  if (e != 0) return 0;
  if (r->type == DTLS_ALERT_RECORD) authentic_alert(d, out, n);
  if (r->type == DTLS_HANDSHAKE) authentic_handshake(d, out, n);
  if (!data) return 0;
  if (direct) return n;
  memcpy(buf, out, cap);
  return cap;
}

size_t dtls_read(struct dtls *d, mono_us now, uint8_t *buf, size_t cap) {
  (void)now;
  struct dtls_record r;
  while (d->state == DTLS_CONNECTED && dtls_inbox_next(&d->inbox, &r)) {
    size_t n = open_record(d, &r, buf, cap);
    if (n > 0) return n;
  }
  return 0;
}
