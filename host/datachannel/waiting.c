#include "datachannel/waiting.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SMALL     256u  /* bytes; a larger message is kept as it came */
#define PACK_SIZE 4096u /* bytes of a pack of small messages */

/* A message of its own, or a pack: records one after the other. */
struct item {
  struct list link;
  struct payload *data;
  size_t at;     /* pack: where the first record begins; else what was taken already */
  size_t within; /* pack: what was taken of the first record */
  size_t charge; /* not a pack */
  bool text;     /* not a pack */
  bool pack;
};

/* Stands before each message of a pack. */
struct record {
  uint16_t n, charge;
  bool text;
};

void waiting_init(struct waiting *q) {
  list_init(&q->items);
}

bool waiting_is_empty(const struct waiting *q) {
  return list_empty(&q->items);
}

static struct item *first_item(const struct waiting *q) {
  return list_empty(&q->items) ? NULL : LIST_ENTRY(q->items.next, struct item, link);
}

static struct record record_at(const struct item *i, size_t at) {
  struct record r;
  memcpy(&r, i->data->data + at, sizeof r);
  return r;
}

/* Takes data, also on failure. */
static struct item *new_item(struct waiting *q, struct payload *data) {
  struct item *i = data ? calloc(1, sizeof *i) : NULL;
  if (!i) {
    payload_free(data);
    return NULL;
  }
  i->data = data;
  list_push_back(&q->items, &i->link);
  return i;
}

static bool ends_with_pack(const struct waiting *q) {
  if (list_empty(&q->items)) return false;
  return LIST_ENTRY(q->items.prev, struct item, link)->pack;
}

/* The pack at the end with room for a record of n bytes; a new one if there is none. NULL when out
 * of memory. */
static struct item *open_pack(struct waiting *q, size_t n) {
  bool pack = ends_with_pack(q);
  if (pack) {
    struct item *last = LIST_ENTRY(q->items.prev, struct item, link);
    if (last->data->cap - last->data->n >= sizeof(struct record) + n) return last;
  }
  /* the first small message of a quiet channel takes no whole pack */
  struct item *i = new_item(q, payload_new(pack ? PACK_SIZE : sizeof(struct record) + SMALL));
  if (i) i->pack = true;
  return i;
}

static int add_small(struct waiting *q, struct payload *data, bool text, size_t charge) {
  size_t n = data ? data->n : 0;
  struct item *i = open_pack(q, n);
  if (i) {
    const struct record r = {.n = (uint16_t)n, .charge = (uint16_t)charge, .text = text};
    memcpy(i->data->data + i->data->n, &r, sizeof r);
    if (n > 0) memcpy(i->data->data + i->data->n + sizeof r, data->data, n);
    i->data->n += sizeof r + n;
  }
  payload_free(data);
  return i ? 0 : -ENOMEM;
}

int waiting_add(struct waiting *q, struct payload *data, bool text, size_t charge) {
  if (!data || (data->n <= SMALL && charge <= UINT16_MAX)) return add_small(q, data, text, charge);
  struct item *i = new_item(q, data);
  if (!i) return -ENOMEM;
  i->charge = charge;
  i->text = text;
  return 0;
}

bool waiting_first(const struct waiting *q, struct waiting_first *ret) {
  const struct item *i = first_item(q);
  if (!i) return false;
  if (i->pack) {
    struct record r = record_at(i, i->at);
    const uint8_t *p = i->data->data + i->at + sizeof r;
    *ret = (struct waiting_first){{p + i->within, r.n - i->within}, r.text};
  } else {
    *ret = (struct waiting_first){{i->data->data + i->at, i->data->n - i->at}, i->text};
  }
  return true;
}

static void free_item(struct item *i) {
  list_remove(&i->link);
  payload_free(i->data);
  free(i);
}

/* The first message of the item is over: drops it, and the item with its last. Returns its charge.
 */
static size_t drop_first(struct item *i) {
  size_t charge = i->charge;
  if (i->pack) {
    struct record r = record_at(i, i->at);
    charge = r.charge;
    i->at += sizeof r + r.n;
    i->within = 0;
  }
  if (!i->pack || i->at == i->data->n) free_item(i);
  return charge;
}

int waiting_take(struct waiting *q, size_t n, struct waiting_piece *ret) {
  struct waiting_first f;
  struct item *i = first_item(q);
  bool any = waiting_first(q, &f);
  assert(any && n <= f.left.n && (n > 0 || f.left.n == 0));
  (void)any;
  struct payload *piece = NULL;
  bool whole = !i->pack && i->at == 0 && n == i->data->n;
  if (n > 0 && !whole && !(piece = payload_copy((struct bytes){f.left.p, n}))) return -ENOMEM;
  if (whole) {
    piece = i->data;
    i->data = NULL;
  }
  *ret = (struct waiting_piece){.data = piece, .text = f.text, .more = n < f.left.n};
  if (i->pack)
    i->within += n;
  else
    i->at += n;
  if (!ret->more) ret->charge = drop_first(i);
  return 0;
}

/* Of the messages that are left. */
static size_t charge_of(const struct item *i) {
  size_t charge = i->charge;
  for (size_t at = i->at; i->pack && at < i->data->n;) {
    struct record r = record_at(i, at);
    charge += r.charge;
    at += sizeof r + r.n;
  }
  return charge;
}

size_t waiting_clear(struct waiting *q) {
  size_t charge = 0;
  LIST_EACH_SAFE(it, next, &q->items) {
    struct item *i = LIST_ENTRY(it, struct item, link);
    charge += charge_of(i);
    free_item(i);
  }
  return charge;
}
