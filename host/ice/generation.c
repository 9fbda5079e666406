#include "ice/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ice/checklist.h"
#include "ice/nomination.h"
#include "ice/pair.h"
#include "ice/remote.h"

struct ice_generation *ice_generation_new(struct ice_agent *a) {
  struct ice_generation *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->serial = ++a->last_serial;
  list_init(&g->remotes);
  list_init(&g->pairs);
  list_init(&g->triggered);
  return g;
}

struct ice_generation *ice_generation_free(struct ice_generation *g) {
  if (!g) return NULL;
  LIST_EACH_SAFE(it, tmp, &g->pairs) {
    ice_pair_free(LIST_ENTRY(it, struct ice_pair, node));
  }
  ice_remote_free_all(g);
  free(g);
  return NULL;
}

/* A generation that is left keeps its data path and answers, but checks no more. */
static void stop_checks(struct ice_generation *g) {
  g->nominating = NULL;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    p->checking = p->cancelled = p->nominate = false;
    list_remove(&p->trigger);
    if (p->state == ICE_PAIR_IN_PROGRESS) p->state = ICE_PAIR_WAITING;
  }
}

/* Of two restarts in a row the generation that carries data stays. */
static void leave_current(struct ice_agent *a) {
  stop_checks(a->cur);
  if (a->old && !ice_pair_data(a->cur)) {
    (void)ice_generation_free(a->cur);
  } else {
    (void)ice_generation_free(a->old);
    a->old = a->cur;
  }
}

static int restart(struct ice_agent *a) {
  struct ice_generation *g = a->next ? a->next : ice_generation_new(a);
  if (!g) return -ENOMEM;
  a->next = NULL;
  leave_current(a);
  a->cur = g;
  a->drop_old = false;
  a->next_check = 0;
  return 0;
}

int ice_agent_start(struct ice_agent *a, mono_us now, const struct ice_credentials *local) {
  (void)now;
  int r = a->cur->has_local ? restart(a) : 0;
  if (r < 0) return r;
  a->relay_only = a->relay_only_next;
  a->cur->local = *local;
  a->cur->has_local = true;
  return ice_checklist_form(a, a->cur);
}

void ice_agent_rollback(struct ice_agent *a, mono_us now) {
  (void)now;
  a->next = ice_generation_free(a->next);
  if (!a->old || a->cur->has_remote || a->cur->selected) return;
  (void)ice_generation_free(a->cur);
  a->cur = a->old;
  a->old = NULL;
  a->drop_old = false;
}

static bool same_credentials(const struct ice_credentials *a, const struct ice_credentials *b) {
  return strcmp(a->ufrag, b->ufrag) == 0 && strcmp(a->pwd, b->pwd) == 0;
}

/* Where the peer's credentials belong: the current generation, or when that has others, the one
 * that a restart of ours is going to begin. NULL when out of memory. */
static struct ice_generation *for_remote(struct ice_agent *a,
                                         const struct ice_credentials *remote) {
  if (!a->cur->has_remote || same_credentials(&a->cur->remote, remote)) return a->cur;
  if (a->next && !same_credentials(&a->next->remote, remote))
    a->next = ice_generation_free(a->next);
  if (!a->next) a->next = ice_generation_new(a);
  return a->next;
}

int ice_agent_set_remote(struct ice_agent *a, mono_us now, const struct ice_credentials *remote,
                         bool lite, mono_us peer_ta) {
  (void)now;
  struct ice_generation *g = for_remote(a, remote);
  if (!g) return -ENOMEM;
  g->remote = *remote;
  g->has_remote = true;
  g->lite = lite;
  g->peer_ta = peer_ta;
  if (lite) ice_nomination_set_role(a, true);
  return ice_checklist_form(a, g);
}

void ice_agent_set_controlling(struct ice_agent *a, bool controlling) {
  ice_nomination_set_role(a, controlling || a->cur->lite);
}

bool ice_agent_controlling(const struct ice_agent *a) {
  return a->controlling;
}
