#include "rpc/json_scan.h"

#include <string.h>

#include "rpc/json_plain.h"

/* Where the scan is. depth 1 is the top-level value's inside. */
struct scanner {
  const uint8_t *p, *end;
  struct json_scan *out;
  int depth;
  unsigned seen; /* which top-level members were there */
};

static const char *const top_members[] = {"jsonrpc", "id", "method", "params"};

static bool wrong(struct scanner *s, const char *what) {
  s->out->what = what;
  return false;
}

static void skip_space(struct scanner *s) {
  while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) s->p++;
}

static int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  uint8_t lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

unsigned json_hex4(const uint8_t *p) {
  unsigned v = 0;
  for (int i = 0; i < 4; i++) v = v << 4 | (unsigned)hex_digit(p[i]);
  return v;
}

static bool scan_hex4(struct scanner *s, unsigned *ret) {
  for (int i = 0; i < 4; i++, s->p++)
    if (s->p == s->end || hex_digit(*s->p) < 0) return wrong(s, "four hexadecimal digits");
  *ret = json_hex4(s->p - 4);
  return true;
}

/* After "\u". A surrogate needs its partner behind it, as an escape too. */
static bool scan_unicode(struct scanner *s) {
  unsigned code, low;
  if (!scan_hex4(s, &code)) return false;
  if (code == 0) s->out->rewrite = true;
  if (code < 0xd800 || code > 0xdfff) return true;
  bool high = code <= 0xdbff, escape = s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u';
  if (!high || !escape) {
    s->out->rewrite = true;
    return true;
  }
  const uint8_t *second = s->p;
  s->p += 2;
  if (!scan_hex4(s, &low)) return false;
  if (low >= 0xdc00 && low <= 0xdfff) return true;
  s->out->rewrite = true;
  s->p = second;
  return true;
}

static bool scan_escape(struct scanner *s) {
  s->p++;
  if (s->p == s->end) return wrong(s, "the rest of an escape");
  uint8_t c = *s->p;
  if (!memchr("\"\\/bfnrtu", c, 9)) return wrong(s, "a JSON escape after the backslash");
  s->p++;
  return c != 'u' || scan_unicode(s);
}

/* At the opening quote. *ret is what stands between the quotes. */
static bool scan_string(struct scanner *s, struct bytes *ret) {
  const uint8_t *start = ++s->p;
  for (;;) {
    s->p += json_plain_run((struct bytes){s->p, (size_t)(s->end - s->p)}, false);
    if (s->p == s->end || *s->p == '"') break;
    if (*s->p < 0x20) return wrong(s, "no control character in a string: escape it");
    if (!scan_escape(s)) return false;
  }
  if (s->p == s->end) return wrong(s, "the end of a string");
  *ret = (struct bytes){start, (size_t)(s->p - start)};
  s->p++;
  return true;
}

static size_t scan_digits(struct scanner *s) {
  size_t n = 0;
  for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) n++;
  return n;
}

static bool scan_number(struct scanner *s) {
  const uint8_t *start = s->p;
  if (*s->p == '-') s->p++;
  bool zero = s->p < s->end && *s->p == '0';
  size_t digits = scan_digits(s);
  if (digits == 0 || (zero && digits > 1)) return wrong(s, "a number without leading zeros");
  if (s->p < s->end && *s->p == '.') {
    s->p++;
    if (scan_digits(s) == 0) return wrong(s, "digits after the decimal point");
  }
  if (s->p < s->end && (*s->p | 0x20) == 'e') {
    s->p++;
    if (s->p < s->end && (*s->p == '+' || *s->p == '-')) s->p++;
    if (scan_digits(s) == 0) return wrong(s, "digits of an exponent");
  }
  if ((size_t)(s->p - start) > JSON_NUMBER_MAX) s->out->rewrite = true;
  return true;
}

static bool scan_word(struct scanner *s) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t n = strlen(words[i]);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, words[i], n) != 0) continue;
    s->p += n;
    return true;
  }
  return wrong(s, "a JSON value");
}

/* Whether a name, as it stands between its quotes, is this ASCII word. Escapes count as what they
 * are. */
static bool is_name(struct bytes raw, const char *word) {
  size_t i = 0;
  for (; *word; word++) {
    if (i == raw.n) return false;
    unsigned c = raw.p[i++];
    if (c == '\\' && raw.p[i] == 'u') {
      c = json_hex4(raw.p + i + 1);
      i += 5;
    }
    if (c != (unsigned)*word) return false;
  }
  return i == raw.n;
}

static void note_member(struct scanner *s, struct bytes name) {
  for (unsigned i = 0; i < sizeof top_members / sizeof *top_members; i++) {
    if (!is_name(name, top_members[i])) continue;
    if (s->seen & 1u << i) s->out->twice = true;
    s->seen |= 1u << i;
  }
}

/* What is open around the current value: '{' or '[' for each level. */
struct nesting {
  char open[JSON_DEPTH_MAX + 1];
};

/* A member's name and colon. */
static bool scan_name(struct scanner *s, struct bytes *ret) {
  skip_space(s);
  if (s->p == s->end || *s->p != '"') return wrong(s, "a member's name in quotes");
  if (!scan_string(s, ret)) return false;
  skip_space(s);
  if (s->p == s->end || *s->p != ':') return wrong(s, "a colon after a member's name");
  s->p++;
  skip_space(s);
  return true;
}

static bool scan_scalar(struct scanner *s) {
  struct bytes ignored;
  if (*s->p == '"') return scan_string(s, &ignored);
  if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) return scan_number(s);
  return scan_word(s);
}

/* Opens an object or array. Sets *ret_empty when it closes at once. */
static bool scan_open(struct scanner *s, struct nesting *n, bool *ret_empty) {
  if (s->depth == JSON_DEPTH_MAX) return wrong(s, "at most 64 levels");
  char open = (char)*s->p++;
  n->open[++s->depth] = open;
  skip_space(s);
  *ret_empty = s->p < s->end && *s->p == (open == '{' ? '}' : ']');
  return true;
}

/* After a value: closes what ends here; true when a further value follows, false at the end or on
 * error (what is set). */
static bool scan_after(struct scanner *s, const struct nesting *n) {
  for (;;) {
    skip_space(s);
    if (s->depth == 0) return false;
    if (s->p == s->end) return wrong(s, "the end of an object or array");
    if (*s->p == ',') {
      s->p++;
      return true;
    }
    if (*s->p != (n->open[s->depth] == '{' ? '}' : ']'))
      return wrong(s, "a comma or the end of the object or array");
    s->p++;
    s->depth--;
  }
}

/* One value and, in an object, its name before it. */
static bool scan_item(struct scanner *s, struct nesting *n, bool *ret_opened) {
  struct bytes name = {NULL, 0};
  bool top = s->depth == 1 && n->open[1] == '{';
  if (s->depth > 0 && n->open[s->depth] == '{' && !scan_name(s, &name)) return false;
  skip_space(s);
  if (s->p == s->end) return wrong(s, "a JSON value");
  if (top) note_member(s, name);
  const uint8_t *start = s->p;
  *ret_opened = *s->p == '{' || *s->p == '[';
  bool empty = false;
  if (*ret_opened ? !scan_open(s, n, &empty) : !scan_scalar(s)) return false;
  if (empty) *ret_opened = false;
  if (top && is_name(name, "id")) s->out->id = (struct bytes){start, (size_t)(s->p - start)};
  return true;
}

static bool scan_all(struct scanner *s) {
  struct nesting n = {{0}};
  skip_space(s);
  if (s->p == s->end) return wrong(s, "a JSON value");
  s->out->first = (char)*s->p;
  for (;;) {
    bool opened = false;
    if (!scan_item(s, &n, &opened)) return false;
    if (!opened && !scan_after(s, &n)) break;
  }
  if (s->out->what) return false;
  return s->p == s->end || wrong(s, "nothing after the value");
}

void json_scan(struct bytes frame, struct json_scan *ret) {
  *ret = (struct json_scan){0};
  struct scanner s = {.p = frame.p, .end = frame.p + frame.n, .out = ret};
  if (frame.n == 0) {
    ret->what = "a JSON value";
    return;
  }
  ret->ok = scan_all(&s);
  ret->at = (size_t)(s.p - frame.p);
}
