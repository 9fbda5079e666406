#ifndef SENSO_BASE_TEXT_H
#define SENSO_BASE_TEXT_H

#include <stdarg.h>

#include "base/bytes.h"

/*
 * A growing byte buffer, always NUL-terminated once anything was written. Zero-initialised is
 * empty. A failed allocation sets `failed`, which sticks: append all, then test once. Owned by
 * whoever holds it; free with text_free.
 */
struct text {
  char *p;
  size_t n, cap;
  bool failed;
};

void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, struct bytes b);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more bytes at p + n (the caller writes them, then adds to n); NULL when out of memory.
 */
char *text_reserve(struct text *t, size_t n);

/* Forgets the content, keeps the storage. */
void text_clear(struct text *t);

/* Hands the string over to the caller (free()), leaving t empty; NULL if failed or never written.
 */
char *text_take(struct text *t);

/* Frees the storage; t is empty and usable again. */
void text_free(struct text *t);

#endif
