#include "base/cursor.h"

#include "support/unit.h"

static void test_integers_are_read_big_endian(void **state) {
  (void)state;
  static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  struct cursor c = cursor_of((struct bytes){in, sizeof in});
  assert_int_equal(cursor_u8(&c), 1);
  assert_int_equal(cursor_u16(&c), 0x0203);
  assert_int_equal(cursor_u32(&c), 0x04050607);
  assert_int_equal(cursor_u64(&c), 0x08090a0b0c0d0e0f);
  assert_int_equal(c.n, 0);
  assert_false(c.failed);
}

static void test_a_read_past_the_end_fails_for_good_and_moves_nothing(void **state) {
  (void)state;
  static const uint8_t in[] = {1, 2, 3};
  struct cursor c = cursor_of((struct bytes){in, sizeof in});
  assert_int_equal(cursor_u32(&c), 0);
  assert_true(c.failed);
  assert_int_equal(c.n, 3);
  assert_int_equal(cursor_u8(&c), 0);
  assert_int_equal(cursor_take(&c, 1).n, 0);
  assert_int_equal(cursor_rest(&c).n, 0);
}

static void test_taking_all_and_skipping_at_the_end(void **state) {
  (void)state;
  static const uint8_t in[] = {1, 2, 3, 4};
  struct cursor c = cursor_of((struct bytes){in, sizeof in});
  cursor_skip(&c, 1);
  struct bytes two = cursor_take(&c, 2);
  assert_ptr_equal(two.p, in + 1);
  cursor_skip_upto(&c, 3);
  assert_false(c.failed);
  assert_int_equal(c.n, 0);
  cursor_skip(&c, 1);
  assert_true(c.failed);
}

static void test_an_empty_run_without_address_can_be_read(void **state) {
  (void)state;
  struct cursor c = cursor_of((struct bytes){NULL, 0});
  assert_int_equal(cursor_take(&c, 0).n, 0);
  assert_false(c.failed);
  assert_int_equal(cursor_u8(&c), 0);
  assert_true(c.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers_are_read_big_endian),
      cmocka_unit_test(test_a_read_past_the_end_fails_for_good_and_moves_nothing),
      cmocka_unit_test(test_taking_all_and_skipping_at_the_end),
      cmocka_unit_test(test_an_empty_run_without_address_can_be_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
