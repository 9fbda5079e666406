#include "ice/pair.h"

#include <stdlib.h>
#include <string.h>

#include "ice/gather.h"
#include "ice/priority.h"
#include "ice/remote.h"

bool ice_pair_fits(const struct ice_link *link, const struct addr *remote) {
  if (remote->family != link->local.family || remote->port == 0) return false;
  if (addr_is_any(remote) || addr_is_multicast(remote)) return false;
  enum addr_scope ours = addr_scope(&link->local), theirs = addr_scope(remote);
  if ((ours == ADDR_SCOPE_LOOPBACK) != (theirs == ADDR_SCOPE_LOOPBACK)) return false;
  if (remote->family == ADDR_V4) return true;
  return (ours == ADDR_SCOPE_LINK) == (theirs == ADDR_SCOPE_LINK);
}

static bool is_v6_link_local(const struct addr *a) {
  return a->family == ADDR_V6 && addr_scope(a) == ADDR_SCOPE_LINK;
}

struct ice_pair *ice_pair_new(struct ice_agent *a, struct ice_generation *g, struct ice_link *link,
                              struct ice_remote *remote) {
  struct ice_pair *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->gen = g;
  p->link = link;
  p->remote = remote;
  p->path = (struct path){link->id, remote->addr};
  p->path.remote.scope = is_v6_link_local(&p->path.remote) ? link->local.scope : 0;
  p->id = ++a->last_pair;
  p->state = ICE_PAIR_FROZEN;
  p->late = g->selected != NULL;
  ice_pair_set_priority(a, p);
  list_init(&p->trigger);
  list_push_back(&g->pairs, &p->node);
  g->n_pairs++;
  return p;
}

void ice_pair_free(struct ice_pair *p) {
  struct ice_generation *g = p->gen;
  list_remove(&p->node);
  list_remove(&p->trigger);
  g->n_pairs--;
  if (g->selected == p) g->selected = NULL;
  if (g->nominating == p) g->nominating = NULL;
  if (g->consenting == p) g->consenting = NULL;
  free(p);
}

struct ice_pair *ice_pair_find(const struct ice_generation *g, const struct ice_link *link,
                               const struct ice_remote *remote) {
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->link == link && p->remote == remote) return p;
  }
  return NULL;
}

struct ice_pair *ice_pair_at(const struct ice_generation *g, const struct path *path) {
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->link->id == path->link && ice_addr_same(&p->path.remote, &path->remote)) return p;
  }
  return NULL;
}

void ice_pair_set_priority(const struct ice_agent *a, struct ice_pair *p) {
  uint32_t ours = ice_link_priority(p->link, p->link->type), theirs = p->remote->priority;
  p->priority = a->controlling ? ice_pair_priority(ours, theirs) : ice_pair_priority(theirs, ours);
}

bool ice_pair_valid(const struct ice_pair *p) {
  return p->state == ICE_PAIR_SUCCEEDED && p->link->state == ICE_LINK_UP;
}

bool ice_pair_same_foundation(const struct ice_pair *p, const struct ice_pair *q) {
  return strcmp(p->link->foundation, q->link->foundation) == 0 &&
         strcmp(p->remote->foundation, q->remote->foundation) == 0;
}

static bool is_better(const struct ice_pair *p, const struct ice_pair *than) {
  if (p->unproven != than->unproven) return than->unproven;
  return p->priority > than->priority;
}

struct ice_pair *ice_pair_best_valid(const struct ice_generation *g) {
  struct ice_pair *best = NULL;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (ice_pair_valid(p) && (!best || is_better(p, best))) best = p;
  }
  return best;
}

struct ice_pair *ice_pair_data(const struct ice_generation *g) {
  if (g->failed) return NULL;
  return g->selected ? g->selected : ice_pair_best_valid(g);
}

void ice_pair_measure(struct ice_pair *p, mono_us rtt) {
  p->rtt = rtt;
  p->total_rtt += rtt;
  p->srtt = p->srtt ? (7 * p->srtt + rtt) / 8 : rtt; /* RFC 6298's weight */
  if (p->srtt == 0) p->srtt = 1;
}

static void forget_link(struct ice_generation *g, const struct ice_link *link) {
  if (!g) return;
  LIST_EACH_SAFE(it, tmp, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->link == link) ice_pair_free(p);
  }
}

void ice_pairs_forget_link(struct ice_agent *a, const struct ice_link *link) {
  forget_link(a->cur, link);
  forget_link(a->old, link);
  forget_link(a->next, link);
}
