#include "dtls/dtls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dtls/machine.h"

#define MTU_DEFAULT 1200
#define MTU_MIN     256  /* OpenSSL takes no less */
#define MTU_MAX     2048 /* what its buffer for a flight holds with room to spare */

#define ALERT_WARNING      1
#define ALERT_CLOSE_NOTIFY 0

static size_t choose_mtu(size_t mtu) {
  if (mtu == 0) return MTU_DEFAULT;
  if (mtu < MTU_MIN) return MTU_MIN;
  return mtu > MTU_MAX ? MTU_MAX : mtu;
}

int dtls_new(struct dtls **ret, const struct dtls_cfg *cfg, mono_us now) {
  (void)now;
  struct dtls *d = calloc(1, sizeof *d);
  if (!d) return -ENOMEM;
  d->identity = dtls_identity_ref(cfg->identity);
  d->mtu = choose_mtu(cfg->mtu);
  dtls_timers_stop(d);
  *ret = d;
  return 0;
}

struct dtls *dtls_free(struct dtls *d) {
  if (!d) return NULL;
  (void)dtls_handshake_free(d->handshake);
  (void)dtls_keys_free(d->keys);
  dtls_flight_clear(&d->flight);
  dtls_inbox_clear(&d->inbox);
  OPENSSL_free(d->remote_der);
  (void)dtls_identity_unref(d->identity);
  free(d);
  return NULL;
}

/* What came too early, in its order. */
static void replay_early(struct dtls *d, mono_us now) {
  struct dtls_inbox old = d->inbox;
  struct dtls_record r;
  d->inbox = (struct dtls_inbox){0};
  while (dtls_inbox_next(&old, &r)) dtls_intake(d, now, &r);
  dtls_inbox_clear(&old);
}

int dtls_start(struct dtls *d, mono_us now, enum dtls_role role,
               const struct dtls_fingerprint *expected, size_t n) {
  struct dtls_check check;
  if (d->state != DTLS_NEW) return -EALREADY;
  int r = dtls_check_init(&check, expected, n);
  if (r != 0) return r;
  struct dtls_handshake_cfg cfg = {d->identity, role, d->mtu, &check};
  r = dtls_handshake_new(&d->handshake, &cfg, &d->flight);
  if (r != 0) return r;
  d->role = role;
  d->state = DTLS_CONNECTING;
  dtls_timers_flight(d, now);
  if (role == DTLS_CLIENT) dtls_advance(d, now, NULL);
  replay_early(d, now);
  return 0;
}

void dtls_drop_handshake(struct dtls *d) {
  if (!d->handshake) return;
  d->remote_der = d->handshake->check.der;
  d->remote_der_n = d->handshake->check.der_n;
  d->handshake->check.der = NULL;
  d->handshake = dtls_handshake_free(d->handshake);
}

/* Nothing but a last alert is left to be sent. */
static void end(struct dtls *d, enum dtls_state state) {
  dtls_drop_handshake(d);
  dtls_timers_stop(d);
  dtls_flight_clear(&d->flight);
  d->state = state;
}

void dtls_fail(struct dtls *d, enum dtls_failure failure) {
  d->failure = failure;
  end(d, DTLS_FAILED);
}

void dtls_fail_alert(struct dtls *d, uint8_t code) {
  const char *when =
      d->state == DTLS_CONNECTED ? "ended the DTLS association" : "refused the DTLS handshake";
  (void)snprintf(d->text, sizeof d->text, "the peer %s with the alert \"%s\" (%u)", when,
                 SSL_alert_desc_string_long(code), code);
  dtls_fail(d, DTLS_ALERT);
}

void dtls_shut(struct dtls *d) {
  bool known = d->flight.seq > 0; /* the peer has heard of us */
  d->alert = (struct dtls_alert){.set = known,
                                 .sealed = d->state == DTLS_CONNECTED,
                                 .level = ALERT_WARNING,
                                 .code = ALERT_CLOSE_NOTIFY};
  end(d, DTLS_CLOSED);
}

void dtls_close(struct dtls *d, mono_us now) {
  (void)now;
  if (d->state == DTLS_CLOSED || d->state == DTLS_FAILED) return;
  dtls_shut(d);
}

int dtls_seal(struct dtls *d, mono_us now, struct bytes plaintext, uint8_t *out, size_t cap,
              size_t *ret_n) {
  (void)now;
  if (d->state != DTLS_CONNECTED) return -ENOTCONN;
  return dtls_keys_seal(d->keys, DTLS_APPLICATION_DATA, plaintext, out, cap, ret_n);
}

size_t dtls_overhead(const struct dtls *d) {
  return d->state == DTLS_CONNECTED ? dtls_suite_overhead(d->keys->seal.suite) : DTLS_OVERHEAD;
}

enum dtls_state dtls_state(const struct dtls *d) {
  return d->state;
}

enum dtls_failure dtls_failure(const struct dtls *d) {
  return d->failure;
}

const char *dtls_failure_text(const struct dtls *d) {
  return d->text;
}

const char *dtls_version(const struct dtls *d) {
  return d->cipher ? "DTLS 1.2" : NULL;
}

const char *dtls_cipher(const struct dtls *d) {
  return d->cipher;
}

struct bytes dtls_remote_der(const struct dtls *d) {
  return (struct bytes){d->remote_der, d->remote_der_n};
}

uint64_t dtls_bad_records(const struct dtls *d) {
  return d->bad_records;
}

uint64_t dtls_retransmissions(const struct dtls *d) {
  return d->retransmissions;
}
