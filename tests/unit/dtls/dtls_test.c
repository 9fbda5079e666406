#include "dtls/dtls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls/machine.h"
#include "support/dtls_pair.h"
#include "support/virtual_openssl.h"

static void test_two_ends_connect_and_talk(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  assert_null(dtls_cipher(p->d[0]));
  assert_null(dtls_version(p->d[0]));
  assert_int_equal(dtls_overhead(p->d[0]), DTLS_OVERHEAD);
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  for (int i = 0; i < 2; i++) {
    struct bytes theirs = dtls_identity_der(p->id[!i]);
    assert_string_equal(dtls_cipher(p->d[i]), "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_string_equal(dtls_version(p->d[i]), "DTLS 1.2");
    assert_int_equal(dtls_overhead(p->d[i]), 37);
    assert_true(bytes_equal(dtls_remote_der(p->d[i]), theirs));
    assert_int_equal(dtls_failure(p->d[i]), DTLS_OK);
    assert_string_equal(dtls_failure_text(p->d[i]), "");
  }
  dtls_pair_say(p, 0, "hello");
  dtls_pair_say(p, 1, "hello to you");
  (void)dtls_pair_free(p);
}

/* Starts an end with a fingerprint that is not the other's. */
static void start_mistaken(struct dtls_pair *p, int end, enum dtls_role role) {
  struct dtls_fingerprint fp;
  dtls_identity_fingerprint(p->id[!end], &fp);
  fp.value[0] ^= 1;
  assert_int_equal(dtls_start(p->d[end], p->now, role, &fp, 1), 0);
  dtls_pair_drain(p, end);
}

static void assert_names_both(struct dtls_pair *p, int end) {
  struct dtls_fingerprint fp;
  char seen[16];
  char expected[16];
  const char *text = dtls_failure_text(p->d[end]);
  dtls_identity_fingerprint(p->id[!end], &fp);
  (void)snprintf(seen, sizeof seen, "%02X:%02X:%02X", fp.value[0], fp.value[1], fp.value[2]);
  (void)snprintf(expected, sizeof expected, "%02X:%02X:%02X", fp.value[0] ^ 1, fp.value[1],
                 fp.value[2]);
  assert_non_null(strstr(text, "the peer's certificate has fingerprint sha-256 "));
  assert_non_null(strstr(text, ", the description says sha-256 "));
  assert_non_null(strstr(text, seen));
  assert_non_null(strstr(text, expected));
}

static void test_a_client_that_sees_another_certificate_refuses_it(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  dtls_pair_start(p, 1, DTLS_SERVER);
  start_mistaken(p, 0, DTLS_CLIENT);
  dtls_pair_run(p, p->now + MONO_S);
  assert_int_equal(dtls_failure(p->d[0]), DTLS_FINGERPRINT_MISMATCH);
  assert_names_both(p, 0);
  assert_int_equal(dtls_failure(p->d[1]), DTLS_ALERT);
  assert_string_equal(
      dtls_failure_text(p->d[1]),
      "the peer refused the DTLS handshake with the alert \"bad certificate\" (42)");
  (void)dtls_pair_free(p);
}

static void test_a_server_that_sees_another_certificate_never_takes_data(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  start_mistaken(p, 1, DTLS_SERVER);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  dtls_pair_run(p, p->now + MONO_S);
  assert_int_equal(dtls_failure(p->d[1]), DTLS_FINGERPRINT_MISMATCH);
  assert_names_both(p, 1);
  assert_int_equal(p->event[1], DTLS_FAILED);
  assert_int_equal(dtls_failure(p->d[0]), DTLS_ALERT);
  assert_true(dtls_remote_der(p->d[1]).n > 0);
  (void)dtls_pair_free(p);
}

static void test_starting_needs_a_fingerprint_and_happens_once(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  struct dtls_fingerprint fp;
  dtls_identity_fingerprint(p->id[1], &fp);
  assert_int_equal(dtls_start(p->d[0], p->now, DTLS_CLIENT, NULL, 0), -EINVAL);
  assert_int_equal(dtls_state(p->d[0]), DTLS_NEW);
  assert_int_equal(dtls_start(p->d[0], p->now, DTLS_CLIENT, &fp, 1), 0);
  assert_int_equal(dtls_start(p->d[0], p->now, DTLS_CLIENT, &fp, 1), -EALREADY);
  (void)dtls_pair_free(p);
}

static void test_sealing_has_its_limits(void **state) {
  (void)state;
  static uint8_t plain[16385];
  static uint8_t out[17000];
  struct dtls_pair *p = dtls_pair_new(0, 0);
  size_t n = 7;
  struct bytes most = {plain, 16384};
  struct bytes more = {plain, 16385};
  assert_int_equal(dtls_seal(p->d[0], p->now, bytes_of("x"), out, sizeof out, &n), -ENOTCONN);
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  assert_int_equal(dtls_seal(p->d[0], p->now, more, out, sizeof out, &n), -EMSGSIZE);
  assert_int_equal(dtls_seal(p->d[0], p->now, most, out, 16384 + 36, &n), -EMSGSIZE);
  assert_int_equal(n, 7);
  assert_int_equal(dtls_seal(p->d[0], p->now, most, out, 16384 + 37, &n), 0);
  dtls_pair_deliver(p, 1, (struct bytes){out, n});
  assert_int_equal(p->data_n[1], 16384);
  (void)dtls_pair_free(p);
}

static void test_no_record_number_is_used_twice(void **state) {
  (void)state;
  uint8_t out[64];
  size_t n = 0;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  p->d[0]->keys->seal_seq = DTLS_SEQ_MAX;
  dtls_pair_say(p, 0, "the last one");
  assert_int_equal(dtls_seal(p->d[0], p->now, bytes_of("x"), out, sizeof out, &n), -EOVERFLOW);
  (void)dtls_pair_free(p);
}

static void test_closing_tells_the_peer_and_it_answers(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  p->delay = 5 * MONO_MS;
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  dtls_pair_run(p, p->now + MONO_S);
  size_t before = p->sent;
  dtls_close(p->d[0], p->now);
  dtls_pair_drain(p, 0);
  assert_int_equal(p->event[0], DTLS_CLOSED);
  dtls_pair_run(p, p->now + MONO_S);
  assert_int_equal(p->event[1], DTLS_CLOSED);
  assert_int_equal(p->sent, before + 2);
  assert_int_equal(p->log[before].n, 2 + 37);
  uint8_t buf[64];
  size_t n = 0;
  for (int i = 0; i < 2; i++)
    assert_int_equal(dtls_seal(p->d[i], p->now, bytes_of("x"), buf, 64, &n), -ENOTCONN);
  dtls_close(p->d[0], p->now);
  dtls_pair_drain(p, 0);
  assert_int_equal(p->sent, before + 2);
  assert_string_equal(dtls_cipher(p->d[0]), "ECDHE-ECDSA-AES128-GCM-SHA256");
  (void)dtls_pair_free(p);
}

static void test_closing_an_unstarted_one_sends_nothing(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  dtls_close(p->d[0], p->now);
  dtls_pair_drain(p, 0);
  assert_int_equal(p->event[0], DTLS_CLOSED);
  assert_int_equal(p->sent, 0);
  (void)dtls_pair_free(p);
}

static void test_closing_during_the_handshake_ends_the_peers_soon(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  p->delay = 5 * MONO_MS;
  dtls_pair_start_both(p);
  dtls_pair_run(p, p->now + 7 * MONO_MS);
  dtls_close(p->d[0], p->now);
  dtls_pair_drain(p, 0);
  dtls_pair_run(p, p->now + MONO_S);
  assert_int_equal(dtls_failure(p->d[1]), DTLS_ALERT);
  assert_string_equal(dtls_failure_text(p->d[1]),
                      "the peer refused the DTLS handshake with the alert \"close notify\" (0)");
  (void)dtls_pair_free(p);
}

/* All datagrams of a handshake under this seed, with OpenSSL's clock standing or leaping. */
static struct dtls_pair *handshake(uint64_t seed, bool leaping) {
  virtual_openssl_seed(seed);
  virtual_openssl_time(UINT64_C(1760000000) * 1000000);
  struct dtls_pair *p = dtls_pair_new(300, 300);
  p->delay = 10 * MONO_MS;
  dtls_pair_start_both(p);
  for (uint64_t i = 0; i < 20; i++) {
    if (leaping) virtual_openssl_time((UINT64_C(1760000000) + i % 2 * 3000) * 1000000);
    dtls_pair_run(p, p->now + 5 * MONO_MS);
  }
  assert_int_equal(dtls_state(p->d[0]), DTLS_CONNECTED);
  assert_int_equal(dtls_state(p->d[1]), DTLS_CONNECTED);
  assert_true(virtual_openssl_drawn() > 0);
  virtual_openssl_end();
  return p;
}

static bool same(const struct dtls_pair *a, const struct dtls_pair *b) {
  if (a->sent != b->sent) return false;
  for (size_t i = 0; i < a->sent; i++) {
    const struct dtls_pair_datagram *x = &a->log[i];
    const struct dtls_pair_datagram *y = &b->log[i];
    if (x->from != y->from || x->at != y->at || x->n != y->n || memcmp(x->p, y->p, x->n) != 0)
      return false;
  }
  return true;
}

static void test_a_handshake_repeats_to_the_byte_and_openssls_clock_is_of_no_account(void **state) {
  (void)state;
  struct dtls_pair *a = handshake(1, false);
  struct dtls_pair *b = handshake(1, false);
  struct dtls_pair *c = handshake(1, true);
  struct dtls_pair *d = handshake(2, false);
  assert_true(same(a, b));
  assert_true(same(a, c));
  assert_false(same(a, d));
  (void)dtls_pair_free(a);
  (void)dtls_pair_free(b);
  (void)dtls_pair_free(c);
  (void)dtls_pair_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_ends_connect_and_talk),
      cmocka_unit_test(test_a_client_that_sees_another_certificate_refuses_it),
      cmocka_unit_test(test_a_server_that_sees_another_certificate_never_takes_data),
      cmocka_unit_test(test_starting_needs_a_fingerprint_and_happens_once),
      cmocka_unit_test(test_sealing_has_its_limits),
      cmocka_unit_test(test_no_record_number_is_used_twice),
      cmocka_unit_test(test_closing_tells_the_peer_and_it_answers),
      cmocka_unit_test(test_closing_an_unstarted_one_sends_nothing),
      cmocka_unit_test(test_closing_during_the_handshake_ends_the_peers_soon),
      cmocka_unit_test(test_a_handshake_repeats_to_the_byte_and_openssls_clock_is_of_no_account),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
