#include "sdp/lines.h"

#include <string.h>
#include <strings.h>

#include "base/cursor.h"
#include "sdp/description.h"

struct sdp_lines sdp_lines_of(struct bytes sdp) {
  return (struct sdp_lines){sdp, 0};
}

int sdp_expected(struct fault *ret_fault, size_t line, const char *what) {
  return fault_set(ret_fault, FAULT_INVALID_SDP, "line %zu: expected %s", line, what);
}

struct bytes sdp_take_until(struct bytes *rest, char separator) {
  const uint8_t *end = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
  struct cursor c = cursor_of(*rest);
  struct bytes taken = cursor_take(&c, end ? (size_t)(end - rest->p) : rest->n);
  cursor_skip_upto(&c, 1);
  *rest = cursor_rest(&c);
  return taken;
}

struct bytes sdp_take_word(struct bytes *rest) {
  struct bytes word = {NULL, 0};
  while (word.n == 0 && rest->n > 0) word = sdp_take_until(rest, ' ');
  return word;
}

static int check_line(struct bytes raw, size_t number, struct fault *ret_fault) {
  if (raw.n > SDP_LINE_MAX) return sdp_expected(ret_fault, number, "at most 16384 bytes");
  if (memchr(raw.p, '\0', raw.n) || memchr(raw.p, '\r', raw.n))
    return sdp_expected(ret_fault, number, "no NUL and no lone CR inside");
  if (raw.n < 2 || raw.p[1] != '=' || raw.p[0] < 'a' || raw.p[0] > 'z')
    return sdp_expected(ret_fault, number, "a small letter and '=' at the start");
  return 0;
}

int sdp_next_line(struct sdp_lines *lines, struct sdp_line *ret, struct fault *ret_fault) {
  while (lines->rest.n > 0) {
    struct bytes raw = sdp_take_until(&lines->rest, '\n');
    lines->number++;
    if (raw.n > 0 && raw.p[raw.n - 1] == '\r') raw.n--;
    if (raw.n == 0) continue;
    int r = check_line(raw, lines->number, ret_fault);
    if (r < 0) return r;
    struct cursor c = cursor_of(raw);
    ret->type = (char)cursor_u8(&c);
    cursor_skip(&c, 1);
    ret->value = cursor_rest(&c);
    ret->number = lines->number;
    return 1;
  }
  return 0;
}

bool sdp_is(struct bytes word, const char *text) {
  return bytes_equal(word, bytes_of(text));
}

bool sdp_is_any_case(struct bytes word, const char *text) {
  return word.n == strlen(text) && strncasecmp((const char *)word.p, text, word.n) == 0;
}

bool sdp_number(struct bytes word, uint64_t max, uint64_t *ret) {
  uint64_t v = 0;
  if (word.n == 0) return false;
  for (size_t i = 0; i < word.n; i++) {
    if (word.p[i] < '0' || word.p[i] > '9') return false;
    uint64_t digit = (uint64_t)(word.p[i] - '0');
    if (digit > max || v > (max - digit) / 10) return false;
    v = v * 10 + digit;
  }
  *ret = v;
  return true;
}

bool sdp_copy(struct bytes word, char *to, size_t cap) {
  if (word.n >= cap) return false;
  if (word.n > 0) memcpy(to, word.p, word.n);
  to[word.n] = '\0';
  return true;
}
