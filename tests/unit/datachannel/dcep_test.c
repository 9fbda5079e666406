#include "datachannel/dcep.h"

#include <errno.h>
#include <stdlib.h>

#include "support/unit.h"

static struct dc_init init_of(bool ordered, int32_t retransmits, int32_t lifetime) {
  return (struct dc_init){.ordered = ordered,
                          .id = -1,
                          .max_retransmits = retransmits,
                          .max_lifetime_ms = lifetime,
                          .label = bytes_of("ab"),
                          .protocol = bytes_of("xyz")};
}

/* RFC 8832 section 5.1, byte by byte. */
static void test_an_open_is_written_as_the_rfc_draws_it(void **state) {
  (void)state;
  static const struct {
    bool ordered;
    int32_t retransmits, lifetime;
    uint16_t priority;
    uint8_t head[12];
  } rows[] = {
      {true, -1, -1, 0, {3, 0x00, 1, 0, 0, 0, 0, 0, 0, 2, 0, 3}},
      {false, -1, -1, 128, {3, 0x80, 0, 128, 0, 0, 0, 0, 0, 2, 0, 3}},
      {true, 0, -1, 512, {3, 0x01, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3}},
      {false, 5, -1, 1024, {3, 0x81, 4, 0, 0, 0, 0, 5, 0, 2, 0, 3}},
      {true, -1, 65535, 256, {3, 0x02, 1, 0, 0, 0, 0xff, 0xff, 0, 2, 0, 3}},
      {false, -1, 1, 256, {3, 0x82, 1, 0, 0, 0, 0, 1, 0, 2, 0, 3}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct dc_init in = init_of(rows[i].ordered, rows[i].retransmits, rows[i].lifetime), out;
    in.priority = rows[i].priority;
    struct payload *p = dcep_open(&in);
    assert_non_null(p);
    assert_int_equal(p->n, 17);
    assert_memory_equal(p->data, rows[i].head, 12);
    assert_memory_equal(p->data + 12, "abxyz", 5);
    assert_int_equal(dcep_parse_open(payload_bytes(p), &out, NULL), 0);
    assert_int_equal(out.ordered, in.ordered);
    assert_int_equal(out.max_retransmits, in.max_retransmits);
    assert_int_equal(out.max_lifetime_ms, in.max_lifetime_ms);
    assert_int_equal(out.priority, in.priority ? in.priority : 256);
    assert_int_equal(out.id, -1);
    assert_true(bytes_equal(out.label, in.label) && bytes_equal(out.protocol, in.protocol));
    payload_free(p);
  }
}

static void test_an_open_cut_anywhere_is_refused(void **state) {
  (void)state;
  const struct dc_init in = init_of(true, -1, -1);
  struct payload *p = dcep_open(&in);
  struct dc_init out = {.id = 77};
  for (size_t n = 0; n < p->n; n++) {
    struct fault f = {0};
    uint8_t *copy = malloc(n + 1); /* so that a read past the end is seen */
    assert_non_null(copy);
    memcpy(copy, p->data, n);
    assert_int_equal(dcep_parse_open((struct bytes){copy, n}, &out, &f), -EINVAL);
    assert_int_equal(f.reason, FAULT_OPERATION_ERROR);
    free(copy);
  }
  assert_int_equal(out.id, 77);
  payload_free(p);
}

static void test_an_open_with_lengths_past_its_end_is_refused(void **state) {
  (void)state;
  uint8_t m[13] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'a'};
  struct dc_init out;
  assert_int_equal(dcep_parse_open((struct bytes){m, sizeof m}, &out, NULL), 0);
  m[9] = 2;
  assert_int_equal(dcep_parse_open((struct bytes){m, sizeof m}, &out, NULL), -EINVAL);
  m[9] = 0;
  m[10] = m[11] = 0xff;
  assert_int_equal(dcep_parse_open((struct bytes){m, sizeof m}, &out, NULL), -EINVAL);
}

static void test_unknown_types_of_channels_and_messages_are_refused(void **state) {
  (void)state;
  for (unsigned type = 0; type < 256; type++) {
    const uint8_t m[12] = {3, (uint8_t)type};
    struct dc_init out;
    int r = dcep_parse_open((struct bytes){m, sizeof m}, &out, NULL);
    assert_int_equal(r, (type & 0x7f) <= 2 ? 0 : -EINVAL);
  }
  for (unsigned message = 0; message < 256; message++) {
    const uint8_t m[12] = {(uint8_t)message};
    struct dc_init out;
    assert_int_equal(dcep_parse_open((struct bytes){m, sizeof m}, &out, NULL),
                     message == DCEP_OPEN ? 0 : -EINVAL);
  }
}

static void test_a_limit_past_what_we_can_hold_is_the_largest_we_can(void **state) {
  (void)state;
  const uint8_t m[12] = {3, 1, 0, 0, 0xff, 0xff, 0xff, 0xff};
  const uint8_t timed[12] = {3, 2, 0, 0, 0x80, 0, 0, 0};
  struct dc_init out;
  assert_int_equal(dcep_parse_open((struct bytes){m, sizeof m}, &out, NULL), 0);
  assert_int_equal(out.max_retransmits, INT32_MAX);
  assert_int_equal(dcep_parse_open((struct bytes){timed, sizeof timed}, &out, NULL), 0);
  assert_int_equal(out.max_lifetime_ms, INT32_MAX);
  assert_int_equal(out.max_retransmits, -1);
}

static void test_an_ack_is_one_byte(void **state) {
  (void)state;
  struct payload *p = dcep_ack();
  assert_int_equal(p->n, 1);
  assert_int_equal(p->data[0], 2);
  payload_free(p);
}

static int write_both(void *ctx) {
  (void)ctx;
  const struct dc_init in = init_of(true, -1, -1);
  struct payload *open = dcep_open(&in), *ack = dcep_ack();
  int r = open && ack ? 0 : -ENOMEM;
  payload_free(open);
  payload_free(ack);
  return r;
}

static void test_no_memory_gives_no_message(void **state) {
  (void)state;
  fail_alloc_each(write_both, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_open_is_written_as_the_rfc_draws_it),
      cmocka_unit_test(test_an_open_cut_anywhere_is_refused),
      cmocka_unit_test(test_an_open_with_lengths_past_its_end_is_refused),
      cmocka_unit_test(test_unknown_types_of_channels_and_messages_are_refused),
      cmocka_unit_test(test_a_limit_past_what_we_can_hold_is_the_largest_we_can),
      cmocka_unit_test(test_an_ack_is_one_byte),
      cmocka_unit_test(test_no_memory_gives_no_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
