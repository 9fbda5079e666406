#include "net/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "net/watch.h"

struct net_signals {
  struct net_watch *watch;
  net_signals_fn *fn;
  void *ctx;
  int fd;
};

static void on_readable(void *ctx, int events) {
  struct net_signals *s = ctx;
  (void)events;
  struct signalfd_siginfo info;
  if (read(s->fd, &info, sizeof info) != (ssize_t)sizeof info) return;
  s->fn(s->ctx, (int)info.ssi_signo);
}

static int open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int net_signals_new(struct net_signals **ret, uv_loop_t *loop, net_signals_fn *fn, void *ctx) {
  struct net_signals *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->fn = fn;
  s->ctx = ctx;
  s->fd = open_signals();
  int r = s->fd < 0 ? s->fd : net_watch_new(&s->watch, loop, s->fd, true, on_readable, s);
  if (r == 0) r = net_watch_set(s->watch, NET_READABLE);
  if (r != 0) {
    net_signals_free(s);
    return r;
  }
  *ret = s;
  return 0;
}

struct net_signals *net_signals_free(struct net_signals *s) {
  if (!s) return NULL;
  net_watch_free(s->watch);
  if (s->fd >= 0) close(s->fd);
  free(s);
  return NULL;
}
