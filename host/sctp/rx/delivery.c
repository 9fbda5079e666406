#include "sctp/rx/delivery.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/serial.h"

static struct rx_msg *msg_of(struct list *link) {
  return LIST_ENTRY(link, struct rx_msg, item.link);
}

static struct event_item *item_of(struct list *link) {
  return LIST_ENTRY(link, struct event_item, link);
}

/* The order of a stream's first message: nothing before it wraps around. */
#define FIRST ((uint64_t)1 << 32)

void delivery_init(struct delivery *d) {
  *d = (struct delivery){.streams = {.item_size = sizeof(struct in_stream)}};
  list_init(&d->events);
  list_init(&d->deferred.held);
}

static void free_item(struct event_item *item) {
  list_remove(&item->link);
  if (item->kind == SCTP_EV_MESSAGE)
    rx_msg_free(msg_of(&item->link));
  else
    free(LIST_ENTRY(&item->link, struct reset_event, item.link));
}

static void free_items(struct list *items) {
  LIST_EACH_SAFE(it, tmp, items) free_item(item_of(it));
}

void delivery_free(struct delivery *d) {
  size_t at = 0;
  for (struct in_stream *s; (s = stream_map_each(&d->streams, &at)) != NULL;)
    if (s->waiting.next) free_items(&s->waiting);
  free_items(&d->events);
  free_items(&d->deferred.held);
  free(d->deferred.event);
  stream_map_free(&d->streams);
}

int delivery_open(struct delivery *d, uint16_t stream) {
  struct in_stream *s = stream_map_make(&d->streams, stream);
  if (!s) return -ENOMEM;
  if (s->waiting.next) return 0;
  list_init(&s->waiting);
  s->next = FIRST;
  return 0;
}

static void hand_over(struct delivery *d, struct rx_msg *m) {
  list_remove(&m->item.link);
  list_push_back(&d->events, &m->item.link);
}

/* Hands over what is next in turn. */
static void drain(struct delivery *d, struct in_stream *s) {
  while (!list_empty(&s->waiting)) {
    struct rx_msg *m = msg_of(s->waiting.next);
    if (m->order != s->next) return;
    s->next++;
    hand_over(d, m);
  }
}

/* The place in the waiting list, looked for from the nearer end. */
static struct list *place_of(struct in_stream *s, uint64_t order) {
  struct list *head = &s->waiting, *at = head;
  if (list_empty(head)) return head;
  uint64_t first = msg_of(head->next)->order, last = msg_of(head->prev)->order;
  if (order > first && order < last && order - first < last - order) {
    at = head->next;
    while (at != head && msg_of(at)->order < order) at = at->next;
    return at;
  }
  while (at->prev != head && order < msg_of(at->prev)->order) at = at->prev;
  return at;
}

static void drop(struct delivery *d, struct rx_msg *m) {
  d->held -= m->held;
  rx_msg_free(m);
}

static uint64_t order_of(const struct delivery *d, const struct in_stream *s, uint32_t mid) {
  return d->interleaving ? serial32_unwrap(s->next, mid) : serial16_unwrap(s->next, (uint16_t)mid);
}

static void deliver_ordered(struct delivery *d, struct in_stream *s, struct rx_msg *m) {
  m->order = order_of(d, s, m->mid);
  if (m->order == s->next && list_empty(&s->waiting)) {
    s->next++;
    hand_over(d, m);
    return;
  }
  struct list *at = place_of(s, m->order);
  bool again = at->prev != &s->waiting && msg_of(at->prev)->order == m->order;
  /* One that was delivered, skipped or is waiting: the message's turn is over. */
  if (again || m->order < s->next) {
    drop(d, m);
    return;
  }
  list_insert_before(at, &m->item.link);
  drain(d, s);
}

static void deliver(struct delivery *d, struct rx_msg *m) {
  struct in_stream *s = stream_map_get(&d->streams, m->stream);
  assert(s && s->waiting.next);
  if (m->unordered)
    hand_over(d, m);
  else
    deliver_ordered(d, s, m);
}

static bool resets_stream(const struct reset_event *event, uint16_t stream) {
  if (event->n == 0) return true;
  for (size_t i = 0; i < event->n; i++)
    if (event->streams[i] == stream) return true;
  return false;
}

void delivery_message(struct delivery *d, struct rx_msg *m) {
  d->held += m->held;
  const struct deferred_reset *r = &d->deferred;
  if (r->event && m->tsn > r->last_tsn && resets_stream(r->event, m->stream))
    list_push_back(&d->deferred.held, &m->item.link);
  else
    deliver(d, m);
}

void delivery_skip(struct delivery *d, uint16_t stream, uint32_t mid) {
  struct in_stream *s = stream_map_get(&d->streams, stream);
  if (!s || !s->waiting.next) return;
  uint64_t order = order_of(d, s, mid);
  if (order < s->next) return;
  while (!list_empty(&s->waiting) && msg_of(s->waiting.next)->order <= order)
    hand_over(d, msg_of(s->waiting.next));
  s->next = order + 1;
  drain(d, s);
}

static void reset_stream(struct delivery *d, struct in_stream *s) {
  if (!s || !s->waiting.next) return;
  s->next = FIRST;
  /* Of the old life nothing is missing any more; what waits for its turn now has broken the rules.
   */
  while (!list_empty(&s->waiting)) {
    struct rx_msg *m = msg_of(s->waiting.next);
    list_remove(&m->item.link);
    drop(d, m);
  }
}

static void perform(struct delivery *d, struct reset_event *event) {
  size_t at = 0;
  if (event->n == 0)
    for (struct in_stream *s; (s = stream_map_each(&d->streams, &at)) != NULL;) reset_stream(d, s);
  for (size_t i = 0; i < event->n; i++)
    reset_stream(d, stream_map_get(&d->streams, event->streams[i]));
  list_push_back(&d->events, &event->item.link);
}

bool delivery_reset(struct delivery *d, struct reset_event *event, uint64_t last_tsn,
                    uint64_t cum) {
  assert(!d->deferred.event);
  if (cum >= last_tsn) {
    perform(d, event);
    return true;
  }
  d->deferred.event = event;
  d->deferred.last_tsn = last_tsn;
  return false;
}

bool delivery_advance(struct delivery *d, uint64_t cum) {
  struct deferred_reset *r = &d->deferred;
  if (!r->event || cum < r->last_tsn) return false;
  perform(d, r->event);
  r->event = NULL;
  while (!list_empty(&r->held)) {
    struct rx_msg *m = msg_of(r->held.next);
    list_remove(&m->item.link);
    deliver(d, m);
  }
  return true;
}

struct event_item *delivery_next(struct delivery *d) {
  struct list *first = list_pop_front(&d->events);
  if (!first) return NULL;
  struct event_item *item = item_of(first);
  if (item->kind == SCTP_EV_MESSAGE) d->held -= msg_of(first)->held;
  return item;
}
