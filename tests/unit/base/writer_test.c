#include "base/writer.h"

#include "support/unit.h"

static void test_integers_are_written_big_endian(void **state) {
  (void)state;
  static const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  uint8_t buf[15];
  struct writer w = writer_of(buf, sizeof buf);
  writer_u8(&w, 1);
  writer_u16(&w, 0x0203);
  writer_u32(&w, 0x04050607);
  writer_u64(&w, 0x08090a0b0c0d0e0f);
  assert_false(w.failed);
  assert_memory_equal(writer_written(&w).p, expected, sizeof expected);
  assert_int_equal(writer_left(&w), 0);
}

static void test_what_does_not_fit_is_not_written_and_nothing_after_it(void **state) {
  (void)state;
  uint8_t buf[4] = {9, 9, 9, 9};
  struct writer w = writer_of(buf, 3);
  writer_u16(&w, 0x0102);
  writer_u16(&w, 0x0304);
  assert_true(w.failed);
  writer_u8(&w, 5);
  assert_int_equal(w.n, 2);
  assert_int_equal(buf[2], 9);
  assert_null(writer_reserve(&w, 1));
  assert_int_equal(writer_left(&w), 0);
}

static void test_a_patch_overwrites_what_was_written(void **state) {
  (void)state;
  uint8_t buf[8];
  struct writer w = writer_of(buf, sizeof buf);
  writer_zero(&w, 8);
  writer_patch_u16(&w, 1, 0xabcd);
  writer_patch_u32(&w, 4, 0x01020304);
  static const uint8_t expected[] = {0, 0xab, 0xcd, 0, 1, 2, 3, 4};
  assert_memory_equal(buf, expected, sizeof expected);
}

static void test_bytes_are_copied_and_empty_ones_need_no_address(void **state) {
  (void)state;
  uint8_t buf[4];
  struct writer w = writer_of(buf, sizeof buf);
  writer_bytes(&w, (struct bytes){NULL, 0});
  writer_bytes(&w, bytes_of("abc"));
  assert_memory_equal(buf, "abc", 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers_are_written_big_endian),
      cmocka_unit_test(test_what_does_not_fit_is_not_written_and_nothing_after_it),
      cmocka_unit_test(test_a_patch_overwrites_what_was_written),
      cmocka_unit_test(test_bytes_are_copied_and_empty_ones_need_no_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
