#include "support/sctp_solo.h"

#include <errno.h>

#include "support/unit.h"

#define NOTHING ((struct bytes){NULL, 0})

static void up(struct solo *t) {
  struct sctp_cfg cfg = solo_cfg();
  solo_connect_with(t, &cfg, 40 * MONO_MS, true, true);
}

static void chunk_with_cum(struct solo *t, enum chunk_type type, uint32_t cum) {
  uint8_t value[4];
  store_be32(value, cum);
  solo_chunk(t, type, (struct bytes){value, sizeof value});
}

static void check_closed(const struct solo *t, int err) {
  const struct solo_event *last = &t->events[t->n_events - 1];
  assert_true(t->n_events > 0);
  assert_int_equal(last->ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(last->ev.err, err);
  assert_true(strlen(last->text) > 10);
  assert_int_equal(sctp_state(t->s), SCTP_CLOSED);
}

static void test_a_shutdown_waits_until_all_is_acknowledged(void **state) {
  (void)state;
  struct solo t;
  struct chunk c = {0};
  up(&t);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "x");
  assert_int_equal(solo_send(&t, 1, 100), 0);
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  assert_int_equal(sctp_state(t.s), SCTP_SHUTTING_DOWN);
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(solo_send(&t, 1, 100), -ENOTCONN);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_true(solo_find(&t, 0, CHUNK_SHUTDOWN, &c));
  assert_int_equal(solo_u32(c.value), SOLO_TSN);
  solo_chunk(&t, CHUNK_SHUTDOWN_ACK, NOTHING);
  assert_true(solo_find(&t, 0, CHUNK_SHUTDOWN_COMPLETE, &c));
  assert_int_equal(c.flags, 0);
  check_closed(&t, 0);
  assert_int_equal(t.wake_at, MONO_NEVER);
  solo_free(&t);
}

static void test_the_peer_s_shutdown_is_answered_when_all_is_acknowledged(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  assert_int_equal(solo_send(&t, 1, 100), 0);
  chunk_with_cum(&t, CHUNK_SHUTDOWN, t.tsn - 1);
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN_ACK), 0);
  assert_int_equal(solo_send(&t, 1, 100), -ENOTCONN);
  chunk_with_cum(&t, CHUNK_SHUTDOWN, t.tsn); /* it acknowledges, too */
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN_ACK), 1);
  solo_chunk(&t, CHUNK_SHUTDOWN_COMPLETE, NOTHING);
  check_closed(&t, 0);
  solo_free(&t);
}

static void test_a_lost_shutdown_is_sent_again(void **state) {
  (void)state;
  struct solo t;
  struct sctp_stats st;
  up(&t);
  sctp_stats(t.s, &st);
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN), 1);
  mono_us at = t.now + st.rto, wait = st.rto;
  for (int i = 0; i < 4; i++) {
    solo_wake(&t, at - 1);
    assert_int_equal(t.n_packets, 0);
    solo_wake(&t, at);
    assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN), 1);
    wait *= 2;
    at += wait;
  }
  solo_free(&t);
}

static void test_an_unanswered_shutdown_ends_after_thirty_seconds_with_an_abort(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  mono_us start = t.now;
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  while (t.wake_at < start + 30 * MONO_S) solo_wake(&t, t.wake_at);
  assert_int_equal(t.wake_at, start + 30 * MONO_S);
  solo_wake(&t, t.wake_at);
  assert_int_equal(solo_count(&t, CHUNK_ABORT), 1);
  check_closed(&t, -ETIMEDOUT);
  solo_free(&t);
}

static void test_both_may_shut_down_at_once(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  chunk_with_cum(&t, CHUNK_SHUTDOWN, t.tsn - 1);
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN_ACK), 1);
  solo_chunk(&t, CHUNK_SHUTDOWN_ACK, NOTHING);
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN_COMPLETE), 1);
  check_closed(&t, 0);
  solo_free(&t);
}

static void test_data_after_our_shutdown_is_delivered_and_answered_with_a_shutdown(void **state) {
  (void)state;
  struct solo t;
  struct chunk c = {0};
  up(&t);
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  solo_data(&t, SOLO_TSN, 1, 0, DATA_WHOLE, "late");
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_MESSAGE);
  assert_true(solo_find(&t, 0, CHUNK_SHUTDOWN, &c));
  assert_int_equal(solo_u32(c.value), SOLO_TSN);
  solo_free(&t);
}

static void test_after_the_end_a_shutdown_ack_is_still_completed(void **state) {
  (void)state;
  struct solo t;
  struct chunk c = {0};
  up(&t);
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  solo_chunk(&t, CHUNK_SHUTDOWN_ACK, NOTHING);
  solo_chunk(&t, CHUNK_SHUTDOWN_ACK, NOTHING); /* ours was lost */
  assert_true(solo_find(&t, 0, CHUNK_SHUTDOWN_COMPLETE, &c));
  assert_int_equal(c.flags, FLAG_T);
  assert_int_equal(load_be32(t.packets[0].data + 4), t.tag);
  assert_int_equal(t.n_events, 0);
  solo_free(&t);
}

static void test_a_shutdown_before_the_association_is_up_closes_it(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_init(&t, &cfg);
  (void)sctp_connect(t.s, t.now);
  sctp_shutdown(t.s, t.now);
  solo_pump(&t);
  check_closed(&t, 0);
  solo_free(&t);
}

static void test_a_cookie_of_a_restart_meets_a_shutdown_under_way(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  chunk_with_cum(&t, CHUNK_SHUTDOWN, t.tsn - 1);
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN_ACK), 1);
  solo_begin_with(&t, 0);
  init_chunk_write(&t.w, CHUNK_INIT,
                   &(struct init_chunk){.tag = 7, .streams_out = 1, .streams_in = 1}, NOTHING);
  (void)solo_deliver(&t);
  assert_int_equal(solo_count(&t, CHUNK_SHUTDOWN_ACK), 1);
  assert_int_equal(solo_count(&t, CHUNK_INIT_ACK), 0);
  solo_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_shutdown_waits_until_all_is_acknowledged),
      cmocka_unit_test(test_the_peer_s_shutdown_is_answered_when_all_is_acknowledged),
      cmocka_unit_test(test_a_lost_shutdown_is_sent_again),
      cmocka_unit_test(test_an_unanswered_shutdown_ends_after_thirty_seconds_with_an_abort),
      cmocka_unit_test(test_both_may_shut_down_at_once),
      cmocka_unit_test(test_data_after_our_shutdown_is_delivered_and_answered_with_a_shutdown),
      cmocka_unit_test(test_after_the_end_a_shutdown_ack_is_still_completed),
      cmocka_unit_test(test_a_shutdown_before_the_association_is_up_closes_it),
      cmocka_unit_test(test_a_cookie_of_a_restart_meets_a_shutdown_under_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
