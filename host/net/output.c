#include "net/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/watch.h"

#define KEEP_MAX ((size_t)256 * 1024) /* storage kept for the next frames */

struct net_output {
  struct net_watch *watch; /* NULL for what can always be written */
  net_output_fn *fn;
  void *ctx;
  struct text leaving, queued; /* `leaving` goes first, from `at` on */
  size_t at;
  size_t begun; /* size of `queued` at begin */
  int fd;
  bool own, socket, broken;
};

static void forget(struct text *t) {
  if (t->cap > KEEP_MAX)
    text_free(t);
  else
    text_clear(t);
}

static void now_broken(struct net_output *o) {
  o->broken = true;
  text_free(&o->leaving);
  text_free(&o->queued);
  o->at = 0;
  if (o->watch) (void)net_watch_set(o->watch, 0);
}

/* What tells that the reader has gone while there is nothing to write. A socket's half-close says
 * nothing about that; its next write will. */
static int idle_events(const struct net_output *o) {
  return o->socket ? 0 : NET_HANGUP;
}

/* With a reader there, POLLOUT may be missing, but no error or hang-up is there. */
static bool reader_gone(const struct net_output *o) {
  struct pollfd p = {.fd = o->fd, .events = POLLOUT};
  return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static void on_ready(void *ctx, int events) {
  struct net_output *o = ctx;
  if ((events & NET_HANGUP) && reader_gone(o)) now_broken(o);
  net_output_flush(o);
  o->fn(o->ctx);
}

int net_output_new(struct net_output **ret, uv_loop_t *loop, int fd, bool own, net_output_fn *fn,
                   void *ctx) {
  struct net_output *o = calloc(1, sizeof *o);
  if (!o) return -ENOMEM;
  struct stat s;
  o->fn = fn;
  o->ctx = ctx;
  o->fd = fd;
  o->own = own;
  o->socket = fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode);
  int r = net_watch_new(&o->watch, loop, fd, own, on_ready, o);
  if (r == 0) r = net_watch_set(o->watch, idle_events(o));
  if (r != 0 && r != -EPERM) {
    net_output_free(o);
    return r;
  }
  *ret = o;
  return 0;
}

struct net_output *net_output_free(struct net_output *o) {
  if (!o) return NULL;
  net_watch_free(o->watch);
  text_free(&o->leaving);
  text_free(&o->queued);
  free(o);
  return NULL;
}

struct text *net_output_begin(struct net_output *o) {
  o->begun = o->queued.n;
  return &o->queued;
}

int net_output_end(struct net_output *o) {
  bool failed = o->queued.failed;
  if (!failed && !o->broken) return 0;
  o->queued.failed = false;
  o->queued.n = o->begun;
  if (o->queued.p) o->queued.p[o->begun] = '\0';
  return failed ? -ENOMEM : 0;
}

/* A blocking description that others share: as much as a pipe takes whole once it is writable. */
static ssize_t write_shared(const struct net_output *o, const struct iovec *first) {
  struct pollfd p = {.fd = o->fd, .events = POLLOUT};
  if (poll(&p, 1, 0) == 0) return -EAGAIN;
  ssize_t n = write(o->fd, first->iov_base, first->iov_len < PIPE_BUF ? first->iov_len : PIPE_BUF);
  return n < 0 ? -errno : n;
}

static ssize_t write_some(const struct net_output *o, struct iovec *iov, int n_iov) {
  if (o->watch && !o->own && !o->socket) return write_shared(o, iov);
  struct msghdr h = {.msg_iov = iov, .msg_iovlen = (size_t)n_iov};
  ssize_t n =
      o->socket ? sendmsg(o->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) : writev(o->fd, iov, n_iov);
  return n < 0 ? -errno : n;
}

/* n bytes are gone: of `leaving` first, then of `queued`, which takes its place. */
static void advance(struct net_output *o, size_t n) {
  o->at += n;
  if (o->at < o->leaving.n) return;
  o->at -= o->leaving.n;
  struct text emptied = o->leaving;
  o->leaving = o->queued;
  o->queued = emptied;
  forget(&o->queued);
  if (o->at < o->leaving.n) return;
  o->at = 0;
  forget(&o->leaving);
}

void net_output_flush(struct net_output *o) {
  while (net_output_unwritten(o) > 0) {
    struct iovec iov[2] = {{NULL, 0}, {NULL, 0}};
    int n_iov = 0;
    if (o->at < o->leaving.n)
      iov[n_iov++] = (struct iovec){o->leaving.p + o->at, o->leaving.n - o->at};
    if (o->queued.n > 0) iov[n_iov++] = (struct iovec){o->queued.p, o->queued.n};
    ssize_t n = write_some(o, iov, n_iov);
    if (n == -EAGAIN) break;
    if (n >= 0)
      advance(o, (size_t)n);
    else if (n != -EINTR)
      now_broken(o);
  }
  if (o->watch && !o->broken)
    (void)net_watch_set(o->watch, net_output_unwritten(o) > 0 ? NET_WRITABLE : idle_events(o));
}

size_t net_output_unwritten(const struct net_output *o) {
  return o->leaving.n - o->at + o->queued.n;
}

bool net_output_broken(const struct net_output *o) {
  return o->broken;
}
