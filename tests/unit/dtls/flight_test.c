#include "dtls/flight.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A plaintext handshake record with n bytes of body. */
static struct dtls_record record(uint8_t *buf, size_t n, uint8_t value) {
  static const uint8_t header[] = {22, 0xfe, 0xfd, 0, 0, 9, 9, 9, 9, 9, 9};
  memcpy(buf, header, sizeof header);
  buf[11] = (uint8_t)(n >> 8);
  buf[12] = (uint8_t)n;
  memset(buf + 13, value, n);
  struct cursor c = cursor_of((struct bytes){buf, 13 + n});
  struct dtls_record r;
  assert_true(dtls_record_take(&c, &r));
  return r;
}

static void add(struct dtls_flight *f, size_t n, uint8_t value) {
  uint8_t buf[4096];
  struct dtls_record r = record(buf, n, value);
  assert_int_equal(dtls_flight_add(f, &r), 0);
}

static uint64_t first_seq(const uint8_t *p, size_t n) {
  struct cursor c = cursor_of((struct bytes){p, n});
  struct dtls_record r;
  assert_true(dtls_record_take(&c, &r));
  return r.seq;
}

static void test_records_are_packed_up_to_the_limit(void **state) {
  (void)state;
  struct dtls_flight f = {0};
  uint8_t buf[256];
  add(&f, 87, 1);
  add(&f, 87, 2);
  add(&f, 87, 3);
  assert_int_equal(dtls_flight_emit(&f, NULL, buf, 200), 200);
  assert_false(f.complete);
  assert_true(dtls_flight_pending(&f));
  assert_int_equal(dtls_flight_emit(&f, NULL, buf, 200), 100);
  assert_int_equal(buf[13], 3);
  assert_true(f.complete);
  assert_false(dtls_flight_pending(&f));
  assert_int_equal(dtls_flight_emit(&f, NULL, buf, 200), 0);
  dtls_flight_rewind(&f);
  assert_int_equal(dtls_flight_emit(&f, NULL, buf, 199), 100);
  dtls_flight_clear(&f);
}

static void test_each_record_sent_has_a_new_number(void **state) {
  (void)state;
  struct dtls_flight f = {0};
  uint8_t buf[256];
  add(&f, 10, 1);
  add(&f, 10, 2);
  for (uint64_t round = 0; round < 4; round++) {
    size_t n = dtls_flight_emit(&f, NULL, buf, sizeof buf);
    assert_int_equal(n, 46);
    assert_true(first_seq(buf, n) == 2 * round);
    assert_true(first_seq(buf + 23, n - 23) == 2 * round + 1);
    dtls_flight_rewind(&f);
  }
  dtls_flight_begin(&f);
  add(&f, 10, 1);
  assert_int_equal(dtls_flight_emit(&f, NULL, buf, sizeof buf), 23);
  assert_true(first_seq(buf, 23) == 8);
  dtls_flight_clear(&f);
  assert_true(f.seq == 9);
}

static void test_a_record_larger_than_the_datagram_gives_the_flight_up(void **state) {
  (void)state;
  struct dtls_flight f = {0};
  uint8_t buf[256];
  add(&f, 100, 1);
  assert_int_equal(dtls_flight_emit(&f, NULL, buf, 112), 0);
  assert_false(dtls_flight_pending(&f));
  dtls_flight_clear(&f);
}

static void test_an_alert_takes_a_number_of_the_same_row(void **state) {
  (void)state;
  static const uint8_t alert[2] = {2, 42};
  static const uint8_t expected[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 42};
  struct dtls_flight f = {0};
  uint8_t buf[64];
  add(&f, 10, 1);
  (void)dtls_flight_emit(&f, NULL, buf, sizeof buf);
  struct bytes body = {alert, 2};
  assert_int_equal(dtls_flight_single(&f, DTLS_ALERT_RECORD, body, buf, 14), 0);
  assert_int_equal(dtls_flight_single(&f, DTLS_ALERT_RECORD, body, buf, sizeof buf), 15);
  assert_memory_equal(buf, expected, sizeof expected);
  dtls_flight_clear(&f);
}

static void test_a_flight_holds_64_kib(void **state) {
  (void)state;
  static uint8_t buf[16384 + 13];
  struct dtls_flight f = {0};
  struct dtls_record r = record(buf, 16384 - 13, 1);
  for (int i = 0; i < 4; i++) assert_int_equal(dtls_flight_add(&f, &r), 0);
  r = record(buf, 0, 1);
  assert_int_equal(dtls_flight_add(&f, &r), -ENOBUFS);
  dtls_flight_clear(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records_are_packed_up_to_the_limit),
      cmocka_unit_test(test_each_record_sent_has_a_new_number),
      cmocka_unit_test(test_a_record_larger_than_the_datagram_gives_the_flight_up),
      cmocka_unit_test(test_an_alert_takes_a_number_of_the_same_row),
      cmocka_unit_test(test_a_flight_holds_64_kib),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
