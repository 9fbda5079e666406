#include "sctp/packet/forward_tsn.h"

#include "support/sctp_chunk.h"

static void test_forward_tsn_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  const struct forward_tsn_entry entries[] = {{1, 2}, {3, 65535}};
  forward_tsn_write(&w, 0x01020304, entries, 2);
  assert_memory_equal(buf, "\xc0\x00\x00\x10\x01\x02\x03\x04\x00\x01\x00\x02\x00\x03\xff\xff", 16);
  struct forward_tsn_chunk f;
  assert_true(forward_tsn_read(first_chunk(writer_written(&w)).value, &f));
  assert_int_equal(f.cum, 0x01020304);
  assert_int_equal(forward_tsn_entries(&f), 2);
  assert_int_equal(forward_tsn_at(&f, 1).ssn, 65535);
}

static void test_a_forward_tsn_with_a_part_of_an_entry_is_refused(void **state) {
  (void)state;
  const uint8_t value[10] = {0};
  struct forward_tsn_chunk f;
  assert_false(forward_tsn_read((struct bytes){value, 10}, &f));
  assert_false(forward_tsn_read((struct bytes){value, 3}, &f));
  assert_true(forward_tsn_read((struct bytes){value, 4}, &f));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forward_tsn_reads_what_it_wrote),
      cmocka_unit_test(test_a_forward_tsn_with_a_part_of_an_entry_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
