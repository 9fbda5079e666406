#ifndef SENSO_ICE_RESPONSE_H
#define SENSO_ICE_RESPONSE_H

#include "ice/request.h"

/* Answers to our checks and consent requests (RFC 8445 section 7.2.5). 0, or -EINVAL when the
 * message is to be dropped. */
int ice_response_handle(struct ice_agent *a, const struct ice_input *in);

#endif
