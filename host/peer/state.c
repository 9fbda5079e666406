/* States that changed since they were announced, one event at a time. */
#include "peer/internal.h"

void peer_fail(struct peer *p, const struct fault *why) {
  p->failure = *why;
  p->announce_failure = true;
}

/* webrtc-pc section 4.4.3, RTCPeerConnectionState, for one ICE and one DTLS transport. */
enum peer_connection peer_connection_state(const struct peer *p) {
  enum dtls_state dtls = p->dtls_state;
  if (p->closed) return PEER_CLOSED;
  if (p->ice_state == ICE_FAILED || dtls == DTLS_FAILED) return PEER_FAILED;
  if (p->ice_state == ICE_DISCONNECTED) return PEER_DISCONNECTED;
  if (p->ice_state == ICE_NEW) return PEER_NEW;
  bool connected = p->ice_state == ICE_CONNECTED || p->ice_state == ICE_COMPLETED;
  return connected && (dtls == DTLS_CONNECTED || dtls == DTLS_CLOSED) ? PEER_CONNECTED
                                                                      : PEER_CONNECTING;
}

void peer_candidate_event(struct peer *p, struct peer_out *ret) {
  ret->kind = OUT_EVENT;
  ret->u.ev.kind = PEER_EV_ICE_CANDIDATE;
  ret->u.ev.u.candidate = (struct peer_candidate){.text = "",
                                                  .mid = p->mid,
                                                  .mline_index = p->mline_index,
                                                  .ufrag = p->local_credentials.ufrag};
}

static bool poll_signaling(struct peer *p, struct peer_event *ev) {
  if (p->signaling != p->announced_signaling) {
    p->announced_signaling = ev->u.signaling = p->signaling;
    ev->kind = PEER_EV_SIGNALING_STATE;
    return true;
  }
  if (p->announce_negotiation_needed) {
    p->announce_negotiation_needed = false;
    ev->kind = PEER_EV_NEGOTIATION_NEEDED;
    return true;
  }
  return false;
}

static bool poll_connection(struct peer *p, struct peer_event *ev) {
  if (p->announce_failure) {
    p->announce_failure = false;
    ev->kind = PEER_EV_FAILURE;
    ev->u.failure = p->failure;
    return true;
  }
  if (p->ice_state != p->announced_ice) {
    p->announced_ice = ev->u.ice = p->ice_state;
    ev->kind = PEER_EV_ICE_STATE;
    return true;
  }
  enum peer_connection connection = peer_connection_state(p);
  if (connection != p->announced_connection) {
    p->announced_connection = ev->u.connection = connection;
    ev->kind = PEER_EV_CONNECTION_STATE;
    return true;
  }
  if (peer_path_is_news(p)) {
    ev->kind = PEER_EV_PATH;
    return true;
  }
  return false;
}

bool peer_poll_state(struct peer *p, struct peer_out *ret) {
  if (p->closed) return false;
  ret->kind = OUT_EVENT;
  if (poll_signaling(p, &ret->u.ev)) return true;
  if (p->gathering != p->announced_gathering) {
    p->announced_gathering = ret->u.ev.u.gathering = p->gathering;
    ret->u.ev.kind = PEER_EV_GATHERING_STATE;
    return true;
  }
  if (p->announce_end) {
    p->announce_end = false;
    peer_candidate_event(p, ret);
    return true;
  }
  return poll_connection(p, &ret->u.ev);
}
