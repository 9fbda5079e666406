#include "base/base64.h"

#include "support/seeded_rng.h"
#include "support/unit.h"

static void test_the_vectors_of_rfc_4648_section_10(void **state) {
  (void)state;
  static const char *const rows[][2] = {{"", ""},
                                        {"f", "Zg=="},
                                        {"fo", "Zm8="},
                                        {"foo", "Zm9v"},
                                        {"foob", "Zm9vYg=="},
                                        {"fooba", "Zm9vYmE="},
                                        {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[16];
    uint8_t back[16];
    size_t n = base64_encode(bytes_of(rows[i][0]), out), m = 0, at = 0;
    assert_int_equal(n, strlen(rows[i][1]));
    assert_memory_equal(out, rows[i][1], n);
    assert_true(base64_decode(bytes_of(rows[i][1]), back, &m, &at));
    assert_int_equal(m, strlen(rows[i][0]));
    assert_memory_equal(back, rows[i][0], m);
  }
}

static void test_bad_text_is_refused_at_the_first_bad_character(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t at;
  } rows[] = {{"Zg=", 3},  {"Z", 1},        {"Zg==Zg==", 2}, {"Zm9v Zm9", 4},
              {"Zm9*", 3}, {"====", 0},     {"Zh==", 1},     {"Zm9=", 2},
              {"Z===", 1}, {"Zm9vZ-9v", 5}, {"Zm9vZg=a", 6}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t out[16];
    size_t n = 77, at = 77;
    if (base64_decode(bytes_of(rows[i].text), out, &n, &at))
      fail_msg("\"%s\" was taken", rows[i].text);
    if (at != rows[i].at) fail_msg("\"%s\": at %zu", rows[i].text, at);
    assert_int_equal(n, 77);
  }
}

static void test_random_bytes_come_back(void **state) {
  (void)state;
  struct seeded_rng rng;
  seeded_rng_init(&rng, 1);
  for (size_t n = 0; n < 300; n++) {
    uint8_t in[300], back[304];
    char text[404];
    size_t m = 0, at = 0;
    rng.rng.fill(rng.rng.ctx, in, n);
    size_t k = base64_encode((struct bytes){in, n}, text);
    assert_int_equal(k, base64_encoded_size(n));
    assert_true(base64_decode((struct bytes){(uint8_t *)text, k}, back, &m, &at));
    assert_int_equal(m, n);
    assert_memory_equal(in, back, n);
  }
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bit by bit, to be compared with. */
static size_t encode_slowly(const uint8_t *in, size_t n, char *out) {
  size_t o = 0;
  for (size_t bit = 0; bit < 8 * n; bit += 6) {
    unsigned v = 0;
    for (size_t k = bit; k < bit + 6; k++)
      v = v << 1 | (k < 8 * n ? (unsigned)in[k / 8] >> (7 - k % 8) & 1u : 0u);
    out[o++] = alphabet[v];
  }
  while (o % 4 != 0) out[o++] = '=';
  return o;
}

static void test_every_length_and_place_is_encoded_and_decoded(void **state) {
  (void)state;
  static uint8_t in[512], back[512];
  static char want[700], got[700];
  for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)(i * 151 + (i >> 3));
  for (size_t n = 0; n <= 300; n++) {
    for (size_t at = 0; at < 33; at += n < 100 ? 1 : 8) {
      size_t k = encode_slowly(in + at, n, want), m = 0, bad = 0;
      memset(got, '~', sizeof got);
      assert_int_equal(base64_encode((struct bytes){in + at, n}, got + at), k);
      assert_memory_equal(got + at, want, k);
      assert_int_equal(got[at + k], '~');
      memset(back, 0xee, sizeof back);
      assert_true(base64_decode((struct bytes){(uint8_t *)got + at, k}, back + at, &m, &bad));
      assert_int_equal(m, n);
      assert_memory_equal(back + at, in + at, n);
    }
  }
}

static void test_a_bad_character_is_found_wherever_it_stands(void **state) {
  (void)state;
  static char text[256];
  static uint8_t out[256];
  const char bad[] = {'-', '_', '=', ' ', '\n', '@', '[', '`', '{', ':', ',', '.', '\x80', '\xff'};
  for (size_t n = 4; n <= 200; n += 28) {
    for (size_t at = 0; at < n; at++) {
      for (size_t b = 0; b < sizeof bad; b++) {
        size_t m = 0, where = 0;
        if (bad[b] == '=' && at + 1 == n) continue; /* padding */
        memset(text, 'Q', n);
        text[at] = bad[b];
        assert_false(base64_decode((struct bytes){(uint8_t *)text, n}, out, &m, &where));
        assert_int_equal(where, at);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_vectors_of_rfc_4648_section_10),
      cmocka_unit_test(test_bad_text_is_refused_at_the_first_bad_character),
      cmocka_unit_test(test_random_bytes_come_back),
      cmocka_unit_test(test_every_length_and_place_is_encoded_and_decoded),
      cmocka_unit_test(test_a_bad_character_is_found_wherever_it_stands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
