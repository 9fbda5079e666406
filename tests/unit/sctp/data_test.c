#include "sctp/packet/data.h"

#include "support/sctp_chunk.h"

static void test_data_has_the_bytes_the_rfc_draws(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  data_chunk_write(&w, &(struct data_chunk){.tsn = 0x01020304,
                                            .stream = 5,
                                            .mid = 6,
                                            .ppid = 51,
                                            .begin = true,
                                            .end = true,
                                            .immediate = true,
                                            .data = bytes_of("hello")});
  assert_int_equal(w.n, 24);
  assert_memory_equal(buf,
                      "\x00\x0b\x00\x15\x01\x02\x03\x04\x00\x05\x00\x06\x00\x00\x00\x33"
                      "hello\0\0\0",
                      24);
}

static void test_data_reads_what_it_wrote(void **state) {
  (void)state;
  for (unsigned flags = 0; flags < 16; flags++) {
    uint8_t buf[64];
    struct writer w = writer_of(buf, sizeof buf);
    const struct data_chunk d = {.tsn = 0xffffffff,
                                 .stream = 65535,
                                 .mid = 7,
                                 .ppid = 0xdeadbeef,
                                 .begin = flags & 1,
                                 .end = flags & 2,
                                 .unordered = flags & 4,
                                 .immediate = flags & 8,
                                 .data = bytes_of("x")};
    data_chunk_write(&w, &d);
    struct chunk c = first_chunk(writer_written(&w));
    struct data_chunk back;
    assert_true(data_chunk_read(&c, &back));
    assert_int_equal(back.tsn, d.tsn);
    assert_int_equal(back.stream, d.stream);
    assert_int_equal(back.mid, d.mid);
    assert_int_equal(back.ppid, d.ppid);
    assert_int_equal(back.begin, d.begin);
    assert_int_equal(back.end, d.end);
    assert_int_equal(back.unordered, d.unordered);
    assert_int_equal(back.immediate, d.immediate);
    assert_true(bytes_equal(back.data, d.data));
  }
}

static void test_i_data_has_the_bytes_the_rfc_draws(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  struct data_chunk d = {.interleaved = true,
                         .tsn = 0x01020304,
                         .stream = 5,
                         .mid = 0x0a0b0c0d,
                         .fsn = 0,
                         .ppid = 51,
                         .begin = true,
                         .unordered = true,
                         .data = bytes_of("hi")};
  data_chunk_write(&w, &d);
  d.begin = false;
  d.end = true;
  d.fsn = 9;
  data_chunk_write(&w, &d);
  assert_int_equal(w.n, 48);
  assert_memory_equal(buf,
                      "\x40\x06\x00\x16\x01\x02\x03\x04\x00\x05\x00\x00\x0a\x0b\x0c\x0d"
                      "\x00\x00\x00\x33hi\0\0",
                      24);
  assert_memory_equal(buf + 24,
                      "\x40\x05\x00\x16\x01\x02\x03\x04\x00\x05\x00\x00\x0a\x0b\x0c\x0d"
                      "\x00\x00\x00\x09hi\0\0",
                      24);
}

static void test_i_data_reads_what_it_wrote(void **state) {
  (void)state;
  for (unsigned begin = 0; begin < 2; begin++) {
    uint8_t buf[64];
    struct writer w = writer_of(buf, sizeof buf);
    const struct data_chunk d = {.interleaved = true,
                                 .tsn = 1,
                                 .stream = 65535,
                                 .mid = 0xfffffffe,
                                 .fsn = begin ? 0 : 0xffffffff,
                                 .ppid = begin ? 0xdeadbeef : 0,
                                 .begin = begin,
                                 .data = bytes_of("x")};
    data_chunk_write(&w, &d);
    struct chunk c = first_chunk(writer_written(&w));
    struct data_chunk back;
    assert_true(data_chunk_read(&c, &back));
    assert_true(back.interleaved);
    assert_int_equal(back.stream, d.stream);
    assert_int_equal(back.mid, d.mid);
    assert_int_equal(back.fsn, d.fsn);
    assert_int_equal(back.ppid, d.ppid);
    assert_true(bytes_equal(back.data, d.data));
  }
}

static void test_i_data_that_is_first_and_does_not_begin_is_refused(void **state) {
  (void)state;
  const uint8_t value[17] = {0};
  struct data_chunk d;
  assert_false(data_chunk_read(&(struct chunk){CHUNK_I_DATA, 0, {value, 17}}, &d));
  assert_true(data_chunk_read(&(struct chunk){CHUNK_I_DATA, DATA_FLAG_BEGIN, {value, 17}}, &d));
  assert_false(data_chunk_read(&(struct chunk){CHUNK_I_DATA, DATA_FLAG_BEGIN, {value, 15}}, &d));
}

static void test_data_without_its_header_is_refused(void **state) {
  (void)state;
  const uint8_t value[11] = {0};
  struct data_chunk d;
  assert_false(data_chunk_read(&(struct chunk){CHUNK_DATA, 3, {value, 11}}, &d));
}

static void test_data_that_does_not_fit_is_not_written(void **state) {
  (void)state;
  uint8_t buf[20];
  struct writer w = writer_of(buf, sizeof buf);
  data_chunk_write(&w, &(struct data_chunk){.data = bytes_of("12345")});
  assert_true(w.failed);
  assert_int_equal(w.n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_data_has_the_bytes_the_rfc_draws),
      cmocka_unit_test(test_data_reads_what_it_wrote),
      cmocka_unit_test(test_i_data_has_the_bytes_the_rfc_draws),
      cmocka_unit_test(test_i_data_reads_what_it_wrote),
      cmocka_unit_test(test_i_data_that_is_first_and_does_not_begin_is_refused),
      cmocka_unit_test(test_data_without_its_header_is_refused),
      cmocka_unit_test(test_data_that_does_not_fit_is_not_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
