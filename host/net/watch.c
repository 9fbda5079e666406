#include "net/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct net_watch {
  uv_poll_t poll;
  net_watch_fn *fn;
  void *ctx;
  int fd;
  int inner; /* an epoll instance around a foreign descriptor, which libuv would make non-blocking;
                -1 for an own one */
  int events;
};

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void report(struct net_watch *w, int events) {
  if (w->fn) w->fn(w->ctx, events);
}

/* libuv stops a handle on POLLERR and says so with a negative status. */
static void on_own(uv_poll_t *poll, int status, int ready) {
  struct net_watch *w = poll->data;
  if (status < 0 || (ready & UV_DISCONNECT)) {
    uv_poll_stop(poll);
    w->events = 0;
    report(w, NET_HANGUP);
    return;
  }
  report(w, (ready & UV_READABLE ? NET_READABLE : 0) | (ready & UV_WRITABLE ? NET_WRITABLE : 0));
}

static int from_epoll(uint32_t ready) {
  int events = (ready & EPOLLIN ? NET_READABLE : 0) | (ready & EPOLLOUT ? NET_WRITABLE : 0);
  bool ended = (ready & EPOLLHUP) && !(ready & EPOLLIN); /* else there is more to read first */
  return ended || (ready & EPOLLERR) ? events | NET_HANGUP : events;
}

static void on_foreign(uv_poll_t *poll, int status, int ready) {
  struct net_watch *w = poll->data;
  (void)ready;
  struct epoll_event e;
  if (status < 0 || epoll_wait(w->inner, &e, 1, 0) != 1) return;
  int events = from_epoll(e.events);
  if (events & NET_HANGUP) (void)net_watch_set(w, 0);
  report(w, events);
}

static int wrap(struct net_watch *w) {
  w->inner = epoll_create1(EPOLL_CLOEXEC);
  if (w->inner < 0) return -errno;
  struct epoll_event none = {.events = 0};
  return epoll_ctl(w->inner, EPOLL_CTL_ADD, w->fd, &none) < 0 ? -errno : 0;
}

int net_watch_new(struct net_watch **ret, uv_loop_t *loop, int fd, bool own, net_watch_fn *fn,
                  void *ctx) {
  struct net_watch *w = calloc(1, sizeof *w);
  if (!w) return -ENOMEM;
  w->fn = fn;
  w->ctx = ctx;
  w->fd = fd;
  w->inner = -1;
  int r = own ? 0 : wrap(w);
  if (r == 0) r = uv_poll_init(loop, &w->poll, own ? fd : w->inner);
  if (r != 0) {
    if (w->inner >= 0) close(w->inner);
    free(w);
    return r;
  }
  w->poll.data = w;
  *ret = w;
  return 0;
}

struct net_watch *net_watch_free(struct net_watch *w) {
  if (!w) return NULL;
  w->fn = NULL;
  uv_close((uv_handle_t *)&w->poll, on_closed);
  if (w->inner >= 0) close(w->inner);
  return NULL;
}

static int set_own(struct net_watch *w, int events) {
  if (events == 0) return uv_poll_stop(&w->poll);
  int ask = (events & NET_READABLE ? UV_READABLE : 0) | (events & NET_WRITABLE ? UV_WRITABLE : 0) |
            (events & NET_HANGUP ? UV_DISCONNECT : 0);
  return uv_poll_start(&w->poll, ask, on_own);
}

static int set_foreign(struct net_watch *w, int events) {
  if (events == 0) return uv_poll_stop(&w->poll);
  struct epoll_event e = {.events = (events & NET_READABLE ? EPOLLIN : 0U) |
                                    (events & NET_WRITABLE ? EPOLLOUT : 0U)};
  if (epoll_ctl(w->inner, EPOLL_CTL_MOD, w->fd, &e) < 0) return -errno;
  return uv_poll_start(&w->poll, UV_READABLE, on_foreign);
}

int net_watch_set(struct net_watch *w, int events) {
  if (w->events == events) return 0;
  int r = w->inner < 0 ? set_own(w, events) : set_foreign(w, events);
  if (r == 0) w->events = events;
  return r;
}
