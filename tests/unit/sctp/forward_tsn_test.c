#include "sctp/packet/forward_tsn.h"

#include "support/sctp_chunk.h"

static bool read_first(const struct writer *w, struct forward_tsn_chunk *ret) {
  struct chunk c = first_chunk(writer_written(w));
  return forward_tsn_read(&c, ret);
}

static bool is_read(uint8_t type, size_t n) {
  static const uint8_t value[16];
  struct forward_tsn_chunk f;
  return forward_tsn_read(&(struct chunk){.type = type, .value = {value, n}}, &f);
}

static void test_forward_tsn_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  const struct forward_tsn_entry entries[] = {{.stream = 1, .mid = 2}, {.stream = 3, .mid = 65535}};
  forward_tsn_write(&w, false, 0x01020304, &(struct forward_tsn_list){entries, 2});
  assert_memory_equal(buf, "\xc0\x00\x00\x10\x01\x02\x03\x04\x00\x01\x00\x02\x00\x03\xff\xff", 16);
  struct forward_tsn_chunk f;
  assert_true(read_first(&w, &f));
  assert_int_equal(f.cum, 0x01020304);
  assert_int_equal(forward_tsn_entries(&f), 2);
  assert_int_equal(forward_tsn_at(&f, 1).mid, 65535);
}

static void test_i_forward_tsn_names_messages_by_stream_kind_and_mid(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  const struct forward_tsn_entry entries[] = {{.stream = 1, .mid = 0x01020304},
                                              {.stream = 3, .unordered = true, .mid = 7}};
  forward_tsn_write(&w, true, 5, &(struct forward_tsn_list){entries, 2});
  assert_memory_equal(buf,
                      "\xc2\x00\x00\x18\x00\x00\x00\x05\x00\x01\x00\x00\x01\x02\x03\x04"
                      "\x00\x03\x00\x01\x00\x00\x00\x07",
                      24);
  struct forward_tsn_chunk f;
  assert_true(read_first(&w, &f));
  assert_true(f.interleaved);
  assert_int_equal(forward_tsn_entries(&f), 2);
  assert_int_equal(forward_tsn_at(&f, 0).mid, 0x01020304);
  assert_false(forward_tsn_at(&f, 0).unordered);
  assert_true(forward_tsn_at(&f, 1).unordered);
  assert_int_equal(forward_tsn_at(&f, 1).stream, 3);
}

static void test_a_forward_tsn_with_a_part_of_an_entry_is_refused(void **state) {
  (void)state;
  assert_false(is_read(CHUNK_FORWARD_TSN, 10));
  assert_false(is_read(CHUNK_FORWARD_TSN, 3));
  assert_true(is_read(CHUNK_FORWARD_TSN, 4));
  assert_true(is_read(CHUNK_FORWARD_TSN, 8));
  assert_false(is_read(CHUNK_I_FORWARD_TSN, 8));
  assert_true(is_read(CHUNK_I_FORWARD_TSN, 12));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forward_tsn_reads_what_it_wrote),
      cmocka_unit_test(test_i_forward_tsn_names_messages_by_stream_kind_and_mid),
      cmocka_unit_test(test_a_forward_tsn_with_a_part_of_an_entry_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
