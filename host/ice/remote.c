#include "ice/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ice/checklist.h"
#include "ice/pair.h"

bool ice_addr_same(const struct addr *a, const struct addr *b) {
  return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

struct ice_remote *ice_remote_find(const struct ice_generation *g, const struct addr *addr) {
  LIST_EACH(it, &g->remotes) {
    struct ice_remote *r = LIST_ENTRY(it, struct ice_remote, node);
    if (ice_addr_same(&r->addr, addr)) return r;
  }
  return NULL;
}

static struct ice_remote *find_name(const struct ice_generation *g, const struct ice_candidate *c) {
  LIST_EACH(it, &g->remotes) {
    struct ice_remote *r = LIST_ENTRY(it, struct ice_remote, node);
    if (r->name && strcasecmp(r->name, c->name) == 0 && r->addr.port == c->addr.port) return r;
  }
  return NULL;
}

static void remote_free(struct ice_remote *r) {
  free(r->name);
  free(r);
}

void ice_remote_free_all(struct ice_generation *g) {
  LIST_EACH_SAFE(it, tmp, &g->remotes) {
    remote_free(LIST_ENTRY(it, struct ice_remote, node));
  }
  list_init(&g->remotes);
}

struct ice_remote *ice_remote_learn(struct ice_generation *g, const struct addr *addr,
                                    uint32_t priority) {
  if (g->n_prflx >= ICE_PRFLX_MAX) return NULL;
  struct ice_remote *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->type = ICE_PRFLX;
  r->addr = *addr;
  r->addr.scope = 0;
  r->priority = priority;
  /* Different from all others: it holds a character that no signalled foundation has. */
  (void)snprintf(r->foundation, sizeof r->foundation, "~%zu", g->n_prflx);
  list_push_back(&g->remotes, &r->node);
  g->n_prflx++;
  return r;
}

static void set_signalled(struct ice_remote *r, const struct ice_candidate *c) {
  r->signalled = true;
  r->type = c->type;
  r->priority = c->priority;
  r->related = c->related;
  memcpy(r->foundation, c->foundation, sizeof r->foundation);
}

/* The peer checked us from this address before it was signalled: now we know what it is. */
static void merge(struct ice_agent *a, struct ice_generation *g, struct ice_remote *r,
                  const struct ice_candidate *c) {
  set_signalled(r, c);
  g->n_prflx--;
  g->n_signalled++;
  ice_checklist_reprioritize(a, g);
}

static int add_new(struct ice_generation *g, const struct ice_candidate *c) {
  struct ice_remote *r = calloc(1, sizeof *r);
  if (!r) return -ENOMEM;
  set_signalled(r, c);
  r->addr = c->addr;
  r->addr.scope = 0;
  if (c->name[0]) {
    r->name = strdup(c->name);
    if (!r->name) {
      remote_free(r);
      return -ENOMEM;
    }
    r->addr.family = ADDR_NONE;
    r->resolving = ICE_RESOLVE_ASK;
  }
  list_push_back(&g->remotes, &r->node);
  g->n_signalled++;
  return 0;
}

int ice_agent_add_remote(struct ice_agent *a, mono_us now, const struct ice_candidate *c) {
  (void)now;
  struct ice_generation *g = a->next ? a->next : a->cur;
  struct ice_remote *known = c->name[0] ? find_name(g, c) : ice_remote_find(g, &c->addr);
  if (known && known->signalled) return 0;
  if (g->n_signalled >= ICE_REMOTE_MAX) return -ENOSPC;
  if (known) merge(a, g, known, c);
  int r = known ? 0 : add_new(g, c);
  return r < 0 ? r : ice_checklist_form(a, g);
}

void ice_agent_end_of_remote(struct ice_agent *a, mono_us now) {
  (void)now;
  (a->next ? a->next : a->cur)->end_of_remote = true;
}

bool ice_remote_poll_resolve(struct ice_agent *a, struct ice_out *ret) {
  LIST_EACH(it, &a->cur->remotes) {
    struct ice_remote *r = LIST_ENTRY(it, struct ice_remote, node);
    if (r->resolving != ICE_RESOLVE_ASK) continue;
    r->resolving = ICE_RESOLVE_ASKED;
    r->resolve_id = ++a->last_resolve;
    ret->kind = OUT_RESOLVE;
    ret->u.resolve = (struct ice_resolve){r->resolve_id, r->name};
    return true;
  }
  return false;
}

static struct ice_remote *find_resolving(const struct ice_generation *g, uint32_t id) {
  LIST_EACH(it, &g->remotes) {
    struct ice_remote *r = LIST_ENTRY(it, struct ice_remote, node);
    if (r->resolving == ICE_RESOLVE_ASKED && r->resolve_id == id) return r;
  }
  return NULL;
}

/* One address a family: the first, as the resolver orders them (RFC 6724). */
static const struct addr *first_of(const struct addr *addrs, size_t n, uint8_t family) {
  for (size_t i = 0; i < n; i++)
    if (addrs[i].family == family) return &addrs[i];
  return NULL;
}

/* Gives the named candidate its address; when another has that already it stays a name. */
static void set_address(struct ice_generation *g, struct ice_remote *r, const struct addr *addr) {
  struct addr to = *addr;
  to.port = r->addr.port;
  to.scope = 0;
  if (!ice_remote_find(g, &to)) r->addr = to;
}

int ice_agent_resolved(struct ice_agent *a, mono_us now, uint32_t id, int err,
                       const struct addr *addrs, size_t n) {
  (void)now;
  struct ice_remote *r = find_resolving(a->cur, id);
  if (!r) return 0;
  r->resolving = ICE_RESOLVE_NONE;
  if (err < 0 || n == 0) return 0;
  uint8_t second_family = addrs[0].family == ADDR_V4 ? ADDR_V6 : ADDR_V4;
  const struct addr *second = first_of(addrs, n, second_family);
  set_address(a->cur, r, &addrs[0]);
  if (second) {
    struct ice_candidate c;
    ice_remote_candidate(r, &c);
    c.addr = *second;
    c.addr.port = r->addr.port;
    c.name[0] = '\0';
    if (!ice_remote_find(a->cur, &c.addr) && a->cur->n_signalled < ICE_REMOTE_MAX) {
      int e = add_new(a->cur, &c);
      if (e < 0) return e;
    }
  }
  return ice_checklist_form(a, a->cur);
}

void ice_remote_candidate(const struct ice_remote *r, struct ice_candidate *ret) {
  *ret = (struct ice_candidate){
      .type = r->type, .priority = r->priority, .addr = r->addr, .related = r->related};
  memcpy(ret->foundation, r->foundation, sizeof ret->foundation);
  if (r->name) (void)snprintf(ret->name, sizeof ret->name, "%s", r->name);
}
