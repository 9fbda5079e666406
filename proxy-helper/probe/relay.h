#ifndef SENSO_PROBE_RELAY_H
#define SENSO_PROBE_RELAY_H

#include "probe/talk.h"

/* Relay loopback: allocations on a TURN server over UDP, and data from another socket to each of
 * the relayed addresses and back through the allocation. It proves outbound UDP into the relay's
 * range, a port for each allocation. */
struct relay;

#define RELAY_LEGS 6

struct relay_cfg {
  uv_loop_t *loop;
  const struct rng *rng;
  struct addr server;
  const char *username, *credential; /* borrowed for the relay's life */
  void *ctx;
  /* Once: of `all` allocations that stood, `good` were reached; ports: theirs that were not. pool:
   * the NAT gives sockets different addresses, so what was not reached says nothing. */
  void (*done)(void *ctx, unsigned good, unsigned all, bool pool, const char *ports);
};

int relay_new(struct relay **ret, const struct relay_cfg *cfg);
struct relay *relay_free(struct relay *r);

#endif
