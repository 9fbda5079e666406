#include "ice/nomination.h"

#include "ice/checklist.h"
#include "ice/consent.h"
#include "ice/pair.h"

/* Patience for a better pair, see PACING.md. */
#define PATIENCE_MIN (10 * MONO_MS)
#define PATIENCE_MAX (200 * MONO_MS)
#define HOPE_MIN     (20 * MONO_MS)

/* A peer that nominates aggressively (RFC 5245) puts USE-CANDIDATE on all its first checks and
 * means the best pair; one that moves to a worse pair does so later. */
#define HOLD (500 * MONO_MS)

/* Beside two round trips: the wait for the selected pair once the peer shows up elsewhere. */
#define MOVED (20 * MONO_MS)

/* What stands between the two ends of a pair. */
enum between { BETWEEN_NOTHING, BETWEEN_NATS, BETWEEN_RELAY };

static enum between between(const struct ice_pair *p) {
  if (p->link->type == ICE_RELAY || p->remote->type == ICE_RELAY) return BETWEEN_RELAY;
  bool plain = p->remote->type == ICE_HOST && p->mapped.family == ADDR_NONE;
  return plain ? BETWEEN_NOTHING : BETWEEN_NATS;
}

/* A pair that is left in doubt, or for a worse one, may have lost a NAT's mapping or a relay. */
static bool is_loss(const struct ice_pair *left, const struct ice_pair *p) {
  return left && (left->consent.missing_since != 0 || between(p) > between(left));
}

static void select_pair(struct ice_agent *a, struct ice_pair *p, mono_us now) {
  struct ice_generation *g = p->gen;
  p->nominated = true;
  if (g->selected == p) return;
  if (is_loss(g->selected, p)) g->doubted_news = true;
  g->selected = p;
  g->was_selected = true;
  p->since = now;
  a->rtt_news |= p->srtt != 0;
  if (g == a->cur && a->old) a->drop_old = true;
}

/* When the peer is taken to have moved, if it shows up elsewhere. */
static mono_us moved_at(const struct ice_pair *selected) {
  mono_us since = selected->consent.missing_since;
  return since ? mono_min(mono_add(since, 2 * selected->srtt + MOVED),
                          ice_consent_doubted_at(selected))
               : MONO_NEVER;
}

void ice_nomination_follow(struct ice_agent *a, struct ice_pair *p, mono_us now) {
  const struct ice_pair *s = p->gen->selected;
  p->nominated = true;
  p->peer_nominates = false;
  p->nominated_at = now;
  if (!s || s == p || p->priority > s->priority || now - s->nominated_at >= HOLD ||
      now >= moved_at(s))
    select_pair(a, p, now);
}

/* What was silent as long as the pair that is left does not attract data again before it answers.
 */
static void mistrust(const struct ice_generation *g, const struct ice_pair *left) {
  if (!left || !left->consent.missing_since) return;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->last_response <= left->consent.missing_since) p->unproven = true;
  }
}

void ice_nomination_done(struct ice_agent *a, struct ice_pair *p, mono_us now) {
  bool moved = p->gen->was_selected && p->gen->selected != p;
  struct ice_pair *left = moved ? p->gen->selected : NULL;
  mistrust(p->gen, left);
  p->nominate = false;
  if (p->gen->nominating == p) p->gen->nominating = NULL;
  p->nominated_at = now;
  select_pair(a, p, now);
  if (left && left->unproven) ice_checklist_recheck_pair(left); /* it may have been a pause */
  if (!moved) return;
  p->gen->consenting = p;
  ice_consent_heard(p, a->cfg.rng, now);
  ice_consent_hurry(p, now);
}

static void nominate(struct ice_pair *p) {
  p->nominate = true;
  p->gen->nominating = p;
  list_remove(&p->trigger);
  list_push_front(&p->gen->triggered, &p->trigger);
}

static mono_us clamp(mono_us v, mono_us low, mono_us high) {
  return v < low ? low : v > high ? high : v;
}

/* Until when it is worth waiting for p, which is better than the valid pair `best`. */
static mono_us hope_until(const struct ice_pair *p, const struct ice_pair *best) {
  bool settled = p->state == ICE_PAIR_SUCCEEDED && !p->unproven;
  if (settled || p->state == ICE_PAIR_FAILED || p->link->state != ICE_LINK_UP ||
      p->priority <= best->priority)
    return 0;
  mono_us until =
      mono_add(p->gen->valid_at, clamp(2 * best->srtt + PATIENCE_MIN, PATIENCE_MIN, PATIENCE_MAX));
  if (!p->checking || p->check.sent == 0) return until;
  return mono_min(until, mono_add(p->check.first_sent, 3 * best->srtt + HOPE_MIN));
}

static mono_us choose_at(const struct ice_generation *g, const struct ice_pair *best) {
  mono_us at = 0;
  LIST_EACH(it, &g->pairs) {
    mono_us until = hope_until(LIST_ENTRY(it, struct ice_pair, node), best);
    if (until > at) at = until;
  }
  return at;
}

static bool shows_move(const struct ice_pair *p, const struct ice_pair *selected) {
  return p->remote->type == ICE_PRFLX && p->last_received > selected->last_response;
}

/* A valid pair that answered after the selected one fell silent, or NULL. */
static struct ice_pair *alternative(const struct ice_generation *g, mono_us now) {
  const struct ice_pair *s = g->selected;
  struct ice_pair *best = NULL;
  if (g->consenting != s || now < moved_at(s)) return NULL;
  bool doubted = now >= ice_consent_doubted_at(s);
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p == s || !ice_pair_valid(p) || p->last_response <= s->consent.missing_since) continue;
    if (!doubted && !shows_move(p, s)) continue;
    if (!best || p->priority > best->priority) best = p;
  }
  return best;
}

/* A valid pair with less in between than the selected one has, or NULL: data moves up to it. */
static struct ice_pair *more_direct(const struct ice_generation *g) {
  struct ice_pair *best = ice_pair_best_valid(g);
  return best && !best->unproven && between(best) < between(g->selected) ? best : NULL;
}

static bool may_nominate(const struct ice_agent *a) {
  return a->controlling && ice_checklist_running(a->cur) && !a->cur->nominating;
}

void ice_nomination_run(struct ice_agent *a, mono_us now) {
  struct ice_generation *g = a->cur;
  if (!may_nominate(a)) return;
  if (g->selected) {
    struct ice_pair *p = alternative(g, now);
    if (!p) p = more_direct(g);
    if (p) nominate(p);
    return;
  }
  struct ice_pair *best = ice_pair_best_valid(g);
  if (best && !best->unproven && now >= choose_at(g, best)) nominate(best);
}

mono_us ice_nomination_deadline(const struct ice_agent *a, mono_us now) {
  const struct ice_generation *g = a->cur;
  if (!may_nominate(a)) return MONO_NEVER;
  if (g->selected) {
    if (g->consenting != g->selected) return MONO_NEVER;
    mono_us moved = moved_at(g->selected), doubted = ice_consent_doubted_at(g->selected);
    if (moved > now) return moved;
    return doubted > now ? doubted : MONO_NEVER;
  }
  const struct ice_pair *best = ice_pair_best_valid(g);
  mono_us at = best && !best->unproven ? choose_at(g, best) : MONO_NEVER;
  return at > now ? at : now + 1;
}

/* A check under way states the old role, and must not be sent again: another one takes its place.
 */
static void forget_role(struct ice_generation *g) {
  g->nominating = NULL;
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    p->nominate = p->check_nominates = p->peer_nominates = false;
    if (p->checking) ice_checklist_trigger(p);
  }
}

void ice_nomination_set_role(struct ice_agent *a, bool controlling) {
  struct ice_generation *all[] = {a->cur, a->old, a->next};
  if (a->controlling == controlling) return;
  a->controlling = controlling;
  for (size_t i = 0; i < 3; i++) {
    if (!all[i]) continue;
    forget_role(all[i]);
    ice_checklist_reprioritize(a, all[i]);
  }
}
