#include "sctp/rx/tracker.h"

#include "support/unit.h"

static void arrive(struct tracker *t, uint32_t tsn) {
  uint64_t at = tracker_unwrap(t, tsn);
  assert_int_equal(tracker_ask(t, at), TRACKER_NEW);
  assert_int_equal(tracker_reserve(t, at), 0);
  tracker_add(t, at);
}

static struct sack_chunk sack_of(struct tracker *t, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  tracker_write_sack(t, &w, 77);
  assert_false(w.failed);
  struct cursor c = cursor_of(writer_written(&w));
  struct chunk k = {0};
  struct sack_chunk s = {0};
  assert_true(chunk_next(&c, &k) && sack_chunk_read(k.value, &s));
  assert_int_equal(s.a_rwnd, 77);
  return s;
}

static void test_the_cumulative_tsn_follows_what_arrives_in_order(void **state) {
  (void)state;
  struct tracker t;
  uint8_t buf[100];
  tracker_init(&t, 10);
  arrive(&t, 10);
  arrive(&t, 11);
  struct sack_chunk s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(s.cum, 11);
  assert_int_equal(sack_gaps(&s), 0);
  tracker_free(&t);
}

static void test_holes_are_reported_as_gap_blocks_until_they_close(void **state) {
  (void)state;
  struct tracker t;
  uint8_t buf[100];
  tracker_init(&t, 10);
  arrive(&t, 12);
  arrive(&t, 13);
  arrive(&t, 15);
  struct sack_chunk s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(s.cum, 9);
  assert_int_equal(sack_gaps(&s), 2);
  assert_int_equal(sack_gap_at(&s, 0).first, 3);
  assert_int_equal(sack_gap_at(&s, 0).last, 4);
  assert_int_equal(sack_gap_at(&s, 1).first, 6);
  arrive(&t, 11);
  arrive(&t, 10);
  s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(s.cum, 13);
  assert_int_equal(sack_gaps(&s), 1);
  assert_int_equal(sack_gap_at(&s, 0).first, 2);
  tracker_free(&t);
}

static void test_tsns_go_on_past_their_wrap(void **state) {
  (void)state;
  struct tracker t;
  uint8_t buf[100];
  tracker_init(&t, 0xfffffffe);
  arrive(&t, 0xfffffffe);
  arrive(&t, 1);
  arrive(&t, 0xffffffff);
  struct sack_chunk s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(s.cum, 0xffffffff);
  assert_int_equal(sack_gap_at(&s, 0).first, 2);
  arrive(&t, 0);
  assert_int_equal(sack_of(&t, buf, sizeof buf).cum, 1);
  tracker_free(&t);
}

static void test_an_initial_tsn_of_zero_works(void **state) {
  (void)state;
  struct tracker t;
  uint8_t buf[100];
  tracker_init(&t, 0);
  assert_int_equal(sack_of(&t, buf, sizeof buf).cum, 0xffffffff);
  arrive(&t, 0);
  assert_int_equal(sack_of(&t, buf, sizeof buf).cum, 0);
  tracker_free(&t);
}

static void test_duplicates_are_reported_once_and_sixteen_at_most(void **state) {
  (void)state;
  struct tracker t;
  uint8_t buf[200];
  tracker_init(&t, 10);
  arrive(&t, 10);
  arrive(&t, 12);
  assert_int_equal(tracker_ask(&t, tracker_unwrap(&t, 10)), TRACKER_DUPLICATE);
  assert_int_equal(tracker_ask(&t, tracker_unwrap(&t, 12)), TRACKER_DUPLICATE);
  for (int i = 0; i < 20; i++) tracker_note_duplicate(&t, tracker_unwrap(&t, 12));
  struct sack_chunk s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(sack_dups(&s), TRACKER_DUPS);
  assert_int_equal(sack_dup_at(&s, 0), 12);
  s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(sack_dups(&s), 0);
  tracker_free(&t);
}

static void test_what_a_gap_block_cannot_name_is_refused(void **state) {
  (void)state;
  struct tracker t;
  tracker_init(&t, 1);
  assert_int_equal(tracker_ask(&t, t.cum + 65535), TRACKER_NEW);
  assert_int_equal(tracker_ask(&t, t.cum + 65536), TRACKER_REFUSED);
  tracker_free(&t);
}

static void test_islands_are_limited_and_existing_ones_still_grow(void **state) {
  (void)state;
  struct tracker t;
  tracker_init(&t, 1);
  for (uint32_t i = 0; i < TRACKER_RANGES; i++) arrive(&t, 3 + 2 * i);
  uint32_t past = 3 + 2 * TRACKER_RANGES;
  assert_int_equal(tracker_ask(&t, t.cum + past), TRACKER_REFUSED);
  assert_int_equal(tracker_ask(&t, t.cum + past - 1), TRACKER_NEW); /* joins the last */
  assert_int_equal(tracker_ask(&t, t.cum + 4), TRACKER_NEW);        /* joins two */
  tracker_free(&t);
}

static void test_a_sack_reports_as_many_gaps_as_fit(void **state) {
  (void)state;
  struct tracker t;
  uint8_t buf[16 + 4 * 5 + 3];
  tracker_init(&t, 1);
  for (uint32_t i = 0; i < 20; i++) arrive(&t, 3 + 2 * i);
  tracker_note_duplicate(&t, 3);
  struct sack_chunk s = sack_of(&t, buf, sizeof buf);
  assert_int_equal(sack_gaps(&s), 5);
  assert_int_equal(sack_dups(&s), 0);
  tracker_free(&t);
}

static void test_a_forward_moves_on_over_what_is_there(void **state) {
  (void)state;
  struct tracker t;
  tracker_init(&t, 1);
  arrive(&t, 3);
  arrive(&t, 6);
  arrive(&t, 7);
  arrive(&t, 9);
  tracker_forward(&t, tracker_unwrap(&t, 5));
  assert_int_equal((uint32_t)t.cum, 7);
  tracker_forward(&t, tracker_unwrap(&t, 2)); /* an old one */
  assert_int_equal((uint32_t)t.cum, 7);
  assert_true(tracker_has_gap(&t));
  tracker_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_cumulative_tsn_follows_what_arrives_in_order),
      cmocka_unit_test(test_holes_are_reported_as_gap_blocks_until_they_close),
      cmocka_unit_test(test_tsns_go_on_past_their_wrap),
      cmocka_unit_test(test_an_initial_tsn_of_zero_works),
      cmocka_unit_test(test_duplicates_are_reported_once_and_sixteen_at_most),
      cmocka_unit_test(test_what_a_gap_block_cannot_name_is_refused),
      cmocka_unit_test(test_islands_are_limited_and_existing_ones_still_grow),
      cmocka_unit_test(test_a_sack_reports_as_many_gaps_as_fit),
      cmocka_unit_test(test_a_forward_moves_on_over_what_is_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
