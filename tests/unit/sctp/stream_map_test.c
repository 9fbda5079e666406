#include "sctp/stream_map.h"

#include <errno.h>

#include "support/unit.h"

static void test_stream_items_are_made_when_touched_and_never_move(void **state) {
  (void)state;
  struct stream_map m = {.item_size = 24};
  assert_null(stream_map_get(&m, 0));
  uint64_t *zero = stream_map_make(&m, 0);
  *zero = 7;
  assert_non_null(stream_map_make(&m, 65535));
  assert_ptr_equal(stream_map_get(&m, 0), zero);
  assert_int_equal(*zero, 7);
  assert_null(stream_map_get(&m, 1)); /* of the other parity */
  stream_map_free(&m);
}

static void test_all_streams_have_items_of_their_own(void **state) {
  (void)state;
  struct stream_map m = {.item_size = sizeof(uint32_t) * 2};
  for (uint32_t i = 0; i < 65536; i++) {
    uint32_t *item = stream_map_make(&m, (uint16_t)i);
    assert_int_equal(item[0], 0);
    item[0] = i + 1;
  }
  for (uint32_t i = 0; i < 65536; i++)
    assert_int_equal(*(uint32_t *)stream_map_get(&m, (uint16_t)i), i + 1);
  size_t at = 0, n = 0;
  while (stream_map_each(&m, &at)) n++;
  assert_int_equal(n, 65536);
  stream_map_free(&m);
}

static int make_streams(void *ctx) {
  (void)ctx;
  struct stream_map m = {.item_size = 8};
  int err = stream_map_make(&m, 3) && stream_map_make(&m, 700) ? 0 : -ENOMEM;
  stream_map_free(&m);
  return err;
}

static void test_a_stream_map_survives_want_of_memory(void **state) {
  (void)state;
  fail_alloc_each(make_streams, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stream_items_are_made_when_touched_and_never_move),
      cmocka_unit_test(test_all_streams_have_items_of_their_own),
      cmocka_unit_test(test_a_stream_map_survives_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
