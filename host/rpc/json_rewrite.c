#include "rpc/json_rewrite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/json_scan.h"

#define MARK_SIZE (sizeof JSON_NUL_MARK - 1)
#define MARK_CODE 0xe000u

struct rewriter {
  const uint8_t *p, *end, *kept; /* from kept on nothing was written yet */
  struct text *to;
};

/* What stands from `from` on up to now becomes this. */
static void replace(struct rewriter *r, const uint8_t *from, const char *with) {
  text_add_bytes(r->to, (struct bytes){r->kept, (size_t)(from - r->kept)});
  text_add(r->to, with);
  r->kept = r->p;
}

/* At "\u". */
static void rewrite_unicode(struct rewriter *r) {
  const uint8_t *start = r->p;
  unsigned code = json_hex4(r->p + 2);
  r->p += 6;
  if (code == 0) replace(r, start, "\\ue0000");
  if (code == MARK_CODE) replace(r, start, "\\ue0001");
  if (code < 0xd800 || code > 0xdfff) return;
  bool pair = code <= 0xdbff && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u';
  unsigned low = pair ? json_hex4(r->p + 2) : 0;
  if (low >= 0xdc00 && low <= 0xdfff)
    r->p += 6;
  else
    replace(r, start, "\\ufffd");
}

static void rewrite_string(struct rewriter *r) {
  for (r->p++; *r->p != '"';) {
    if (*r->p == '\\' && r->p[1] == 'u') {
      rewrite_unicode(r);
    } else if (*r->p == '\\') {
      r->p += 2;
    } else if (*r->p == (uint8_t)JSON_NUL_MARK[0] && memcmp(r->p, JSON_NUL_MARK, MARK_SIZE) == 0) {
      const uint8_t *start = r->p;
      r->p += MARK_SIZE;
      replace(r, start, JSON_NUL_MARK "1");
    } else {
      r->p++;
    }
  }
  r->p++;
}

static bool in_number(uint8_t c) {
  return (c >= '0' && c <= '9') || memchr("+-.eE", c, 5);
}

static void rewrite_number(struct rewriter *r) {
  const uint8_t *start = r->p;
  while (r->p < r->end && in_number(*r->p)) r->p++;
  size_t n = (size_t)(r->p - start);
  if (n <= JSON_NUMBER_MAX) return;
  struct text whole = {0}, shorter = {0};
  text_add_bytes(&whole, (struct bytes){start, n});
  double v = whole.failed ? 0 : strtod(whole.p, NULL);
  if (isinf(v))
    text_add(&shorter, v > 0 ? "1e999" : "-1e999");
  else
    text_addf(&shorter, "%.17g", v);
  if (whole.failed || shorter.failed)
    r->to->failed = true;
  else
    replace(r, start, shorter.p);
  text_free(&whole);
  text_free(&shorter);
}

bool json_rewrite(struct bytes frame, struct text *to) {
  struct rewriter r = {.p = frame.p, .end = frame.p + frame.n, .kept = frame.p, .to = to};
  while (r.p < r.end) {
    if (*r.p == '"')
      rewrite_string(&r);
    else if (*r.p == '-' || (*r.p >= '0' && *r.p <= '9'))
      rewrite_number(&r);
    else
      r.p++;
  }
  text_add_bytes(to, (struct bytes){r.kept, (size_t)(r.end - r.kept)});
  return !to->failed;
}

size_t json_restored_size(const uint8_t *p, size_t n) {
  size_t size = n;
  for (size_t i = 0; i + MARK_SIZE < n; i++)
    if (memcmp(p + i, JSON_NUL_MARK, MARK_SIZE) == 0)
      size -= p[i + MARK_SIZE] == '0' ? MARK_SIZE : 1;
  return size;
}

size_t json_restore(uint8_t *p, size_t n) {
  size_t to = 0;
  for (size_t i = 0; i < n;) {
    bool mark = n - i > MARK_SIZE && memcmp(p + i, JSON_NUL_MARK, MARK_SIZE) == 0;
    bool nul = mark && p[i + MARK_SIZE] == '0';
    if (nul) {
      p[to++] = 0;
    } else if (mark) {
      memmove(p + to, p + i, MARK_SIZE);
      to += MARK_SIZE;
    } else {
      p[to++] = p[i];
    }
    i += mark ? MARK_SIZE + 1 : 1;
  }
  return to;
}
