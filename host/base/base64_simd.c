/*
 * The one file of the library that knows processors: AVX2 of x86-64, Advanced SIMD of AArch64. How
 * AVX2 takes digits apart by multiplication, and puts them together, is from Mula and Lemire,
 * "Faster Base64 Encoding and Decoding Using AVX2 Instructions" (2018).
 */
#include "base/base64_simd.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2     __attribute__((target("avx2")))
#define IN_BLOCK 24u /* bytes */
#define BLOCK    32u /* characters */

/* Twelve bytes from p and from p + 12, one half each. Reads 16 of both. */
AVX2 static inline __m256i load_halves(const uint8_t *p) {
  __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + 12));
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/* Each three bytes a b c as the 16-bit words "b a" and "c b", of which the four digits are
 * multiplied out. */
AVX2 static inline __m256i to_digits(__m256i bytes) {
  const __m256i spread =
      _mm256_broadcastsi128_si256(_mm_set_epi8(10, 11, 9, 10, 7, 8, 6, 7, 4, 5, 3, 4, 1, 2, 0, 1));
  __m256i words = _mm256_shuffle_epi8(bytes, spread);
  __m256i even = _mm256_mulhi_epu16(_mm256_and_si256(words, _mm256_set1_epi32(0x0fc0fc00)),
                                    _mm256_set1_epi32(0x04000040));
  __m256i odd = _mm256_mullo_epi16(_mm256_and_si256(words, _mm256_set1_epi32(0x003f03f0)),
                                   _mm256_set1_epi32(0x01000010));
  return _mm256_or_si256(even, odd);
}

/* 0 to 63 as characters: what is to be added is looked up by the range a digit is in. */
AVX2 static inline __m256i to_characters(__m256i digits) {
  const __m256i shifts = _mm256_broadcastsi128_si256(
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
  __m256i range = _mm256_subs_epu8(digits, _mm256_set1_epi8(51));
  __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), digits);
  range = _mm256_or_si256(range, _mm256_and_si256(upper, _mm256_set1_epi8(13)));
  return _mm256_add_epi8(digits, _mm256_shuffle_epi8(shifts, range));
}

AVX2 static size_t encode(struct bytes in, char *out) {
  size_t i = 0;
  for (; i + IN_BLOCK + 4 <= in.n; i += IN_BLOCK, out += BLOCK)
    _mm256_storeu_si256((__m256i *)(void *)out, to_characters(to_digits(load_halves(in.p + i))));
  return i;
}

AVX2 static inline __m256i in_range(__m256i c, char first, char last) {
  return _mm256_andnot_si256(_mm256_cmpgt_epi8(c, _mm256_set1_epi8(last)),
                             _mm256_cmpgt_epi8(c, _mm256_set1_epi8((char)(first - 1))));
}

AVX2 static inline __m256i choose(__m256i mask, int shift) {
  return _mm256_and_si256(mask, _mm256_set1_epi8((char)shift));
}

/* Characters as 0 to 63; false: one is none of the alphabet. */
AVX2 static inline bool from_characters(__m256i c, __m256i *ret) {
  __m256i upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z'),
          digit = in_range(c, '0', '9');
  __m256i plus = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('+'));
  __m256i slash = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/'));
  __m256i known = _mm256_or_si256(_mm256_or_si256(upper, lower),
                                  _mm256_or_si256(digit, _mm256_or_si256(plus, slash)));
  __m256i shift = _mm256_or_si256(
      _mm256_or_si256(choose(upper, -'A'), choose(lower, 26 - 'a')),
      _mm256_or_si256(choose(digit, 52 - '0'),
                      _mm256_or_si256(choose(plus, 62 - '+'), choose(slash, 63 - '/'))));
  *ret = _mm256_add_epi8(c, shift);
  return _mm256_movemask_epi8(known) == -1;
}

/* Four digits of six bits each to three bytes, twelve at the start of each half. */
AVX2 static inline __m256i to_bytes(__m256i digits) {
  const __m256i pack = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x01400140));
  __m256i words = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
  return _mm256_shuffle_epi8(words, pack);
}

AVX2 static size_t decode(struct bytes in, uint8_t *out) {
  size_t i = 0;
  for (; i + BLOCK + 16 <= in.n; i += BLOCK, out += IN_BLOCK) {
    __m256i digits;
    __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(in.p + i));
    if (!from_characters(c, &digits)) break;
    __m256i bytes = to_bytes(digits);
    /* Four bytes more than there are: those of the next block, or of the end, lie there. */
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(bytes));
    _mm_storeu_si128((__m128i *)(void *)(out + 12), _mm256_extracti128_si256(bytes, 1));
  }
  return i;
}

size_t base64_simd_encode(struct bytes in, char *out) {
  return __builtin_cpu_supports("avx2") ? encode(in, out) : 0;
}

size_t base64_simd_decode(struct bytes in, uint8_t *out) {
  return __builtin_cpu_supports("avx2") ? decode(in, out) : 0;
}

#elif defined(__aarch64__)

#include <arm_neon.h>

#define IN_BLOCK 48u
#define BLOCK    64u

/* The character of each digit, in registers to be looked up. */
static uint8x16x4_t alphabet(void) {
  static const uint8_t characters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return vld1q_u8_x4(characters);
}

size_t base64_simd_encode(struct bytes in, char *out) {
  const uint8x16x4_t table = alphabet();
  const uint8x16_t six = vdupq_n_u8(0x3f);
  size_t i = 0;
  for (; i + IN_BLOCK <= in.n; i += IN_BLOCK, out += BLOCK) {
    uint8x16x3_t b = vld3q_u8(in.p + i);
    uint8x16x4_t c;
    c.val[0] = vqtbl4q_u8(table, vshrq_n_u8(b.val[0], 2));
    c.val[1] = vqtbl4q_u8(
        table, vandq_u8(vorrq_u8(vshlq_n_u8(b.val[0], 4), vshrq_n_u8(b.val[1], 4)), six));
    c.val[2] = vqtbl4q_u8(
        table, vandq_u8(vorrq_u8(vshlq_n_u8(b.val[1], 2), vshrq_n_u8(b.val[2], 6)), six));
    c.val[3] = vqtbl4q_u8(table, vandq_u8(b.val[2], six));
    vst4q_u8((uint8_t *)out, c);
  }
  return i;
}

static uint8x16_t in_range(uint8x16_t c, uint8_t first, uint8_t last) {
  return vandq_u8(vcgeq_u8(c, vdupq_n_u8(first)), vcleq_u8(c, vdupq_n_u8(last)));
}

static uint8x16_t choose(uint8x16_t mask, int shift) {
  return vandq_u8(mask, vdupq_n_u8((uint8_t)shift));
}

/* Characters as 0 to 63; *known keeps only what is of the alphabet. */
static uint8x16_t from_characters(uint8x16_t c, uint8x16_t *known) {
  uint8x16_t upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z');
  uint8x16_t digit = in_range(c, '0', '9'), plus = vceqq_u8(c, vdupq_n_u8('+'));
  uint8x16_t slash = vceqq_u8(c, vdupq_n_u8('/'));
  uint8x16_t any = vorrq_u8(vorrq_u8(upper, lower), vorrq_u8(digit, vorrq_u8(plus, slash)));
  uint8x16_t shift = vorrq_u8(
      vorrq_u8(choose(upper, -'A'), choose(lower, 26 - 'a')),
      vorrq_u8(choose(digit, 52 - '0'), vorrq_u8(choose(plus, 62 - '+'), choose(slash, 63 - '/'))));
  *known = vandq_u8(*known, any);
  return vaddq_u8(c, shift);
}

size_t base64_simd_decode(struct bytes in, uint8_t *out) {
  size_t i = 0;
  for (; i + BLOCK + 16 <= in.n; i += BLOCK, out += IN_BLOCK) {
    uint8x16x4_t c = vld4q_u8(in.p + i);
    uint8x16_t known = vdupq_n_u8(0xff), d[4];
    uint8x16x3_t b;
    for (size_t k = 0; k < 4; k++) d[k] = from_characters(c.val[k], &known);
    if (vminvq_u8(known) == 0) break;
    b.val[0] = vorrq_u8(vshlq_n_u8(d[0], 2), vshrq_n_u8(d[1], 4));
    b.val[1] = vorrq_u8(vshlq_n_u8(d[1], 4), vshrq_n_u8(d[2], 2));
    b.val[2] = vorrq_u8(vshlq_n_u8(d[2], 6), d[3]);
    vst3q_u8(out, b);
  }
  return i;
}

#else

size_t base64_simd_encode(struct bytes in, char *out) {
  (void)in;
  (void)out;
  return 0;
}

size_t base64_simd_decode(struct bytes in, uint8_t *out) {
  (void)in;
  (void)out;
  return 0;
}

#endif
