#include "rpc/json_scan.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "rpc/json_rewrite.h"
#include "support/seeded_rng.h"
#include "support/unit.h"

/* From an exact copy, so that a read past the end is seen. */
static struct json_scan scan(const char *text, size_t n) {
  static char *copy;
  struct json_scan s;
  free(copy);
  copy = malloc(n + 1);
  assert_non_null(copy);
  copy = realloc(copy, n ? n : 1);
  assert_non_null(copy);
  memcpy(copy, text, n);
  json_scan((struct bytes){(const uint8_t *)copy, n}, &s);
  return s;
}

static struct json_scan scan_text(const char *text) {
  return scan(text, strlen(text));
}

static const char *const good[] = {
    "{}",
    "[]",
    "null",
    " true ",
    "false",
    "\"\"",
    "0",
    "-0",
    "-1.5e+10",
    "1E5",
    "10.25",
    "[1,2,[3,[]],{}]",
    "{\"a\":{\"b\":[]},\"c\":\"d\"}",
    "\t\r\n{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }\n",
    "\"\\u0000\\ud83d\\ude00\\ud800\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\x7f\xc3\xa9\xf0\x9f\x98\x80\"",
    "{\"a\":1,\"a\":2}",
};

static void test_all_json_is_accepted(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct json_scan s = scan_text(good[i]);
    if (!s.ok) fail_msg("%s: %s at %zu", good[i], s.what, s.at);
  }
}

static const struct {
  const char *text;
  size_t at;
} bad[] = {
    {"", 0},          {"   ", 3},       {"{", 1},           {"[", 1},
    {"]", 0},         {"}", 0},         {"[}", 1},          {"{]", 1},
    {"[1,]", 3},      {"[,1]", 1},      {"[1 2]", 3},       {"{\"a\":1,}", 7},
    {"{\"a\" 1}", 5}, {"{\"a\":}", 5},  {"{a:1}", 1},       {"{'a':1}", 1},
    {"{1:1}", 1},     {"{\"a\"}", 4},   {"{\"a\":1", 6},    {"[1", 2},
    {"[1}", 2},       {"{} {}", 3},     {"{}x", 2},         {"nul", 0},
    {"nulL", 0},      {"True", 0},      {"NaN", 0},         {"Infinity", 0},
    {"-", 1},         {"+1", 0},        {"01", 2},          {"-01", 3},
    {"1.", 2},        {".5", 0},        {"1e", 2},          {"1e+", 3},
    {"0x10", 1},      {"\"", 1},        {"\"a", 2},         {"\"\\", 2},
    {"\"\\x\"", 2},   {"\"\\u12\"", 5}, {"\"\\u12g4\"", 5}, {"\"\\ud800\\u12\"", 11},
    {"\"\n\"", 1},    {"\"\x01\"", 1},  {"\"\x1f\"", 1},    {"\xef\xbb\xbf{}", 0},
    {"//c\n1", 0},    {"[1]/**/", 3},
};

static void test_what_is_no_json_is_refused_where_it_ends_to_be(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct json_scan s = scan_text(bad[i].text);
    if (s.ok) fail_msg("%s was accepted", bad[i].text);
    if (s.at != bad[i].at) fail_msg("%s: at %zu: %s", bad[i].text, s.at, s.what);
    assert_non_null(s.what);
  }
  struct json_scan s = scan("\"a\0b\"", 5);
  assert_false(s.ok);
  assert_int_equal(s.at, 2);
}

static void test_every_json_cut_short_is_refused(void **state) {
  (void)state;
  static const char whole[] =
      "{\"jsonrpc\":\"2.0\",\"id\":-1.5e3,\"x\":[true,null,\"\\u00e9\\n\"]}";
  for (size_t n = 0; n < sizeof whole - 1; n++) assert_false(scan(whole, n).ok);
  assert_true(scan(whole, sizeof whole - 1).ok);
}

static void test_64_levels_are_read_and_65_are_not(void **state) {
  (void)state;
  char text[300];
  for (size_t depth = 64; depth <= 65; depth++) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    struct json_scan s = scan(text, 2 * depth);
    assert_int_equal(s.ok, depth == 64);
    if (!s.ok) assert_int_equal(s.at, 64);
  }
  char *deep = malloc(1000000);
  assert_non_null(deep);
  memset(deep, '[', 1000000);
  assert_false(scan(deep, 1000000).ok);
  free(deep);
}

static void test_the_id_is_given_as_it_stands(void **state) {
  (void)state;
  static const struct {
    const char *text, *id;
  } rows[] = {
      {"{\"id\":5}", "5"},
      {"{ \"x\":1, \"id\" : -12 , \"y\":2}", "-12"},
      {"{\"id\":\"a\\u0041\\\"\"}", "\"a\\u0041\\\"\""},
      {"{\"\\u0069d\":7}", "7"},
      {"{\"i\\u0064\":7}", "7"},
      {"{\"x\":{\"id\":5}}", ""},
      {"[{\"id\":5}]", ""},
      {"{\"ID\":5}", ""},
      {"{\"id\\u0000\":5}", ""},
      {"{\"id\":null}", "null"},
      {"{}", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_scan s = scan_text(rows[i].text);
    assert_true(s.ok);
    if (!bytes_equal(s.id, bytes_of(rows[i].id))) fail_msg("%s", rows[i].text);
  }
}

static void test_members_that_stand_twice_are_noticed(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool twice;
  } rows[] = {
      {"{\"id\":1,\"id\":1}", true},
      {"{\"id\":1,\"\\u0069\\u0064\":1}", true},
      {"{\"method\":1,\"x\":1,\"method\":1}", true},
      {"{\"params\":1,\"params\":1}", true},
      {"{\"jsonrpc\":1,\"jsonrpc\":1}", true},
      {"{\"x\":1,\"x\":1}", false},
      {"{\"id\":1,\"params\":{\"id\":1,\"method\":1},\"method\":2}", false},
      {"[{\"id\":1,\"id\":1}]", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(scan_text(rows[i].text).twice, rows[i].twice);
}

static void test_what_cjson_misreads_is_marked(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool rewrite;
  } rows[] = {
      {"\"a\"", false},
      {"\"\\u0000\"", true},
      {"\"\\\\u0000\"", false},
      {"\"\\ud83d\\ude00\"", false},
      {"\"\\ud83d\"", true},
      {"\"\\ude00\"", true},
      {"\"\\ud83d\\ud83d\\ude00\"", true},
      {"\"\\ud83dx\"", true},
      {"\"\\ud83d\\n\"", true},
      {"123456789012345678901234567890123456789012345678901234567890123", false},
      {"1234567890123456789012345678901234567890123456789012345678901234", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_scan s = scan_text(rows[i].text);
    assert_true(s.ok);
    if (s.rewrite != rows[i].rewrite) fail_msg("%s", rows[i].text);
  }
}

/* --- against cJSON -----------------------------------------------------------------------------
 */

static cJSON *random_value(struct seeded_rng *r, int depth) {
  char text[20];
  switch (rng_below(&r->rng, depth > 4 ? 5 : 7)) {
  case 0: return cJSON_CreateNull();
  case 1: return cJSON_CreateBool(rng_below(&r->rng, 2) == 1);
  case 2: return cJSON_CreateNumber((double)(int32_t)rng_u32(&r->rng) / 7);
  case 3: return cJSON_CreateNumber((double)rng_below(&r->rng, 100));
  case 4:
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)rng_below(&r->rng, 128);
    text[rng_below(&r->rng, sizeof text)] = '\0';
    text[sizeof text - 1] = '\0';
    return cJSON_CreateString(text);
  case 5: {
    cJSON *a = cJSON_CreateArray();
    for (uint32_t n = rng_below(&r->rng, 4); n > 0; n--)
      cJSON_AddItemToArray(a, random_value(r, depth + 1));
    return a;
  }
  default: {
    cJSON *o = cJSON_CreateObject();
    for (uint32_t n = rng_below(&r->rng, 4); n > 0; n--) {
      (void)snprintf(text, sizeof text, "k%u\n", rng_below(&r->rng, 10));
      cJSON_AddItemToObject(o, text, random_value(r, depth + 1));
    }
    return o;
  }
  }
}

static void test_everything_that_cjson_prints_is_accepted(void **state) {
  (void)state;
  struct seeded_rng r;
  seeded_rng_init(&r, 5);
  for (int i = 0; i < 2000; i++) {
    cJSON *v = random_value(&r, 0);
    char *text = i % 2 ? cJSON_Print(v) : cJSON_PrintUnformatted(v);
    struct json_scan s = scan_text(text);
    if (!s.ok) fail_msg("%s: %s at %zu", text, s.what, s.at);
    cJSON_free(text);
    cJSON_Delete(v);
  }
}

/* Bytes changed at random: what the scan lets pass, cJSON reads, rewritten where that is said. */
static void test_everything_that_is_accepted_cjson_reads(void **state) {
  (void)state;
  struct seeded_rng r;
  size_t accepted = 0;
  seeded_rng_init(&r, 6);
  for (int i = 0; i < 20000; i++) {
    char text[200];
    size_t n = (size_t)snprintf(text, sizeof text, "{\"a\":%s}",
                                good[rng_below(&r.rng, sizeof good / sizeof *good)]);
    for (uint32_t k = rng_below(&r.rng, 3); k > 0; k--)
      text[rng_below(&r.rng, (uint32_t)n)] = "{}[]\",:\\u0dc8 19e.-x"[rng_below(&r.rng, 20)];
    struct json_scan s = scan(text, n);
    if (!s.ok) continue;
    accepted++;
    struct text to = {0};
    if (s.rewrite)
      assert_true(json_rewrite((struct bytes){(uint8_t *)text, n}, &to));
    else
      text_add_bytes(&to, (struct bytes){(uint8_t *)text, n});
    cJSON *v = cJSON_ParseWithLength(to.p, to.n);
    if (!v) fail_msg("%.*s", (int)n, text);
    cJSON_Delete(v);
    text_free(&to);
  }
  assert_true(accepted > 5000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_json_is_accepted),
      cmocka_unit_test(test_what_is_no_json_is_refused_where_it_ends_to_be),
      cmocka_unit_test(test_every_json_cut_short_is_refused),
      cmocka_unit_test(test_64_levels_are_read_and_65_are_not),
      cmocka_unit_test(test_the_id_is_given_as_it_stands),
      cmocka_unit_test(test_members_that_stand_twice_are_noticed),
      cmocka_unit_test(test_what_cjson_misreads_is_marked),
      cmocka_unit_test(test_everything_that_cjson_prints_is_accepted),
      cmocka_unit_test(test_everything_that_is_accepted_cjson_reads),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)scan("", 0);
  return failed;
}
