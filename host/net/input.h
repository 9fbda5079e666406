#ifndef SENSO_NET_INPUT_H
#define SENSO_NET_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>
#include <uv.h>

/* A byte stream that is read as it comes: pipe, terminal, socket or plain file. */
struct net_input;

typedef void net_input_fn(void *ctx);

/* fn is called as long as there is something to read, once a turn of the loop. fd stays the
 * caller's; own as in net/watch.h. 0, -ENOMEM or another negative errno. */
int net_input_new(struct net_input **ret, uv_loop_t *loop, int fd, bool own, net_input_fn *fn,
                  void *ctx);

/* fn is never called again. NULL is fine; returns NULL. */
struct net_input *net_input_free(struct net_input *in);

/* Up to cap bytes without waiting: their number, 0 at the end, -EAGAIN when there are none now, or
 * a negative errno of a stream that is broken. */
ssize_t net_input_read(struct net_input *in, void *buf, size_t cap);

#endif
