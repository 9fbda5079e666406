#ifndef SENSO_NET_SIGNALS_H
#define SENSO_NET_SIGNALS_H

#include <uv.h>

/* SIGTERM, SIGINT and SIGHUP as events of the loop. */
struct net_signals;

typedef void net_signals_fn(void *ctx, int signal);

/* Blocks the three signals for the process (programs started by uv_spawn get them unblocked) and
 * calls fn for each one that comes. 0, -ENOMEM or another negative errno. */
int net_signals_new(struct net_signals **ret, uv_loop_t *loop, net_signals_fn *fn, void *ctx);

/* The signals stay blocked: the process is about to leave. NULL is fine; returns NULL. */
struct net_signals *net_signals_free(struct net_signals *s);

#endif
