#include "ice/request.h"

#include <errno.h>
#include <string.h>

#include "ice/check.h"
#include "ice/checklist.h"
#include "ice/consent.h"
#include "ice/gather.h"
#include "ice/nomination.h"
#include "ice/pair.h"
#include "ice/remote.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"

/* The comprehension-required attributes of a check. */
static const uint16_t known_types[] = {STUN_ATTR_USERNAME, STUN_ATTR_PRIORITY,
                                       STUN_ATTR_USE_CANDIDATE, STUN_ATTR_REALM, STUN_ATTR_NONCE};

static bool starts_with_ufrag(struct bytes username, const char *ufrag) {
  struct cursor c = cursor_of(username);
  struct bytes ours = cursor_take(&c, strlen(ufrag));
  return cursor_u8(&c) == ':' && !c.failed && bytes_equal(ours, bytes_of(ufrag));
}

/* The generation whose local ufrag the USERNAME begins with, or NULL. */
static struct ice_generation *addressed(const struct ice_agent *a, const struct stun_message *m) {
  struct ice_generation *all[] = {a->cur, a->old};
  struct bytes username;
  if (!stun_find(m, STUN_ATTR_USERNAME, &username)) return NULL;
  for (size_t i = 0; i < 2; i++)
    if (all[i] && all[i]->has_local && starts_with_ufrag(username, all[i]->local.ufrag))
      return all[i];
  return NULL;
}

/* Room for an answer; when the owner does not poll, the oldest makes way. */
static struct ice_response *respond(struct ice_agent *a, const struct ice_generation *g,
                                    const struct ice_input *in, unsigned code) {
  if (a->n_responses == ICE_RESPONSES_MAX) {
    a->n_responses--;
    memmove(&a->responses[0], &a->responses[1], a->n_responses * sizeof a->responses[0]);
  }
  struct ice_response *r = &a->responses[a->n_responses++];
  *r = (struct ice_response){.link = in->path->link,
                             .remote = in->path->remote,
                             .tid = in->m->tid,
                             .code = code,
                             .count = stun_get_transmit_count(in->m),
                             .generation = g->serial};
  return r;
}

enum conflict { CONFLICT_NONE, CONFLICT_THEIRS };

/* RFC 8445 section 7.3.1.1: repairs our role, or finds that the peer has to. */
static enum conflict resolve_roles(struct ice_agent *a, const struct stun_message *m) {
  uint16_t same = a->controlling ? STUN_ATTR_ICE_CONTROLLING : STUN_ATTR_ICE_CONTROLLED;
  uint64_t theirs;
  if (!stun_get_u64(m, same, &theirs)) return CONFLICT_NONE;
  bool we_control = a->tie_breaker >= theirs;
  if (we_control == a->controlling) return CONFLICT_THEIRS;
  ice_nomination_set_role(a, we_control);
  return CONFLICT_NONE;
}

static struct ice_pair *pair_of(struct ice_agent *a, struct ice_generation *g,
                                const struct ice_input *in, uint32_t priority) {
  struct ice_remote *remote = ice_remote_find(g, &in->path->remote);
  if (!remote) remote = ice_remote_learn(g, &in->path->remote, priority);
  if (!remote) return NULL;
  struct ice_pair *p = ice_pair_find(g, in->link, remote);
  return p ? p : ice_checklist_add(a, g, in->link, remote);
}

static void trigger(struct ice_pair *p, mono_us now) {
  if (p->gen->selected) p->late = true; /* the peer wants it, whatever is selected */
  if (p->state == ICE_PAIR_SUCCEEDED) {
    ice_consent_hint(p, now);
  } else if (p->checking) {
    ice_check_hasten(p);
  } else {
    p->state = ICE_PAIR_WAITING;
    ice_checklist_trigger(p);
  }
}

/* RFC 8445 sections 7.3.1.3 to 7.3.1.5. */
static void learn(struct ice_agent *a, struct ice_generation *g, const struct ice_input *in,
                  uint32_t priority) {
  struct bytes none;
  bool use_candidate = stun_find(in->m, STUN_ATTR_USE_CANDIDATE, &none) && !a->controlling;
  struct ice_pair *p = pair_of(a, g, in, priority);
  if (!p) return; /* too many, or out of memory: the answer goes out nevertheless */
  if (p->requests_received++ == 0) ice_consent_suspect(g, in->now);
  p->responses_sent++;
  p->last_received = in->now;
  if (g->failed) return;
  if (use_candidate && ice_pair_valid(p))
    ice_nomination_follow(a, p, in->now);
  else if (use_candidate)
    p->peer_nominates = true;
  if (g == a->cur) trigger(p, in->now);
}

int ice_request_handle(struct ice_agent *a, const struct ice_input *in) {
  struct ice_generation *g = addressed(a, in->m);
  uint16_t unknown[4];
  uint32_t priority;
  if (g && g != a->old && !ice_link_allowed(a, in->link)) return -EINVAL;
  if (!g || !stun_check_integrity(in->m, bytes_of(g->local.pwd))) return -EINVAL;
  struct stun_types known = {known_types, sizeof known_types / sizeof known_types[0]};
  size_t n = stun_unknown(in->m, known, unknown, 4);
  if (n > 0) {
    struct ice_response *r = respond(a, g, in, STUN_ERR_UNKNOWN_ATTRIBUTE);
    memcpy(r->unknown, unknown, n * sizeof unknown[0]);
    r->n_unknown = n;
    return 0;
  }
  if (!stun_get_u32(in->m, STUN_ATTR_PRIORITY, &priority)) {
    (void)respond(a, g, in, STUN_ERR_BAD_REQUEST);
    return 0;
  }
  if (resolve_roles(a, in->m) == CONFLICT_THEIRS) {
    (void)respond(a, g, in, STUN_ERR_ROLE_CONFLICT);
    return 0;
  }
  (void)respond(a, g, in, 0);
  learn(a, g, in, priority);
  return 0;
}

static const struct ice_generation *by_serial(const struct ice_agent *a, uint32_t serial) {
  if (a->cur->serial == serial) return a->cur;
  return a->old && a->old->serial == serial ? a->old : NULL;
}

static void write_response(const struct ice_response *r, const struct ice_generation *g,
                           struct writer *w) {
  stun_begin(w, r->code ? STUN_ERROR : STUN_SUCCESS, STUN_BINDING, &r->tid);
  if (r->code)
    stun_put_error(w, r->code);
  else
    stun_put_xor_address(w, STUN_ATTR_XOR_MAPPED_ADDRESS, &r->remote);
  if (r->n_unknown) stun_put_unknown(w, (struct stun_types){r->unknown, r->n_unknown});
  if (r->count) stun_put_transmit_count(w, r->count, 1);
  stun_put_integrity(w, bytes_of(g->local.pwd));
  stun_put_fingerprint(w);
}

bool ice_request_poll(struct ice_agent *a, struct writer *w, struct ice_out *ret) {
  while (a->n_responses > 0) {
    struct ice_response r = a->responses[0];
    const struct ice_generation *g = by_serial(a, r.generation);
    a->n_responses--;
    memmove(&a->responses[0], &a->responses[1], a->n_responses * sizeof a->responses[0]);
    if (!g) continue;
    write_response(&r, g, w);
    if (!w->failed) {
      ret->kind = OUT_TX;
      ret->u.tx.path = (struct path){r.link, r.remote};
      ret->u.tx.n = w->n;
      return true;
    }
    *w = writer_of(w->p, w->cap);
  }
  return false;
}
