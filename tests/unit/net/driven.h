#ifndef SENSO_TESTS_NET_DRIVEN_H
#define SENSO_TESTS_NET_DRIVEN_H

#include <uv.h>

#include "support/unit.h"

/* A loop that a test drives turn by turn until what it waits for has come; a guard ends a wait that
 * would last for ever. */
struct driven {
  uv_loop_t loop;
  uv_timer_t guard;
};

static inline void driven_on_guard(uv_timer_t *t) {
  (void)t;
  fail_msg("nothing came within 10 s");
}

static inline void driven_begin(struct driven *d) {
  assert_int_equal(uv_loop_init(&d->loop), 0);
  assert_int_equal(uv_timer_init(&d->loop, &d->guard), 0);
  assert_int_equal(uv_timer_start(&d->guard, driven_on_guard, 10000, 0), 0);
}

/* Whatever is still open makes uv_loop_close fail: all parts let go of the loop. */
static inline void driven_end(struct driven *d) {
  uv_close((uv_handle_t *)&d->guard, NULL);
  assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&d->loop), 0);
}

/* One wait. */
static inline void driven_turn(struct driven *d) {
  (void)uv_run(&d->loop, UV_RUN_ONCE);
}

/* Takes in what has already happened, without waiting. */
static inline void driven_settle(struct driven *d) {
  for (int i = 0; i < 3; i++) (void)uv_run(&d->loop, UV_RUN_NOWAIT);
}

#define DRIVE_UNTIL(d, condition)                                                                  \
  do {                                                                                             \
    while (!(condition)) driven_turn(d);                                                           \
  } while (0)

#endif
