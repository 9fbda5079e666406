#ifndef SENSO_BASE_SERIAL_H
#define SENSO_BASE_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Serial number arithmetic, RFC 1982. */
static inline bool serial32_lt(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}
static inline bool serial16_lt(uint16_t a, uint16_t b) {
  return (int16_t)(uint16_t)(a - b) < 0;
}

/* The 64-bit value nearest to `near` whose low 32 bits are `v`: unwrap at the edge, compare plainly
 * inside. */
static inline uint64_t serial32_unwrap(uint64_t near, uint32_t v) {
  return near + (uint64_t)(int64_t)(int32_t)(v - (uint32_t)near);
}
static inline uint64_t serial16_unwrap(uint64_t near, uint16_t v) {
  return near + (uint64_t)(int64_t)(int16_t)(uint16_t)(v - (uint16_t)near);
}

#endif
