#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/transaction.h"
#include "support/seeded_rng.h"

static struct stun_transaction start(const struct stun_schedule *s, mono_us now) {
  struct seeded_rng rng;
  struct stun_transaction t;
  seeded_rng_init(&rng, 1);
  stun_transaction_start(&t, &rng.rng, s, now);
  return t;
}

static void test_the_default_schedule_is_that_of_rfc_8489(void **state) {
  (void)state;
  const mono_us at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
  const mono_us begin = 10 * MONO_S;
  struct stun_schedule s = stun_schedule_default(500 * MONO_MS);
  struct stun_transaction t = start(&s, begin);
  for (size_t i = 0; i < 7; i++) {
    mono_us due = begin + at[i] * MONO_MS;
    assert_int_equal(stun_transaction_due(&t, due - 1), STUN_DUE_NOTHING);
    assert_int_equal(stun_transaction_due(&t, due), STUN_DUE_SEND);
    stun_transaction_sent(&t, due);
  }
  assert_int_equal(stun_transaction_due(&t, begin + 39500 * MONO_MS - 1), STUN_DUE_NOTHING);
  assert_int_equal(stun_transaction_due(&t, begin + 39500 * MONO_MS), STUN_DUE_TIMEOUT);
}

static void test_the_doubling_ends_where_it_is_told_to(void **state) {
  (void)state;
  const mono_us at[] = {0, 100, 300, 550, 800};
  struct stun_schedule s = {100 * MONO_MS, 250 * MONO_MS, 5, 7 * MONO_MS};
  struct stun_transaction t = start(&s, MONO_S);
  for (size_t i = 0; i < 5; i++) {
    assert_true(t.due == MONO_S + at[i] * MONO_MS);
    stun_transaction_sent(&t, t.due);
  }
  assert_true(t.due == MONO_S + 807 * MONO_MS);
  assert_int_equal(stun_transaction_due(&t, t.due), STUN_DUE_TIMEOUT);
}

static void test_a_round_trip_of_one_transmission(void **state) {
  (void)state;
  mono_us rtt = 7;
  struct stun_schedule s = stun_schedule_default(500 * MONO_MS);
  struct stun_transaction t = start(&s, MONO_S);
  assert_false(stun_transaction_rtt(&t, MONO_S, 1, &rtt));
  stun_transaction_sent(&t, MONO_S);
  assert_true(stun_transaction_rtt(&t, MONO_S + 30, 0, &rtt));
  assert_int_equal(rtt, 30);
}

static void test_a_round_trip_after_retransmissions_needs_the_counter(void **state) {
  (void)state;
  mono_us rtt = 7;
  struct stun_schedule s = stun_schedule_default(500 * MONO_MS);
  struct stun_transaction t = start(&s, MONO_S);
  for (mono_us i = 0; i < 3; i++) stun_transaction_sent(&t, MONO_S + i * 1000);
  assert_false(stun_transaction_rtt(&t, MONO_S + 5000, 0, &rtt));
  assert_false(stun_transaction_rtt(&t, MONO_S + 5000, 2, &rtt));
  assert_false(stun_transaction_rtt(&t, MONO_S + 5000, 9, &rtt));
  assert_int_equal(rtt, 7);
  assert_true(stun_transaction_rtt(&t, MONO_S + 5000, 1, &rtt));
  assert_int_equal(rtt, 5000);
  assert_true(stun_transaction_rtt(&t, MONO_S + 5000, 3, &rtt));
  assert_int_equal(rtt, 3000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_default_schedule_is_that_of_rfc_8489),
      cmocka_unit_test(test_the_doubling_ends_where_it_is_told_to),
      cmocka_unit_test(test_a_round_trip_of_one_transmission),
      cmocka_unit_test(test_a_round_trip_after_retransmissions_needs_the_counter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
