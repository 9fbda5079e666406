#include "support/sctp_solo.h"

#include <errno.h>

#include "sctp/cookie.h"
#include "support/sctp_pair.h"
#include "support/unit.h"

#define NOTHING ((struct bytes){NULL, 0})

static uint32_t tag_of(const struct solo_packet *p) {
  return load_be32(p->data + 4);
}

static void test_connect_sends_an_init_alone_under_tag_zero(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  assert_int_equal(sctp_connect(t.s, t.now), 0);
  assert_int_equal(sctp_connect(t.s, t.now), -EISCONN);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTING);
  solo_pump(&t);
  assert_int_equal(t.n_packets, 1);
  assert_int_equal(tag_of(&t.packets[0]), 0);
  assert_int_equal(t.packets[0].n, 12 + 32);
  struct chunk c = {0};
  assert_true(solo_find(&t, 0, CHUNK_INIT, &c));
  solo_free(&t);
}

static void test_init_is_sent_again_with_doubling_and_given_up_after_thirty_seconds(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  sctp_hint_rtt(t.s, 50 * MONO_MS);
  mono_us start = t.now, at = t.now, wait = 150 * MONO_MS;
  (void)sctp_connect(t.s, t.now);
  solo_pump(&t);
  for (int i = 0; i < 10; i++) {
    at += wait;
    assert_int_equal(t.wake_at, at);
    solo_wake(&t, at - 1);
    assert_int_equal(t.n_packets, 0);
    solo_wake(&t, at);
    assert_int_equal(solo_count(&t, CHUNK_INIT), 1);
    wait = mono_min(2 * wait, 3 * MONO_S);
  }
  solo_wake(&t, start + 30 * MONO_S - 1);
  assert_int_equal(t.n_events, 0);
  solo_wake(&t, start + 30 * MONO_S);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -ETIMEDOUT);
  assert_int_equal(t.wake_at, MONO_NEVER);
  assert_int_equal(sctp_send(t.s, t.now, &(struct sctp_send_info){0}, payload_copy(bytes_of("x"))),
                   -ENOTCONN);
  solo_free(&t);
}

static void test_without_a_hint_init_waits_a_second(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  (void)sctp_connect(t.s, t.now);
  solo_pump(&t);
  assert_int_equal(t.wake_at, t.now + MONO_S);
  solo_free(&t);
}

static void test_the_handshake_connects_and_takes_the_lesser_streams(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  cfg.max_streams = 5000;
  solo_connect(&t, &cfg);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  assert_int_equal(sctp_streams_out(t.s), 1024);
  assert_int_equal(sctp_streams_in(t.s), 1024);
  solo_free(&t);
}

static void test_the_handshake_measures_the_rtt(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct sctp_stats st;
  solo_connect_with(&t, &cfg, 40 * MONO_MS, true, true);
  sctp_stats(t.s, &st);
  assert_int_equal(st.srtt, 40 * MONO_MS);
  solo_free(&t);
}

/* Brings it to COOKIE ECHOED. */
static void to_cookie_echoed(struct solo *t, const struct sctp_cfg *cfg) {
  struct chunk c = {0};
  uint8_t report_buf[INIT_REPORT_MAX];
  struct writer report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk init = {0};
  (void)cfg;
  (void)sctp_connect(t->s, t->now);
  solo_pump(t);
  assert_true(solo_find(t, 0, CHUNK_INIT, &c) && init_chunk_read(c.value, &init, &report));
  t->tag = init.tag;
  t->tsn = init.tsn;
  solo_begin(t);
  init_chunk_write(&t->w, CHUNK_INIT_ACK,
                   &(struct init_chunk){.tag = SOLO_TAG,
                                        .a_rwnd = SOLO_WINDOW,
                                        .tsn = SOLO_TSN,
                                        .streams_out = 1024,
                                        .streams_in = 1024,
                                        .forward_tsn = true,
                                        .reconfig = true,
                                        .cookie = bytes_of("cookie")},
                   NOTHING);
  assert_int_equal(solo_deliver(t), 0);
  assert_int_equal(solo_count(t, CHUNK_COOKIE_ECHO), 1);
}

static void test_a_lost_cookie_is_sent_again(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  sctp_hint_rtt(t.s, 50 * MONO_MS);
  to_cookie_echoed(&t, &cfg);
  mono_us at = t.wake_at;
  solo_wake(&t, at - 1);
  assert_int_equal(t.n_packets, 0);
  solo_wake(&t, at);
  assert_int_equal(solo_count(&t, CHUNK_COOKIE_ECHO), 1);
  assert_int_equal(tag_of(&t.packets[0]), SOLO_TAG);
  solo_free(&t);
}

static void test_data_goes_along_with_the_cookie_and_again_with_its_repetition(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct data_chunk d;
  solo_init(&t, &cfg);
  assert_int_equal(solo_send(&t, 3, 100), 0);
  assert_int_equal(t.n_packets, 0);
  to_cookie_echoed(&t, &cfg);
  assert_int_equal(t.n_packets, 1);
  assert_true(solo_find_data(&t, 0, &d));
  assert_int_equal(d.stream, 3);
  assert_int_equal(d.tsn, t.tsn);
  solo_wake(&t, t.wake_at);
  assert_int_equal(t.n_packets, 1);
  assert_true(solo_find_data(&t, 0, &d));
  assert_int_equal(d.tsn, t.tsn);
  solo_free(&t);
}

static void test_nothing_but_the_cookie_s_packet_goes_before_its_ack(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  assert_int_equal(solo_send(&t, 3, 50000), 0);
  to_cookie_echoed(&t, &cfg);
  assert_int_equal(t.n_packets, 1);
  assert_int_equal(solo_send(&t, 3, 100), 0);
  assert_int_equal(t.n_packets, 0);
  solo_chunk(&t, CHUNK_COOKIE_ACK, NOTHING);
  assert_true(t.n_packets > 3);
  solo_free(&t);
}

static void test_data_before_the_cookie_ack_stands_for_it(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  to_cookie_echoed(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "early");
  assert_int_equal(t.n_events, 2);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CONNECTED);
  assert_int_equal(t.events[1].ev.kind, SCTP_EV_MESSAGE);
  solo_free(&t);
}

static void test_an_init_ack_without_a_cookie_ends_it_with_an_abort(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct chunk c = {0};
  solo_init(&t, &cfg);
  (void)sctp_connect(t.s, t.now);
  solo_pump(&t);
  assert_true(solo_find(&t, 0, CHUNK_INIT, &c));
  t.tag = solo_u32(c.value);
  solo_begin(&t);
  init_chunk_write(&t.w, CHUNK_INIT_ACK,
                   &(struct init_chunk){.tag = SOLO_TAG, .streams_out = 1, .streams_in = 1},
                   NOTHING);
  (void)solo_deliver(&t);
  assert_int_equal(solo_count(&t, CHUNK_ABORT), 1);
  assert_int_equal(tag_of(&t.packets[0]), SOLO_TAG);
  assert_int_equal(t.events[0].ev.err, -EPROTO);
  solo_free(&t);
}

/* As the side that is called: hands in an INIT, gives what the INIT ACK says. */
static struct init_chunk call(struct solo *t, uint16_t streams) {
  struct chunk c = {0};
  static uint8_t report_buf[INIT_REPORT_MAX];
  struct writer report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk answer = {0};
  solo_begin_with(t, 0);
  init_chunk_write(&t->w, CHUNK_INIT,
                   &(struct init_chunk){.tag = SOLO_TAG,
                                        .a_rwnd = SOLO_WINDOW,
                                        .tsn = SOLO_TSN,
                                        .streams_out = streams,
                                        .streams_in = 2000,
                                        .forward_tsn = true,
                                        .reconfig = true},
                   NOTHING);
  assert_int_equal(solo_deliver(t), 0);
  if (!solo_find(t, 0, CHUNK_INIT_ACK, &c)) return answer;
  assert_int_equal(tag_of(&t->packets[0]), SOLO_TAG);
  assert_true(init_chunk_read(c.value, &answer, &report));
  return answer;
}

static void keep_cookie(uint8_t cookie[COOKIE_SIZE], const struct init_chunk *answer) {
  assert_int_equal(answer->cookie.n, COOKIE_SIZE);
  if (answer->cookie.p) memcpy(cookie, answer->cookie.p, COOKIE_SIZE);
}

static void echo(struct solo *t, uint32_t tag, struct bytes cookie) {
  solo_begin_with(t, tag);
  size_t at = chunk_begin(&t->w, CHUNK_COOKIE_ECHO, 0);
  writer_bytes(&t->w, cookie);
  chunk_end(&t->w, at);
  assert_int_equal(solo_deliver(t), 0);
}

static void test_a_call_is_answered_without_connect_and_without_state(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  uint8_t cookie[COOKIE_SIZE] = {0};
  solo_init(&t, &cfg);
  struct init_chunk answer = call(&t, 700);
  assert_int_equal(sctp_state(t.s), SCTP_CLOSED);
  assert_int_equal(answer.cookie.n, COOKIE_SIZE);
  keep_cookie(cookie, &answer);
  echo(&t, answer.tag, (struct bytes){cookie, COOKIE_SIZE});
  assert_int_equal(solo_count(&t, CHUNK_COOKIE_ACK), 1);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CONNECTED);
  assert_int_equal(sctp_streams_in(t.s), 700);
  assert_int_equal(sctp_streams_out(t.s), 1024);
  assert_int_equal(sctp_connect(t.s, t.now), -EISCONN);
  solo_free(&t);
}

static void test_an_init_without_streams_is_aborted(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  (void)call(&t, 0);
  assert_int_equal(solo_count(&t, CHUNK_ABORT), 1);
  assert_int_equal(tag_of(&t.packets[0]), SOLO_TAG);
  solo_free(&t);
}

static void test_an_init_is_ignored_with_a_tag_or_with_company(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  const struct init_chunk init = {.tag = 5, .streams_out = 1, .streams_in = 1};
  solo_init(&t, &cfg);
  solo_begin_with(&t, 77);
  init_chunk_write(&t.w, CHUNK_INIT, &init, NOTHING);
  (void)solo_deliver(&t);
  assert_int_equal(t.n_packets, 0);
  solo_begin_with(&t, 0);
  init_chunk_write(&t.w, CHUNK_INIT, &init, NOTHING);
  chunk_end(&t.w, chunk_begin(&t.w, CHUNK_COOKIE_ACK, 0));
  (void)solo_deliver(&t);
  assert_int_equal(t.n_packets, 0);
  solo_free(&t);
}

static void test_a_forged_cookie_is_ignored(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  uint8_t cookie[COOKIE_SIZE] = {0};
  solo_init(&t, &cfg);
  struct init_chunk answer = call(&t, 10);
  keep_cookie(cookie, &answer);
  cookie[30] ^= 1;
  echo(&t, answer.tag, (struct bytes){cookie, COOKIE_SIZE});
  assert_int_equal(t.n_packets + t.n_events, 0);
  solo_free(&t);
}

static void test_a_stale_cookie_is_told_so_with_its_age(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  uint8_t cookie[COOKIE_SIZE] = {0};
  struct chunk c = {0};
  solo_init(&t, &cfg);
  struct init_chunk answer = call(&t, 10);
  keep_cookie(cookie, &answer);
  t.now += 61 * MONO_S;
  echo(&t, answer.tag, (struct bytes){cookie, COOKIE_SIZE});
  assert_true(solo_find(&t, 0, CHUNK_ERROR, &c));
  assert_int_equal(tag_of(&t.packets[0]), SOLO_TAG);
  assert_memory_equal(c.value.p, "\x00\x03\x00\x08\x00\x0f\x42\x40", 8); /* one second */
  assert_int_equal(sctp_state(t.s), SCTP_CLOSED);
  solo_free(&t);
}

static void test_told_of_a_stale_cookie_it_starts_over(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  to_cookie_echoed(&t, &cfg);
  solo_chunk(&t, CHUNK_ERROR,
             (struct bytes){(const uint8_t *)"\x00\x03\x00\x08\x00\x00\x00\x01", 8});
  assert_int_equal(solo_count(&t, CHUNK_INIT), 1);
  solo_free(&t);
}

static void test_a_repeated_cookie_is_acknowledged_again(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  uint8_t cookie[COOKIE_SIZE] = {0};
  solo_init(&t, &cfg);
  struct init_chunk answer = call(&t, 10);
  keep_cookie(cookie, &answer);
  echo(&t, answer.tag, (struct bytes){cookie, COOKIE_SIZE});
  t.now += 90 * MONO_S; /* stale, but both tags are known */
  echo(&t, answer.tag, (struct bytes){cookie, COOKIE_SIZE});
  assert_int_equal(solo_count(&t, CHUNK_COOKIE_ACK), 1);
  assert_int_equal(t.n_events, 0);
  solo_free(&t);
}

static void test_an_init_of_an_association_that_is_up_does_not_disturb_it(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  struct init_chunk answer = call(&t, 10);
  assert_int_not_equal(answer.tag, t.tag);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  solo_free(&t);
}

static void test_a_peer_that_restarts_ends_the_association(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  uint8_t cookie[COOKIE_SIZE] = {0};
  solo_connect(&t, &cfg);
  solo_begin_with(&t, 0);
  init_chunk_write(&t.w, CHUNK_INIT,
                   &(struct init_chunk){.tag = 0x777, .tsn = 5, .streams_out = 1, .streams_in = 1},
                   NOTHING);
  (void)solo_deliver(&t);
  struct chunk c = {0};
  uint8_t report_buf[INIT_REPORT_MAX];
  struct writer report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk answer = {0};
  assert_true(solo_find(&t, 0, CHUNK_INIT_ACK, &c) && init_chunk_read(c.value, &answer, &report));
  keep_cookie(cookie, &answer);
  echo(&t, answer.tag, (struct bytes){cookie, COOKIE_SIZE});
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -ECONNRESET);
  solo_free(&t);
}

static void test_both_may_call_at_once(void **state) {
  (void)state;
  struct sctp_pair p;
  struct sctp_cfg cfg = pair_cfg();
  pair_init(&p, &cfg, 4);
  pair_set_links(&p, &(struct pair_link){.delay = 10 * MONO_MS});
  for (int i = 0; i < 2; i++) {
    assert_int_equal(sctp_connect(p.ends[i], p.now), 0);
    pair_pump(&p, i);
  }
  pair_run(&p, p.now + 40 * MONO_MS);
  for (int i = 0; i < 2; i++) assert_int_equal(sctp_state(p.ends[i]), SCTP_CONNECTED);
  struct sctp_send_info info = pair_info(0);
  assert_int_equal(pair_send(&p, 0, &info, 5000, 1), 0);
  assert_int_equal(pair_send(&p, 1, &info, 6000, 1), 0);
  pair_run(&p, p.now + MONO_S);
  assert_int_equal(p.bytes[1], 5000);
  assert_int_equal(p.bytes[0], 6000);
  pair_free(&p);
}

/* Loses the packets whose numbers the bits of the mask name, over both directions. */
struct loser {
  uint32_t mask;
  unsigned number;
};

static bool lose(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  struct loser *l = ctx;
  (void)p;
  (void)from;
  (void)packet;
  return l->number >= 32 || !(l->mask >> l->number++ & 1);
}

/* Every pattern of losses among the first eight packets, with one end calling or both. */
static void test_whatever_is_lost_at_first_both_ends_connect(void **state) {
  (void)state;
  struct sctp_cfg cfg = pair_cfg();
  for (uint32_t mask = 0; mask < 512; mask++) {
    struct sctp_pair p;
    struct loser l = {.mask = mask >> 1};
    pair_init(&p, &cfg, 4);
    pair_set_links(&p, &(struct pair_link){.delay = 10 * MONO_MS});
    p.hooks = (struct pair_hooks){&l, NULL, lose};
    if (mask & 1) {
      (void)sctp_connect(p.ends[1], p.now);
      pair_pump(&p, 1);
    }
    assert_true(pair_connect(&p));
    pair_free(&p);
  }
}

static void test_a_peer_with_fewer_streams_loses_what_waits_for_the_others(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  cfg.max_streams = 5000;
  solo_init(&t, &cfg);
  assert_int_equal(solo_send(&t, 3000, 100), 0);
  assert_int_equal(solo_send(&t, 1023, 100), 0);
  to_cookie_echoed(&t, &cfg);
  solo_chunk(&t, CHUNK_COOKIE_ACK, NOTHING);
  assert_int_equal(sctp_buffered(t.s, 3000), 0);
  assert_int_equal(solo_send(&t, 3000, 100), -EINVAL);
  assert_int_equal(solo_send(&t, 1023, 100), 0);
  solo_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connect_sends_an_init_alone_under_tag_zero),
      cmocka_unit_test(test_init_is_sent_again_with_doubling_and_given_up_after_thirty_seconds),
      cmocka_unit_test(test_without_a_hint_init_waits_a_second),
      cmocka_unit_test(test_the_handshake_connects_and_takes_the_lesser_streams),
      cmocka_unit_test(test_the_handshake_measures_the_rtt),
      cmocka_unit_test(test_a_lost_cookie_is_sent_again),
      cmocka_unit_test(test_data_goes_along_with_the_cookie_and_again_with_its_repetition),
      cmocka_unit_test(test_nothing_but_the_cookie_s_packet_goes_before_its_ack),
      cmocka_unit_test(test_data_before_the_cookie_ack_stands_for_it),
      cmocka_unit_test(test_an_init_ack_without_a_cookie_ends_it_with_an_abort),
      cmocka_unit_test(test_a_call_is_answered_without_connect_and_without_state),
      cmocka_unit_test(test_an_init_without_streams_is_aborted),
      cmocka_unit_test(test_an_init_is_ignored_with_a_tag_or_with_company),
      cmocka_unit_test(test_a_forged_cookie_is_ignored),
      cmocka_unit_test(test_a_stale_cookie_is_told_so_with_its_age),
      cmocka_unit_test(test_told_of_a_stale_cookie_it_starts_over),
      cmocka_unit_test(test_a_repeated_cookie_is_acknowledged_again),
      cmocka_unit_test(test_an_init_of_an_association_that_is_up_does_not_disturb_it),
      cmocka_unit_test(test_a_peer_that_restarts_ends_the_association),
      cmocka_unit_test(test_both_may_call_at_once),
      cmocka_unit_test(test_whatever_is_lost_at_first_both_ends_connect),
      cmocka_unit_test(test_a_peer_with_fewer_streams_loses_what_waits_for_the_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
