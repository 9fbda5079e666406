#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls/record.h"
#include "support/dtls_pair.h"
#include "unit/dtls/chromium_hello.h"

#define T0 MONO_S

static enum dtls_pair_fate hold(void *ctx, size_t index, const struct dtls_pair_datagram *dg) {
  (void)ctx;
  (void)index;
  (void)dg;
  return DTLS_PAIR_HOLD;
}

/* A pair whose datagrams are delivered by hand. */
static struct dtls_pair *by_hand(size_t mtu) {
  struct dtls_pair *p = dtls_pair_new(mtu, mtu);
  p->fate = hold;
  return p;
}

static void give(struct dtls_pair *p, size_t log) {
  const struct dtls_pair_datagram *dg = &p->log[log];
  dtls_pair_deliver(p, !dg->from, (struct bytes){dg->p, dg->n});
}

static void test_a_client_hello_that_outran_the_signalling_is_kept(void **state) {
  (void)state;
  struct dtls_pair *p = by_hand(0);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  give(p, 0);
  assert_int_equal(dtls_state(p->d[1]), DTLS_NEW);
  assert_int_equal(p->sent, 1);
  dtls_pair_start(p, 1, DTLS_SERVER);
  assert_int_equal(p->sent, 2);
  assert_int_equal(p->log[1].at, T0);
  give(p, 1);
  give(p, 2);
  give(p, 3);
  assert_int_equal(p->event[0], DTLS_CONNECTED);
  (void)dtls_pair_free(p);
}

static void test_early_datagrams_are_bounded_and_the_first_ones_stay(void **state) {
  (void)state;
  static uint8_t junk[1500] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 9, 9, 1500 >> 8, 0};
  struct dtls_pair *p = by_hand(0);
  junk[11] = (sizeof junk - 13) >> 8;
  junk[12] = (uint8_t)(sizeof junk - 13);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  give(p, 0);
  for (int i = 0; i < 100; i++)
    assert_int_equal(dtls_recv(p->d[1], p->now, (struct bytes){junk, sizeof junk}), 0);
  dtls_pair_start(p, 1, DTLS_SERVER);
  assert_int_equal(p->sent, 2);
  (void)dtls_pair_free(p);
}

static void test_data_before_the_finished_waits_for_it(void **state) {
  (void)state;
  struct dtls_pair *p = by_hand(0);
  uint8_t buf[256];
  size_t n = 0;
  dtls_pair_start_both(p);
  give(p, 0);
  give(p, 1);
  give(p, 2);
  assert_int_equal(p->event[1], DTLS_CONNECTED);
  assert_int_equal(dtls_seal(p->d[1], p->now, bytes_of("early"), buf, sizeof buf, &n), 0);
  dtls_pair_deliver(p, 0, (struct bytes){buf, n});
  assert_int_equal(dtls_state(p->d[0]), DTLS_CONNECTING);
  assert_int_equal(p->data_count[0], 0);
  give(p, 3);
  assert_int_equal(p->event[0], DTLS_CONNECTED);
  assert_int_equal(p->data_count[0], 1);
  assert_memory_equal(p->data[0], "early", 5);
  dtls_pair_deliver(p, 0, (struct bytes){buf, n}); /* not twice */
  assert_int_equal(p->data_count[0], 1);
  (void)dtls_pair_free(p);
}

/* Datagrams of one flight arrive last first. */
static enum dtls_pair_fate backwards(void *ctx, size_t index, const struct dtls_pair_datagram *dg) {
  struct dtls_pair *p = ctx;
  (void)index;
  (void)dg;
  if (p->delay >= MONO_MS) p->delay -= MONO_MS;
  return DTLS_PAIR_PASS;
}

static void test_it_connects_at_every_mtu_and_no_datagram_exceeds_it(void **state) {
  (void)state;
  static const size_t sizes[] = {256, 400, 576, 900, 1200, 1452};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct dtls_pair *p = dtls_pair_new(sizes[i], sizes[i]);
    dtls_pair_start_both(p);
    dtls_pair_connect(p);
    assert_int_equal(p->now, T0);
    for (size_t k = 0; k < p->sent; k++) assert_true(p->log[k].n <= sizes[i]);
    dtls_pair_say(p, 0, "small");
    (void)dtls_pair_free(p);
  }
}

static void test_fragments_in_reverse_order_connect_without_a_time_out(void **state) {
  (void)state;
  static const size_t sizes[] = {256, 300, 576};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct dtls_pair *p = dtls_pair_new(sizes[i], sizes[i]);
    p->delay = 40 * MONO_MS;
    p->fate = backwards;
    p->ctx = p;
    dtls_pair_start_both(p);
    dtls_pair_connect(p);
    assert_int_equal(dtls_retransmissions(p->d[0]) + dtls_retransmissions(p->d[1]), 0);
    dtls_pair_say(p, 1, "sorted");
    (void)dtls_pair_free(p);
  }
}

static enum dtls_pair_fate twice(void *ctx, size_t index, const struct dtls_pair_datagram *dg) {
  (void)ctx;
  (void)index;
  (void)dg;
  return DTLS_PAIR_TWICE;
}

static void test_every_datagram_twice_changes_nothing(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  p->fate = twice;
  p->delay = 5 * MONO_MS;
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  dtls_pair_run(p, p->now + MONO_S);
  assert_int_equal(p->sent, 4);
  assert_int_equal(p->events[0], 2);
  assert_int_equal(p->events[1], 2);
  dtls_pair_say(p, 0, "once");
  (void)dtls_pair_free(p);
}

static void test_a_replayed_record_is_read_once(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  uint8_t buf[3][128];
  size_t n[3];
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(dtls_seal(p->d[0], p->now, bytes_of("abc"), buf[i], 128, &n[i]), 0);
  for (size_t i = 3; i-- > 0;) dtls_pair_deliver(p, 1, (struct bytes){buf[i], n[i]});
  assert_int_equal(p->data_count[1], 3);
  for (size_t i = 3; i-- > 0;) dtls_pair_deliver(p, 1, (struct bytes){buf[i], n[i]});
  assert_int_equal(p->data_count[1], 3);
  assert_int_equal(dtls_bad_records(p->d[1]), 0);
  (void)dtls_pair_free(p);
}

static void test_several_records_in_a_datagram_are_all_read(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  uint8_t buf[512];
  size_t at = 0;
  size_t n = 0;
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  for (int i = 0; i < 3; i++, at += n)
    assert_int_equal(dtls_seal(p->d[0], p->now, bytes_of("abc"), buf + at, 512 - at, &n), 0);
  memset(buf + at, 0xee, 7);
  dtls_pair_deliver(p, 1, (struct bytes){buf, at + 7});
  assert_int_equal(p->data_count[1], 3);
  assert_int_equal(dtls_bad_records(p->d[1]), 1);
  (void)dtls_pair_free(p);
}

static void test_a_forged_record_is_dropped_and_counted(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  uint8_t buf[128];
  size_t n = 0;
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  assert_int_equal(dtls_seal(p->d[0], p->now, bytes_of("abc"), buf, sizeof buf, &n), 0);
  for (size_t i = 13; i < n; i++) {
    buf[i] ^= 0x80;
    dtls_pair_deliver(p, 1, (struct bytes){buf, n});
    buf[i] ^= 0x80;
  }
  assert_int_equal(dtls_bad_records(p->d[1]), n - 13);
  assert_int_equal(p->data_count[1], 0);
  dtls_pair_deliver(p, 1, (struct bytes){buf, n});
  assert_int_equal(p->data_count[1], 1);
  (void)dtls_pair_free(p);
}

static void test_a_short_buffer_gets_the_beginning(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  uint8_t buf[128];
  uint8_t back[4] = {9, 9, 9, 9};
  size_t n = 0;
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  assert_int_equal(dtls_seal(p->d[0], p->now, bytes_of("abcdef"), buf, sizeof buf, &n), 0);
  assert_int_equal(dtls_recv(p->d[1], p->now, (struct bytes){buf, n}), 0);
  assert_int_equal(dtls_read(p->d[1], p->now, back, 3), 3);
  assert_memory_equal(back, "abc\x09", 4);
  assert_int_equal(dtls_read(p->d[1], p->now, back, 3), 0);
  (void)dtls_pair_free(p);
}

static void test_garbage_at_any_stage_does_not_stop_the_handshake(void **state) {
  (void)state;
  struct dtls_pair *p = by_hand(0);
  uint32_t x = 1;
  dtls_pair_start_both(p);
  for (size_t stage = 0; stage <= 4; stage++) {
    for (int end = 0; end < 2; end++) {
      for (int i = 0; i < 200; i++) {
        uint8_t junk[100];
        for (size_t k = 0; k < sizeof junk; k++) junk[k] = (uint8_t)((x = x * 69069 + 5) >> 24);
        junk[0] = (uint8_t)(20 + (x >> 20) % 44);
        dtls_pair_deliver(p, end, (struct bytes){junk, x % sizeof junk});
      }
      assert_true(dtls_bad_records(p->d[end]) >= 200 * (stage + 1));
    }
    if (stage < 4) give(p, stage);
  }
  assert_int_equal(dtls_state(p->d[0]), DTLS_CONNECTED);
  assert_int_equal(dtls_state(p->d[1]), DTLS_CONNECTED);
  (void)dtls_pair_free(p);
}

/* RFC 6347 section 4.1.2.7; alerts of epoch 0 are anybody's. */
static const uint8_t fatal[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 77, 0, 2, 2, 40};

static void test_a_forged_alert_does_not_stop_a_handshake_that_goes_on(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  p->delay = 10 * MONO_MS;
  dtls_pair_start_both(p);
  for (int end = 0; end < 2; end++) dtls_pair_deliver(p, end, (struct bytes){fatal, sizeof fatal});
  dtls_pair_connect(p);
  assert_int_equal(p->now, T0 + 40 * MONO_MS);
  for (int end = 0; end < 2; end++) dtls_pair_deliver(p, end, (struct bytes){fatal, sizeof fatal});
  dtls_pair_run(p, p->now + MONO_S);
  dtls_pair_say(p, 0, "still");
  (void)dtls_pair_free(p);
}

static void test_an_alert_with_nothing_after_it_is_believed(void **state) {
  (void)state;
  struct dtls_pair *p = by_hand(0);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  dtls_pair_run(p, T0 + 10 * MONO_MS);
  dtls_pair_deliver(p, 0, (struct bytes){fatal, sizeof fatal});
  dtls_pair_run(p, T0 + 410 * MONO_MS - 1);
  assert_int_equal(dtls_state(p->d[0]), DTLS_CONNECTING);
  dtls_pair_run(p, T0 + 410 * MONO_MS);
  assert_int_equal(dtls_state(p->d[0]), DTLS_FAILED);
  assert_int_equal(dtls_failure(p->d[0]), DTLS_ALERT);
  assert_string_equal(dtls_failure_text(p->d[0]),
                      "the peer refused the DTLS handshake with the alert \"handshake failure\" "
                      "(40)");
  (void)dtls_pair_free(p);
}

/* The fragments of a handshake message, each in a record and datagram of its own, cut from a
 * datagram that holds it whole. */
static size_t fragment(struct bytes whole, size_t size, uint8_t out[][512], size_t *ret_n) {
  struct bytes body = {whole.p + 25, whole.n - 25};
  size_t count = 0;
  for (size_t at = 0; at < body.n; at += size, count++) {
    size_t n = body.n - at < size ? body.n - at : size;
    uint8_t *r = out[count];
    memcpy(r, whole.p, 25);
    r[10] = (uint8_t)(count + 10);
    r[11] = (uint8_t)((n + 12) >> 8);
    r[12] = (uint8_t)(n + 12);
    r[19] = 0;
    r[20] = (uint8_t)(at >> 8);
    r[21] = (uint8_t)at;
    r[22] = 0;
    r[23] = (uint8_t)(n >> 8);
    r[24] = (uint8_t)n;
    memcpy(r + 25, body.p + at, n);
    ret_n[count] = n + 25;
  }
  return count;
}

static void test_a_client_hello_in_fragments_of_any_order_is_put_together(void **state) {
  (void)state;
  static const size_t orders[][5] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}};
  for (size_t i = 0; i < 3; i++) {
    static uint8_t parts[16][512];
    size_t n[16] = {0};
    struct dtls_pair *p = by_hand(0);
    dtls_pair_start_both(p);
    struct bytes whole = {p->log[0].p, p->log[0].n};
    size_t count = fragment(whole, (whole.n - 25 + 4) / 5, parts, n);
    assert_int_equal(count, 5);
    for (size_t k = 0; k < count; k++) {
      assert_int_equal(p->sent, 1);
      size_t which = orders[i][k];
      dtls_pair_deliver(p, 1, (struct bytes){parts[which], n[which]});
    }
    assert_int_equal(p->sent, 2);
    (void)dtls_pair_free(p);
  }
}

static void test_chromiums_two_datagram_hello_is_answered_in_dtls_1_2(void **state) {
  (void)state;
  const struct bytes parts[] = {{chromium_hello_0, sizeof chromium_hello_0},
                                {chromium_hello_1, sizeof chromium_hello_1}};
  for (int order = 0; order < 2; order++) {
    for (int early = 0; early < 2; early++) {
      struct dtls_pair *p = by_hand(0);
      if (!early) dtls_pair_start(p, 1, DTLS_SERVER);
      dtls_pair_deliver(p, 1, parts[order]);
      assert_int_equal(p->sent, 0);
      dtls_pair_deliver(p, 1, parts[!order]);
      if (early) dtls_pair_start(p, 1, DTLS_SERVER);
      assert_int_equal(p->sent, 1);
      assert_int_equal(p->log[0].p[13], 2);                 /* ServerHello */
      assert_memory_equal(p->log[0].p + 25, "\xfe\xfd", 2); /* DTLS 1.2 */
      (void)dtls_pair_free(p);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_client_hello_that_outran_the_signalling_is_kept),
      cmocka_unit_test(test_early_datagrams_are_bounded_and_the_first_ones_stay),
      cmocka_unit_test(test_data_before_the_finished_waits_for_it),
      cmocka_unit_test(test_it_connects_at_every_mtu_and_no_datagram_exceeds_it),
      cmocka_unit_test(test_fragments_in_reverse_order_connect_without_a_time_out),
      cmocka_unit_test(test_every_datagram_twice_changes_nothing),
      cmocka_unit_test(test_a_replayed_record_is_read_once),
      cmocka_unit_test(test_several_records_in_a_datagram_are_all_read),
      cmocka_unit_test(test_a_forged_record_is_dropped_and_counted),
      cmocka_unit_test(test_a_short_buffer_gets_the_beginning),
      cmocka_unit_test(test_garbage_at_any_stage_does_not_stop_the_handshake),
      cmocka_unit_test(test_a_forged_alert_does_not_stop_a_handshake_that_goes_on),
      cmocka_unit_test(test_an_alert_with_nothing_after_it_is_believed),
      cmocka_unit_test(test_a_client_hello_in_fragments_of_any_order_is_put_together),
      cmocka_unit_test(test_chromiums_two_datagram_hello_is_answered_in_dtls_1_2),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
