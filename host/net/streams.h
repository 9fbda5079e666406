#ifndef SENSO_NET_STREAMS_H
#define SENSO_NET_STREAMS_H

#include <uv.h>

#include "peer/peer.h"

/*
 * TCP and TLS streams to TURN servers, by the pair (peer, link). A TLS server's certificate must be
 * of one of the system's roots (OpenSSL's default paths) and for the name that was asked for.
 */
struct net_streams;

struct net_streams_cfg {
  uv_loop_t *loop;
  void *ctx;
  /* It is up (err 0), or could not be opened, or has ended: why in words. After an err nothing more
   * comes of it. */
  void (*opened)(void *ctx, uint32_t peer, uint32_t link, int err, const char *why);
  void (*received)(void *ctx, uint32_t peer, uint32_t link, struct bytes bytes);
  /* More than 256 KiB wait to be written, or less than 64 again. */
  void (*writable)(void *ctx, uint32_t peer, uint32_t link, bool writable);
};

/* 0 or -ENOMEM. The callbacks come from the loop, writable also from inside net_streams_send. */
int net_streams_new(struct net_streams **ret, const struct net_streams_cfg *cfg);
/* Closes all at once; the memory libuv still needs is released by the loop's next turn. NULL is
 * fine; returns NULL. */
struct net_streams *net_streams_free(struct net_streams *s);

/* Begins to open a stream. 0: `opened` will say; or a negative errno. */
int net_streams_open(struct net_streams *s, uint32_t peer, const struct peer_stream *ask);
/* Writes, or keeps until the kernel takes it. Ignored for a stream that is not up. */
void net_streams_send(struct net_streams *s, uint32_t peer, uint32_t link, struct bytes bytes);
/* Closes it (all of the peer); what the kernel has not taken yet is lost. */
void net_streams_close(struct net_streams *s, uint32_t peer, uint32_t link);
void net_streams_drop_peer(struct net_streams *s, uint32_t peer);

#endif
