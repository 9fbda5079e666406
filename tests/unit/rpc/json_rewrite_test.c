#include "rpc/json_rewrite.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "rpc/json_scan.h"
#include "support/unit.h"

static struct text rewrite(const char *frame) {
  struct text t = {0};
  struct json_scan s;
  json_scan(bytes_of(frame), &s);
  if (!s.ok) fail_msg("%s is no JSON", frame);
  assert_true(json_rewrite(bytes_of(frame), &t));
  return t;
}

/* What a string comes out as, after cJSON and back. */
static void expect_read(const char *frame, const char *bytes, size_t n) {
  struct text t = rewrite(frame);
  cJSON *v = cJSON_ParseWithLength(t.p, t.n);
  assert_true(v != NULL);
  size_t size = strlen(v->valuestring);
  assert_int_equal(json_restored_size((uint8_t *)v->valuestring, size), n);
  assert_int_equal(json_restore((uint8_t *)v->valuestring, size), n);
  assert_memory_equal(v->valuestring, bytes, n);
  cJSON_Delete(v);
  text_free(&t);
}

static void test_nul_comes_through_wherever_it_stands(void **state) {
  (void)state;
  expect_read("\"\\u0000\"", "\0", 1);
  expect_read("\"a\\u0000b\\u0000\"", "a\0b\0", 4);
  expect_read("\"\\u00000\"",
              "\0"
              "0",
              2);
  expect_read("\"\\\\u0000\"", "\\u0000", 6);
  expect_read("\"\\\"\\u0000\"", "\"\0", 2);
}

static void test_the_mark_itself_comes_through(void **state) {
  (void)state;
  expect_read("\"\xee\x80\x80\"", "\xee\x80\x80", 3);
  expect_read("\"\\ue000\\u0000\\uE0000\"",
              "\xee\x80\x80\0\xee\x80\x80"
              "0",
              8);
  expect_read("\"\xee\x80\x80"
              "0\xee\x80\x80"
              "1\\u0000\"",
              "\xee\x80\x80"
              "0\xee\x80\x80"
              "1\0",
              9);
  expect_read("\"\xee\x80\x81\xee\x81\x80\"", "\xee\x80\x81\xee\x81\x80", 6);
}

static void test_lone_surrogates_become_the_replacement_character(void **state) {
  (void)state;
  expect_read("\"\\ud800\"", "\xef\xbf\xbd", 3);
  expect_read("\"\\udfffx\"", "\xef\xbf\xbdx", 4);
  expect_read("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7);
  expect_read("\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd", 6);
  expect_read("\"\\ud83d\\u0000\"", "\xef\xbf\xbd\0", 4);
  expect_read("\"\\ud83d\\ude00\\u0000\"", "\xf0\x9f\x98\x80\0", 5);
}

static void test_long_numbers_keep_their_value(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } rows[] = {
      {"100000000000000000000000000000000000000000000000000000000000000000000000", 1e71},
      {"-0.50000000000000000000000000000000000000000000000000000000000000000000000", -0.5},
      {"1.0000000000000000000000000000000000000000000000000000000000000000000000e2", 100},
      {"[12, 7]", 0},
  };
  for (size_t i = 0; i < 3; i++) {
    struct text t = rewrite(rows[i].text);
    cJSON *v = cJSON_ParseWithLength(t.p, t.n);
    assert_non_null(v);
    assert_true(v->valuedouble == rows[i].value);
    cJSON_Delete(v);
    text_free(&t);
  }
  struct text t = rewrite(rows[3].text);
  assert_string_equal(t.p, rows[3].text);
  text_free(&t);
}

static void test_a_number_past_all_doubles_stays_one(void **state) {
  (void)state;
  char digits[1001];
  memset(digits, '9', 1000);
  digits[1000] = '\0';
  for (int sign = 0; sign < 2; sign++) {
    if (sign) digits[0] = '-';
    struct text t = rewrite(digits);
    cJSON *v = cJSON_ParseWithLength(t.p, t.n);
    assert_non_null(v);
    assert_true(sign ? v->valuedouble < -1e308 : v->valuedouble > 1e308);
    cJSON_Delete(v);
    text_free(&t);
  }
}

static void test_digits_in_strings_are_let_be(void **state) {
  (void)state;
  static const char frame[] =
      "{\"1111111111111111111111111111111111111111111111111111111111111111111111111\":\"2\"}";
  struct text t = rewrite(frame);
  assert_string_equal(t.p, frame);
  text_free(&t);
}

static int rewrite_all(void *ctx) {
  (void)ctx;
  struct text t = {0};
  static const char frame[] =
      "[\"\\u0000\\ud800\",1111111111111111111111111111111111111111111111111111111111111111111]";
  int r = json_rewrite(bytes_of(frame), &t) ? 0 : -ENOMEM;
  text_free(&t);
  return r;
}

static void test_no_failed_allocation_leaks(void **state) {
  (void)state;
  fail_alloc_each(rewrite_all, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nul_comes_through_wherever_it_stands),
      cmocka_unit_test(test_the_mark_itself_comes_through),
      cmocka_unit_test(test_lone_surrogates_become_the_replacement_character),
      cmocka_unit_test(test_long_numbers_keep_their_value),
      cmocka_unit_test(test_a_number_past_all_doubles_stays_one),
      cmocka_unit_test(test_digits_in_strings_are_let_be),
      cmocka_unit_test(test_no_failed_allocation_leaks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
