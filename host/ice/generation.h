#ifndef SENSO_ICE_GENERATION_H
#define SENSO_ICE_GENERATION_H

#include "ice/state.h"

/* A generation without credentials, or NULL when out of memory. */
struct ice_generation *ice_generation_new(struct ice_agent *a);

/* Frees it with its candidates and pairs; NULL is fine. Returns NULL. */
struct ice_generation *ice_generation_free(struct ice_generation *g);

#endif
