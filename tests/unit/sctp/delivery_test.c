#include "sctp/rx/delivery.h"

#include <stdlib.h>

#include "support/seeded_rng.h"
#include "support/unit.h"

static void deliver(struct delivery *d, uint16_t stream, uint16_t ssn, bool unordered,
                    uint64_t tsn) {
  const struct data_chunk c = {.stream = stream,
                               .mid = ssn,
                               .begin = true,
                               .end = true,
                               .unordered = unordered,
                               .data = bytes_of("m")};
  struct rx_msg *m = rx_msg_new(&c, &(struct rx_place){.number = tsn, .tsn = tsn});
  assert_non_null(m);
  rx_msg_push(m, payload_copy(c.data));
  assert_int_equal(delivery_open(d, stream), 0);
  delivery_message(d, m);
}

/* The SSN of the next message handed over, -1 for a reset, -2 for nothing. */
static int next(struct delivery *d) {
  struct event_item *item = delivery_next(d);
  if (!item) return -2;
  if (item->kind != SCTP_EV_MESSAGE) {
    free(LIST_ENTRY(&item->link, struct reset_event, item.link));
    return -1;
  }
  struct rx_msg *m = LIST_ENTRY(&item->link, struct rx_msg, item.link);
  int ssn = (int)m->mid;
  rx_msg_free(m);
  return ssn;
}

static void test_ordered_messages_wait_for_their_turn(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 2, false, 3);
  deliver(&d, 1, 1, false, 2);
  assert_int_equal(next(&d), -2);
  assert_true(d.held > 0);
  deliver(&d, 1, 0, false, 1);
  assert_int_equal(next(&d), 0);
  assert_int_equal(next(&d), 1);
  assert_int_equal(next(&d), 2);
  assert_int_equal(next(&d), -2);
  assert_int_equal(d.held, 0);
  delivery_free(&d);
}

static void test_streams_do_not_wait_for_each_other(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 5, false, 3);
  deliver(&d, 2, 0, false, 2);
  assert_int_equal(next(&d), 0);
  delivery_free(&d);
}

static void test_unordered_messages_wait_for_nothing(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 9, true, 3);
  assert_int_equal(next(&d), 9);
  delivery_free(&d);
}

static void test_ssns_wrap(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  assert_int_equal(delivery_open(&d, 1), 0);
  delivery_skip(&d, 1, 32767);
  delivery_skip(&d, 1, 65533);
  deliver(&d, 1, 0, false, 3);
  deliver(&d, 1, 65535, false, 2);
  deliver(&d, 1, 65534, false, 1);
  assert_int_equal(next(&d), 65534);
  assert_int_equal(next(&d), 65535);
  assert_int_equal(next(&d), 0);
  delivery_free(&d);
}

static void test_random_orders_come_out_sorted(void **state) {
  (void)state;
  struct seeded_rng rng;
  seeded_rng_init(&rng, 3);
  for (int round = 0; round < 100; round++) {
    uint16_t order[50];
    struct delivery d;
    delivery_init(&d);
    for (uint16_t i = 0; i < 50; i++) order[i] = i;
    for (uint32_t i = 49; i > 0; i--) {
      uint32_t k = rng_below(&rng.rng, i + 1);
      uint16_t t = order[i];
      order[i] = order[k];
      order[k] = t;
    }
    for (int i = 0; i < 50; i++) deliver(&d, 1, order[i], false, order[i]);
    for (int i = 0; i < 50; i++) assert_int_equal(next(&d), i);
    delivery_free(&d);
  }
}

static void test_an_ssn_that_had_its_turn_is_dropped(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 0, false, 1);
  assert_int_equal(next(&d), 0);
  deliver(&d, 1, 0, false, 2);
  deliver(&d, 1, 2, false, 3);
  deliver(&d, 1, 2, false, 4);
  assert_int_equal(next(&d), -2);
  deliver(&d, 1, 1, false, 5);
  assert_int_equal(next(&d), 1);
  assert_int_equal(next(&d), 2);
  assert_int_equal(next(&d), -2);
  assert_int_equal(d.held, 0);
  delivery_free(&d);
}

static void test_a_skip_hands_over_what_is_there_and_goes_on_behind(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 1, false, 1);
  deliver(&d, 1, 4, false, 4);
  deliver(&d, 1, 6, false, 6);
  delivery_skip(&d, 1, 3);
  assert_int_equal(next(&d), 1);
  assert_int_equal(next(&d), 4);
  assert_int_equal(next(&d), -2);
  delivery_free(&d);
}

static struct reset_event *reset_of(uint16_t stream) {
  struct reset_event *e = reset_event_new(SCTP_EV_RESET_INCOMING, 1);
  assert_non_null(e);
  e->streams[0] = stream;
  return e;
}

static void test_a_reset_starts_the_ssns_over(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 0, false, 1);
  assert_true(delivery_reset(&d, reset_of(1), 1, 1));
  deliver(&d, 1, 0, false, 2);
  assert_int_equal(next(&d), 0);
  assert_int_equal(next(&d), -1);
  assert_int_equal(next(&d), 0);
  delivery_free(&d);
}

static void test_a_reset_waits_for_the_tsns_before_it(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 0, false, 1);
  assert_false(delivery_reset(&d, reset_of(1), 3, 1));
  deliver(&d, 1, 0, false, 4); /* of the new life */
  deliver(&d, 2, 0, false, 5); /* another stream */
  deliver(&d, 1, 2, false, 3); /* of the old life */
  assert_false(delivery_advance(&d, 1));
  deliver(&d, 1, 1, false, 2);
  assert_true(delivery_advance(&d, 5));
  static const int want[] = {0, 0, 1, 2, -1, 0, -2};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) assert_int_equal(next(&d), want[i]);
  delivery_free(&d);
}

static void test_a_reset_of_all_streams_resets_all(void **state) {
  (void)state;
  struct delivery d;
  delivery_init(&d);
  deliver(&d, 1, 0, false, 1);
  deliver(&d, 8, 0, false, 2);
  assert_true(delivery_reset(&d, reset_event_new(SCTP_EV_RESET_INCOMING, 0), 2, 2));
  deliver(&d, 1, 0, false, 3);
  deliver(&d, 8, 0, false, 4);
  static const int want[] = {0, 0, -1, 0, 0, -2};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) assert_int_equal(next(&d), want[i]);
  delivery_free(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ordered_messages_wait_for_their_turn),
      cmocka_unit_test(test_streams_do_not_wait_for_each_other),
      cmocka_unit_test(test_unordered_messages_wait_for_nothing),
      cmocka_unit_test(test_ssns_wrap),
      cmocka_unit_test(test_random_orders_come_out_sorted),
      cmocka_unit_test(test_an_ssn_that_had_its_turn_is_dropped),
      cmocka_unit_test(test_a_skip_hands_over_what_is_there_and_goes_on_behind),
      cmocka_unit_test(test_a_reset_starts_the_ssns_over),
      cmocka_unit_test(test_a_reset_waits_for_the_tsns_before_it),
      cmocka_unit_test(test_a_reset_of_all_streams_resets_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
