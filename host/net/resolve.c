#include "net/resolve.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"
#include "net/watch.h"

#define TRY_MS 1500 /* the first wait for a server's answer; it doubles with each round */
#define TRIES  2

/* A socket of c-ares. */
struct server_socket {
  struct list node;
  struct net_watch *watch;
  struct net_resolver *resolver;
  ares_socket_t fd;
};

struct question {
  struct list node; /* in asked, then in answered */
  struct net_resolver *resolver;
  struct net_query query;
  int err;
  size_t n;
  struct addr addrs[NET_RESOLVE_ADDRS];
  char *canonical; /* after aliases; NULL: there was none */
};

struct net_resolver {
  uv_loop_t *loop;
  net_resolved_fn *fn;
  void *ctx;
  struct net_timer *timer; /* c-ares's next timeout, or answers to hand out */
  ares_channel channel;    /* NULL while nothing is asked */
  char *servers;
  const char *canonical; /* of the answer that is being told */
  struct list asked, answered, sockets;
};

static int errno_of(int status) {
  static const struct {
    int status, err;
  } table[] = {
      {ARES_SUCCESS, 0},           {ARES_ENOTFOUND, -ENOENT},    {ARES_ENODATA, -ENOENT},
      {ARES_ETIMEOUT, -ETIMEDOUT}, {ARES_ECONNREFUSED, -EAGAIN}, {ARES_ENOMEM, -ENOMEM},
      {ARES_EBADNAME, -EINVAL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].status == status) return table[i].err;
  return -EAGAIN;
}

static void close_socket(struct server_socket *s) {
  list_remove(&s->node);
  net_watch_free(s->watch);
  free(s);
}

static void arm(struct net_resolver *r) {
  if (!list_empty(&r->answered)) {
    net_timer_set(r->timer, net_clock_now());
    return;
  }
  struct timeval t, *next = r->channel ? ares_timeout(r->channel, NULL, &t) : NULL;
  mono_us in = next ? (mono_us)next->tv_sec * MONO_S + (mono_us)next->tv_usec : 0;
  net_timer_set(r->timer, next ? mono_add(net_clock_now(), in) : MONO_NEVER);
}

static void on_socket(void *ctx, int events) {
  struct server_socket *s = ctx;
  struct net_resolver *r = s->resolver;
  ares_socket_t fd = s->fd;
  bool again = events & NET_HANGUP;
  ares_process_fd(r->channel, events & (NET_READABLE | NET_HANGUP) ? fd : ARES_SOCKET_BAD,
                  events & NET_WRITABLE ? fd : ARES_SOCKET_BAD);
  if (again) /* s may be gone by now */
    LIST_EACH(it, &r->sockets) {
      struct server_socket *k = LIST_ENTRY(it, struct server_socket, node);
      if (k->fd == fd) (void)net_watch_set(k->watch, NET_READABLE);
    }
  arm(r);
}

static struct server_socket *find_socket(struct net_resolver *r, ares_socket_t fd) {
  LIST_EACH(it, &r->sockets) {
    struct server_socket *s = LIST_ENTRY(it, struct server_socket, node);
    if (s->fd == fd) return s;
  }
  return NULL;
}

/* Without memory for a watch the question runs into its timeout. */
static struct server_socket *add_socket(struct net_resolver *r, ares_socket_t fd) {
  struct server_socket *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->resolver = r;
  s->fd = fd;
  if (net_watch_new(&s->watch, r->loop, fd, true, on_socket, s) != 0) {
    free(s);
    return NULL;
  }
  list_push_back(&r->sockets, &s->node);
  return s;
}

/* c-ares says what it waits for on a socket; nothing: it is about to close it. */
static void on_state(void *ctx, ares_socket_t fd, int readable, int writable) {
  struct net_resolver *r = ctx;
  struct server_socket *s = find_socket(r, fd);
  if (!readable && !writable) {
    if (s) close_socket(s);
    return;
  }
  if (!s) s = add_socket(r, fd);
  if (s)
    (void)net_watch_set(s->watch, (readable ? NET_READABLE : 0) | (writable ? NET_WRITABLE : 0));
}

static void close_channel(struct net_resolver *r) {
  if (r->channel) ares_destroy(r->channel);
  r->channel = NULL;
}

static int open_channel(struct net_resolver *r) {
  struct ares_options options = {
      .timeout = TRY_MS, .tries = TRIES, .sock_state_cb = on_state, .sock_state_cb_data = r};
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  int status = ares_init_options(&r->channel, &options, mask);
  if (status == ARES_SUCCESS && r->servers)
    status = ares_set_servers_ports_csv(r->channel, r->servers);
  if (status == ARES_SUCCESS) return 0;
  close_channel(r);
  return errno_of(status);
}

/* Hands out the answers; the callbacks may ask again. */
static void on_timer(void *ctx) {
  struct net_resolver *r = ctx;
  if (r->channel) ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  struct list *node;
  while ((node = list_pop_front(&r->answered))) {
    struct question *q = LIST_ENTRY(node, struct question, node);
    r->canonical = q->canonical;
    r->fn(r->ctx, &q->query, q->err, q->addrs, q->n);
    r->canonical = NULL;
    free(q->canonical);
    free(q);
  }
  if (list_empty(&r->asked)) close_channel(r);
  arm(r);
}

static void keep_addresses(struct question *q, const struct ares_addrinfo *info) {
  for (const struct ares_addrinfo_node *a = info->nodes; a; a = a->ai_next)
    if (q->n < NET_RESOLVE_ADDRS && net_sockaddr_to(a->ai_addr, &q->addrs[q->n])) q->n++;
  for (const struct ares_addrinfo_cname *c = info->cnames; c; c = c->next) {
    if (!c->name || c->next) continue;
    free(q->canonical);
    q->canonical = strdup(c->name); /* without memory it is not known */
  }
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *info) {
  struct question *q = ctx;
  struct net_resolver *r = q->resolver;
  (void)timeouts;
  if (status == ARES_SUCCESS && info) keep_addresses(q, info);
  ares_freeaddrinfo(info);
  q->err = status == ARES_SUCCESS && q->n == 0 ? -ENOENT : errno_of(status);
  list_remove(&q->node);
  list_push_back(&r->answered, &q->node);
}

int net_resolver_new(struct net_resolver **ret, uv_loop_t *loop, net_resolved_fn *fn, void *ctx) {
  struct net_resolver *r = calloc(1, sizeof *r);
  if (!r) return -ENOMEM;
  list_init(&r->asked);
  list_init(&r->answered);
  list_init(&r->sockets);
  r->loop = loop;
  r->fn = fn;
  r->ctx = ctx;
  int err = net_timer_new(&r->timer, loop, on_timer, r);
  if (err != 0) {
    free(r);
    return err;
  }
  *ret = r;
  return 0;
}

struct net_resolver *net_resolver_free(struct net_resolver *r) {
  if (!r) return NULL;
  close_channel(r); /* answers every question */
  struct list *node;
  while ((node = list_pop_front(&r->answered))) {
    struct question *q = LIST_ENTRY(node, struct question, node);
    free(q->canonical);
    free(q);
  }
  LIST_EACH_SAFE(it, next, &r->sockets) close_socket(LIST_ENTRY(it, struct server_socket, node));
  net_timer_free(r->timer);
  free(r->servers);
  free(r);
  return NULL;
}

static int ask_servers(struct net_resolver *r, struct question *q, const char *name) {
  int err = r->channel ? 0 : open_channel(r);
  if (err != 0) return err;
  list_push_back(&r->asked, &q->node);
  struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
  ares_getaddrinfo(r->channel, name, NULL, &hints, on_answer, q);
  arm(r);
  return 0;
}

int net_resolver_ask(struct net_resolver *r, const struct net_query *query, const char *name) {
  struct question *q = calloc(1, sizeof *q);
  if (!q) return -ENOMEM;
  q->resolver = r;
  q->query = *query;
  if (addr_parse_ip(name, 0, &q->addrs[0])) {
    q->n = 1;
    list_push_back(&r->answered, &q->node);
    arm(r);
    return 0;
  }
  int err = ask_servers(r, q, name);
  if (err != 0) free(q);
  return err;
}

int net_resolver_set_servers(struct net_resolver *r, const char *servers) {
  char *copy = strdup(servers);
  if (!copy) return -ENOMEM;
  free(r->servers);
  r->servers = copy;
  return 0;
}

const char *net_resolver_canonical(const struct net_resolver *r) {
  return r->canonical;
}

static struct addr server_of(const struct ares_addr_port_node *s) {
  struct addr a = {.family = s->family == AF_INET6 ? ADDR_V6 : ADDR_V4,
                   .port = s->udp_port ? (uint16_t)s->udp_port : 53};
  memcpy(a.ip, &s->addr, addr_ip_size(&a));
  return a;
}

int net_resolver_servers(char *to, size_t cap) {
  ares_channel channel;
  struct ares_addr_port_node *list = NULL;
  char text[ADDR_TEXT_MAX];
  int status = ares_init(&channel);
  if (status != ARES_SUCCESS) return errno_of(status);
  status = ares_get_servers_ports(channel, &list);
  to[0] = '\0';
  for (const struct ares_addr_port_node *s = list; s; s = s->next) {
    struct addr a = server_of(s);
    size_t n = strlen(to);
    (void)snprintf(to + n, cap - n, "%s%s", n ? "," : "", addr_format(&a, text));
  }
  ares_free_data(list);
  ares_destroy(channel);
  return errno_of(status);
}
