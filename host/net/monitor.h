#ifndef SENSO_NET_MONITOR_H
#define SENSO_NET_MONITOR_H

#include <uv.h>

#include "net/snapshot.h"

/* Notices every change of interfaces, addresses and default routes, as it happens. */
struct net_monitor;

#define NET_MONITOR_SETTLE (10 * MONO_MS) /* changes within this time are told together */

/* The new state, borrowed until the next one. */
typedef void net_monitor_fn(void *ctx, const struct rpc_network *network);

/* Reads the state and begins to listen; fn is called only when something differs. 0, -ENOMEM or
 * another negative errno. */
int net_monitor_new(struct net_monitor **ret, uv_loop_t *loop, net_monitor_fn *fn, void *ctx);

/* NULL is fine; returns NULL. */
struct net_monitor *net_monitor_free(struct net_monitor *m);

/* The last state read; borrowed until the next one. */
const struct rpc_network *net_monitor_network(const struct net_monitor *m);

#endif
