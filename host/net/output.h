#ifndef SENSO_NET_OUTPUT_H
#define SENSO_NET_OUTPUT_H

#include <uv.h>

#include "base/text.h"

/* A byte stream that is written as fast as its reader takes it; the rest queues up. */
struct net_output;

/* After something was written by the loop, or the stream was found broken. */
typedef void net_output_fn(void *ctx);

/* fd stays the caller's; own as in net/watch.h. 0, -ENOMEM or another negative errno. */
int net_output_new(struct net_output **ret, uv_loop_t *loop, int fd, bool own, net_output_fn *fn,
                   void *ctx);

/* What is queued is lost; fn is never called again. NULL is fine; returns NULL. */
struct net_output *net_output_free(struct net_output *o);

/* Appending: begin gives the text to append to; end keeps what was appended (0), or takes it back
 * when an allocation failed (-ENOMEM). Once the stream is broken all is taken back (0). */
struct text *net_output_begin(struct net_output *o);
int net_output_end(struct net_output *o);

/* Writes without waiting; the loop writes what is left. Never calls fn. */
void net_output_flush(struct net_output *o);

/* Bytes not written yet; 0 once broken. */
size_t net_output_unwritten(const struct net_output *o);

/* The reader is gone. */
bool net_output_broken(const struct net_output *o);

#endif
