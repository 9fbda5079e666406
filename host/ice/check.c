#include "ice/check.h"

#include "ice/checklist.h"
#include "ice/gather.h"
#include "ice/pair.h"
#include "ice/priority.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"

#define TA_DEFAULT (50 * MONO_MS) /* RFC 8445 section 14.2 */
#define TA_MIN     (5 * MONO_MS)
#define TA_MAX     (10 * MONO_S)

/* See PACING.md for these. */
#define RTO_FIRST        (100 * MONO_MS)
#define RTO_KNOWN_MIN    (50 * MONO_MS)
#define RTO_GROWN        (3200 * MONO_MS)
#define LAST_WAIT        (4400 * MONO_MS)
#define CHECK_TIME       (39500 * MONO_MS) /* as long as RFC 8489's schedule takes */
#define HASTE            (50 * MONO_MS)
#define TIMES_MAX        16
#define RECHECK_TIMES    7
#define RECHECK_GROWN    (1600 * MONO_MS)
#define NOMINATION_GROWN (400 * MONO_MS) /* data may be waiting for its answer */

static mono_us clamp(mono_us v, mono_us low, mono_us high) {
  return v < low ? low : v > high ? high : v;
}

mono_us ice_check_ta(const struct ice_agent *a) {
  mono_us ours = a->cfg.ta ? a->cfg.ta : TA_DEFAULT;
  mono_us theirs = a->cur->peer_ta ? a->cur->peer_ta : TA_DEFAULT;
  return clamp(ours > theirs ? ours : theirs, TA_MIN, TA_MAX);
}

/* For a pair that never answered: all of RFC 8489's time, but beginning faster. */
static struct stun_schedule first_schedule(mono_us rto) {
  mono_us grown = rto > RTO_GROWN ? rto : RTO_GROWN, wait = rto, total = 0;
  unsigned times = 1;
  for (; times < TIMES_MAX && total + wait + LAST_WAIT <= CHECK_TIME; times++) {
    total += wait;
    wait = mono_min(wait * 2, grown);
  }
  return (struct stun_schedule){rto, grown, times, CHECK_TIME - total};
}

static struct stun_schedule schedule_of(const struct ice_agent *a, const struct ice_pair *p) {
  if (p->srtt == 0) {
    mono_us paced = ice_check_ta(a) * ice_checklist_active(p->gen);
    return first_schedule(clamp(paced, RTO_FIRST, RTO_GROWN));
  }
  mono_us rto = clamp(2 * p->srtt, RTO_KNOWN_MIN, RTO_GROWN);
  if (p->state != ICE_PAIR_SUCCEEDED) return first_schedule(rto);
  mono_us most = p->nominate ? NOMINATION_GROWN : RECHECK_GROWN, grown = rto > most ? rto : most;
  return (struct stun_schedule){rto, grown, p->nominate ? TIMES_MAX : RECHECK_TIMES, grown};
}

void ice_check_start(struct ice_agent *a, struct ice_pair *p, mono_us now) {
  struct stun_schedule schedule = schedule_of(a, p);
  if (p->checking && p->check.sent > 0) {
    /* Another one takes its place (role or nomination changed): no longer sent again, but an answer
     * still counts, RFC 8445 section 7.3.1.4. */
    p->cancelled = true;
    p->before = p->check;
    p->before_controlling = p->check_controlling;
  }
  if (p->state != ICE_PAIR_SUCCEEDED) p->state = ICE_PAIR_IN_PROGRESS;
  stun_transaction_start(&p->check, a->cfg.rng, &schedule, now);
  p->checking = true;
  p->check_controlling = a->controlling;
  p->check_tie_breaker = a->tie_breaker;
  p->check_nominates = p->nominate && a->controlling;
  a->next_check = mono_add(now, ice_check_ta(a));
}

void ice_check_hasten(struct ice_pair *p) {
  mono_us at = mono_add(p->check.last_sent, HASTE);
  if (p->check.sent >= p->check.schedule.times)
    ice_checklist_trigger(p);
  else if (p->check.sent > 0)
    p->check.due = mono_min(p->check.due, at);
}

/* "remote:local" ufrags, RFC 8445 section 7.2.2. */
static void put_username(const struct ice_generation *g, struct writer *w) {
  uint8_t buf[2 * ICE_UFRAG_MAX + 1];
  struct writer name = writer_of(buf, sizeof buf);
  writer_bytes(&name, bytes_of(g->remote.ufrag));
  writer_bytes(&name, bytes_of(":"));
  writer_bytes(&name, bytes_of(g->local.ufrag));
  stun_put(w, STUN_ATTR_USERNAME, writer_written(&name));
}

/*
 * What the peer shall take for our priority should it learn a new address of ours from this
 * request: that of a peer-reflexive candidate (RFC 8445 section 7.1.1), higher than of those before
 * when a NAT may have mapped us anew, so that a peer that nominates by priority moves at once.
 */
static uint32_t learned_priority(const struct ice_pair *p) {
  const struct ice_pair *c = p->gen->consenting;
  bool doubted = c && (c->consent.suspected || c->consent.missing_since);
  size_t preference = (size_t)p->link->preference + p->gen->moves + doubted;
  return ice_priority(ice_link_learned(p->link),
                      (uint16_t)(preference < UINT16_MAX ? preference : UINT16_MAX));
}

void ice_check_write(const struct ice_pair *p, const struct ice_request *q, struct writer *w) {
  uint16_t role = q->controlling ? STUN_ATTR_ICE_CONTROLLING : STUN_ATTR_ICE_CONTROLLED;
  stun_begin(w, STUN_REQUEST, STUN_BINDING, &q->tid);
  put_username(p->gen, w);
  stun_put_u32(w, STUN_ATTR_PRIORITY, learned_priority(p));
  stun_put_u64(w, role, q->tie_breaker);
  if (q->use_candidate) stun_put(w, STUN_ATTR_USE_CANDIDATE, (struct bytes){0});
  stun_put_transmit_count(w, q->count, 0);
  stun_put_integrity(w, bytes_of(p->gen->remote.pwd));
  stun_put_fingerprint(w);
}

void ice_check_sent(struct ice_pair *p, mono_us now, size_t n, struct ice_out *ret) {
  p->requests_sent++;
  p->last_sent = now;
  ret->kind = OUT_TX;
  ret->u.tx.path = p->path;
  ret->u.tx.n = n;
}

/* Sends the transmission that is due. Out of memory counts as lost on the way. */
static bool transmit(struct ice_pair *p, mono_us now, struct writer *w, struct ice_out *ret) {
  const struct ice_request q = {.tid = p->check.tid,
                                .count = p->check.sent + 1,
                                .use_candidate = p->check_nominates,
                                .controlling = p->check_controlling,
                                .tie_breaker = p->check_tie_breaker};
  ice_check_write(p, &q, w);
  stun_transaction_sent(&p->check, now);
  if (w->failed) {
    *w = writer_of(w->p, w->cap);
    return false;
  }
  ice_check_sent(p, now, w->n, ret);
  return true;
}

/* In-Progress checks of pairs worse than the selected one are not sent again (RFC 8445 section
 * 8.1.2), but wait for their answer. */
static bool is_pointless(const struct ice_pair *p) {
  const struct ice_pair *selected = p->gen->selected;
  return selected && selected != p && !p->late && !p->check_nominates && p->check.sent > 0 &&
         p->priority < selected->priority;
}

static bool is_due(const struct ice_pair *p, mono_us now) {
  return p->checking && stun_transaction_due(&p->check, now) == STUN_DUE_SEND;
}

static bool poll_retransmission(const struct ice_agent *a, mono_us now, struct writer *w,
                                struct ice_out *ret) {
  LIST_EACH(it, &a->cur->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (!is_due(p, now)) continue;
    if (is_pointless(p))
      stun_transaction_sent(&p->check, now);
    else if (transmit(p, now, w, ret))
      return true;
  }
  return false;
}

static struct ice_pair *next_ordinary(struct ice_agent *a, mono_us now) {
  return now < a->next_check ? NULL : ice_checklist_next_ordinary(a->cur);
}

bool ice_check_poll(struct ice_agent *a, mono_us now, struct writer *w, struct ice_out *ret) {
  if (!ice_checklist_running(a->cur)) return false;
  /* Triggered ones first: a check under way that one replaces must not be sent again. */
  for (struct ice_pair *p; (p = ice_checklist_next_triggered(a->cur)) != NULL;) {
    ice_check_start(a, p, now);
    if (transmit(p, now, w, ret)) return true;
  }
  if (poll_retransmission(a, now, w, ret)) return true;
  for (struct ice_pair *p; (p = next_ordinary(a, now)) != NULL;) {
    ice_check_start(a, p, now);
    if (transmit(p, now, w, ret)) return true;
  }
  return false;
}

/* Whether the pair that carries data is lost is for its consent to say. */
static void give_up(struct ice_pair *p) {
  if (p->gen->consenting != p) {
    ice_checklist_fail(p);
    return;
  }
  p->checking = p->nominate = false;
  if (p->gen->nominating == p) p->gen->nominating = NULL;
}

void ice_check_expire(struct ice_generation *g, mono_us now) {
  LIST_EACH(it, &g->pairs) {
    struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->checking && stun_transaction_due(&p->check, now) == STUN_DUE_TIMEOUT) give_up(p);
  }
}

mono_us ice_check_deadline(const struct ice_agent *a) {
  mono_us at = MONO_NEVER;
  if (!ice_checklist_running(a->cur)) return at;
  LIST_EACH(it, &a->cur->pairs) {
    const struct ice_pair *p = LIST_ENTRY(it, struct ice_pair, node);
    if (p->checking) at = mono_min(at, p->check.due);
  }
  return ice_checklist_next_ordinary(a->cur) ? mono_min(at, a->next_check) : at;
}
