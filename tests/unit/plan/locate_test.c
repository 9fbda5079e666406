#include "plan/locate.h"

#include "support/unit.h"

static const char json[] =
    "{\"a\": [1,\n {\"b\": \"]}\\\"\",\n  \"c\": {\"d\": [\n true]}}],\n \"e\": -1}";

static void test_paths_lead_to_their_lines(void **state) {
  (void)state;
  static const struct {
    const char *path;
    unsigned line;
  } rows[] = {{"", 1},       {"a", 1},         {"a[0]", 1},     {"a[1]", 2},
              {"a[1].b", 2}, {"a[1].c", 3},    {"a[1].c.d", 3}, {"a[1].c.d[0]", 4},
              {"e", 5},      {"a[1].nope", 2}, {"a[7]", 1},     {"nope.more", 1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(locate_path(json, rows[i].path), rows[i].line);
}

static void test_lines_are_counted_to_the_byte(void **state) {
  (void)state;
  assert_int_equal(locate_line("a\nb\nc", 0), 1);
  assert_int_equal(locate_line("a\nb\nc", 4), 3);
  assert_int_equal(locate_line("a\nb", 99), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_lead_to_their_lines),
      cmocka_unit_test(test_lines_are_counted_to_the_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
