#ifndef SENSO_SCTP_RX_DELIVERY_H
#define SENSO_SCTP_RX_DELIVERY_H

#include "sctp/rx/message.h"
#include "sctp/stream_map.h"

/*
 * Whole messages on their way to the owner: ordered ones wait for their turn in their stream (RFC
 * 9260 section 6.5), those behind a stream reset that is not due yet for the reset (RFC 6525
 * section 5.2.2, E1 to E5).
 */

struct in_stream {
  struct list waiting; /* struct rx_msg by order; zeroed until first used */
  uint64_t next;       /* the order of the message whose turn it is */
};

/* A reset of the peer's outgoing streams that waits for the TSNs before it. */
struct deferred_reset {
  struct reset_event *event; /* NULL: none; its streams are the ones to be reset */
  uint64_t last_tsn;
  struct list held; /* struct rx_msg behind it */
};

struct delivery {
  struct stream_map streams; /* struct in_stream */
  struct list events;        /* struct event_item, oldest first */
  struct deferred_reset deferred;
  bool interleaving; /* messages are counted in 32 bits (MID), not in 16 (SSN) */
  size_t held;       /* cost of all messages in here */
};

void delivery_init(struct delivery *d);
void delivery_free(struct delivery *d);

/* Makes the stream's state, so that delivery_message for it cannot fail. 0 or -ENOMEM. */
int delivery_open(struct delivery *d, uint16_t stream);

/* Takes a whole message of an open stream. */
void delivery_message(struct delivery *d, struct rx_msg *m);

/* Ordered messages of the stream up to this SSN or MID were skipped by the peer (RFC 3758 section
 * 3.6). */
void delivery_skip(struct delivery *d, uint16_t stream, uint32_t mid);

/* Performs the reset (taking the event) when cum has reached last_tsn, or keeps it until
 * delivery_advance says so. True when performed. There must be no deferred one. */
bool delivery_reset(struct delivery *d, struct reset_event *event, uint64_t last_tsn, uint64_t cum);

/* The cumulative TSN moved. True when a deferred reset was performed now. */
bool delivery_advance(struct delivery *d, uint64_t cum);

/* Takes the oldest event out, or NULL; a message's cost leaves `held`. */
struct event_item *delivery_next(struct delivery *d);

#endif
