/* The small ones: bytes, list, mono, payload, rng, serial, fault. */
#include <errno.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/list.h"
#include "base/mono.h"
#include "base/payload.h"
#include "base/serial.h"
#include "support/seeded_rng.h"
#include "support/unit.h"

static void test_equality_of_runs(void **state) {
  (void)state;
  assert_true(bytes_equal(bytes_of(NULL), bytes_of("")));
  assert_true(bytes_equal(bytes_of("ab"), bytes_of("ab")));
  assert_false(bytes_equal(bytes_of("ab"), bytes_of("abc")));
  assert_true(bytes_equal_secret(bytes_of("ab"), bytes_of("ab")));
  assert_false(bytes_equal_secret(bytes_of("ab"), bytes_of("ac")));
  assert_false(bytes_equal_secret(bytes_of("ab"), bytes_of("a")));
}

static void test_deadlines_saturate(void **state) {
  (void)state;
  assert_int_equal(mono_add(5, 6), 11);
  assert_true(mono_add(5, MONO_NEVER) == MONO_NEVER);
  assert_true(mono_add(MONO_NEVER, 1) == MONO_NEVER);
  assert_int_equal(mono_min(3, MONO_NEVER), 3);
}

static void test_a_list_keeps_its_order(void **state) {
  (void)state;
  struct list head, a, b, c;
  list_init(&head);
  list_push_back(&head, &b);
  list_push_back(&head, &c);
  list_push_front(&head, &a);
  list_remove(&b);
  list_remove(&b);
  assert_ptr_equal(list_pop_front(&head), &a);
  assert_ptr_equal(list_pop_front(&head), &c);
  assert_null(list_pop_front(&head));
}

static void test_serial_numbers_wrap_and_unwrap(void **state) {
  (void)state;
  assert_true(serial32_lt(0xffffffff, 0));
  assert_false(serial32_lt(0, 0xffffffff));
  assert_true(serial16_lt(65535, 0));
  assert_true(serial32_unwrap(0x1fffffff0, 5) == 0x200000005);
  assert_true(serial32_unwrap(0x200000005, 0xfffffff0) == 0x1fffffff0);
  assert_true(serial16_unwrap(0x2ffff, 1) == 0x30001);
}

static int copy_and_grow(void *ctx) {
  (void)ctx;
  struct payload *p = payload_copy(bytes_of("abc"));
  if (!p) return -ENOMEM;
  struct payload *grown = payload_grow(p, 100);
  if (grown) assert_memory_equal(grown->data, "abc", 3);
  payload_free(grown ? grown : p);
  return grown ? 0 : -ENOMEM;
}

static void test_a_payload_grows_or_stays_as_it_was(void **state) {
  (void)state;
  fail_alloc_each(copy_and_grow, NULL);
  assert_null(payload_new(SIZE_MAX));
}

static void test_random_numbers_stay_below_their_bound_and_reach_all_of_it(void **state) {
  (void)state;
  struct seeded_rng s;
  unsigned seen[7] = {0};
  char chars[33];
  seeded_rng_init(&s, 3);
  for (int i = 0; i < 7000; i++) seen[rng_below(&s.rng, 7)]++;
  for (int i = 0; i < 7; i++) assert_in_range(seen[i], 800, 1200);
  rng_ice_chars(&s.rng, chars, 32);
  assert_int_equal(strlen(chars), 32);
  assert_int_equal(
      strspn(chars, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), 32);
}

static void test_a_fault_carries_reason_and_sentence(void **state) {
  (void)state;
  struct fault f = {0};
  assert_int_equal(fault_set(&f, FAULT_INVALID_SDP, "line %d", 3), -EINVAL);
  assert_string_equal(f.text, "line 3");
  assert_string_equal(fault_reason_name(f.reason), "invalid-sdp");
  assert_int_equal(fault_oom(&f), -ENOMEM);
  assert_int_equal(fault_set(NULL, FAULT_INTERNAL, "nobody asks"), -EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_equality_of_runs),
      cmocka_unit_test(test_deadlines_saturate),
      cmocka_unit_test(test_a_list_keeps_its_order),
      cmocka_unit_test(test_serial_numbers_wrap_and_unwrap),
      cmocka_unit_test(test_a_payload_grows_or_stays_as_it_was),
      cmocka_unit_test(test_random_numbers_stay_below_their_bound_and_reach_all_of_it),
      cmocka_unit_test(test_a_fault_carries_reason_and_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
