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
  if (!s->waiting.next) list_init(&s->waiting);
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
    if (m->ssn != s->next_ssn) return;
    s->next_ssn++;
    hand_over(d, m);
  }
}

/* The place in the waiting list, looked for from the nearer end. */
static struct list *place_of(struct in_stream *s, uint16_t ssn) {
  struct list *head = &s->waiting;
  if (list_empty(head)) return head;
  uint16_t from_first = (uint16_t)(ssn - msg_of(head->next)->ssn);
  uint16_t from_last = (uint16_t)(msg_of(head->prev)->ssn - ssn);
  if ((int16_t)from_last > 0 && (int16_t)from_first > 0 && from_first < from_last) {
    struct list *at = head->next;
    while (at != head && serial16_lt(msg_of(at)->ssn, ssn)) at = at->next;
    return at;
  }
  struct list *at = head;
  while (at->prev != head && serial16_lt(ssn, msg_of(at->prev)->ssn)) at = at->prev;
  return at;
}

static void drop(struct delivery *d, struct rx_msg *m) {
  d->held -= m->held;
  rx_msg_free(m);
}

static void deliver_ordered(struct delivery *d, struct in_stream *s, struct rx_msg *m) {
  if (m->ssn == s->next_ssn && list_empty(&s->waiting)) {
    s->next_ssn++;
    hand_over(d, m);
    return;
  }
  struct list *at = place_of(s, m->ssn);
  bool again = at->prev != &s->waiting && msg_of(at->prev)->ssn == m->ssn;
  /* An SSN that was delivered, skipped or is waiting: the message's turn is over. */
  if (again || serial16_lt(m->ssn, s->next_ssn)) {
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
  if (r->event && m->first > r->last_tsn && resets_stream(r->event, m->stream))
    list_push_back(&d->deferred.held, &m->item.link);
  else
    deliver(d, m);
}

void delivery_skip(struct delivery *d, uint16_t stream, uint16_t ssn) {
  struct in_stream *s = stream_map_get(&d->streams, stream);
  if (!s || !s->waiting.next || serial16_lt(ssn, s->next_ssn)) return;
  while (!list_empty(&s->waiting) && !serial16_lt(ssn, msg_of(s->waiting.next)->ssn))
    hand_over(d, msg_of(s->waiting.next));
  s->next_ssn = (uint16_t)(ssn + 1);
  drain(d, s);
}

static void reset_stream(struct delivery *d, struct in_stream *s) {
  if (!s || !s->waiting.next) return;
  s->next_ssn = 0;
  /* Of the old life nothing is missing any more; what waits for an SSN now has broken the rules. */
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
