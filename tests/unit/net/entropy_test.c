#include "net/entropy.h"

#include "support/unit.h"

static bool all_zero(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i] != 0) return false;
  return true;
}

static void test_draws_differ_and_bytes_handed_out_are_wiped(void **state) {
  (void)state;
  struct net_entropy e;
  net_entropy_init(&e);
  uint8_t a[24], b[24];
  e.rng.fill(e.rng.ctx, a, sizeof a);
  assert_int_equal(e.left, sizeof e.block - sizeof a);
  assert_true(all_zero(e.block, sizeof a));
  e.rng.fill(e.rng.ctx, b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
  net_entropy_wipe(&e);
  assert_true(all_zero(e.block, sizeof e.block));
}

static void test_a_draw_never_spans_two_blocks_nor_repeats(void **state) {
  (void)state;
  struct net_entropy e;
  net_entropy_init(&e);
  uint8_t big[2000] = {0}, part[500], last[100] = {0};
  e.rng.fill(e.rng.ctx, part, sizeof part);
  assert_int_equal(e.left, 12);
  e.rng.fill(e.rng.ctx, big, sizeof big); /* straight from the kernel */
  assert_int_equal(e.left, 12);
  assert_false(all_zero(big + 1900, 100));
  e.rng.fill(e.rng.ctx, last, sizeof last);
  assert_int_equal(e.left, sizeof e.block - sizeof last);
  assert_false(all_zero(last, sizeof last));
  e.rng.fill(e.rng.ctx, last, 0);
  assert_int_equal(e.left, sizeof e.block - sizeof last);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_draws_differ_and_bytes_handed_out_are_wiped),
      cmocka_unit_test(test_a_draw_never_spans_two_blocks_nor_repeats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
