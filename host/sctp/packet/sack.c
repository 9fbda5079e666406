#include "sctp/packet/sack.h"

bool sack_chunk_read(struct bytes value, struct sack_chunk *ret) {
  struct cursor c = cursor_of(value);
  struct sack_chunk s = {0};
  s.cum = cursor_u32(&c);
  s.a_rwnd = cursor_u32(&c);
  size_t gaps = cursor_u16(&c), dups = cursor_u16(&c);
  s.gaps = cursor_take(&c, 4 * gaps);
  s.dups = cursor_take(&c, 4 * dups);
  if (c.failed) return false;
  *ret = s;
  return true;
}

void sack_chunk_write(struct writer *w, const struct sack_chunk *s, const struct sack_gap *gaps,
                      size_t n_gaps, const uint32_t *dups, size_t n_dups) {
  size_t at = chunk_begin(w, CHUNK_SACK, 0);
  writer_u32(w, s->cum);
  writer_u32(w, s->a_rwnd);
  writer_u16(w, (uint16_t)n_gaps);
  writer_u16(w, (uint16_t)n_dups);
  for (size_t i = 0; i < n_gaps; i++) {
    writer_u16(w, gaps[i].first);
    writer_u16(w, gaps[i].last);
  }
  for (size_t i = 0; i < n_dups; i++) writer_u32(w, dups[i]);
  chunk_end(w, at);
}
