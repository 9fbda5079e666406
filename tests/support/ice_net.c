#include "support/ice_net.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum item_kind { ITEM_DATAGRAM, ITEM_CREDENTIALS, ITEM_CANDIDATE, ITEM_END };

struct net_item {
  struct net_item *next;
  mono_us at;
  enum item_kind kind;
  struct addr from, to;
  unsigned node; /* the receiver of signalling */
  struct ice_credentials credentials;
  struct ice_candidate candidate;
  size_t n;
  uint8_t data[1500];
};

void net_init(struct ice_net *net, uint64_t seed, const struct net_policy *policy) {
  memset(net, 0, sizeof *net);
  net->now = MONO_S;
  net->policy = *policy;
  seeded_rng_init(&net->rng, seed);
}

static void free_items(struct net_item *i) {
  while (i) {
    struct net_item *next = i->next;
    free(i);
    i = next;
  }
}

void net_free(struct ice_net *net) {
  for (size_t i = 0; i < net->n_nodes; i++) ice_agent_free(net->nodes[i].agent);
  free_items(net->queue);
  free_items(net->pool);
}

struct net_node *net_add(struct ice_net *net, bool controlling, mono_us ta) {
  struct net_node *node = &net->nodes[net->n_nodes];
  node->net = net;
  node->index = (unsigned)net->n_nodes;
  node->next_port = 5000;
  node->wake_at = MONO_NEVER;
  seeded_rng_init(&node->rng, rng_u64(&net->rng.rng));
  struct ice_cfg cfg = {.rng = &node->rng.rng, .controlling = controlling, .ta = ta};
  cfg.loopback = true;
  if (ice_agent_new(&node->agent, &cfg, net->now) < 0) return NULL;
  net->n_nodes++;
  return node;
}

/* A fresh item, or NULL. */
static struct net_item *take(struct ice_net *net) {
  struct net_item *i = net->pool;
  if (i) {
    net->pool = i->next;
    return i;
  }
  return malloc(sizeof *i); /* NULL: the item is lost */
}

static void insert(struct ice_net *net, struct net_item *i) {
  struct net_item **at = &net->queue;
  while (*at && (*at)->at <= i->at) at = &(*at)->next;
  i->next = *at;
  *at = i;
}

static mono_us between(struct ice_net *net, mono_us low, mono_us high) {
  return low >= high ? low : low + rng_u64(&net->rng.rng) % (high - low + 1);
}

static bool chance(struct ice_net *net, unsigned in_1000) {
  return in_1000 > 0 && rng_below(&net->rng.rng, 1000) < in_1000;
}

void net_inject(struct ice_net *net, const struct addr *from, const struct addr *to,
                struct bytes datagram, mono_us delay) {
  struct net_item *i = take(net);
  if (!i) return;
  assert(datagram.n <= sizeof i->data);
  i->at = net->now + delay;
  i->kind = ITEM_DATAGRAM;
  i->node = 0;
  i->from = *from;
  i->to = *to;
  i->n = datagram.n;
  memcpy(i->data, datagram.p, datagram.n);
  insert(net, i);
}

static struct addr *local_of(struct net_node *node, uint32_t link) {
  for (size_t i = 0; i < node->n_links; i++)
    if (node->links[i].link == link) return &node->links[i].local;
  return NULL;
}

static void transmit(struct net_node *node, const struct path *path, struct bytes datagram) {
  struct ice_net *net = node->net;
  const struct addr *from = local_of(node, path->link);
  node->n_tx++;
  if (!node->first_tx) node->first_tx = net->now;
  if (!from) return;
  if (net->policy.dead && net->policy.dead(net->policy.ctx, from, &path->remote)) return;
  unsigned copies = chance(net, net->policy.duplicates) ? 2 : 1;
  for (unsigned i = 0; i < copies; i++) {
    if (chance(net, net->policy.loss)) continue;
    net_inject(net, from, &path->remote, datagram,
               between(net, net->policy.delay_min, net->policy.delay_max));
  }
}

static struct net_item *signal_to(struct net_node *node, enum item_kind kind) {
  struct ice_net *net = node->net;
  struct net_item *i = take(net);
  if (!i) return NULL;
  i->at = net->now + between(net, net->policy.signal_min, net->policy.signal_max);
  i->kind = kind;
  i->node = node->peer;
  i->credentials = node->local;
  return i;
}

static void on_event(struct net_node *node, const struct ice_event *ev) {
  struct net_item *i;
  switch (ev->kind) {
  case ICE_EV_CANDIDATE:
    node->n_candidates++;
    if (node->net->policy.no_trickle) break;
    i = signal_to(node, ITEM_CANDIDATE);
    if (!i) break;
    i->candidate = ev->u.candidate;
    insert(node->net, i);
    break;
  case ICE_EV_GATHERED:
    node->n_gathered++;
    i = signal_to(node, ITEM_END);
    if (i) insert(node->net, i);
    break;
  case ICE_EV_STATE:
    node->n_states++;
    node->state = ev->u.state;
    if (node->state == ICE_CONNECTED && !node->connected_at) node->connected_at = node->net->now;
    if (node->state == ICE_DISCONNECTED) node->disconnected_at = node->net->now;
    if (node->state == ICE_FAILED) node->failed_at = node->net->now;
    break;
  case ICE_EV_SELECTED: node->n_selected++; break;
  case ICE_EV_RTT: node->n_rtt++; break;
  case ICE_EV_DOUBTED:
  case ICE_EV_RESUMED: break;
  }
}

static void on_bind(struct net_node *node, const struct ice_bind *bind) {
  struct addr local = bind->local;
  assert(node->n_links < NET_LINKS);
  local.port = node->next_port++;
  node->links[node->n_links].link = bind->link;
  node->links[node->n_links++].local = local;
  (void)ice_agent_bound(node->agent, node->net->now, bind->link, 0, &local);
}

static void on_unbind(struct net_node *node, uint32_t link) {
  for (size_t i = 0; i < node->n_links; i++)
    if (node->links[i].link == link) node->links[i] = node->links[--node->n_links];
}

void net_drain(struct net_node *node) {
  uint8_t buf[1280];
  struct ice_out out;
  for (;;) {
    ice_agent_poll(node->agent, node->net->now, buf, sizeof buf, &out);
    switch (out.kind) {
    case OUT_IDLE: node->wake_at = out.u.wake_at; return;
    case OUT_TX: transmit(node, &out.u.tx.path, (struct bytes){buf, out.u.tx.n}); break;
    case OUT_EVENT: on_event(node, &out.u.ev); break;
    case OUT_BIND: on_bind(node, &out.u.bind); break;
    case OUT_UNBIND: on_unbind(node, out.u.unbind_link); break;
    case OUT_RESOLVE:
      (void)ice_agent_resolved(node->agent, node->net->now, out.u.resolve.id, -ENOENT, NULL, 0);
      break;
    case OUT_PUBLISH:
    case OUT_STREAM: break;
    }
  }
}

int net_interfaces(struct net_node *node, const char *const *texts, size_t n) {
  assert(n <= NET_IFACES);
  node->n_ifaces = n;
  for (size_t i = 0; i < n; i++) {
    node->ifaces[i] = (struct ice_interface_addr){0};
    (void)snprintf(node->ifaces[i].name, sizeof node->ifaces[i].name, "eth%u", (unsigned)(i & 15));
    bool ok = addr_parse_ip(texts[i], 0, &node->ifaces[i].addr);
    assert(ok);
    (void)ok;
  }
  int r = ice_agent_set_interfaces(node->agent, node->net->now, node->ifaces, n);
  if (r == 0) net_drain(node);
  return r;
}

static void signal_credentials(struct net_node *node) {
  struct net_item *i = signal_to(node, ITEM_CREDENTIALS);
  if (i) insert(node->net, i);
}

static int start(struct net_node *node) {
  ice_credentials_make(&node->rng.rng, &node->local);
  int r = ice_agent_start(node->agent, node->net->now, &node->local);
  if (r < 0) return r;
  signal_credentials(node);
  net_drain(node);
  return 0;
}

int net_connect(struct net_node *a, struct net_node *b) {
  a->peer = b->index;
  b->peer = a->index;
  int r = start(a);
  return r < 0 ? r : start(b);
}

int net_restart(struct net_node *a) {
  struct net_node *b = &a->net->nodes[a->peer];
  a->has_remote = false;
  b->has_remote = true;
  return start(a);
}

/* A restart of the peer is joined: it has our answer then. */
static void on_credentials(struct net_node *node, const struct net_item *i) {
  bool join = node->has_remote && strcmp(node->remote.ufrag, i->credentials.ufrag) != 0;
  node->remote = i->credentials;
  node->has_remote = true;
  (void)ice_agent_set_remote(node->agent, node->net->now, &node->remote, false, 0);
  if (join) (void)start(node);
}

static bool of_remote(const struct net_node *node, const struct net_item *i) {
  return node->has_remote && strcmp(node->remote.ufrag, i->credentials.ufrag) == 0;
}

static void on_datagram(struct ice_net *net, const struct net_item *i) {
  for (size_t k = 0; k < net->n_nodes; k++) {
    struct net_node *node = &net->nodes[k];
    for (size_t l = 0; l < node->n_links; l++) {
      if (!addr_equal(&node->links[l].local, &i->to)) continue;
      struct path path = {node->links[l].link, i->from};
      node->n_rx++;
      (void)ice_agent_recv(node->agent, net->now, &path, (struct bytes){i->data, i->n});
      net_drain(node);
      return;
    }
  }
}

static void deliver(struct ice_net *net, const struct net_item *i) {
  struct net_node *node = &net->nodes[i->node];
  switch (i->kind) {
  case ITEM_DATAGRAM: on_datagram(net, i); return;
  case ITEM_CREDENTIALS: on_credentials(node, i); break;
  case ITEM_CANDIDATE:
    /* Trickled candidates may come before the credentials in the first generation only. */
    if (!node->has_remote || of_remote(node, i))
      (void)ice_agent_add_remote(node->agent, net->now, &i->candidate);
    break;
  case ITEM_END:
    if (of_remote(node, i)) ice_agent_end_of_remote(node->agent, net->now);
    break;
  }
  net_drain(node);
}

static struct net_node *next_wake(struct ice_net *net) {
  struct net_node *next = NULL;
  for (size_t i = 0; i < net->n_nodes; i++)
    if (!next || net->nodes[i].wake_at < next->wake_at) next = &net->nodes[i];
  return next;
}

/* Does the next thing that is due by `until`; false when there is none. */
static bool step(struct ice_net *net, mono_us until) {
  struct net_node *waker = next_wake(net);
  struct net_item *i = net->queue;
  mono_us wake = waker ? waker->wake_at : MONO_NEVER;
  if (i && i->at <= wake && i->at <= until) {
    net->queue = i->next;
    if (i->at > net->now) net->now = i->at;
    deliver(net, i);
    i->next = net->pool;
    net->pool = i;
    return true;
  }
  if (!waker || wake > until) return false;
  net->now = wake;
  (void)ice_agent_wake(waker->agent, net->now);
  net_drain(waker);
  return true;
}

void net_run(struct ice_net *net, mono_us until) {
  while (step(net, until)) {
  }
  if (until > net->now) net->now = until;
}

bool net_run_until(struct ice_net *net, bool (*cond)(struct ice_net *net), mono_us limit) {
  while (!cond(net))
    if (!step(net, limit)) return false;
  return true;
}

/* What b sends to and from where mirrors what a does. */
static bool mirrors(struct net_node *a, struct net_node *b, const struct path *pa,
                    const struct path *pb) {
  const struct addr *la = local_of(a, pa->link), *lb = local_of(b, pb->link);
  return la && lb && addr_equal(la, &pb->remote) && addr_equal(lb, &pa->remote);
}

bool net_all_agree(struct ice_net *net) {
  for (size_t i = 0; i < net->n_nodes; i++) {
    struct net_node *a = &net->nodes[i], *b = &net->nodes[a->peer];
    const struct path *pa = ice_agent_data_path(a->agent), *pb = ice_agent_data_path(b->agent);
    if (!pa || !pb || !mirrors(a, b, pa, pb)) return false;
  }
  return true;
}

bool net_all_selected(struct ice_net *net) {
  for (size_t i = 0; i < net->n_nodes; i++) {
    struct net_node *a = &net->nodes[i], *b = &net->nodes[a->peer];
    struct ice_pair_info sa, sb;
    if (!ice_agent_selected(a->agent, &sa) || !ice_agent_selected(b->agent, &sb)) return false;
    if (!mirrors(a, b, &sa.path, &sb.path)) return false;
  }
  return true;
}
