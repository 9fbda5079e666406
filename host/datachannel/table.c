#include <errno.h>
#include <stdlib.h>

#include "datachannel/internal.h"

#define FIRST_SLOTS 8

/* Where a chain's link is in a channel, and what it is keyed by. */
struct chain {
  size_t next;
  size_t key;
};

static const struct chain by_handle = {offsetof(struct dc_channel, next_by_handle),
                                       offsetof(struct dc_channel, handle)};
static const struct chain by_stream = {offsetof(struct dc_channel, next_by_stream),
                                       offsetof(struct dc_channel, id)};

static struct dc_channel **next_of(const struct chain *chain, struct dc_channel *c) {
  return (struct dc_channel **)(void *)((char *)c + chain->next);
}

/* Handles and ids are both 32 bits wide. */
static uint32_t key_of(const struct chain *chain, const struct dc_channel *c) {
  return *(const uint32_t *)(const void *)((const char *)c + chain->key);
}

static size_t slot_of(uint32_t key, size_t n_slots) {
  return (key * 0x9e3779b1u >> 7) & (n_slots - 1);
}

static struct dc_channel *find(const struct dc_table *t, const struct chain *chain, uint32_t key) {
  if (t->n_slots == 0) return NULL;
  struct dc_channel *c = t->slots[slot_of(key, t->n_slots)];
  while (c && key_of(chain, c) != key) c = *next_of(chain, c);
  return c;
}

static void link_in(struct dc_channel **slots, size_t n_slots, const struct chain *chain,
                    struct dc_channel *c) {
  size_t slot = slot_of(key_of(chain, c), n_slots);
  *next_of(chain, c) = slots[slot];
  slots[slot] = c;
}

static int grow(struct dc_table *t, const struct chain *chain) {
  size_t n_slots = t->n_slots ? 2 * t->n_slots : FIRST_SLOTS;
  struct dc_channel **slots = calloc(n_slots, sizeof(*slots));
  if (!slots) return -ENOMEM;
  for (size_t i = 0; i < t->n_slots; i++)
    for (struct dc_channel *c = t->slots[i], *next; c; c = next) {
      next = *next_of(chain, c);
      link_in(slots, n_slots, chain, c);
    }
  free(t->slots);
  t->slots = slots;
  t->n_slots = n_slots;
  return 0;
}

static int add(struct dc_table *t, const struct chain *chain, struct dc_channel *c) {
  if (t->n >= t->n_slots && grow(t, chain) < 0) return -ENOMEM;
  link_in(t->slots, t->n_slots, chain, c);
  t->n++;
  return 0;
}

static void take_out(struct dc_table *t, const struct chain *chain, struct dc_channel *c) {
  struct dc_channel **at = &t->slots[slot_of(key_of(chain, c), t->n_slots)];
  while (*at != c) at = next_of(chain, *at);
  *at = *next_of(chain, c);
  t->n--;
}

struct dc_channel *dc_find(const struct dc_set *s, dc_handle handle) {
  return find(&s->by_handle, &by_handle, handle);
}

struct dc_channel *dc_find_stream(const struct dc_set *s, uint16_t stream) {
  return find(&s->by_stream, &by_stream, stream);
}

int dc_table_add_handle(struct dc_table *t, struct dc_channel *c) {
  return add(t, &by_handle, c);
}

int dc_table_add_stream(struct dc_table *t, struct dc_channel *c) {
  return add(t, &by_stream, c);
}

void dc_table_remove_handle(struct dc_table *t, struct dc_channel *c) {
  take_out(t, &by_handle, c);
}

void dc_table_remove_stream(struct dc_table *t, struct dc_channel *c) {
  take_out(t, &by_stream, c);
}

void dc_table_free(struct dc_table *t) {
  free(t->slots);
  *t = (struct dc_table){0};
}
