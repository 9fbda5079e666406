#include "ice/checklist.h"

#include <errno.h>

#include "ice/check.h"
#include "ice/gather.h"
#include "ice/pair.h"

#define THAW_AFTER 2 /* transmissions: see PACING.md */

/* Others of its foundation wait for what comes of this pair, but not for one that seems dead. */
static bool holds_others(const struct ice_pair *p) {
  if (p->state == ICE_PAIR_WAITING) return true;
  return p->state == ICE_PAIR_IN_PROGRESS && p->checking && p->check.sent <= THAW_AFTER;
}

/*
 * The state a new pair begins in (RFC 8445 section 6.1.2.6, RFC 8838 section 12): of a foundation
 * the best pair is Waiting and the others are Frozen, until one of them succeeds.
 */
static void set_first_state(struct ice_pair *p) {
  p->state = ICE_PAIR_WAITING;
  LIST_EACH(it, &p->gen->pairs) {
    struct ice_pair *q = LIST_ENTRY(it, struct ice_pair, node);
    if (q == p || !ice_pair_same_foundation(p, q)) continue;
    if (q->state == ICE_PAIR_SUCCEEDED) {
      p->state = ICE_PAIR_WAITING;
      return;
    }
    bool behind =
        q->state == ICE_PAIR_WAITING && list_empty(&q->trigger) && q->priority < p->priority;
    if (behind)
      q->state = ICE_PAIR_FROZEN;
    else if (holds_others(q))
      p->state = ICE_PAIR_FROZEN;
  }
}

static bool is_in_use(const struct ice_pair *p) {
  return p->checking || p->state == ICE_PAIR_SUCCEEDED || p->gen->selected == p ||
         !list_empty(&p->trigger);
}

static bool is_worse(const struct ice_pair *p, const struct ice_pair *q) {
  bool p_failed = p->state == ICE_PAIR_FAILED, q_failed = q->state == ICE_PAIR_FAILED;
  return p_failed != q_failed ? p_failed : p->priority < q->priority;
}

/* A failed pair, else that of the lowest priority, that nothing depends on; NULL when all are in
 * use. */
static struct ice_pair *worst_unused(const struct ice_generation *g) {
  struct ice_pair *worst = NULL;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (!is_in_use(p) && (!worst || is_worse(p, worst))) worst = p;
  }
  return worst;
}

struct ice_pair *ice_checklist_add(struct ice_agent *a, struct ice_generation *g,
                                   struct ice_link *link, struct ice_remote *remote) {
  struct ice_pair *p = ice_pair_new(a, g, link, remote);
  if (!p) return NULL;
  set_first_state(p);
  if (g->n_pairs <= ICE_PAIRS_MAX) return p;
  struct ice_pair *worst = worst_unused(g);
  ice_pair_free(worst);
  return worst == p ? NULL : p;
}

static int form_with(struct ice_agent *a, struct ice_generation *g, struct ice_remote *remote) {
  LIST_EACH(it, &a->links) {
    struct ice_link *link = LIST_ENTRY(it, struct ice_link, node);
    if (link->state != ICE_LINK_UP || !ice_link_allowed(a, link)) continue;
    if (!ice_pair_fits(link, &remote->addr)) continue;
    if (ice_pair_find(g, link, remote)) continue;
    size_t before = g->n_pairs;
    if (!ice_checklist_add(a, g, link, remote) && before < ICE_PAIRS_MAX) return -ENOMEM;
  }
  return 0;
}

int ice_checklist_form(struct ice_agent *a, struct ice_generation *g) {
  LIST_EACH(it, &g->remotes) {
    struct ice_remote *remote = LIST_ENTRY(it, struct ice_remote, node);
    if (!remote->signalled || remote->addr.family == ADDR_NONE) continue;
    int r = form_with(a, g, remote);
    if (r < 0) return r;
  }
  return 0;
}

void ice_checklist_reprioritize(struct ice_agent *a, struct ice_generation *g) {
  LIST_EACH(it, &g->pairs) {
    ice_pair_set_priority(a, LIST_ENTRY(it, struct ice_pair, node));
  }
}

void ice_checklist_fail(struct ice_pair *p) {
  struct ice_generation *g = p->gen;
  p->state = ICE_PAIR_FAILED;
  p->checking = p->cancelled = p->nominate = p->nominated = p->peer_nominates = false;
  p->late = false;
  list_remove(&p->trigger);
  if (g->selected == p) g->selected = NULL;
  if (g->nominating == p) g->nominating = NULL;
  if (g->consenting == p) g->consenting = NULL;
}

static void fail_link(struct ice_generation *g, const struct ice_link *link) {
  if (!g) return;
  bool was_selected = g->selected && g->selected->link == link;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->link == link) ice_checklist_fail(p);
    if (was_selected && p->state == ICE_PAIR_SUCCEEDED) p->unproven = true;
  }
  if (!was_selected) return;
  g->valid_at = 0;
  ice_checklist_recheck(g, NULL);
}

void ice_checklist_fail_link(struct ice_agent *a, const struct ice_link *link) {
  fail_link(a->cur, link);
  fail_link(a->old, link);
  fail_link(a->next, link);
}

void ice_checklist_unfreeze(const struct ice_pair *p) {
  LIST_EACH(it, &p->gen->pairs) {
    struct ice_pair *q = LIST_ENTRY(it, struct ice_pair, node);
    if (q->state == ICE_PAIR_FROZEN && ice_pair_same_foundation(p, q)) q->state = ICE_PAIR_WAITING;
  }
}

void ice_checklist_trigger(struct ice_pair *p) {
  if (list_empty(&p->trigger)) list_push_back(&p->gen->triggered, &p->trigger);
}

void ice_checklist_recheck_pair(struct ice_pair *p) {
  p->late = true;
  if (p->checking)
    ice_check_hasten(p);
  else if (p->state == ICE_PAIR_SUCCEEDED)
    ice_checklist_trigger(p);
  else
    p->state = ICE_PAIR_WAITING;
}

void ice_checklist_recheck(struct ice_generation *g, const struct ice_pair *except) {
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    bool skip = except && p->id == except->id;
    if (!skip && p->link->state == ICE_LINK_UP) ice_checklist_recheck_pair(p);
  }
}

bool ice_checklist_running(const struct ice_generation *g) {
  return g->has_local && g->has_remote && !g->failed;
}

struct ice_pair *ice_checklist_next_triggered(struct ice_generation *g) {
  if (!ice_checklist_running(g)) return NULL;
  struct list *first = list_pop_front(&g->triggered);
  return first ? LIST_ENTRY(first, struct ice_pair, trigger) : NULL;
}

/* Once a pair is selected only better ones and those that came later are checked (section 8.1.2
 * and ice/PACING.md). */
static bool may_check(const struct ice_pair *p) {
  const struct ice_pair *selected = p->gen->selected;
  if (p->link->state != ICE_LINK_UP) return false;
  return !selected || p->late || p->priority > selected->priority;
}

/* True for a Frozen pair of whose foundation none is Waiting or In-Progress. */
static bool may_thaw(const struct ice_pair *p) {
  LIST_EACH(it, &p->gen->pairs) {
    const struct ice_pair *q = LIST_ENTRY(it, struct ice_pair, node);
    if (holds_others(q) && ice_pair_same_foundation(p, q)) return false;
  }
  return true;
}

static struct ice_pair *best_in_state(const struct ice_generation *g, enum ice_pair_state state) {
  struct ice_pair *best = NULL;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->state != state || !may_check(p) || (best && p->priority <= best->priority)) continue;
    if (state == ICE_PAIR_WAITING || may_thaw(p)) best = p;
  }
  return best;
}

struct ice_pair *ice_checklist_next_ordinary(const struct ice_generation *g) {
  if (!ice_checklist_running(g)) return NULL;
  struct ice_pair *waiting = best_in_state(g, ICE_PAIR_WAITING);
  return waiting ? waiting : best_in_state(g, ICE_PAIR_FROZEN);
}

size_t ice_checklist_active(const struct ice_generation *g) {
  size_t n = 0;
  LIST_EACH(it, &g->pairs) {
    const struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    n += p->state == ICE_PAIR_WAITING || p->state == ICE_PAIR_IN_PROGRESS;
  }
  return n;
}

bool ice_checklist_done(const struct ice_generation *g) {
  LIST_EACH(it, &g->pairs) {
    const struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    bool open = p->state != ICE_PAIR_SUCCEEDED && p->state != ICE_PAIR_FAILED;
    if (open && (p->state == ICE_PAIR_IN_PROGRESS ? p->checking : may_check(p))) return false;
  }
  return list_empty(&g->triggered);
}
