#ifndef SENSO_NET_CLIENT_H
#define SENSO_NET_CLIENT_H

#include "net/pump.h"

/* The client's side of the byte streams: what comes on stdin becomes frames for the session, and
 * its end ends the session. */
struct net_client;

struct net_client_cfg {
  uv_loop_t *loop;
  struct rpc_session *session; /* borrowed, as is the pump */
  struct net_pump *pump;
  enum framing_mode mode;
  size_t max_frame; /* larger ones are skipped and answered */
  int in;           /* the caller's */
  bool in_own;
  void *ctx;
  /* The first frame was answered and the answer written: time for what its answer did not need.
   * Before any other frame. */
  void (*greeted)(void *ctx);
};

/* 0, -ENOMEM or another negative errno. */
int net_client_new(struct net_client **ret, const struct net_client_cfg *cfg);

/* NULL is fine; returns NULL. */
struct net_client *net_client_free(struct net_client *c);

#endif
