#include "sctp/tx/send_queue.h"

#include <errno.h>

/* Virtual time a byte takes at weight 1: leaves fractions of a byte at any weight. */
#define VTIME_PER_BYTE 65536u

/* Many small messages may cost more than their bytes: this many times the limit. */
#define OVERHEAD_FACTOR 4u

void send_queue_init(struct send_queue *q, size_t limit) {
  *q = (struct send_queue){.limit = limit, .streams = {.item_size = sizeof(struct out_stream)}};
  list_init(&q->released);
  list_init(&q->partial);
}

void send_queue_interleave(struct send_queue *q, size_t window) {
  q->partial_limit = window / 2 > 0 ? window / 2 : 1;
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

/* A message so small goes out in one chunk, and is never half at the peer. */
#define WHOLE_AT_ONCE 256u

static bool may_begin(const struct send_queue *q, const struct tx_msg *m) {
  if (list_empty(&q->partial) || m->taken > 0) return true;
  if (q->partial_limit == 0) return false;
  return m->data->n <= WHOLE_AT_ONCE || (q->partial_bytes <= q->partial_limit &&
                                         m->data->n <= q->partial_limit - q->partial_bytes);
}

/* The message may not begin yet: its stream waits as long as the message would take, so that others
 * have their turns. */
static void put_off(struct send_queue *q, const struct tx_msg *m) {
  const struct tx_msg *busy = LIST_ENTRY(q->partial.next, struct tx_msg, partial);
  uint64_t from = busy->stream->turn.key;
  if (m->stream->turn.key > from) from = m->stream->turn.key;
  heap_move(&q->turns, &m->stream->turn,
            from + 1 + (uint64_t)m->data->n * VTIME_PER_BYTE / m->priority);
}

static struct tx_msg *top_message(const struct send_queue *q) {
  struct heap_node *top = heap_top(&q->turns);
  if (!top) return NULL;
  struct out_stream *s = HEAP_ENTRY(top, struct out_stream, turn);
  return LIST_ENTRY(s->queue.next, struct tx_msg, link);
}

struct tx_msg *send_queue_head(struct send_queue *q) {
  struct tx_msg *m = top_message(q);
  if (!m || may_begin(q, m)) return m;
  if (q->partial_limit == 0) return LIST_ENTRY(q->partial.next, struct tx_msg, partial);
  /* Comes to an end at a stream whose message is under way. */
  for (; !may_begin(q, m); m = top_message(q)) put_off(q, m);
  return m;
}

static void leave_partial(struct send_queue *q, struct tx_msg *m) {
  if (list_empty(&m->partial)) return;
  list_remove(&m->partial);
  q->partial_bytes -= m->data->n;
}

/* Out of the queue, with the stream out of the turns when that was its last. */
static void unqueue(struct send_queue *q, struct tx_msg *m) {
  list_remove(&m->link);
  leave_partial(q, m);
  m->queued = false;
  heap_remove(&q->expiries, &m->expiry);
  if (list_empty(&m->stream->queue)) heap_remove(&q->turns, &m->stream->turn);
}

static void begin_message(struct send_queue *q, struct tx_msg *m) {
  m->mid = m->stream->next_mid[m->unordered]++;
  list_push_back(&q->partial, &m->partial);
  q->partial_bytes += m->data->n;
}

void send_queue_took(struct send_queue *q, struct tx_msg *m, size_t n) {
  struct out_stream *s = m->stream;
  uint64_t least = heap_top(&q->turns)->key;
  if ((m->taken == 0 || q->partial_limit > 0) && least > q->vtime) q->vtime = least;
  if (m->taken == 0) begin_message(q, m);
  m->taken += n;
  m->next_fsn++;
  q->unsent -= n;
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
