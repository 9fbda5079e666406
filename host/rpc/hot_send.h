#ifndef SENSO_RPC_HOT_SEND_H
#define SENSO_RPC_HOT_SEND_H

#include "base/bytes.h"

/*
 * channel.send as JSON.stringify writes it, read without a tree: the frame that nearly all of a
 * session's bytes come in. What is not exactly of this form is left to the general way, which says
 * the same of all that is.
 */
struct hot_send {
  struct bytes id; /* raw */
  uint64_t channel;
  struct bytes
      piece; /* of text, without escapes and well-formed, or of base64, not yet looked at */
  bool text, more;
};

/* True when the frame is of that form; the parts are borrowed from it. */
bool hot_send_read(struct bytes frame, struct hot_send *ret);

#endif
