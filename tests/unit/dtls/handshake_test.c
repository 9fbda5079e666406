/* Against OpenSSL alone at the other end. */
#include "dtls/handshake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/openssl_peer.h"
#include "support/virtual_openssl.h"

#define BUF 8192

struct meeting {
  struct dtls_identity *id;
  struct dtls *d;
  struct openssl_peer peer;
  mono_us now;
  uint8_t data[16384];
  size_t data_n;
};

/* Our datagrams to the peer; its bytes to us; until both are silent. */
static void exchange(struct meeting *m) {
  uint8_t buf[BUF];
  bool any;
  do {
    struct dtls_out out;
    dtls_poll(m->d, m->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX) openssl_peer_give(&m->peer, (struct bytes){buf, out.u.tx_n});
    any = out.kind != OUT_IDLE;
    size_t n = openssl_peer_take(&m->peer, buf, sizeof buf);
    if (n == 0) continue;
    any = true;
    assert_int_equal(dtls_recv(m->d, m->now, (struct bytes){buf, n}), 0);
    while ((n = dtls_read(m->d, m->now, m->data, sizeof m->data)) > 0) m->data_n = n;
  } while (any);
}

static void meet(struct meeting *m, const struct openssl_peer_cfg *cfg) {
  struct dtls_cfg ours = {.mtu = 0};
  memset(m, 0, sizeof *m);
  m->now = MONO_S;
  openssl_peer_init(&m->peer, cfg);
  assert_int_equal(dtls_identity_new(&m->id, 1760000000), 0);
  ours.identity = m->id;
  assert_int_equal(dtls_new(&m->d, &ours, m->now), 0);
  dtls_set_writable(m->d, m->now, true);
  struct dtls_fingerprint expected = m->peer.fingerprint;
  if (cfg->no_certificate) expected = (struct dtls_fingerprint){.hash = DTLS_SHA256, .n = 32};
  assert_int_equal(dtls_start(m->d, m->now, cfg->server ? DTLS_CLIENT : DTLS_SERVER, &expected, 1),
                   0);
  exchange(m);
}

static void leave(struct meeting *m) {
  (void)dtls_free(m->d);
  (void)dtls_identity_unref(m->id);
  openssl_peer_clear(&m->peer);
}

/* A message each way, larger and smaller. */
static void talk(struct meeting *m) {
  uint8_t buf[BUF];
  uint8_t back[BUF];
  size_t n = 0;
  for (size_t size = 1; size < 4000; size = size * 5 + 3) {
    uint8_t text[4000];
    memset(text, (int)size, sizeof text);
    assert_int_equal(dtls_seal(m->d, m->now, (struct bytes){text, size}, buf, sizeof buf, &n), 0);
    openssl_peer_give(&m->peer, (struct bytes){buf, n});
    assert_int_equal(SSL_read(m->peer.ssl, back, sizeof back), size);
    assert_memory_equal(back, text, size);
    assert_int_equal(SSL_write(m->peer.ssl, text, (int)size), size);
    exchange(m);
    assert_int_equal(m->data_n, size);
    assert_memory_equal(m->data, text, size);
  }
}

struct suite_row {
  const char *name;
  bool rsa;
  size_t overhead;
};

static const struct suite_row suites[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256", false, 37}, {"ECDHE-ECDSA-AES256-GCM-SHA384", false, 37},
    {"ECDHE-ECDSA-CHACHA20-POLY1305", false, 29}, {"ECDHE-RSA-AES128-GCM-SHA256", true, 37},
    {"ECDHE-RSA-AES256-GCM-SHA384", true, 37},    {"ECDHE-RSA-CHACHA20-POLY1305", true, 29},
};

static void test_every_suite_connects_to_an_openssl_server(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
    struct meeting m;
    struct openssl_peer_cfg cfg = {.server = true, .rsa = suites[i].rsa, .ciphers = suites[i].name};
    meet(&m, &cfg);
    assert_int_equal(dtls_state(m.d), DTLS_CONNECTED);
    assert_string_equal(dtls_cipher(m.d), suites[i].name);
    assert_string_equal(dtls_version(m.d), "DTLS 1.2");
    assert_int_equal(dtls_overhead(m.d), suites[i].overhead);
    talk(&m);
    leave(&m);
  }
}

static void test_every_ecdsa_suite_accepts_an_openssl_client(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct meeting m;
    struct openssl_peer_cfg cfg = {.ciphers = suites[i].name};
    meet(&m, &cfg);
    assert_int_equal(dtls_state(m.d), DTLS_CONNECTED);
    assert_string_equal(dtls_cipher(m.d), suites[i].name);
    talk(&m);
    leave(&m);
  }
}

static void test_a_client_may_show_an_rsa_certificate(void **state) {
  (void)state;
  struct meeting m;
  struct openssl_peer_cfg cfg = {.rsa = true};
  meet(&m, &cfg);
  assert_int_equal(dtls_state(m.d), DTLS_CONNECTED);
  talk(&m);
  leave(&m);
}

static void test_a_client_without_certificate_is_refused(void **state) {
  (void)state;
  struct meeting m;
  struct openssl_peer_cfg cfg = {.no_certificate = true};
  meet(&m, &cfg);
  assert_int_equal(dtls_state(m.d), DTLS_FAILED);
  assert_int_equal(dtls_failure(m.d), DTLS_NO_CERTIFICATE);
  assert_string_equal(dtls_failure_text(m.d), "the peer gave no certificate");
  assert_int_equal(dtls_remote_der(m.d).n, 0);
  leave(&m);
}

static void test_a_peer_without_a_common_suite_is_refused_with_a_sentence(void **state) {
  (void)state;
  struct meeting m;
  struct openssl_peer_cfg cfg = {.ciphers = "ECDHE-ECDSA-AES128-SHA"};
  meet(&m, &cfg);
  assert_int_equal(dtls_failure(m.d), DTLS_PROTOCOL);
  assert_string_equal(dtls_failure_text(m.d),
                      "the peer's DTLS handshake could not be accepted: no shared cipher");
  leave(&m);
}

static void test_close_notify_is_understood_and_answered(void **state) {
  (void)state;
  struct meeting m;
  struct openssl_peer_cfg cfg = {.server = true};
  meet(&m, &cfg);
  assert_int_equal(SSL_shutdown(m.peer.ssl), 0);
  exchange(&m);
  assert_int_equal(dtls_state(m.d), DTLS_CLOSED);
  assert_int_equal(SSL_shutdown(m.peer.ssl), 1);
  leave(&m);
}

static void test_our_close_notify_reaches_openssl(void **state) {
  (void)state;
  struct meeting m;
  uint8_t back[16];
  struct openssl_peer_cfg cfg = {.server = true};
  meet(&m, &cfg);
  dtls_close(m.d, m.now);
  exchange(&m);
  assert_int_equal(SSL_read(m.peer.ssl, back, sizeof back), 0);
  assert_int_equal(SSL_get_shutdown(m.peer.ssl), SSL_RECEIVED_SHUTDOWN);
  assert_int_equal(dtls_state(m.d), DTLS_CLOSED);
  leave(&m);
}

/* The peer's timer is OpenSSL's own, so its clock is ours here. */
static void test_a_lost_last_flight_is_sent_again_when_the_peer_asks(void **state) {
  (void)state;
  struct meeting m;
  uint8_t buf[BUF];
  struct dtls_out out;
  virtual_openssl_time(UINT64_C(1760000000) * 1000000);
  struct openssl_peer_cfg cfg = {.server = false};
  memset(&m, 0, sizeof m);
  openssl_peer_init(&m.peer, &cfg);
  assert_int_equal(dtls_identity_new(&m.id, 1760000000), 0);
  struct dtls_cfg ours = {m.id, 0};
  assert_int_equal(dtls_new(&m.d, &ours, m.now), 0);
  dtls_set_writable(m.d, m.now, true);
  assert_int_equal(dtls_start(m.d, m.now, DTLS_SERVER, &m.peer.fingerprint, 1), 0);
  while (dtls_state(m.d) != DTLS_CONNECTED) {
    size_t n = openssl_peer_take(&m.peer, buf, sizeof buf);
    assert_true(n > 0);
    assert_int_equal(dtls_recv(m.d, m.now, (struct bytes){buf, n}), 0);
    if (dtls_state(m.d) == DTLS_CONNECTED) break;
    for (dtls_poll(m.d, m.now, buf, sizeof buf, &out); out.kind != OUT_IDLE;
         dtls_poll(m.d, m.now, buf, sizeof buf, &out)) {
      if (out.kind == OUT_TX) openssl_peer_give(&m.peer, (struct bytes){buf, out.u.tx_n});
    }
  }
  dtls_poll(m.d, m.now, buf, sizeof buf, &out);
  assert_int_equal(out.kind, OUT_TX); /* CCS and Finished: lost */
  for (uint64_t round = 1; round <= 20; round++) {
    virtual_openssl_time(UINT64_C(1760000000) * 1000000 + (UINT64_C(1) << round) * 1000000);
    if (DTLSv1_handle_timeout(m.peer.ssl) != 1) break;
    size_t n = openssl_peer_take(&m.peer, buf, sizeof buf);
    assert_int_equal(dtls_recv(m.d, m.now, (struct bytes){buf, n}), 0);
    assert_int_equal(dtls_read(m.d, m.now, m.data, sizeof m.data), 0);
    if (round < 3) continue; /* the answer is lost, too */
    exchange(&m);
    break;
  }
  assert_true(SSL_is_init_finished(m.peer.ssl));
  assert_int_equal(dtls_bad_records(m.d), 0);
  talk(&m);
  leave(&m);
  virtual_openssl_end();
}

static void test_renegotiation_is_not_taken_up(void **state) {
  (void)state;
  struct meeting m;
  struct openssl_peer_cfg cfg = {.server = false};
  meet(&m, &cfg);
  assert_int_equal(SSL_renegotiate(m.peer.ssl), 1);
  (void)SSL_do_handshake(m.peer.ssl);
  exchange(&m);
  assert_int_equal(dtls_state(m.d), DTLS_CONNECTED);
  assert_int_equal(dtls_retransmissions(m.d), 0);
  leave(&m);
}

/* Some peers take a handshake without a profile for a failure, though no media flows. */
static void test_an_srtp_profile_is_agreed_with_who_offers_or_takes_one(void **state) {
  (void)state;
  static const char *const profiles[] = {"SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80"};
  for (size_t i = 0; i < 4; i++) {
    struct meeting m;
    struct openssl_peer_cfg cfg = {.server = i < 2, .srtp = profiles[i % 2]};
    meet(&m, &cfg);
    const SRTP_PROTECTION_PROFILE *agreed = SSL_get_selected_srtp_profile(m.peer.ssl);
    assert_non_null(agreed);
    assert_string_equal(agreed->name, profiles[i % 2]);
    assert_int_equal(dtls_state(m.d), DTLS_CONNECTED);
    talk(&m);
    leave(&m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_suite_connects_to_an_openssl_server),
      cmocka_unit_test(test_every_ecdsa_suite_accepts_an_openssl_client),
      cmocka_unit_test(test_a_client_may_show_an_rsa_certificate),
      cmocka_unit_test(test_a_client_without_certificate_is_refused),
      cmocka_unit_test(test_a_peer_without_a_common_suite_is_refused_with_a_sentence),
      cmocka_unit_test(test_close_notify_is_understood_and_answered),
      cmocka_unit_test(test_our_close_notify_reaches_openssl),
      cmocka_unit_test(test_a_lost_last_flight_is_sent_again_when_the_peer_asks),
      cmocka_unit_test(test_renegotiation_is_not_taken_up),
      cmocka_unit_test(test_an_srtp_profile_is_agreed_with_who_offers_or_takes_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
