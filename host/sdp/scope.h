#ifndef SENSO_SDP_SCOPE_H
#define SENSO_SDP_SCOPE_H

#include "sdp/description.h"
#include "sdp/lines.h"

/* What the attributes of one level say: the session's, or one m-section's. Zero-initialised is
 * empty. */
struct sdp_scope {
  char ufrag[SDP_TOKEN_MAX + 1];
  char pwd[SDP_TOKEN_MAX + 1];
  char tls_id[SDP_TOKEN_MAX + 1];
  bool ice_lite, ice2, trickle, renomination;
  uint32_t ice_pacing_ms;
  struct sdp_fingerprint fingerprints[SDP_FINGERPRINTS];
  size_t n_fingerprints;
  enum sdp_setup setup;
  bool has_sctp_port, has_max_message_size;
  uint16_t sctp_port;
  uint64_t max_message_size;
  struct text candidates;
  size_t n_candidates;
  bool end_of_candidates;
};

/* Reads one a= line into the scope; unknown attributes are passed over. 0; -EINVAL with the fault;
 * -ENOMEM. */
int sdp_scope_read(struct sdp_scope *s, const struct sdp_line *line, struct fault *ret_fault);

/* Fills what `s` does not say from the wider scope. 0 or -ENOMEM. */
int sdp_scope_inherit(struct sdp_scope *s, const struct sdp_scope *wider);

void sdp_scope_clear(struct sdp_scope *s);

#endif
