#ifndef SENSO_NET_LINK_H
#define SENSO_NET_LINK_H

#include <uv.h>

#include "base/list.h"
#include "base/out.h"
#include "net/udp_rx.h"
#include "net/udp_socket.h"
#include "net/udp_tx.h"

/*
 * One socket of one peer. What the kernel's buffer has no room for is held back and goes out as
 * soon as there is; whoever sends is told to stop meanwhile.
 */
struct net_link;

#define NET_LINK_HELD_MAX ((size_t)512 * 1024) /* bytes held; what exceeds them is lost */

/* What all links of a loop share. */
struct net_link_env {
  uv_loop_t *loop;
  const struct rng *rng;
  struct net_udp_rx *rx;
  struct net_udp_counters *count;
  void *ctx;
  /* A datagram came in; its bytes are borrowed until the return. */
  void (*received)(void *ctx, uint32_t peer, const struct path *path, struct bytes datagram);
  /* The link may be sent on again, or not for now. */
  void (*writable)(void *ctx, uint32_t peer, uint32_t link, bool writable);
};

struct net_link {
  struct list node; /* for the owner's use */
  uint32_t peer, id;
  const struct net_link_env *env;
  struct net_watch *watch;
  struct net_udp_tx tx;
  struct list held; /* struct held */
  size_t held_bytes;
  bool closing; /* freed by itself once nothing is held */
};

/* Opens the socket of (peer, id). env is borrowed for the link's life. 0 with *ret_local the bound
 * address, or a negative errno. */
int net_link_new(struct net_link **ret, const struct net_link_env *env, uint32_t peer, uint32_t id,
                 const struct net_udp_place *place, struct addr *ret_local);

/* Closes at once; what is held is lost. NULL is fine; returns NULL. */
struct net_link *net_link_free(struct net_link *l);

/* Closes as soon as nothing is held; nothing is reported any more. True: it is closed and freed.
 * False: it lingers, and is freed later by itself or by net_link_free. */
bool net_link_close(struct net_link *l);

/* Sends or holds; may report that the link is no longer writable. The runs are used up. */
void net_link_send(struct net_link *l, struct net_udp_run *runs, size_t n);

#endif
