#include "sctp/packet/packet.h"

#include "support/unit.h"

/* A COOKIE ACK from port 5000 to 5001. */
static size_t make_packet(uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  packet_begin(&w, &(struct packet_header){5000, 5001, 0xa1b2c3d4u});
  size_t at = chunk_begin(&w, CHUNK_COOKIE_ACK, 0);
  chunk_end(&w, at);
  packet_finish(&w);
  return w.n;
}

static void test_a_packet_has_the_bytes_the_rfc_draws(void **state) {
  (void)state;
  uint8_t buf[64];
  const uint8_t want[] = {0x13, 0x88, 0x13, 0x89, 0xa1, 0xb2, 0xc3, 0xd4};
  size_t n = make_packet(buf, sizeof buf);
  assert_int_equal(n, 16);
  assert_memory_equal(buf, want, sizeof want);
  assert_memory_equal(buf + 12, "\x0b\x00\x00\x04", 4);
}

static void test_the_checksum_is_stored_lowest_byte_first(void **state) {
  (void)state;
  uint8_t buf[64];
  size_t n = make_packet(buf, sizeof buf);
  uint32_t sum = packet_checksum((struct bytes){buf, n});
  for (size_t i = 0; i < 4; i++) assert_int_equal(buf[8 + i], sum >> 8 * i & 255);
}

static void test_a_packet_opens_again(void **state) {
  (void)state;
  uint8_t buf[64];
  size_t n = make_packet(buf, sizeof buf);
  struct packet_header h;
  struct cursor chunks = {0};
  struct chunk c = {0};
  assert_int_equal(packet_open((struct bytes){buf, n}, PACKET_CRC32C, &h, &chunks), PACKET_OK);
  assert_int_equal(h.source, 5000);
  assert_int_equal(h.destination, 5001);
  assert_int_equal(h.tag, 0xa1b2c3d4u);
  assert_true(chunk_next(&chunks, &c));
  assert_int_equal(c.type, CHUNK_COOKIE_ACK);
  assert_int_equal(c.value.n, 0);
  assert_false(chunk_next(&chunks, &c));
  assert_false(chunks.failed);
}

static void test_a_flipped_bit_anywhere_is_noticed(void **state) {
  (void)state;
  uint8_t buf[64];
  size_t n = make_packet(buf, sizeof buf);
  struct packet_header h;
  struct cursor chunks = {0};
  for (size_t bit = 0; bit < 8 * n; bit++) {
    buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(packet_open((struct bytes){buf, n}, PACKET_CRC32C, &h, &chunks),
                     PACKET_CHECKSUM);
    buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

static void test_what_has_no_room_for_a_chunk_is_no_packet(void **state) {
  (void)state;
  uint8_t buf[64] = {0};
  struct packet_header h;
  struct cursor chunks = {0};
  for (size_t n = 0; n < 16; n++)
    assert_int_equal(packet_open((struct bytes){buf, n}, PACKET_CRC32C, &h, &chunks), PACKET_SHORT);
}

static void test_chunks_are_padded_but_their_length_is_not(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  size_t at = chunk_begin(&w, CHUNK_ERROR, 7);
  writer_bytes(&w, bytes_of("12345"));
  chunk_end(&w, at);
  assert_int_equal(w.n, 12);
  assert_memory_equal(buf,
                      "\x09\x07\x00\x09"
                      "12345\0\0\0",
                      12);
}

static void test_the_last_chunk_may_lack_its_padding(void **state) {
  (void)state;
  struct cursor c = cursor_of((struct bytes){(const uint8_t *)"\x09\x00\x00\x05x", 5});
  struct chunk k = {0};
  assert_true(chunk_next(&c, &k));
  assert_int_equal(k.value.n, 1);
  assert_false(chunk_next(&c, &k));
  assert_false(c.failed);
}

static void test_broken_framing_fails_the_cursor(void **state) {
  (void)state;
  static const char *const broken[] = {"\x09\x00\x00\x03", "\x09\x00\x00\x00",
                                       "\x09\x00\x00\x09\x31\x32\x33\x34", "\x09\x00\xff\xff"};
  static const size_t sizes[] = {4, 4, 8, 4};
  struct chunk k = {0};
  for (size_t i = 0; i < 4; i++) {
    struct cursor c = cursor_of((struct bytes){(const uint8_t *)broken[i], sizes[i]});
    assert_false(chunk_next(&c, &k));
    assert_true(c.failed);
  }
  struct cursor cut = cursor_of((struct bytes){(const uint8_t *)"\x09\x00\x00", 3});
  assert_false(chunk_next(&cut, &k));
  assert_true(cut.failed);
}

static void test_parameters_are_read_one_after_the_other(void **state) {
  (void)state;
  uint8_t buf[64];
  struct writer w = writer_of(buf, sizeof buf);
  param_write(&w, 0xc000, (struct bytes){NULL, 0});
  param_write(&w, 7, bytes_of("abcde"));
  struct cursor c = cursor_of(writer_written(&w));
  struct param p;
  assert_true(param_next(&c, &p));
  assert_int_equal(p.type, 0xc000);
  assert_int_equal(p.whole.n, 4);
  assert_true(param_next(&c, &p));
  assert_int_equal(p.type, 7);
  assert_true(bytes_equal(p.value, bytes_of("abcde")));
  assert_int_equal(p.whole.n, 9);
  assert_false(param_next(&c, &p));
  assert_false(c.failed);
}

static void test_a_parameter_past_the_end_fails(void **state) {
  (void)state;
  struct param p;
  struct cursor c = cursor_of((struct bytes){(const uint8_t *)"\x00\x07\x00\x08xyz", 7});
  assert_false(param_next(&c, &p));
  assert_true(c.failed);
  struct cursor d = cursor_of((struct bytes){(const uint8_t *)"\x00\x07\x00\x02", 4});
  assert_false(param_next(&d, &p));
  assert_true(d.failed);
}

static void test_a_writer_without_room_fails_and_writes_nothing_more(void **state) {
  (void)state;
  uint8_t buf[6];
  struct writer w = writer_of(buf, sizeof buf);
  size_t at = chunk_begin(&w, CHUNK_ERROR, 0);
  writer_bytes(&w, bytes_of("abc"));
  chunk_end(&w, at);
  assert_true(w.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_packet_has_the_bytes_the_rfc_draws),
      cmocka_unit_test(test_the_checksum_is_stored_lowest_byte_first),
      cmocka_unit_test(test_a_packet_opens_again),
      cmocka_unit_test(test_a_flipped_bit_anywhere_is_noticed),
      cmocka_unit_test(test_what_has_no_room_for_a_chunk_is_no_packet),
      cmocka_unit_test(test_chunks_are_padded_but_their_length_is_not),
      cmocka_unit_test(test_the_last_chunk_may_lack_its_padding),
      cmocka_unit_test(test_broken_framing_fails_the_cursor),
      cmocka_unit_test(test_parameters_are_read_one_after_the_other),
      cmocka_unit_test(test_a_parameter_past_the_end_fails),
      cmocka_unit_test(test_a_writer_without_room_fails_and_writes_nothing_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
