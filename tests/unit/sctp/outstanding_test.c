#include "sctp/tx/outstanding.h"

#include "support/unit.h"

static struct tx_msg a_message;

static void push(struct outstanding *o, mono_us now) {
  assert_int_equal(outstanding_reserve(o), 0);
  outstanding_push(o, &(struct tx_chunk){.msg = &a_message, .sent_at = now, .n = 100});
}

static void test_the_ring_grows_and_wraps_and_keeps_its_chunks(void **state) {
  (void)state;
  struct outstanding o;
  outstanding_init(&o, 0xfffffff0);
  uint64_t popped = o.base;
  for (mono_us i = 0; i < 1000; i++) {
    push(&o, i);
    if (i % 3 == 0) {
      assert_int_equal(outstanding_pop(&o).sent_at, popped++ - ((uint64_t)1 << 32) - 0xfffffff0u);
    }
  }
  assert_int_equal(o.flight_bytes, 100 * outstanding_count(&o));
  assert_int_equal(o.flight.n, outstanding_count(&o));
  while (outstanding_count(&o) > 0) (void)outstanding_pop(&o);
  assert_null(o.ring); /* a large one is given back */
  outstanding_free(&o);
}

static void test_lists_follow_the_states(void **state) {
  (void)state;
  struct outstanding o;
  uint64_t tsn;
  outstanding_init(&o, 5);
  for (mono_us i = 0; i < 4; i++) push(&o, i);
  uint64_t base = o.base;
  outstanding_set(&o, base + 1, TX_LOST);
  outstanding_set(&o, base + 3, TX_LOST);
  assert_int_equal(o.flight_bytes, 200);
  assert_true(outstanding_first_lost(&o, &tsn) && tsn == base + 1);
  outstanding_resent(&o, base + 1, 50);
  assert_true(outstanding_first_lost(&o, &tsn) && tsn == base + 3);
  assert_true(outstanding_oldest(&o, &tsn) && tsn == base);
  assert_true(outstanding_newer(&o, base, &tsn) && tsn == base + 2);
  assert_true(outstanding_newer(&o, base + 2, &tsn) && tsn == base + 1); /* by time sent */
  assert_false(outstanding_newer(&o, base + 1, &tsn));
  outstanding_set(&o, base, TX_ACKED);
  outstanding_set(&o, base + 2, TX_ABANDONED);
  assert_int_equal(o.flight_bytes, 100);
  while (outstanding_count(&o) > 0) (void)outstanding_pop(&o);
  assert_int_equal(o.flight_bytes, 0);
  assert_int_equal(o.lost.n + o.flight.n, 0);
  outstanding_free(&o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_ring_grows_and_wraps_and_keeps_its_chunks),
      cmocka_unit_test(test_lists_follow_the_states),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
