#include "dtls/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t two[] = {
    22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 7,    8,    9, /* handshake, epoch 0 */
    23, 0xfe, 0xfd, 0, 1, 1, 2, 3, 4, 5, 6, 0, 2, 0xaa, 0xbb,    /* data, epoch 1 */
};

static void test_records_are_taken_one_after_another(void **state) {
  (void)state;
  struct cursor c = cursor_of((struct bytes){two, sizeof two});
  struct dtls_record r;
  assert_true(dtls_record_take(&c, &r));
  assert_int_equal(r.type, DTLS_HANDSHAKE);
  assert_int_equal(r.version, 0xfeff);
  assert_int_equal(r.epoch, 0);
  assert_int_equal(r.seq, 1);
  assert_ptr_equal(r.body.p, two + 13);
  assert_int_equal(r.body.n, 3);
  assert_true(dtls_record_take(&c, &r));
  assert_int_equal(r.type, DTLS_APPLICATION_DATA);
  assert_int_equal(r.epoch, 1);
  assert_true(r.seq == UINT64_C(0x010203040506));
  assert_ptr_equal(r.whole.p, two + 16);
  assert_int_equal(r.whole.n, 15);
  assert_false(dtls_record_take(&c, &r));
  assert_false(c.failed);
}

static void test_a_cut_record_is_none_and_the_output_stays(void **state) {
  (void)state;
  for (size_t n = 1; n < 16; n++) {
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, two, n);
    struct cursor c = cursor_of((struct bytes){copy, n});
    struct dtls_record r = {.type = 99};
    assert_false(dtls_record_take(&c, &r));
    assert_true(c.failed);
    assert_int_equal(r.type, 99);
    free(copy);
  }
}

static bool taken(size_t at, uint8_t value) {
  uint8_t b[16];
  struct dtls_record r;
  memcpy(b, two, sizeof b);
  b[at] = value;
  struct cursor c = cursor_of((struct bytes){b, sizeof b});
  return dtls_record_take(&c, &r);
}

static void test_only_the_four_types_and_dtls_versions_are_records(void **state) {
  (void)state;
  for (int type = 0; type < 256; type++)
    assert_int_equal(taken(0, (uint8_t)type), type >= 20 && type <= 23);
  assert_true(taken(2, 0xfd));
  assert_false(taken(1, 3));
}

static void test_the_span_ends_where_junk_begins(void **state) {
  (void)state;
  uint8_t b[sizeof two + 5];
  memcpy(b, two, sizeof two);
  memset(b + sizeof two, 0xff, 5);
  assert_int_equal(dtls_record_span((struct bytes){b, sizeof b}).n, sizeof two);
  assert_int_equal(dtls_record_span((struct bytes){b, 20}).n, 16);
  assert_int_equal(dtls_record_span((struct bytes){b, 0}).n, 0);
}

static void test_a_handshake_type_needs_a_whole_header(void **state) {
  (void)state;
  uint8_t b[12] = {DTLS_CLIENT_HELLO};
  assert_int_equal(dtls_record_handshake_type((struct bytes){b, 12}), DTLS_CLIENT_HELLO);
  assert_int_equal(dtls_record_handshake_type((struct bytes){b, 11}), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records_are_taken_one_after_another),
      cmocka_unit_test(test_a_cut_record_is_none_and_the_output_stays),
      cmocka_unit_test(test_only_the_four_types_and_dtls_versions_are_records),
      cmocka_unit_test(test_the_span_ends_where_junk_begins),
      cmocka_unit_test(test_a_handshake_type_needs_a_whole_header),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
