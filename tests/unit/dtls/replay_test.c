#include "dtls/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_a_number_is_seen_once_marked(void **state) {
  (void)state;
  struct dtls_replay r = {0};
  assert_false(dtls_replay_seen(&r, 0));
  dtls_replay_mark(&r, 0);
  assert_true(dtls_replay_seen(&r, 0));
  assert_false(dtls_replay_seen(&r, 1));
}

static void test_the_window_reaches_back_1024_numbers(void **state) {
  (void)state;
  struct dtls_replay r = {0};
  dtls_replay_mark(&r, 5000);
  assert_false(dtls_replay_seen(&r, 5001 - 1024));
  assert_true(dtls_replay_seen(&r, 5000 - 1024));
  dtls_replay_mark(&r, 5001 - 1024);
  assert_true(dtls_replay_seen(&r, 5001 - 1024));
  dtls_replay_mark(&r, 3); /* too old: no effect */
  assert_false(dtls_replay_seen(&r, 5001 - 1024 + 2));
}

static void test_a_jump_forgets_what_the_window_leaves(void **state) {
  (void)state;
  static const uint64_t jumps[] = {1, 2, 63, 64, 65, 1023, 1024, 1025, 4096};
  for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
    struct dtls_replay r = {0};
    for (uint64_t s = 0; s < 1024; s++) dtls_replay_mark(&r, s);
    uint64_t top = 1023 + jumps[i];
    dtls_replay_mark(&r, top);
    for (uint64_t s = 0; s < top + 10; s++) {
      bool old = s + 1024 <= top;
      assert_int_equal(dtls_replay_seen(&r, s), old || s < 1024 || s == top);
    }
  }
}

static void test_it_agrees_with_a_plain_list_in_any_order(void **state) {
  (void)state;
  static bool seen[8192];
  struct dtls_replay r = {0};
  uint64_t top = 0;
  uint32_t x = 1;
  memset(seen, 0, sizeof seen);
  for (int i = 0; i < 20000; i++) {
    x = x * 1664525 + 1013904223;
    uint64_t s = (uint64_t)i / 3 + x % 1500;
    bool old = s + 1024 <= top;
    assert_int_equal(dtls_replay_seen(&r, s), old || seen[s]);
    if (old || x % 3 == 0) continue;
    dtls_replay_mark(&r, s);
    seen[s] = true;
    if (s > top) top = s;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_number_is_seen_once_marked),
      cmocka_unit_test(test_the_window_reaches_back_1024_numbers),
      cmocka_unit_test(test_a_jump_forgets_what_the_window_leaves),
      cmocka_unit_test(test_it_agrees_with_a_plain_list_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
