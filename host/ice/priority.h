#ifndef SENSO_ICE_PRIORITY_H
#define SENSO_ICE_PRIORITY_H

#include "ice/candidate.h"

/* RFC 8445 section 5.1.2.1, with the type preferences of section 5.1.2.2 and component 1. */
uint32_t ice_priority(enum ice_candidate_type type, uint16_t local_preference);

/* RFC 8445 section 6.1.2.3: g of the controlling side's candidate, d of the controlled side's. */
uint64_t ice_pair_priority(uint32_t g, uint32_t d);

#endif
