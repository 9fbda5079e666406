#include "sctp/packet/data.h"

#include <string.h>

bool data_chunk_read(const struct chunk *c, struct data_chunk *ret) {
  struct cursor in = cursor_of(c->value);
  struct bytes h = cursor_take(&in, DATA_HEADER_SIZE - CHUNK_HEADER_SIZE);
  if (in.failed) return false;
  *ret = (struct data_chunk){
      .tsn = load_be32(h.p),
      .stream = load_be16(h.p + 4),
      .ssn = load_be16(h.p + 6),
      .ppid = load_be32(h.p + 8),
      .begin = c->flags & DATA_FLAG_BEGIN,
      .end = c->flags & DATA_FLAG_END,
      .unordered = c->flags & DATA_FLAG_UNORDERED,
      .immediate = c->flags & DATA_FLAG_IMMEDIATE,
      .data = cursor_rest(&in),
  };
  return true;
}

static uint8_t flags_of(const struct data_chunk *d) {
  return (uint8_t)((d->begin ? DATA_FLAG_BEGIN : 0u) | (d->end ? DATA_FLAG_END : 0u) |
                   (d->unordered ? DATA_FLAG_UNORDERED : 0u) |
                   (d->immediate ? DATA_FLAG_IMMEDIATE : 0u));
}

void data_chunk_write(struct writer *w, const struct data_chunk *d) {
  size_t length = DATA_HEADER_SIZE + d->data.n;
  uint8_t *p = length <= UINT16_MAX ? writer_reserve(w, padded(length)) : NULL;
  if (!p) {
    w->failed = true;
    return;
  }
  p[0] = CHUNK_DATA;
  p[1] = flags_of(d);
  store_be16(p + 2, (uint16_t)length);
  store_be32(p + 4, d->tsn);
  store_be16(p + 8, d->stream);
  store_be16(p + 10, d->ssn);
  store_be32(p + 12, d->ppid);
  memcpy(p + DATA_HEADER_SIZE, d->data.p, d->data.n);
  memset(p + length, 0, padded(length) - length);
}
