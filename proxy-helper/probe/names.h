#ifndef SENSO_PROBE_NAMES_H
#define SENSO_PROBE_NAMES_H

#include "probe/state.h"

/* Looks up every name of a plan once, and asks again and again while there is no answer: where a
 * fifth of all packets is lost, one of many names would be missing else. */
struct names;

/* An answer, as net_resolved_fn; canonical: after aliases, or NULL. Not from inside names_ask. */
typedef void names_fn(void *ctx, const char *host, int err, const struct addr *addrs, size_t n,
                      const char *canonical);

/* 0 or a negative errno. */
int names_new(struct names **ret, uv_loop_t *loop, names_fn *fn, void *ctx);
struct names *names_free(struct names *s);

/* host: borrowed for the life of s. The same one may be asked for again: while it is not answered,
 * that is one question. 0: an answer will come, within 4.5 s; or a negative errno. */
int names_ask(struct names *s, const char *host);

#endif
