#ifndef SENSO_PROBE_RUN_H
#define SENSO_PROBE_RUN_H

#include <uv.h>

#include "base/rng.h"
#include "plan/result.h"
#include "plan/signs.h"

/* Does what a plan asks for, all at once, and writes what was seen into its report. */

struct run_cfg {
  uv_loop_t *loop;
  const struct rng *rng;
  struct report *report; /* of plan_make: its evidence is filled in */
  const struct signs *signs;
  const char *roots;        /* a file of public roots, or NULL */
  const char *proxy;        /* "http://host:port", or NULL */
  const char *proxy_source; /* whose word that is */
  bool proxy_may_fail;      /* a proxy that cannot be used is told of, and is no error */
  const char *no_proxy;     /* hosts that go without: names with commas between, or NULL */
  uint16_t peer_ports[2];   /* of the services file */
  unsigned timeout_s;       /* of everything */
  void *ctx;
  void (*row_done)(void *ctx, const struct result *row); /* nothing more comes of it */
};

/* Runs the loop until all is done. 0, or a negative errno with a sentence in why (cap bytes). */
int run_probes(const struct run_cfg *cfg, char *why, size_t cap);

#endif
