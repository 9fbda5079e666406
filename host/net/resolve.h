#ifndef SENSO_NET_RESOLVE_H
#define SENSO_NET_RESOLVE_H

#include <uv.h>

#include "base/addr.h"

/*
 * DNS without waiting (c-ares on the loop). The system's configuration is read anew when the first
 * name after a pause is asked for, so that a change of network is followed.
 */
struct net_resolver;

#define NET_RESOLVE_ADDRS 16 /* addresses given for a name */

/* Whose question it is; given back with the answer. */
struct net_query {
  uint32_t peer, id;
};

/* err 0 and n > 0 addresses without port, best first; or n 0 and err: -ENOENT no such name or no
 * address for it, -ETIMEDOUT no server answered, -EAGAIN the servers failed, -EINVAL not a name,
 * -ENOMEM. Never called from inside net_resolver_ask. */
typedef void net_resolved_fn(void *ctx, const struct net_query *q, int err,
                             const struct addr *addrs, size_t n);

/* 0 or -ENOMEM, or another negative errno. */
int net_resolver_new(struct net_resolver **ret, uv_loop_t *loop, net_resolved_fn *fn, void *ctx);

/* Questions under way get no answer. NULL is fine; returns NULL. */
struct net_resolver *net_resolver_free(struct net_resolver *r);

/* Asks for the addresses of a name or literal. 0: an answer will come; -ENOMEM or another negative
 * errno: it will not. */
int net_resolver_ask(struct net_resolver *r, const struct net_query *q, const char *name);

/* The name that the addresses being told are of, after all aliases; from inside the callback only.
 * Borrowed; NULL: none. */
const char *net_resolver_canonical(const struct net_resolver *r);

/* The system's servers, "192.0.2.1:53,[2001:db8::1]:53". 0 or a negative errno. */
int net_resolver_servers(char *to, size_t cap);

/* Asks these servers instead of the system's ("127.0.0.1:5353,..."); for tests. 0 or -EINVAL,
 * -ENOMEM. */
int net_resolver_set_servers(struct net_resolver *r, const char *servers);

#endif
