#include "ice/consent.h"

#include "ice/check.h"
#include "ice/checklist.h"
#include "ice/pair.h"

#define PERIOD       (5 * MONO_S)  /* RFC 7675 section 5.1, randomised by 0.8 to 1.2 */
#define EXPIRY       (30 * MONO_S) /* RFC 7675 section 5.1 */
#define DISCONNECTED (5 * MONO_S)  /* without an answer; one request at least is unanswered ... */
#define MISSING      MONO_S        /* ... for this long */
#define QUICK_MIN    (100 * MONO_MS)
#define QUICK_MAX    (150 * MONO_MS) /* or the round trip, to a second */
#define QUICK_SLOW   MONO_S
#define HURRY        (600 * MONO_MS) /* longer than a controlled peer of our kind holds a pair */
#define HINT         (50 * MONO_MS)
#define SUSPECT      (200 * MONO_MS) /* between two requests because the peer may have moved */
#define DOUBT                                                                                      \
  (300 * MONO_MS) /* the requests at 0, 100 and 300 ms had their time: other pairs are tried too   \
                   */

/* Where data had no answer for a while before the first request. */
#define DOUBT_SOON      (100 * MONO_MS)
#define DOUBT_SOON_MORE (20 * MONO_MS)

static mono_us next_period(const struct rng *rng) {
  return PERIOD * 8 / 10 + rng_below(rng, (uint32_t)(PERIOD * 4 / 10) + 1);
}

static mono_us most_quick(const struct ice_pair *p) {
  return p->srtt < QUICK_MAX ? QUICK_MAX : mono_min(p->srtt, QUICK_SLOW);
}

static mono_us first_quick(const struct ice_pair *p) {
  mono_us quick = 2 * p->srtt;
  return quick < QUICK_MIN ? QUICK_MIN : mono_min(quick, most_quick(p));
}

static void begin(struct ice_pair *p, const struct rng *rng, mono_us now) {
  struct ice_consent *c = &p->consent;
  bool fresh = p->last_response && now - p->last_response < PERIOD;
  c->heard = fresh ? p->last_response : now;
  c->missing_since = 0;
  c->rechecked = c->suspected = false;
  c->next = fresh ? mono_add(now, next_period(rng)) : now;
}

void ice_consent_heard(struct ice_pair *p, const struct rng *rng, mono_us now) {
  struct ice_consent *c = &p->consent;
  c->heard = now;
  c->missing_since = 0;
  c->rechecked = c->suspected = false;
  c->next = mono_add(now, next_period(rng));
}

void ice_consent_hint(struct ice_pair *p, mono_us now) {
  if (p->consent.missing_since && now - p->last_sent >= HINT) p->consent.next = now;
}

void ice_consent_suspect(struct ice_generation *g, mono_us now) {
  struct ice_pair *p = g->consenting;
  mono_us soonest = p ? mono_add(p->last_sent, SUSPECT) : 0;
  if (!p || p->consent.missing_since) return;
  p->consent.next = mono_min(p->consent.next, now > soonest ? now : soonest);
  p->consent.suspected = true;
}

mono_us ice_consent_doubted_at(const struct ice_pair *p) {
  const struct ice_consent *c = &p->consent;
  mono_us wait = 3 * p->srtt > DOUBT ? 3 * p->srtt : DOUBT;
  mono_us sooner = 2 * p->srtt + DOUBT_SOON_MORE;
  if (c->suspected) wait = sooner > DOUBT_SOON ? sooner : DOUBT_SOON;
  return c->missing_since ? mono_add(c->missing_since, wait) : MONO_NEVER;
}

void ice_consent_again(struct ice_pair *p, mono_us now) {
  p->consent.next = now;
}

void ice_consent_hurry(struct ice_pair *p, mono_us now) {
  p->consent.next = mono_min(p->consent.next, mono_add(now, HURRY));
}

static mono_us missing_at(const struct ice_consent *c) {
  return c->missing_since ? mono_add(c->missing_since, MISSING) : MONO_NEVER;
}

static mono_us disconnected_at(const struct ice_consent *c) {
  mono_us at = mono_add(c->heard, DISCONNECTED);
  mono_us missing = missing_at(c);
  return at < missing ? missing : at;
}

bool ice_consent_missing(const struct ice_pair *p, mono_us now) {
  return now >= missing_at(&p->consent);
}

bool ice_consent_disconnected(const struct ice_pair *p, mono_us now) {
  return now >= disconnected_at(&p->consent);
}

/* Consent has expired: nothing may be sent any more until a restart, RFC 7675 section 5.1. */
static void expire(struct ice_generation *g, struct ice_pair *p) {
  bool selected = g->selected == p;
  ice_checklist_fail(p);
  if (selected || !ice_pair_best_valid(g)) g->failed = true;
}

static struct ice_pair *follow(struct ice_generation *g, const struct rng *rng, mono_us now) {
  struct ice_pair *p = ice_pair_data(g);
  if (p && p != g->consenting) begin(p, rng, now);
  g->consenting = p;
  return p;
}

void ice_consent_run(struct ice_generation *g, const struct rng *rng, mono_us now) {
  struct ice_pair *p = follow(g, rng, now);
  while (p && now >= mono_add(p->consent.heard, EXPIRY)) {
    expire(g, p);
    p = follow(g, rng, now);
  }
  if (p && now >= ice_consent_doubted_at(p) && !p->consent.rechecked) {
    p->consent.rechecked = true;
    g->doubted_news = true;
    ice_checklist_recheck(g, p);
  }
}

/* The next quick re-check: 100 ms or two round trips, doubling up to QUICK_MAX, or the
 * round trip. */
static void note_sent(struct ice_pair *p, const struct ice_request *q, mono_us now) {
  struct ice_consent *c = &p->consent;
  unsigned slot = c->sent++ % ICE_CONSENT_KEPT;
  c->kept[slot].tid = q->tid;
  c->kept[slot].at = now;
  c->kept[slot].controlling = q->controlling;
  c->quick = c->missing_since ? mono_min(2 * c->quick, most_quick(p)) : first_quick(p);
  if (!c->missing_since) c->missing_since = now;
  c->next = mono_add(now, c->quick);
  p->consents_sent++;
}

static bool poll_generation(struct ice_agent *a, struct ice_generation *g, mono_us now,
                            struct writer *w, struct ice_out *ret) {
  struct ice_pair *p = g ? g->consenting : NULL;
  if (!p || now < p->consent.next) return false;
  const struct ice_request q = {.tid = stun_tid_make(a->cfg.rng),
                                .count = 1,
                                .use_candidate =
                                    a->controlling && g->selected == p && !g->nominating,
                                .controlling = a->controlling,
                                .tie_breaker = a->tie_breaker};
  ice_check_write(p, &q, w);
  note_sent(p, &q, now);
  if (w->failed) {
    *w = writer_of(w->p, w->cap);
    return false;
  }
  ice_check_sent(p, now, w->n, ret);
  return true;
}

bool ice_consent_poll(struct ice_agent *a, mono_us now, struct writer *w, struct ice_out *ret) {
  return poll_generation(a, a->cur, now, w, ret) || poll_generation(a, a->old, now, w, ret);
}

static mono_us if_later(mono_us at, mono_us now) {
  return at > now ? at : MONO_NEVER;
}

mono_us ice_consent_deadline(const struct ice_generation *g, mono_us now) {
  if (!g || !g->consenting) return MONO_NEVER;
  const struct ice_consent *c = &g->consenting->consent;
  mono_us at = mono_min(c->next, mono_add(c->heard, EXPIRY));
  at = mono_min(at, if_later(missing_at(c), now));
  at = mono_min(at, if_later(ice_consent_doubted_at(g->consenting), now));
  return mono_min(at, if_later(disconnected_at(c), now));
}

bool ice_consent_match(const struct ice_pair *p, const struct stun_tid *tid,
                       struct ice_consent_sent *ret) {
  const struct ice_consent *c = &p->consent;
  unsigned n = c->sent < ICE_CONSENT_KEPT ? c->sent : ICE_CONSENT_KEPT;
  for (unsigned i = 0; i < n; i++) {
    if (!stun_tid_equal(&c->kept[i].tid, tid)) continue;
    *ret = (struct ice_consent_sent){c->kept[i].at, c->kept[i].controlling};
    return true;
  }
  return false;
}
