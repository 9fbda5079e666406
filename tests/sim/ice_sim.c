/*
 * Two ICE agents in virtual time over seeded networks: loss, delay, duplicates, reordering, dead
 * pairs in one direction or both, any order of signalling, role conflicts, restarts, paths that
 * die, and a change of address. Prints the seeds that failed.
 *
 *   ice_sim [--seeds FIRST COUNT] [--verbose]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/ice_net.h"
#include "support/sim_main.h"

#define MAX_IFACES 4

static const char *const pool[2][MAX_IFACES * 2] = {
    {"192.0.2.1", "2001:db8::1", "10.0.0.1", "fd00::1", "198.51.100.1", "2001:db8:1::1",
     "172.16.0.1", "192.168.7.1"},
    {"192.0.2.2", "2001:db8::2", "10.0.0.2", "fd00::2", "198.51.100.2", "2001:db8:1::2",
     "172.16.0.2", "192.168.7.2"},
};

struct world {
  struct ice_net net;
  struct seeded_rng rng;
  const char *ifaces[2][MAX_IFACES];
  size_t n[2];
  /* dead[i][j][0]: from the first node's interface i to the second's j; [1]: back. */
  bool dead[MAX_IFACES][MAX_IFACES][2];
  bool all_dead;
  struct addr addrs[2][MAX_IFACES];
  const char *failure;
};

static unsigned below(struct world *w, unsigned n) {
  return rng_below(&w->rng.rng, n);
}

static int index_of(const struct world *w, int side, const struct addr *a) {
  for (size_t i = 0; i < w->n[side]; i++)
    if (memcmp(w->addrs[side][i].ip, a->ip, sizeof a->ip) == 0) return (int)i;
  return -1;
}

static bool is_dead(void *ctx, const struct addr *from, const struct addr *to) {
  const struct world *w = ctx;
  if (w->all_dead) return true;
  int a = index_of(w, 0, from), b = index_of(w, 1, to);
  if (a >= 0 && b >= 0) return w->dead[a][b][0];
  a = index_of(w, 0, to);
  b = index_of(w, 1, from);
  return a < 0 || b < 0 || w->dead[a][b][1];
}

static void choose_interfaces(struct world *w) {
  for (int side = 0; side < 2; side++) {
    size_t start = below(w, MAX_IFACES);
    w->n[side] = 1 + below(w, MAX_IFACES);
    for (size_t i = 0; i < w->n[side]; i++) {
      w->ifaces[side][i] = pool[side][start + i];
      (void)addr_parse_ip(w->ifaces[side][i], 0, &w->addrs[side][i]);
    }
  }
  /* One family in common at least. */
  w->ifaces[0][0] = pool[0][0];
  w->ifaces[1][0] = pool[1][0];
  (void)addr_parse_ip(pool[0][0], 0, &w->addrs[0][0]);
  (void)addr_parse_ip(pool[1][0], 0, &w->addrs[1][0]);
}

/* The first pair always works, each of the others may not. */
static void choose_dead(struct world *w) {
  unsigned share = below(w, 100);
  for (size_t i = 0; i < MAX_IFACES; i++)
    for (size_t j = 0; j < MAX_IFACES; j++)
      for (int way = 0; way < 2; way++)
        w->dead[i][j][way] = (i > 0 || j > 0) && below(w, 100) < share;
}

static struct net_policy choose_policy(struct world *w) {
  struct net_policy p = {.dead = is_dead, .ctx = w};
  p.loss = below(w, 3) ? below(w, 200) : 0;
  p.duplicates = below(w, 50);
  p.delay_min = below(w, 50000);
  p.delay_max = p.delay_min + below(w, 100000);
  p.signal_min = 1;
  p.signal_max = 1 + below(w, 800000);
  p.no_trickle = false;
  return p;
}

static bool build(struct world *w, uint64_t seed) {
  static const mono_us tas[] = {0, 5 * MONO_MS, 20 * MONO_MS};
  memset(w, 0, sizeof *w);
  seeded_rng_init(&w->rng, seed);
  choose_interfaces(w);
  choose_dead(w);
  struct net_policy policy = choose_policy(w);
  net_init(&w->net, seed, &policy);
  struct net_node *a = net_add(&w->net, below(w, 2), tas[below(w, 3)]);
  struct net_node *b = net_add(&w->net, below(w, 2), tas[below(w, 3)]);
  if (!a || !b) return false;
  return net_interfaces(a, w->ifaces[0], w->n[0]) == 0 &&
         net_interfaces(b, w->ifaces[1], w->n[1]) == 0;
}

static bool fail(struct world *w, const char *what) {
  w->failure = what;
  return false;
}

/* For a while both ends keep a path and none fails. */
static bool holds(struct world *w, mono_us time) {
  mono_us end = w->net.now + time;
  while (w->net.now < end) {
    net_run(&w->net, w->net.now + 500 * MONO_MS);
    for (size_t i = 0; i < 2; i++) {
      if (!ice_agent_data_path(w->net.nodes[i].agent)) return fail(w, "a data path vanished");
      if (w->net.nodes[i].failed_at) return fail(w, "failed although connected");
    }
  }
  /* A move to another pair may just be under way. */
  return net_run_until(&w->net, net_all_selected, w->net.now + 8 * MONO_S) ||
         fail(w, "the selected pairs differ in the end");
}

static bool connects(struct world *w) {
  struct net_node *a = &w->net.nodes[0], *b = &w->net.nodes[1];
  if (net_connect(a, b) < 0) return fail(w, "net_connect");
  if (!net_run_until(&w->net, net_all_selected, w->net.now + 20 * MONO_S))
    return fail(w, "not connected after 20 s");
  net_run(&w->net, w->net.now + MONO_S);
  if (ice_agent_controlling(a->agent) == ice_agent_controlling(b->agent))
    return fail(w, "both have the same role");
  return holds(w, (1 + below(w, 20)) * MONO_S);
}

static bool restarts(struct world *w) {
  struct net_node *by = &w->net.nodes[below(w, 2)];
  unsigned rounds = 1 + below(w, 3);
  for (unsigned i = 0; i < rounds; i++) {
    unsigned before[2] = {w->net.nodes[0].n_selected, w->net.nodes[1].n_selected};
    if (net_restart(by) < 0) return fail(w, "net_restart");
    if (!holds(w, 20 * MONO_S)) return false;
    for (size_t k = 0; k < 2; k++)
      if (w->net.nodes[k].n_selected == before[k]) return fail(w, "restart selected nothing");
  }
  return true;
}

static bool all_disconnected(struct ice_net *net) {
  return net->nodes[0].state == ICE_DISCONNECTED && net->nodes[1].state == ICE_DISCONNECTED;
}

static bool all_failed(struct ice_net *net) {
  return net->nodes[0].state == ICE_FAILED && net->nodes[1].state == ICE_FAILED;
}

static bool all_connected(struct ice_net *net) {
  for (size_t i = 0; i < 2; i++)
    if (net->nodes[i].state != ICE_CONNECTED && net->nodes[i].state != ICE_COMPLETED) return false;
  return net_all_selected(net);
}

static bool dies(struct world *w) {
  mono_us start = w->net.now;
  w->all_dead = true;
  if (!net_run_until(&w->net, all_disconnected, start + 8 * MONO_S))
    return fail(w, "not disconnected 8 s after the path died");
  if (!net_run_until(&w->net, all_failed, start + 31 * MONO_S))
    return fail(w, "not failed 31 s after the path died");
  unsigned sent = w->net.nodes[0].n_tx + w->net.nodes[1].n_tx;
  net_run(&w->net, w->net.now + 60 * MONO_S);
  if (sent != w->net.nodes[0].n_tx + w->net.nodes[1].n_tx)
    return fail(w, "sends after consent has expired");
  w->all_dead = false;
  w->net.nodes[0].failed_at = w->net.nodes[1].failed_at = 0;
  if (net_restart(&w->net.nodes[below(w, 2)]) < 0) return fail(w, "net_restart");
  return net_run_until(&w->net, all_connected, w->net.now + 20 * MONO_S) ||
         fail(w, "a restart after failure does not connect");
}

static bool comes_back(struct world *w) {
  mono_us start = w->net.now;
  w->all_dead = true;
  net_run(&w->net, start + (1 + below(w, 20)) * MONO_S);
  w->all_dead = false;
  if (!net_run_until(&w->net, all_connected, w->net.now + 10 * MONO_S))
    return fail(w, "not connected again after the network came back");
  return holds(w, 10 * MONO_S);
}

/* The address of the pair in use goes, another one has come. */
static bool roams(struct world *w) {
  unsigned side = below(w, 2);
  struct net_node *node = &w->net.nodes[side];
  size_t n = w->n[side];
  const char *fresh = side ? "192.0.2.102" : "192.0.2.101";
  mono_us start = w->net.now;
  w->ifaces[side][0] = fresh;
  (void)addr_parse_ip(fresh, 0, &w->addrs[side][0]);
  if (net_interfaces(node, w->ifaces[side], n) < 0) return fail(w, "net_interfaces");
  if (!net_run_until(&w->net, all_connected, start + 25 * MONO_S))
    return fail(w, "no path 25 s after a change of address");
  net_run(&w->net, w->net.now + 5 * MONO_S);
  return net_run_until(&w->net, net_all_selected, w->net.now + 8 * MONO_S) ||
         fail(w, "the selected pairs differ after roaming");
}

/* The pair in use dies, the others that worked go on. */
static bool moves(struct world *w) {
  struct ice_pair_info s;
  if (!ice_agent_selected(w->net.nodes[0].agent, &s)) return fail(w, "nothing selected");
  int i = index_of(w, 0, &s.local.addr), j = index_of(w, 1, &s.path.remote);
  if (i < 0 || j < 0) return fail(w, "unknown selected pair");
  if (i == 0 && j == 0) return true;
  w->dead[i][j][0] = w->dead[i][j][1] = true;
  net_run(&w->net, w->net.now + 2 * MONO_S);
  if (!net_run_until(&w->net, all_connected, w->net.now + 12 * MONO_S))
    return fail(w, "no other pair in use 14 s after one died");
  return holds(w, 20 * MONO_S);
}

static bool never_connects(struct world *w) {
  w->all_dead = true;
  mono_us start = w->net.now;
  if (net_connect(&w->net.nodes[0], &w->net.nodes[1]) < 0) return fail(w, "net_connect");
  if (!net_run_until(&w->net, all_failed, start + 60 * MONO_S))
    return fail(w, "not failed after 60 s");
  for (size_t i = 0; i < 2; i++)
    if (w->net.nodes[i].failed_at - start < 39500 * MONO_MS)
      return fail(w, "failed before the patience of RFC 8863");
  return true;
}

static bool run_seed(struct world *w, uint64_t seed) {
  static bool (*const stories[])(struct world *) = {restarts, dies, comes_back, roams, moves};
  if (!build(w, seed)) return fail(w, "build");
  if (below(w, 12) == 0) return never_connects(w);
  if (!connects(w)) return false;
  return stories[below(w, sizeof stories / sizeof stories[0])](w);
}

/* No storms: 2,000 datagrams at most for all 16 pairs and restarts, 20 a second beside. */
static bool is_quiet(struct world *w) {
  unsigned limit = 2000 + 20 * (unsigned)(w->net.now / MONO_S);
  for (size_t i = 0; i < w->net.n_nodes; i++)
    if (w->net.nodes[i].n_tx > limit) return fail(w, "a storm of datagrams");
  return true;
}

static bool passes(uint64_t seed, bool verbose) {
  static struct world w;
  bool good = run_seed(&w, seed) && is_quiet(&w);
  if (!good)
    (void)printf("seed %llu: %s\n", (unsigned long long)seed, w.failure);
  else if (verbose)
    (void)printf("seed %llu: ok, %.3f s, %u and %u datagrams\n", (unsigned long long)seed,
                 (double)w.net.now / 1e6, w.net.nodes[0].n_tx, w.net.nodes[1].n_tx);
  net_free(&w.net);
  return good;
}

int main(int argc, char **argv) {
  const struct sim_main m = {.count = 3000, .passes = passes};
  return sim_main(argc, argv, &m);
}
