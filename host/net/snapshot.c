#include "net/snapshot.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/interface_type.h"

#define SYSFS    "/sys/class/net"
#define ATTEMPTS 4     /* at a dump that a change interrupts */
#define MESSAGES 32768 /* bytes: no part of a dump is longer, so that none is peeked at first */

/* A growing array of zeroed elements. */
struct array {
  void *p;
  size_t n, cap;
};

struct net_snapshot {
  struct array interfaces, addrs, routes;
  struct array on; /* bool for each interface: it is switched on, carrier or not */
  struct rpc_network network;
  bool failed; /* an allocation did */
};

/* The next element, zeroed (padding too: snapshots are compared as memory); NULL: out of memory. */
static void *add(struct net_snapshot *s, struct array *a, size_t size) {
  if (a->n == a->cap) {
    size_t cap = a->cap * 2 + 8;
    void *p = realloc(a->p, cap * size);
    if (!p) {
      s->failed = true;
      return NULL;
    }
    a->p = p;
    a->cap = cap;
  }
  return memset((char *)a->p + a->n++ * size, 0, size);
}

static void copy_name(char to[16], const char *from) {
  size_t n = strnlen(from, 15);
  memcpy(to, from, n);
  to[n] = '\0';
}

static const char *link_kind(struct nlattr *const info) {
  struct nlattr *in[IFLA_INFO_MAX + 1];
  if (!info || nla_parse_nested(in, IFLA_INFO_MAX, info, NULL) < 0) return NULL;
  return in[IFLA_INFO_KIND] ? nla_get_string(in[IFLA_INFO_KIND]) : NULL;
}

static int on_link(struct nl_msg *msg, void *ctx) {
  struct net_snapshot *s = ctx;
  struct nlmsghdr *h = nlmsg_hdr(msg);
  struct nlattr *in[IFLA_MAX + 1];
  if (h->nlmsg_type != RTM_NEWLINK) return NL_OK;
  if (nlmsg_parse(h, sizeof(struct ifinfomsg), in, IFLA_MAX, NULL) < 0) return NL_OK;
  const struct ifinfomsg *info = nlmsg_data(h);
  if (!in[IFLA_IFNAME]) return NL_OK;
  bool *on = add(s, &s->on, sizeof *on);
  struct rpc_interface *i = on ? add(s, &s->interfaces, sizeof *i) : NULL;
  if (!i) return NL_OK;
  *on = info->ifi_flags & IFF_UP;
  copy_name(i->name, nla_get_string(in[IFLA_IFNAME]));
  i->index = (uint32_t)info->ifi_index;
  i->mtu = in[IFLA_MTU] ? nla_get_u32(in[IFLA_MTU]) : 0;
  i->up = *on && (info->ifi_flags & IFF_RUNNING);
  i->loopback = info->ifi_flags & IFF_LOOPBACK;
  struct net_interface_facts facts = {.name = i->name,
                                      .kind = link_kind(in[IFLA_LINKINFO]),
                                      .arphrd = info->ifi_type,
                                      .loopback = i->loopback};
  i->type = net_interface_type(&facts, SYSFS);
  return NL_OK;
}

/* The interface, if it is switched on. */
static const struct rpc_interface *find_on(const struct net_snapshot *s, uint32_t index) {
  const struct rpc_interface *i = s->interfaces.p;
  const bool *on = s->on.p;
  for (size_t k = 0; k < s->interfaces.n; k++)
    if (i[k].index == index) return on[k] ? &i[k] : NULL;
  return NULL;
}

static bool read_ip(uint8_t family, struct nlattr *a, struct addr *ret) {
  size_t size = family == AF_INET ? 4 : 16;
  if ((family != AF_INET && family != AF_INET6) || !a || (size_t)nla_len(a) < size) return false;
  ret->family = family == AF_INET ? ADDR_V4 : ADDR_V6;
  memcpy(ret->ip, nla_data(a), size);
  return true;
}

static bool usable(uint32_t flags) {
  bool tentative = (flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC);
  return !tentative && !(flags & IFA_F_DADFAILED);
}

static int on_addr(struct nl_msg *msg, void *ctx) {
  struct net_snapshot *s = ctx;
  struct nlmsghdr *h = nlmsg_hdr(msg);
  struct nlattr *in[IFA_MAX + 1];
  if (h->nlmsg_type != RTM_NEWADDR) return NL_OK;
  if (nlmsg_parse(h, sizeof(struct ifaddrmsg), in, IFA_MAX, NULL) < 0) return NL_OK;
  const struct ifaddrmsg *info = nlmsg_data(h);
  const struct rpc_interface *i = find_on(s, info->ifa_index);
  uint32_t flags = in[IFA_FLAGS] ? nla_get_u32(in[IFA_FLAGS]) : info->ifa_flags;
  struct addr addr = {.family = ADDR_NONE};
  /* IFA_ADDRESS is the far end of a point-to-point link; IFA_LOCAL is ours, if it is there. */
  struct nlattr *own = in[IFA_LOCAL] ? in[IFA_LOCAL] : in[IFA_ADDRESS];
  if (!i || !usable(flags) || !read_ip(info->ifa_family, own, &addr)) return NL_OK;
  struct ice_interface_addr *a = add(s, &s->addrs, sizeof *a);
  if (!a) return NL_OK;
  memcpy(a->name, i->name, sizeof a->name);
  a->addr.family = addr.family;
  memcpy(a->addr.ip, addr.ip, sizeof addr.ip);
  if (addr.family == ADDR_V6 && addr_scope(&addr) == ADDR_SCOPE_LINK)
    a->addr.scope = info->ifa_index;
  /* For IPv4 the same bit means "secondary". */
  a->temporary = addr.family == ADDR_V6 && (flags & IFA_F_TEMPORARY);
  a->deprecated = flags & IFA_F_DEPRECATED;
  return NL_OK;
}

static void add_route(struct net_snapshot *s, uint8_t family, uint32_t metric, uint32_t interface,
                      struct nlattr *gateway) {
  struct rpc_route *r = add(s, &s->routes, sizeof *r);
  if (!r) return;
  (void)read_ip(family, gateway, &r->gateway);
  if (r->gateway.family == ADDR_V6 && addr_scope(&r->gateway) == ADDR_SCOPE_LINK)
    r->gateway.scope = interface;
  r->family = family == AF_INET ? ADDR_V4 : ADDR_V6;
  r->interface = interface;
  r->metric = metric;
}

/* The next hops of a route that has several. */
static void add_hops(struct net_snapshot *s, uint8_t family, uint32_t metric, struct nlattr *hops) {
  const char *at = nla_data(hops);
  size_t left = (size_t)nla_len(hops);
  struct rtnexthop hop;
  while (left >= sizeof hop) {
    memcpy(&hop, at, sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > left) return;
    struct nlattr *in[RTA_MAX + 1] = {0};
    (void)nla_parse(in, RTA_MAX, (struct nlattr *)(uintptr_t)(at + sizeof hop),
                    hop.rtnh_len - (int)sizeof hop, NULL);
    add_route(s, family, metric, (uint32_t)hop.rtnh_ifindex, in[RTA_GATEWAY]);
    size_t step = NLMSG_ALIGN((size_t)hop.rtnh_len);
    if (step > left) return;
    at += step;
    left -= step;
  }
}

static bool is_default(const struct rtmsg *r, struct nlattr *table) {
  uint32_t number = table ? nla_get_u32(table) : r->rtm_table;
  return r->rtm_dst_len == 0 && r->rtm_type == RTN_UNICAST && number == RT_TABLE_MAIN &&
         !(r->rtm_flags & RTM_F_CLONED) && (r->rtm_family == AF_INET || r->rtm_family == AF_INET6);
}

static int on_route(struct nl_msg *msg, void *ctx) {
  struct net_snapshot *s = ctx;
  struct nlmsghdr *h = nlmsg_hdr(msg);
  struct nlattr *in[RTA_MAX + 1];
  if (h->nlmsg_type != RTM_NEWROUTE) return NL_OK;
  if (nlmsg_parse(h, sizeof(struct rtmsg), in, RTA_MAX, NULL) < 0) return NL_OK;
  const struct rtmsg *r = nlmsg_data(h);
  if (!is_default(r, in[RTA_TABLE])) return NL_OK;
  uint32_t metric = in[RTA_PRIORITY] ? nla_get_u32(in[RTA_PRIORITY]) : 0;
  if (in[RTA_MULTIPATH])
    add_hops(s, r->rtm_family, metric, in[RTA_MULTIPATH]);
  else if (in[RTA_OIF])
    add_route(s, r->rtm_family, metric, nla_get_u32(in[RTA_OIF]), in[RTA_GATEWAY]);
  return NL_OK;
}

struct dump {
  int type;
  int (*on_message)(struct nl_msg *msg, void *ctx);
  size_t header; /* bytes of the request's own header */
};

static const struct dump dumps[] = {
    {RTM_GETLINK, on_link, sizeof(struct ifinfomsg)},
    {RTM_GETADDR, on_addr, sizeof(struct ifaddrmsg)},
    {RTM_GETROUTE, on_route, sizeof(struct rtmsg)},
};

static int errno_of(int nl) {
  return nl == -NLE_NOMEM ? -ENOMEM : nl == -NLE_DUMP_INTR ? -EAGAIN : -EIO;
}

/* Runs one dump into the snapshot. */
static int run(struct net_snapshot *s, struct nl_sock *sock, const struct dump *d) {
  static const char header[sizeof(struct ifinfomsg) + sizeof(struct rtmsg)] = {AF_UNSPEC};
  nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, d->on_message, s);
  int r = nl_send_simple(sock, d->type, NLM_F_DUMP, (void *)(uintptr_t)header, d->header);
  if (r >= 0) r = nl_recvmsgs_default(sock);
  if (s->failed) return -ENOMEM;
  return r < 0 ? errno_of(r) : 0;
}

static int run_all(struct net_snapshot *s, struct nl_sock *sock) {
  s->interfaces.n = s->on.n = s->addrs.n = s->routes.n = 0;
  int r = 0;
  for (size_t i = 0; i < sizeof dumps / sizeof *dumps && r == 0; i++) r = run(s, sock, &dumps[i]);
  return r;
}

static int read_kernel(struct net_snapshot *s) {
  struct nl_sock *sock = nl_socket_alloc();
  if (!sock) return -ENOMEM;
  nl_socket_disable_msg_peek(sock);
  int nl = nl_socket_set_msg_buf_size(sock, MESSAGES);
  if (nl >= 0) nl = nl_connect(sock, NETLINK_ROUTE);
  int r = nl < 0 ? errno_of(nl) : -EAGAIN;
  for (int i = 0; i < ATTEMPTS && r == -EAGAIN; i++) r = run_all(s, sock);
  nl_socket_free(sock);
  return r;
}

int net_snapshot_new(struct net_snapshot **ret) {
  struct net_snapshot *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  int r = read_kernel(s);
  if (r != 0) {
    net_snapshot_free(s);
    return r;
  }
  s->network = (struct rpc_network){.interfaces = s->interfaces.p,
                                    .n_interfaces = s->interfaces.n,
                                    .addrs = s->addrs.p,
                                    .n_addrs = s->addrs.n,
                                    .routes = s->routes.p,
                                    .n_routes = s->routes.n};
  *ret = s;
  return 0;
}

struct net_snapshot *net_snapshot_free(struct net_snapshot *s) {
  if (!s) return NULL;
  free(s->interfaces.p);
  free(s->on.p);
  free(s->addrs.p);
  free(s->routes.p);
  free(s);
  return NULL;
}

const struct rpc_network *net_snapshot_network(const struct net_snapshot *s) {
  return &s->network;
}

static bool same(const struct array *a, const struct array *b, size_t size) {
  return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n * size) == 0);
}

bool net_snapshot_equal(const struct net_snapshot *a, const struct net_snapshot *b) {
  return same(&a->interfaces, &b->interfaces, sizeof(struct rpc_interface)) &&
         same(&a->addrs, &b->addrs, sizeof(struct ice_interface_addr)) &&
         same(&a->routes, &b->routes, sizeof(struct rpc_route));
}
