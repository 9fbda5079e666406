#include <stdlib.h>

#include "datachannel/internal.h"
#include "support/unit.h"

#define MANY 5000u

static struct dc_set *full_set(struct dc_channel *channels) {
  struct dc_set *s = calloc(1, sizeof *s);
  assert_non_null(s);
  for (uint32_t i = 0; i < MANY; i++) {
    channels[i] = (struct dc_channel){.handle = i * 7 + 1, .id = (int32_t)(i * 13 % 65521)};
    assert_int_equal(dc_table_add_handle(&s->by_handle, &channels[i]), 0);
    assert_int_equal(dc_table_add_stream(&s->by_stream, &channels[i]), 0);
  }
  return s;
}

static void free_set(struct dc_set *s) {
  dc_table_free(&s->by_handle);
  dc_table_free(&s->by_stream);
  free(s);
}

static void test_every_channel_is_found_by_both_its_names(void **state) {
  (void)state;
  struct dc_channel *channels = calloc(MANY, sizeof *channels);
  struct dc_set *s = full_set(channels);
  for (uint32_t i = 0; i < MANY; i++) {
    assert_ptr_equal(dc_find(s, i * 7 + 1), &channels[i]);
    assert_ptr_equal(dc_find_stream(s, (uint16_t)(i * 13 % 65521)), &channels[i]);
  }
  assert_null(dc_find(s, 0));
  assert_null(dc_find(s, 2));
  assert_int_equal(s->by_handle.n, MANY);
  free_set(s);
  free(channels);
}

static void test_what_is_taken_out_is_not_found_and_the_rest_is(void **state) {
  (void)state;
  struct dc_channel *channels = calloc(MANY, sizeof *channels);
  struct dc_set *s = full_set(channels);
  for (uint32_t i = 0; i < MANY; i += 2) dc_table_remove_handle(&s->by_handle, &channels[i]);
  for (uint32_t i = 1; i < MANY; i += 2) dc_table_remove_stream(&s->by_stream, &channels[i]);
  for (uint32_t i = 0; i < MANY; i++) {
    assert_ptr_equal(dc_find(s, i * 7 + 1), i % 2 ? &channels[i] : NULL);
    assert_ptr_equal(dc_find_stream(s, (uint16_t)(i * 13 % 65521)), i % 2 ? NULL : &channels[i]);
  }
  assert_int_equal(s->by_handle.n, MANY / 2);
  free_set(s);
  free(channels);
}

static void test_an_empty_table_finds_nothing(void **state) {
  (void)state;
  struct dc_set s = {0};
  assert_null(dc_find(&s, 1));
  assert_null(dc_find_stream(&s, 1));
  dc_table_free(&s.by_handle);
}

static void test_a_table_that_cannot_grow_stays_as_it_was(void **state) {
  (void)state;
  struct dc_channel channels[9];
  struct dc_set s = {0};
  for (uint32_t i = 0; i < 8; i++) {
    channels[i] = (struct dc_channel){.handle = i + 1};
    assert_int_equal(dc_table_add_handle(&s.by_handle, &channels[i]), 0);
  }
  channels[8] = (struct dc_channel){.handle = 9};
  fail_alloc_at(0);
  assert_true(dc_table_add_handle(&s.by_handle, &channels[8]) < 0);
  fail_alloc_never();
  assert_null(dc_find(&s, 9));
  assert_ptr_equal(dc_find(&s, 8), &channels[7]);
  dc_table_free(&s.by_handle);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_channel_is_found_by_both_its_names),
      cmocka_unit_test(test_what_is_taken_out_is_not_found_and_the_rest_is),
      cmocka_unit_test(test_an_empty_table_finds_nothing),
      cmocka_unit_test(test_a_table_that_cannot_grow_stays_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
