#ifndef SENSO_NET_WATCH_H
#define SENSO_NET_WATCH_H

#include <stdbool.h>

#include <uv.h>

/*
 * Readiness of a file descriptor on the loop. The descriptor stays the caller's; close it after
 * net_watch_free. The memory libuv still needs is released by the loop's next turn.
 */
struct net_watch;

enum {
  NET_READABLE = 1,
  NET_WRITABLE = 2,
  NET_HANGUP = 4, /* asked for or not: an error or a hang-up. The watch has stopped; net_watch_set
                     starts it again once the cause was read */
};

typedef void net_watch_fn(void *ctx, int events);

/*
 * own: the open file description is nobody else's, so that it may be made non-blocking. Otherwise
 * its flags are left alone. 0; -EPERM for what cannot be waited for (a regular file, /dev/null);
 * -ENOMEM or another negative errno. Nothing is reported until net_watch_set.
 */
int net_watch_new(struct net_watch **ret, uv_loop_t *loop, int fd, bool own, net_watch_fn *fn,
                  void *ctx);

/* fn is never called again. NULL is fine; returns NULL. */
struct net_watch *net_watch_free(struct net_watch *w);

/* What to report from now on: NET_READABLE, NET_WRITABLE, both, NET_HANGUP alone, or 0 for nothing.
 * 0 or a negative errno. */
int net_watch_set(struct net_watch *w, int events);

#endif
