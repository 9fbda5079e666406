#ifndef SENSO_NET_MDNS_H
#define SENSO_NET_MDNS_H

#include "net/resolve.h"

/*
 * Multicast DNS on port 5353 of every interface that can multicast, shared with whatever else
 * listens there. The sockets are open while something is asked.
 */
struct net_mdns;

/* As net_resolver_new; fn gets -ETIMEDOUT for a name that nobody answers for. */
int net_mdns_new(struct net_mdns **ret, uv_loop_t *loop, net_resolved_fn *fn, void *ctx);
struct net_mdns *net_mdns_free(struct net_mdns *m);

/* As net_resolver_ask, for a ".local" name. */
int net_mdns_ask(struct net_mdns *m, const struct net_query *q, const char *name);

#endif
