#include "peer/peer.h"

const char *peer_signaling_name(enum peer_signaling s) {
  switch (s) {
  case PEER_STABLE: return "stable";
  case PEER_HAVE_LOCAL_OFFER: return "have-local-offer";
  case PEER_HAVE_REMOTE_OFFER: return "have-remote-offer";
  case PEER_HAVE_LOCAL_PRANSWER: return "have-local-pranswer";
  case PEER_HAVE_REMOTE_PRANSWER: return "have-remote-pranswer";
  case PEER_SIGNALING_CLOSED: return "closed";
  }
  return "closed";
}

const char *peer_connection_name(enum peer_connection s) {
  switch (s) {
  case PEER_NEW: return "new";
  case PEER_CONNECTING: return "connecting";
  case PEER_CONNECTED: return "connected";
  case PEER_DISCONNECTED: return "disconnected";
  case PEER_FAILED: return "failed";
  case PEER_CLOSED: return "closed";
  }
  return "closed";
}

const char *peer_gathering_name(enum peer_gathering s) {
  switch (s) {
  case PEER_GATHERING_NEW: return "new";
  case PEER_GATHERING: return "gathering";
  case PEER_GATHERING_COMPLETE: return "complete";
  }
  return "new";
}

const char *peer_ice_name(enum ice_state s) {
  switch (s) {
  case ICE_NEW: return "new";
  case ICE_CHECKING: return "checking";
  case ICE_CONNECTED: return "connected";
  case ICE_COMPLETED: return "completed";
  case ICE_DISCONNECTED: return "disconnected";
  case ICE_FAILED: return "failed";
  }
  return "new";
}

const char *peer_sdp_type_name(enum peer_sdp_type t) {
  switch (t) {
  case PEER_SDP_OFFER: return "offer";
  case PEER_SDP_ANSWER: return "answer";
  case PEER_SDP_PRANSWER: return "pranswer";
  case PEER_SDP_ROLLBACK: return "rollback";
  }
  return "offer";
}
