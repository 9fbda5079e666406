#include "ice/priority.h"

uint32_t ice_priority(enum ice_candidate_type type, uint16_t local_preference) {
  static const uint32_t type_preference[] = {
      [ICE_HOST] = 126, [ICE_PRFLX] = 110, [ICE_SRFLX] = 100, [ICE_RELAY] = 0};
  return type_preference[type] << 24 | (uint32_t)local_preference << 8 | (256 - 1);
}

#define PRIORITY_MAX 0x7fffffffu /* RFC 8445 section 5.1.2; a peer may state more */

uint64_t ice_pair_priority(uint32_t g, uint32_t d) {
  if (g > PRIORITY_MAX) g = PRIORITY_MAX;
  if (d > PRIORITY_MAX) d = PRIORITY_MAX;
  uint64_t low = g < d ? g : d, high = g < d ? d : g;
  return (low << 32) + high * 2 + (g > d);
}
