#ifndef SENSO_RPC_HOT_MESSAGE_H
#define SENSO_RPC_HOT_MESSAGE_H

#include "base/payload.h"

/* channel.message, written without a tree straight from the payload into a frame of the right size:
 * the frame that nearly all of a session's bytes leave in. */
struct hot_message {
  uint32_t channel;
  uint64_t seq;
  bool more;
};

#define HOT_MESSAGE_ENVELOPE 160u /* bytes of a frame that are not the piece's, at most */

/* The frame, owned by the caller, or NULL when out of memory. Text is well-formed UTF-8. */
struct payload *hot_message_binary(const struct hot_message *m, struct bytes b);
struct payload *hot_message_text(const struct hot_message *m, struct bytes b);

#endif
