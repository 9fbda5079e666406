#include "net/loop_turn.h"

#include <errno.h>
#include <stdlib.h>

struct net_loop_turn {
  uv_prepare_t before;
  uv_check_t after;
  uv_idle_t busy; /* an active one keeps the loop from waiting */
  net_loop_turn_fn *fn;
  void *ctx;
  int open;
};

static void call(struct net_loop_turn *t) {
  if (t->fn) t->fn(t->ctx);
}

static void on_before(uv_prepare_t *handle) {
  call(handle->data);
}

static void on_after(uv_check_t *handle) {
  call(handle->data);
}

static void on_idle(uv_idle_t *handle) {
  (void)handle;
}

static void on_closed(uv_handle_t *handle) {
  struct net_loop_turn *t = handle->data;
  if (--t->open == 0) free(t);
}

int net_loop_turn_new(struct net_loop_turn **ret, uv_loop_t *loop, net_loop_turn_fn *fn,
                      void *ctx) {
  struct net_loop_turn *t = calloc(1, sizeof *t);
  if (!t) return -ENOMEM;
  t->fn = fn;
  t->ctx = ctx;
  t->open = 3;
  t->before.data = t->after.data = t->busy.data = t;
  (void)uv_prepare_init(loop, &t->before); /* these three cannot fail */
  (void)uv_check_init(loop, &t->after);
  (void)uv_idle_init(loop, &t->busy);
  (void)uv_prepare_start(&t->before, on_before);
  (void)uv_check_start(&t->after, on_after);
  *ret = t;
  return 0;
}

struct net_loop_turn *net_loop_turn_free(struct net_loop_turn *t) {
  if (!t) return NULL;
  t->fn = NULL;
  uv_close((uv_handle_t *)&t->before, on_closed);
  uv_close((uv_handle_t *)&t->after, on_closed);
  uv_close((uv_handle_t *)&t->busy, on_closed);
  return NULL;
}

void net_loop_turn_busy(struct net_loop_turn *t, bool busy) {
  if (busy)
    (void)uv_idle_start(&t->busy, on_idle);
  else
    (void)uv_idle_stop(&t->busy);
}
