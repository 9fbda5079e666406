#ifndef SENSO_ICE_REQUEST_H
#define SENSO_ICE_REQUEST_H

#include "base/writer.h"
#include "ice/state.h"
#include "stun/message.h"

/* The peer's checks (RFC 8445 section 7.3). */

struct ice_input {
  mono_us now;
  const struct path *path;
  struct ice_link *link; /* the path's */
  const struct stun_message *m;
};

/* Answers a binding request and learns from it. 0, or -EINVAL when it is to be dropped. */
int ice_request_handle(struct ice_agent *a, const struct ice_input *in);

/* Writes the next answer; false when there is none. */
bool ice_request_poll(struct ice_agent *a, struct writer *w, struct ice_out *ret);

#endif
