#include "base/writer.h"

#include <assert.h>
#include <string.h>

struct writer writer_of(uint8_t *buf, size_t cap) {
  return (struct writer){buf, 0, cap, false};
}

uint8_t *writer_reserve(struct writer *w, size_t n) {
  if (w->failed || n > w->cap - w->n) {
    w->failed = true;
    return NULL;
  }
  uint8_t *at = w->p + w->n;
  w->n += n;
  return at;
}

static void put_uint(uint8_t *p, uint64_t v, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static void writer_uint(struct writer *w, uint64_t v, size_t n) {
  uint8_t *p = writer_reserve(w, n);
  if (p) put_uint(p, v, n);
}

void writer_u8(struct writer *w, uint8_t v) {
  writer_uint(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v) {
  writer_uint(w, v, 2);
}

void writer_u32(struct writer *w, uint32_t v) {
  writer_uint(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v) {
  writer_uint(w, v, 8);
}

void writer_bytes(struct writer *w, struct bytes b) {
  uint8_t *p = writer_reserve(w, b.n);
  if (p && b.n > 0) memcpy(p, b.p, b.n);
}

void writer_zero(struct writer *w, size_t n) {
  uint8_t *p = writer_reserve(w, n);
  if (p && n > 0) memset(p, 0, n);
}

void writer_patch_u16(struct writer *w, size_t at, uint16_t v) {
  if (w->failed) return;
  assert(at + 2 <= w->n);
  put_uint(w->p + at, v, 2);
}

void writer_patch_u32(struct writer *w, size_t at, uint32_t v) {
  if (w->failed) return;
  assert(at + 4 <= w->n);
  put_uint(w->p + at, v, 4);
}

size_t writer_left(const struct writer *w) {
  return w->failed ? 0 : w->cap - w->n;
}

struct bytes writer_written(const struct writer *w) {
  return (struct bytes){w->p, w->n};
}
