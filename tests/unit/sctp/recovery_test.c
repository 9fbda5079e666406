/* Sending: packets, windows, losses and their times (tx/sender.c, acknowledge.c, recovery.c,
 * fill.c). */
#include <errno.h>

#include "support/sctp_solo.h"

#include "support/sctp_pair.h"
#include "support/unit.h"

#define RTT  (40 * MONO_MS)
#define FULL ((size_t)1172) /* data bytes of a chunk in a packet of 1200 */

static struct sctp_stats stats(const struct solo *t) {
  struct sctp_stats st;
  sctp_stats(t->s, &st);
  return st;
}

/* Connected, with the RTT measured. */
static void up(struct solo *t) {
  struct sctp_cfg cfg = solo_cfg();
  solo_connect_with(t, &cfg, RTT, true, true);
}

/* Sends n messages that each fill a packet, all packets at once. */
static void send_full(struct solo *t, size_t n) {
  const struct sctp_send_info info = {.stream = 1, .lifetime = MONO_NEVER};
  for (size_t i = 0; i < n; i++) {
    struct payload *p = payload_new(FULL);
    p->n = FULL;
    memset(p->data, 1, FULL);
    assert_int_equal(sctp_send(t->s, t->now, &info, p), 0);
  }
  solo_pump(t);
}

static void gap(struct solo *t, uint16_t first, uint16_t last) {
  solo_sack(t, t->tsn - 1, SOLO_WINDOW, &(struct sack_gap){first, last}, 1);
}

static void test_a_message_is_cut_into_full_packets(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  assert_int_equal(solo_send(&t, 7, 3000), 0);
  assert_int_equal(t.n_packets, 3);
  static const size_t sizes[] = {FULL, FULL, 3000 - 2 * FULL};
  for (size_t i = 0; i < 3; i++) {
    assert_true(solo_find_data(&t, i, &d));
    assert_int_equal(d.tsn, t.tsn + i);
    assert_int_equal(d.data.n, sizes[i]);
    assert_int_equal(d.begin, i == 0);
    assert_int_equal(d.end, i == 2);
    assert_int_equal(d.stream, 7);
    assert_int_equal(d.ppid, 53);
  }
  assert_int_equal(t.packets[0].n, 1200);
  solo_free(&t);
}

static void test_small_messages_share_a_packet(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  const struct sctp_send_info info = {.stream = 1, .lifetime = MONO_NEVER};
  for (int i = 0; i < 20; i++)
    assert_int_equal(sctp_send(t.s, t.now, &info, payload_copy(bytes_of("small"))), 0);
  solo_pump(&t);
  assert_int_equal(t.n_packets, 1);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 20);
  solo_free(&t);
}

static void test_the_last_packet_asks_for_its_sack_where_the_path_is_long(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 2);
  assert_true(solo_find_data(&t, 0, &d) && !d.immediate);
  assert_true(solo_find_data(&t, 1, &d) && d.immediate);
  solo_free(&t);
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  send_full(&t, 2);
  assert_true(solo_find_data(&t, 1, &d) && !d.immediate);
  solo_free(&t);
}

static void test_the_first_window_is_ten_packets(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  send_full(&t, 30);
  assert_int_equal(t.n_packets, 10);
  solo_sack(&t, t.tsn + 1, SOLO_WINDOW, NULL, 0);
  assert_int_equal(t.n_packets, 4); /* two left, the window is two larger */
  solo_free(&t);
}

static void test_a_sack_releases_bytes_and_announces_them(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 3);
  assert_int_equal(sctp_buffered(t.s, 1), 3 * FULL);
  solo_sack(&t, t.tsn + 1, SOLO_WINDOW, NULL, 0);
  assert_int_equal(t.n_events, 1);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_ACKED);
  assert_int_equal(t.events[0].ev.stream, 1);
  assert_int_equal(t.events[0].ev.bytes, 2 * FULL);
  assert_int_equal(sctp_buffered(t.s, 1), FULL);
  assert_int_equal(stats(&t).in_flight, FULL);
  solo_free(&t);
}

static void test_the_retransmission_timer_runs_out_at_its_time_and_doubles(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 1);
  mono_us start = t.now, rto = stats(&t).rto;
  /* A probe comes first: twice the RTT, for the packet asked for its SACK. */
  solo_wake(&t, start + 2 * RTT - 1);
  assert_int_equal(t.n_packets, 0);
  solo_wake(&t, start + 2 * RTT);
  assert_int_equal(t.n_packets, 1);
  assert_true(solo_find_data(&t, 0, &d) && d.tsn == t.tsn && d.immediate);
  mono_us at = t.wake_at;
  assert_int_equal(at,
                   start + 2 * RTT + rto); /* the lowest was sent again: the timer starts over */
  for (int i = 0; i < 5; i++) {
    solo_wake(&t, at - 1);
    assert_int_equal(t.n_packets, 0);
    solo_wake(&t, at);
    assert_int_equal(t.n_packets, 1);
    rto = mono_min(2 * rto, 10 * MONO_S);
    at += rto;
    assert_int_equal(t.wake_at, at);
  }
  assert_int_equal(stats(&t).timeouts, 5);
  solo_free(&t);
}

static void test_after_ten_timeouts_the_peer_is_gone(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 1);
  for (int i = 0; i < 100 && sctp_state(t.s) == SCTP_CONNECTED; i++) solo_wake(&t, t.wake_at);
  assert_int_equal(stats(&t).timeouts, 11);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -110);
  solo_free(&t);
}

static void test_three_reports_of_a_missing_packet_send_it_again(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 6);
  t.now += RTT;
  gap(&t, 2, 2);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  gap(&t, 2, 3);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  gap(&t, 2, 4);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  assert_true(solo_find_data(&t, 0, &d) && d.tsn == t.tsn);
  assert_int_equal(stats(&t).fast_retransmits, 1);
  assert_int_equal(stats(&t).timeouts, 0);
  gap(&t, 2, 5);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0); /* not once more */
  solo_free(&t);
}

static void test_the_same_sack_three_times_is_one_report(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 6);
  t.now += RTT;
  for (int i = 0; i < 3; i++) {
    gap(&t, 2, 2);
    assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  }
  solo_free(&t);
}

static void test_a_missing_packet_is_sent_again_a_quarter_rtt_after_its_turn(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 2);
  mono_us sent = t.now;
  t.now += RTT;
  gap(&t, 2, 2);
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.wake_at, sent + RTT + RTT / 4);
  solo_wake(&t, t.wake_at - 1);
  assert_int_equal(t.n_packets, 0);
  solo_wake(&t, sent + RTT + RTT / 4);
  assert_true(solo_find_data(&t, 0, &d) && d.tsn == t.tsn);
  solo_free(&t);
}

static void test_packets_that_overtake_each_other_are_waited_for(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 8);
  t.now += RTT;
  gap(&t, 2, 2);
  solo_sack(&t, t.tsn + 1, SOLO_WINDOW, NULL, 0); /* the first came after the second */
  const struct sack_gap gaps[] = {{2, 2}, {2, 3}, {2, 4}, {2, 5}};
  for (int i = 0; i < 4; i++) {
    solo_sack(&t, t.tsn + 1, SOLO_WINDOW, &gaps[i], 1);
    assert_int_equal(solo_count(&t, CHUNK_DATA), 0);
  }
  solo_free(&t);
}

static void test_a_lost_retransmission_is_sent_again_without_a_timeout(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 8);
  t.now += RTT;
  gap(&t, 2, 2);
  gap(&t, 2, 3);
  gap(&t, 2, 4); /* sent again now */
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  t.now += 1000;
  send_full(&t, 1);
  t.now += RTT;
  gap(&t, 2, 9); /* what was sent after the retransmission has come */
  assert_true(solo_find_data(&t, 0, &d) && d.tsn == t.tsn);
  assert_int_equal(stats(&t).timeouts, 0);
  solo_free(&t);
}

static void test_a_lost_tail_is_probed_with_new_data_when_there_is(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 30);
  size_t first = solo_count(&t, CHUNK_DATA);
  assert_int_equal(first, 10);
  while (t.wake_at < t.now + 2 * RTT) solo_wake(&t, t.wake_at);
  solo_wake(&t, t.wake_at);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  assert_true(solo_find_data(&t, 0, &d));
  assert_int_equal(d.tsn, t.tsn + first);
  solo_free(&t);
}

static void test_a_timeout_leaves_one_packet_and_slow_start_brings_the_window_back(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  send_full(&t, 60);
  size_t before = stats(&t).cwnd;
  while (stats(&t).timeouts == 0) solo_wake(&t, t.wake_at);
  assert_int_equal(stats(&t).cwnd, FULL);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  uint32_t cum = t.tsn - 1;
  for (int i = 0; i < 6; i++) {
    t.now += 1000;
    cum += (uint32_t)solo_count(&t, CHUNK_DATA);
    solo_sack(&t, cum, SOLO_WINDOW, NULL, 0);
  }
  assert_true(stats(&t).cwnd >= before * 7 / 10);
  solo_free(&t);
}

static void test_a_needless_timeout_gives_the_window_back(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 10);
  size_t before = stats(&t).cwnd;
  while (stats(&t).timeouts == 0) solo_wake(&t, t.wake_at);
  assert_true(stats(&t).cwnd < before);
  t.now += 1000; /* too soon for an answer to the retransmission */
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_true(stats(&t).cwnd >= before);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 0); /* and nothing else is sent again */
  solo_free(&t);
}

static void test_what_a_gap_block_had_and_then_lost_is_sent_again(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 3);
  t.now += RTT;
  gap(&t, 2, 3);
  assert_int_equal(stats(&t).in_flight, FULL);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0); /* without the two behind */
  assert_int_equal(solo_count(&t, CHUNK_DATA), 2);
  solo_free(&t);
}

static void test_an_old_sack_changes_nothing(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 3);
  solo_sack(&t, t.tsn + 1, SOLO_WINDOW, NULL, 0);
  solo_sack(&t, t.tsn, 0, NULL, 0);
  assert_int_equal(stats(&t).peer_rwnd, SOLO_WINDOW);
  solo_free(&t);
}

static void test_a_sack_of_what_was_never_sent_is_a_violation(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 1);
  solo_sack(&t, t.tsn + 1, SOLO_WINDOW, NULL, 0);
  assert_int_equal(solo_count(&t, CHUNK_ABORT), 1);
  assert_int_equal(t.events[0].ev.err, -71);
  solo_free(&t);
}

static void test_gap_blocks_out_of_range_are_passed_over(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 3);
  static const struct sack_gap odd[] = {{0, 1}, {3, 2}, {2, 9}, {60000, 65535}};
  for (size_t i = 0; i < 4; i++) solo_sack(&t, t.tsn - 1, SOLO_WINDOW, &odd[i], 1);
  assert_int_equal(stats(&t).in_flight, 3 * FULL);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  solo_free(&t);
}

static void test_the_peer_s_window_is_kept(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  send_full(&t, 1);
  solo_sack(&t, t.tsn, 3 * FULL, NULL, 0);
  send_full(&t, 9);
  assert_int_equal(t.n_packets, 3);
  solo_free(&t);
}

static void test_a_closed_window_is_probed_with_one_packet_and_never_given_up(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  solo_connect(&t, &cfg);
  send_full(&t, 1);
  solo_sack(&t, t.tsn, 0, NULL, 0);
  size_t cwnd = stats(&t).cwnd;
  send_full(&t, 5);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  for (int i = 0; i < 30; i++) {
    solo_wake(&t, t.wake_at);
    if (solo_count(&t, CHUNK_DATA) > 0) solo_sack(&t, t.tsn, 0, NULL, 0);
  }
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  assert_int_equal(stats(&t).cwnd, cwnd);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 5); /* at once, the dropped probe with them */
  solo_free(&t);
}

static void test_nothing_is_sent_or_lost_while_the_path_is_not_writable(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 2);
  mono_us left = t.wake_at - t.now;
  sctp_set_writable(t.s, t.now, false);
  send_full(&t, 2);
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.wake_at, MONO_NEVER);
  t.now += 100 * MONO_S;
  sctp_set_writable(t.s, t.now, true);
  solo_pump(&t);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 2);
  assert_true(t.wake_at >= t.now + left);
  assert_int_equal(stats(&t).retransmits + stats(&t).timeouts, 0);
  solo_free(&t);
}

static void test_the_time_of_a_stop_does_not_measure_the_path(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 1);
  sctp_set_writable(t.s, t.now, false);
  t.now += 5 * MONO_S;
  sctp_set_writable(t.s, t.now, true);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_int_equal(stats(&t).srtt, RTT);
  solo_free(&t);
}

static void test_on_a_new_path_what_is_in_flight_is_probed_at_once(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 5);
  t.now += 10 * MONO_MS;
  sctp_path_changed(t.s, t.now);
  solo_pump(&t);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  assert_true(solo_find_data(&t, 0, &d) && d.tsn == t.tsn && d.immediate);
  assert_int_equal(stats(&t).srtt, 0);
  assert_int_equal(stats(&t).cwnd, 10 * FULL);
  t.now += 5 * MONO_MS;
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0); /* the others were lost with the old path */
  assert_int_equal(solo_count(&t, CHUNK_DATA), 4);
  solo_free(&t);
}

static void test_a_path_that_answers_again_is_probed_at_once(void **state) {
  (void)state;
  struct solo t;
  struct data_chunk d;
  up(&t);
  send_full(&t, 1);
  for (int i = 0; i < 5; i++) solo_wake(&t, t.wake_at);
  mono_us backed_off = t.wake_at - t.now;
  assert_true(sctp_awaits_answer(t.s));
  t.now += MONO_MS;
  sctp_path_resumed(t.s, t.now);
  solo_pump(&t);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  assert_true(solo_find_data(&t, 0, &d) && d.tsn == t.tsn);
  assert_true(t.wake_at - t.now < backed_off / 4);
  solo_sack(&t, t.tsn, SOLO_WINDOW, NULL, 0);
  assert_false(sctp_awaits_answer(t.s));
  solo_free(&t);
}

static void test_silence_of_a_doubted_path_does_not_end_it(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 1);
  sctp_set_path_doubted(t.s, t.now, true);
  for (int i = 0; i < 40; i++) solo_wake(&t, t.wake_at);
  assert_int_equal(sctp_state(t.s), SCTP_CONNECTED);
  sctp_set_path_doubted(t.s, t.now, false);
  for (int i = 0; i < 40 && sctp_state(t.s) == SCTP_CONNECTED; i++) solo_wake(&t, t.wake_at);
  assert_int_equal(t.events[0].ev.kind, SCTP_EV_CLOSED);
  assert_int_equal(t.events[0].ev.err, -ETIMEDOUT);
  solo_free(&t);
}

static void test_a_smaller_mtu_is_kept_by_what_is_new(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  sctp_set_mtu(t.s, t.now, 700, 0);
  assert_int_equal(solo_send(&t, 1, 2000), 0);
  assert_int_equal(t.n_packets, 3);
  for (size_t i = 0; i < 3; i++) assert_true(t.packets[i].n <= 700);
  solo_free(&t);
}

static void test_a_chunk_made_for_a_larger_mtu_goes_again_alone(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  send_full(&t, 1);
  sctp_set_mtu(t.s, t.now, 700, 0);
  while (stats(&t).timeouts == 0) solo_wake(&t, t.wake_at);
  assert_int_equal(t.n_packets, 1);
  assert_int_equal(t.packets[0].n, 1200);
  solo_free(&t);
}

static void test_what_could_not_go_for_want_of_memory_goes_soon(void **state) {
  (void)state;
  struct solo t;
  up(&t);
  sctp_set_writable(t.s, t.now, false);
  assert_int_equal(solo_send(&t, 1, 100), 0);
  sctp_set_writable(t.s, t.now, true);
  fail_alloc_at(0);
  solo_pump(&t);
  assert_true(fail_alloc_hit());
  fail_alloc_never();
  assert_int_equal(t.n_packets, 0);
  assert_int_equal(t.wake_at, t.now + 10 * MONO_MS);
  solo_wake(&t, t.wake_at);
  assert_int_equal(solo_count(&t, CHUNK_DATA), 1);
  solo_free(&t);
}

static void test_errors_of_the_caller_are_told(void **state) {
  (void)state;
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  cfg.send_buffer = 3000;
  solo_connect(&t, &cfg);
  const struct sctp_send_info info = {.stream = 1, .lifetime = MONO_NEVER};
  const struct sctp_send_info far = {.stream = 1024, .lifetime = MONO_NEVER};
  assert_int_equal(sctp_send(t.s, t.now, &info, payload_new(1)), -22);
  assert_int_equal(sctp_send(t.s, t.now, &far, payload_copy(bytes_of("x"))), -22);
  assert_int_equal(solo_send(&t, 1, 2000), 0);
  assert_int_equal(solo_send(&t, 1, 1001), -11);
  assert_int_equal(solo_send(&t, 1, 1000), 0);
  solo_free(&t);
}

/* pion once had a window that stayed at one packet after a timeout: nothing, for two seconds. */
static void test_after_a_blackout_the_old_rate_comes_back(void **state) {
  (void)state;
  struct sctp_pair p;
  struct sctp_cfg cfg = pair_cfg();
  struct pair_link link = {.delay = 25 * MONO_MS, .bytes_per_s = 2500000, .queue = 125000};
  struct sctp_send_info info = pair_info(1);
  uint64_t marks[3] = {0};
  pair_init(&p, &cfg, 11);
  pair_set_links(&p, &link);
  assert_true(pair_connect(&p));
  mono_us start = p.now;
  for (int second = 0; second < 10; second++) {
    link.loss = second == 3 || second == 4 ? PER_MILLION : 0;
    pair_set_links(&p, &link);
    if (second == 3) marks[0] = p.bytes[1];
    if (second == 8) marks[1] = p.bytes[1];
    for (int step = 1; step <= 100; step++) {
      struct sctp_stats st;
      for (sctp_stats(p.ends[0], &st); st.send_queued + 32768 <= cfg.send_buffer;
           sctp_stats(p.ends[0], &st))
        assert_int_equal(pair_send(&p, 0, &info, 32768, 1), 0);
      pair_run(&p, start + (mono_us)second * MONO_S + (mono_us)step * 10 * MONO_MS);
    }
  }
  marks[2] = p.bytes[1];
  uint64_t before = marks[0] / 3, after = (marks[2] - marks[1]) / 2;
  assert_true(after * 10 >= before * 9);
  pair_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_message_is_cut_into_full_packets),
      cmocka_unit_test(test_small_messages_share_a_packet),
      cmocka_unit_test(test_the_last_packet_asks_for_its_sack_where_the_path_is_long),
      cmocka_unit_test(test_the_first_window_is_ten_packets),
      cmocka_unit_test(test_a_sack_releases_bytes_and_announces_them),
      cmocka_unit_test(test_the_retransmission_timer_runs_out_at_its_time_and_doubles),
      cmocka_unit_test(test_after_ten_timeouts_the_peer_is_gone),
      cmocka_unit_test(test_three_reports_of_a_missing_packet_send_it_again),
      cmocka_unit_test(test_the_same_sack_three_times_is_one_report),
      cmocka_unit_test(test_a_missing_packet_is_sent_again_a_quarter_rtt_after_its_turn),
      cmocka_unit_test(test_packets_that_overtake_each_other_are_waited_for),
      cmocka_unit_test(test_a_lost_retransmission_is_sent_again_without_a_timeout),
      cmocka_unit_test(test_a_lost_tail_is_probed_with_new_data_when_there_is),
      cmocka_unit_test(test_a_timeout_leaves_one_packet_and_slow_start_brings_the_window_back),
      cmocka_unit_test(test_a_needless_timeout_gives_the_window_back),
      cmocka_unit_test(test_what_a_gap_block_had_and_then_lost_is_sent_again),
      cmocka_unit_test(test_an_old_sack_changes_nothing),
      cmocka_unit_test(test_a_sack_of_what_was_never_sent_is_a_violation),
      cmocka_unit_test(test_gap_blocks_out_of_range_are_passed_over),
      cmocka_unit_test(test_the_peer_s_window_is_kept),
      cmocka_unit_test(test_a_closed_window_is_probed_with_one_packet_and_never_given_up),
      cmocka_unit_test(test_nothing_is_sent_or_lost_while_the_path_is_not_writable),
      cmocka_unit_test(test_the_time_of_a_stop_does_not_measure_the_path),
      cmocka_unit_test(test_on_a_new_path_what_is_in_flight_is_probed_at_once),
      cmocka_unit_test(test_a_path_that_answers_again_is_probed_at_once),
      cmocka_unit_test(test_silence_of_a_doubted_path_does_not_end_it),
      cmocka_unit_test(test_a_smaller_mtu_is_kept_by_what_is_new),
      cmocka_unit_test(test_a_chunk_made_for_a_larger_mtu_goes_again_alone),
      cmocka_unit_test(test_what_could_not_go_for_want_of_memory_goes_soon),
      cmocka_unit_test(test_errors_of_the_caller_are_told),
      cmocka_unit_test(test_after_a_blackout_the_old_rate_comes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
