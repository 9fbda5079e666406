/* What an association does with data: deliveries, SACKs and their times, the window. */
#include "support/sctp_solo.h"

#include <errno.h>

#include "sctp/rx/message.h"
#include "support/unit.h"

static struct sack_chunk last_sack(const struct solo *t) {
  struct chunk c = {0};
  struct sack_chunk s = {0};
  assert_true(solo_find(t, 0, CHUNK_SACK, &c));
  assert_true(sack_chunk_read(c.value, &s));
  return s;
}

static void test_the_first_packet_is_acknowledged_after_the_delay_the_second_at_once(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "one");
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.n_events, 1);
  assert_int_equal(t.events[0].ev.stream, 1);
  assert_int_equal(t.events[0].ev.ppid, 51);
  assert_true(bytes_equal(payload_bytes(t.events[0].message), bytes_of("one")));
  mono_us at = t.now + 20 * MONO_MS;
  assert_int_equal(t.wake_at, at);
  solo_wake(&t, at - 1);
  assert_int_equal(t.n_packets, 0);
  solo_wake(&t, at);
  assert_int_equal(last_sack(&t).cum, SOLO_TSN);
  solo_data(&t, SOLO_TSN + 1, 1, 1, DATA_WHOLE, "two");
  assert_int_equal(t.n_packets, 0);
  solo_data(&t, SOLO_TSN + 2, 1, 2, DATA_WHOLE, "three");
  assert_int_equal(last_sack(&t).cum, SOLO_TSN + 2);
  solo_free(&t);
}

static void test_the_i_bit_asks_for_a_sack_at_once(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE | DATA_FLAG_IMMEDIATE, "now");
  assert_int_equal(last_sack(&t).cum, SOLO_TSN);
  solo_free(&t);
}

static void test_a_gap_is_reported_at_once_with_every_packet_until_it_closes(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  for (uint32_t i = 1; i < 4; i++) {
    solo_data(&t, SOLO_TSN + i, 1, (uint16_t)i, DATA_WHOLE, "x");
    assert_int_equal(last_sack(&t).cum, SOLO_TSN - 1);
    struct sack_chunk s = last_sack(&t);
    assert_int_equal(sack_gap_at(&s, 0).first, 2);
    assert_int_equal(sack_gap_at(&s, 0).last, 1 + i);
    assert_int_equal(t.n_events, 0);
  }
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "x");
  assert_int_equal(last_sack(&t).cum, SOLO_TSN + 3);
  assert_int_equal(t.n_events, 4);
  solo_data(&t, SOLO_TSN + 4, 1, 4, DATA_WHOLE, "x");
  assert_int_equal(t.n_packets, 0);
  solo_free(&t);
}

static void test_a_duplicate_is_reported_at_once_and_delivered_once(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct sctp_stats st;
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "x");
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "x");
  assert_int_equal(t.n_events, 0);
  struct sack_chunk s = last_sack(&t);
  assert_int_equal(sack_dups(&s), 1);
  assert_int_equal(sack_dup_at(&s, 0), SOLO_TSN);
  sctp_stats(t.s, &st);
  assert_int_equal(st.duplicates, 1);
  solo_free(&t);
}

static void test_a_sack_goes_along_with_data(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "question");
  assert_int_equal(solo_send(&t, 1, 10), 0);
  assert_int_equal(t.n_packets, 1);
  assert_int_equal(last_sack(&t).cum, SOLO_TSN);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  solo_free(&t);
}

static void test_the_window_closes_with_what_is_held_and_opens_with_release(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  char text[1001] = {0};
  memset(text, 'a', 1000);
  cfg.receive_window = 10000;
  cfg.max_message = 1000;
  solo_connect(&t, &cfg);
  uint32_t tsn = SOLO_TSN;
  for (uint16_t i = 0; i < 8; i++) solo_data(&t, tsn++, 1, i, DATA_WHOLE, text);
  assert_int_equal(last_sack(&t).a_rwnd, 2000);
  sctp_release(t.s, t.now, 1000);
  solo_pump(&t);
  assert_int_equal(t.n_packets, 0); /* too little to tell */
  sctp_release(t.s, t.now, 1500);
  solo_pump(&t);
  assert_int_equal(last_sack(&t).a_rwnd, 4500);
  solo_free(&t);
}

static void test_data_past_a_closed_window_is_dropped_and_answered(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  char text[1001] = {0};
  memset(text, 'a', 1000);
  cfg.receive_window = 3000;
  cfg.max_message = 1000;
  solo_connect(&t, &cfg);
  for (uint16_t i = 0; i < 3; i++) solo_data(&t, SOLO_TSN + i, 1, i, DATA_WHOLE, text);
  solo_data(&t, SOLO_TSN + 3, 1, 3, DATA_WHOLE, "probe");
  assert_int_equal(t.n_events, 0);
  assert_int_equal(last_sack(&t).cum, SOLO_TSN + 2);
  assert_int_equal(last_sack(&t).a_rwnd, 0);
  sctp_release(t.s, t.now, 1000);
  solo_pump(&t);
  assert_int_equal(last_sack(&t).a_rwnd, 1000);
  solo_data(&t, SOLO_TSN + 3, 1, 3, DATA_WHOLE, "probe");
  assert_int_equal(t.n_events, 1);
  solo_free(&t);
}

/* The lowest hole may be filled although all the window is held behind it. */
static void test_a_full_window_still_takes_what_closes_the_lowest_hole(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  char text[1001] = {0};
  memset(text, 'a', 1000);
  cfg.receive_window = 10000;
  cfg.max_message = 5000;
  solo_connect(&t, &cfg);
  for (uint16_t i = 1; i < 12; i++) solo_data(&t, SOLO_TSN + i, 1, i, DATA_WHOLE, text);
  struct sctp_stats st;
  sctp_stats(t.s, &st);
  assert_true(st.receive_held <= 10000);
  assert_int_equal(last_sack(&t).a_rwnd < 1300, 1);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, text);
  assert_true(t.n_events > 5);
  solo_free(&t);
}

static void test_many_tiny_fragments_cannot_hold_more_than_the_window(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  cfg.receive_window = 20000;
  solo_connect(&t, &cfg);
  for (uint32_t i = 0; i < 1000; i++)
    solo_data(&t, SOLO_TSN + 2 + 2 * i, 1, 0, DATA_FLAG_UNORDERED, "x");
  struct sctp_stats st;
  sctp_stats(t.s, &st);
  assert_true(st.receive_held <= 20000);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  solo_free(&t);
}

static void test_a_message_past_the_maximum_aborts(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  cfg.max_message = 10;
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_FLAG_BEGIN, "12345678");
  solo_data(&t, SOLO_TSN + 1, 1, 0, DATA_FLAG_END, "901");
  assert_int_equal(solo_count(&t, CHUNK_ABORT), 1);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -EPROTO);
  solo_free(&t);
}

static void test_a_chunk_without_data_aborts_with_its_tsn(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct chunk c = {0};
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "");
  assert_true(solo_find(&t, 0, CHUNK_ABORT, &c));
  assert_memory_equal(c.value.p, "\x00\x09\x00\x08\x00\x00\x03\xe8", 8);
  solo_free(&t);
}

static void test_an_invalid_stream_is_reported_and_its_tsn_acknowledged(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct chunk c = {0};
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1024, 0, DATA_WHOLE | DATA_FLAG_IMMEDIATE, "x");
  assert_true(solo_find(&t, 0, CHUNK_ERROR, &c));
  assert_memory_equal(c.value.p, "\x00\x01\x00\x08\x04\x00\x00\x00", 8);
  assert_int_equal(last_sack(&t).cum, SOLO_TSN);
  assert_int_equal(t.n_events, 0);
  solo_free(&t);
}

static void forward(struct solo *t, uint32_t cum, const struct forward_tsn_entry *e, size_t n) {
  solo_begin(t);
  forward_tsn_write(&t->w, false, cum, &(struct forward_tsn_list){e, n});
  assert_int_equal(solo_deliver(t), 0);
}

static void test_a_forward_tsn_skips_and_is_acknowledged_at_once(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN + 2, 1, 2, DATA_WHOLE, "third");
  assert_int_equal(t.n_events, 0);
  forward(&t, SOLO_TSN + 1, &(struct forward_tsn_entry){.stream = 1, .mid = 1}, 1);
  assert_int_equal(last_sack(&t).cum, SOLO_TSN + 2);
  assert_int_equal(t.n_events, 1);
  assert_true(bytes_equal(payload_bytes(t.events[0].message), bytes_of("third")));
  forward(&t, SOLO_TSN, NULL, 0); /* an old one */
  assert_int_equal(last_sack(&t).cum, SOLO_TSN + 2);
  solo_free(&t);
}

static void test_a_forward_tsn_purges_partial_messages_and_their_hold(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct sctp_stats st;
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_FLAG_BEGIN, "begin");
  solo_data(&t, SOLO_TSN + 2, 1, 0, 0, "middle");
  forward(&t, SOLO_TSN + 3, &(struct forward_tsn_entry){.stream = 1, .mid = 0}, 1);
  sctp_stats(t.s, &st);
  assert_int_equal(st.receive_held, 0);
  solo_data(&t, SOLO_TSN + 4, 1, 1, DATA_WHOLE, "next");
  assert_int_equal(t.n_events, 1);
  solo_free(&t);
}

static void test_islands_joined_by_a_forward_tsn_keep_their_partial_messages(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  solo_data(&t, SOLO_TSN + 1, 2, 0, DATA_FLAG_BEGIN, "a");
  solo_data(&t, SOLO_TSN + 2, 2, 0, 0, "b");
  forward(&t, SOLO_TSN, &(struct forward_tsn_entry){.stream = 1, .mid = 0}, 1);
  assert_int_equal(last_sack(&t).cum, SOLO_TSN + 2);
  solo_data(&t, SOLO_TSN + 3, 2, 0, DATA_FLAG_END, "c");
  assert_true(bytes_equal(payload_bytes(t.events[0].message), bytes_of("abc")));
  solo_free(&t);
}

static void test_a_message_not_taken_is_released_with_the_next_call(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct sctp_out out;
  struct sctp_stats st;
  uint8_t buf[SOLO_MTU];
  solo_connect(&t, &cfg);
  solo_begin(&t);
  data_chunk_write(
      &t.w, &(struct data_chunk){
                .tsn = SOLO_TSN, .begin = true, .end = true, .data = bytes_of("nobody wants it")});
  packet_finish(&t.w);
  assert_int_equal(sctp_recv(t.s, t.now, writer_written(&t.w)), 0);
  sctp_poll(t.s, t.now, buf, sizeof buf, &out);
  assert_int_equal(out.kind, OUT_EVENT);
  sctp_poll(t.s, t.now, buf, sizeof buf, &out);
  assert_null(sctp_take_message(t.s));
  sctp_stats(t.s, &st);
  assert_int_equal(st.receive_held, 0);
  solo_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_first_packet_is_acknowledged_after_the_delay_the_second_at_once),
      cmocka_unit_test(test_the_i_bit_asks_for_a_sack_at_once),
      cmocka_unit_test(test_a_gap_is_reported_at_once_with_every_packet_until_it_closes),
      cmocka_unit_test(test_a_duplicate_is_reported_at_once_and_delivered_once),
      cmocka_unit_test(test_a_sack_goes_along_with_data),
      cmocka_unit_test(test_the_window_closes_with_what_is_held_and_opens_with_release),
      cmocka_unit_test(test_data_past_a_closed_window_is_dropped_and_answered),
      cmocka_unit_test(test_a_full_window_still_takes_what_closes_the_lowest_hole),
      cmocka_unit_test(test_many_tiny_fragments_cannot_hold_more_than_the_window),
      cmocka_unit_test(test_a_message_past_the_maximum_aborts),
      cmocka_unit_test(test_a_chunk_without_data_aborts_with_its_tsn),
      cmocka_unit_test(test_an_invalid_stream_is_reported_and_its_tsn_acknowledged),
      cmocka_unit_test(test_a_forward_tsn_skips_and_is_acknowledged_at_once),
      cmocka_unit_test(test_a_forward_tsn_purges_partial_messages_and_their_hold),
      cmocka_unit_test(test_islands_joined_by_a_forward_tsn_keep_their_partial_messages),
      cmocka_unit_test(test_a_message_not_taken_is_released_with_the_next_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
