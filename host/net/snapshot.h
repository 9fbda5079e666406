#ifndef SENSO_NET_SNAPSHOT_H
#define SENSO_NET_SNAPSHOT_H

#include "rpc/session.h"

/* The machine's network as the kernel has it at one moment (rtnetlink). */
struct net_snapshot;

/*
 * Reads interfaces, the addresses of those that are up, and the default routes of the main table;
 * takes some 100 us and does not wait for anybody but the kernel. An interface counts as up when it
 * is switched on and has a carrier; its addresses are listed while it is switched on. Addresses
 * that are not usable yet (tentative) are left out. 0, -ENOMEM, or another negative errno.
 */
int net_snapshot_new(struct net_snapshot **ret);
struct net_snapshot *net_snapshot_free(struct net_snapshot *s);

/* Borrowed for the snapshot's life. */
const struct rpc_network *net_snapshot_network(const struct net_snapshot *s);

bool net_snapshot_equal(const struct net_snapshot *a, const struct net_snapshot *b);

#endif
