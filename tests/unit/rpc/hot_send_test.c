#include "rpc/hot_send.h"

#include <stdio.h>

#include "support/unit.h"

#define HEAD "{\"jsonrpc\":\"2.0\",\"id\":"
#define SEND ",\"method\":\"channel.send\",\"params\":{\"channel\":"

struct row {
  const char *frame;
  bool taken;
};

static void test_what_stringify_writes_is_taken_and_nothing_else(void **state) {
  (void)state;
  static const struct row rows[] = {
      {HEAD "1" SEND "7,\"base64\":\"AAAA\"}}", true},
      {HEAD "1" SEND "7,\"base64\":\"\"}}", true},
      {HEAD "1" SEND "7,\"base64\":\"AAAA\",\"more\":true}}", true},
      {HEAD "\"a b\"" SEND "7,\"text\":\"hi\"}}", true},
      {HEAD "1" SEND "999999999,\"text\":\"\xc3\xa9\"}}", true},
      {HEAD "1" SEND "7,\"text\":\"\xc3\"}}", false},       /* not UTF-8 */
      {HEAD "1" SEND "7,\"text\":\"a\\n\"}}", false},       /* an escape */
      {HEAD "1" SEND "7,\"base64\":\"AA\\/A\"}}", false},   /* which base64 may have, too */
      {HEAD "1" SEND "7,\"text\":\"a\nb\"}}", false},       /* a control character */
      {HEAD "1" SEND "7,\"base64\":\"\xc3\xa9\"}}", false}, /* the general way names the place */
      {HEAD "0" SEND "7,\"text\":\"\"}}", false},
      {HEAD "01" SEND "7,\"text\":\"\"}}", false},
      {HEAD "1.5" SEND "7,\"text\":\"\"}}", false},
      {HEAD "-1" SEND "7,\"text\":\"\"}}", false},
      {HEAD "1234567890123456" SEND "7,\"text\":\"\"}}", false},
      {HEAD "\"\\u0041\"" SEND "7,\"text\":\"\"}}", false},
      {HEAD "null" SEND "7,\"text\":\"\"}}", false},
      {HEAD "1" SEND "0,\"text\":\"\"}}", false},
      {HEAD "1" SEND "4294967296,\"text\":\"\"}}", false},
      {HEAD "1" SEND "7,\"text\":5}}", false},
      {HEAD "1" SEND "7,\"text\":\"\",\"more\":false}}", false},
      {HEAD "1" SEND "7,\"text\":\"\",\"base64\":\"\"}}", false},
      {HEAD "1" SEND "7,\"text\":\"\"}} ", false},
      {HEAD "1" SEND "7,\"text\":\"\"}", false},
      {HEAD "1" SEND "7,\"text\":\"", false},
      {HEAD "1,\"method\":\"channel.close\",\"params\":{\"channel\":7}}", false},
      {"{\"id\":1,\"jsonrpc\":\"2.0\"}", false},
      {"", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct hot_send h;
    if (hot_send_read(bytes_of(rows[i].frame), &h) != rows[i].taken) fail_msg("%s", rows[i].frame);
  }
}

static void test_its_parts_are_borrowed_from_the_frame(void **state) {
  (void)state;
  struct hot_send h;
  assert_true(
      hot_send_read(bytes_of(HEAD "\"x1\"" SEND "42,\"text\":\"hello\",\"more\":true}}"), &h));
  assert_true(bytes_equal(h.id, bytes_of("\"x1\"")));
  assert_int_equal(h.channel, 42);
  assert_true(h.text && h.more);
  assert_true(bytes_equal(h.piece, bytes_of("hello")));
}

static void test_an_id_has_at_most_256_bytes(void **state) {
  (void)state;
  for (size_t n = 255; n <= 257; n++) {
    char frame[600];
    struct hot_send h;
    (void)snprintf(frame, sizeof frame, HEAD "\"%0*d\"" SEND "7,\"text\":\"\"}}", (int)n, 0);
    assert_int_equal(hot_send_read(bytes_of(frame), &h), n <= 256);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_stringify_writes_is_taken_and_nothing_else),
      cmocka_unit_test(test_its_parts_are_borrowed_from_the_frame),
      cmocka_unit_test(test_an_id_has_at_most_256_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
