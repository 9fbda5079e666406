#ifndef SENSO_TESTS_SIM_CALL_H
#define SENSO_TESTS_SIM_CALL_H

#include "support/sim.h"

/* Two peers of a simulated network with one reliable channel, and the signalling between them. */
struct sim_call;

struct sim_call_cfg {
  struct sim_home home[2]; /* of the one that offers, and of the one that answers */
  const struct peer_server *servers;
  size_t n_servers;
  mono_us signal_delay;
  void *ctx; /* of the callbacks, which may be NULL */
  void (*on_message)(void *ctx, int side, struct bytes message);
  void (*on_path)(void *ctx, int side, const struct peer_path *path);
};

/* Begins at once. It must outlive the simulation's last sim_run. */
struct sim_call *sim_call_new(struct sim *s, const struct sim_call_cfg *cfg);
struct sim_call *sim_call_free(struct sim_call *c);

/* How long it took until the channel was open at that side; MONO_NEVER: it is not. */
mono_us sim_call_opened_after(const struct sim_call *c, int side);
/* Why it failed, or NULL. */
const char *sim_call_failure(const struct sim_call *c);
/* True when both sides have asked all servers. */
bool sim_call_gathered(const struct sim_call *c);
struct sim_peer *sim_call_peer(const struct sim_call *c, int side);

/* False: it could not be accepted, which is a failure too. */
bool sim_call_send(struct sim_call *c, int side, struct bytes message);
/* One side closes its peer. */
void sim_call_close(struct sim_call *c, int side);

#endif
