#include "net/mdns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mdns/message.h"
#include "mdns/resolver.h"
#include "mdns/responder.h"
#include "net/clock.h"
#include "net/timer.h"
#include "net/watch.h"

#define INTERFACES_MAX 32

/* The socket of one address family. */
struct group {
  struct net_mdns *of;
  int family, fd; /* -1: closed */
  struct net_watch *watch;
};

struct net_mdns {
  uv_loop_t *loop;
  net_resolved_fn *fn;
  void *ctx;
  struct mdns_resolver *resolver;
  struct mdns_responder *responder;
  struct net_timer *timer;
  struct group groups[2];
  unsigned interfaces[INTERFACES_MAX];
  size_t n_interfaces;
};

static void close_group(struct group *g) {
  g->watch = net_watch_free(g->watch);
  if (g->fd >= 0) close(g->fd);
  g->fd = -1;
}

/* Interfaces that are up and can multicast, by index. */
static void find_interfaces(struct net_mdns *m) {
  struct ifaddrs *list = NULL;
  m->n_interfaces = 0;
  if (getifaddrs(&list) != 0) return;
  for (const struct ifaddrs *i = list; i && m->n_interfaces < INTERFACES_MAX; i = i->ifa_next) {
    unsigned index = if_nametoindex(i->ifa_name);
    bool fits = (i->ifa_flags & IFF_UP) && (i->ifa_flags & IFF_MULTICAST) && index != 0;
    for (size_t k = 0; k < m->n_interfaces; k++) fits = fits && m->interfaces[k] != index;
    if (fits) m->interfaces[m->n_interfaces++] = index;
  }
  freeifaddrs(list);
}

static void join(const struct group *g, unsigned interface) {
  if (g->family == AF_INET) {
    struct ip_mreqn to = {.imr_ifindex = (int)interface};
    (void)inet_pton(AF_INET, "224.0.0.251", &to.imr_multiaddr);
    (void)setsockopt(g->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &to, sizeof to);
  } else {
    struct ipv6_mreq to = {.ipv6mr_interface = interface};
    (void)inet_pton(AF_INET6, "ff02::fb", &to.ipv6mr_multiaddr);
    (void)setsockopt(g->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &to, sizeof to);
  }
}

/* The wildcard address and port 5353, or the group on one interface. */
static socklen_t address(const struct group *g, const char *v4, const char *v6, unsigned interface,
                         struct sockaddr_storage *ret) {
  memset(ret, 0, sizeof *ret);
  if (g->family == AF_INET) {
    struct sockaddr_in *in = (struct sockaddr_in *)ret;
    in->sin_family = AF_INET;
    in->sin_port = htons(MDNS_PORT);
    (void)inet_pton(AF_INET, v4, &in->sin_addr);
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(MDNS_PORT);
  in6->sin6_scope_id = interface;
  (void)inet_pton(AF_INET6, v6, &in6->sin6_addr);
  return sizeof *in6;
}

static int configure(const struct group *g) {
  int on = 1, hops = 255; /* RFC 6762 section 11 */
  struct sockaddr_storage any;
  int level = g->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  int ttl = g->family == AF_INET ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS;
  if (setsockopt(g->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      setsockopt(g->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
      setsockopt(g->fd, level, ttl, &hops, sizeof hops) < 0)
    return -errno;
  if (g->family == AF_INET6 && setsockopt(g->fd, level, IPV6_V6ONLY, &on, sizeof on) < 0)
    return -errno;
  socklen_t n = address(g, "0.0.0.0", "::", 0, &any);
  return bind(g->fd, (struct sockaddr *)&any, n) < 0 ? -errno : 0;
}

static void drain(struct net_mdns *m);

/* Another port is a resolver that knows no multicast (RFC 6762 section 6.7): browsers answer none.
 */
static bool is_from_mdns(const struct sockaddr_storage *from) {
  in_port_t port = from->ss_family == AF_INET ? ((const struct sockaddr_in *)from)->sin_port
                                              : ((const struct sockaddr_in6 *)from)->sin6_port;
  return ntohs(port) == MDNS_PORT;
}

static void take(struct net_mdns *m, struct bytes packet) {
  mdns_resolver_recv(m->resolver, packet);
  mdns_responder_recv(m->responder, net_clock_now(), packet);
}

static void on_ready(void *ctx, int events) {
  struct group *g = ctx;
  uint8_t packet[MDNS_PACKET];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ssize_t n;
  if (events & NET_HANGUP) (void)net_watch_set(g->watch, NET_READABLE);
  while ((n = recvfrom(g->fd, packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&from,
                       &size)) >= 0) {
    if (is_from_mdns(&from)) take(g->of, (struct bytes){packet, (size_t)n});
    size = sizeof from;
  }
  drain(g->of);
}

static int open_group(struct group *g) {
  if (g->fd >= 0) return 0;
  g->fd = socket(g->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int r = g->fd < 0 ? -errno : configure(g);
  if (r == 0) r = net_watch_new(&g->watch, g->of->loop, g->fd, true, on_ready, g);
  if (r == 0) r = net_watch_set(g->watch, NET_READABLE);
  if (r != 0) close_group(g);
  return r;
}

/* One of the two families is enough. */
static int open_groups(struct net_mdns *m) {
  find_interfaces(m);
  int v4 = open_group(&m->groups[0]), v6 = open_group(&m->groups[1]);
  for (size_t i = 0; i < 2; i++)
    for (size_t k = 0; m->groups[i].fd >= 0 && k < m->n_interfaces; k++)
      join(&m->groups[i], m->interfaces[k]); /* one that is joined says so, which is fine */
  return v4 != 0 && v6 != 0 ? v4 : 0;
}

/* What cannot be sent on one interface may be on another. */
static void multicast(struct net_mdns *m, struct bytes packet) {
  struct sockaddr_storage to;
  for (size_t i = 0; i < 2; i++)
    for (size_t k = 0; m->groups[i].fd >= 0 && k < m->n_interfaces; k++) {
      const struct group *g = &m->groups[i];
      struct ip_mreqn via = {.imr_ifindex = (int)m->interfaces[k]};
      if (g->family == AF_INET)
        (void)setsockopt(g->fd, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof via);
      socklen_t n = address(g, "224.0.0.251", "ff02::fb", m->interfaces[k], &to);
      (void)sendto(g->fd, packet.p, packet.n, MSG_DONTWAIT, (struct sockaddr *)&to, n);
    }
}

static void tell(struct net_mdns *m, const struct mdns_out *out) {
  const struct net_query q = {(uint32_t)(out->id >> 32), (uint32_t)out->id};
  m->fn(m->ctx, &q, out->n_addrs > 0 ? 0 : -ETIMEDOUT, out->addrs, out->n_addrs);
}

static void drain(struct net_mdns *m) {
  uint8_t buf[1500];
  struct mdns_out out;
  for (size_t n; (n = mdns_responder_poll(m->responder, net_clock_now(), buf, sizeof buf)) > 0;)
    multicast(m, (struct bytes){buf, n});
  for (;;) {
    mdns_resolver_poll(m->resolver, net_clock_now(), buf, sizeof buf, &out);
    if (out.kind == MDNS_IDLE) break;
    if (out.kind == MDNS_TX)
      multicast(m, (struct bytes){buf, out.n});
    else
      tell(m, &out);
  }
  net_timer_set(m->timer, out.wake_at);
  if (out.wake_at != MONO_NEVER || mdns_responder_busy(m->responder)) return;
  close_group(&m->groups[0]);
  close_group(&m->groups[1]);
}

static void on_timer(void *ctx) {
  drain(ctx);
}

int net_mdns_new(struct net_mdns **ret, uv_loop_t *loop, net_resolved_fn *fn, void *ctx) {
  struct net_mdns *m = calloc(1, sizeof *m);
  if (!m) return -ENOMEM;
  m->loop = loop;
  m->fn = fn;
  m->ctx = ctx;
  m->groups[0] = (struct group){.of = m, .family = AF_INET, .fd = -1};
  m->groups[1] = (struct group){.of = m, .family = AF_INET6, .fd = -1};
  int r = mdns_resolver_new(&m->resolver);
  if (r == 0) r = mdns_responder_new(&m->responder);
  if (r == 0) r = net_timer_new(&m->timer, loop, on_timer, m);
  if (r != 0) {
    net_mdns_free(m);
    return r;
  }
  *ret = m;
  return 0;
}

struct net_mdns *net_mdns_free(struct net_mdns *m) {
  if (!m) return NULL;
  close_group(&m->groups[0]);
  close_group(&m->groups[1]);
  net_timer_free(m->timer);
  mdns_resolver_free(m->resolver);
  mdns_responder_free(m->responder);
  free(m);
  return NULL;
}

int net_mdns_ask(struct net_mdns *m, const struct net_query *q, const char *name) {
  int r = open_groups(m);
  if (r == 0)
    r = mdns_resolver_ask(m->resolver, net_clock_now(), (uint64_t)q->peer << 32 | q->id, name);
  if (r == 0) net_timer_set(m->timer, net_clock_now());
  return r;
}

int net_mdns_publish(struct net_mdns *m, uint32_t peer, const char *name, const struct addr *addr) {
  int r = open_groups(m);
  return r == 0 ? mdns_responder_add(m->responder, peer, name, addr) : r;
}

void net_mdns_withdraw(struct net_mdns *m, uint32_t peer) {
  mdns_responder_remove(m->responder, peer);
  net_timer_set(m->timer, net_clock_now());
}
