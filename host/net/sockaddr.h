#ifndef SENSO_NET_SOCKADDR_H
#define SENSO_NET_SOCKADDR_H

#include <stdbool.h>

#include <sys/socket.h>

#include "base/addr.h"

/* The kernel's form of an address; returns its size. a->family is not ADDR_NONE. */
socklen_t net_sockaddr_from(const struct addr *a, struct sockaddr_storage *ret);

/* Reads AF_INET and AF_INET6. The zone of an IPv6 address is kept for link-local ones only, as
 * elsewhere it says nothing. False for another family, with *ret untouched. */
bool net_sockaddr_to(const struct sockaddr *s, struct addr *ret);

#endif
