#include "plan/evidence.h"

#include <stdio.h>

#include "support/fail_alloc.h"
#include "support/unit.h"

static void test_the_last_observation_of_an_id_counts(void **state) {
  (void)state;
  struct evidence_list l = {0};
  for (int i = 0; i < 20; i++)
    evidence_add(&l, "tcp", i < 19 ? "timeout" : "connected", "try %d", i);
  assert_string_equal(evidence_value(&l, "tcp"), "connected");
  assert_true(evidence_is(&l, "tcp", "connected"));
  assert_null(evidence_value(&l, "tls"));
  assert_int_equal(evidence_count(&l, "tcp", "timeout"), 19);
  assert_int_equal(evidence_count(&l, "tcp", NULL), 20);
  assert_string_equal(l.list[3].saw, "try 3");
  evidence_free(&l);
  assert_int_equal(l.n, 0);
}

static void test_a_failed_allocation_sticks_and_loses_nothing_else(void **state) {
  (void)state;
  for (size_t n = 0; n < 4; n++) {
    struct evidence_list l = {0};
    fail_alloc_at(n);
    evidence_add(&l, "a", "b", "c");
    fail_alloc_never();
    assert_true(l.failed && l.n == 0);
    evidence_add(&l, "a", "b", "c");
    assert_true(l.failed && l.n == 1);
    evidence_free(&l);
  }
}

static void test_what_a_terminal_would_obey_is_made_harmless(void **state) {
  (void)state;
  static const struct {
    const char *from, *to;
  } rows[] = {{"plain", "plain"},
              {"a\033[2Jb\x7f\n", "a?[2Jb??"},
              {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
              {"\xc2\x9b"
               "1m",
               "??1m"},
              {"\xff\xc3", "??"},
              {"\xed\xa0\x80", "???"},
              {"\xc0\xaf", "??"},
              {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
              {"\xf4\x90\x80\x80", "????"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[40];
    (void)snprintf(text, sizeof text, "%s", rows[i].from);
    assert_int_equal(evidence_is_harmless(text), strcmp(text, rows[i].to) == 0);
    evidence_make_harmless(text);
    assert_string_equal(text, rows[i].to);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_last_observation_of_an_id_counts),
      cmocka_unit_test(test_a_failed_allocation_sticks_and_loses_nothing_else),
      cmocka_unit_test(test_what_a_terminal_would_obey_is_made_harmless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
