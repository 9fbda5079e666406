/* The session's peers and channels by number, and which of them wakes first. */
#include <errno.h>
#include <stdlib.h>

#include "rpc/internal.h"

struct rpc_peer *rpc_find_peer(const struct rpc_session *s, uint64_t id) {
  struct rpc_peer *p = id >= 1 && id <= s->n_ids ? s->by_id[id - 1] : NULL;
  return p && !p->closing ? p : NULL;
}

struct rpc_peer *rpc_call_peer(struct rpc_call *c, uint64_t id) {
  struct rpc_peer *p = rpc_find_peer(c->s, id);
  if (!p)
    (void)rpc_error_set(c->error, FAULT_UNKNOWN_PEER, "peer",
                        "there is no peer %llu, or it was closed", (unsigned long long)id);
  return p;
}

/* Room for one more item; the array doubles. */
static void *grow(void *array, size_t n, size_t *cap, size_t size) {
  if (n < *cap) return array;
  size_t more = *cap ? 2 * *cap : 8;
  void *grown = realloc(array, more * size);
  if (grown) *cap = more;
  return grown;
}

static int reserve(struct rpc_session *s) {
  struct rpc_peer **ids = grow(s->by_id, s->n_ids, &s->cap_ids, sizeof(struct rpc_peer *));
  if (!ids) return -ENOMEM;
  s->by_id = ids;
  struct rpc_peer **heap = grow(s->heap, s->n_peers, &s->cap_heap, sizeof(struct rpc_peer *));
  if (!heap) return -ENOMEM;
  s->heap = heap;
  return 0;
}

struct rpc_peer *rpc_peer_new(struct rpc_session *s) {
  struct rpc_peer *p = reserve(s) < 0 ? NULL : calloc(1, sizeof *p);
  if (!p) return NULL;
  p->id = (uint32_t)s->n_ids + 1;
  p->wake_at = MONO_NEVER;
  list_init(&p->dirty);
  list_push_back(&s->peers, &p->all);
  s->by_id[s->n_ids++] = p;
  s->n_peers++;
  return p;
}

static void heap_put(struct rpc_session *s, size_t i, struct rpc_peer *p) {
  s->heap[i] = p;
  p->heap_at = i + 1;
}

static void sift_up(struct rpc_session *s, size_t i) {
  struct rpc_peer *p = s->heap[i];
  for (; i > 0 && p->wake_at < s->heap[(i - 1) / 2]->wake_at; i = (i - 1) / 2)
    heap_put(s, i, s->heap[(i - 1) / 2]);
  heap_put(s, i, p);
}

static void sift_down(struct rpc_session *s, size_t i) {
  struct rpc_peer *p = s->heap[i];
  for (size_t child; (child = 2 * i + 1) < s->n_heap; i = child) {
    if (child + 1 < s->n_heap && s->heap[child + 1]->wake_at < s->heap[child]->wake_at) child++;
    if (s->heap[child]->wake_at >= p->wake_at) break;
    heap_put(s, i, s->heap[child]);
  }
  heap_put(s, i, p);
}

static void heap_remove(struct rpc_session *s, struct rpc_peer *p) {
  if (p->heap_at == 0) return;
  size_t i = p->heap_at - 1;
  struct rpc_peer *last = s->heap[--s->n_heap];
  p->heap_at = 0;
  if (last == p) return;
  heap_put(s, i, last);
  sift_up(s, i);
  sift_down(s, last->heap_at - 1);
}

void rpc_peer_free(struct rpc_session *s, struct rpc_peer *p) {
  heap_remove(s, p);
  list_remove(&p->dirty);
  list_remove(&p->all);
  s->by_id[p->id - 1] = NULL;
  s->n_peers--;
  for (uint32_t h = p->last_channel; h != 0; h = s->channels[h - 1].before)
    s->channels[h - 1].assembly = payload_free(s->channels[h - 1].assembly);
  peer_free(p->machine);
  free(p->filter.names);
  free(p->next_filter.names);
  free(p);
}

void rpc_peer_touch(struct rpc_session *s, struct rpc_peer *p) {
  if (list_empty(&p->dirty)) list_push_back(&s->dirty, &p->dirty);
}

void rpc_peer_sleep(struct rpc_session *s, struct rpc_peer *p, mono_us wake_at) {
  list_remove(&p->dirty);
  heap_remove(s, p);
  p->wake_at = wake_at;
  if (wake_at == MONO_NEVER) return;
  heap_put(s, s->n_heap++, p);
  sift_up(s, s->n_heap - 1);
}

int rpc_peers_wake(struct rpc_session *s, mono_us now) {
  int r = 0;
  while (r == 0 && s->n_heap > 0 && s->heap[0]->wake_at <= now) {
    struct rpc_peer *p = s->heap[0];
    heap_remove(s, p);
    rpc_peer_touch(s, p);
    r = peer_wake(p->machine, now);
  }
  return r;
}

mono_us rpc_peers_next_wake(const struct rpc_session *s) {
  return s->n_heap > 0 ? s->heap[0]->wake_at : MONO_NEVER;
}

struct rpc_channel *rpc_find_channel(const struct rpc_session *s, uint64_t handle,
                                     struct rpc_peer **ret_peer) {
  if (handle < 1 || handle > s->n_channels) return NULL;
  struct rpc_channel *channel = &s->channels[handle - 1];
  *ret_peer = rpc_find_peer(s, channel->peer);
  return *ret_peer ? channel : NULL;
}

uint32_t rpc_new_channel(struct rpc_session *s, struct rpc_peer *p) {
  struct rpc_channel *channels =
      grow(s->channels, s->n_channels, &s->cap_channels, sizeof *channels);
  if (!channels) return 0;
  s->channels = channels;
  channels[s->n_channels++] = (struct rpc_channel){.peer = p->id, .before = p->last_channel};
  p->last_channel = (uint32_t)s->n_channels;
  return p->last_channel;
}

void rpc_assembly_drop(struct rpc_channel *channel) {
  channel->assembly = payload_free(channel->assembly);
  channel->refusing = false;
}

void rpc_drop_channel(struct rpc_session *s, struct rpc_peer *p, uint32_t handle) {
  if (handle != s->n_channels || handle != p->last_channel) return;
  p->last_channel = s->channels[handle - 1].before;
  s->n_channels--;
}
