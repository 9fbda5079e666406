#include "ice/status.h"

#include "ice/checklist.h"
#include "ice/consent.h"
#include "ice/gather.h"
#include "ice/pair.h"

#define PATIENCE (39500 * MONO_MS) /* RFC 8863 section 4: as long as a whole check may take */
#define LOST     (30 * MONO_S)     /* no valid pair left: as long as consent would last */

static void fail_if_over(struct ice_generation *g, mono_us now) {
  if (g->lost_at)
    g->failed |= now >= g->lost_at + LOST;
  else if (ice_checklist_done(g))
    g->failed |= now >= g->checking_since + PATIENCE;
}

static void watch(struct ice_generation *g, mono_us now) {
  if (!ice_checklist_running(g)) return;
  if (!g->checking_since) g->checking_since = now;
  if (ice_pair_data(g)) {
    g->connected = true;
    g->lost_at = 0;
    return;
  }
  g->valid_at = 0;
  if (g->connected && !g->lost_at) {
    g->lost_at = now;
    ice_checklist_recheck(g, NULL);
  }
  fail_if_over(g, now);
}

static bool is_complete(const struct ice_agent *a) {
  const struct ice_generation *g = a->cur;
  return g->selected && g->end_of_remote && ice_gather_done(a) && ice_checklist_done(g);
}

static enum ice_state data_state(const struct ice_agent *a, const struct ice_pair *p, mono_us now) {
  if (ice_consent_disconnected(p, now)) return ICE_DISCONNECTED;
  return p->gen == a->cur && is_complete(a) ? ICE_COMPLETED : ICE_CONNECTED;
}

static enum ice_state state_of(const struct ice_agent *a, mono_us now) {
  const struct ice_generation *g = a->cur, *old = a->old;
  const struct ice_pair *p = ice_pair_data(g);
  if (!p && old) p = ice_pair_data(old);
  if (p) return data_state(a, p, now);
  if (g->failed || (old && old->failed && !g->has_remote)) return ICE_FAILED;
  if (g->connected || (old && old->connected && !old->failed)) return ICE_DISCONNECTED;
  return g->has_local && g->has_remote ? ICE_CHECKING : ICE_NEW;
}

void ice_status_run(struct ice_agent *a, mono_us now) {
  watch(a->cur, now);
  a->state = state_of(a, now);
}

mono_us ice_status_deadline(const struct ice_agent *a, mono_us now) {
  const struct ice_generation *g = a->cur;
  if (!ice_checklist_running(g) || ice_pair_data(g)) return MONO_NEVER;
  if (g->lost_at) return g->lost_at + LOST;
  mono_us at = g->checking_since + PATIENCE;
  return at > now ? at : MONO_NEVER;
}
