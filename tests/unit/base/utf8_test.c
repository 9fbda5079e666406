#include "base/utf8.h"

#include "support/unit.h"

static struct bytes run(const char *s, size_t n) {
  return (struct bytes){(const uint8_t *)s, n};
}
#define RUN(s) run(s, sizeof(s) - 1)

static void test_well_formed_text_is_valid(void **state) {
  (void)state;
  assert_true(utf8_valid(RUN("")));
  assert_true(utf8_valid(RUN("plain, and long enough for a word at a time")));
  assert_true(utf8_valid(RUN("a\0b")));
  assert_true(utf8_valid(RUN("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0"
                             "\x90\x80\x80\xf4\x8f\xbf\xbf")));
}

static void test_ill_formed_text_is_not(void **state) {
  (void)state;
  assert_false(utf8_valid(RUN("\x80")));
  assert_false(utf8_valid(RUN("\xc0\x80")));
  assert_false(utf8_valid(RUN("\xc1\xbf")));
  assert_false(utf8_valid(RUN("\xe0\x9f\xbf")));
  assert_false(utf8_valid(RUN("\xed\xa0\x80")));
  assert_false(utf8_valid(RUN("\xf0\x8f\xbf\xbf")));
  assert_false(utf8_valid(RUN("\xf4\x90\x80\x80")));
  assert_false(utf8_valid(RUN("\xf5\x80\x80\x80")));
  assert_false(utf8_valid(RUN("abcdefgh\xe2\x82")));
  assert_false(utf8_valid(RUN("\xe2\x28\xa1")));
}

static void repaired_is(struct bytes in, const char *expected) {
  struct text t = {0};
  utf8_add_repaired(&t, in);
  assert_false(t.failed);
  assert_int_equal(t.n, strlen(expected));
  assert_memory_equal(t.p ? t.p : "", expected, t.n);
  text_free(&t);
}

#define REPLACED "\xef\xbf\xbd"

static void test_each_maximal_ill_formed_part_becomes_one_replacement(void **state) {
  (void)state;
  repaired_is(RUN("ab"), "ab");
  repaired_is(RUN("a\xff"
                  "b"),
              "a" REPLACED "b");
  repaired_is(RUN("\xe2\x82"), REPLACED);
  repaired_is(RUN("\xf0\x9f\x98"
                  "x"),
              REPLACED "x");
  repaired_is(RUN("\xed\xa0\x80"), REPLACED REPLACED REPLACED);
  repaired_is(RUN("\xc0\x80"), REPLACED REPLACED);
  repaired_is(RUN("\xe2\x82\xe2\x82\xac"), REPLACED "\xe2\x82\xac");
}

static void test_a_cut_never_splits_a_code_point(void **state) {
  (void)state;
  struct bytes b = RUN("a\xe2\x82\xac"
                       "b\xf0\x9f\x98\x80");
  static const size_t cuts[] = {0, 1, 1, 1, 4, 5, 5, 5, 5, 9, 9};
  for (size_t max = 0; max < sizeof cuts / sizeof *cuts; max++)
    assert_int_equal(utf8_cut(b, max), cuts[max]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_well_formed_text_is_valid),
      cmocka_unit_test(test_ill_formed_text_is_not),
      cmocka_unit_test(test_each_maximal_ill_formed_part_becomes_one_replacement),
      cmocka_unit_test(test_a_cut_never_splits_a_code_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
