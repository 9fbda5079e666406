#ifndef SENSO_NET_MDNS_H
#define SENSO_NET_MDNS_H

#include "net/resolve.h"

/*
 * Multicast DNS on port 5353 of every interface that can multicast, shared with whatever else
 * listens there. The sockets are open while something is asked or published.
 */
struct net_mdns;

/* As net_resolver_new; fn gets -ETIMEDOUT for a name that nobody answers for. */
int net_mdns_new(struct net_mdns **ret, uv_loop_t *loop, net_resolved_fn *fn, void *ctx);
struct net_mdns *net_mdns_free(struct net_mdns *m);

/* As net_resolver_ask, for a ".local" name. */
int net_mdns_ask(struct net_mdns *m, const struct net_query *q, const char *name);

/* Answers for a name with this address, on behalf of a peer. 0 or a negative errno. */
int net_mdns_publish(struct net_mdns *m, uint32_t peer, const char *name, const struct addr *addr);
/* The names of a peer are no more. */
void net_mdns_withdraw(struct net_mdns *m, uint32_t peer);

#endif
