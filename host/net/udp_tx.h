#ifndef SENSO_NET_UDP_TX_H
#define SENSO_NET_UDP_TX_H

#include "base/addr.h"

/*
 * Sending in batches: many datagrams a system call (sendmmsg), and runs of equal ones from one
 * buffer (UDP_SEGMENT) as long as the kernel takes them.
 */

/* What is to be sent to one address. */
struct net_udp_run {
  struct addr remote;
  const uint8_t *data; /* moves on as parts of the run are sent */
  size_t n;            /* bytes left; > 0 */
  size_t segment;      /* 0: one datagram; else datagrams of this size, the last may be shorter */
  bool fragment;       /* the network may fragment it: a single datagram */
};

struct net_udp_counters {
  uint64_t datagrams, bytes, calls; /* sent */
  uint64_t refused;                 /* datagrams the network would not take: they count as lost */
  uint64_t blocked;                 /* times the kernel's buffer was full */
};

struct net_udp_tx {
  int fd;
  bool segmenting; /* the kernel cuts runs; false once it has refused to */
  struct net_udp_counters *count;
};

#define NET_UDP_TX_BATCH 64 /* messages a system call */

/*
 * Sends runs in order. Returns how many are done with; fewer than n means that the kernel's buffer
 * is full and the first of the rest may be cut already. What the network refuses (unreachable, too
 * long, filtered) is lost, as any datagram may be.
 */
size_t net_udp_send(struct net_udp_tx *tx, struct net_udp_run *runs, size_t n);

#endif
