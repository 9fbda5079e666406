#include "ice/agent.h"

#define UFRAG_SIZE 8  /* 48 bits of randomness; RFC 8445 section 5.3 asks for 24 */
#define PWD_SIZE   24 /* 144 bits; it asks for 128 */

void ice_credentials_make(const struct rng *rng, struct ice_credentials *ret) {
  *ret = (struct ice_credentials){0};
  rng_ice_chars(rng, ret->ufrag, UFRAG_SIZE);
  rng_ice_chars(rng, ret->pwd, PWD_SIZE);
}
