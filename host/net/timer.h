#ifndef SENSO_NET_TIMER_H
#define SENSO_NET_TIMER_H

#include <uv.h>

#include "base/mono.h"

/* A one-shot timer with microsecond deadlines (timerfd; libuv's own count milliseconds). */
struct net_timer;

typedef void net_timer_fn(void *ctx);

/* 0, -ENOMEM or another negative errno. Not armed yet. */
int net_timer_new(struct net_timer **ret, uv_loop_t *loop, net_timer_fn *fn, void *ctx);

/* fn is never called again. NULL is fine; returns NULL. */
struct net_timer *net_timer_free(struct net_timer *t);

/* Calls fn once at `at` (net_clock_now's clock) or soon after, instead of any earlier arming; in
 * the past: at once. MONO_NEVER disarms. */
void net_timer_set(struct net_timer *t, mono_us at);

/* What it is armed for; MONO_NEVER when it is not. */
mono_us net_timer_at(const struct net_timer *t);

#endif
