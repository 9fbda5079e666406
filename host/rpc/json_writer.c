#include "rpc/json_writer.h"

#include <string.h>

#include "base/utf8.h"
#include "rpc/json_plain.h"

static void before_value(struct json_writer *w) {
  if (w->comma) text_add(w->to, ",");
  w->comma = true;
}

void json_open(struct json_writer *w, char bracket) {
  before_value(w);
  text_add_bytes(w->to, (struct bytes){(const uint8_t *)&bracket, 1});
  w->comma = false;
}

void json_close(struct json_writer *w, char bracket) {
  text_add_bytes(w->to, (struct bytes){(const uint8_t *)&bracket, 1});
  w->comma = true;
}

void json_key(struct json_writer *w, const char *key) {
  before_value(w);
  text_addf(w->to, "\"%s\":", key);
  w->comma = false;
}

void json_uint(struct json_writer *w, uint64_t v) {
  before_value(w);
  text_addf(w->to, "%llu", (unsigned long long)v);
}

void json_int(struct json_writer *w, int64_t v) {
  before_value(w);
  text_addf(w->to, "%lld", (long long)v);
}

void json_real(struct json_writer *w, double v) {
  before_value(w);
  text_addf(w->to, "%.6f", v);
  while (w->to->n > 0 && w->to->p && w->to->p[w->to->n - 1] == '0') w->to->p[--w->to->n] = '\0';
  if (w->to->n > 0 && w->to->p && w->to->p[w->to->n - 1] == '.') w->to->p[--w->to->n] = '\0';
}

void json_bool(struct json_writer *w, bool v) {
  before_value(w);
  text_add(w->to, v ? "true" : "false");
}

void json_null(struct json_writer *w) {
  before_value(w);
  text_add(w->to, "null");
}

/* What a byte takes when escaped: 1, 2 or 6. */
static size_t escaped_size(uint8_t c) {
  if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') return 2;
  return c < 0x20 ? 6 : 1;
}

static size_t escape_byte(uint8_t c, char *to) {
  static const char hex[] = "0123456789abcdef";
  size_t n = escaped_size(c);
  if (n == 1) {
    to[0] = (char)c;
  } else if (n == 2) {
    to[0] = '\\';
    to[1] = (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c);
  } else {
    memcpy(to, "\\u00", 4);
    to[4] = hex[c >> 4];
    to[5] = hex[c & 15];
  }
  return n;
}

/* The bytes of b from i on that stand for themselves. */
static size_t plain_from(struct bytes b, size_t i) {
  return json_plain_run((struct bytes){b.p + i, b.n - i}, false);
}

size_t json_escaped_size(struct bytes b) {
  size_t n = b.n;
  for (size_t i = plain_from(b, 0); i < b.n; i += plain_from(b, i)) n += escaped_size(b.p[i++]) - 1;
  return n;
}

size_t json_escaped_cut(struct bytes b, size_t max) {
  if (b.n <= max && json_escaped_size(b) <= max) return b.n;
  size_t i = 0, n = 0, cut = 0;
  while (i < b.n && n + escaped_size(b.p[i]) <= max) {
    n += escaped_size(b.p[i++]);
    if (i == b.n || (b.p[i] & 0xc0) != 0x80) cut = i;
  }
  return cut;
}

void json_escape(struct bytes b, char *to) {
  for (size_t i = 0; i < b.n;) {
    size_t run = plain_from(b, i);
    if (run > 0) memcpy(to, b.p + i, run);
    to += run;
    i += run;
    if (i < b.n) to += escape_byte(b.p[i++], to);
  }
}

static void add_string(struct json_writer *w, struct bytes utf8) {
  size_t need = json_escaped_size(utf8) + 2;
  char *to = text_reserve(w->to, need);
  if (!to) return;
  to[0] = '"';
  json_escape(utf8, to + 1);
  to[need - 1] = '"';
  to[need] = '\0';
  w->to->n += need;
}

void json_string(struct json_writer *w, struct bytes utf8) {
  struct text repaired = {0};
  before_value(w);
  if (utf8_valid(utf8)) {
    add_string(w, utf8);
    return;
  }
  utf8_add_repaired(&repaired, utf8);
  if (repaired.failed) w->to->failed = true;
  add_string(w, (struct bytes){(const uint8_t *)repaired.p, repaired.n});
  text_free(&repaired);
}

void json_text(struct json_writer *w, const char *utf8) {
  json_string(w, bytes_of(utf8));
}

void json_raw(struct json_writer *w, struct bytes json) {
  before_value(w);
  text_add_bytes(w->to, json);
}
