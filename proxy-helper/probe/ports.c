#include <errno.h>
#include <time.h>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"
#include "net/watch.h"
#include "probe/state.h"

#define SAMPLED 4
#define ROUNDS  3
#define APART   (120 * MONO_MS) /* routers tell of few packets a second */
#define LAST    (700 * MONO_MS)
#define SETTLE  (300 * MONO_MS) /* until the rows of other servers have answered too */
#define LOWEST  1024            /* what devices choose their ports from */

/* Hops that a packet may take, by the round: the first routers past a school's own tell of it. */
static const int hops[ROUNDS] = {2, 3, 5};

struct sampled {
  uint16_t port;
  bool seen; /* beyond the school */
};

/* IPv4 only: the errors are those of ICMP. */
struct ports {
  struct run *run;
  struct result *row; /* NULL: not asked yet */
  struct addr server;
  int fd;
  struct net_watch *watch;
  struct net_timer *timer;
  unsigned step; /* 0: not begun; each sends to one port, the known one last */
  struct sampled known, list[SAMPLED]; /* known: the port that answers */
};

static unsigned seen(const struct ports *p) {
  unsigned n = 0;
  for (size_t i = 0; i < SAMPLED; i++) n += p->list[i].seen;
  return n;
}

static void conclude(struct ports *p) {
  char value[16], list[60];
  (void)snprintf(value, sizeof value, "%u/%u", seen(p), SAMPLED);
  (void)snprintf(list, sizeof list, "%u, %u, %u, %u", p->list[0].port, p->list[1].port,
                 p->list[2].port, p->list[3].port);
  net_timer_set(p->timer, MONO_NEVER);
  (void)net_watch_set(p->watch, 0);
  if (p->known.seen || seen(p) > 0)
    evidence_add(&p->row->evidence, "ports", value,
                 "UDP to %u of %u sampled ports (%s) was seen beyond the school (ICMP)", seen(p),
                 SAMPLED, list);
  else
    evidence_add(&p->row->evidence, "ports", "unknown",
                 "no ICMP comes back, so nothing is known of the sampled ports (%s)", list);
  run_closed(p->run);
}

/* A port that the server has closed says so itself; a packet whose hops are used up is told of by a
 * router, which counts where it is no private address: then it is the carrier's. */
static bool is_beyond(const struct ports *p, const struct sock_extended_err *e) {
  struct addr from;
  if (e->ee_origin != SO_EE_ORIGIN_ICMP || !net_sockaddr_to(SO_EE_OFFENDER(e), &from)) return false;
  if (e->ee_type == ICMP_DEST_UNREACH && e->ee_code == ICMP_PORT_UNREACH)
    return addr_ip_equal(&from, &p->server);
  return e->ee_type == ICMP_TIME_EXCEEDED && addr_scope(&from) == ADDR_SCOPE_GLOBAL;
}

static void note(struct ports *p, uint16_t port) {
  if (p->known.port == port) p->known.seen = true;
  for (size_t i = 0; i < SAMPLED; i++)
    if (p->list[i].port == port) p->list[i].seen = true;
}

/* False when there is none. */
static bool read_error(struct ports *p) {
  union {
    char bytes[512];
    struct cmsghdr align;
  } control;
  struct sockaddr_storage name;
  struct addr to;
  char data[64];
  struct iovec iov = {data, sizeof data};
  struct msghdr h = {.msg_name = &name,
                     .msg_namelen = sizeof name,
                     .msg_iov = &iov,
                     .msg_iovlen = 1,
                     .msg_control = control.bytes,
                     .msg_controllen = sizeof control.bytes};
  if (recvmsg(p->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  if (!net_sockaddr_to((const struct sockaddr *)&name, &to)) return true;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
    if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR) continue;
    if (is_beyond(p, (const struct sock_extended_err *)(const void *)CMSG_DATA(c)))
      note(p, to.port);
  }
  return true;
}

static void on_ready(void *ctx, int events) {
  struct ports *p = ctx;
  char data[64];
  (void)events;
  while (read_error(p)) continue;
  for (unsigned i = 0; i < 64 && (recv(p->fd, data, sizeof data, MSG_DONTWAIT) >= 0 ||
                                  errno == ECONNREFUSED || errno == EHOSTUNREACH);
       i++)
    continue;
  (void)net_watch_set(p->watch, NET_READABLE);
  if (seen(p) == SAMPLED && p->step > 0) net_timer_set(p->timer, net_clock_now());
}

static void send_to(const struct ports *p, const struct sampled *s) {
  struct addr at = p->server;
  struct sockaddr_storage to;
  at.port = s->port;
  socklen_t n = net_sockaddr_from(&at, &to);
  if (!s->seen) (void)sendto(p->fd, "senso", 5, MSG_NOSIGNAL, (const struct sockaddr *)&to, n);
}

static void on_timer(void *ctx) {
  struct ports *p = ctx;
  if (p->step > ROUNDS * (SAMPLED + 1) || seen(p) == SAMPLED) {
    conclude(p);
    return;
  }
  if (p->step > 0) {
    unsigned at = (p->step - 1) % (SAMPLED + 1);
    int ttl = hops[(p->step - 1) / (SAMPLED + 1)];
    (void)setsockopt(p->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
    send_to(p, at < SAMPLED ? &p->list[at] : &p->known);
  }
  bool last = p->step++ == ROUNDS * (SAMPLED + 1);
  net_timer_set(p->timer, mono_add(net_clock_now(), last ? LAST : APART));
}

int ports_new(struct ports **ret, struct run *run) {
  struct ports *p = calloc(1, sizeof *p);
  int one = 1;
  if (!p) return -ENOMEM;
  p->run = run;
  p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int r = p->fd < 0 ? -errno : net_watch_new(&p->watch, run->cfg.loop, p->fd, true, on_ready, p);
  if (r == 0) r = net_timer_new(&p->timer, run->cfg.loop, on_timer, p);
  if (r < 0) {
    ports_free(p);
    return r;
  }
  (void)setsockopt(p->fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one);
  *ret = p;
  return 0;
}

struct ports *ports_free(struct ports *p) {
  if (!p) return NULL;
  net_watch_free(p->watch);
  net_timer_free(p->timer);
  if (p->fd >= 0) close(p->fd);
  free(p);
  return NULL;
}

/* One of each quarter of the range. */
static void draw(struct ports *p) {
  const uint16_t *range = p->run->cfg.peer_ports;
  uint32_t low = range[0] < LOWEST ? LOWEST : range[0];
  uint32_t span = range[1] < low + SAMPLED ? 1 : (range[1] + 1 - low) / SAMPLED;
  for (uint32_t i = 0; i < SAMPLED; i++)
    p->list[i].port = (uint16_t)(low + i * span + rng_below(p->run->cfg.rng, span));
}

void ports_ask(struct ports *p, struct result *row, const struct addr *server) {
  if (p->step > 0 || server->family != ADDR_V4 || (p->row && p->row < row)) return;
  if (!p->row) {
    p->run->open++;
    (void)net_watch_set(p->watch, NET_READABLE);
    net_timer_set(p->timer, mono_add(net_clock_now(), SETTLE));
  }
  p->row = row;
  p->server = *server;
  p->known.port = server->port;
  draw(p);
}
