#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ice_bench.h"

static void test_they_are_long_enough_and_of_ice_chars(void **state) {
  (void)state;
  struct seeded_rng rng;
  struct ice_credentials c;
  seeded_rng_init(&rng, 3);
  memset(&c, 0xff, sizeof c);
  ice_credentials_make(&rng.rng, &c);
  assert_int_equal(strlen(c.ufrag), 8);
  assert_int_equal(strlen(c.pwd), 24);
  const char *chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  assert_int_equal(strspn(c.ufrag, chars), 8);
  assert_int_equal(strspn(c.pwd, chars), 24);
}

static void test_each_time_they_are_others(void **state) {
  (void)state;
  struct seeded_rng rng;
  struct ice_credentials a, b;
  seeded_rng_init(&rng, 3);
  ice_credentials_make(&rng.rng, &a);
  ice_credentials_make(&rng.rng, &b);
  assert_string_not_equal(a.ufrag, b.ufrag);
  assert_string_not_equal(a.pwd, b.pwd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_they_are_long_enough_and_of_ice_chars),
      cmocka_unit_test(test_each_time_they_are_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
