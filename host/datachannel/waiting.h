#ifndef SENSO_DATACHANNEL_WAITING_H
#define SENSO_DATACHANNEL_WAITING_H

#include "base/payload.h"

/*
 * Received messages of one channel that wait to be delivered, in order. Small ones are packed
 * together: what a peer makes us keep is a small multiple of what it pays for in the receive window
 * at most, also with messages of one byte.
 */
struct waiting {
  struct list items;
};

/* What is left of the first message; an empty message has left.n == 0. Borrowed until the queue
 * changes. */
struct waiting_first {
  struct bytes left;
  bool text;
};

struct waiting_piece {
  struct payload *data; /* NULL: the empty message; owned by the taker */
  bool text;
  bool more;     /* the message goes on */
  size_t charge; /* !more: what the message held of the receive window */
};

void waiting_init(struct waiting *q);
bool waiting_is_empty(const struct waiting *q);

/* Appends a message; takes data (NULL: the empty message). charge: what it holds of the receive
 * window. 0, or -ENOMEM: nothing was appended. */
int waiting_add(struct waiting *q, struct payload *data, bool text, size_t charge);

/* False when nothing waits. */
bool waiting_first(const struct waiting *q, struct waiting_first *ret);

/* Takes the next n bytes of the first message, which has them; 0 only if it is empty. 0, or -ENOMEM
 * and nothing was taken. */
int waiting_take(struct waiting *q, size_t n, struct waiting_piece *ret);

/* Drops all. Returns the sum of the charges. */
size_t waiting_clear(struct waiting *q);

#endif
