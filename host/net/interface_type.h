#ifndef SENSO_NET_INTERFACE_TYPE_H
#define SENSO_NET_INTERFACE_TYPE_H

#include <stdbool.h>

/* What is known of an interface. */
struct net_interface_facts {
  const char *name;
  const char *kind; /* IFLA_INFO_KIND, or NULL for a device without one */
  unsigned arphrd;  /* ARPHRD_ETHER, ... */
  bool loopback;
};

/* "ethernet", "wifi", "cellular", "vpn", "loopback" or "unknown". sysfs is "/sys/class/net" outside
 * tests. The result is a constant: equal types are equal pointers. */
const char *net_interface_type(const struct net_interface_facts *facts, const char *sysfs);

#endif
