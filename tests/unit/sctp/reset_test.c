/* Stream resets: reset_out.c and reset_in.c, RFC 6525. */
#include "support/sctp_solo.h"

#include <errno.h>

#include "support/unit.h"

#define RTT (40 * MONO_MS)

static void up(struct solo *t) {
  struct sctp_cfg cfg = solo_cfg();
  solo_connect_with(t, &cfg, RTT, true, true);
}

static int reset(struct solo *t, uint16_t stream) {
  int err = sctp_reset_streams(t->s, t->now, &stream, 1);
  solo_pump(t);
  return err;
}

/* The parameter of the RE-CONFIG just sent. */
static struct reconfig_param sent(const struct solo *t) {
  struct chunk c = {0};
  struct param raw;
  struct reconfig_param p = {0};
  assert_true(solo_find(t, 0, CHUNK_RE_CONFIG, &c));
  struct cursor in = cursor_of(c.value);
  assert_true(param_next(&in, &raw) && reconfig_param_read(&raw, &p));
  return p;
}

static void respond(struct solo *t, uint32_t seq, enum reset_result result) {
  solo_begin(t);
  size_t at = chunk_begin(&t->w, CHUNK_RE_CONFIG, 0);
  reconfig_write_response(&t->w, seq, result);
  chunk_end(&t->w, at);
  assert_int_equal(solo_deliver(t), 0);
}

static void test_a_drained_stream_is_reset_at_once(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  assert_int_equal(solo_send(&t, 3, 10), 0);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_int_equal(reset(&t, 3), 0);
  struct reconfig_param p = sent(&t);
  assert_int_equal(p.type, PARAM_OUTGOING_RESET);
  assert_int_equal(p.request_seq, t.tsn);
  assert_int_equal(p.last_tsn, t.tsn);
  assert_int_equal(reconfig_streams(&p), 1);
  assert_int_equal(reconfig_stream_at(&p, 0), 3);
  assert_int_equal(solo_send(&t, 3, 10), -EBUSY);
  respond(&t, p.request_seq, RESET_PERFORMED);
  assert_int_equal(t.n_events, 1);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_DONE);
  assert_int_equal(t.events[0].ev.err, 0);
  assert_int_equal(t.events[0].streams[0], 3);
  assert_int_equal(solo_send(&t, 3, 10), 0);
  assert_true(solo_find_data(&t, 0, &d));
  assert_int_equal(d.mid, 0);
  solo_free(&t);
}

static void test_a_reset_waits_until_all_is_acknowledged(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  assert_int_equal(solo_send(&t, 3, 3000), 0);
  assert_int_equal(reset(&t, 3), 0);
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 0);
  solo_sack(&t, t.tsn + 1, SOLO_WINDOW, NULL, 0);
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 0);
  solo_sack(&t, t.tsn + 2, SOLO_WINDOW, NULL, 0);
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 1);
  solo_free(&t);
}

static void test_a_reset_goes_on_when_the_last_message_is_abandoned(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = {.stream = 3, .limit_retransmits = true, .lifetime = MONO_NEVER};
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  assert_int_equal(reset(&t, 3), 0);
  while (solo_count(&t, CHUNK_FORWARD_TSN) == 0) solo_wake(&t, t.wake_at);
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 1);
  assert_int_equal(sent(&t).last_tsn, t.tsn);
  solo_free(&t);
}

static void test_a_lost_request_is_sent_again_with_the_same_number(void **state) {
  (void)state;
  struct solo t;
  struct sctp_stats st;
  up(&t);
  assert_int_equal(reset(&t, 3), 0);
  sctp_stats(t.s, &st);
  mono_us at = t.now + st.rto, wait = st.rto;
  for (int i = 0; i < 4; i++) {
    solo_wake(&t, at - 1);
    assert_int_equal(t.n_packets, 0);
    solo_wake(&t, at);
    assert_int_equal(sent(&t).request_seq, t.tsn);
    wait *= 2;
    at += wait;
  }
  solo_free(&t);
}

static void test_one_request_is_out_at_a_time_and_gathers_what_waits(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  assert_int_equal(reset(&t, 3), 0);
  assert_int_equal(reset(&t, 4), 0);
  assert_int_equal(reset(&t, 4), 0); /* asked twice is once */
  assert_int_equal(reset(&t, 5), 0);
  assert_int_equal(t.n_packets, 0);
  respond(&t, t.tsn, RESET_PERFORMED);
  struct reconfig_param p = sent(&t);
  assert_int_equal(p.request_seq, t.tsn + 1);
  assert_int_equal(reconfig_streams(&p), 2);
  respond(&t, p.request_seq, RESET_NOTHING_TO_DO);
  assert_int_equal(t.events[0].ev.n_streams, 2);
  assert_int_equal(t.events[0].ev.err, 0);
  solo_free(&t);
}

static void test_a_denied_reset_is_told_and_the_stream_goes_on(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  assert_int_equal(solo_send(&t, 3, 10), 0);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_int_equal(reset(&t, 3), 0);
  respond(&t, t.tsn, RESET_DENIED);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_DONE);
  assert_int_equal(t.events[0].ev.err, -EACCES);
  assert_int_equal(solo_send(&t, 3, 10), 0);
  assert_true(solo_find_data(&t, 0, &d));
  assert_int_equal(d.mid, 1);
  solo_free(&t);
}

static void test_in_progress_is_asked_again_under_the_next_number_with_the_same_tsn(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  assert_int_equal(solo_send(&t, 9, 10), 0);
  assert_int_equal(reset(&t, 3), 0);
  uint32_t last = sent(&t).last_tsn;
  respond(&t, t.tsn, RESET_IN_PROGRESS);
  assert_int_equal(t.n_events, 0);
  assert_int_equal(solo_send(&t, 9, 10), 0);
  mono_us at = t.now + RTT + 20 * MONO_MS;
  while (t.wake_at < at) solo_wake(&t, t.wake_at);
  solo_wake(&t, at - 1);
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 0);
  solo_wake(&t, at);
  assert_int_equal(sent(&t).request_seq, t.tsn + 1);
  assert_int_equal(sent(&t).last_tsn, last);
  respond(&t, t.tsn, RESET_PERFORMED); /* to the old number: says nothing any more */
  assert_int_equal(t.n_events, 0);
  respond(&t, t.tsn + 1, RESET_PERFORMED);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_DONE);
  solo_free(&t);
}

static void test_a_peer_without_reconfig_refuses_by_itself(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect_with(&t, &cfg, RTT, true, false);
  assert_int_equal(reset(&t, 3), 0);
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_DONE);
  assert_int_equal(t.events[0].ev.err, -EOPNOTSUPP);
  solo_free(&t);
}

static void test_a_peer_that_never_answers_a_request_is_gone(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  assert_int_equal(reset(&t, 3), 0);
  for (int i = 0; i < 50 && sctp_state(t.s) == SCTP_CONNECTED; i++) solo_wake(&t, t.wake_at);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -ETIMEDOUT);
  solo_free(&t);
}

static void test_a_thousand_streams_fit_no_packet_and_go_in_several(void **state) {
  (void)state;
  struct solo t;
  static uint16_t streams[1000];
  up(&t);
  for (uint16_t i = 0; i < 1000; i++) streams[i] = i;
  assert_int_equal(sctp_reset_streams(t.s, t.now, streams, 1000), 0);
  solo_pump(&t);
  size_t done = 0;
  for (uint32_t i = 0; i < 2; i++) {
    struct reconfig_param p = sent(&t);
    assert_true(t.packets[0].n <= SOLO_MTU);
    done += reconfig_streams(&p);
    respond(&t, p.request_seq, RESET_PERFORMED);
  }
  assert_int_equal(done, 1000);
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 0);
  solo_free(&t);
}

/* The peer's */

static void request(struct solo *t, const struct reconfig_param *p, const uint16_t *streams,
                    size_t n) {
  solo_begin(t);
  size_t at = chunk_begin(&t->w, CHUNK_RE_CONFIG, 0);
  reconfig_write_outgoing(&t->w, p, streams, n);
  chunk_end(&t->w, at);
  assert_int_equal(solo_deliver(t), 0);
}

static void ask(struct solo *t, uint32_t seq, uint32_t last_tsn, uint16_t stream) {
  request(t, &(struct reconfig_param){.request_seq = seq, .last_tsn = last_tsn}, &stream, 1);
}

static void check_answer(const struct solo *t, uint32_t seq, enum reset_result result) {
  struct reconfig_param p = sent(t);
  assert_int_equal(p.type, PARAM_RECONFIG_RESPONSE);
  assert_int_equal(p.response_seq, seq);
  assert_int_equal(p.result, result);
}

static void test_the_peer_s_reset_is_performed_told_and_answered(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  solo_data(&t, SOLO_TSN, 6, 0, DATA_WHOLE, "old");
  ask(&t, SOLO_TSN, SOLO_TSN, 6);
  check_answer(&t, SOLO_TSN, RESET_PERFORMED);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_INCOMING);
  assert_int_equal(t.events[0].streams[0], 6);
  solo_data(&t, SOLO_TSN + 1, 6, 0, DATA_WHOLE, "new");
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_MESSAGE);
  solo_free(&t);
}

static void test_a_repeated_request_is_answered_alike_and_performed_once(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN, SOLO_TSN - 1, 6);
  assert_int_equal(t.n_events, 1);
  ask(&t, SOLO_TSN, SOLO_TSN - 1, 6);
  assert_int_equal(t.n_events, 0);
  check_answer(&t, SOLO_TSN, RESET_PERFORMED);
  solo_free(&t);
}

static void test_a_request_out_of_sequence_is_refused(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN + 1, SOLO_TSN - 1, 6);
  check_answer(&t, SOLO_TSN + 1, RESET_BAD_SEQUENCE);
  assert_int_equal(t.n_events, 0);
  solo_free(&t);
}

static void test_a_reset_ahead_of_its_data_is_in_progress_until_that_came(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN, SOLO_TSN + 1, 6);
  check_answer(&t, SOLO_TSN, RESET_IN_PROGRESS);
  solo_data(&t, SOLO_TSN + 2, 6, 0, DATA_WHOLE, "new life");
  solo_data(&t, SOLO_TSN + 1, 6, 1, DATA_WHOLE, "two");
  assert_int_equal(t.n_events, 0);
  solo_data(&t, SOLO_TSN, 6, 0, DATA_WHOLE, "one");
  assert_int_equal(t.n_events, 4);
  assert_true(bytes_equal(payload_bytes(t.events[0].message), bytes_of("one")));
  assert_true(bytes_equal(payload_bytes(t.events[1].message), bytes_of("two")));
  assert_int_equal(t.events[2].ev.kind, SCTP_EV_RESET_INCOMING);
  assert_true(bytes_equal(payload_bytes(t.events[3].message), bytes_of("new life")));
  ask(&t, SOLO_TSN, SOLO_TSN + 1, 6); /* asked again, as the RFC has it */
  check_answer(&t, SOLO_TSN, RESET_PERFORMED);
  assert_int_equal(t.n_events, 0);
  solo_free(&t);
}

static void test_in_progress_may_be_asked_again_under_a_new_number(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN, SOLO_TSN, 6);
  ask(&t, SOLO_TSN + 1, SOLO_TSN, 6);
  check_answer(&t, SOLO_TSN + 1, RESET_IN_PROGRESS);
  solo_data(&t, SOLO_TSN, 6, 0, DATA_WHOLE, "one");
  ask(&t, SOLO_TSN + 2, SOLO_TSN, 6);
  check_answer(&t, SOLO_TSN + 2, RESET_PERFORMED);
  assert_int_equal(t.n_events, 0); /* it was performed, and told, with the data */
  solo_free(&t);
}

static void test_another_request_while_one_is_in_progress_is_refused(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN, SOLO_TSN, 6);
  ask(&t, SOLO_TSN + 1, SOLO_TSN, 7);
  check_answer(&t, SOLO_TSN + 1, RESET_ALREADY_IN_PROGRESS);
  solo_free(&t);
}

static void test_a_second_reset_of_a_stream_much_later_is_a_second_reset(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN, SOLO_TSN, 6);
  solo_data(&t, SOLO_TSN, 6, 0, DATA_WHOLE, "one");
  ask(&t, SOLO_TSN, SOLO_TSN, 6);
  check_answer(&t, SOLO_TSN, RESET_PERFORMED);
  t.now += 2 * MONO_S;
  ask(&t, SOLO_TSN + 1, SOLO_TSN, 6);
  check_answer(&t, SOLO_TSN + 1, RESET_PERFORMED);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_INCOMING);
  solo_free(&t);
}

static void test_a_reset_of_no_streams_means_all(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  request(&t, &(struct reconfig_param){.request_seq = SOLO_TSN, .last_tsn = SOLO_TSN - 1}, NULL, 0);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_INCOMING);
  assert_int_equal(t.events[0].ev.n_streams, 0);
  solo_free(&t);
}

static void test_a_reset_of_a_stream_that_is_not_is_refused(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  ask(&t, SOLO_TSN, SOLO_TSN - 1, 1024);
  check_answer(&t, SOLO_TSN, RESET_WRONG_SSN);
  assert_int_equal(t.n_events, 0);
  solo_free(&t);
}

static void raw_request(struct solo *t, uint16_t type, struct bytes value) {
  solo_begin(t);
  size_t at = chunk_begin(&t->w, CHUNK_RE_CONFIG, 0);
  param_write(&t->w, type, value);
  chunk_end(&t->w, at);
  assert_int_equal(solo_deliver(t), 0);
}

static void test_more_streams_and_new_tsns_are_denied(void **state) {
  (void)state;
  struct solo t;
  static const uint16_t types[] = {PARAM_SSN_TSN_RESET, PARAM_ADD_OUTGOING, PARAM_ADD_INCOMING};
  uint8_t value[8] = {0};
  up(&t);
  for (uint32_t i = 0; i < 3; i++) {
    store_be32(value, SOLO_TSN + i);
    raw_request(&t, types[i], (struct bytes){value, sizeof value});
    check_answer(&t, SOLO_TSN + i, RESET_DENIED);
  }
  solo_free(&t);
}

static void test_asked_to_reset_our_streams_we_do_with_a_request_of_our_own(void **state) {
  (void)state;
  struct solo t;
  uint8_t value[6] = {0};
  up(&t);
  store_be32(value, SOLO_TSN);
  store_be16(value + 4, 11);
  raw_request(&t, PARAM_INCOMING_RESET, (struct bytes){value, sizeof value});
  assert_int_equal(solo_count(&t, CHUNK_RE_CONFIG), 2);
  check_answer(&t, SOLO_TSN, RESET_IN_PROGRESS);
  respond(&t, t.tsn, RESET_PERFORMED);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_RESET_DONE);
  assert_int_equal(t.events[0].streams[0], 11);
  solo_free(&t);
}

static void test_a_broken_request_is_passed_over(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  raw_request(&t, PARAM_OUTGOING_RESET, bytes_of("short"));
  raw_request(&t, 99, bytes_of("unknown"));
  assert_int_equal(t.n_packets + t.n_events, 0);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  solo_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_drained_stream_is_reset_at_once),
      cmocka_unit_test(test_a_reset_waits_until_all_is_acknowledged),
      cmocka_unit_test(test_a_reset_goes_on_when_the_last_message_is_abandoned),
      cmocka_unit_test(test_a_lost_request_is_sent_again_with_the_same_number),
      cmocka_unit_test(test_one_request_is_out_at_a_time_and_gathers_what_waits),
      cmocka_unit_test(test_a_denied_reset_is_told_and_the_stream_goes_on),
      cmocka_unit_test(test_in_progress_is_asked_again_under_the_next_number_with_the_same_tsn),
      cmocka_unit_test(test_a_peer_without_reconfig_refuses_by_itself),
      cmocka_unit_test(test_a_peer_that_never_answers_a_request_is_gone),
      cmocka_unit_test(test_a_thousand_streams_fit_no_packet_and_go_in_several),
      cmocka_unit_test(test_the_peer_s_reset_is_performed_told_and_answered),
      cmocka_unit_test(test_a_repeated_request_is_answered_alike_and_performed_once),
      cmocka_unit_test(test_a_request_out_of_sequence_is_refused),
      cmocka_unit_test(test_a_reset_ahead_of_its_data_is_in_progress_until_that_came),
      cmocka_unit_test(test_in_progress_may_be_asked_again_under_a_new_number),
      cmocka_unit_test(test_another_request_while_one_is_in_progress_is_refused),
      cmocka_unit_test(test_a_second_reset_of_a_stream_much_later_is_a_second_reset),
      cmocka_unit_test(test_a_reset_of_no_streams_means_all),
      cmocka_unit_test(test_a_reset_of_a_stream_that_is_not_is_refused),
      cmocka_unit_test(test_more_streams_and_new_tsns_are_denied),
      cmocka_unit_test(test_asked_to_reset_our_streams_we_do_with_a_request_of_our_own),
      cmocka_unit_test(test_a_broken_request_is_passed_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
