#include "net/timer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "net/watch.h"

struct net_timer {
  struct net_watch *watch;
  net_timer_fn *fn;
  void *ctx;
  mono_us at;
  int fd;
};

static void on_expired(void *ctx, int events) {
  struct net_timer *t = ctx;
  (void)events;
  uint64_t count;
  if (read(t->fd, &count, sizeof count) < 0) return; /* set anew since it fired */
  t->at = MONO_NEVER;
  t->fn(t->ctx);
}

int net_timer_new(struct net_timer **ret, uv_loop_t *loop, net_timer_fn *fn, void *ctx) {
  struct net_timer *t = calloc(1, sizeof *t);
  if (!t) return -ENOMEM;
  t->fn = fn;
  t->ctx = ctx;
  t->at = MONO_NEVER;
  t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  int r = t->fd < 0 ? -errno : net_watch_new(&t->watch, loop, t->fd, true, on_expired, t);
  if (r == 0) r = net_watch_set(t->watch, NET_READABLE);
  if (r != 0) {
    net_timer_free(t);
    return r;
  }
  *ret = t;
  return 0;
}

struct net_timer *net_timer_free(struct net_timer *t) {
  if (!t) return NULL;
  net_watch_free(t->watch);
  if (t->fd >= 0) close(t->fd);
  free(t);
  return NULL;
}

void net_timer_set(struct net_timer *t, mono_us at) {
  if (t->at == at) return;
  t->at = at;
  struct itimerspec spec = {0}; /* all zero disarms */
  if (at != MONO_NEVER) {
    if (at == 0) at = 1;
    spec.it_value.tv_sec = (time_t)(at / MONO_S);
    spec.it_value.tv_nsec = (long)(at % MONO_S) * 1000;
  }
  int r = timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &spec, NULL);
  assert(r == 0);
  (void)r;
}

mono_us net_timer_at(const struct net_timer *t) {
  return t->at;
}
