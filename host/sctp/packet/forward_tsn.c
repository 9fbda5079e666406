#include "sctp/packet/forward_tsn.h"

#define FLAG_UNORDERED 0x0001u

bool forward_tsn_read(const struct chunk *c, struct forward_tsn_chunk *ret) {
  struct cursor in = cursor_of(c->value);
  struct forward_tsn_chunk f = {.interleaved = c->type == CHUNK_I_FORWARD_TSN};
  size_t size = forward_tsn_entry_size(f.interleaved);
  f.cum = cursor_u32(&in);
  f.entries = cursor_take(&in, in.n / size * size);
  if (in.failed || in.n > 0) return false;
  *ret = f;
  return true;
}

size_t forward_tsn_entries(const struct forward_tsn_chunk *f) {
  return f->entries.n / forward_tsn_entry_size(f->interleaved);
}

struct forward_tsn_entry forward_tsn_at(const struct forward_tsn_chunk *f, size_t i) {
  const uint8_t *p = f->entries.p + forward_tsn_entry_size(f->interleaved) * i;
  if (!f->interleaved)
    return (struct forward_tsn_entry){.stream = load_be16(p), .mid = load_be16(p + 2)};
  return (struct forward_tsn_entry){.stream = load_be16(p),
                                    .unordered = load_be16(p + 2) & FLAG_UNORDERED,
                                    .mid = load_be32(p + 4)};
}

void forward_tsn_write(struct writer *w, bool interleaved, uint32_t cum,
                       const struct forward_tsn_list *list) {
  size_t at = chunk_begin(w, interleaved ? CHUNK_I_FORWARD_TSN : CHUNK_FORWARD_TSN, 0);
  writer_u32(w, cum);
  for (size_t i = 0; i < list->n; i++) {
    const struct forward_tsn_entry *e = &list->entries[i];
    writer_u16(w, e->stream);
    writer_u16(w, interleaved ? (e->unordered ? FLAG_UNORDERED : 0) : (uint16_t)e->mid);
    if (interleaved) writer_u32(w, e->mid);
  }
  chunk_end(w, at);
}
