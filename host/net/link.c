#include "net/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/watch.h"

/* A run that waits for the kernel. */
struct held {
  struct list node;
  struct net_udp_run run; /* points into data */
  uint8_t data[];
};

static void drop_held(struct net_link *l) {
  LIST_EACH_SAFE(it, next, &l->held) free(LIST_ENTRY(it, struct held, node));
  list_init(&l->held);
  l->held_bytes = 0;
}

struct net_link *net_link_free(struct net_link *l) {
  if (!l) return NULL;
  list_remove(&l->node);
  drop_held(l);
  net_watch_free(l->watch);
  if (l->tx.fd >= 0) close(l->tx.fd);
  free(l);
  return NULL;
}

static void hold(struct net_link *l, const struct net_udp_run *run) {
  if (run->n == 0) return;
  struct held *h = l->held_bytes + run->n > NET_LINK_HELD_MAX ? NULL : malloc(sizeof *h + run->n);
  if (!h) {
    l->env->count->refused++;
    return;
  }
  memcpy(h->data, run->data, run->n);
  h->run = *run;
  h->run.data = h->data;
  l->held_bytes += run->n;
  list_push_back(&l->held, &h->node);
}

/* Sends what is held; false when the kernel's buffer is full again. */
static bool send_held(struct net_link *l) {
  while (!list_empty(&l->held)) {
    struct held *h = LIST_ENTRY(l->held.next, struct held, node);
    size_t before = h->run.n;
    bool sent = net_udp_send(&l->tx, &h->run, 1) == 1;
    l->held_bytes -= before - h->run.n;
    if (!sent) return false;
    list_remove(&h->node);
    free(h);
  }
  return true;
}

static void watch_for(struct net_link *l, bool writable) {
  int events = (l->closing ? 0 : NET_READABLE) | (writable ? NET_WRITABLE : 0);
  (void)net_watch_set(l->watch, events);
}

static void on_writable(struct net_link *l) {
  if (!send_held(l)) return;
  if (l->closing) {
    net_link_free(l);
    return;
  }
  watch_for(l, false);
  l->env->writable(l->env->ctx, l->peer, l->id, true);
}

static void on_readable(struct net_link *l) {
  struct net_udp_rx *rx = l->env->rx;
  struct path path = {.link = l->id};
  struct bytes datagram;
  (void)net_udp_rx_read(rx, l->tx.fd);
  while (net_udp_rx_next(rx, &path.remote, &datagram))
    l->env->received(l->env->ctx, l->peer, &path, datagram);
}

static void on_ready(void *ctx, int events) {
  struct net_link *l = ctx;
  if (events & NET_HANGUP) { /* an error of the network: reading takes it off the socket */
    watch_for(l, !list_empty(&l->held));
    events |= NET_READABLE;
  }
  if (!l->closing && (events & NET_READABLE)) on_readable(l);
  if (!list_empty(&l->held)) on_writable(l);
}

int net_link_new(struct net_link **ret, const struct net_link_env *env, uint32_t peer, uint32_t id,
                 const struct net_udp_place *place, struct addr *ret_local) {
  struct net_link *l = calloc(1, sizeof *l);
  if (!l) return -ENOMEM;
  list_init(&l->node);
  list_init(&l->held);
  l->peer = peer;
  l->id = id;
  l->env = env;
  l->tx.count = env->count;
  struct addr local;
  l->tx.fd = net_udp_open(place, env->rng, &local);
  int r =
      l->tx.fd < 0 ? l->tx.fd : net_watch_new(&l->watch, env->loop, l->tx.fd, true, on_ready, l);
  if (r == 0) r = net_watch_set(l->watch, NET_READABLE);
  if (r != 0) {
    net_link_free(l);
    return r;
  }
  l->tx.segmenting = net_udp_has_segment(l->tx.fd);
  *ret_local = local;
  *ret = l;
  return 0;
}

bool net_link_close(struct net_link *l) {
  l->closing = true;
  if (list_empty(&l->held)) {
    net_link_free(l);
    return true;
  }
  watch_for(l, true);
  return false;
}

void net_link_send(struct net_link *l, struct net_udp_run *runs, size_t n) {
  bool blocked = !list_empty(&l->held);
  size_t done = blocked ? 0 : net_udp_send(&l->tx, runs, n);
  for (size_t i = done; i < n; i++) hold(l, &runs[i]);
  if (blocked || list_empty(&l->held)) return;
  watch_for(l, true);
  l->env->writable(l->env->ctx, l->peer, l->id, false);
}
