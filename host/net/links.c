#include "net/links.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define BUCKETS   1024 /* a power of two, about the peers a process is made for */
#define RUNS      NET_UDP_TX_BATCH
#define COLLECTED (4 * NET_LINKS_SPACE)

struct net_links {
  struct net_link_env env;
  struct net_udp_counters count;
  struct list buckets[BUCKETS];  /* by peer */
  struct list lingering;         /* closed, with datagrams held */
  struct net_udp_run runs[RUNS]; /* of this drain, pointing into `collected` */
  struct net_link *via[RUNS];    /* NULL: gone */
  size_t n_runs, used;
  uint8_t *collected; /* COLLECTED bytes */
};

static struct list *bucket(struct net_links *l, uint32_t peer) {
  return &l->buckets[peer % BUCKETS];
}

static struct net_link *find(struct net_links *l, uint32_t peer, uint32_t link) {
  struct list *head = bucket(l, peer);
  LIST_EACH(it, head) {
    struct net_link *k = LIST_ENTRY(it, struct net_link, node);
    if (k->id == link && k->peer == peer) return k;
  }
  return NULL;
}

int net_links_new(struct net_links **ret, const struct net_links_cfg *cfg) {
  struct net_links *l = calloc(1, sizeof *l);
  if (!l) return -ENOMEM;
  for (size_t i = 0; i < BUCKETS; i++) list_init(&l->buckets[i]);
  list_init(&l->lingering);
  l->env = (struct net_link_env){.loop = cfg->loop,
                                 .rng = cfg->rng,
                                 .count = &l->count,
                                 .ctx = cfg->ctx,
                                 .received = cfg->received,
                                 .writable = cfg->writable};
  l->collected = malloc(COLLECTED);
  if (!l->collected || net_udp_rx_new(&l->env.rx) != 0) {
    net_links_free(l);
    return -ENOMEM;
  }
  *ret = l;
  return 0;
}

static void free_all(struct list *head) {
  LIST_EACH_SAFE(it, next, head) net_link_free(LIST_ENTRY(it, struct net_link, node));
}

struct net_links *net_links_free(struct net_links *l) {
  if (!l) return NULL;
  for (size_t i = 0; i < BUCKETS; i++) free_all(&l->buckets[i]);
  free_all(&l->lingering);
  net_udp_rx_free(l->env.rx);
  free(l->collected);
  free(l);
  return NULL;
}

int net_links_bind(struct net_links *l, uint32_t peer, const struct ice_bind *bind,
                   struct addr *ret_local) {
  if (find(l, peer, bind->link)) return -EEXIST;
  struct net_udp_place place = {
      .local = bind->local, .port_min = bind->port_min, .port_max = bind->port_max};
  struct net_link *k;
  int r = net_link_new(&k, &l->env, peer, bind->link, &place, ret_local);
  if (r == 0) list_push_back(bucket(l, peer), &k->node);
  return r;
}

static void close_link(struct net_links *l, struct net_link *k) {
  if (net_link_close(k)) return;
  list_remove(&k->node);
  list_push_back(&l->lingering, &k->node);
}

void net_links_unbind(struct net_links *l, uint32_t peer, uint32_t link) {
  net_links_flush(l);
  struct net_link *k = find(l, peer, link);
  if (k) close_link(l, k);
}

void net_links_drop_peer(struct net_links *l, uint32_t peer) {
  net_links_flush(l);
  LIST_EACH_SAFE(it, next, bucket(l, peer)) {
    struct net_link *k = LIST_ENTRY(it, struct net_link, node);
    if (k->peer == peer) close_link(l, k);
  }
}

uint8_t *net_links_space(struct net_links *l, size_t *ret_cap) {
  if (l->n_runs == RUNS || COLLECTED - l->used < NET_LINKS_SPACE) net_links_flush(l);
  *ret_cap = NET_LINKS_SPACE;
  return l->collected + l->used;
}

void net_links_add(struct net_links *l, uint32_t peer, const struct peer_out *out) {
  const struct path *path = &out->u.tx.path;
  size_t n = out->u.tx.n;
  assert(out->kind == OUT_TX && n <= COLLECTED - l->used && l->n_runs < RUNS);
  struct net_link *k = find(l, peer, path->link);
  if (!k || n == 0 || path->remote.family == ADDR_NONE) {
    l->count.refused++;
    return;
  }
  l->via[l->n_runs] = k;
  l->runs[l->n_runs++] = (struct net_udp_run){.remote = path->remote,
                                              .data = l->collected + l->used,
                                              .n = n,
                                              .segment = out->u.tx.segment,
                                              .fragment = out->u.tx.fragment};
  l->used += n;
}

/* Sends all runs of the link that the first unsent run is for, in their order. */
static void flush_link(struct net_links *l, struct net_link *k, size_t first) {
  struct net_udp_run runs[RUNS];
  size_t n = 0;
  for (size_t i = first; i < l->n_runs; i++) {
    if (l->via[i] != k) continue;
    runs[n++] = l->runs[i];
    l->via[i] = NULL;
  }
  net_link_send(k, runs, n);
}

void net_links_flush(struct net_links *l) {
  for (size_t i = 0; i < l->n_runs; i++)
    if (l->via[i]) flush_link(l, l->via[i], i);
  l->n_runs = l->used = 0;
}

static size_t count(const struct list *head) {
  size_t n = 0;
  LIST_EACH(it, head) n++;
  return n;
}

size_t net_links_count(const struct net_links *l) {
  size_t n = count(&l->lingering);
  for (size_t i = 0; i < BUCKETS; i++) n += count(&l->buckets[i]);
  return n;
}

const struct net_udp_counters *net_links_counters(const struct net_links *l) {
  return &l->count;
}
