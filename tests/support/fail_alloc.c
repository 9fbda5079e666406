#include "support/fail_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static size_t left = SIZE_MAX;
static bool hit;

static bool fails(void) {
  if (left == SIZE_MAX) return false;
  if (left-- > 0) return false;
  left = SIZE_MAX;
  hit = true;
  return true;
}

void *__wrap_malloc(size_t n) {
  return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n) {
  return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s) {
  return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n) {
  return fails() ? NULL : __real_strndup(s, n);
}

void fail_alloc_at(size_t n) {
  left = n;
  hit = false;
}

void fail_alloc_never(void) {
  left = SIZE_MAX;
}

bool fail_alloc_hit(void) {
  return hit;
}

void fail_alloc_each(int (*scenario)(void *ctx), void *ctx) {
  for (size_t n = 0;; n++) {
    fail_alloc_at(n);
    int r = scenario(ctx);
    fail_alloc_never();
    if (!hit) {
      assert_int_equal(r, 0);
      return;
    }
  }
}
