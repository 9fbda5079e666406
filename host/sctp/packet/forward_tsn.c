#include "sctp/packet/forward_tsn.h"

bool forward_tsn_read(struct bytes value, struct forward_tsn_chunk *ret) {
  struct cursor c = cursor_of(value);
  struct forward_tsn_chunk f = {0};
  f.cum = cursor_u32(&c);
  f.entries = cursor_take(&c, c.n / 4 * 4);
  if (c.failed || c.n > 0) return false;
  *ret = f;
  return true;
}

void forward_tsn_write(struct writer *w, uint32_t cum, const struct forward_tsn_entry *entries,
                       size_t n) {
  size_t at = chunk_begin(w, CHUNK_FORWARD_TSN, 0);
  writer_u32(w, cum);
  for (size_t i = 0; i < n; i++) {
    writer_u16(w, entries[i].stream);
    writer_u16(w, entries[i].ssn);
  }
  chunk_end(w, at);
}
