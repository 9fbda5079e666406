#include "base/cursor.h"

struct cursor cursor_of(struct bytes b) {
  return (struct cursor){b.p, b.n, false};
}

/* The next n bytes, or NULL with the cursor failed. */
static const uint8_t *cursor_step(struct cursor *c, size_t n) {
  if (c->failed || n > c->n) {
    c->failed = true;
    return NULL;
  }
  const uint8_t *at = c->p;
  if (n > 0) c->p += n;
  c->n -= n;
  return at;
}

static uint64_t cursor_uint(struct cursor *c, size_t n) {
  const uint8_t *p = cursor_step(c, n);
  uint64_t v = 0;
  for (size_t i = 0; p && i < n; i++) v = v << 8 | p[i];
  return v;
}

uint8_t cursor_u8(struct cursor *c) {
  return (uint8_t)cursor_uint(c, 1);
}

uint16_t cursor_u16(struct cursor *c) {
  return (uint16_t)cursor_uint(c, 2);
}

uint32_t cursor_u32(struct cursor *c) {
  return (uint32_t)cursor_uint(c, 4);
}

uint64_t cursor_u64(struct cursor *c) {
  return cursor_uint(c, 8);
}

struct bytes cursor_take(struct cursor *c, size_t n) {
  const uint8_t *p = cursor_step(c, n);
  return p ? (struct bytes){p, n} : (struct bytes){NULL, 0};
}

struct bytes cursor_rest(struct cursor *c) {
  return c->failed ? (struct bytes){NULL, 0} : cursor_take(c, c->n);
}

void cursor_skip(struct cursor *c, size_t n) {
  (void)cursor_step(c, n);
}

void cursor_skip_upto(struct cursor *c, size_t n) {
  if (!c->failed) (void)cursor_step(c, n < c->n ? n : c->n);
}
