#include "rpc/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/unit.h"

#define V "\"jsonrpc\":\"2.0\","

static void expect_id(const char *frame, int result, enum fault_reason reason, const char *id) {
  struct rpc_request r;
  struct rpc_error e = {.offset = -1};
  int got = rpc_request_parse(bytes_of(frame), &r, &e);
  if ((got < 0) != (result < 0) || (got < 0 && e.fault.reason != reason))
    fail_msg("%s: %d, %s", frame, got, e.fault.text);
  if (!bytes_equal(r.id, bytes_of(id))) fail_msg("%s: id %.*s", frame, (int)r.id.n, r.id.p);
  rpc_request_clear(&r);
}

static void test_ids_come_back_exactly_as_they_came(void **state) {
  (void)state;
  static const char *const ids[] = {
      "0",
      "7",
      "-1",
      "-0",
      "9007199254740993",
      "\"\"",
      "\"x\"",
      "\"\\u0041\"",
      "\"\\u0000\"",
      "\"\\/\"",
      "\"\\ud83d\\ude00\"",
      "\"\\ud800\"",
      "\"7\"",
      "123456789012345678901234567890123456789012345678901234567890123456789012345",
  };
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char frame[300];
    (void)snprintf(frame, sizeof frame, "{" V "\"method\":\"ping\", \"id\" : %s }", ids[i]);
    expect_id(frame, 0, FAULT_NONE, ids[i]);
  }
}

static void test_an_id_that_cannot_be_read_is_null(void **state) {
  (void)state;
  static const char *const ids[] = {"1.5", "1.0", "1e3", "true", "null", "{}", "[7]", "{\"a\":1}"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char frame[100];
    (void)snprintf(frame, sizeof frame, "{" V "\"id\":%s,\"method\":\"ping\"}", ids[i]);
    expect_id(frame, -1, FAULT_INVALID_REQUEST, "null");
  }
}

/* Bytes are counted as the string has them, not as it is written. */
static void test_a_string_id_has_256_bytes_at_most(void **state) {
  (void)state;
  static const struct {
    const char *unit;
    size_t size;
  } units[] = {{"x", 1},       {"\xc3\xa9", 2}, {"\\n", 1},
               {"\\u00e9", 2}, {"\\u0000", 1},  {"\\ud83d\\ude00", 4}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    for (size_t over = 0; over < 2; over++) {
      struct text frame = {0}, id = {0};
      text_add(&id, "\"");
      for (size_t n = 0; n < 256 / units[i].size + over; n++) text_add(&id, units[i].unit);
      text_add(&id, "\"");
      text_addf(&frame, "{" V "\"method\":\"ping\",\"id\":%s}", id.p);
      expect_id(frame.p, over ? -1 : 0, FAULT_INVALID_REQUEST, over ? "null" : id.p);
      text_free(&frame);
      text_free(&id);
    }
}

static void test_a_digit_long_id_is_no_id(void **state) {
  (void)state;
  struct text frame = {0};
  text_add(&frame, "{" V "\"method\":\"ping\",\"id\":");
  for (int i = 0; i < 257; i++) text_add(&frame, "1");
  text_add(&frame, "}");
  expect_id(frame.p, -1, FAULT_INVALID_REQUEST, "null");
  text_free(&frame);
}

static const struct {
  const char *frame;
  enum fault_reason reason;
  const char *id;
} bad[] = {
    {"", FAULT_PARSE_ERROR, "null"},
    {"x", FAULT_PARSE_ERROR, "null"},
    {"{\"id\":7", FAULT_PARSE_ERROR, "null"},
    {"{\"id\":\"\xff\"}", FAULT_PARSE_ERROR, "null"},
    {"[]", FAULT_INVALID_REQUEST, "null"},
    {"[{" V "\"id\":7,\"method\":\"ping\"}]", FAULT_INVALID_REQUEST, "null"},
    {"7", FAULT_INVALID_REQUEST, "null"},
    {"null", FAULT_INVALID_REQUEST, "null"},
    {"{}", FAULT_INVALID_REQUEST, "null"},
    {"{\"id\":7,\"method\":\"ping\"}", FAULT_INVALID_REQUEST, "7"},
    {"{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"ping\"}", FAULT_INVALID_REQUEST, "7"},
    {"{\"jsonrpc\":2.0,\"id\":7,\"method\":\"ping\"}", FAULT_INVALID_REQUEST, "7"},
    {"{\"JsonRpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}", FAULT_INVALID_REQUEST, "7"},
    {"{\"jsonrpc\":\"2.0\\u0000\",\"id\":7,\"method\":\"ping\"}", FAULT_INVALID_REQUEST, "7"},
    {"{" V "\"id\":7}", FAULT_INVALID_REQUEST, "7"},
    {"{" V "\"id\":7,\"Method\":\"ping\"}", FAULT_INVALID_REQUEST, "7"},
    {"{" V "\"id\":7,\"method\":5}", FAULT_INVALID_REQUEST, "7"},
    {"{" V "\"id\":7,\"method\":null}", FAULT_INVALID_REQUEST, "7"},
    {"{" V "\"id\":7,\"id\":8,\"method\":\"ping\"}", FAULT_INVALID_REQUEST, "null"},
    {"{" V "\"id\":7,\"method\":\"ping\",\"method\":\"x\"}", FAULT_INVALID_REQUEST, "null"},
    {"{" V "\"id\":7,\"method\":\"ping\",\"params\":[]}", FAULT_INVALID_PARAMS, "7"},
    {"{" V "\"id\":7,\"method\":\"ping\",\"params\":null}", FAULT_INVALID_PARAMS, "7"},
    {"{" V "\"method\":\"ping\",\"params\":5}", FAULT_INVALID_PARAMS, ""},
};

static void test_what_is_no_request_is_refused_by_its_reason(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_id(bad[i].frame, -1, bad[i].reason, bad[i].id);
}

static void test_a_parse_error_tells_where(void **state) {
  (void)state;
  static const struct {
    const char *frame;
    int64_t at;
  } rows[] = {{"{\"a\":x}", 5},
              {"{\"a\":\"\xff\"}", 6},
              {"\xc3\xa9\xe2\x82", 2},
              {"[1", 2},
              {"{\"a\":\"bcdefgh\xc0\x80\"}", 13}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rpc_request r;
    struct rpc_error e;
    assert_true(rpc_request_parse(bytes_of(rows[i].frame), &r, &e) < 0);
    assert_int_equal(e.offset, rows[i].at);
    rpc_request_clear(&r);
  }
}

static void test_a_request_without_an_id_has_none(void **state) {
  (void)state;
  expect_id("{" V "\"method\":\"ping\"}", 0, FAULT_NONE, "");
  expect_id("{" V "\"ID\":7,\"method\":\"ping\"}", 0, FAULT_NONE, "");
}

static void test_method_and_params_are_found(void **state) {
  (void)state;
  struct rpc_request r;
  struct rpc_error e;
  static const char frame[] = "{" V "\"id\":1,\"method\":\"m\",\"params\":{\"a\":1},\"z\":[{}]}";
  assert_int_equal(rpc_request_parse(bytes_of(frame), &r, &e), 0);
  assert_string_equal(r.method, "m");
  assert_int_equal(cJSON_GetObjectItemCaseSensitive(r.params, "a")->valueint, 1);
  rpc_request_clear(&r);
}

static void test_strings_keep_their_nuls(void **state) {
  (void)state;
  struct rpc_request r;
  struct rpc_error e;
  static const char frame[] =
      "{" V "\"id\":1,\"method\":\"m\",\"params\":{\"a\":\"x\\u0000y\xee\x80\x80\",\"b\":\"z\"}}";
  assert_int_equal(rpc_request_parse(bytes_of(frame), &r, &e), 0);
  struct bytes a = rpc_request_string(&r, cJSON_GetObjectItemCaseSensitive(r.params, "a"));
  struct bytes b = rpc_request_string(&r, cJSON_GetObjectItemCaseSensitive(r.params, "b"));
  assert_true(bytes_equal(a, (struct bytes){(const uint8_t *)"x\0y\xee\x80\x80", 6}));
  assert_int_equal(a.p[a.n], '\0');
  assert_true(bytes_equal(b, bytes_of("z")));
  rpc_request_clear(&r);
}

static int parse(void *ctx) {
  struct rpc_request r;
  struct rpc_error e;
  int result = rpc_request_parse(bytes_of(ctx), &r, &e);
  if (result < 0) assert_int_equal(e.fault.reason, FAULT_OUT_OF_MEMORY);
  if (result < 0) assert_true(bytes_equal(r.id, bytes_of("\"i\"")));
  rpc_request_clear(&r);
  return result;
}

static void test_without_memory_the_id_is_still_known(void **state) {
  (void)state;
  static char plain[] = "{" V "\"id\":\"i\",\"method\":\"m\",\"params\":{\"a\":[1,\"x\"]}}";
  static char odd[] = "{" V "\"id\":\"i\",\"method\":\"m\",\"params\":{\"a\":[1,\"x\\u0000\"]}}";
  fail_alloc_each(parse, plain);
  fail_alloc_each(parse, odd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ids_come_back_exactly_as_they_came),
      cmocka_unit_test(test_an_id_that_cannot_be_read_is_null),
      cmocka_unit_test(test_a_string_id_has_256_bytes_at_most),
      cmocka_unit_test(test_a_digit_long_id_is_no_id),
      cmocka_unit_test(test_what_is_no_request_is_refused_by_its_reason),
      cmocka_unit_test(test_a_parse_error_tells_where),
      cmocka_unit_test(test_a_request_without_an_id_has_none),
      cmocka_unit_test(test_method_and_params_are_found),
      cmocka_unit_test(test_strings_keep_their_nuls),
      cmocka_unit_test(test_without_memory_the_id_is_still_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
