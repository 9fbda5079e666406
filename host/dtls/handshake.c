#include "dtls/handshake.h"

#include <errno.h>
#include <openssl/sslerr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "dtls/openssl.h"

#define NEVER_US 4000000000U /* OpenSSL's timer, in us: longer than any handshake lasts here */

static unsigned never(SSL *ssl, unsigned us) {
  (void)ssl;
  (void)us;
  return NEVER_US;
}

#define PLAIN_MAX 256 /* a Finished takes 24 bytes (RFC 5246 section 7.4.9), an alert 2 */

/* A record of epoch 1, opened. */
struct opened {
  uint8_t p[DTLS_RECORD_HEADER + PLAIN_MAX];
};

static int open_own(struct dtls_handshake *h, struct dtls_aead *own, const struct dtls_record *r,
                    struct opened *ret) {
  int e = h->keys ? 0 : dtls_keys_new(&h->keys, h->ssl, h->role);
  if (e == 0) e = dtls_keys_own(own, h->ssl, h->role);
  if (e != 0) return e;
  int n = dtls_aead_plain_size(own, r);
  if (n < 0 || n > PLAIN_MAX) return -EMSGSIZE;
  struct writer w = writer_of(ret->p, DTLS_RECORD_HEADER);
  writer_bytes(&w, (struct bytes){r->whole.p, DTLS_RECORD_HEADER - 2});
  writer_u16(&w, (uint16_t)n);
  return dtls_aead_open(own, r, ret->p + DTLS_RECORD_HEADER);
}

static int keep_plain(struct dtls_handshake *h, const struct dtls_record *r) {
  if (r->type == DTLS_ALERT_RECORD) {
    struct cursor c = cursor_of(r->body);
    h->alert = (struct dtls_alert){.set = true, .sealed = r->epoch != 0};
    h->alert.level = cursor_u8(&c);
    h->alert.code = cursor_u8(&c);
    return 0;
  }
  if (!h->flight_open) dtls_flight_begin(h->flight);
  h->flight_open = true;
  return dtls_flight_add(h->flight, r);
}

/* What OpenSSL protected with epoch 1 is opened again: we number and seal it ourselves, each time
 * it is sent. */
static int keep_sealed(struct dtls_handshake *h, const struct dtls_record *r) {
  struct dtls_aead own = {0};
  struct opened opened;
  int e = open_own(h, &own, r, &opened);
  dtls_aead_clear(&own);
  if (e != 0) return e;
  struct dtls_record plain;
  struct cursor c = cursor_of((struct bytes){opened.p, sizeof opened.p});
  return dtls_record_take(&c, &plain) ? keep_plain(h, &plain) : -EIO;
}

/* OpenSSL writes. */
static bool on_write(void *ctx, struct bytes records) {
  struct dtls_handshake *h = ctx;
  struct cursor c = cursor_of(records);
  struct dtls_record r;
  while (dtls_record_take(&c, &r)) {
    int e = r.epoch == 0 ? keep_plain(h, &r) : keep_sealed(h, &r);
    if (e == -ENOMEM) h->oom = true;
    if (e != 0) return false;
  }
  return !c.failed;
}

static int attach(struct dtls_handshake *h, const struct dtls_identity *id, size_t mtu) {
  BIO *bio = BIO_new(dtls_identity_bio(id));
  if (!bio) return dtls_openssl_error();
  BIO_set_data(bio, &h->wire);
  SSL_set_bio(h->ssl, bio, bio);
  DTLS_set_timer_cb(h->ssl, never);
  if (SSL_set_app_data(h->ssl, &h->check) != 1 || SSL_set_mtu(h->ssl, (long)mtu) != (long)mtu)
    return dtls_openssl_error();
  if (h->role == DTLS_CLIENT)
    SSL_set_connect_state(h->ssl);
  else
    SSL_set_accept_state(h->ssl);
  return 0;
}

int dtls_handshake_new(struct dtls_handshake **ret, const struct dtls_handshake_cfg *cfg,
                       struct dtls_flight *flight) {
  struct dtls_handshake *h = calloc(1, sizeof *h);
  if (!h) return -ENOMEM;
  h->role = cfg->role;
  h->check = *cfg->check;
  h->flight = flight;
  h->wire = (struct dtls_wire){.write = on_write, .ctx = h};
  ERR_clear_error();
  h->ssl = SSL_new(dtls_identity_ctx(cfg->identity));
  int r = h->ssl ? attach(h, cfg->identity, cfg->mtu) : dtls_openssl_error();
  ERR_clear_error();
  if (r != 0) {
    (void)dtls_handshake_free(h);
    return r;
  }
  *ret = h;
  return 0;
}

struct dtls_handshake *dtls_handshake_free(struct dtls_handshake *h) {
  if (!h) return NULL;
  /* Freeing an SSL may write an alert: there is nobody left to take it. */
  if (h->ssl) SSL_set_quiet_shutdown(h->ssl, 1);
  SSL_free(h->ssl);
  OPENSSL_free(h->check.der);
  (void)dtls_keys_free(h->keys);
  free(h);
  return NULL;
}

static enum dtls_progress note_failure(struct dtls_handshake *h) {
  h->error = ERR_peek_error();
  if (dtls_openssl_oom()) h->oom = true;
  return DTLS_HS_FAILED;
}

static enum dtls_progress step(struct dtls_handshake *h, struct bytes record) {
  OSSL_HANDSHAKE_STATE before = SSL_get_state(h->ssl);
  h->wire.in = record;
  h->flight_open = false;
  ERR_clear_error();
  int r = SSL_do_handshake(h->ssl);
  int error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(h->ssl, r);
  h->wire.in = (struct bytes){0};
  if (r != 1 && error != SSL_ERROR_WANT_READ) return note_failure(h);
  ERR_clear_error();
  if (r == 1) return h->keys && h->check.matched ? DTLS_HS_DONE : note_failure(h);
  if (h->flight_open) return DTLS_HS_FLIGHT;
  return SSL_get_state(h->ssl) == before ? DTLS_HS_SAME : DTLS_HS_MOVED;
}

/* Whether the ChangeCipherSpec is what comes next (RFC 5246 section 7.3). */
static bool awaits_change(const struct dtls_handshake *h) {
  OSSL_HANDSHAKE_STATE state = SSL_get_state(h->ssl);
  return state == (h->role == DTLS_SERVER ? TLS_ST_SR_CERT_VRFY : TLS_ST_CW_FINISHED);
}

enum dtls_progress dtls_handshake_run(struct dtls_handshake *h, const struct dtls_record *record) {
  enum dtls_progress p = DTLS_HS_SAME;
  if (record && record->type == DTLS_CHANGE_CIPHER_SPEC) {
    h->change_n = record->whole.n <= sizeof h->change ? record->whole.n : 0;
    memcpy(h->change, record->whole.p, h->change_n);
  } else {
    p = step(h, record ? record->whole : (struct bytes){0});
  }
  if (p > DTLS_HS_FLIGHT || h->change_n == 0 || !awaits_change(h)) return p;
  struct bytes change = {h->change, h->change_n};
  h->change_n = 0;
  enum dtls_progress after = step(h, change);
  return after > p ? after : p;
}

static void mismatch_text(const struct dtls_check *check, char *text, size_t cap) {
  char seen[DTLS_FINGERPRINT_TEXT_MAX];
  char expected[DTLS_FINGERPRINT_TEXT_MAX];
  dtls_fingerprint_format(&check->seen, seen, sizeof seen);
  dtls_fingerprint_format(&check->expected[0], expected, sizeof expected);
  (void)snprintf(text, cap, "the peer's certificate has fingerprint %s, the description says %s%s",
                 seen, expected, check->n > 1 ? " (or another that does not match either)" : "");
}

enum dtls_failure dtls_handshake_failure(const struct dtls_handshake *h, char *text, size_t cap) {
  int reason = ERR_GET_REASON(h->error);
  if (h->oom) {
    (void)snprintf(text, cap, "out of memory during the DTLS handshake");
    return DTLS_OUT_OF_MEMORY;
  }
  if (h->check.done && !h->check.matched) {
    mismatch_text(&h->check, text, cap);
    return DTLS_FINGERPRINT_MISMATCH;
  }
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE ||
      reason == SSL_R_NO_CERTIFICATES_RETURNED) {
    (void)snprintf(text, cap, "the peer gave no certificate");
    return DTLS_NO_CERTIFICATE;
  }
  const char *why = ERR_reason_error_string(h->error);
  (void)snprintf(text, cap, "the peer's DTLS handshake could not be accepted: %s",
                 why ? why : "unknown reason");
  return DTLS_PROTOCOL;
}
