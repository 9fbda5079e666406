#ifndef SENSO_ICE_PREFERENCE_H
#define SENSO_ICE_PREFERENCE_H

#include "ice/agent.h"

#define ICE_INTERFACES_MAX 32

/* The addresses host candidates are made of, best first. */
struct ice_preference {
  struct ice_interface_addr list[ICE_INTERFACES_MAX];
  size_t n;
};

/*
 * Chooses and orders: no loopback unless `loopback`; link-local addresses only when there is
 * nothing else; no stable IPv6 address beside a temporary one of the same interface and /64 (RFC
 * 8445 section 5.1.1.1); no IPv4-mapped ones. Order: not loopback, not deprecated, wide scope,
 * temporary (RFC 6724 section 5), then IPv6 and IPv4 in turns (RFC 8421 section 4).
 */
void ice_preference_order(const struct ice_interface_addr *list, size_t n, bool loopback,
                          struct ice_preference *ret);

#endif
