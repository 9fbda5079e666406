/* addIceCandidate (webrtc-pc section 4.4.1.7). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

/* The remote description a candidate belongs to: the pending one if there is one. */
static struct peer_slot *remote_slot(struct peer *p) {
  return p->pending_remote.sdp   ? &p->pending_remote
         : p->current_remote.sdp ? &p->current_remote
                                 : NULL;
}

static int section_of(const struct sdp_description *d, const struct peer_candidate_init *c,
                      size_t *ret, struct fault *ret_fault) {
  if (c->mid) {
    for (size_t i = 0; i < d->n_sections; i++) {
      if (strcmp(d->sections[i].mid, c->mid) != 0) continue;
      *ret = i;
      return 0;
    }
    return fault_set(ret_fault, FAULT_OPERATION_ERROR,
                     "sdpMid \"%.60s\" is not in the remote description", c->mid);
  }
  if (c->mline_index >= 0 && (size_t)c->mline_index >= d->n_sections)
    return fault_set(ret_fault, FAULT_OPERATION_ERROR,
                     "sdpMLineIndex %d: the remote description has %zu m-sections", c->mline_index,
                     d->n_sections);
  *ret = c->mline_index >= 0 ? (size_t)c->mline_index : d->data_section;
  return 0;
}

/* The value of the candidate's "ufrag" extension, or of usernameFragment; empty if neither is
 * there. */
static struct bytes candidate_ufrag(const struct peer_candidate_init *c) {
  if (c->ufrag) return bytes_of(c->ufrag);
  static const char key[] = " ufrag ";
  if (c->candidate.n == 0) return (struct bytes){NULL, 0};
  const uint8_t *at = memmem(c->candidate.p, c->candidate.n, key, sizeof key - 1);
  if (!at) return (struct bytes){NULL, 0};
  at += sizeof key - 1;
  size_t left = (size_t)(c->candidate.p + c->candidate.n - at), n = 0;
  while (n < left && at[n] != ' ') n++;
  return (struct bytes){at, n};
}

/* Into the agent if the slot's generation is the agent's; a pending offer's candidates wait for the
 * answer. */
static int deliver(struct peer *p, mono_us now, struct peer_slot *slot,
                   const struct ice_candidate *c) {
  if (slot == &p->pending_remote && slot->type == PEER_SDP_OFFER) return 0;
  int r = ice_agent_add_remote(p->ice, now, c);
  p->ice_turn.dirty = true;
  return r;
}

/* Whether a description can show it as a line of its own: a NUL or a line break would end it early.
 */
static bool is_line(struct bytes text) {
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] < ' ' || text.p[i] == 0x7f) return false;
  return text.n + sizeof "a=" - 1 <= SDP_LINE_MAX;
}

static int add_to_slot(struct peer *p, mono_us now, struct peer_slot *slot, struct bytes text,
                       struct fault *ret_fault) {
  struct ice_candidate c;
  if (!is_line(text))
    return fault_set(ret_fault, FAULT_INVALID_CANDIDATE,
                     "candidate: expected one line of at most %zu bytes", SDP_LINE_MAX);
  int r = ice_candidate_parse(text, &c, ret_fault);
  if (r == -EPROTONOSUPPORT) return 0; /* TCP and component 2 are for others */
  if (r < 0) return r;
  r = deliver(p, now, slot, &c);
  if (r == -ENOSPC)
    return fault_set(ret_fault, FAULT_TOO_MANY, "more than %d remote candidates", SDP_CANDIDATES);
  if (r < 0) return fault_oom(ret_fault);
  if (slot->candidates.n > (size_t)64 * 1024)
    return fault_set(ret_fault, FAULT_OPERATION_ERROR, "too many remote candidates");
  return peer_slot_add(slot, text) < 0 ? fault_oom(ret_fault) : 0;
}

static void end_candidates(struct peer *p, mono_us now, struct peer_slot *slot) {
  slot->ended = true;
  if (slot == &p->pending_remote && slot->type == PEER_SDP_OFFER) return;
  ice_agent_end_of_remote(p->ice, now);
  p->ice_turn.dirty = true;
}

static int add_parsed(struct peer *p, mono_us now, const struct peer_candidate_init *c,
                      const struct sdp_description *d, struct fault *ret_fault) {
  size_t section = 0;
  struct peer_slot *slot = remote_slot(p);
  int r = section_of(d, c, &section, ret_fault);
  if (r < 0) return r;
  struct bytes ufrag = candidate_ufrag(c);
  if (ufrag.n > 0 && !bytes_equal(ufrag, bytes_of(d->ufrag))) {
    bool older = slot == &p->pending_remote && p->remote &&
                 bytes_equal(ufrag, bytes_of(p->remote->credentials.ufrag));
    if (older || !c->ufrag) return 0; /* of a generation that is over */
    return fault_set(ret_fault, FAULT_OPERATION_ERROR,
                     "usernameFragment is of no generation of the remote description");
  }
  if (section != d->data_section && d->n_sections > 1 && !d->bundled) return 0;
  if (c->end || c->candidate.n == 0) {
    end_candidates(p, now, slot);
    return 0;
  }
  return add_to_slot(p, now, slot, c->candidate, ret_fault);
}

int peer_add_candidate(struct peer *p, mono_us now, const struct peer_candidate_init *c,
                       struct fault *ret_fault) {
  if (p->closed) return fault_set(ret_fault, FAULT_INVALID_STATE, "the peer is closed");
  bool end = c->end || c->candidate.n == 0;
  if (!end && !c->mid && c->mline_index < 0)
    return fault_set(ret_fault, FAULT_TYPE_ERROR, "a candidate needs sdpMid or sdpMLineIndex");
  struct peer_slot *slot = remote_slot(p);
  if (!slot) return fault_set(ret_fault, FAULT_INVALID_STATE, "there is no remote description yet");
  struct sdp_description *d = calloc(1, sizeof *d);
  if (!d) return fault_oom(ret_fault);
  int r = sdp_parse(bytes_of(slot->sdp), d, ret_fault);
  if (r == 0) {
    r = add_parsed(p, now, c, d, ret_fault);
    sdp_description_clear(d);
  }
  free(d);
  return r;
}
