#include "datachannel/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "support/unit.h"

static int add(struct waiting *q, const char *s, bool text) {
  struct bytes b = bytes_of(s);
  struct payload *data = b.n > 0 ? payload_copy(b) : NULL;
  return b.n > 0 && !data ? -ENOMEM : waiting_add(q, data, text, b.n > 0 ? b.n : 1);
}

static void expect(struct waiting *q, size_t n, const char *bytes, bool more) {
  struct waiting_piece piece;
  assert_int_equal(waiting_take(q, n, &piece), 0);
  assert_int_equal(piece.more, more);
  assert_int_equal(piece.data ? piece.data->n : 0, strlen(bytes));
  if (piece.data) assert_memory_equal(piece.data->data, bytes, strlen(bytes));
  assert_int_equal(piece.charge > 0, !more);
  payload_free(piece.data);
}

static void test_messages_come_out_whole_and_in_order(void **state) {
  (void)state;
  struct waiting q;
  struct waiting_first f;
  waiting_init(&q);
  assert_true(waiting_is_empty(&q));
  assert_false(waiting_first(&q, &f));
  assert_int_equal(add(&q, "one", true), 0);
  assert_int_equal(add(&q, "", false), 0);
  assert_int_equal(add(&q, "three", false), 0);
  assert_true(waiting_first(&q, &f));
  assert_true(f.text);
  expect(&q, 3, "one", false);
  assert_true(waiting_first(&q, &f));
  assert_int_equal(f.left.n, 0);
  expect(&q, 0, "", false);
  expect(&q, 5, "three", false);
  assert_true(waiting_is_empty(&q));
  assert_int_equal(waiting_clear(&q), 0);
}

static void test_a_small_message_comes_in_pieces(void **state) {
  (void)state;
  struct waiting q;
  waiting_init(&q);
  (void)add(&q, "abcdef", true);
  (void)add(&q, "g", true);
  expect(&q, 1, "a", true);
  expect(&q, 4, "bcde", true);
  expect(&q, 1, "f", false);
  expect(&q, 1, "g", false);
  assert_true(waiting_is_empty(&q));
}

static struct payload *zeros(size_t n) {
  struct payload *p = payload_new(n);
  assert_non_null(p);
  memset(p->data, 0, n);
  p->n = n;
  return p;
}

static void test_a_large_message_is_not_copied_when_taken_whole(void **state) {
  (void)state;
  struct waiting q;
  struct waiting_piece piece;
  waiting_init(&q);
  struct payload *large = zeros(100000);
  assert_int_equal(waiting_add(&q, large, false, 100000), 0);
  assert_int_equal(waiting_take(&q, 100000, &piece), 0);
  assert_ptr_equal(piece.data, large);
  assert_int_equal(piece.charge, 100000);
  payload_free(piece.data);
  assert_int_equal(waiting_add(&q, zeros(100000), false, 99), 0);
  assert_int_equal(waiting_take(&q, 99999, &piece), 0);
  assert_true(piece.more);
  payload_free(piece.data);
  assert_int_equal(waiting_take(&q, 1, &piece), 0);
  assert_int_equal(piece.charge, 99);
  payload_free(piece.data);
}

static void test_sizes_around_the_packing_limit_keep_their_order(void **state) {
  (void)state;
  struct waiting q;
  waiting_init(&q);
  static const size_t sizes[] = {255, 256, 257, 1, 256, 4096, 1, 0, 300, 2};
  for (int round = 0; round < 50; round++)
    for (size_t i = 0; i < 10; i++)
      assert_int_equal(waiting_add(&q, sizes[i] ? zeros(sizes[i]) : NULL, i % 2 == 0, sizes[i] + 1),
                       0);
  for (int round = 0; round < 50; round++)
    for (size_t i = 0; i < 10; i++) {
      struct waiting_piece piece;
      assert_int_equal(waiting_take(&q, sizes[i], &piece), 0);
      assert_int_equal(piece.charge, sizes[i] + 1);
      assert_int_equal(piece.text, i % 2 == 0);
      assert_int_equal(piece.data ? piece.data->n : 0, sizes[i]);
      payload_free(piece.data);
    }
  assert_true(waiting_is_empty(&q));
}

static void test_messages_of_one_byte_are_packed(void **state) {
  (void)state;
  struct waiting q;
  waiting_init(&q);
  for (int i = 0; i < 1000; i++) (void)add(&q, "x", false);
  fail_alloc_at(2 * 700); /* each message is itself one until it is packed */
  for (int i = 0; i < 1000; i++) (void)add(&q, "x", false);
  bool hit = fail_alloc_hit();
  fail_alloc_never();
  assert_false(hit);
  assert_int_equal(waiting_clear(&q), 2000);
}

static int fill(void *ctx) {
  (void)ctx;
  struct waiting q;
  waiting_init(&q);
  struct waiting_piece piece = {0};
  int r = add(&q, "small", true);
  if (r == 0) r = add(&q, "", true);
  struct payload *large = r == 0 ? payload_new(1000) : NULL;
  if (r == 0 && !large) r = -ENOMEM;
  if (large) {
    memset(large->data, 1, 1000);
    large->n = 1000;
    r = waiting_add(&q, large, false, 1000);
  }
  if (r == 0) r = waiting_take(&q, 2, &piece);
  payload_free(piece.data);
  size_t left = waiting_clear(&q);
  assert_true(r < 0 || left == 5 + 1 + 1000);
  return r;
}

static void test_no_failed_allocation_leaks_or_loses_the_count(void **state) {
  (void)state;
  fail_alloc_each(fill, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_come_out_whole_and_in_order),
      cmocka_unit_test(test_a_small_message_comes_in_pieces),
      cmocka_unit_test(test_a_large_message_is_not_copied_when_taken_whole),
      cmocka_unit_test(test_sizes_around_the_packing_limit_keep_their_order),
      cmocka_unit_test(test_messages_of_one_byte_are_packed),
      cmocka_unit_test(test_no_failed_allocation_leaks_or_loses_the_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
