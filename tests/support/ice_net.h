#ifndef SENSO_TESTS_ICE_NET_H
#define SENSO_TESTS_ICE_NET_H

#include "ice/agent.h"
#include "support/seeded_rng.h"

/*
 * ICE agents in virtual time: a network that loses, delays, duplicates and reorders, and a
 * signalling path between agents. All chance comes from one seed.
 */

#define NET_NODES  4
#define NET_IFACES 8
#define NET_LINKS  64

struct ice_net;

struct net_policy {
  unsigned loss, duplicates; /* in 1000 */
  mono_us delay_min, delay_max;
  mono_us signal_min, signal_max;
  /* True when nothing gets from one address to the other; NULL: all get through. */
  bool (*dead)(void *ctx, const struct addr *from, const struct addr *to);
  void *ctx;
  bool no_trickle; /* candidates are never signalled */
};

struct net_node {
  struct ice_net *net;
  unsigned index, peer;
  struct ice_agent *agent;
  struct seeded_rng rng;
  struct ice_interface_addr ifaces[NET_IFACES];
  size_t n_ifaces;
  struct {
    uint32_t link;
    struct addr local;
  } links[NET_LINKS];
  size_t n_links;
  mono_us wake_at;
  struct ice_credentials local, remote;
  bool has_remote;
  uint16_t next_port;
  /* What was seen. */
  enum ice_state state;
  unsigned n_states, n_selected, n_rtt, n_candidates, n_gathered, n_tx, n_rx;
  mono_us connected_at; /* the first time; 0: never */
  mono_us disconnected_at, failed_at;
  mono_us first_tx;
};

struct ice_net {
  mono_us now;
  struct seeded_rng rng;
  struct net_policy policy;
  struct net_node nodes[NET_NODES];
  size_t n_nodes;
  struct net_item *queue; /* by time */
  struct net_item *pool;
};

/* An empty network at one second of virtual time. */
void net_init(struct ice_net *net, uint64_t seed, const struct net_policy *policy);
void net_free(struct ice_net *net);

/* A node; its agent begins with this role and pacing. NULL when out of memory. */
struct net_node *net_add(struct ice_net *net, bool controlling, mono_us ta);

/* Gives the node these IPv4 or IPv6 literals as its interfaces, replacing earlier ones. */
int net_interfaces(struct net_node *node, const char *const *texts, size_t n);

/* Two nodes talk: each starts, and its credentials and candidates travel by signalling. 0 or
 * -ENOMEM. */
int net_connect(struct net_node *a, struct net_node *b);

/* `a` restarts; `b` joins when its new credentials arrive. */
int net_restart(struct net_node *a);

/* Polls until idle. */
void net_drain(struct net_node *node);

/* Sends raw bytes as if from this address to a node's link. */
void net_inject(struct ice_net *net, const struct addr *from, const struct addr *to,
                struct bytes datagram, mono_us delay);

/* Runs until nothing is left to do before `until`; now is `until` then. */
void net_run(struct ice_net *net, mono_us until);

/* Runs until cond(net) holds, at most until `limit`; true if it held. */
bool net_run_until(struct ice_net *net, bool (*cond)(struct ice_net *net), mono_us limit);

/* All nodes have a data path whose far end agrees with it. */
bool net_all_agree(struct ice_net *net);
/* All nodes selected, and the selected pairs mirror each other. */
bool net_all_selected(struct ice_net *net);

#endif
