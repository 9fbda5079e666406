#include "ice/gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ice/checklist.h"
#include "ice/pair.h"
#include "ice/preference.h"
#include "ice/priority.h"
#include "ice/remote.h"

#define GONE_MAX 4 /* closed links kept with their pairs, for evidence */

/*
 * Of two candidates alike the newer one is better: a peer that nominates by priority then moves at
 * once when an interface or a mapping took the place of another, and does not wait until the former
 * is silent for seconds. Each rank of preference.c has STEP values: REFLEXIVES for those of one
 * link in turn, and so for CHANGES of the network.
 */
#define STEP       64
#define REFLEXIVES ICE_REFLEXIVE_MAX
#define CHANGES    (STEP / REFLEXIVES - 1)

static bool is_open(const struct ice_link *link) {
  return link->state != ICE_LINK_CLOSING && link->state != ICE_LINK_GONE;
}

struct ice_link *ice_link_find(const struct ice_agent *a, uint32_t id) {
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link->id == id && is_open(link)) return link;
  }
  return NULL;
}

uint32_t ice_link_priority(const struct ice_link *link, enum ice_candidate_type type) {
  return ice_priority(type, link->preference);
}

void ice_link_candidate(const struct ice_link *link, struct ice_candidate *ret) {
  *ret = (struct ice_candidate){
      .type = link->type, .addr = link->local, .related = link->mapped, .server = link->server};
  ret->priority = ice_link_priority(link, link->type);
  (void)snprintf(ret->foundation, sizeof ret->foundation, "%s", link->foundation);
}

const struct ice_reflexive *ice_link_reflexive(const struct ice_link *link,
                                               const struct addr *addr) {
  LIST_EACH(it, &link->reflexives) {
    const struct ice_reflexive *r = LIST_ENTRY(it, struct ice_reflexive, node);
    if (ice_addr_same(&r->addr, addr)) return r;
  }
  return NULL;
}

void ice_reflexive_candidate(const struct ice_link *link, const struct ice_reflexive *r,
                             struct ice_candidate *ret) {
  *ret = (struct ice_candidate){
      .type = ICE_SRFLX, .addr = r->addr, .related = link->local, .server = r->server};
  ret->priority = ice_priority(ICE_SRFLX, (uint16_t)(link->preference + r->number));
  (void)snprintf(ret->foundation, sizeof ret->foundation, "%s", r->foundation);
}

bool ice_link_allowed(const struct ice_agent *a, const struct ice_link *link) {
  return !a->relay_only || link->type == ICE_RELAY;
}

enum ice_candidate_type ice_link_learned(const struct ice_link *link) {
  return link->type == ICE_RELAY ? ICE_RELAY : ICE_PRFLX;
}

/*
 * Equal for candidates of the same type and base IP (RFC 8445 section 5.1.1.3). FNV-1a, salted so
 * that it does not tell the address.
 */
static uint32_t foundation_of(uint64_t salt, const struct addr *addr) {
  uint64_t h = 0xcbf29ce484222325u ^ salt;
  for (size_t i = 0; i < sizeof addr->ip; i++) h = (h ^ addr->ip[i]) * 0x100000001b3u;
  return (uint32_t)(h >> 32 ^ h);
}

static struct ice_link *find_iface(const struct ice_agent *a, const struct addr *addr) {
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (is_open(link) && link->type == ICE_HOST && link->state != ICE_LINK_FAILED &&
        addr_ip_equal(&link->iface.addr, addr))
      return link;
  }
  return NULL;
}

static bool preference_used_by(const struct ice_agent *a, const struct ice_link *self) {
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link != self && is_open(link) && link->type == self->type &&
        link->preference == self->preference)
      return true;
  }
  return false;
}

static int link_new(struct ice_agent *a, const struct ice_interface_addr *iface, size_t rank) {
  struct ice_link *link = calloc(1, sizeof *link);
  if (!link) return -ENOMEM;
  link->id = ++a->last_link;
  link->type = ICE_HOST;
  list_init(&link->reflexives);
  link->iface = *iface;
  link->iface.addr.port = 0;
  size_t newer = a->changes < CHANGES ? a->changes : CHANGES;
  link->preference = (uint16_t)(UINT16_MAX - STEP * (rank + 1) + 1 + REFLEXIVES * newer);
  while (preference_used_by(a, link)) link->preference--;
  (void)snprintf(link->foundation, sizeof link->foundation, "%u",
                 foundation_of(a->salt, &iface->addr));
  list_push_back(&a->links, &link->node);
  return 0;
}

static void drop(struct ice_link *link) {
  LIST_EACH_SAFE(it, tmp, &link->reflexives) {
    free(LIST_ENTRY(it, struct ice_reflexive, node));
  }
  free(link);
}

static void link_free(struct ice_agent *a, struct ice_link *link) {
  ice_pairs_forget_link(a, link);
  list_remove(&link->node);
  drop(link);
}

static void link_close(struct ice_agent *a, struct ice_link *link) {
  bool asked =
      link->type == ICE_HOST && (link->state == ICE_LINK_ASKED || link->state == ICE_LINK_UP);
  link->state = asked ? ICE_LINK_CLOSING : ICE_LINK_GONE;
  ice_checklist_fail_link(a, link);
}

static void drop_oldest_gone(struct ice_agent *a) {
  size_t gone = 0;
  LIST_EACH(it, &a->links) {
    gone += LIST_ENTRY(it, struct ice_link, node)->state == ICE_LINK_GONE;
  }
  LIST_EACH_SAFE(it, tmp, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link->state != ICE_LINK_GONE || gone <= GONE_MAX) continue;
    link_free(a, link);
    gone--;
  }
}

static bool is_listed(const struct ice_preference *p, const struct ice_link *link) {
  for (size_t i = 0; i < p->n; i++)
    if (addr_ip_equal(&p->list[i].addr, &link->iface.addr)) return true;
  return false;
}

/* Closes the links whose address is gone, and those that failed: a listed one is tried anew. */
static void close_missing(struct ice_agent *a, const struct ice_preference *p) {
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (!is_open(link) || link->type != ICE_HOST) continue;
    if (link->state == ICE_LINK_FAILED || !is_listed(p, link)) link_close(a, link);
  }
  drop_oldest_gone(a);
}

int ice_agent_set_interfaces(struct ice_agent *a, mono_us now,
                             const struct ice_interface_addr *list, size_t n) {
  struct ice_preference p;
  (void)now;
  ice_preference_order(list, n, a->cfg.loopback, &p);
  close_missing(a, &p);
  if (a->last_link > 0) a->changes++;
  for (size_t i = 0; i < p.n; i++) {
    if (find_iface(a, &p.list[i].addr)) continue;
    int r = link_new(a, &p.list[i], i);
    if (r < 0) return r;
  }
  return 0;
}

int ice_agent_bound(struct ice_agent *a, mono_us now, uint32_t link, int err,
                    const struct addr *local) {
  (void)now;
  struct ice_link *l = ice_link_find(a, link);
  if (!l || l->state != ICE_LINK_ASKED) return 0;
  if (err < 0 || local->family != l->iface.addr.family) {
    l->state = ICE_LINK_FAILED;
    return 0;
  }
  l->local = *local;
  l->local.scope = l->iface.addr.scope;
  l->state = ICE_LINK_UP;
  return ice_checklist_form(a, a->cur);
}

void ice_agent_set_relay_only(struct ice_agent *a, bool relay_only) {
  a->relay_only_next = relay_only;
}

void ice_agent_set_gathering(struct ice_agent *a, bool gathering) {
  a->gathering = gathering;
}

int ice_agent_add_reflexive(struct ice_agent *a, mono_us now, uint32_t link,
                            const struct addr *mapped, uint16_t server) {
  (void)now;
  struct ice_link *l = ice_link_find(a, link);
  if (!l || l->state != ICE_LINK_UP || mapped->family != l->local.family) return 0;
  if (ice_addr_same(mapped, &l->local) || ice_link_reflexive(l, mapped)) return 0; /* redundant */
  if (l->n_reflexives >= ICE_REFLEXIVE_MAX) return 0;
  struct ice_reflexive *r = calloc(1, sizeof *r);
  if (!r) return -ENOMEM;
  r->addr = *mapped;
  r->server = server;
  r->number = (uint16_t)l->n_reflexives;
  (void)snprintf(r->foundation, sizeof r->foundation, "%u",
                 foundation_of(a->salt + server, &l->iface.addr));
  list_push_back(&l->reflexives, &r->node);
  l->n_reflexives++;
  return 0;
}

int ice_agent_add_relayed(struct ice_agent *a, mono_us now, const struct ice_relayed *in,
                          uint32_t *ret_link) {
  (void)now;
  struct ice_link *base = ice_link_find(a, in->base);
  const struct ice_interface_addr iface = {.addr = in->relayed};
  int r = link_new(a, &iface, 0);
  if (r < 0) return r;
  struct ice_link *link = LIST_ENTRY(a->links.prev, struct ice_link, node);
  link->type = ICE_RELAY;
  link->server = in->server;
  link->local = in->relayed;
  link->mapped = a->relay_only ? (struct addr){.family = in->relayed.family, .port = 9}
                               : in->mapped; /* RFC 8839 section 5.1 */
  link->preference = (uint16_t)(in->transport_rank + (base ? base->preference / 4 : 0));
  while (preference_used_by(a, link)) link->preference--;
  (void)snprintf(link->foundation, sizeof link->foundation, "%u",
                 foundation_of(a->salt - (uint64_t)in->server * 16 - in->relayed.family,
                               base ? &base->iface.addr : &in->mapped));
  link->state = ICE_LINK_UP;
  *ret_link = link->id;
  return ice_checklist_form(a, a->cur);
}

void ice_agent_remove_relayed(struct ice_agent *a, mono_us now, uint32_t link) {
  (void)now;
  struct ice_link *l = ice_link_find(a, link);
  if (!l || l->type != ICE_RELAY) return;
  link_close(a, l);
  drop_oldest_gone(a);
}

static void ask_bind(const struct ice_agent *a, const struct ice_link *link, struct ice_out *ret) {
  ret->kind = OUT_BIND;
  ret->u.bind = (struct ice_bind){.link = link->id,
                                  .local = link->iface.addr,
                                  .port_min = a->cfg.port_min,
                                  .port_max = a->cfg.port_max};
}

bool ice_gather_poll_link(struct ice_agent *a, struct ice_out *ret) {
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link->state == ICE_LINK_CLOSING) {
      link->state = ICE_LINK_GONE;
      ret->kind = OUT_UNBIND;
      ret->u.unbind_link = link->id;
      return true;
    }
    if (link->state == ICE_LINK_NEW && a->cur->has_local) {
      link->state = ICE_LINK_ASKED;
      ask_bind(a, link, ret);
      return true;
    }
  }
  return false;
}

bool ice_gather_done(const struct ice_agent *a) {
  LIST_EACH(it, &a->links) {
    enum ice_link_state state = LIST_ENTRY(it, struct ice_link, node)->state;
    if (state == ICE_LINK_NEW || state == ICE_LINK_ASKED) return false;
  }
  return true;
}

/* The next candidate of the link that this generation was not told of; false when there is none. */
static bool announce_link(const struct ice_agent *a, struct ice_link *link,
                          struct ice_candidate *ret) {
  if (link->announced < a->cur->serial) {
    link->announced = a->cur->serial;
    ice_link_candidate(link, ret);
    return true;
  }
  LIST_EACH(it, &link->reflexives) {
    struct ice_reflexive *r = LIST_ENTRY(it, struct ice_reflexive, node);
    if (r->announced >= a->cur->serial) continue;
    r->announced = a->cur->serial;
    ice_reflexive_candidate(link, r, ret);
    return true;
  }
  return false;
}

bool ice_gather_poll_event(struct ice_agent *a, struct ice_out *ret) {
  if (!a->cur->has_local) return false;
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link->state != ICE_LINK_UP || !ice_link_allowed(a, link)) continue;
    ret->kind = OUT_EVENT;
    ret->u.ev.kind = ICE_EV_CANDIDATE;
    if (announce_link(a, link, &ret->u.ev.u.candidate)) return true;
  }
  if (a->cur->gathered_told || !ice_gather_done(a) || a->gathering) return false;
  a->cur->gathered_told = true;
  ret->kind = OUT_EVENT;
  ret->u.ev.kind = ICE_EV_GATHERED;
  return true;
}

void ice_gather_free(struct ice_agent *a) {
  LIST_EACH_SAFE(it, tmp, &a->links) {
    drop(LIST_ENTRY(it, struct ice_link, node));
  }
}
