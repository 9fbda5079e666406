#ifndef SENSO_NET_LOOP_TURN_H
#define SENSO_NET_LOOP_TURN_H

#include <stdbool.h>

#include <uv.h>

/*
 * Work done once per turn of the loop: after all the turn's inputs were taken in and before the
 * loop waits again. That is where a batch of inputs is answered.
 */
struct net_loop_turn;

typedef void net_loop_turn_fn(void *ctx);

/* Calls fn before and after every wait of the loop. 0 or -ENOMEM. */
int net_loop_turn_new(struct net_loop_turn **ret, uv_loop_t *loop, net_loop_turn_fn *fn, void *ctx);

/* fn is never called again. NULL is fine; returns NULL. */
struct net_loop_turn *net_loop_turn_free(struct net_loop_turn *t);

/* busy: the loop does not wait, so that fn is called again and again. */
void net_loop_turn_busy(struct net_loop_turn *t, bool busy);

#endif
