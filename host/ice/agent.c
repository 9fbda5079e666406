#include "ice/agent.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "ice/check.h"
#include "ice/consent.h"
#include "ice/gather.h"
#include "ice/generation.h"
#include "ice/nomination.h"
#include "ice/pair.h"
#include "ice/remote.h"
#include "ice/request.h"
#include "ice/response.h"
#include "ice/status.h"
#include "stun/fingerprint.h"

int ice_agent_new(struct ice_agent **ret, const struct ice_cfg *cfg, mono_us now) {
  (void)now;
  struct ice_agent *a = calloc(1, sizeof *a);
  if (!a) return -ENOMEM;
  a->cfg = *cfg;
  a->controlling = cfg->controlling;
  a->tie_breaker = rng_u64(cfg->rng);
  a->salt = rng_u64(cfg->rng);
  list_init(&a->links);
  a->cur = ice_generation_new(a);
  if (!a->cur) {
    free(a);
    return -ENOMEM;
  }
  *ret = a;
  return 0;
}

struct ice_agent *ice_agent_free(struct ice_agent *a) {
  if (!a) return NULL;
  (void)ice_generation_free(a->cur);
  (void)ice_generation_free(a->old);
  (void)ice_generation_free(a->next);
  ice_gather_free(a);
  free(a);
  return NULL;
}

int ice_agent_recv(struct ice_agent *a, mono_us now, const struct path *path,
                   struct bytes datagram) {
  struct stun_message m;
  struct ice_link *link = ice_link_find(a, path->link);
  if (!link || link->state != ICE_LINK_UP || path->remote.family != link->local.family)
    return -EINVAL;
  if (stun_parse(datagram, &m) < 0 || m.method != STUN_BINDING) return -EINVAL;
  if (m.fingerprint_at && !stun_check_fingerprint(&m)) return -EINVAL;
  const struct ice_input in = {.now = now, .path = path, .link = link, .m = &m};
  switch (m.cls) {
  case STUN_REQUEST: return ice_request_handle(a, &in);
  case STUN_INDICATION: return 0; /* a keepalive, RFC 8445 section 11: nothing to answer */
  case STUN_SUCCESS:
  case STUN_ERROR: return ice_response_handle(a, &in);
  }
  return -EINVAL;
}

void ice_agent_suspect(struct ice_agent *a, mono_us now) {
  ice_consent_suspect(a->cur, now);
  if (a->old) ice_consent_suspect(a->old, now);
}

int ice_agent_wake(struct ice_agent *a, mono_us now) {
  (void)a;
  (void)now; /* all that is due is done by the polls that follow */
  return 0;
}

/* Does what is due; what must be sent or told the poll then finds. */
static void run(struct ice_agent *a, mono_us now) {
  if (a->drop_old) {
    a->old = ice_generation_free(a->old);
    a->drop_old = false;
  }
  ice_check_expire(a->cur, now);
  ice_consent_run(a->cur, a->cfg.rng, now);
  if (a->old) ice_consent_run(a->old, a->cfg.rng, now);
  ice_nomination_run(a, now);
  ice_status_run(a, now);
}

static bool poll_selected(struct ice_agent *a, struct ice_out *ret) {
  const struct ice_pair *p = a->cur->selected;
  if (!p || p->id == a->told_selected) return false;
  a->told_selected = p->id;
  ret->u.ev.kind = ICE_EV_SELECTED;
  return true;
}

static bool poll_doubted(struct ice_agent *a, struct ice_out *ret) {
  if (!a->cur->doubted_news) return false;
  a->cur->doubted_news = false;
  ret->u.ev.kind = ICE_EV_DOUBTED;
  return true;
}

static bool poll_resumed(struct ice_agent *a, struct ice_out *ret) {
  if (!a->resumed_news) return false;
  a->resumed_news = false;
  ret->u.ev.kind = ICE_EV_RESUMED;
  return true;
}

static bool poll_rtt(struct ice_agent *a, struct ice_out *ret) {
  struct ice_pair_info info;
  if (!a->rtt_news) return false;
  a->rtt_news = false;
  if (!ice_agent_selected(a, &info)) return false;
  ret->u.ev.kind = ICE_EV_RTT;
  ret->u.ev.u.rtt = a->cur->selected ? a->cur->selected->srtt : info.rtt;
  return true;
}

static bool poll_state(struct ice_agent *a, struct ice_out *ret) {
  if (a->state == a->told_state) return false;
  a->told_state = a->state;
  ret->u.ev.kind = ICE_EV_STATE;
  ret->u.ev.u.state = a->state;
  return true;
}

static bool poll_event(struct ice_agent *a, struct ice_out *ret) {
  ret->kind = OUT_EVENT;
  return ice_gather_poll_event(a, ret) || poll_selected(a, ret) || poll_state(a, ret) ||
         poll_rtt(a, ret) || poll_resumed(a, ret) || poll_doubted(a, ret);
}

static mono_us deadline(const struct ice_agent *a, mono_us now) {
  mono_us at = ice_check_deadline(a);
  at = mono_min(at, ice_consent_deadline(a->cur, now));
  at = mono_min(at, ice_consent_deadline(a->old, now));
  at = mono_min(at, ice_nomination_deadline(a, now));
  return mono_min(at, ice_status_deadline(a, now));
}

void ice_agent_poll(struct ice_agent *a, mono_us now, uint8_t *buf, size_t cap,
                    struct ice_out *ret) {
  struct writer w = writer_of(buf, cap);
  run(a, now);
  if (ice_request_poll(a, &w, ret) || poll_event(a, ret) || ice_gather_poll_link(a, ret) ||
      ice_remote_poll_resolve(a, ret) || ice_check_poll(a, now, &w, ret) ||
      ice_consent_poll(a, now, &w, ret))
    return;
  ret->kind = OUT_IDLE;
  ret->u.wake_at = deadline(a, now);
  assert(ret->u.wake_at > now);
}
