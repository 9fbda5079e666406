#include "install/relaxed.h"

#include <string.h>

static bool is_blank(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t string_end(struct bytes json, size_t at) {
  for (at++; at < json.n && json.p[at] != '"'; at++)
    if (json.p[at] == '\\') at++;
  return at < json.n ? at + 1 : json.n;
}

/* Behind the comment that begins here, or `at`. */
static size_t comment_end(struct bytes json, size_t at) {
  if (json.n - at < 2 || json.p[at] != '/') return at;
  if (json.p[at + 1] == '/') {
    while (at < json.n && json.p[at] != '\n') at++;
  } else if (json.p[at + 1] == '*') {
    for (at += 2; at < json.n; at++)
      if (json.p[at] == '/' && json.p[at - 1] == '*') return at + 1;
  }
  return at;
}

/* Behind blanks and comments. */
static size_t skip(struct bytes json, size_t at) {
  for (size_t next; at < json.n; at = next) {
    next = is_blank(json.p[at]) ? at + 1 : comment_end(json, at);
    if (next == at) break;
  }
  return at;
}

static bool is_needless_comma(struct bytes json, size_t at) {
  size_t next = skip(json, at + 1);
  return json.p[at] == ',' && next < json.n && (json.p[next] == ']' || json.p[next] == '}');
}

void install_relax(struct bytes json, struct text *to) {
  for (size_t at = 0, end; at < json.n; at = end) {
    end = json.p[at] == '"' ? string_end(json, at) : skip(json, at);
    bool blank = json.p[at] != '"' && end > at;
    if (end == at) {
      end = at + 1;
      blank = is_needless_comma(json, at);
    }
    if (blank)
      text_add(to, " ");
    else
      text_add_bytes(to, (struct bytes){json.p + at, end - at});
  }
}

cJSON *install_parse(struct bytes json) {
  const char *end = NULL;
  cJSON *o =
      json.n > 0 ? cJSON_ParseWithLengthOpts((const char *)json.p, json.n, &end, false) : NULL;
  size_t at = o ? (size_t)(end - (const char *)json.p) : 0;
  while (o && at < json.n && is_blank(json.p[at])) at++;
  if (!o || at == json.n) return o;
  cJSON_Delete(o);
  return NULL;
}
