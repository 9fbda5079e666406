#include "sctp/tx/send_queue.h"

#include <errno.h>

/* Virtual time a byte takes at weight 1: leaves fractions of a byte at any weight. */
#define VTIME_PER_BYTE 65536u

/* Many small messages may cost more than their bytes: this many times the limit. */
#define OVERHEAD_FACTOR 4u

void send_queue_init(struct send_queue *q, size_t limit) {
  *q = (struct send_queue){.limit = limit, .streams = {.item_size = sizeof(struct out_stream)}};
  list_init(&q->released);
}

static void free_queue(struct send_queue *q, struct out_stream *s) {
  while (s->queue.next && !list_empty(&s->queue)) {
    struct tx_msg *m = LIST_ENTRY(s->queue.next, struct tx_msg, link);
    send_queue_drop(q, m);
    if (m->chunks == 0) tx_msg_free(m);
  }
}

void send_queue_free(struct send_queue *q) {
  size_t at = 0;
  for (struct out_stream *s; (s = stream_map_each(&q->streams, &at)) != NULL;) free_queue(q, s);
  stream_map_free(&q->streams);
  heap_free(&q->turns);
  heap_free(&q->expiries);
}

struct out_stream *send_queue_stream(const struct send_queue *q, uint16_t stream) {
  struct out_stream *s = stream_map_get(&q->streams, stream);
  return s && s->queue.next ? s : NULL;
}

struct out_stream *send_queue_open(struct send_queue *q, uint16_t stream) {
  struct out_stream *s = stream_map_make(&q->streams, stream);
  if (!s || s->queue.next) return s;
  list_init(&s->queue);
  list_init(&s->released);
  s->id = stream;
  return s;
}

bool send_queue_is_full(const struct send_queue *q, size_t n) {
  if (q->messages == 0) return false;
  if (q->buffered >= q->limit || n > q->limit - q->buffered) return true;
  return q->messages >= q->limit / TX_MSG_COST * OVERHEAD_FACTOR + OVERHEAD_FACTOR;
}

int send_queue_add(struct send_queue *q, const struct sctp_send_info *info, struct payload *data,
                   mono_us expires) {
  struct out_stream *s = send_queue_open(q, info->stream);
  struct tx_msg *m = s ? tx_msg_new(info, data, expires) : NULL;
  if (!m) return -ENOMEM;
  uint64_t turn = s->turn.key > q->vtime ? s->turn.key : q->vtime;
  if ((expires != MONO_NEVER && heap_add(&q->expiries, &m->expiry, expires) < 0) ||
      (s->turn.at == 0 && heap_add(&q->turns, &s->turn, turn) < 0)) {
    heap_remove(&q->expiries, &m->expiry);
    m->data = NULL;
    tx_msg_free(m);
    return -ENOMEM;
  }
  m->stream = s;
  m->queued = true;
  list_push_back(&s->queue, &m->link);
  s->buffered += data->n;
  q->buffered += data->n;
  q->unsent += data->n;
  q->messages++;
  return 0;
}

struct tx_msg *send_queue_head(struct send_queue *q) {
  if (q->current) return q->current;
  struct heap_node *top = heap_top(&q->turns);
  if (!top) return NULL;
  struct out_stream *s = HEAP_ENTRY(top, struct out_stream, turn);
  return LIST_ENTRY(s->queue.next, struct tx_msg, link);
}

/* Out of the queue, with the stream out of the turns when that was its last. */
static void unqueue(struct send_queue *q, struct tx_msg *m) {
  list_remove(&m->link);
  m->queued = false;
  heap_remove(&q->expiries, &m->expiry);
  if (list_empty(&m->stream->queue)) heap_remove(&q->turns, &m->stream->turn);
  if (q->current == m) q->current = NULL;
}

void send_queue_took(struct send_queue *q, struct tx_msg *m, size_t n) {
  struct out_stream *s = m->stream;
  if (m->taken == 0) {
    if (!m->unordered) m->ssn = s->next_ssn++;
    q->vtime = s->turn.key;
  }
  m->taken += n;
  q->unsent -= n;
  q->current = m;
  heap_move(&q->turns, &s->turn, s->turn.key + (uint64_t)n * VTIME_PER_BYTE / m->priority);
  if (m->taken == m->data->n) unqueue(q, m);
}

void send_queue_drop(struct send_queue *q, struct tx_msg *m) {
  if (!m->queued) return;
  q->unsent -= m->data->n - m->taken;
  unqueue(q, m);
}

void send_queue_release(struct send_queue *q, struct tx_msg *m, size_t n) {
  struct out_stream *s = m->stream;
  m->unreleased -= n;
  s->buffered -= n;
  q->buffered -= n;
  s->unannounced += n;
  if (n > 0 && list_empty(&s->released)) list_push_back(&q->released, &s->released);
}

void send_queue_settle(struct send_queue *q, struct tx_msg *m) {
  if (m->queued || m->chunks > 0) return;
  q->messages--;
  tx_msg_free(m);
}

struct out_stream *send_queue_announce(struct send_queue *q, size_t *ret_bytes) {
  struct list *first = list_pop_front(&q->released);
  if (!first) return NULL;
  struct out_stream *s = LIST_ENTRY(first, struct out_stream, released);
  *ret_bytes = s->unannounced;
  s->unannounced = 0;
  return s;
}

mono_us send_queue_expiry(const struct send_queue *q) {
  struct heap_node *top = heap_top(&q->expiries);
  return top ? top->key : MONO_NEVER;
}

struct tx_msg *send_queue_expired(const struct send_queue *q, mono_us real) {
  struct heap_node *top = heap_top(&q->expiries);
  return top && real > top->key ? HEAP_ENTRY(top, struct tx_msg, expiry) : NULL;
}
