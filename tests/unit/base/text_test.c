#include "base/text.h"

#include <stdlib.h>

#include "support/unit.h"

static void test_text_grows_and_stays_terminated(void **state) {
  (void)state;
  struct text t = {0};
  for (int i = 0; i < 500; i++) text_addf(&t, "%d,", i);
  assert_false(t.failed);
  assert_int_equal(strlen(t.p), t.n);
  assert_memory_equal(t.p, "0,1,2,", 6);
  text_clear(&t);
  assert_string_equal(t.p, "");
  text_add(&t, "x");
  char *taken = text_take(&t);
  assert_string_equal(taken, "x");
  assert_null(t.p);
  free(taken);
}

static int build(void *ctx) {
  (void)ctx;
  struct text t = {0};
  text_add(&t, "a");
  text_addf(&t, "%200d", 7);
  text_add_bytes(&t, bytes_of("b"));
  bool failed = t.failed;
  char *p = text_take(&t);
  assert_int_equal(p == NULL, failed);
  free(p);
  return failed ? -1 : 0;
}

static void test_a_failed_allocation_sticks_and_leaks_nothing(void **state) {
  (void)state;
  fail_alloc_each(build, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_grows_and_stays_terminated),
      cmocka_unit_test(test_a_failed_allocation_sticks_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
