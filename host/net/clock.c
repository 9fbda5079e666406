#include "net/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_us(clockid_t id) {
  struct timespec t;
  int r = clock_gettime(id, &t);
  assert(r == 0);
  (void)r;
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

mono_us net_clock_now(void) {
  return (mono_us)read_us(CLOCK_MONOTONIC);
}

int64_t net_clock_unix_us(void) {
  return read_us(CLOCK_REALTIME);
}

int64_t net_clock_unix_offset_us(void) {
  return read_us(CLOCK_REALTIME) - read_us(CLOCK_MONOTONIC);
}
