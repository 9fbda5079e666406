#include "dtls/inbox.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct dtls_inbox_limit limit = {16, 20000};

/* A record whose body is n bytes of this value. */
static struct bytes record(uint8_t *buf, uint8_t value, size_t n) {
  static const uint8_t header[] = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0};
  memcpy(buf, header, sizeof header);
  buf[11] = (uint8_t)(n >> 8);
  buf[12] = (uint8_t)n;
  memset(buf + 13, value, n);
  return (struct bytes){buf, 13 + n};
}

static int add(struct dtls_inbox *inbox, uint8_t value, size_t n) {
  static uint8_t buf[32768];
  return dtls_inbox_add(inbox, record(buf, value, n), &limit);
}

static void test_records_come_out_in_their_order(void **state) {
  (void)state;
  struct dtls_inbox inbox = {0};
  struct dtls_record r;
  assert_false(dtls_inbox_next(&inbox, &r));
  for (uint8_t i = 0; i < 5; i++) assert_int_equal(add(&inbox, i, 100 + i), 0);
  for (uint8_t i = 0; i < 5; i++) {
    assert_true(dtls_inbox_next(&inbox, &r));
    assert_int_equal(r.body.n, 100 + i);
    assert_int_equal(r.body.p[0], i);
  }
  assert_false(dtls_inbox_next(&inbox, &r));
  dtls_inbox_clear(&inbox);
}

static void test_the_seventeenth_datagram_is_refused(void **state) {
  (void)state;
  struct dtls_inbox inbox = {0};
  for (int i = 0; i < 16; i++) assert_int_equal(add(&inbox, 1, 10), 0);
  assert_int_equal(add(&inbox, 1, 10), -ENOBUFS);
  struct dtls_record r;
  while (dtls_inbox_next(&inbox, &r)) {
  }
  assert_int_equal(add(&inbox, 1, 10), 0);
  dtls_inbox_clear(&inbox);
}

static void test_more_than_20000_bytes_are_refused(void **state) {
  (void)state;
  struct dtls_inbox inbox = {0};
  assert_int_equal(add(&inbox, 1, 10000 - 13), 0);
  assert_int_equal(add(&inbox, 1, 10001 - 13), -ENOBUFS);
  assert_int_equal(add(&inbox, 1, 10000 - 13), 0);
  assert_int_equal(add(&inbox, 1, 0), -ENOBUFS);
  dtls_inbox_clear(&inbox);
  assert_int_equal(add(&inbox, 1, 20001 - 13), -ENOBUFS);
}

static void test_a_drained_inbox_gives_large_storage_back(void **state) {
  (void)state;
  struct dtls_inbox inbox = {0};
  struct dtls_record r;
  assert_int_equal(add(&inbox, 1, 10000), 0);
  assert_true(dtls_inbox_next(&inbox, &r));
  assert_false(dtls_inbox_next(&inbox, &r));
  assert_int_equal(inbox.cap, 0);
}

static void test_reading_one_record_per_datagram_never_fills_it(void **state) {
  (void)state;
  struct dtls_inbox inbox = {0};
  struct dtls_record r;
  for (int i = 0; i < 100; i++) {
    assert_int_equal(add(&inbox, 1, 1000), 0);
    assert_true(dtls_inbox_next(&inbox, &r));
  }
  assert_true(inbox.cap <= 2048);
  dtls_inbox_clear(&inbox);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records_come_out_in_their_order),
      cmocka_unit_test(test_the_seventeenth_datagram_is_refused),
      cmocka_unit_test(test_more_than_20000_bytes_are_refused),
      cmocka_unit_test(test_a_drained_inbox_gives_large_storage_back),
      cmocka_unit_test(test_reading_one_record_per_datagram_never_fills_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
