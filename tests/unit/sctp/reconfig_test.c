#include "sctp/packet/reconfig.h"

#include "support/unit.h"

static struct param first_param(struct bytes b) {
  struct cursor c = cursor_of(b);
  struct param p;
  assert_true(param_next(&c, &p));
  return p;
}

static void test_an_outgoing_reset_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  const uint16_t streams[] = {7, 9, 11};
  reconfig_write_outgoing(
      &w, &(struct reconfig_param){.request_seq = 1, .response_seq = 2, .last_tsn = 3}, streams, 3);
  assert_memory_equal(buf, "\x00\x0d\x00\x16\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03", 16);
  assert_memory_equal(buf + 16, "\x00\x07\x00\x09\x00\x0b", 6);
  assert_int_equal(w.n, 22);
  struct param raw = first_param(writer_written(&w));
  struct reconfig_param p;
  assert_true(reconfig_param_read(&raw, &p));
  assert_int_equal(p.type, PARAM_OUTGOING_RESET);
  assert_int_equal(p.request_seq, 1);
  assert_int_equal(p.response_seq, 2);
  assert_int_equal(p.last_tsn, 3);
  assert_int_equal(reconfig_streams(&p), 3);
  assert_int_equal(reconfig_stream_at(&p, 2), 11);
}

static void test_a_reset_response_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  reconfig_write_response(&w, 77, RESET_IN_PROGRESS);
  struct param raw = first_param(writer_written(&w));
  struct reconfig_param p;
  assert_true(reconfig_param_read(&raw, &p));
  assert_int_equal(p.type, PARAM_RECONFIG_RESPONSE);
  assert_int_equal(p.response_seq, 77);
  assert_int_equal(p.result, RESET_IN_PROGRESS);
}

static void test_reset_parameters_cut_short_are_refused(void **state) {
  (void)state;
  const uint8_t value[16] = {0};
  struct reconfig_param p;
  static const size_t least[] = {12, 4, 4, 8, 4, 4};
  for (size_t i = 0; i < sizeof least / sizeof *least; i++) {
    uint16_t type = (uint16_t)(PARAM_OUTGOING_RESET + i);
    size_t n = least[i];
    assert_false(reconfig_param_read(&(struct param){.type = type, .value = {value, n - 1}}, &p));
    assert_true(reconfig_param_read(&(struct param){.type = type, .value = {value, n}}, &p));
  }
  assert_false(reconfig_param_read(&(struct param){.type = 12, .value = {value, 16}}, &p));
  assert_false(reconfig_param_read(&(struct param){.type = 19, .value = {value, 16}}, &p));
  /* a stream and a half */
  assert_false(
      reconfig_param_read(&(struct param){.type = PARAM_OUTGOING_RESET, .value = {value, 15}}, &p));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_outgoing_reset_reads_what_it_wrote),
      cmocka_unit_test(test_a_reset_response_reads_what_it_wrote),
      cmocka_unit_test(test_reset_parameters_cut_short_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
