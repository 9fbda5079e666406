#ifndef SENSO_ICE_STATUS_H
#define SENSO_ICE_STATUS_H

#include "ice/state.h"

/* The connection state, and when a generation has failed (RFC 8863). */

void ice_status_run(struct ice_agent *a, mono_us now);
mono_us ice_status_deadline(const struct ice_agent *a, mono_us now);

#endif
