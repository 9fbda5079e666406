#include "sctp/tx/outstanding.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/serial.h"

#define FIRST_CAP 16u
/* A ring larger than this is given back when it empties. */
#define IDLE_CAP 64u
/* Unwrapped TSNs start high enough that nothing below the first one wraps. */
#define TSN_EPOCH ((uint64_t)1 << 32)

void outstanding_init(struct outstanding *o, uint32_t initial_tsn) {
  *o = (struct outstanding){.base = TSN_EPOCH + initial_tsn, .next = TSN_EPOCH + initial_tsn};
}

void outstanding_free(struct outstanding *o) {
  free(o->ring);
  tsn_set_free(&o->acked);
  o->ring = NULL;
  o->cap = 0;
}

uint64_t outstanding_unwrap(const struct outstanding *o, uint32_t tsn) {
  return serial32_unwrap(o->base, tsn);
}

int outstanding_reserve(struct outstanding *o) {
  if (outstanding_count(o) < o->cap) return 0;
  struct outstanding grown = *o;
  grown.cap = o->cap > 0 ? 2 * o->cap : FIRST_CAP;
  grown.ring = calloc(grown.cap, sizeof *grown.ring);
  if (!grown.ring) return -ENOMEM;
  for (uint64_t tsn = o->base; tsn < o->next; tsn++)
    *outstanding_at(&grown, tsn) = *outstanding_at(o, tsn);
  free(o->ring);
  *o = grown;
  return 0;
}

static void append(struct outstanding *o, struct tsn_list *l, uint64_t tsn) {
  struct tx_chunk *c = outstanding_at(o, tsn);
  c->previous = l->last;
  if (l->n++ > 0)
    outstanding_at(o, l->last)->next = (uint32_t)tsn;
  else
    l->first = (uint32_t)tsn;
  l->last = (uint32_t)tsn;
}

static void take_out(struct outstanding *o, struct tsn_list *l, uint64_t tsn) {
  struct tx_chunk *c = outstanding_at(o, tsn);
  assert(l->n > 0);
  if (l->first == (uint32_t)tsn)
    l->first = c->next;
  else
    outstanding_at(o, c->previous)->next = c->next;
  if (l->last == (uint32_t)tsn)
    l->last = c->previous;
  else
    outstanding_at(o, c->next)->previous = c->previous;
  l->n--;
}

static void enter(struct outstanding *o, uint64_t tsn) {
  const struct tx_chunk *c = outstanding_at(o, tsn);
  if (c->state == TX_FLIGHT) {
    append(o, &o->flight, tsn);
    o->flight_bytes += c->n;
  } else if (c->state == TX_LOST) {
    append(o, &o->lost, tsn);
  }
}

static void leave(struct outstanding *o, uint64_t tsn) {
  const struct tx_chunk *c = outstanding_at(o, tsn);
  if (c->state == TX_FLIGHT) {
    take_out(o, &o->flight, tsn);
    o->flight_bytes -= c->n;
  } else if (c->state == TX_LOST) {
    take_out(o, &o->lost, tsn);
  }
}

void outstanding_push(struct outstanding *o, const struct tx_chunk *c) {
  assert(outstanding_count(o) < o->cap);
  *outstanding_at(o, o->next) = *c;
  c->msg->chunks++;
  enter(o, o->next++);
}

void outstanding_set(struct outstanding *o, uint64_t tsn, enum tx_state state) {
  assert(tsn >= o->base && tsn < o->next);
  leave(o, tsn);
  outstanding_at(o, tsn)->state = (uint8_t)state;
  enter(o, tsn);
}

void outstanding_resent(struct outstanding *o, uint64_t tsn, mono_us now) {
  struct tx_chunk *c = outstanding_at(o, tsn);
  c->sent_at = now;
  if (c->retransmits < UINT16_MAX) c->retransmits++;
  outstanding_set(o, tsn, TX_FLIGHT);
}

struct tx_chunk outstanding_pop(struct outstanding *o) {
  assert(o->base < o->next);
  leave(o, o->base);
  struct tx_chunk c = *outstanding_at(o, o->base);
  c.msg->chunks--;
  if (++o->base == o->next && o->cap > IDLE_CAP) {
    free(o->ring);
    o->ring = NULL;
    o->cap = 0;
  }
  return c;
}

bool outstanding_oldest(const struct outstanding *o, uint64_t *ret_tsn) {
  if (o->flight.n == 0) return false;
  *ret_tsn = outstanding_unwrap(o, o->flight.first);
  return true;
}

bool outstanding_first_lost(const struct outstanding *o, uint64_t *ret_tsn) {
  if (o->lost.n == 0) return false;
  *ret_tsn = outstanding_unwrap(o, o->lost.first);
  return true;
}

bool outstanding_newer(const struct outstanding *o, uint64_t tsn, uint64_t *ret_tsn) {
  if (o->flight.last == (uint32_t)tsn) return false;
  *ret_tsn = outstanding_unwrap(o, outstanding_at(o, tsn)->next);
  return true;
}
