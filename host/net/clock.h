#ifndef SENSO_NET_CLOCK_H
#define SENSO_NET_CLOCK_H

#include <stdint.h>

#include "base/mono.h"

/* CLOCK_MONOTONIC in microseconds: the clock the kernel's timers (net/timer.h) run on. */
mono_us net_clock_now(void);

/* Microseconds since 1970 of the wall clock. */
int64_t net_clock_unix_us(void);

/* Wall clock minus monotonic clock at this moment. */
int64_t net_clock_unix_offset_us(void);

#endif
