#ifndef SENSO_SCTP_TX_OUTSTANDING_H
#define SENSO_SCTP_TX_OUTSTANDING_H

#include "sctp/tsn_set.h"
#include "sctp/tx/message.h"

/* TSNs outstanding at most: gap blocks name 65,535, and a receiver may look less far ahead. */
#define OUTSTANDING_MAX 32768u

/*
 * Chunks that have TSNs and are not cumulatively acknowledged: a ring indexed by TSN. Those in
 * flight are linked in the order they were last sent, those to be sent again in the order they were
 * found lost, so that nothing ever walks the whole ring for a packet.
 */
enum tx_state {
  TX_FLIGHT,
  TX_LOST,      /* to be sent again */
  TX_ACKED,     /* by a gap block; kept until the cumulative TSN passes (the peer may renege) */
  TX_ABANDONED, /* RFC 3758 */
};

struct tx_chunk {
  struct tx_msg *msg;
  mono_us sent_at;         /* last */
  uint32_t previous, next; /* TSNs in the list it is in */
  uint32_t offset;         /* in the message */
  uint32_t fsn;            /* the how manyth chunk of the message */
  uint16_t n;              /* bytes */
  uint16_t retransmits;    /* not counted past 65,535 */
  uint8_t state;           /* enum tx_state */
  bool begin, end;
};

struct tsn_list {
  uint32_t first, last; /* meaningful while n > 0 */
  size_t n;
};

struct outstanding {
  struct tx_chunk *ring;
  size_t cap;          /* a power of two, or 0 */
  uint64_t base, next; /* first not cumulatively acknowledged; next to be assigned */
  struct tsn_list flight, lost;
  size_t flight_bytes;
  struct tsn_set acked; /* TSNs the gap blocks named */
};

void outstanding_init(struct outstanding *o, uint32_t initial_tsn);

/* Frees the ring; messages are released with outstanding_pop before. */
void outstanding_free(struct outstanding *o);

/* The chunk of a TSN in base..next - 1; valid until the next outstanding_push. */
static inline struct tx_chunk *outstanding_at(const struct outstanding *o, uint64_t tsn) {
  return &o->ring[tsn & (o->cap - 1)];
}

static inline size_t outstanding_count(const struct outstanding *o) {
  return (size_t)(o->next - o->base);
}

/* The unwrapped form of one of our TSNs. */
uint64_t outstanding_unwrap(const struct outstanding *o, uint32_t tsn);

/* Room for one more. 0 or -ENOMEM. */
int outstanding_reserve(struct outstanding *o);

/* Gives the chunk the next TSN, in flight or (state) abandoned; there must be room. */
void outstanding_push(struct outstanding *o, const struct tx_chunk *c);

/* Moves a chunk to another state, with its list and the bytes in flight. */
void outstanding_set(struct outstanding *o, uint64_t tsn, enum tx_state state);

/* A chunk in flight was sent once more: to the end of the flight list. */
void outstanding_resent(struct outstanding *o, uint64_t tsn, mono_us now);

/* Takes out the chunk at base. Its message has one chunk less. */
struct tx_chunk outstanding_pop(struct outstanding *o);

/* The chunk in flight sent longest ago, or the one found lost first; false without one. */
bool outstanding_oldest(const struct outstanding *o, uint64_t *ret_tsn);
bool outstanding_first_lost(const struct outstanding *o, uint64_t *ret_tsn);

/* The next chunk in flight behind this one; false at the end. */
bool outstanding_newer(const struct outstanding *o, uint64_t tsn, uint64_t *ret_tsn);

#endif
