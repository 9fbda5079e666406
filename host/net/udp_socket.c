#include "net/udp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"

/* The kernel cuts it down to net.core.rmem_max and wmem_max. */
#define UDP_BUFFER (2 * 1024 * 1024)

struct option {
  int level, name, value;
  bool needed;
};

static const struct option common_options[] = {
    {SOL_SOCKET, SO_RCVBUF, UDP_BUFFER, false},
    {SOL_SOCKET, SO_SNDBUF, UDP_BUFFER, false},
    {IPPROTO_UDP, UDP_GRO, 1, false},
};
/* PROBE: the don't-fragment bit, and the kernel's own idea of the path MTU is not consulted. */
static const struct option v4_options[] = {
    {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, true},
};
static const struct option v6_options[] = {
    {IPPROTO_IPV6, IPV6_V6ONLY, 1, true},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE, true},
};

static int set_options(int fd, const struct option *options, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const struct option *o = &options[i];
    if (setsockopt(fd, o->level, o->name, &o->value, sizeof o->value) < 0 && o->needed)
      return -errno;
  }
  return 0;
}

static int set_all_options(int fd, enum addr_family family) {
  int r = set_options(fd, common_options, sizeof common_options / sizeof *common_options);
  if (r != 0) return r;
  if (family == ADDR_V4) return set_options(fd, v4_options, sizeof v4_options / sizeof *v4_options);
  return set_options(fd, v6_options, sizeof v6_options / sizeof *v6_options);
}

static int bind_port(int fd, const struct addr *local, uint16_t port) {
  struct addr a = *local;
  a.port = port;
  struct sockaddr_storage s;
  socklen_t n = net_sockaddr_from(&a, &s);
  return bind(fd, (struct sockaddr *)&s, n) < 0 ? -errno : 0;
}

/* Every port of the range once, from a random one on. */
static int bind_range(int fd, const struct net_udp_place *place, const struct rng *rng) {
  uint32_t count = (uint32_t)(place->port_max - place->port_min) + 1;
  uint32_t first = rng_below(rng, count);
  int r = -EADDRINUSE;
  for (uint32_t i = 0; i < count && (r == -EADDRINUSE || r == -EACCES); i++)
    r = bind_port(fd, &place->local, (uint16_t)(place->port_min + (first + i) % count));
  return r;
}

static int bind_place(int fd, const struct net_udp_place *place, const struct rng *rng) {
  bool any = place->port_max == 0 || place->port_max < place->port_min;
  if (place->local.port != 0 || any) return bind_port(fd, &place->local, place->local.port);
  return bind_range(fd, place, rng);
}

static int bound_address(int fd, struct addr *ret) {
  struct sockaddr_storage s;
  socklen_t n = sizeof s;
  if (getsockname(fd, (struct sockaddr *)&s, &n) < 0) return -errno;
  return net_sockaddr_to((const struct sockaddr *)&s, ret) ? 0 : -EAFNOSUPPORT;
}

int net_udp_open(const struct net_udp_place *place, const struct rng *rng, struct addr *ret_local) {
  if (addr_ip_size(&place->local) == 0) return -EAFNOSUPPORT;
  int family = place->local.family == ADDR_V4 ? AF_INET : AF_INET6;
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return -errno;
  struct addr local;
  int r = set_all_options(fd, place->local.family);
  if (r == 0) r = bind_place(fd, place, rng);
  if (r == 0) r = bound_address(fd, &local);
  if (r != 0) {
    close(fd);
    return r;
  }
  *ret_local = local;
  return fd;
}

bool net_udp_has_segment(int fd) {
  int size;
  socklen_t n = sizeof size;
  return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &n) == 0;
}
