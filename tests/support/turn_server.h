#ifndef SENSO_TESTS_TURN_SERVER_H
#define SENSO_TESTS_TURN_SERVER_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/mono.h"

/*
 * A STUN and TURN server (RFC 8489, RFC 8656) as a machine, for the simulated network: long-term
 * credentials, allocations of both families, permissions, channels, lifetimes.
 */
struct turn_server;

/* Who asks: by UDP from remote, or by a stream. */
struct turn_server_client {
  uint32_t stream; /* 0: UDP */
  struct addr local, remote;
};

struct turn_server_cfg {
  struct addr relay[2];            /* IPv4 and IPv6; ADDR_NONE: it does not relay that */
  const char *username, *password; /* borrowed */
  mono_us lifetime;
  void *ctx;
  void (*to_client)(void *ctx, const struct turn_server_client *to, struct bytes message);
  void (*to_peer)(void *ctx, const struct addr *from, const struct addr *to, struct bytes payload);
};

/* NULL when out of memory. */
struct turn_server *turn_server_new(const struct turn_server_cfg *cfg);
struct turn_server *turn_server_free(struct turn_server *t);

/* A whole message of a client. What is malformed is dropped. */
void turn_server_recv(struct turn_server *t, mono_us now, const struct turn_server_client *from,
                      struct bytes message);
/* A datagram for a relayed address. */
void turn_server_relay(struct turn_server *t, mono_us now, const struct addr *from,
                       const struct addr *to, struct bytes payload);
/* The client's stream has ended. */
void turn_server_hung_up(struct turn_server *t, uint32_t stream);
/* Allocations and nonces are forgotten, as by a restart. */
void turn_server_restart(struct turn_server *t);

struct turn_server_totals {
  size_t allocations, most_allocations;
  uint64_t relayed_bytes, relayed_datagrams;
};
struct turn_server_totals turn_server_totals(const struct turn_server *t);

#endif
