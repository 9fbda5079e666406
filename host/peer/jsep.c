/* The JSEP state machine: which description may be set when (RFC 9429 section 4.1.8 to 4.1.10;
 * webrtc-pc section 4.4.1.5). */
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

#define SIGNALING_BIT(s) (1u << (s))

/* In which signaling states a description of each type may be set, locally and remotely. */
static const struct {
  unsigned local, remote;
} allowed[] = {
    [PEER_SDP_OFFER] = {SIGNALING_BIT(PEER_STABLE) | SIGNALING_BIT(PEER_HAVE_LOCAL_OFFER),
                        /* an offer that meets ours rolls it back first */
                        SIGNALING_BIT(PEER_STABLE) | SIGNALING_BIT(PEER_HAVE_REMOTE_OFFER) |
                            SIGNALING_BIT(PEER_HAVE_LOCAL_OFFER)},
    [PEER_SDP_ANSWER] = {SIGNALING_BIT(PEER_HAVE_REMOTE_OFFER) |
                             SIGNALING_BIT(PEER_HAVE_LOCAL_PRANSWER),
                         SIGNALING_BIT(PEER_HAVE_LOCAL_OFFER) |
                             SIGNALING_BIT(PEER_HAVE_REMOTE_PRANSWER)},
    [PEER_SDP_PRANSWER] = {SIGNALING_BIT(PEER_HAVE_REMOTE_OFFER) |
                               SIGNALING_BIT(PEER_HAVE_LOCAL_PRANSWER),
                           SIGNALING_BIT(PEER_HAVE_LOCAL_OFFER) |
                               SIGNALING_BIT(PEER_HAVE_REMOTE_PRANSWER)},
    [PEER_SDP_ROLLBACK] = {SIGNALING_BIT(PEER_HAVE_LOCAL_OFFER) |
                               SIGNALING_BIT(PEER_HAVE_REMOTE_OFFER),
                           SIGNALING_BIT(PEER_HAVE_LOCAL_OFFER) |
                               SIGNALING_BIT(PEER_HAVE_REMOTE_OFFER)},
};

static int check_state(const struct peer *p, unsigned states, const char *what,
                       struct fault *ret_fault) {
  if (p->closed) return fault_set(ret_fault, FAULT_INVALID_STATE, "the peer is closed");
  if (states & SIGNALING_BIT(p->signaling)) return 0;
  return fault_set(ret_fault, FAULT_INVALID_STATE, "%s cannot be done in signaling state \"%s\"",
                   what, peer_signaling_name(p->signaling));
}

int peer_create_offer(struct peer *p, mono_us now, bool ice_restart, char **ret_sdp,
                      struct fault *ret_fault) {
  (void)now;
  int r = check_state(p, allowed[PEER_SDP_OFFER].local, "createOffer", ret_fault);
  if (r == 0) r = peer_make_offer(p, ice_restart, ret_fault);
  if (r < 0) return r;
  *ret_sdp = bytes_copy_text(bytes_of(p->offer.sdp));
  return *ret_sdp ? 0 : fault_oom(ret_fault);
}

int peer_create_answer(struct peer *p, mono_us now, char **ret_sdp, struct fault *ret_fault) {
  (void)now;
  int r = check_state(p, allowed[PEER_SDP_ANSWER].local, "createAnswer", ret_fault);
  if (r == 0) r = peer_make_answer(p, ret_fault);
  if (r < 0) return r;
  *ret_sdp = bytes_copy_text(bytes_of(p->answer.sdp));
  return *ret_sdp ? 0 : fault_oom(ret_fault);
}

static void undo_pending(struct peer *p, mono_us now) {
  bool began = p->pending_local.sdp && p->generation_open;
  peer_slot_clear(&p->pending_local);
  peer_slot_clear(&p->pending_remote);
  p->signaling = PEER_STABLE;
  if (began && !p->current_local.sdp) {
    p->ice_started = false; /* the next description begins afresh, with candidates announced anew */
  } else if (began) {
    ice_agent_rollback(p->ice, now);
    p->local_credentials = p->previous_credentials;
    p->generation_open = false;
    p->ice_turn.dirty = true;
  }
  if (began) p->restart_wanted |= p->restart_applied; /* what was asked for is still to be done */
  p->restart_applied = false;
}

/* By the application: what the description was for is needed again. */
static void roll_back(struct peer *p, mono_us now) {
  undo_pending(p, now);
  p->negotiation_needed = false;
  peer_update_negotiation(p);
}

static void forget_made(struct peer_made *made) {
  free(made->sdp);
  *made = (struct peer_made){0};
}

/* Whether what was made before is still what would be made now: restartIce() may have come since.
 */
static bool still_valid(const struct peer *p, const struct peer_made *made) {
  return made->sdp && (made != &p->offer || !p->restart_wanted || made->fresh);
}

/* The local description to be applied: given by the caller, who must not have changed it, or made
 * here. */
static int made_description(struct peer *p, enum peer_sdp_type type, struct bytes sdp,
                            struct fault *ret_fault) {
  struct peer_made *made = type == PEER_SDP_OFFER ? &p->offer : &p->answer;
  if (sdp.n == 0) {
    if (still_valid(p, made)) return 0;
    return type == PEER_SDP_OFFER ? peer_make_offer(p, false, ret_fault)
                                  : peer_make_answer(p, ret_fault);
  }
  if (!made->sdp || !bytes_equal(sdp, bytes_of(made->sdp)))
    return fault_set(ret_fault, FAULT_INVALID_SDP,
                     "the description is not what create%s last gave: it cannot be changed",
                     type == PEER_SDP_OFFER ? "Offer" : "Answer");
  return 0;
}

static void find_mid(struct peer *p, const char *sdp) {
  struct sdp_description *d = calloc(1, sizeof *d);
  if (d && sdp_parse(bytes_of(sdp), d, NULL) == 0) {
    if (d->data_section != SIZE_MAX) {
      memcpy(p->mid, d->sections[d->data_section].mid, sizeof p->mid);
      p->mline_index = (uint16_t)d->data_section;
    }
    sdp_description_clear(d);
  }
  free(d);
}

static int apply_local_offer(struct peer *p, mono_us now, struct fault *ret_fault) {
  char *sdp = bytes_copy_text(bytes_of(p->offer.sdp));
  if (!sdp) return fault_oom(ret_fault);
  int r = peer_start_local(p, now, &p->offer, true, ret_fault);
  if (r < 0) {
    free(sdp);
    return r;
  }
  peer_slot_clear(&p->pending_local);
  p->pending_local.type = PEER_SDP_OFFER;
  p->pending_local.sdp = sdp;
  p->signaling = PEER_HAVE_LOCAL_OFFER;
  find_mid(p, sdp);
  return 0;
}

/* An answer of either side makes both pending descriptions the current ones. */
static void settle(struct peer *p, enum peer_sdp_type type, bool local) {
  if (type == PEER_SDP_PRANSWER) {
    p->signaling = local ? PEER_HAVE_LOCAL_PRANSWER : PEER_HAVE_REMOTE_PRANSWER;
    return;
  }
  peer_slot_move(&p->current_local, &p->pending_local);
  peer_slot_move(&p->current_remote, &p->pending_remote);
  p->signaling = PEER_STABLE;
  p->negotiation_needed = false;
  p->restart_applied = false;
  forget_made(&p->offer); /* made in a state that is over */
  peer_update_negotiation(p);
}

/* The pending remote offer and what trickled after it take effect with our answer. */
static int answer_remote_offer(struct peer *p, mono_us now, bool client, struct fault *ret_fault) {
  struct sdp_description *d = calloc(1, sizeof *d);
  if (!d) return fault_oom(ret_fault);
  int r = sdp_parse(bytes_of(p->pending_remote.sdp), d, ret_fault);
  if (r == 0) {
    r = peer_apply_remote(p, now, d, client, ret_fault);
    const struct text *later = &p->pending_remote.candidates;
    if (r == 0 &&
        peer_feed_candidates(p, now, (struct bytes){(const uint8_t *)later->p, later->n}) < 0)
      r = fault_oom(ret_fault);
    if (r == 0 && p->pending_remote.ended) ice_agent_end_of_remote(p->ice, now);
    sdp_description_clear(d);
  }
  free(d);
  return r;
}

static int apply_local_answer(struct peer *p, mono_us now, enum peer_sdp_type type,
                              struct fault *ret_fault) {
  char *sdp = bytes_copy_text(bytes_of(p->answer.sdp));
  if (!sdp) return fault_oom(ret_fault);
  bool client = strstr(sdp, "a=setup:active") != NULL;
  int r = peer_start_local(p, now, &p->answer, false, ret_fault);
  if (r == 0) r = answer_remote_offer(p, now, client, ret_fault);
  if (r < 0) {
    free(sdp);
    return r;
  }
  peer_slot_clear(&p->pending_local);
  p->pending_local.type = type;
  p->pending_local.sdp = sdp;
  find_mid(p, sdp);
  settle(p, type, true);
  return 0;
}

/* The type that setLocalDescription() without one takes (webrtc-pc section 4.4.2). */
static enum peer_sdp_type implicit_type(const struct peer *p) {
  bool offers = p->signaling == PEER_STABLE || p->signaling == PEER_HAVE_LOCAL_OFFER ||
                p->signaling == PEER_HAVE_REMOTE_PRANSWER;
  return offers ? PEER_SDP_OFFER : PEER_SDP_ANSWER;
}

static int apply_local(struct peer *p, mono_us now, enum peer_sdp_type type, struct bytes sdp,
                       struct fault *ret_fault) {
  if (type == PEER_SDP_ROLLBACK) {
    roll_back(p, now);
    return 0;
  }
  int r = made_description(p, type, sdp, ret_fault);
  if (r < 0) return r;
  return type == PEER_SDP_OFFER ? apply_local_offer(p, now, ret_fault)
                                : apply_local_answer(p, now, type, ret_fault);
}

int peer_set_local(struct peer *p, mono_us now, const struct peer_set_local *in,
                   struct fault *ret_fault) {
  enum peer_sdp_type type = in->implicit_type ? implicit_type(p) : in->type;
  int r = check_state(p, allowed[type].local, "setLocalDescription", ret_fault);
  if (r == 0) r = apply_local(p, now, type, in->sdp, ret_fault);
  if (r == 0) peer_update_path(p, now);
  return r;
}

static int store_remote(struct peer *p, enum peer_sdp_type type, struct bytes sdp,
                        struct fault *ret_fault) {
  char *copy = bytes_copy_text(sdp);
  if (!copy) return fault_oom(ret_fault);
  peer_slot_clear(&p->pending_remote);
  p->pending_remote.type = type;
  p->pending_remote.sdp = copy;
  return 0;
}

/* An answer repeats the offer's m-sections, one for one (RFC 3264 section 6). */
static int check_sections(const struct peer *p, const struct sdp_description *answer,
                          struct fault *ret_fault) {
  struct sdp_description *offer = calloc(1, sizeof *offer);
  if (!offer) return fault_oom(ret_fault);
  int r = sdp_parse(bytes_of(p->pending_local.sdp), offer, ret_fault);
  if (r == 0 && offer->n_sections != answer->n_sections)
    r = fault_set(ret_fault, FAULT_INVALID_SDP, "the answer has %zu m-sections, the offer %zu",
                  answer->n_sections, offer->n_sections);
  sdp_description_clear(offer);
  free(offer);
  return r;
}

static int apply_remote(struct peer *p, mono_us now, enum peer_sdp_type type, struct bytes sdp,
                        const struct sdp_description *d, struct fault *ret_fault) {
  int r = peer_check_remote(p, d, type, ret_fault);
  if (r == 0 && type != PEER_SDP_OFFER) r = check_sections(p, d, ret_fault);
  if (r < 0) return r;
  if (type == PEER_SDP_OFFER && p->signaling == PEER_HAVE_LOCAL_OFFER) undo_pending(p, now);
  r = store_remote(p, type, sdp, ret_fault);
  if (r < 0) return r;
  if (type == PEER_SDP_OFFER) {
    p->signaling = PEER_HAVE_REMOTE_OFFER;
    forget_made(&p->answer);
    return 0;
  }
  r = peer_apply_remote(p, now, d, d->setup == SDP_SETUP_PASSIVE, ret_fault);
  if (r == 0) settle(p, type, false);
  return r;
}

int peer_set_remote(struct peer *p, mono_us now, enum peer_sdp_type type, struct bytes sdp,
                    struct fault *ret_fault) {
  int r = check_state(p, allowed[type].remote, "setRemoteDescription", ret_fault);
  if (r < 0) return r;
  if (type == PEER_SDP_ROLLBACK) {
    roll_back(p, now);
    return 0;
  }
  struct sdp_description *d = calloc(1, sizeof *d);
  if (!d) return fault_oom(ret_fault);
  r = sdp_parse(sdp, d, ret_fault);
  if (r == 0) {
    r = apply_remote(p, now, type, sdp, d, ret_fault);
    sdp_description_clear(d);
  }
  free(d);
  if (r == 0) peer_update_path(p, now);
  return r;
}

int peer_restart_ice(struct peer *p, mono_us now, struct fault *ret_fault) {
  (void)now;
  if (p->closed) return fault_set(ret_fault, FAULT_INVALID_STATE, "the peer is closed");
  if (!p->ice_started) return 0; /* nothing to restart: the first offer is fresh anyway */
  p->restart_wanted = true;
  peer_update_negotiation(p);
  return 0;
}
