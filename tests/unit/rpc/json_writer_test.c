#include "rpc/json_writer.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "rpc/json_scan.h"
#include "support/unit.h"

static void test_commas_come_by_themselves(void **state) {
  (void)state;
  struct text t = {0};
  struct json_writer w = {.to = &t};
  json_open(&w, '{');
  json_key(&w, "a");
  json_open(&w, '[');
  json_uint(&w, 1);
  json_open(&w, '[');
  json_close(&w, ']');
  json_open(&w, '{');
  json_close(&w, '}');
  json_null(&w);
  json_close(&w, ']');
  json_key(&w, "b");
  json_bool(&w, true);
  json_key(&w, "c");
  json_bool(&w, false);
  json_key(&w, "d");
  json_raw(&w, bytes_of("{\"x\":1}"));
  json_key(&w, "e");
  json_text(&w, "f");
  json_close(&w, '}');
  assert_string_equal(t.p,
                      "{\"a\":[1,[],{},null],\"b\":true,\"c\":false,\"d\":{\"x\":1},\"e\":\"f\"}");
  text_free(&t);
}

static void test_numbers_are_written_to_the_last_digit(void **state) {
  (void)state;
  struct text t = {0};
  struct json_writer w = {.to = &t};
  json_open(&w, '[');
  json_uint(&w, UINT64_MAX);
  json_int(&w, INT64_MIN);
  json_real(&w, 0);
  json_real(&w, 1.5);
  json_real(&w, -100);
  json_real(&w, 1234567890123.25);
  json_real(&w, 0.000001);
  json_real(&w, 1e300);
  json_close(&w, ']');
  struct json_scan s;
  json_scan((struct bytes){(uint8_t *)t.p, t.n}, &s);
  assert_true(s.ok);
  assert_memory_equal(t.p,
                      "[18446744073709551615,-9223372036854775808,0,1.5,-100,1234567890123.25,"
                      "0.000001,1000",
                      81);
  text_free(&t);
}

static void check_string(struct bytes in, struct bytes out) {
  struct text t = {0};
  struct json_writer w = {.to = &t};
  json_string(&w, in);
  struct json_scan s;
  json_scan((struct bytes){(uint8_t *)t.p, t.n}, &s);
  assert_true(s.ok);
  assert_true(bytes_equal((struct bytes){(uint8_t *)t.p, t.n}, out));
  assert_int_equal(t.p[t.n], '\0');
  text_free(&t);
}

static void test_strings_are_escaped_and_nothing_else_is_changed(void **state) {
  (void)state;
  check_string(bytes_of(""), bytes_of("\"\""));
  check_string(bytes_of("a\"b\\c/d"), bytes_of("\"a\\\"b\\\\c/d\""));
  check_string(bytes_of("\n\r\t\b\f\x1f\x7f"), bytes_of("\"\\n\\r\\t\\u0008\\u000c\\u001f\x7f\""));
  check_string((struct bytes){(const uint8_t *)"a\0b", 3}, bytes_of("\"a\\u0000b\""));
  check_string(bytes_of("\xc3\xa9\xf0\x9f\x98\x80"), bytes_of("\"\xc3\xa9\xf0\x9f\x98\x80\""));
}

static void test_what_is_no_utf8_is_repaired(void **state) {
  (void)state;
  check_string(bytes_of("a\xff"), bytes_of("\"a\xef\xbf\xbd\""));
  check_string(bytes_of("\xe2\x82"), bytes_of("\"\xef\xbf\xbd\""));
  check_string(bytes_of("\xed\xa0\x80\n"), bytes_of("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\n\""));
}

static void test_every_byte_has_the_size_it_says(void **state) {
  (void)state;
  for (unsigned c = 0; c < 128; c++) {
    const uint8_t b[1] = {(uint8_t)c};
    char to[8];
    memset(to, 'x', sizeof to);
    size_t n = json_escaped_size((struct bytes){b, 1});
    json_escape((struct bytes){b, 1}, to);
    assert_true(n == 1 || n == 2 || n == 6);
    assert_int_equal(to[n], 'x');
    char quoted[10] = "\"";
    memcpy(quoted + 1, to, n);
    quoted[n + 1] = '"';
    if (c == 0) continue;
    cJSON *v = cJSON_ParseWithLength(quoted, n + 2);
    assert_non_null(v);
    assert_int_equal((uint8_t)v->valuestring[0], c);
    assert_int_equal(v->valuestring[1], '\0');
    cJSON_Delete(v);
  }
}

static void test_text_is_cut_between_code_points_by_its_escaped_size(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t max, cut;
  } rows[] = {
      {"abc", 3, 3},
      {"abc", 2, 2},
      {"abc", 0, 0},
      {"", 0, 0},
      {"\n\n\n", 5, 2},
      {"\x01\x01", 11, 1},
      {"\x01\x01", 12, 2},
      {"a\xc3\xa9z", 2, 1},
      {"a\xc3\xa9z", 3, 3},
      {"\xf0\x9f\x98\x80", 3, 0},
      {"\xf0\x9f\x98\x80", 4, 4},
      {"\"\xf0\x9f\x98\x80", 5, 1},
      {"\"\xf0\x9f\x98\x80", 6, 5},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(json_escaped_cut(bytes_of(rows[i].text), rows[i].max), rows[i].cut);
}

static int write_all(void *ctx) {
  (void)ctx;
  struct text t = {0};
  struct json_writer w = {.to = &t};
  json_open(&w, '[');
  json_text(&w, "a text that is longer than the first allocation of sixty-four bytes, surely");
  json_string(&w, bytes_of("broken \xff"));
  json_real(&w, 1.5);
  json_uint(&w, 1);
  json_close(&w, ']');
  int r = t.failed ? -ENOMEM : 0;
  text_free(&t);
  return r;
}

static void test_no_memory_is_seen_at_the_end(void **state) {
  (void)state;
  fail_alloc_each(write_all, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_commas_come_by_themselves),
      cmocka_unit_test(test_numbers_are_written_to_the_last_digit),
      cmocka_unit_test(test_strings_are_escaped_and_nothing_else_is_changed),
      cmocka_unit_test(test_what_is_no_utf8_is_repaired),
      cmocka_unit_test(test_every_byte_has_the_size_it_says),
      cmocka_unit_test(test_text_is_cut_between_code_points_by_its_escaped_size),
      cmocka_unit_test(test_no_memory_is_seen_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
