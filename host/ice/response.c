#include "ice/response.h"

#include <errno.h>

#include "ice/checklist.h"
#include "ice/consent.h"
#include "ice/nomination.h"
#include "ice/pair.h"
#include "ice/remote.h"
#include "stun/attributes.h"
#include "stun/integrity.h"

static const uint16_t known_types[] = {STUN_ATTR_MAPPED_ADDRESS, STUN_ATTR_XOR_MAPPED_ADDRESS,
                                       STUN_ATTR_USERNAME, STUN_ATTR_ERROR_CODE,
                                       STUN_ATTR_UNKNOWN_ATTRIBUTES};

/* Which of our requests is answered. */
enum answered { NOTHING, CHECK, CANCELLED_CHECK, CONSENT };

struct match {
  struct ice_pair *pair;
  enum answered what;
  struct ice_consent_sent consent;
};

static bool match_pair(struct ice_pair *p, const struct stun_tid *tid, struct match *ret) {
  ret->pair = p;
  ret->what = NOTHING;
  if (p->checking && stun_tid_equal(&p->check.tid, tid))
    ret->what = CHECK;
  else if (p->cancelled && stun_tid_equal(&p->before.tid, tid))
    ret->what = CANCELLED_CHECK;
  else if (ice_consent_match(p, tid, &ret->consent))
    ret->what = CONSENT;
  return ret->what != NOTHING;
}

static bool match_generation(const struct ice_generation *g, const struct stun_tid *tid,
                             struct match *ret) {
  if (!g) return false;
  LIST_EACH(it, &g->pairs) {
    if (match_pair(LIST_ENTRY(it, struct ice_pair, node), tid, ret)) return true;
  }
  return false;
}

static bool round_trip(const struct match *match, const struct ice_input *in, mono_us *ret) {
  const struct ice_pair *p = match->pair;
  unsigned count = stun_get_transmit_count(in->m);
  if (match->what == CHECK) return stun_transaction_rtt(&p->check, in->now, count, ret);
  if (match->what == CANCELLED_CHECK) return stun_transaction_rtt(&p->before, in->now, count, ret);
  *ret = in->now - match->consent.at;
  return true;
}

static void measure(struct ice_agent *a, const struct match *match, const struct ice_input *in) {
  mono_us rtt;
  if (!round_trip(match, in, &rtt)) return;
  ice_pair_measure(match->pair, rtt);
  if (match->pair == match->pair->gen->selected) a->rtt_news = true;
}

/* RFC 8445 section 7.2.5.3.1: an address that is not the link's is a peer-reflexive local
 * candidate.
 */
static void note_mapped(struct ice_pair *p, const struct stun_message *m) {
  struct addr mapped;
  if (!stun_get_xor_address(m, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped)) return;
  if (ice_addr_same(&mapped, &p->link->local)) mapped = (struct addr){0};
  p->mapped = mapped;
}

/* The check that replaced the one answered need not be sent again. */
static void settle(struct ice_pair *p, enum answered what) {
  if (what == CHECK) {
    p->checking = false;
  } else if (p->checking && !p->check_nominates) {
    p->before = p->check;
    p->before_controlling = p->check_controlling;
    p->checking = false;
  } else {
    p->cancelled = false;
  }
}

static void check_succeeded(struct ice_agent *a, const struct match *match,
                            const struct ice_input *in) {
  struct ice_pair *p = match->pair;
  bool nominated = match->what == CHECK && p->check_nominates && a->controlling;
  note_mapped(p, in->m);
  settle(p, match->what);
  p->state = ICE_PAIR_SUCCEEDED;
  ice_checklist_unfreeze(p);
  if (!p->gen->valid_at) p->gen->valid_at = in->now;
  if (nominated)
    ice_nomination_done(a, p, in->now);
  else if (p->peer_nominates && !a->controlling)
    ice_nomination_follow(a, p, in->now);
}

/* What an answer says of a NAT between: another mapping than before? */
static void note_move(struct ice_pair *p, const struct stun_message *m) {
  struct addr mapped, *last = &p->consent.mapped;
  if (!stun_get_xor_address(m, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped)) return;
  if (last->family == ADDR_NONE) *last = p->mapped.family == ADDR_NONE ? p->link->local : p->mapped;
  if (!ice_addr_same(last, &mapped)) p->gen->moves++;
  *last = mapped;
}

static void succeeded(struct ice_agent *a, const struct match *match, const struct ice_input *in) {
  struct ice_pair *p = match->pair;
  p->last_response = in->now;
  p->unproven = false;
  measure(a, match, in);
  if (p->gen->consenting == p) {
    note_move(p, in->m);
    a->resumed_news |= p->consent.suspected || in->now >= ice_consent_doubted_at(p);
    ice_consent_heard(p, a->cfg.rng, in->now);
  }
  if (match->what != CONSENT && !p->gen->failed) check_succeeded(a, match, in);
}

static bool stated_role(const struct match *match) {
  if (match->what == CONSENT) return match->consent.controlling;
  return match->what == CHECK ? match->pair->check_controlling : match->pair->before_controlling;
}

/* RFC 8445 section 7.2.5.1: take the other role, with a new tie-breaker, and check again. */
static void role_conflict(struct ice_agent *a, const struct match *match, mono_us now) {
  struct ice_pair *p = match->pair;
  if (stated_role(match) == a->controlling) {
    ice_nomination_set_role(a, !a->controlling);
    a->tie_breaker = rng_u64(a->cfg.rng);
  }
  if (match->what == CONSENT) ice_consent_again(p, now);
  if (match->what != CHECK) return;
  p->checking = false;
  if (p->state == ICE_PAIR_IN_PROGRESS) p->state = ICE_PAIR_WAITING;
  ice_checklist_trigger(p);
}

static void refused(struct ice_agent *a, const struct match *match, const struct ice_input *in) {
  struct stun_error error;
  struct ice_pair *p = match->pair;
  if (!stun_get_error(in->m, &error)) return;
  if (error.code == STUN_ERR_ROLE_CONFLICT)
    role_conflict(a, match, in->now);
  else if (match->what == CHECK && p->gen->consenting != p)
    ice_checklist_fail(p);
}

static bool is_understood(const struct stun_message *m) {
  uint16_t unknown[1];
  struct stun_types known = {known_types, sizeof known_types / sizeof known_types[0]};
  return stun_unknown(m, known, unknown, 1) == 0;
}

int ice_response_handle(struct ice_agent *a, const struct ice_input *in) {
  struct match match;
  if (!match_generation(a->cur, &in->m->tid, &match) &&
      !match_generation(a->old, &in->m->tid, &match))
    return -EINVAL;
  struct ice_pair *p = match.pair;
  if (!stun_check_integrity(in->m, bytes_of(p->gen->remote.pwd)) || !is_understood(in->m))
    return -EINVAL;
  if (p->link != in->link || !ice_addr_same(&p->path.remote, &in->path->remote)) {
    /* Not symmetric, section 7.2.5.2.1. */
    if (match.what == CHECK && p->gen->consenting != p) ice_checklist_fail(p);
    return 0;
  }
  p->responses_received++;
  p->last_received = in->now;
  if (in->m->cls == STUN_SUCCESS)
    succeeded(a, &match, in);
  else
    refused(a, &match, in);
  return 0;
}
