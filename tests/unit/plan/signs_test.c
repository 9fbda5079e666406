#include "plan/signs.h"

#include <errno.h>

#include "support/unit.h"

static const char json[] = "{\"signs\":["
                           "{\"vendor\":\"V\",\"where\":\"issuer\",\"match\":\"O = V Inc.\"},"
                           "{\"vendor\":\"W\",\"where\":\"name\",\"match\":\"w.test\"},"
                           "{\"vendor\":\"X\",\"where\":\"address\",\"match\":\"192.0.2.1\"}]}";

static void test_signs_are_found_where_they_belong(void **state) {
  (void)state;
  struct signs s;
  assert_int_equal(signs_parse(&s, json), 0);
  assert_string_equal(signs_find(&s, SIGN_ISSUER, "C = US, o = v inc., CN = x"), "V");
  assert_null(signs_find(&s, SIGN_PAGE, "O = V Inc."));
  assert_string_equal(signs_find(&s, SIGN_NAME, "W.test"), "W");
  assert_string_equal(signs_find(&s, SIGN_NAME, "a.w.test."), "W");
  assert_null(signs_find(&s, SIGN_NAME, "bw.test"));
  assert_null(signs_find(&s, SIGN_NAME, ""));
  assert_string_equal(signs_find(&s, SIGN_ADDRESS, "192.0.2.1"), "X");
  assert_null(signs_find(&s, SIGN_ADDRESS, "192.0.2.11"));
  signs_free(&s);
}

static void test_what_is_not_such_a_file_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "[]",
      "{\"signs\":{}}",
      "{\"signs\":[{}]}",
      "{\"signs\":[{\"vendor\":\"V\",\"where\":\"there\",\"match\":\"x\"}]}",
      "{\"signs\":[{\"vendor\":\"V\",\"where\":\"page\",\"match\":\"\"}]}"};
  struct signs s = {0};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(signs_parse(&s, bad[i]), -EINVAL);
  assert_null(s.list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_signs_are_found_where_they_belong),
      cmocka_unit_test(test_what_is_not_such_a_file_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
