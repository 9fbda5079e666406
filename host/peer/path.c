/* Path evidence: which method carries the data, and how each better one failed. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "peer/internal.h"

/* True for addresses that no router need stand between: the same narrow scope, or the same /24 or
 * /64. */
static bool same_network(const struct addr *a, const struct addr *b) {
  if (a->family != b->family || a->family == ADDR_NONE) return false;
  enum addr_scope scope = addr_scope(a);
  if (scope != addr_scope(b)) return false;
  return scope != ADDR_SCOPE_GLOBAL || memcmp(a->ip, b->ip, a->family == ADDR_V4 ? 3 : 8) == 0;
}

/* What one side's candidate says of the path; a peer-reflexive one is a host on our network, else
 * behind a NAT. */
static enum peer_method method_of(const struct ice_candidate *c, const struct addr *other) {
  switch (c->type) {
  case ICE_HOST: return PEER_METHOD_HOST;
  case ICE_PRFLX: return same_network(&c->addr, other) ? PEER_METHOD_HOST : PEER_METHOD_SRFLX;
  case ICE_SRFLX: return PEER_METHOD_SRFLX;
  case ICE_RELAY: return PEER_METHOD_RELAY;
  }
  return PEER_METHOD_RELAY;
}

static enum peer_method pair_method(const struct ice_candidate *local,
                                    const struct ice_candidate *remote) {
  enum peer_method a = method_of(local, &remote->addr), b = method_of(remote, &local->addr);
  return a > b ? a : b;
}

/* The tries of one method, as a sentence. */
static void explain(const struct peer *p, enum peer_method method, char *to, size_t cap) {
  static const char *const names[] = {"host", "srflx", "relay"};
  assert((size_t)method < sizeof names / sizeof *names);
  struct ice_pair_info info, first = {0};
  uint64_t tries = 0;
  size_t pairs = 0;
  for (size_t i = 0; ice_agent_pair(p->ice, i, &info); i++) {
    if (info.selected || pair_method(&info.local, &info.remote) != method) continue;
    if (pairs++ == 0) first = info;
    tries += info.requests_sent;
  }
  char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];
  if (pairs == 0)
    (void)snprintf(to, cap, "%s: no such pair of candidates was there to try", names[method]);
  else
    (void)snprintf(to, cap, "%s: %s to %s %s in %llu tries (%zu pairs)", names[method],
                   addr_format(&first.local.addr, a), addr_format(&first.remote.addr, b),
                   first.state == ICE_PAIR_FAILED ? "got no answer" : "was not answered in time",
                   (unsigned long long)tries, pairs);
}

bool peer_path(struct peer *p, struct peer_path *ret) {
  struct ice_pair_info info;
  if (!ice_agent_selected(p->ice, &info)) return false;
  *ret = (struct peer_path){
      .method = pair_method(&info.local, &info.remote),
      .local = info.local,
      .remote = info.remote,
      .rtt = info.rtt,
      .since_unix_ms = ((int64_t)info.since + p->cfg.unix_offset_us) / 1000,
  };
  for (enum peer_method m = PEER_METHOD_HOST; m < ret->method; m++)
    explain(p, m, ret->why[ret->n_why++], sizeof ret->why[0]);
  return true;
}
