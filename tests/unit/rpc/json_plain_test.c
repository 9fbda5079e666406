#include "rpc/json_plain.h"

#include "support/unit.h"

static bool plain(uint8_t c, bool ascii) {
  return c >= 0x20 && c != '"' && c != '\\' && (!ascii || c < 0x80);
}

/* Every byte at every place of runs of all lengths about a word. */
static void test_a_run_ends_at_the_first_byte_that_needs_care(void **state) {
  (void)state;
  uint8_t b[40];
  for (size_t n = 1; n <= sizeof b; n++)
    for (size_t at = 0; at < n; at++)
      for (unsigned c = 0; c < 256; c++)
        for (int ascii = 0; ascii < 2; ascii++) {
          memset(b, 'x', n);
          b[at] = (uint8_t)c;
          size_t want = plain((uint8_t)c, ascii) ? n : at;
          assert_int_equal(json_plain_run((struct bytes){b, n}, ascii), want);
        }
}

static void test_the_first_of_two_counts(void **state) {
  (void)state;
  static const uint8_t special[] = {0, 1, 0x1f, '"', '\\'};
  uint8_t b[24];
  for (size_t i = 0; i < 24; i++)
    for (size_t k = i + 1; k < 24; k++)
      for (size_t s = 0; s < 25; s++) {
        memset(b, 0x21, sizeof b);
        b[i] = special[s % 5];
        b[k] = special[s / 5];
        assert_int_equal(json_plain_run((struct bytes){b, sizeof b}, false), i);
      }
  assert_int_equal(json_plain_run((struct bytes){b, 0}, true), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_run_ends_at_the_first_byte_that_needs_care),
      cmocka_unit_test(test_the_first_of_two_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
