#include "sctp/pmtu.h"

#include "sctp/packet/packet.h"
#include "support/sctp_pair.h"
#include "support/seeded_rng.h"
#include "support/unit.h"

#define RTO (200 * MONO_MS)

struct search {
  struct pmtu p;
  struct seeded_rng rng;
  mono_us now;
  size_t path; /* what it carries */
  unsigned probes;
};

static void search_begin(struct search *s, size_t base, size_t max, size_t path) {
  *s = (struct search){.now = MONO_S, .path = path};
  seeded_rng_init(&s->rng, 1);
  pmtu_init(&s->p, base, max);
  pmtu_start(&s->p, s->now);
}

/* Sends the probe that is due and answers it if the path carries it. Its size. */
static size_t probe(struct search *s) {
  static uint8_t buf[4096];
  struct writer w = writer_of(buf, sizeof buf);
  packet_begin(&w, &(struct packet_header){5000, 5000, 1});
  pmtu_write(&s->p, s->now, RTO, &s->rng.rng, &w);
  s->probes++;
  if (w.n <= s->path) (void)pmtu_on_ack(&s->p, s->now, s->p.nonce);
  return w.n;
}

/* Until nothing happens any more but the search in ten minutes. */
static void search_run(struct search *s) {
  mono_us until = s->now + 300 * MONO_S;
  for (;;) {
    if (s->p.due) {
      (void)probe(s);
    } else if (s->p.at <= until) {
      s->now = s->p.at;
      pmtu_wake(&s->p, s->now, false);
    } else {
      return;
    }
  }
}

static void test_one_probe_finds_that_the_path_carries_the_most(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 1432, 1432);
  assert_false(s.p.due);
  search_run(&s);
  assert_int_equal(s.p.good, 1432);
  assert_int_equal(s.probes, 1);
  assert_int_equal(s.p.at, MONO_NEVER);
}

static void test_every_size_is_found_within_the_resolution(void **state) {
  (void)state;
  for (size_t path = 1160; path <= 1432; path += 4) {
    struct search s;
    search_begin(&s, 1160, 1432, path);
    search_run(&s);
    assert_true(s.p.good <= path);
    assert_true(path - s.p.good < 32);
    assert_int_equal(s.p.good % 4, 0);
    assert_true(s.probes <= 3 * 5);
  }
}

static void test_a_size_is_given_up_after_three_probes_a_second_apart(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 1432, 1200);
  s.now = s.p.at;
  pmtu_wake(&s.p, s.now, false);
  for (unsigned i = 0; i < 3; i++) {
    assert_true(s.p.due);
    assert_int_equal(probe(&s), 1432);
    assert_int_equal(s.p.at, s.now + MONO_S);
    pmtu_wake(&s.p, s.p.at - 1, false);
    assert_false(s.p.due);
    s.now = s.p.at;
    pmtu_wake(&s.p, s.now, false);
  }
  assert_int_equal(probe(&s), 1296);
}

static void test_a_slow_path_gets_three_timeouts_to_answer(void **state) {
  (void)state;
  struct search s;
  uint8_t buf[2000];
  struct writer w = writer_of(buf, sizeof buf);
  search_begin(&s, 1160, 1432, 1432);
  pmtu_wake(&s.p, s.p.at, false);
  packet_begin(&w, &(struct packet_header){0});
  pmtu_write(&s.p, s.now, 2 * MONO_S, &s.rng.rng, &w);
  assert_int_equal(s.p.at, s.now + 6 * MONO_S);
}

static void test_after_ten_minutes_a_narrow_path_is_looked_at_again(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 1432, 1300);
  search_run(&s);
  assert_int_equal(s.p.at, s.now + 600 * MONO_S);
  s.path = 1432;
  s.now = s.p.at;
  pmtu_wake(&s.p, s.now, false);
  assert_int_equal(probe(&s), 1432);
  assert_int_equal(s.p.good, 1432);
}

static void test_an_answer_to_another_heartbeat_proves_nothing(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 1432, 0);
  assert_false(pmtu_on_ack(&s.p, s.now, 0));
  pmtu_wake(&s.p, s.p.at, false);
  assert_false(pmtu_on_ack(&s.p, s.now, 0));
  (void)probe(&s);
  assert_false(pmtu_on_ack(&s.p, s.now, s.p.nonce + 1));
  assert_int_equal(s.p.good, 1160);
}

static void test_nothing_is_probed_while_the_peer_is_not_heard(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 1432, 1432);
  s.now = s.p.at;
  pmtu_wake(&s.p, s.now, true);
  assert_false(s.p.due);
  assert_int_equal(s.p.at, s.now + MONO_S);
}

static void test_a_black_hole_brings_the_base_back_and_a_search_soon(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 1432, 1432);
  search_run(&s);
  s.path = 1300;
  pmtu_black_hole(&s.p, s.now);
  assert_int_equal(s.p.good, 1160);
  assert_int_equal(s.p.at, s.now + 5 * MONO_S);
  search_run(&s);
  assert_true(s.p.good > 1268 && s.p.good <= 1300);
}

static void test_without_room_above_the_base_there_is_no_search(void **state) {
  (void)state;
  struct search s;
  search_begin(&s, 1160, 0, 5000);
  assert_int_equal(s.p.at, MONO_NEVER);
  pmtu_black_hole(&s.p, s.now);
  assert_int_equal(s.p.at, MONO_NEVER);
}

static void test_no_probe_is_written_where_it_has_no_room(void **state) {
  (void)state;
  struct search s;
  uint8_t buf[1431];
  struct writer w = writer_of(buf, sizeof buf);
  search_begin(&s, 1160, 1432, 1432);
  pmtu_wake(&s.p, s.p.at, false);
  packet_begin(&w, &(struct packet_header){0});
  pmtu_write(&s.p, s.now, RTO, &s.rng.rng, &w);
  assert_int_equal(w.n, PACKET_HEADER_SIZE);
  assert_true(s.p.due);
}

/* --- in an association --- */

static void begin_pair(struct sctp_pair *p, size_t path) {
  struct sctp_cfg cfg = pair_cfg();
  cfg.mtu = 1160;
  cfg.max_mtu = 1432;
  pair_init(p, &cfg, 5);
  pair_set_links(p, &(struct pair_link){.delay = 10 * MONO_MS, .mtu = path});
  assert_true(pair_connect(p));
}

static size_t mtu_of(const struct sctp_pair *p) {
  struct sctp_stats st;
  sctp_stats(p->ends[0], &st);
  return st.mtu;
}

static void send_and_arrive(struct sctp_pair *p, size_t n) {
  const struct sctp_send_info info = pair_info(1);
  uint64_t before = p->bytes[1];
  mono_us until = p->now + 30 * MONO_S;
  assert_int_equal(pair_send(p, 0, &info, n, 1), 0);
  while (p->bytes[1] < before + n && pair_step(p, until)) continue;
  assert_int_equal(p->bytes[1], before + n);
}

static void test_an_association_uses_what_it_found(void **state) {
  (void)state;
  struct sctp_pair p;
  begin_pair(&p, 1432);
  assert_int_equal(mtu_of(&p), 1160);
  pair_run(&p, p.now + MONO_S);
  assert_int_equal(mtu_of(&p), 1432);
  uint64_t before = p.sent[0];
  send_and_arrive(&p, 14040); /* ten chunks of 1432 - 28 */
  assert_int_equal(p.sent[0] - before, 10);
  pair_free(&p);
}

static void test_data_gets_through_when_the_path_narrows_without_a_word(void **state) {
  (void)state;
  struct sctp_pair p;
  begin_pair(&p, 1432);
  pair_run(&p, p.now + MONO_S);
  p.links[0].mtu = p.links[1].mtu = 1200;
  send_and_arrive(&p, 100000);
  assert_int_equal(mtu_of(&p), 1160);
  assert_int_equal(p.closed[0], 1);
  pair_run(&p, p.now + 60 * MONO_S);
  assert_true(mtu_of(&p) > 1160 && mtu_of(&p) <= 1200);
  pair_free(&p);
}

static void test_another_path_starts_at_the_base(void **state) {
  (void)state;
  struct sctp_pair p;
  begin_pair(&p, 1432);
  pair_run(&p, p.now + MONO_S);
  sctp_path_changed(p.ends[0], p.now);
  assert_int_equal(mtu_of(&p), 1160);
  pair_pump(&p, 0);
  pair_run(&p, p.now + MONO_S);
  assert_int_equal(mtu_of(&p), 1432);
  pair_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_probe_finds_that_the_path_carries_the_most),
      cmocka_unit_test(test_every_size_is_found_within_the_resolution),
      cmocka_unit_test(test_a_size_is_given_up_after_three_probes_a_second_apart),
      cmocka_unit_test(test_a_slow_path_gets_three_timeouts_to_answer),
      cmocka_unit_test(test_after_ten_minutes_a_narrow_path_is_looked_at_again),
      cmocka_unit_test(test_an_answer_to_another_heartbeat_proves_nothing),
      cmocka_unit_test(test_nothing_is_probed_while_the_peer_is_not_heard),
      cmocka_unit_test(test_a_black_hole_brings_the_base_back_and_a_search_soon),
      cmocka_unit_test(test_without_room_above_the_base_there_is_no_search),
      cmocka_unit_test(test_no_probe_is_written_where_it_has_no_room),
      cmocka_unit_test(test_an_association_uses_what_it_found),
      cmocka_unit_test(test_data_gets_through_when_the_path_narrows_without_a_word),
      cmocka_unit_test(test_another_path_starts_at_the_base),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
