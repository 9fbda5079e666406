#include "rpc/hot_message.h"

#include "support/unit.h"

static void check(struct payload *frame, const char *want) {
  assert_non_null(frame);
  assert_true(bytes_equal(payload_bytes(frame), bytes_of(want)));
  payload_free(frame);
}

static void test_a_piece_is_a_frame(void **state) {
  (void)state;
  const struct hot_message m = {.channel = 7, .seq = 9};
  check(hot_message_binary(&m, bytes_of("abc")),
        "{\"jsonrpc\":\"2.0\",\"method\":\"channel.message\",\"params\":{\"channel\":7,\"seq\":9,"
        "\"base64\":\"YWJj\"}}");
  check(hot_message_text(&m, bytes_of("a\"\n\x01")),
        "{\"jsonrpc\":\"2.0\",\"method\":\"channel.message\",\"params\":{\"channel\":7,\"seq\":9,"
        "\"text\":\"a\\\"\\n\\u0001\"}}");
}

static void test_the_largest_envelope_has_room(void **state) {
  (void)state;
  const struct hot_message m = {.channel = UINT32_MAX, .seq = UINT64_MAX, .more = true};
  check(hot_message_binary(&m, bytes_of("")),
        "{\"jsonrpc\":\"2.0\",\"method\":\"channel.message\",\"params\":{\"channel\":4294967295,"
        "\"seq\":18446744073709551615,\"more\":true,\"base64\":\"\"}}");
}

static void test_no_memory_makes_no_frame(void **state) {
  (void)state;
  const struct hot_message m = {.channel = 1};
  fail_alloc_at(0);
  assert_null(hot_message_binary(&m, bytes_of("abc")));
  fail_alloc_at(0);
  assert_null(hot_message_text(&m, bytes_of("abc")));
  fail_alloc_never();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_piece_is_a_frame),
      cmocka_unit_test(test_the_largest_envelope_has_room),
      cmocka_unit_test(test_no_memory_makes_no_frame),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
