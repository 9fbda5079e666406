#ifndef SENSO_BASE_WRITER_H
#define SENSO_BASE_WRITER_H

#include "base/bytes.h"

/*
 * A bounded writer with a sticky failure: a write that does not fit sets `failed` and writes
 * nothing, as do all later ones. Write a whole structure, then test `failed` once. Multi-byte
 * integers are big-endian.
 */
struct writer {
  uint8_t *p; /* the caller's buffer */
  size_t n;   /* bytes written */
  size_t cap;
  bool failed;
};

struct writer writer_of(uint8_t *buf, size_t cap);
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, struct bytes b);
void writer_zero(struct writer *w, size_t n);

/* n bytes to be filled in by the caller, or NULL when they do not fit. */
uint8_t *writer_reserve(struct writer *w, size_t n);

/* Overwrites the big-endian 16 bits at offset `at`, which must have been written. */
void writer_patch_u16(struct writer *w, size_t at, uint16_t v);
void writer_patch_u32(struct writer *w, size_t at, uint32_t v);

/* Bytes that still fit; 0 once failed. */
size_t writer_left(const struct writer *w);

/* What was written so far. */
struct bytes writer_written(const struct writer *w);

#endif
