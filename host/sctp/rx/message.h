#ifndef SENSO_SCTP_RX_MESSAGE_H
#define SENSO_SCTP_RX_MESSAGE_H

#include "base/payload.h"
#include "sctp/events.h"
#include "sctp/packet/data.h"

/*
 * A run of consecutive fragments of one message, in the end the whole message. It is held in pieces
 * (payloads): in order there is one that grows, and a hole that closes only links lists.
 */
struct rx_msg {
  struct event_item item; /* once whole: in a stream's waiting list or among the events */
  struct list pieces;     /* struct payload */
  uint64_t key;           /* of the message in reassembly */
  uint64_t first, last;   /* fragments: TSNs of DATA, FSNs of I-DATA */
  uint64_t tsn;           /* of the fragment that came first */
  uint64_t order;         /* in its stream, once whole: the unwrapped mid */
  size_t n;               /* bytes of data */
  size_t held;            /* what it costs the receive window, with overhead */
  uint32_t ppid, mid;     /* mid: SSN of DATA, MID of I-DATA */
  uint16_t stream;
  bool begin, end, unordered;
};

/* What a message and each further piece cost beside their data: their structs and the allocator's.
 */
#define RX_MSG_COST   (sizeof(struct rx_msg) + RX_PIECE_COST + 16)
#define RX_PIECE_COST (sizeof(struct payload) + 16)

/* Which fragment of which message a chunk is. */
struct rx_place {
  uint64_t key;    /* the message: 0 for DATA, whose fragments are told by their TSNs alone */
  uint64_t number; /* the fragment: its TSN, or FSN */
  uint64_t tsn;
};

/* Of a chunk with this unwrapped TSN. */
struct rx_place rx_place_of(const struct data_chunk *d, uint64_t tsn);

/* A run of the one chunk, with no piece yet; NULL when out of memory. */
struct rx_msg *rx_msg_new(const struct data_chunk *d, const struct rx_place *at);

/* NULL is fine; returns NULL. It must be in no list. */
struct rx_msg *rx_msg_free(struct rx_msg *m);

/* The first piece, or NULL. */
struct payload *rx_msg_first(const struct rx_msg *m);
/* The last piece, or NULL. */
struct payload *rx_msg_tail(const struct rx_msg *m);

/* Adds the piece at the end, or at the front; what is held grows by it. */
void rx_msg_push(struct rx_msg *m, struct payload *piece);
void rx_msg_push_front(struct rx_msg *m, struct payload *piece);

/* Makes the last piece hold at least cap bytes. 0 or -ENOMEM. */
int rx_msg_grow_tail(struct rx_msg *m, size_t cap);

/* Frees all pieces but the given one (which may be new): the message is whole in it. */
void rx_msg_settle(struct rx_msg *m, struct payload *whole);

/* Takes over the pieces of `from`, which follows it, and frees `from`. */
void rx_msg_absorb(struct rx_msg *m, struct rx_msg *from);

/* Takes out the whole message of a single piece; NULL when there is none. */
struct payload *rx_msg_take(struct rx_msg *m);

#endif
