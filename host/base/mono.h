#ifndef SENSO_BASE_MONO_H
#define SENSO_BASE_MONO_H

#include <stdint.h>

/* Microseconds of the owner's monotonic clock. Every input of a machine carries one; they never go
 * back. */
typedef uint64_t mono_us;

#define MONO_NEVER UINT64_MAX
#define MONO_MS    ((mono_us)1000)
#define MONO_S     ((mono_us)1000000)

/* The earlier of two deadlines; MONO_NEVER is later than all others. */
static inline mono_us mono_min(mono_us a, mono_us b) {
  return a < b ? a : b;
}

/* now + delta, saturating at MONO_NEVER. */
static inline mono_us mono_add(mono_us now, mono_us delta) {
  return now > MONO_NEVER - delta ? MONO_NEVER : now + delta;
}

#endif
