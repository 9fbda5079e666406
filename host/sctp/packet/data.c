#include "sctp/packet/data.h"

#include <string.h>

static void read_message(const uint8_t *h, struct data_chunk *ret) {
  ret->mid = load_be16(h + 6);
  ret->ppid = load_be32(h + 8);
}

static bool read_interleaved(const uint8_t *h, struct data_chunk *ret) {
  uint32_t last = load_be32(h + 12);
  ret->mid = load_be32(h + 8);
  ret->ppid = ret->begin ? last : 0;
  ret->fsn = ret->begin ? 0 : last;
  return ret->begin || ret->fsn > 0;
}

bool data_chunk_read(const struct chunk *c, struct data_chunk *ret) {
  bool interleaved = c->type == CHUNK_I_DATA;
  struct cursor in = cursor_of(c->value);
  struct bytes h = cursor_take(&in, data_header_size(interleaved) - CHUNK_HEADER_SIZE);
  if (in.failed) return false;
  *ret = (struct data_chunk){
      .interleaved = interleaved,
      .tsn = load_be32(h.p),
      .stream = load_be16(h.p + 4),
      .begin = c->flags & DATA_FLAG_BEGIN,
      .end = c->flags & DATA_FLAG_END,
      .unordered = c->flags & DATA_FLAG_UNORDERED,
      .immediate = c->flags & DATA_FLAG_IMMEDIATE,
      .data = cursor_rest(&in),
  };
  if (interleaved) return read_interleaved(h.p, ret);
  read_message(h.p, ret);
  return true;
}

static uint8_t flags_of(const struct data_chunk *d) {
  return (uint8_t)((d->begin ? DATA_FLAG_BEGIN : 0u) | (d->end ? DATA_FLAG_END : 0u) |
                   (d->unordered ? DATA_FLAG_UNORDERED : 0u) |
                   (d->immediate ? DATA_FLAG_IMMEDIATE : 0u));
}

void data_chunk_write(struct writer *w, const struct data_chunk *d) {
  size_t header = data_header_size(d->interleaved), length = header + d->data.n;
  uint8_t *p = length <= UINT16_MAX ? writer_reserve(w, padded(length)) : NULL;
  if (!p) {
    w->failed = true;
    return;
  }
  p[0] = d->interleaved ? CHUNK_I_DATA : CHUNK_DATA;
  p[1] = flags_of(d);
  store_be16(p + 2, (uint16_t)length);
  store_be32(p + 4, d->tsn);
  store_be16(p + 8, d->stream);
  store_be16(p + 10, d->interleaved ? 0 : (uint16_t)d->mid);
  store_be32(p + 12, d->interleaved ? d->mid : d->ppid);
  if (d->interleaved) store_be32(p + 16, d->begin ? d->ppid : d->fsn);
  memcpy(p + header, d->data.p, d->data.n);
  memset(p + length, 0, padded(length) - length);
}
