#include "sctp/packet/init.h"

#include "support/sctp_chunk.h"

static const struct init_chunk an_init = {.tag = 0x11223344,
                                          .a_rwnd = 131072,
                                          .streams_out = 1024,
                                          .streams_in = 2048,
                                          .tsn = 0x99887766,
                                          .forward_tsn = true,
                                          .reconfig = true};

static void test_init_has_the_bytes_the_rfc_draws(void **state) {
  (void)state;
  uint8_t buf[128];
  struct writer w = writer_of(buf, sizeof buf);
  init_chunk_write(&w, CHUNK_INIT, &an_init, (struct bytes){NULL, 0});
  assert_memory_equal(buf,
                      "\x01\x00\x00\x1e\x11\x22\x33\x44\x00\x02\x00\x00\x04\x00\x08\x00"
                      "\x99\x88\x77\x66\xc0\x00\x00\x04\x80\x08\x00\x06\x82\xc0\x00\x00",
                      32);
  assert_int_equal(w.n, 32);
}

static void test_zero_checksum_is_offered_for_dtls(void **state) {
  (void)state;
  uint8_t buf[128], report_buf[INIT_REPORT_MAX];
  struct writer w = writer_of(buf, sizeof buf), report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk with = an_init, back;
  with.zero_checksum = true;
  init_chunk_write(&w, CHUNK_INIT, &with, (struct bytes){NULL, 0});
  assert_int_equal(w.n, 40);
  assert_memory_equal(buf + 32, "\x80\x01\x00\x08\x00\x00\x00\x01", 8);
  assert_true(init_chunk_read(first_chunk(writer_written(&w)).value, &back, &report));
  assert_true(back.zero_checksum);
  buf[39] = 2; /* another method */
  assert_true(init_chunk_read(first_chunk(writer_written(&w)).value, &back, &report));
  assert_false(back.zero_checksum);
}

static void test_what_a_peer_cannot_is_not_offered(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    uint8_t buf[128], report_buf[INIT_REPORT_MAX];
    struct writer w = writer_of(buf, sizeof buf), report = writer_of(report_buf, sizeof report_buf);
    struct init_chunk with = an_init, back;
    with.forward_tsn = i & 1;
    with.reconfig = i & 2;
    init_chunk_write(&w, CHUNK_INIT, &with, (struct bytes){NULL, 0});
    assert_true(init_chunk_read(first_chunk(writer_written(&w)).value, &back, &report));
    assert_int_equal(back.forward_tsn, with.forward_tsn);
    assert_int_equal(back.reconfig, with.reconfig);
  }
}

static void test_init_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[128], report_buf[INIT_REPORT_MAX];
  struct writer w = writer_of(buf, sizeof buf), report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk with = an_init, back;
  with.cookie = bytes_of("biscuit");
  init_chunk_write(&w, CHUNK_INIT_ACK, &with, (struct bytes){NULL, 0});
  struct chunk c = first_chunk(writer_written(&w));
  assert_true(init_chunk_read(c.value, &back, &report));
  assert_int_equal(back.tag, with.tag);
  assert_int_equal(back.a_rwnd, with.a_rwnd);
  assert_int_equal(back.streams_out, 1024);
  assert_int_equal(back.streams_in, 2048);
  assert_int_equal(back.tsn, with.tsn);
  assert_true(back.forward_tsn && back.reconfig);
  assert_true(bytes_equal(back.cookie, with.cookie));
  assert_int_equal(report.n, 0);
}

/* Reads an INIT with the parameter before FORWARD-TSN-supported: what of it is reported, and
 * whether reading went on behind it. */
static bool read_with_unknown(uint16_t type, size_t *ret_reported) {
  uint8_t buf[128], report_buf[INIT_REPORT_MAX];
  struct writer w = writer_of(buf, sizeof buf), report = writer_of(report_buf, sizeof report_buf);
  writer_zero(&w, 16);
  param_write(&w, type, bytes_of("12345"));
  param_write(&w, PARAM_FORWARD_TSN, (struct bytes){NULL, 0});
  struct init_chunk init = {0};
  assert_true(init_chunk_read(writer_written(&w), &init, &report));
  *ret_reported = report.n;
  return init.forward_tsn;
}

static void test_unknown_parameters_are_handled_by_their_high_bits(void **state) {
  (void)state;
  size_t reported;
  assert_false(read_with_unknown(0x3fff, &reported));
  assert_int_equal(reported, 0);
  assert_false(read_with_unknown(0x7fff, &reported));
  assert_int_equal(reported, 12);
  assert_true(read_with_unknown(0xbfff, &reported));
  assert_int_equal(reported, 0);
  assert_true(read_with_unknown(0xffff, &reported));
  assert_int_equal(reported, 12);
}

static void test_addresses_and_ecn_are_passed_over(void **state) {
  (void)state;
  static const uint16_t types[] = {PARAM_IPV4_ADDRESS,  PARAM_IPV6_ADDRESS,        PARAM_HOST_NAME,
                                   PARAM_ADDRESS_TYPES, PARAM_COOKIE_PRESERVATIVE, PARAM_ECN};
  size_t reported;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    assert_true(read_with_unknown(types[i], &reported));
    assert_int_equal(reported, 0);
  }
}

static void test_more_unknown_parameters_than_fit_are_not_reported(void **state) {
  (void)state;
  static uint8_t buf[8192];
  uint8_t report_buf[INIT_REPORT_MAX];
  struct writer w = writer_of(buf, sizeof buf), report = writer_of(report_buf, sizeof report_buf);
  writer_zero(&w, 16);
  for (unsigned i = 0; i < 300; i++) param_write(&w, 0xffff, bytes_of("12345678"));
  struct init_chunk init = {0};
  assert_true(init_chunk_read(writer_written(&w), &init, &report));
  assert_false(report.failed);
  assert_true(report.n <= INIT_REPORT_MAX && report.n > INIT_REPORT_MAX - 12);
}

static void test_a_broken_init_is_refused(void **state) {
  (void)state;
  uint8_t report_buf[INIT_REPORT_MAX], value[24] = {0};
  struct writer report = writer_of(report_buf, sizeof report_buf);
  struct init_chunk init = {0};
  for (size_t n = 0; n < 16; n++)
    assert_false(init_chunk_read((struct bytes){value, n}, &init, &report));
  value[19] = 9; /* a parameter longer than the chunk */
  assert_false(init_chunk_read((struct bytes){value, 24}, &init, &report));
}

static void test_what_was_not_understood_goes_back_in_the_init_ack(void **state) {
  (void)state;
  uint8_t buf[128];
  struct writer w = writer_of(buf, sizeof buf);
  init_chunk_write(&w, CHUNK_INIT_ACK, &(struct init_chunk){.tag = 1},
                   (struct bytes){(const uint8_t *)"\xff\xff\x00\x06zz\0\0", 8});
  assert_int_equal(w.n, 32);
  assert_memory_equal(buf + 20, "\x00\x08\x00\x0a\xff\xff\x00\x06zz\0\0", 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_init_has_the_bytes_the_rfc_draws),
      cmocka_unit_test(test_zero_checksum_is_offered_for_dtls),
      cmocka_unit_test(test_what_a_peer_cannot_is_not_offered),
      cmocka_unit_test(test_init_reads_what_it_wrote),
      cmocka_unit_test(test_unknown_parameters_are_handled_by_their_high_bits),
      cmocka_unit_test(test_addresses_and_ecn_are_passed_over),
      cmocka_unit_test(test_more_unknown_parameters_than_fit_are_not_reported),
      cmocka_unit_test(test_a_broken_init_is_refused),
      cmocka_unit_test(test_what_was_not_understood_goes_back_in_the_init_ack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
