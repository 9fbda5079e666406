#include "sctp/rx/reassembly.h"

#include <errno.h>

#include "support/unit.h"

static struct data_chunk fragment(const char *text, bool begin, bool end) {
  return (struct data_chunk){
      .stream = 1, .mid = 2, .ppid = 3, .begin = begin, .end = end, .data = bytes_of(text)};
}

static int add(struct reassembly *r, uint64_t tsn, const char *text, bool begin, bool end,
               struct rx_msg **ret) {
  struct data_chunk d = fragment(text, begin, end);
  return reassembly_add(r, &d, tsn, 9, ret);
}

static void check_whole(struct rx_msg *m, const char *text) {
  assert_non_null(m);
  struct payload *p = rx_msg_take(m);
  assert_true(bytes_equal(payload_bytes(p), bytes_of(text)));
  assert_int_equal(m->n, p->n);
  payload_free(p);
  rx_msg_free(m);
}

static void check_whole_size(struct rx_msg *m, size_t n) {
  assert_non_null(m);
  assert_int_equal(m->n, n);
  rx_msg_free(m);
}

static void test_a_single_chunk_is_a_message(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  assert_int_equal(add(&r, 10, "whole", true, true, &m), 0);
  assert_int_equal(m->stream, 1);
  assert_int_equal(m->ppid, 3);
  check_whole(m, "whole");
  assert_int_equal(r.held, 0);
  reassembly_free(&r);
}

/* Four fragments in each of their 24 orders. */
static void test_fragments_make_the_message_in_any_order(void **state) {
  (void)state;
  static const char *const texts[] = {"one ", "two ", "three ", "four"};
  for (int order = 0; order < 256; order++) {
    int at[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
    if (((1 << at[0]) | (1 << at[1]) | (1 << at[2]) | (1 << at[3])) != 15) continue;
    struct reassembly r;
    struct rx_msg *m = NULL;
    reassembly_init(&r, 1000);
    for (int i = 0; i < 4; i++) {
      assert_null(m);
      uint64_t tsn = 10 + (uint64_t)at[i];
      assert_int_equal(add(&r, tsn, texts[at[i]], at[i] == 0, at[i] == 3, &m), 0);
    }
    check_whole(m, "one two three four");
    assert_int_equal(r.held, 0);
    assert_int_equal(r.n, 0);
    reassembly_free(&r);
  }
}

static void test_what_is_held_is_accounted_with_its_overhead(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  assert_int_equal(add(&r, 20, "x", false, false, &m), 0);
  assert_int_equal(r.held, RX_MSG_COST + 1);
  assert_int_equal(add(&r, 22, "y", false, false, &m), 0);
  assert_int_equal(r.held, 2 * (RX_MSG_COST + 1));
  reassembly_free(&r);
}

static void test_a_message_past_the_maximum_is_refused(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 8);
  assert_int_equal(add(&r, 10, "12345678", true, false, &m), 0);
  assert_int_equal(add(&r, 11, "9", false, false, &m), -EMSGSIZE);
  assert_int_equal(add(&r, 30, "123456789", true, true, &m), -EMSGSIZE);
  reassembly_free(&r);
}

static void test_fragments_that_contradict_each_other_are_a_violation(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  assert_int_equal(add(&r, 10, "a", true, false, &m), 0);
  assert_int_equal(add(&r, 11, "b", true, true, &m), -EPROTO); /* no end before it */
  struct data_chunk other = fragment("b", false, true);
  other.stream = 5;
  assert_int_equal(reassembly_add(&r, &other, 11, 9, &m), -EPROTO);
  struct data_chunk unordered = fragment("b", false, true);
  unordered.unordered = true;
  assert_int_equal(reassembly_add(&r, &unordered, 11, 9, &m), -EPROTO);
  assert_int_equal(add(&r, 20, "m", false, false, &m), 0);
  assert_int_equal(add(&r, 19, "l", false, true, &m), -EPROTO); /* ends where another goes on */
  reassembly_free(&r);
}

static void test_a_message_without_its_begin_is_a_violation_without_forward_tsn(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  assert_int_equal(add(&r, 10, "a", false, false, &m), -EPROTO);
  assert_int_equal(add(&r, 12, "c", false, false, &m), 0);
  assert_int_equal(reassembly_advance(&r, 10), 0);
  assert_int_equal(reassembly_advance(&r, 11), -EPROTO);
  reassembly_free(&r);
}

static void test_skipped_parts_are_purged(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  r.gaps_allowed = true;
  assert_int_equal(add(&r, 10, "a", true, false, &m), 0);  /* its end was skipped */
  assert_int_equal(add(&r, 13, "d", false, false, &m), 0); /* its begin was skipped */
  assert_int_equal(add(&r, 15, "f", true, false, &m), 0);  /* behind: stays */
  reassembly_forward(&r, 12);
  assert_int_equal(r.n, 1);
  assert_int_equal(r.held, r.runs[0]->held);
  assert_int_equal(r.runs[0]->first, 15);
  reassembly_free(&r);
}

static void test_a_fragment_behind_a_skipped_begin_is_dropped(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  r.gaps_allowed = true;
  assert_int_equal(add(&r, 10, "b", false, true, &m), 0);
  assert_null(m);
  assert_int_equal(r.n, 0);
  reassembly_free(&r);
}

static void test_runs_are_limited(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  for (unsigned i = 0; i < REASSEMBLY_RUNS; i++)
    assert_int_equal(add(&r, 20 + 2 * i, "x", false, false, &m), 0);
  assert_int_equal(add(&r, 20 + 2 * REASSEMBLY_RUNS, "x", false, false, &m), -ENOBUFS);
  reassembly_free(&r);
}

static int reassemble(void *ctx) {
  (void)ctx;
  struct reassembly r;
  struct rx_msg *m = NULL;
  reassembly_init(&r, 1000);
  int err = add(&r, 10, "one ", true, false, &m);
  if (err == 0) err = add(&r, 12, "three ", false, false, &m);
  if (err == 0) err = add(&r, 13, "four", false, true, &m);
  if (err == 0) err = add(&r, 11, "two ", false, false, &m);
  if (m) check_whole(m, "one two three four");
  reassembly_free(&r);
  return err;
}

static void test_reassembly_survives_want_of_memory(void **state) {
  (void)state;
  fail_alloc_each(reassemble, NULL);
}

/* --- I-DATA: fragments are told by stream, kind, MID and FSN, whatever their TSNs --- */

struct piece {
  uint16_t stream;
  bool unordered;
  uint32_t mid, fsn;
  const char *text;
  bool end;
};

static int add_piece(struct reassembly *r, uint64_t tsn, const struct piece *p,
                     struct rx_msg **ret) {
  const struct data_chunk d = {.interleaved = true,
                               .stream = p->stream,
                               .unordered = p->unordered,
                               .mid = p->mid,
                               .fsn = p->fsn,
                               .ppid = p->fsn == 0 ? 77 : 0,
                               .begin = p->fsn == 0,
                               .end = p->end,
                               .data = bytes_of(p->text)};
  return reassembly_add(r, &d, tsn, 9, ret);
}

static void test_interleaved_messages_come_together_each_by_itself(void **state) {
  (void)state;
  static const struct piece pieces[] = {
      {1, false, 5, 1, "b", false}, {2, false, 5, 0, "x", false}, {1, true, 5, 0, "u", false},
      {1, false, 5, 0, "a", false}, {2, false, 5, 1, "y", true},  {1, true, 5, 1, "v", true},
      {1, false, 6, 0, "A", false}, {1, false, 5, 2, "c", true},  {1, false, 6, 1, "B", true},
  };
  static const char *const whole[] = {NULL, NULL, NULL, NULL, "xy", "uv", NULL, "abc", "AB"};
  struct reassembly r;
  reassembly_init(&r, 1000);
  for (size_t i = 0; i < 9; i++) {
    struct rx_msg *m;
    assert_int_equal(add_piece(&r, 10 + i, &pieces[i], &m), 0);
    assert_int_equal(m != NULL, whole[i] != NULL);
    if (!m) continue;
    assert_int_equal(m->ppid, 77);
    check_whole(m, whole[i]);
  }
  assert_int_equal(r.n, 0);
  assert_int_equal(r.held, 0);
  reassembly_free(&r);
}

static void test_the_same_fragment_under_another_tsn_is_a_violation(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  assert_int_equal(add_piece(&r, 10, &(struct piece){1, false, 0, 0, "a", false}, &m), 0);
  assert_int_equal(add_piece(&r, 11, &(struct piece){1, false, 0, 1, "b", false}, &m), 0);
  assert_int_equal(add_piece(&r, 12, &(struct piece){1, false, 0, 0, "a", false}, &m), -EPROTO);
  assert_int_equal(add_piece(&r, 12, &(struct piece){1, false, 0, 1, "b", false}, &m), -EPROTO);
  reassembly_free(&r);
}

static void test_skipped_messages_are_dropped_by_stream_kind_and_mid(void **state) {
  (void)state;
  struct reassembly r;
  struct rx_msg *m;
  reassembly_init(&r, 1000);
  for (uint32_t mid = 0; mid < 4; mid++) {
    assert_int_equal(add_piece(&r, 10 + mid, &(struct piece){1, false, mid, 0, "a", false}, &m), 0);
    assert_int_equal(add_piece(&r, 20 + mid, &(struct piece){1, true, mid, 0, "a", false}, &m), 0);
    assert_int_equal(add_piece(&r, 30 + mid, &(struct piece){2, false, mid, 0, "a", false}, &m), 0);
  }
  reassembly_skip(&r, &(struct forward_tsn_entry){.stream = 1, .mid = 1});
  assert_int_equal(r.n, 10);
  reassembly_skip(&r, &(struct forward_tsn_entry){.stream = 1, .unordered = true, .mid = 3});
  assert_int_equal(r.n, 6);
  reassembly_forward(&r, 1000); /* says nothing of I-DATA */
  assert_int_equal(r.n, 6);
  reassembly_free(&r);
}

static void test_only_a_message_that_is_alone_gets_the_room_of_the_last_one(void **state) {
  (void)state;
  static char big[800];
  struct reassembly r;
  struct rx_msg *m;
  memset(big, 'x', sizeof big - 1);
  reassembly_init(&r, 1000);
  assert_int_equal(add_piece(&r, 10, &(struct piece){1, false, 0, 0, big, false}, &m), 0);
  const struct data_chunk end = {
      .interleaved = true, .stream = 1, .fsn = 1, .end = true, .data = bytes_of("y")};
  assert_int_equal(reassembly_add(&r, &end, 11, 10, &m), 0);
  check_whole_size(m, 800);
  for (uint32_t mid = 1; mid <= 2; mid++) {
    const struct data_chunk begin = {
        .interleaved = true, .stream = 1, .mid = mid, .begin = true, .data = bytes_of("z")};
    size_t before = r.held;
    assert_int_equal(reassembly_add(&r, &begin, 11 + mid, 10 + mid, &m), 0);
    if (mid == 1)
      assert_true(r.held - before >= 800);
    else
      assert_true(r.held - before < 800);
  }
  reassembly_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_single_chunk_is_a_message),
      cmocka_unit_test(test_fragments_make_the_message_in_any_order),
      cmocka_unit_test(test_what_is_held_is_accounted_with_its_overhead),
      cmocka_unit_test(test_a_message_past_the_maximum_is_refused),
      cmocka_unit_test(test_fragments_that_contradict_each_other_are_a_violation),
      cmocka_unit_test(test_a_message_without_its_begin_is_a_violation_without_forward_tsn),
      cmocka_unit_test(test_skipped_parts_are_purged),
      cmocka_unit_test(test_a_fragment_behind_a_skipped_begin_is_dropped),
      cmocka_unit_test(test_runs_are_limited),
      cmocka_unit_test(test_reassembly_survives_want_of_memory),
      cmocka_unit_test(test_interleaved_messages_come_together_each_by_itself),
      cmocka_unit_test(test_the_same_fragment_under_another_tsn_is_a_violation),
      cmocka_unit_test(test_skipped_messages_are_dropped_by_stream_kind_and_mid),
      cmocka_unit_test(test_only_a_message_that_is_alone_gets_the_room_of_the_last_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
