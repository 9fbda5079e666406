#include "net/monitor.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/timer.h"
#include "net/watch.h"

struct net_monitor {
  struct net_watch *watch;
  struct net_timer *settle;
  struct net_snapshot *now;
  net_monitor_fn *fn;
  void *ctx;
  int fd;
};

static int open_events(void) {
  struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                               .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                            RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  if (bind(fd, (struct sockaddr *)&groups, sizeof groups) == 0) return fd;
  int r = -errno;
  close(fd);
  return r;
}

/* What the events say does not matter, nor whether some were lost (ENOBUFS): the state is read
 * again. */
static void on_events(void *ctx, int events) {
  struct net_monitor *m = ctx;
  char some[256];
  while (recv(m->fd, some, sizeof some, MSG_DONTWAIT) > 0) continue;
  if (events & NET_HANGUP) (void)net_watch_set(m->watch, NET_READABLE);
  if (net_timer_at(m->settle) == MONO_NEVER)
    net_timer_set(m->settle, net_clock_now() + NET_MONITOR_SETTLE);
}

/* Without memory or in the middle of a long change the next event or attempt brings it. */
static void on_settled(void *ctx) {
  struct net_monitor *m = ctx;
  struct net_snapshot *next;
  int r = net_snapshot_new(&next);
  if (r != 0) {
    net_timer_set(m->settle, net_clock_now() + 10 * NET_MONITOR_SETTLE);
    return;
  }
  if (net_snapshot_equal(m->now, next)) {
    net_snapshot_free(next);
    return;
  }
  net_snapshot_free(m->now);
  m->now = next;
  m->fn(m->ctx, net_snapshot_network(m->now));
}

/* Listens first, so that nothing is missed between reading and listening. */
static int start(struct net_monitor *m, uv_loop_t *loop) {
  m->fd = open_events();
  int r = m->fd < 0 ? m->fd : net_watch_new(&m->watch, loop, m->fd, true, on_events, m);
  if (r == 0) r = net_watch_set(m->watch, NET_READABLE);
  if (r == 0) r = net_timer_new(&m->settle, loop, on_settled, m);
  return r == 0 ? net_snapshot_new(&m->now) : r;
}

int net_monitor_new(struct net_monitor **ret, uv_loop_t *loop, net_monitor_fn *fn, void *ctx) {
  struct net_monitor *m = calloc(1, sizeof *m);
  if (!m) return -ENOMEM;
  m->fn = fn;
  m->ctx = ctx;
  int r = start(m, loop);
  if (r != 0) {
    net_monitor_free(m);
    return r;
  }
  *ret = m;
  return 0;
}

struct net_monitor *net_monitor_free(struct net_monitor *m) {
  if (!m) return NULL;
  net_watch_free(m->watch);
  net_timer_free(m->settle);
  net_snapshot_free(m->now);
  if (m->fd >= 0) close(m->fd);
  free(m);
  return NULL;
}

const struct rpc_network *net_monitor_network(const struct net_monitor *m) {
  return net_snapshot_network(m->now);
}
