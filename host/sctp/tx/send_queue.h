#ifndef SENSO_SCTP_TX_SEND_QUEUE_H
#define SENSO_SCTP_TX_SEND_QUEUE_H

#include "sctp/stream_map.h"
#include "sctp/tx/message.h"

/*
 * Messages without TSNs yet, by stream, and whose turn it is: weighted fair queueing by the
 * messages' priority (RFC 8831 section 6.4). Each stream has a virtual time that its bytes, divided
 * by their weight, move on; the least is next. A message goes out whole before the next, or with
 * interleaving (RFC 8260) the streams take turns chunk by chunk.
 */
struct send_queue {
  struct stream_map streams; /* struct out_stream */
  struct heap turns;         /* streams with a queue */
  struct heap expiries;      /* queued messages with a lifetime */
  struct list released;      /* streams with bytes to announce */
  struct list partial;       /* struct tx_msg that are partly taken, one without interleaving */
  size_t partial_bytes;      /* their whole sizes */
  size_t partial_limit;      /* interleaving: what they may be together; 0: none */
  uint64_t vtime;
  size_t limit;    /* send_buffer */
  size_t buffered; /* bytes queued or unacknowledged */
  size_t messages; /* queued or unacknowledged */
  size_t unsent;   /* bytes without a TSN */
};

void send_queue_init(struct send_queue *q, size_t limit);

/* Frees queued messages (those with chunks outstanding belong to the outstanding queue). */
void send_queue_free(struct send_queue *q);

/* The streams take turns from now on, as far as the messages under way fit into a peer's window of
 * so many bytes: it can deliver none of them before it has all of it. */
void send_queue_interleave(struct send_queue *q, size_t window);

/* Our stream, or NULL when it was never used. */
struct out_stream *send_queue_stream(const struct send_queue *q, uint16_t stream);
/* The same, made when needed; NULL when out of memory. */
struct out_stream *send_queue_open(struct send_queue *q, uint16_t stream);

/* True when n more bytes would pass the limit; one message always fits an empty buffer. */
bool send_queue_is_full(const struct send_queue *q, size_t n);

/* Queues the message; takes the payload only on success. 0 or -ENOMEM. */
int send_queue_add(struct send_queue *q, const struct sctp_send_info *info, struct payload *data,
                   mono_us expires);

/* The message whose bytes go next, or NULL. */
struct tx_msg *send_queue_head(struct send_queue *q);

/* n bytes of the head got a TSN. The first gives the message its number. */
void send_queue_took(struct send_queue *q, struct tx_msg *m, size_t n);

/* Takes the rest of the message out of the queue: it gets no more TSNs. */
void send_queue_drop(struct send_queue *q, struct tx_msg *m);

/* n bytes of the message leave the buffer and are announced. */
void send_queue_release(struct send_queue *q, struct tx_msg *m, size_t n);

/* Frees the message once nothing refers to it any more. */
void send_queue_settle(struct send_queue *q, struct tx_msg *m);

/* The next stream with bytes to announce, which then has none: *ret_bytes. NULL when there is none.
 */
struct out_stream *send_queue_announce(struct send_queue *q, size_t *ret_bytes);

/* The earliest time after which a queued message is too old, MONO_NEVER without one. */
mono_us send_queue_expiry(const struct send_queue *q);

/* A queued message whose lifetime is over at `real`, or NULL. */
struct tx_msg *send_queue_expired(const struct send_queue *q, mono_us real);

#endif
