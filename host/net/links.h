#ifndef SENSO_NET_LINKS_H
#define SENSO_NET_LINKS_H

#include "ice/agent.h"
#include "net/link.h"
#include "peer/peer.h"

/*
 * The sockets of all peers, by the pair (peer, link), and the datagrams of one drain on their way
 * out: they are collected, then each socket's go out in batches.
 */
struct net_links;

#define NET_LINKS_SPACE ((size_t)64 * 1024) /* the least room net_links_space gives */

struct net_links_cfg {
  uv_loop_t *loop;
  const struct rng *rng;
  void *ctx;
  void (*received)(void *ctx, uint32_t peer, const struct path *path, struct bytes datagram);
  void (*writable)(void *ctx, uint32_t peer, uint32_t link, bool writable);
};

/* 0 or -ENOMEM. The callbacks come from the loop, writable also from inside net_links_flush. */
int net_links_new(struct net_links **ret, const struct net_links_cfg *cfg);

/* Closes all sockets at once. NULL is fine; returns NULL. */
struct net_links *net_links_free(struct net_links *l);

/* Opens a socket for a link. 0 with *ret_local the bound address, or a negative errno (-EEXIST: the
 * link has one). */
int net_links_bind(struct net_links *l, uint32_t peer, const struct ice_bind *bind,
                   struct addr *ret_local);

/* Sends what was collected, then closes the socket (of all links of the peer); what the kernel has
 * no room for yet still goes out. Unknown ones are ignored. */
void net_links_unbind(struct net_links *l, uint32_t peer, uint32_t link);
void net_links_drop_peer(struct net_links *l, uint32_t peer);

/* Where the next datagrams are written: *ret_cap >= NET_LINKS_SPACE. Flushes if it must. */
uint8_t *net_links_space(struct net_links *l, size_t *ret_cap);

/* What a peer wants sent (OUT_TX) stands in the space. For an unknown link it is lost. */
void net_links_add(struct net_links *l, uint32_t peer, const struct peer_out *out);

/* Hands all that was collected to the kernel. */
void net_links_flush(struct net_links *l);

/* Sockets that are open, closing ones included. */
size_t net_links_count(const struct net_links *l);

const struct net_udp_counters *net_links_counters(const struct net_links *l);

#endif
