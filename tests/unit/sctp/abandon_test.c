/* Partial reliability, the sending side (tx/abandon.c): RFC 3758 and 7496. */
#include "support/sctp_solo.h"

#include "support/unit.h"

#define RTT  (40 * MONO_MS)
#define FULL ((size_t)1172)

static void up(struct solo *t) {
  struct sctp_cfg cfg = solo_cfg();
  solo_connect_with(t, &cfg, RTT, true, true);
}

static uint64_t abandoned(const struct solo *t) {
  struct sctp_stats st;
  sctp_stats(t->s, &st);
  return st.abandoned;
}

static struct sctp_send_info few(uint32_t retransmits) {
  return (struct sctp_send_info){.stream = 4,
                                 .limit_retransmits = true,
                                 .max_retransmits = retransmits,
                                 .lifetime = MONO_NEVER};
}

static struct sctp_send_info mortal(mono_us lifetime) {
  return (struct sctp_send_info){.stream = 4, .lifetime = lifetime};
}

/* Lets every timer run until something other than a probe's silence is sent. */
static void wait_for(struct solo *t, enum chunk_type type) {
  for (int i = 0; i < 20; i++) {
    solo_wake(t, t->wake_at);
    if (solo_count(t, type) > 0) return;
  }
  fail_msg("it never came");
}

static struct forward_tsn_chunk forward_of(const struct solo *t) {
  struct chunk c = {0};
  struct forward_tsn_chunk f;
  assert_true(solo_find(t, 0, CHUNK_FORWARD_TSN, &c));
  assert_true(forward_tsn_read(&c, &f));
  return f;
}

static void test_without_retransmissions_a_lost_message_is_skipped(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = few(0);
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  wait_for(&t, CHUNK_FORWARD_TSN);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  struct forward_tsn_chunk f = forward_of(&t);
  assert_int_equal(f.cum, t.tsn);
  assert_int_equal(forward_tsn_entries(&f), 1);
  assert_int_equal(forward_tsn_at(&f, 0).stream, 4);
  assert_int_equal(forward_tsn_at(&f, 0).mid, 0);
  assert_int_equal(abandoned(&t), 1);
  assert_int_equal(sctp_buffered(t.s, 4), 0);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_ACKED);
  assert_int_equal(t.events[0].ev.bytes, 100);
  solo_free(&t);
}

static void test_the_number_of_retransmissions_is_exact(void **state) {
  (void)state;
  for (uint32_t most = 1; most < 4; most++) {
    struct solo t;
    struct sctp_send_info info = few(most);
    uint32_t again = 0;
    up(&t);
    assert_int_equal(solo_send_with(&t, &info, 100), 0);
    for (int i = 0; i < 20 && solo_count(&t, CHUNK_FORWARD_TSN) == 0; i++) {
      solo_wake(&t, t.wake_at);
      again += (uint32_t)solo_count(&t, CHUNK_DATA);
    }
    assert_int_equal(again, most);
    assert_int_equal(abandoned(&t), 1);
    solo_free(&t);
  }
}

static void test_an_unordered_message_is_skipped_without_naming_its_stream(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = few(0);
  info.unordered = true;
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  wait_for(&t, CHUNK_FORWARD_TSN);
  struct forward_tsn_chunk f = forward_of(&t);
  assert_int_equal(forward_tsn_entries(&f), 0);
  solo_free(&t);
}

static void test_all_fragments_of_an_abandoned_message_are_skipped(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = few(0);
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 5 * FULL), 0);
  t.now += RTT;
  /* The first is missing; of the others two came, two are on their way. */
  static const struct sack_gap gaps[] = {{2, 2}, {2, 3}, {2, 3}};
  for (int i = 0; i < 2; i++) solo_sack(&t, t.tsn - 1, SOLO_WINDOW, &gaps[i], 1);
  wait_for(&t, CHUNK_FORWARD_TSN);
  assert_int_equal(forward_of(&t).cum, t.tsn + 4);
  solo_sack(&t, t.tsn + 4, SOLO_WINDOW, NULL, 0);
  assert_int_equal(t.wake_at > t.now + 10 * MONO_S, true);
  solo_free(&t);
}

static void test_the_unsent_rest_of_a_message_gets_one_tsn_that_is_skipped_too(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct data_chunk d;
  solo_connect(&t, &cfg);
  struct sctp_send_info info = mortal(30 * MONO_MS);
  assert_int_equal(solo_send_with(&t, &info, 30 * FULL), 0);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 10);
  solo_wake(&t, t.now + 30 * MONO_MS + 1);
  assert_int_equal(abandoned(&t), 1);
  assert_int_equal(forward_of(&t).cum, t.tsn + 10);
  assert_int_equal(sctp_buffered(t.s, 4), 0);
  assert_int_equal(solo_send(&t, 4, 10), 0);
  assert_true(solo_find_data(&t, 0, &d));
  assert_int_equal(d.tsn, t.tsn + 11);
  assert_int_equal(d.mid, 1);
  solo_free(&t);
}

static void test_a_lifetime_ends_exactly(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  assert_int_equal(solo_send(&t, 1, 11 * FULL), 0); /* fills the window */
  struct sctp_send_info info = mortal(50 * MONO_MS);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  mono_us end = t.now + 50 * MONO_MS;
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  while (t.wake_at <= end) solo_wake(&t, t.wake_at);
  assert_int_equal(t.wake_at, end + 1);
  assert_int_equal(sctp_buffered(t.s, 4), 100);
  solo_wake(&t, end + 1);
  assert_int_equal(sctp_buffered(t.s, 4), 0);
  assert_int_equal(solo_count(&t, CHUNK_FORWARD_TSN), 0); /* it never had a TSN */
  solo_free(&t);
}

static void test_a_lifetime_of_zero_allows_one_transmission_now(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = mortal(0);
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  wait_for(&t, CHUNK_FORWARD_TSN);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  solo_free(&t);
}

static void test_a_message_in_flight_is_not_given_up_before_it_is_lost(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = mortal(10 * MONO_MS);
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  solo_wake(&t, t.now + 39 * MONO_MS);
  assert_int_equal(abandoned(&t), 0);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_int_equal(abandoned(&t), 0);
  solo_free(&t);
}

static void test_lifetimes_go_on_while_the_path_is_not_writable(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = mortal(50 * MONO_MS);
  up(&t);
  sctp_set_writable(t.s, t.now, false);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  assert_int_equal(t.wake_at, t.now + 50 * MONO_MS + 1);
  solo_wake(&t, t.wake_at);
  assert_int_equal(sctp_buffered(t.s, 4), 0);
  assert_int_equal(t.wake_at, MONO_NEVER);
  solo_free(&t);
}

static void test_a_lost_forward_tsn_is_sent_again(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = few(0);
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  wait_for(&t, CHUNK_FORWARD_TSN);
  wait_for(&t, CHUNK_FORWARD_TSN);
  assert_int_equal(forward_of(&t).cum, t.tsn);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_int_equal(solo_count(&t, CHUNK_FORWARD_TSN), 0);
  assert_true(t.wake_at > t.now + 10 * MONO_S);
  solo_free(&t);
}

static void test_a_reliable_message_stops_the_forward_tsn(void **state) {
  (void)state;
  struct solo t;
  struct sctp_send_info info = few(0);
  struct data_chunk d;
  up(&t);
  assert_int_equal(solo_send_with(&t, &info, FULL), 0);
  assert_int_equal(solo_send(&t, 1, FULL), 0);
  assert_int_equal(solo_send_with(&t, &info, FULL), 0);
  wait_for(&t, CHUNK_FORWARD_TSN);
  assert_int_equal(forward_of(&t).cum, t.tsn);
  bool again = solo_find_data(&t, 0, &d);
  for (int i = 0; i < 5 && !again; i++) {
    solo_wake(&t, t.wake_at);
    again = solo_find_data(&t, 0, &d);
  }
  assert_true(again);
  assert_int_equal(d.tsn, t.tsn + 1);
  solo_free(&t);
}

static void
test_a_peer_that_does_not_know_forward_tsn_gets_everything_it_was_begun_with(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct sctp_send_info info = few(0);
  solo_connect_with(&t, &cfg, RTT, false, true);
  assert_int_equal(solo_send_with(&t, &info, 100), 0);
  for (int i = 0; i < 4; i++) {
    wait_for(&t, CHUNK_DATA);
    assert_int_equal(solo_count(&t, CHUNK_FORWARD_TSN), 0);
  }
  assert_int_equal(abandoned(&t), 0);
  solo_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_retransmissions_a_lost_message_is_skipped),
      cmocka_unit_test(test_the_number_of_retransmissions_is_exact),
      cmocka_unit_test(test_an_unordered_message_is_skipped_without_naming_its_stream),
      cmocka_unit_test(test_all_fragments_of_an_abandoned_message_are_skipped),
      cmocka_unit_test(test_the_unsent_rest_of_a_message_gets_one_tsn_that_is_skipped_too),
      cmocka_unit_test(test_a_lifetime_ends_exactly),
      cmocka_unit_test(test_a_lifetime_of_zero_allows_one_transmission_now),
      cmocka_unit_test(test_a_message_in_flight_is_not_given_up_before_it_is_lost),
      cmocka_unit_test(test_lifetimes_go_on_while_the_path_is_not_writable),
      cmocka_unit_test(test_a_lost_forward_tsn_is_sent_again),
      cmocka_unit_test(test_a_reliable_message_stops_the_forward_tsn),
      cmocka_unit_test(
          test_a_peer_that_does_not_know_forward_tsn_gets_everything_it_was_begun_with),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
