#include "sctp/packet/sack.h"

#include "support/sctp_chunk.h"

static void test_sack_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  const struct sack_gap gaps[] = {{2, 3}, {5, 5}};
  const uint32_t dups[] = {0xfffffffe};
  sack_chunk_write(&w, &(struct sack_chunk){.cum = 0xffffffff, .a_rwnd = 9}, gaps, 2, dups, 1);
  assert_memory_equal(buf,
                      "\x03\x00\x00\x1c\xff\xff\xff\xff\x00\x00\x00\x09\x00\x02\x00\x01"
                      "\x00\x02\x00\x03\x00\x05\x00\x05\xff\xff\xff\xfe",
                      28);
  struct sack_chunk s = {0};
  assert_true(sack_chunk_read(first_chunk(writer_written(&w)).value, &s));
  assert_int_equal(s.cum, 0xffffffff);
  assert_int_equal(sack_gaps(&s), 2);
  assert_int_equal(sack_gap_at(&s, 0).last, 3);
  assert_int_equal(sack_gap_at(&s, 1).first, 5);
  assert_int_equal(sack_dups(&s), 1);
  assert_int_equal(sack_dup_at(&s, 0), 0xfffffffe);
}

static void test_a_sack_with_fewer_blocks_than_it_says_is_refused(void **state) {
  (void)state;
  const uint8_t value[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 0, 1, 0, 1};
  struct sack_chunk s = {0};
  assert_false(sack_chunk_read((struct bytes){value, sizeof value}, &s));
  assert_false(sack_chunk_read((struct bytes){value, 11}, &s));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sack_reads_what_it_wrote),
      cmocka_unit_test(test_a_sack_with_fewer_blocks_than_it_says_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
