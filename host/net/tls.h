#ifndef SENSO_NET_TLS_H
#define SENSO_NET_TLS_H

#include <stdbool.h>

#include "base/bytes.h"

/* A TLS client over a stream that its owner reads and writes: OpenSSL between two memory BIOs. */
struct net_tls_context;
struct net_tls;

/* The system's roots, TLS 1.2 at least, certificates verified. 0 or -ENOMEM. */
int net_tls_context_new(struct net_tls_context **ret);
struct net_tls_context *net_tls_context_free(struct net_tls_context *c);

typedef void net_tls_bytes_fn(void *ctx, struct bytes bytes);

/* name: the server's, or a literal address, which the certificate must have. write: takes what goes
 * to the server, from inside the calls below. 0 or -ENOMEM. */
int net_tls_new(struct net_tls **ret, struct net_tls_context *c, const char *name,
                net_tls_bytes_fn *write, void *ctx);
struct net_tls *net_tls_free(struct net_tls *t);

/* Sends the ClientHello. */
void net_tls_begin(struct net_tls *t);
/* What came from the server; plain takes what was in it, maybe several times, and must not free t.
 * 0, or -EPROTO: the session is over, net_tls_failure says why. */
int net_tls_feed(struct net_tls *t, struct bytes bytes, net_tls_bytes_fn *plain, void *ctx);
bool net_tls_is_up(const struct net_tls *t);
/* Once it is up. */
void net_tls_write(struct net_tls *t, struct bytes bytes);
/* A sentence; borrowed. */
const char *net_tls_failure(const struct net_tls *t);

#endif
