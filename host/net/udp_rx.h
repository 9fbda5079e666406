#ifndef SENSO_NET_UDP_RX_H
#define SENSO_NET_UDP_RX_H

#include "base/addr.h"
#include "base/bytes.h"

/*
 * Batches of received datagrams, for any number of sockets one after the other: a batch is one
 * system call, and the datagrams the kernel has coalesced (UDP_GRO) come apart again.
 */
struct net_udp_rx;

#define NET_UDP_RX_BATCH 32 /* messages a system call */

/* Memory is touched only as far as messages come. 0 or -ENOMEM. */
int net_udp_rx_new(struct net_udp_rx **ret);
struct net_udp_rx *net_udp_rx_free(struct net_udp_rx *rx);

/*
 * Reads a batch from a non-blocking socket; the one before is forgotten. Returns how many messages
 * came, 0 when there is nothing to read (also after an error the network reported, which is thereby
 * taken off the socket).
 */
size_t net_udp_rx_read(struct net_udp_rx *rx, int fd);

/* The batch's next datagram, borrowed until the next read; false after the last. */
bool net_udp_rx_next(struct net_udp_rx *rx, struct addr *ret_remote, struct bytes *ret);

#endif
