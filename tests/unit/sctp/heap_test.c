#include "sctp/heap.h"

#include <errno.h>

#include "support/seeded_rng.h"
#include "support/unit.h"

static void test_a_heap_gives_the_least_key_through_all_changes(void **state) {
  (void)state;
  struct seeded_rng rng;
  struct heap_node nodes[40] = {0};
  struct heap h = {0};
  seeded_rng_init(&rng, 9);
  for (int i = 0; i < 2000; i++) {
    struct heap_node *n = &nodes[rng_below(&rng.rng, 40)];
    if (n->at == 0)
      assert_int_equal(heap_add(&h, n, rng_below(&rng.rng, 1000)), 0);
    else if (rng_below(&rng.rng, 2))
      heap_move(&h, n, rng_below(&rng.rng, 1000));
    else
      heap_remove(&h, n);
    uint64_t least = UINT64_MAX;
    for (int k = 0; k < 40; k++)
      if (nodes[k].at > 0 && nodes[k].key < least) least = nodes[k].key;
    assert_true(heap_top(&h) ? heap_top(&h)->key == least : least == UINT64_MAX);
  }
  heap_free(&h);
}

static void test_a_heap_without_memory_leaves_the_node_out(void **state) {
  (void)state;
  struct heap h = {0};
  struct heap_node n = {0};
  fail_alloc_at(0);
  assert_int_equal(heap_add(&h, &n, 1), -ENOMEM);
  fail_alloc_never();
  assert_int_equal(n.at, 0);
  assert_null(heap_top(&h));
  heap_free(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_heap_gives_the_least_key_through_all_changes),
      cmocka_unit_test(test_a_heap_without_memory_leaves_the_node_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
