#include "sctp/packet/crc32c.h"

#include "support/seeded_rng.h"
#include "support/unit.h"

static uint32_t crc_of(const char *text) {
  return ~crc32c_extend(CRC32C_START, (const uint8_t *)text, strlen(text));
}

/* One bit at a time, as the polynomial says. */
static uint32_t slow(uint32_t crc, const uint8_t *p, size_t n) {
  for (; n > 0; n--, p++) {
    crc ^= *p;
    for (int i = 0; i < 8; i++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return crc;
}

static void test_the_known_values(void **state) {
  (void)state;
  uint8_t zeros[32] = {0};
  assert_int_equal(crc_of("123456789"), 0xe3069283u);
  assert_int_equal(crc_of(""), 0);
  /* RFC 3720 section B.4 */
  assert_int_equal(~crc32c_extend(CRC32C_START, zeros, sizeof zeros), 0x8a9136aau);
}

static void test_every_length_and_alignment_agrees_with_the_bitwise_sum(void **state) {
  (void)state;
  static uint8_t data[1700];
  struct seeded_rng rng;
  seeded_rng_init(&rng, 1);
  rng.rng.fill(rng.rng.ctx, data, sizeof data);
  for (size_t n = 0; n < 1600; n += n < 70 ? 1 : 37) {
    for (size_t at = 0; at < 9; at++) {
      uint32_t want = slow(0x12345678u, data + at, n);
      assert_int_equal(crc32c_extend_table(0x12345678u, data + at, n), want);
      assert_int_equal(crc32c_extend(0x12345678u, data + at, n), want);
    }
  }
}

static void test_parts_give_the_same_as_the_whole(void **state) {
  (void)state;
  const uint8_t *p = (const uint8_t *)"one packet in two parts";
  uint32_t whole = crc32c_extend(CRC32C_START, p, 23);
  for (size_t cut = 0; cut <= 23; cut++)
    assert_int_equal(crc32c_extend(crc32c_extend(CRC32C_START, p, cut), p + cut, 23 - cut), whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_known_values),
      cmocka_unit_test(test_every_length_and_alignment_agrees_with_the_bitwise_sum),
      cmocka_unit_test(test_parts_give_the_same_as_the_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
