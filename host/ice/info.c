#include <stdio.h>

#include "ice/gather.h"
#include "ice/pair.h"
#include "ice/priority.h"
#include "ice/remote.h"

/* The local candidate of a pair: the link's, or the peer-reflexive one the peer sees. */
static void local_candidate(const struct ice_pair *p, struct ice_candidate *ret) {
  ice_link_candidate(p->link, ret);
  if (p->mapped.family == ADDR_NONE) return;
  const struct ice_reflexive *r = ice_link_reflexive(p->link, &p->mapped);
  if (r) {
    ice_reflexive_candidate(p->link, r, ret);
    return;
  }
  ret->type = ICE_PRFLX;
  ret->related = p->link->local;
  ret->addr = p->mapped;
  ret->priority = ice_link_priority(p->link, ICE_PRFLX);
  (void)snprintf(ret->foundation, sizeof ret->foundation, "p%s", p->link->foundation);
}

static void pair_info(const struct ice_pair *p, struct ice_pair_info *ret) {
  *ret = (struct ice_pair_info){
      .id = p->id,
      .path = p->path,
      .state = p->state,
      .nominated = p->nominated,
      .selected = p->gen->selected == p,
      .priority = p->priority,
      .rtt = p->rtt,
      .total_rtt = p->total_rtt,
      .requests_sent = p->requests_sent,
      .responses_received = p->responses_received,
      .requests_received = p->requests_received,
      .responses_sent = p->responses_sent,
      .consent_requests_sent = p->consents_sent,
      .last_sent = p->last_sent,
      .last_received = p->last_received,
      .since = p->since,
      .data = p->data,
      .local_ufrag = p->gen->local.ufrag,
      .remote_ufrag = p->gen->remote.ufrag,
  };
  local_candidate(p, &ret->local);
  ice_remote_candidate(p->remote, &ret->remote);
}

static const struct ice_pair *selected(const struct ice_agent *a) {
  if (a->cur->selected) return a->cur->selected;
  return a->old ? a->old->selected : NULL;
}

bool ice_agent_selected(const struct ice_agent *a, struct ice_pair_info *ret) {
  const struct ice_pair *p = selected(a);
  if (!p) return false;
  pair_info(p, ret);
  return true;
}

/* The pair that data goes over: of the new generation once it has selected one, RFC 8445 section 9.
 */
static const struct ice_pair *data_pair(const struct ice_agent *a) {
  const struct ice_pair *p = ice_pair_data(a->cur);
  if (a->cur->selected || !a->old) return p;
  const struct ice_pair *before = ice_pair_data(a->old);
  return before ? before : p;
}

const struct path *ice_agent_data_path(const struct ice_agent *a) {
  const struct ice_pair *p = data_pair(a);
  return p ? &p->path : NULL;
}

enum ice_state ice_agent_state(const struct ice_agent *a) {
  return a->state;
}

bool ice_agent_knows(const struct ice_agent *a, const struct path *path) {
  return ice_pair_at(a->cur, path) || (a->old && ice_pair_at(a->old, path));
}

void ice_agent_add_traffic(struct ice_agent *a, const struct path *path,
                           const struct ice_traffic *more) {
  struct ice_pair *p = ice_pair_at(a->cur, path);
  if (!p && a->old) p = ice_pair_at(a->old, path);
  if (!p) return;
  p->data.packets_sent += more->packets_sent;
  p->data.bytes_sent += more->bytes_sent;
  p->data.packets_received += more->packets_received;
  p->data.bytes_received += more->bytes_received;
  if (more->last_sent) p->data.last_sent = more->last_sent;
  if (more->last_received) p->data.last_received = more->last_received;
}

const char *ice_agent_ufrag(const struct ice_agent *a, bool remote) {
  return remote ? a->cur->remote.ufrag : a->cur->local.ufrag;
}

static const struct ice_pair *nth(const struct ice_generation *g, size_t i) {
  LIST_EACH(it, &g->pairs) {
    if (i-- == 0) return LIST_ENTRY(it, struct ice_pair, node);
  }
  return NULL;
}

bool ice_agent_pair(const struct ice_agent *a, size_t i, struct ice_pair_info *ret) {
  const struct ice_pair *p = nth(a->cur, i);
  if (!p && a->old && i >= a->cur->n_pairs) p = nth(a->old, i - a->cur->n_pairs);
  if (!p) return false;
  pair_info(p, ret);
  return true;
}

/* The *i-th of the link, or *i less what it has. */
static bool nth_reflexive(const struct ice_link *link, size_t *i, struct ice_candidate *ret) {
  LIST_EACH(it, &link->reflexives) {
    if ((*i)-- > 0) continue;
    ice_reflexive_candidate(link, LIST_ENTRY(it, struct ice_reflexive, node), ret);
    return true;
  }
  return false;
}

bool ice_agent_local_candidate(const struct ice_agent *a, size_t i, struct ice_candidate *ret) {
  LIST_EACH(it, &a->links) {
    const struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link->state != ICE_LINK_UP || !ice_link_allowed(a, link)) continue;
    if (i-- == 0) {
      ice_link_candidate(link, ret);
      return true;
    }
    if (nth_reflexive(link, &i, ret)) return true;
  }
  LIST_EACH(it, &a->cur->pairs) {
    const struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->mapped.family == ADDR_NONE || ice_link_reflexive(p->link, &p->mapped)) continue;
    if (i-- > 0) continue;
    local_candidate(p, ret);
    return true;
  }
  return false;
}

bool ice_agent_remote_candidate(const struct ice_agent *a, size_t i, struct ice_candidate *ret) {
  LIST_EACH(it, &a->cur->remotes) {
    if (i-- > 0) continue;
    ice_remote_candidate(LIST_ENTRY(it, struct ice_remote, node), ret);
    return true;
  }
  return false;
}
