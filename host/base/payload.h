#ifndef SENSO_BASE_PAYLOAD_H
#define SENSO_BASE_PAYLOAD_H

#include "base/bytes.h"
#include "base/list.h"

/*
 * One message's bytes, allocated once and handed from owner to owner instead of copied. The holder
 * may link it into a list of its own. Functions that take a `struct payload *` take ownership
 * unless they say otherwise, also on failure.
 */
struct payload {
  struct list link;
  size_t n;   /* bytes used */
  size_t cap; /* bytes allocated */
  uint8_t data[];
};

/* A payload with room for cap bytes and n = 0; NULL when out of memory. */
struct payload *payload_new(size_t cap);

/* A payload holding a copy of b; NULL when out of memory. */
struct payload *payload_copy(struct bytes b);

/* The payload with room for at least cap bytes (it may move; it must not be linked); NULL when out
 * of memory, and then p is unchanged and still owned. */
struct payload *payload_grow(struct payload *p, size_t cap);

/* NULL is fine; returns NULL. The payload must not be linked. */
struct payload *payload_free(struct payload *p);

static inline struct bytes payload_bytes(const struct payload *p) {
  return (struct bytes){p->data, p->n};
}

#endif
