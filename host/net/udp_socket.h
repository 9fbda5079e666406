#ifndef SENSO_NET_UDP_SOCKET_H
#define SENSO_NET_UDP_SOCKET_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/rng.h"

/* Where a socket is to be bound: an address of this machine; its port if it is not 0, else any one
 * of port_min to port_max, else (0 and 0) any the kernel likes. */
struct net_udp_place {
  struct addr local;
  uint16_t port_min, port_max;
};

/*
 * Opens a non-blocking UDP socket: large buffers, never fragmenting (the path MTU is found by
 * probes of our own, RFC 8899), IPv6 without mapped IPv4, receive offload if the kernel has it.
 * The port of a range is chosen at random (RFC 6056). Returns the descriptor with *ret_local the
 * bound address, or a negative errno: -EADDRINUSE when no port of the range is free,
 * -EADDRNOTAVAIL when the address is not ours.
 */
int net_udp_open(const struct net_udp_place *place, const struct rng *rng, struct addr *ret_local);

/* Whether the kernel sends several datagrams from one buffer (UDP_SEGMENT) on this socket. */
bool net_udp_has_segment(int fd);

#endif
