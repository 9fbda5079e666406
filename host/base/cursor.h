#ifndef SENSO_BASE_CURSOR_H
#define SENSO_BASE_CURSOR_H

#include "base/bytes.h"

/*
 * A bounded read cursor with a sticky failure: after a read past the end `failed` is set, the
 * position no longer moves, and every further read gives 0 or an empty run. Parse a whole
 * structure, then test `failed` once. Multi-byte integers are big-endian.
 */
struct cursor {
  const uint8_t *p;
  size_t n; /* bytes left */
  bool failed;
};

/* A cursor over borrowed bytes. */
struct cursor cursor_of(struct bytes b);

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);

/* The next n bytes, borrowed from the input; empty and failed when fewer are left. */
struct bytes cursor_take(struct cursor *c, size_t n);

/* All that is left. */
struct bytes cursor_rest(struct cursor *c);

/* Skips n bytes; fails when fewer are left. */
void cursor_skip(struct cursor *c, size_t n);

/* Skips min(n, left) bytes: for padding that a sender may leave out at the end. */
void cursor_skip_upto(struct cursor *c, size_t n);

#endif
