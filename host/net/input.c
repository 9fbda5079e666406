#include "net/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/loop_turn.h"
#include "net/watch.h"

struct net_input {
  struct net_watch *watch;    /* NULL for what can always be read */
  struct net_loop_turn *turn; /* that instead */
  net_input_fn *fn;
  void *ctx;
  int fd;
  bool own, socket;
};

static void on_turn(void *ctx) {
  struct net_input *in = ctx;
  in->fn(in->ctx);
}

static void on_ready(void *ctx, int events) {
  struct net_input *in = ctx;
  if (events & NET_HANGUP) (void)net_watch_set(in->watch, NET_READABLE); /* reading tells why */
  in->fn(in->ctx);
}

static int start(struct net_input *in, uv_loop_t *loop) {
  int r = net_watch_new(&in->watch, loop, in->fd, in->own, on_ready, in);
  if (r == 0) return net_watch_set(in->watch, NET_READABLE);
  if (r != -EPERM) return r;
  r = net_loop_turn_new(&in->turn, loop, on_turn, in);
  if (r == 0) net_loop_turn_busy(in->turn, true);
  return r;
}

int net_input_new(struct net_input **ret, uv_loop_t *loop, int fd, bool own, net_input_fn *fn,
                  void *ctx) {
  struct net_input *in = calloc(1, sizeof *in);
  if (!in) return -ENOMEM;
  struct stat s;
  in->fn = fn;
  in->ctx = ctx;
  in->fd = fd;
  in->own = own;
  in->socket = fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode);
  int r = start(in, loop);
  if (r != 0) {
    net_input_free(in);
    return r;
  }
  *ret = in;
  return 0;
}

struct net_input *net_input_free(struct net_input *in) {
  if (!in) return NULL;
  net_watch_free(in->watch);
  net_loop_turn_free(in->turn);
  free(in);
  return NULL;
}

/* A blocking description that others share: asks first. */
static bool nothing_now(const struct net_input *in) {
  if (in->own || in->socket || !in->watch) return false;
  struct pollfd p = {.fd = in->fd, .events = POLLIN};
  return poll(&p, 1, 0) == 0;
}

ssize_t net_input_read(struct net_input *in, void *buf, size_t cap) {
  if (nothing_now(in)) return -EAGAIN;
  ssize_t n;
  do n = in->socket ? recv(in->fd, buf, cap, MSG_DONTWAIT) : read(in->fd, buf, cap);
  while (n < 0 && errno == EINTR);
  if (n >= 0) return n;
  return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}
