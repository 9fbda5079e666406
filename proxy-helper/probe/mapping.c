#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"
#include "net/watch.h"
#include "probe/state.h"
#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/transaction.h"

#define SERVERS 8

static const struct stun_schedule schedule = {
    .rto = 250 * MONO_MS, .rto_max = 500 * MONO_MS, .times = 4, .last_wait = 500 * MONO_MS};

struct asked {
  struct addr server, mapped; /* mapped: ADDR_NONE until it is answered */
  struct stun_transaction stun;
  bool open;
};

/* IPv4 only: what has no NAT has no mapping. */
struct mapping {
  struct run *run;
  int fd;
  struct net_watch *watch;
  struct net_timer *timer;
  struct asked asked[SERVERS];
  size_t n;
};

static void close_one(struct mapping *m, struct asked *a) {
  if (!a->open) return;
  a->open = false;
  run_closed(m->run);
}

static void on_readable(void *ctx, int events) {
  struct mapping *m = ctx;
  uint8_t buf[2048];
  struct stun_message msg;
  (void)events;
  for (ssize_t n; (n = recv(m->fd, buf, sizeof buf, MSG_DONTWAIT)) >= 0;) {
    if (stun_parse((struct bytes){buf, (size_t)n}, &msg) < 0 || msg.cls != STUN_SUCCESS) continue;
    for (size_t i = 0; i < m->n; i++) {
      struct asked *a = &m->asked[i];
      if (!a->open || !stun_tid_equal(&msg.tid, &a->stun.tid)) continue;
      (void)stun_get_xor_address(&msg, STUN_ATTR_XOR_MAPPED_ADDRESS, &a->mapped);
      close_one(m, a);
    }
  }
  if (events & NET_HANGUP) (void)net_watch_set(m->watch, NET_READABLE);
}

static void send_one(struct mapping *m, struct asked *a, mono_us now) {
  uint8_t buf[100];
  struct sockaddr_storage to;
  socklen_t n = net_sockaddr_from(&a->server, &to);
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &a->stun.tid);
  stun_put_fingerprint(&w);
  stun_transaction_sent(&a->stun, now);
  (void)sendto(m->fd, buf, w.n, MSG_NOSIGNAL, (const struct sockaddr *)&to, n);
}

static void on_timer(void *ctx) {
  struct mapping *m = ctx;
  mono_us now = net_clock_now(), at = MONO_NEVER;
  for (size_t i = 0; i < m->n; i++) {
    struct asked *a = &m->asked[i];
    if (!a->open) continue;
    enum stun_due due = stun_transaction_due(&a->stun, now);
    if (due == STUN_DUE_SEND) send_one(m, a, now);
    if (due == STUN_DUE_TIMEOUT)
      close_one(m, a);
    else
      at = mono_min(at, a->stun.due);
  }
  net_timer_set(m->timer, at);
}

int mapping_new(struct mapping **ret, struct run *run) {
  struct mapping *m = calloc(1, sizeof *m);
  if (!m) return -ENOMEM;
  m->run = run;
  m->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int r = m->fd < 0 ? -errno : net_watch_new(&m->watch, run->cfg.loop, m->fd, true, on_readable, m);
  if (r == 0) r = net_watch_set(m->watch, NET_READABLE);
  if (r == 0) r = net_timer_new(&m->timer, run->cfg.loop, on_timer, m);
  if (r < 0) {
    mapping_free(m);
    return r;
  }
  *ret = m;
  return 0;
}

struct mapping *mapping_free(struct mapping *m) {
  if (!m) return NULL;
  net_watch_free(m->watch);
  net_timer_free(m->timer);
  if (m->fd >= 0) close(m->fd);
  free(m);
  return NULL;
}

void mapping_ask(struct mapping *m, const struct addr *server) {
  mono_us now = net_clock_now();
  if (server->family != ADDR_V4 || m->n >= SERVERS) return;
  for (size_t i = 0; i < m->n; i++)
    if (addr_equal(&m->asked[i].server, server)) return;
  struct asked *a = &m->asked[m->n++];
  *a = (struct asked){.server = *server, .open = true};
  m->run->open++;
  stun_transaction_start(&a->stun, m->run->cfg.rng, &schedule, now);
  net_timer_set(m->timer, now);
}

/* What two answers differ in. */
struct differences {
  bool port_by_address, port_by_port, address, hosts;
  size_t n;
};

static struct differences compare(const struct mapping *m) {
  struct differences d = {0};
  for (size_t i = 0; i < m->n; i++) {
    const struct asked *a = &m->asked[i];
    if (a->mapped.family == ADDR_NONE) continue;
    d.n++;
    for (size_t k = 0; k < i; k++) {
      const struct asked *b = &m->asked[k];
      if (b->mapped.family == ADDR_NONE) continue;
      bool same_host = addr_ip_equal(&a->server, &b->server);
      bool other_port = a->mapped.port != b->mapped.port;
      d.hosts |= !same_host;
      d.address |= !addr_ip_equal(&a->mapped, &b->mapped);
      d.port_by_port |= same_host && other_port;
      d.port_by_address |= !same_host && other_port;
    }
  }
  return d;
}

void mapping_conclude(struct mapping *m) {
  struct evidence_list *env = &m->run->cfg.report->environment;
  struct differences d = compare(m);
  if (d.n < 2)
    evidence_add(env, "mapping", "unknown",
                 "the NAT's mapping is not known: %zu STUN servers answered, two are needed", d.n);
  else if (d.port_by_port)
    evidence_add(env, "mapping", "address-and-port-dependent",
                 "the NAT maps one socket to other ports for other ports of one server");
  else if (d.port_by_address)
    evidence_add(env, "mapping", "address-dependent",
                 "the NAT maps one socket to other ports for other servers");
  else if (!d.hosts)
    evidence_add(env, "mapping", "unknown",
                 "the NAT's mapping is not known: one address of a STUN server answered, two are "
                 "needed");
  else
    evidence_add(env, "mapping", "endpoint-independent",
                 "the NAT maps one socket to one port for %zu servers%s", d.n,
                 d.address ? ", from a pool of addresses" : "");
}
