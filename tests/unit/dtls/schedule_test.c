#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/dtls_pair.h"

#define T0  MONO_S
#define RTT (20 * MONO_MS)
#define RTO (60 * MONO_MS) /* 2 x RTT + 20 ms */

/* Which datagrams of the log are lost: bit i is datagram i. */
struct loss {
  uint64_t mask;
};

static enum dtls_pair_fate lose(void *ctx, size_t index, const struct dtls_pair_datagram *dg) {
  const struct loss *loss = ctx;
  (void)dg;
  return index < 64 && (loss->mask >> index & 1) ? DTLS_PAIR_DROP : DTLS_PAIR_PASS;
}

static struct dtls_pair *lossy(struct loss *loss, size_t mtu) {
  struct dtls_pair *p = dtls_pair_new(mtu, mtu);
  p->delay = RTT / 2;
  p->fate = lose;
  p->ctx = loss;
  for (int i = 0; i < 2; i++) dtls_set_rtt(p->d[i], RTT);
  return p;
}

static void test_without_loss_it_takes_two_round_trips_and_four_datagrams(void **state) {
  (void)state;
  struct loss none = {0};
  struct dtls_pair *p = lossy(&none, 0);
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  assert_int_equal(p->sent, 4);
  assert_int_equal(p->event_at[1], T0 + 3 * RTT / 2);
  assert_int_equal(p->event_at[0], T0 + 2 * RTT);
  assert_int_equal(p->events[0], 2);
  assert_int_equal(p->event[0], DTLS_CONNECTED);
  assert_true(p->wake_at[0] == MONO_NEVER && p->wake_at[1] == MONO_NEVER);
  (void)dtls_pair_free(p);
}

static void test_each_lost_datagram_costs_exactly_one_timeout(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct loss loss = {UINT64_C(1) << i};
    struct dtls_pair *p = lossy(&loss, 0);
    dtls_pair_start_both(p);
    dtls_pair_connect(p);
    assert_int_equal(p->now, T0 + 2 * RTT + RTO);
    assert_true(dtls_retransmissions(p->d[0]) + dtls_retransmissions(p->d[1]) >= 1);
    dtls_pair_say(p, 0, "here");
    dtls_pair_say(p, 1, "there");
    (void)dtls_pair_free(p);
  }
}

static void test_each_lost_fragment_is_recovered_in_one_timeout(void **state) {
  (void)state;
  struct loss none = {0};
  struct dtls_pair *p = lossy(&none, 300);
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  size_t all = p->sent;
  assert_true(all >= 6);
  (void)dtls_pair_free(p);
  for (size_t i = 0; i < all; i++) {
    struct loss loss = {UINT64_C(1) << i};
    p = lossy(&loss, 300);
    dtls_pair_start_both(p);
    dtls_pair_connect(p);
    assert_int_equal(p->now, T0 + 2 * RTT + RTO);
    (void)dtls_pair_free(p);
  }
}

static void test_a_lost_flight_is_sent_again_at_its_deadline_not_before(void **state) {
  (void)state;
  struct loss loss = {1};
  struct dtls_pair *p = lossy(&loss, 0);
  dtls_pair_start_both(p);
  assert_int_equal(p->sent, 1);
  dtls_pair_run(p, T0 + RTO - 1);
  assert_int_equal(p->sent, 1);
  dtls_pair_run(p, T0 + RTO);
  assert_int_equal(p->sent, 2);
  assert_int_equal(p->log[1].at, T0 + RTO);
  (void)dtls_pair_free(p);
}

static void test_the_interval_doubles_up_to_three_seconds(void **state) {
  (void)state;
  struct loss loss = {UINT64_MAX};
  struct dtls_pair *p = lossy(&loss, 0);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  dtls_pair_run(p, T0 + 29 * MONO_S);
  mono_us interval = RTO;
  mono_us at = T0;
  for (size_t i = 1; i < p->sent; i++) {
    at += interval;
    assert_int_equal(p->log[i].at, at);
    interval = mono_min(2 * interval, 3 * MONO_S);
  }
  assert_true(p->sent > 13);
  (void)dtls_pair_free(p);
}

static void first_retry(mono_us rtt, mono_us expected) {
  struct loss loss = {UINT64_MAX};
  struct dtls_pair *p = lossy(&loss, 0);
  dtls_set_rtt(p->d[0], rtt);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  dtls_pair_run(p, T0 + expected - 1);
  assert_int_equal(p->sent, 1);
  dtls_pair_run(p, T0 + expected);
  assert_int_equal(p->sent, 2);
  (void)dtls_pair_free(p);
}

static void test_the_first_interval_follows_the_round_trip(void **state) {
  (void)state;
  first_retry(0, 400 * MONO_MS);
  first_retry(1, 50 * MONO_MS);
  first_retry(15 * MONO_MS, 50 * MONO_MS);
  first_retry(15 * MONO_MS + 1, 50 * MONO_MS + 2);
  first_retry(200 * MONO_MS, 420 * MONO_MS);
  first_retry(2 * MONO_S, 4020 * MONO_MS);
}

static void test_a_round_trip_learned_late_moves_the_first_deadline(void **state) {
  (void)state;
  struct loss loss = {1};
  struct dtls_pair *p = lossy(&loss, 0);
  dtls_set_rtt(p->d[0], 0);
  dtls_pair_start_both(p);
  assert_int_equal(p->wake_at[0], T0 + 400 * MONO_MS);
  dtls_pair_run(p, T0 + 10 * MONO_MS);
  dtls_set_rtt(p->d[0], RTT);
  dtls_pair_drain(p, 0);
  assert_int_equal(p->wake_at[0], T0 + RTO);
  /* Learned after it should have been over: at once. */
  dtls_set_rtt(p->d[0], 0);
  dtls_pair_run(p, T0 + 100 * MONO_MS);
  dtls_set_rtt(p->d[0], RTT);
  dtls_pair_drain(p, 0);
  assert_int_equal(p->sent, 2);
  (void)dtls_pair_free(p);
}

static void test_a_new_flight_starts_with_the_first_interval_again(void **state) {
  (void)state;
  struct loss loss = {7 | 1 << 5}; /* the ClientHello three times, then the client's flight */
  struct dtls_pair *p = lossy(&loss, 0);
  dtls_pair_start_both(p);
  dtls_pair_connect(p);
  mono_us hello = T0 + 7 * RTO;
  assert_int_equal(p->log[3].at, hello);
  assert_int_equal(p->log[5].at, hello + RTT);
  assert_int_equal(p->log[7].from, 0);
  assert_int_equal(p->log[7].at, hello + RTT + RTO);
  (void)dtls_pair_free(p);
}

static void test_nobody_there_is_a_time_out_after_30_s(void **state) {
  (void)state;
  struct loss loss = {UINT64_MAX};
  for (int role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
    struct dtls_pair *p = lossy(&loss, 0);
    dtls_pair_start(p, 0, (enum dtls_role)role);
    dtls_pair_run(p, T0 + 30 * MONO_S - 1);
    assert_int_equal(dtls_state(p->d[0]), DTLS_CONNECTING);
    dtls_pair_run(p, T0 + 30 * MONO_S);
    assert_int_equal(dtls_state(p->d[0]), DTLS_FAILED);
    assert_int_equal(dtls_failure(p->d[0]), DTLS_TIMED_OUT);
    assert_string_equal(dtls_failure_text(p->d[0]),
                        role == DTLS_CLIENT
                            ? "the DTLS handshake made no progress for 30 s: the peer does not "
                              "answer"
                            : "the DTLS handshake made no progress for 30 s: no ClientHello came "
                              "from the peer");
    assert_int_equal(p->event[0], DTLS_FAILED);
    assert_true(p->wake_at[0] == MONO_NEVER);
    (void)dtls_pair_free(p);
  }
}

static void test_two_clients_never_finish_and_the_text_says_why(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  dtls_pair_start(p, 0, DTLS_CLIENT);
  dtls_pair_start(p, 1, DTLS_CLIENT);
  dtls_pair_run(p, T0 + 30 * MONO_S);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(dtls_failure(p->d[i]), DTLS_TIMED_OUT);
    assert_string_equal(dtls_failure_text(p->d[i]),
                        "the DTLS handshake made no progress for 30 s: the peer takes the DTLS "
                        "client's part as well");
  }
  (void)dtls_pair_free(p);
}

static void test_a_flight_waits_for_a_path_and_no_timer_runs(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  dtls_set_writable(p->d[0], p->now, false);
  dtls_pair_start_both(p);
  assert_int_equal(p->sent, 0);
  assert_true(p->wake_at[0] == MONO_NEVER);
  assert_int_equal(p->event[0], DTLS_CONNECTING);
  dtls_set_writable(p->d[1], p->now, false);
  dtls_pair_run(p, T0 + 100 * MONO_S);
  for (int i = 0; i < 2; i++) dtls_set_writable(p->d[i], p->now, true);
  dtls_pair_drain(p, 1);
  dtls_pair_drain(p, 0);
  assert_int_equal(p->sent, 1);
  assert_int_equal(p->wake_at[1], T0 + 130 * MONO_S);
  dtls_pair_connect(p);
  (void)dtls_pair_free(p);
}

static void test_a_path_that_comes_back_has_the_timer_begin_anew(void **state) {
  (void)state;
  struct loss loss = {1};
  struct dtls_pair *p = lossy(&loss, 0);
  dtls_pair_start_both(p);
  dtls_set_writable(p->d[0], p->now, false);
  dtls_pair_drain(p, 0);
  dtls_pair_run(p, T0 + 20 * MONO_S);
  assert_int_equal(p->sent, 1);
  dtls_set_writable(p->d[0], p->now, true);
  dtls_pair_drain(p, 0);
  dtls_pair_run(p, T0 + 20 * MONO_S + RTO - 1);
  assert_int_equal(p->sent, 1);
  dtls_pair_run(p, T0 + 20 * MONO_S + RTO);
  assert_true(p->sent >= 2);
  dtls_pair_connect(p);
  (void)dtls_pair_free(p);
}

/* Sends every datagram to no one. */
static enum dtls_pair_fate hold(void *ctx, size_t index, const struct dtls_pair_datagram *dg) {
  (void)ctx;
  (void)index;
  (void)dg;
  return DTLS_PAIR_HOLD;
}

static void give(struct dtls_pair *p, size_t log) {
  const struct dtls_pair_datagram *dg = &p->log[log];
  dtls_pair_deliver(p, !dg->from, (struct bytes){dg->p, dg->n});
}

static void test_the_peers_finished_again_has_the_last_flight_sent_again(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  p->fate = hold;
  dtls_pair_start_both(p);
  give(p, 0);
  give(p, 1);
  give(p, 2);
  assert_int_equal(p->event[1], DTLS_CONNECTED);
  assert_int_equal(p->sent, 4); /* the last one is lost */
  give(p, 2);                   /* a copy made by the network: not an answer's worth */
  assert_int_equal(p->sent, 4);
  dtls_pair_run(p, T0 + 400 * MONO_MS);
  assert_int_equal(p->sent, 5);
  give(p, 4);
  assert_int_equal(p->sent, 6);
  assert_int_equal(p->log[5].from, 1);
  assert_int_equal(p->log[5].n, p->log[3].n);
  give(p, 5);
  assert_int_equal(p->event[0], DTLS_CONNECTED);
  give(p, 3); /* the first one, late */
  dtls_pair_say(p, 0, "fine");
  (void)dtls_pair_free(p);
}

static void test_a_parked_last_flight_does_not_hold_the_event(void **state) {
  (void)state;
  struct dtls_pair *p = dtls_pair_new(0, 0);
  p->fate = hold;
  dtls_pair_start_both(p);
  give(p, 0);
  give(p, 1);
  dtls_set_writable(p->d[1], p->now, false);
  give(p, 2);
  assert_int_equal(p->event[1], DTLS_CONNECTED);
  assert_int_equal(p->sent, 3);
  dtls_set_writable(p->d[1], p->now, true);
  dtls_pair_drain(p, 1);
  assert_int_equal(p->sent, 4);
  give(p, 3);
  assert_int_equal(p->event[0], DTLS_CONNECTED);
  (void)dtls_pair_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_loss_it_takes_two_round_trips_and_four_datagrams),
      cmocka_unit_test(test_each_lost_datagram_costs_exactly_one_timeout),
      cmocka_unit_test(test_each_lost_fragment_is_recovered_in_one_timeout),
      cmocka_unit_test(test_a_lost_flight_is_sent_again_at_its_deadline_not_before),
      cmocka_unit_test(test_the_interval_doubles_up_to_three_seconds),
      cmocka_unit_test(test_the_first_interval_follows_the_round_trip),
      cmocka_unit_test(test_a_round_trip_learned_late_moves_the_first_deadline),
      cmocka_unit_test(test_a_new_flight_starts_with_the_first_interval_again),
      cmocka_unit_test(test_nobody_there_is_a_time_out_after_30_s),
      cmocka_unit_test(test_two_clients_never_finish_and_the_text_says_why),
      cmocka_unit_test(test_a_flight_waits_for_a_path_and_no_timer_runs),
      cmocka_unit_test(test_a_path_that_comes_back_has_the_timer_begin_anew),
      cmocka_unit_test(test_the_peers_finished_again_has_the_last_flight_sent_again),
      cmocka_unit_test(test_a_parked_last_flight_does_not_hold_the_event),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
