/* association.c, inbound.c, ending.c, heartbeat.c: tags, unknown chunks, aborts, heartbeats. */
#include "support/sctp_solo.h"

#include <errno.h>

#include "support/unit.h"

#define NOTHING ((struct bytes){NULL, 0})
#define RTT     (40 * MONO_MS)

static void up(struct solo *t) {
  struct sctp_cfg cfg = solo_cfg();
  solo_connect_with(t, &cfg, RTT, true, true);
}

static struct sctp_stats stats(const struct solo *t) {
  struct sctp_stats st;
  sctp_stats(t->s, &st);
  return st;
}

static void lone_chunk(struct solo *t, uint32_t tag, uint8_t type, uint8_t flags,
                       struct bytes value) {
  solo_begin_with(t, tag);
  size_t at = chunk_begin(&t->w, type, flags);
  writer_bytes(&t->w, value);
  chunk_end(&t->w, at);
  assert_int_equal(solo_deliver(t), 0);
}

static void test_a_configuration_without_sense_is_refused(void **state) {
  (void)state;
  struct sctp *s = NULL;
  struct sctp_cfg cfg = solo_cfg();
  cfg.mtu = 100;
  assert_int_equal(sctp_new(&s, &cfg, 0), -EINVAL);
  cfg = solo_cfg();
  cfg.max_streams = 0;
  assert_int_equal(sctp_new(&s, &cfg, 0), -EINVAL);
  assert_null(s);
  assert_null(sctp_free(NULL));
}

static void test_packets_of_other_ports_or_a_wrong_sum_are_dropped(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  solo_begin(&t);
  t.buf[1] ^= 1;
  chunk_end(&t.w, chunk_begin(&t.w, CHUNK_ABORT, 0));
  assert_int_equal(solo_deliver(&t), 0);
  solo_begin(&t);
  chunk_end(&t.w, chunk_begin(&t.w, CHUNK_ABORT, 0));
  packet_finish(&t.w);
  t.buf[9] ^= 1;
  assert_int_equal(sctp_recv(t.s, t.now, writer_written(&t.w)), 0);
  solo_pump(&t);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  assert_int_equal(stats(&t).checksum_errors, 1);
  solo_free(&t);
}

static void test_a_packet_under_another_tag_is_dropped(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  lone_chunk(&t, t.tag + 1, CHUNK_ABORT, 0, NOTHING);
  lone_chunk(&t, SOLO_TAG, CHUNK_ABORT, 0, NOTHING); /* without the T bit */
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  lone_chunk(&t, SOLO_TAG, CHUNK_ABORT, FLAG_T, NOTHING);
  assert_int_equal(sctp_state(t.s), SCTP_CLOSED);
  solo_free(&t);
}

static void test_the_peer_s_abort_closes_with_its_words(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  lone_chunk(&t, t.tag, CHUNK_ABORT, 0,
             (struct bytes){(const uint8_t *)"\x00\x0c\x00\x09\x1b"
                                             "bye\x07",
                            9});
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -ECONNRESET);
  assert_string_equal(t.events[0].text, "the peer aborted the association, cause 12: ?bye?");
  assert_int_equal(t.n_packets, 0);
  solo_free(&t);
}

static void test_our_abort_is_sent_and_then_told(void **state) {
  (void)state;
  struct solo t;
  struct chunk c = {0};
  up(&t);
  sctp_abort(t.s, t.now, "no more");
  solo_pump(&t);
  assert_true(solo_find(&t, 0, CHUNK_ABORT, &c));
  assert_memory_equal(c.value.p, "\x00\x0c\x00\x0bno more", 11);
  assert_int_equal(t.events[0].ev.err, -ECONNABORTED);
  assert_string_equal(t.events[0].text, "no more");
  solo_free(&t);
}

static void test_an_abort_is_told_also_when_the_path_is_shut(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  sctp_set_writable(t.s, t.now, false);
  sctp_abort(t.s, t.now, "no more");
  solo_pump(&t);
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  solo_free(&t);
}

static void test_an_abort_before_the_peer_is_known_sends_nothing(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  (void)sctp_connect(t.s, t.now);
  solo_pump(&t);
  sctp_abort(t.s, t.now, "no more");
  solo_pump(&t);
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.events[0].ev.err, -ECONNABORTED);
  solo_free(&t);
}

/* An unknown chunk before data: whether it is reported, and whether the data is still read. */
static void unknown(uint8_t type, bool reported, bool goes_on) {
  struct solo t;
  struct chunk c = {0};
  up(&t);
  solo_begin(&t);
  chunk_end(&t.w, chunk_begin(&t.w, type, 5));
  data_chunk_write(&t.w,
                   &(struct data_chunk){
                       .tsn = SOLO_TSN, .begin = true, .end = true, .data = bytes_of("behind")});
  assert_int_equal(solo_deliver(&t), 0);
  assert_int_equal(solo_find(&t, 0, CHUNK_ERROR, &c), reported);
  if (reported) {
    const uint8_t want[] = {0, CAUSE_UNRECOGNIZED_CHUNK, 0, 8, type, 5, 0, 4};
    assert_memory_equal(c.value.p, want, sizeof want);
  }
  assert_int_equal(t.n_events, goes_on);
  solo_free(&t);
}

static void test_unknown_chunks_are_handled_by_their_high_bits(void **state) {
  (void)state;
  unknown(0x3f, false, false);
  unknown(0x40, true, false);
  unknown(0xbf, false, true);
  unknown(0xff, true, true);
}

static void test_padding_is_passed_over(void **state) {
  (void)state;
  unknown(CHUNK_PAD, false, true);
}

static void test_what_follows_a_broken_chunk_is_not_read(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  solo_begin(&t);
  data_chunk_write(
      &t.w,
      &(struct data_chunk){.tsn = SOLO_TSN, .begin = true, .end = true, .data = bytes_of("good")});
  writer_u32(&t.w, 0x09000002);
  assert_int_equal(solo_deliver(&t), 0);
  assert_int_equal(t.n_events, 1);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  solo_free(&t);
}

static void test_a_heartbeat_is_answered_with_its_own_words(void **state) {
  (void)state;
  struct solo t;
  struct chunk c = {0};
  up(&t);
  solo_chunk(&t, CHUNK_HEARTBEAT,
             bytes_of("\x01\x02\x03"
                      "any thing"));
  assert_true(solo_find(&t, 0, CHUNK_HEARTBEAT_ACK, &c));
  assert_true(bytes_equal(c.value, bytes_of("\x01\x02\x03"
                                            "any thing")));
  solo_free(&t);
}

static void test_an_idle_association_sends_a_heartbeat_after_half_a_minute(void **state) {
  (void)state;
  struct solo t;
  struct chunk c = {0};
  uint8_t echo[64];
  up(&t);
  assert_true(t.wake_at >= t.now + 30 * MONO_S && t.wake_at < t.now + 31 * MONO_S);
  solo_wake(&t, t.wake_at);
  assert_true(solo_find(&t, 0, CHUNK_HEARTBEAT, &c));
  memcpy(echo, c.value.p, c.value.n);
  t.now += 80 * MONO_MS;
  solo_chunk(&t, CHUNK_HEARTBEAT_ACK, (struct bytes){echo, c.value.n});
  assert_int_equal(stats(&t).srtt, (7 * RTT + 80 * MONO_MS) / 8);
  assert_true(t.wake_at >= t.now + 30 * MONO_S);
  solo_chunk(&t, CHUNK_HEARTBEAT_ACK, (struct bytes){echo, c.value.n}); /* a second one */
  assert_int_equal(stats(&t).srtt, (7 * RTT + 80 * MONO_MS) / 8);
  solo_free(&t);
}

static void test_unanswered_heartbeats_end_it(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  for (int i = 0; i < 100 && sctp_state(t.s) == SCTP_CONNECTED; i++) solo_wake(&t, t.wake_at);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -ETIMEDOUT);
  solo_free(&t);
}

static void test_a_new_path_without_data_gets_a_heartbeat(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  sctp_path_changed(t.s, t.now);
  solo_pump(&t);
  assert_int_equal(solo_count(&t, CHUNK_HEARTBEAT), 1);
  solo_free(&t);
}

static void test_a_flood_of_heartbeats_keeps_few_answers(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  solo_begin(&t);
  for (int i = 0; i < 60; i++) {
    size_t at = chunk_begin(&t.w, CHUNK_HEARTBEAT, 0);
    writer_bytes(&t.w, bytes_of("ping"));
    chunk_end(&t.w, at);
  }
  assert_int_equal(solo_deliver(&t), 0);
  assert_int_equal(solo_count(&t, CHUNK_HEARTBEAT_ACK), 16);
  solo_free(&t);
}

static void test_after_the_end_everything_is_ignored(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  lone_chunk(&t, t.tag, CHUNK_ABORT, 0, NOTHING);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "x");
  lone_chunk(&t, 0, CHUNK_INIT, 0,
             (struct bytes){(const uint8_t *)"\0\0\0\1\0\0\0\1\0\1\0\1\0\0\0\1", 16});
  assert_int_equal(t.n_packets + t.n_events, 0);
  assert_int_equal(t.wake_at, MONO_NEVER);
  assert_int_equal(sctp_connect(t.s, t.now), -EISCONN);
  assert_int_equal(sctp_reset_streams(t.s, t.now, &(uint16_t){1}, 1), -ENOTCONN);
  solo_free(&t);
}

static void test_messages_that_came_before_the_end_are_still_told(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  solo_begin(&t);
  data_chunk_write(
      &t.w, &(struct data_chunk){
                .tsn = SOLO_TSN, .begin = true, .end = true, .data = bytes_of("last words")});
  chunk_end(&t.w, chunk_begin(&t.w, CHUNK_ABORT, 0));
  assert_int_equal(solo_deliver(&t), 0);
  assert_int_equal(t.n_events, 2);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_MESSAGE);
  assert_int_equal(t.events[1].ev.kind, SCTP_EV_CLOSED);
  solo_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_configuration_without_sense_is_refused),
      cmocka_unit_test(test_packets_of_other_ports_or_a_wrong_sum_are_dropped),
      cmocka_unit_test(test_a_packet_under_another_tag_is_dropped),
      cmocka_unit_test(test_the_peer_s_abort_closes_with_its_words),
      cmocka_unit_test(test_our_abort_is_sent_and_then_told),
      cmocka_unit_test(test_an_abort_is_told_also_when_the_path_is_shut),
      cmocka_unit_test(test_an_abort_before_the_peer_is_known_sends_nothing),
      cmocka_unit_test(test_unknown_chunks_are_handled_by_their_high_bits),
      cmocka_unit_test(test_padding_is_passed_over),
      cmocka_unit_test(test_what_follows_a_broken_chunk_is_not_read),
      cmocka_unit_test(test_a_heartbeat_is_answered_with_its_own_words),
      cmocka_unit_test(test_an_idle_association_sends_a_heartbeat_after_half_a_minute),
      cmocka_unit_test(test_unanswered_heartbeats_end_it),
      cmocka_unit_test(test_a_new_path_without_data_gets_a_heartbeat),
      cmocka_unit_test(test_a_flood_of_heartbeats_keeps_few_answers),
      cmocka_unit_test(test_after_the_end_everything_is_ignored),
      cmocka_unit_test(test_messages_that_came_before_the_end_are_still_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
