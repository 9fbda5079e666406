/* Path evidence: which method carries the data, and how each better one failed. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "peer/internal.h"

/* True for addresses that no NAT stands between, as far as they tell: one of them does not leave
 * its machine or its link, both are of the same narrow scope, or they share a /24 or /64. */
static bool same_network(const struct addr *a, const struct addr *b) {
  if (a->family != b->family || a->family == ADDR_NONE) return false;
  enum addr_scope scope = addr_scope(a), other = addr_scope(b);
  if (scope <= ADDR_SCOPE_LINK || other <= ADDR_SCOPE_LINK) return true;
  if (scope != other) return false;
  return scope != ADDR_SCOPE_GLOBAL || memcmp(a->ip, b->ip, a->family == ADDR_V4 ? 3 : 8) == 0;
}

/* What a candidate of the peer says of the path. One that was never signalled is a host of our own
 * network, or else what a NAT made of it. */
static enum peer_method remote_method(const struct ice_candidate *c, const struct addr *local) {
  switch (c->type) {
  case ICE_HOST: return PEER_METHOD_HOST;
  case ICE_PRFLX: return same_network(&c->addr, local) ? PEER_METHOD_HOST : PEER_METHOD_SRFLX;
  case ICE_SRFLX: return PEER_METHOD_SRFLX;
  case ICE_RELAY: return PEER_METHOD_RELAY;
  }
  return PEER_METHOD_RELAY;
}

/* Of our own: the sockets are bound to one address each, so a peer that sees another one sees a
 * NAT's. */
static enum peer_method local_method(enum ice_candidate_type type) {
  switch (type) {
  case ICE_HOST: return PEER_METHOD_HOST;
  case ICE_PRFLX:
  case ICE_SRFLX: return PEER_METHOD_SRFLX;
  case ICE_RELAY: return PEER_METHOD_RELAY;
  }
  return PEER_METHOD_RELAY;
}

enum peer_method peer_pair_method(const struct ice_candidate *local,
                                  const struct ice_candidate *remote) {
  enum peer_method a = local_method(local->type), b = remote_method(remote, &local->addr);
  return a > b ? a : b;
}

/* UDP to a STUN server, or else to a TURN server, which would have told the address as well. */
static bool servers_failed(const struct peer *p, char *to, size_t cap) {
  return gatherer_why(p->gatherer, false, to, cap) || gatherer_why(p->gatherer, true, to, cap);
}

/* The tries of one method, as a sentence. */
static void explain(const struct peer *p, enum peer_method method, char *to, size_t cap) {
  static const char *const names[] = {"host", "srflx", "relay"};
  assert((size_t)method < sizeof names / sizeof *names);
  struct ice_pair_info info, first = {0};
  uint64_t tries = 0;
  size_t pairs = 0;
  for (size_t i = 0; ice_agent_pair(p->ice, i, &info); i++) {
    if (info.selected || peer_pair_method(&info.local, &info.remote) != method) continue;
    if (pairs++ == 0) first = info;
    tries += info.requests_sent;
  }
  char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX], server[160];
  if (method == PEER_METHOD_SRFLX && pairs == 0 && servers_failed(p, server, sizeof server))
    (void)snprintf(to, cap, "srflx: %s", server);
  else if (pairs == 0)
    (void)snprintf(to, cap, "%s: no such pair of candidates was there to try", names[method]);
  else
    (void)snprintf(to, cap, "%s: %s to %s %s in %llu tries (%zu pairs)", names[method],
                   addr_format(&first.local.addr, a), addr_format(&first.remote.addr, b),
                   first.state == ICE_PAIR_FAILED ? "got no answer" : "was not answered in time",
                   (unsigned long long)tries, pairs);
}

bool peer_path_is_news(struct peer *p) {
  struct ice_pair_info info;
  if (!ice_agent_selected(p->ice, &info)) return false;
  bool retyped =
      p->path_told && (info.local.type != p->told_local || info.remote.type != p->told_remote);
  bool explained = p->path_told && p->path_open && p->gathering == PEER_GATHERING_COMPLETE &&
                   peer_pair_method(&info.local, &info.remote) != PEER_METHOD_HOST;
  if (!p->announce_path && !retyped && !explained) return false;
  p->announce_path = false;
  p->path_open = p->gathering != PEER_GATHERING_COMPLETE;
  p->path_told = true;
  p->told_local = info.local.type;
  p->told_remote = info.remote.type;
  return true;
}

bool peer_path(struct peer *p, struct peer_path *ret) {
  struct ice_pair_info info;
  if (!ice_agent_selected(p->ice, &info)) return false;
  *ret = (struct peer_path){
      .method = peer_pair_method(&info.local, &info.remote),
      .local = info.local,
      .remote = info.remote,
      .rtt = info.rtt,
      .since_unix_ms = ((int64_t)info.since + p->cfg.unix_offset_us) / 1000,
  };
  const char *url;
  if (info.local.type == ICE_RELAY)
    (void)peer_server_of(p, info.local.server, &url, &ret->relay_protocol);
  for (enum peer_method m = PEER_METHOD_HOST; m < ret->method; m++)
    explain(p, m, ret->why[ret->n_why++], sizeof ret->why[0]);
  return true;
}
