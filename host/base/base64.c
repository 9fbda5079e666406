#include "base/base64.h"

#include "base/base64_simd.h"

size_t base64_encoded_size(size_t n) {
  return (n + 2) / 3 * 4;
}

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(struct bytes in, char *out) {
  size_t i = base64_simd_encode(in, out), o = i / 3 * 4;
  for (; i + 3 <= in.n; i += 3, o += 4) {
    uint32_t v = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8 | in.p[i + 2];
    out[o] = digits[v >> 18];
    out[o + 1] = digits[v >> 12 & 63];
    out[o + 2] = digits[v >> 6 & 63];
    out[o + 3] = digits[v & 63];
  }
  if (i < in.n) {
    bool two = in.n - i == 2;
    uint32_t v = (uint32_t)in.p[i] << 16 | (two ? (uint32_t)in.p[i + 1] << 8 : 0);
    out[o] = digits[v >> 18];
    out[o + 1] = digits[v >> 12 & 63];
    out[o + 2] = out[o + 3] = '=';
    if (two) out[o + 2] = digits[v >> 6 & 63];
    o += 4;
  }
  return o;
}

/* Value of each base64 digit plus one; 0: not a digit. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* The first character of the four at p that is not a digit. */
static size_t first_bad(const uint8_t *p) {
  size_t i = 0;
  while (i < 4 && values[p[i]] != 0) i++;
  return i;
}

/* The last group, which may be padded. Returns the bytes written, or 0 with *ret_at. */
static size_t decode_last(const uint8_t *p, uint8_t *out, size_t *ret_at) {
  size_t given = p[3] != '=' ? 4 : p[2] != '=' ? 3 : 2;
  uint32_t v = 0;
  for (size_t i = 0; i < 4; i++) {
    uint8_t d = i < given ? values[p[i]] : 1;
    if (d == 0) {
      *ret_at = i;
      return 0;
    }
    v = v << 6 | (uint32_t)(d - 1);
  }
  if ((given == 3 && (v & 0xff) != 0) || (given == 2 && (v & 0xffff) != 0)) {
    *ret_at = given - 1;
    return 0;
  }
  for (size_t i = 0; i < given - 1; i++) out[i] = (uint8_t)(v >> (16 - 8 * i));
  return given - 1;
}

bool base64_decode(struct bytes in, uint8_t *out, size_t *ret_n, size_t *ret_at) {
  if (in.n % 4 != 0) {
    *ret_at = in.n;
    return false;
  }
  size_t at = base64_simd_decode(in, out), o = at / 4 * 3;
  for (; at + 8 <= in.n; at += 4, o += 3) {
    const uint8_t *p = in.p + at;
    uint8_t a = values[p[0]], b = values[p[1]], c = values[p[2]], d = values[p[3]];
    if (!a || !b || !c || !d) {
      *ret_at = at + first_bad(p);
      return false;
    }
    uint32_t v = (uint32_t)(a - 1) << 18 | (uint32_t)(b - 1) << 12 | (uint32_t)(c - 1) << 6 |
                 (uint32_t)(d - 1);
    out[o] = (uint8_t)(v >> 16);
    out[o + 1] = (uint8_t)(v >> 8);
    out[o + 2] = (uint8_t)v;
  }
  if (at < in.n) {
    size_t bad = 0, n = decode_last(in.p + at, out + o, &bad);
    if (n == 0) {
      *ret_at = at + bad;
      return false;
    }
    o += n;
  }
  *ret_n = o;
  return true;
}
