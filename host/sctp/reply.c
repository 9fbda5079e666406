#include <errno.h>

#include "sctp/assoc.h"

void reply_take(struct sctp *s, struct payload *chunk) {
  if (s->n_replies >= REPLIES_MAX) {
    payload_free(chunk);
    return;
  }
  list_push_back(&s->replies, &chunk->link);
  s->n_replies++;
}

int reply_chunk(struct sctp *s, struct bytes chunk) {
  if (s->n_replies >= REPLIES_MAX) return 0;
  struct payload *p = payload_copy(chunk);
  if (!p) return -ENOMEM;
  reply_take(s, p);
  return 0;
}

int reply_empty(struct sctp *s, enum chunk_type type) {
  const uint8_t chunk[CHUNK_HEADER_SIZE] = {(uint8_t)type, 0, 0, CHUNK_HEADER_SIZE};
  return reply_chunk(s, (struct bytes){chunk, sizeof chunk});
}

int reply_error(struct sctp *s, enum cause_code cause, struct bytes info) {
  uint8_t buf[256];
  struct writer w = writer_of(buf, sizeof buf);
  size_t room = sizeof buf - CHUNK_HEADER_SIZE - CHUNK_HEADER_SIZE;
  size_t at = chunk_begin(&w, CHUNK_ERROR, 0);
  param_write(&w, (uint16_t)cause, (struct bytes){info.p, info.n < room ? info.n : room});
  chunk_end(&w, at);
  return reply_chunk(s, writer_written(&w));
}

int reply_lone(struct sctp *s, uint32_t tag, struct bytes chunk) {
  struct payload *p = payload_copy(chunk);
  if (!p) return -ENOMEM;
  payload_free(s->lone);
  s->lone = p;
  s->lone_tag = tag;
  return 0;
}
