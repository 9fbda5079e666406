#ifndef SENSO_JUDGE_VIEW_H
#define SENSO_JUDGE_VIEW_H

#include "plan/passes.h"
#include "plan/signs.h"

/* The judge's insides: a row as the rules look at it, by the direct way or by the proxy. */
struct view {
  const struct report *report;
  const struct result *row;
  const struct signs *signs;
  bool proxied; /* what was seen through the proxy: ids with "proxy." before them */
};

const char *view_value(const struct view *v, const char *id);
bool view_is(const struct view *v, const char *id, const char *value);
/* Of the machine and the network as a whole. */
bool view_network_is(const struct view *v, const char *id, const char *value);

enum trust view_trust(const struct view *v);

/* A row that goes over TCP. */
bool view_is_stream(const struct view *v);
/* TLS is spoken on it. */
bool view_has_tls(const struct view *v);
/* All that this check asks for was seen. */
bool view_passes(const struct view *v);
/* Any UDP of any row was answered by other than this row's host and port. */
bool view_other_udp_answered(const struct view *v);
/* Another host has the same observation. */
bool view_elsewhere_too(const struct view *v, const char *id);
/* Rows of hosts of other services (and of other domains) whose chain is bad and has the same
 * issuer. */
size_t view_same_issuer(const struct view *v, bool other_domain);

#endif
