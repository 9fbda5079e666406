#include "sctp/tsn_set.h"

#include <errno.h>

#include "support/seeded_rng.h"
#include "support/unit.h"

static void add(struct tsn_set *s, uint64_t first, uint64_t last) {
  assert_int_equal(tsn_set_reserve(s), 0);
  tsn_set_add(s, first, last);
}

static void test_ranges_that_touch_become_one(void **state) {
  (void)state;
  struct tsn_set s = {0};
  add(&s, 10, 12);
  add(&s, 20, 22);
  add(&s, 14, 14);
  assert_int_equal(s.n, 3);
  add(&s, 13, 13);
  assert_int_equal(s.n, 2);
  assert_int_equal(s.ranges[0].first, 10);
  assert_int_equal(s.ranges[0].last, 14);
  add(&s, 11, 30);
  assert_int_equal(s.n, 1);
  assert_int_equal(s.ranges[0].last, 30);
  tsn_set_free(&s);
}

static void test_a_set_agrees_with_a_plain_array(void **state) {
  (void)state;
  struct seeded_rng rng;
  seeded_rng_init(&rng, 5);
  for (int round = 0; round < 50; round++) {
    bool plain[300] = {0};
    struct tsn_set s = {0};
    for (int i = 0; i < 60; i++) {
      uint64_t first = rng_below(&rng.rng, 280), last = first + rng_below(&rng.rng, 12);
      add(&s, first, last);
      for (uint64_t t = first; t <= last; t++) plain[t] = true;
      if (i % 20 == 19) {
        uint64_t upto = rng_below(&rng.rng, 100);
        tsn_set_drop_upto(&s, upto);
        for (uint64_t t = 0; t <= upto; t++) plain[t] = false;
      }
    }
    for (uint64_t t = 0; t < 300; t++) assert_int_equal(tsn_set_has(&s, t), plain[t]);
    for (size_t i = 1; i < s.n; i++) assert_true(s.ranges[i].first > s.ranges[i - 1].last + 1);
    tsn_set_free(&s);
  }
}

static void test_a_set_without_memory_says_so_and_stays(void **state) {
  (void)state;
  struct tsn_set s = {0};
  fail_alloc_at(0);
  assert_int_equal(tsn_set_reserve(&s), -ENOMEM);
  fail_alloc_never();
  add(&s, 1, 1);
  assert_true(tsn_set_has(&s, 1));
  tsn_set_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ranges_that_touch_become_one),
      cmocka_unit_test(test_a_set_agrees_with_a_plain_array),
      cmocka_unit_test(test_a_set_without_memory_says_so_and_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
