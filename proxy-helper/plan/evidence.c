#include "plan/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define SAW_MAX 600

static bool grow(struct evidence_list *l) {
  if (l->n < l->cap) return true;
  size_t cap = l->cap ? 2 * l->cap : 8;
  struct evidence *list = realloc(l->list, cap * sizeof *list);
  if (!list) return false;
  l->list = list;
  l->cap = cap;
  return true;
}

static void free_one(struct evidence *e) {
  free(e->id);
  free(e->value);
  free(e->saw);
}

/* The bytes of the character at p; 0: it is none, or a control character (C0, DEL, C1). */
static size_t harmless(const unsigned char *p) {
  if (*p < 0x80) return *p >= ' ' && *p != 0x7f;
  size_t n = 1;
  while (n < 4 && (p[n] & 0xc0) == 0x80) n++;
  bool control = *p == 0xc2 && p[1] < 0xa0;
  return !control && utf8_valid((struct bytes){p, n}) ? n : 0;
}

bool evidence_is_harmless(const char *text) {
  const unsigned char *p = (const unsigned char *)text;
  for (size_t n; *p; p += n)
    if ((n = harmless(p)) == 0) return false;
  return true;
}

void evidence_make_harmless(char *text) {
  for (unsigned char *p = (unsigned char *)text; *p;) {
    size_t n = harmless(p);
    if (n == 0) *p = '?';
    p += n ? n : 1;
  }
}

void evidence_add(struct evidence_list *l, const char *id, const char *value, const char *saw,
                  ...) {
  char text[SAW_MAX];
  va_list args;
  va_start(args, saw);
  (void)vsnprintf(text, sizeof text, saw, args);
  va_end(args);
  struct evidence e = {strdup(id), strdup(value), strdup(text)};
  if (e.value) evidence_make_harmless(e.value);
  if (e.saw) evidence_make_harmless(e.saw);
  if (!e.id || !e.value || !e.saw || !grow(l)) {
    free_one(&e);
    l->failed = true;
    return;
  }
  l->list[l->n++] = e;
}

void evidence_free(struct evidence_list *l) {
  for (size_t i = 0; i < l->n; i++) free_one(&l->list[i]);
  free(l->list);
  *l = (struct evidence_list){0};
}

const char *evidence_value(const struct evidence_list *l, const char *id) {
  for (size_t i = l->n; i-- > 0;)
    if (strcmp(l->list[i].id, id) == 0) return l->list[i].value;
  return NULL;
}

bool evidence_is(const struct evidence_list *l, const char *id, const char *value) {
  const char *v = evidence_value(l, id);
  return v && strcmp(v, value) == 0;
}

size_t evidence_count(const struct evidence_list *l, const char *id, const char *value) {
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++)
    n += strcmp(l->list[i].id, id) == 0 && (!value || strcmp(l->list[i].value, value) == 0);
  return n;
}
