#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_reserve(struct text *t, size_t n) {
  if (t->failed) return NULL;
  size_t need = t->n + n + 1;
  if (need < n) goto fail;
  if (need > t->cap) {
    size_t cap = t->cap < 64 ? 64 : t->cap;
    while (cap < need) cap = cap + cap / 2 + 64;
    char *p = realloc(t->p, cap);
    if (!p) goto fail;
    t->p = p;
    t->cap = cap;
  }
  return t->p + t->n;
fail:
  t->failed = true;
  return NULL;
}

void text_add_bytes(struct text *t, struct bytes b) {
  char *at = text_reserve(t, b.n);
  if (!at) return;
  if (b.n > 0) memcpy(at, b.p, b.n);
  at[b.n] = '\0';
  t->n += b.n;
}

void text_add(struct text *t, const char *s) {
  text_add_bytes(t, bytes_of(s));
}

void text_addf(struct text *t, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *at = n < 0 ? NULL : text_reserve(t, (size_t)n);
  if (at) {
    (void)vsnprintf(at, (size_t)n + 1, format, again);
    t->n += (size_t)n;
  } else {
    t->failed = true;
  }
  va_end(again);
}

void text_clear(struct text *t) {
  t->n = 0;
  t->failed = false;
  if (t->p) t->p[0] = '\0';
}

char *text_take(struct text *t) {
  if (t->failed) {
    text_free(t);
    return NULL;
  }
  char *p = t->p;
  *t = (struct text){0};
  return p;
}

void text_free(struct text *t) {
  free(t->p);
  *t = (struct text){0};
}
