#include "sctp/rx/message.h"

#include <errno.h>
#include <stdlib.h>

/* Bits of the key: one so that it is never 0, the stream, whether unordered, the MID. */
struct rx_place rx_place_of(const struct data_chunk *d, uint64_t tsn) {
  if (!d->interleaved) return (struct rx_place){.number = tsn, .tsn = tsn};
  uint64_t stream = (uint64_t)d->stream << 33, kind = (uint64_t)d->unordered << 32;
  return (struct rx_place){
      .key = (uint64_t)1 << 49 | stream | kind | d->mid, .number = d->fsn, .tsn = tsn};
}

struct rx_msg *rx_msg_new(const struct data_chunk *d, const struct rx_place *at) {
  struct rx_msg *m = malloc(sizeof *m);
  if (!m) return NULL;
  *m = (struct rx_msg){.key = at->key,
                       .first = at->number,
                       .last = at->number,
                       .tsn = at->tsn,
                       .ppid = d->ppid,
                       .mid = d->mid,
                       .stream = d->stream,
                       .begin = d->begin,
                       .end = d->end,
                       .unordered = d->unordered,
                       .n = d->data.n,
                       .held = RX_MSG_COST - RX_PIECE_COST};
  list_init(&m->item.link);
  list_init(&m->pieces);
  m->item.kind = SCTP_EV_MESSAGE;
  return m;
}

struct payload *rx_msg_first(const struct rx_msg *m) {
  return list_empty(&m->pieces) ? NULL : LIST_ENTRY(m->pieces.next, struct payload, link);
}

struct payload *rx_msg_tail(const struct rx_msg *m) {
  return list_empty(&m->pieces) ? NULL : LIST_ENTRY(m->pieces.prev, struct payload, link);
}

static size_t cost_of(const struct payload *piece) {
  return piece->cap + RX_PIECE_COST;
}

void rx_msg_push(struct rx_msg *m, struct payload *piece) {
  list_push_back(&m->pieces, &piece->link);
  m->held += cost_of(piece);
}

void rx_msg_push_front(struct rx_msg *m, struct payload *piece) {
  list_push_front(&m->pieces, &piece->link);
  m->held += cost_of(piece);
}

int rx_msg_grow_tail(struct rx_msg *m, size_t cap) {
  struct payload *tail = rx_msg_tail(m);
  if (cap <= tail->cap) return 0;
  size_t before = cost_of(tail);
  list_remove(&tail->link);
  struct payload *grown = payload_grow(tail, cap);
  list_push_back(&m->pieces, grown ? &grown->link : &tail->link);
  if (!grown) return -ENOMEM;
  m->held += cost_of(grown) - before;
  return 0;
}

static void free_pieces(struct rx_msg *m, const struct payload *but) {
  LIST_EACH_SAFE(it, tmp, &m->pieces) {
    struct payload *piece = LIST_ENTRY(it, struct payload, link);
    list_remove(it);
    if (piece != but) payload_free(piece);
  }
}

void rx_msg_settle(struct rx_msg *m, struct payload *whole) {
  free_pieces(m, whole);
  m->held = RX_MSG_COST - RX_PIECE_COST;
  rx_msg_push(m, whole);
}

void rx_msg_absorb(struct rx_msg *m, struct rx_msg *from) {
  while (!list_empty(&from->pieces)) {
    struct payload *piece = rx_msg_first(from);
    list_remove(&piece->link);
    rx_msg_push(m, piece);
  }
  m->last = from->last;
  m->n += from->n;
  m->end = from->end;
  rx_msg_free(from);
}

struct payload *rx_msg_take(struct rx_msg *m) {
  struct payload *whole = rx_msg_first(m);
  if (whole) list_remove(&whole->link);
  return whole;
}

struct rx_msg *rx_msg_free(struct rx_msg *m) {
  if (!m) return NULL;
  free_pieces(m, NULL);
  free(m);
  return NULL;
}
