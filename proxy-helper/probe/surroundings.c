#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "net/resolve.h"
#include "net/snapshot.h"
#include "net/timer.h"
#include "probe/attempt.h"
#include "probe/state.h"

#define NOBODY_TIME (2 * MONO_S)

/* One connection that should not come about. */
struct stranger {
  struct surroundings *of;
  struct attempt *attempt;
  const char *id, *what;
  bool open;
};

/* A question to one resolver, or to an address where none is. */
struct inquiry {
  struct surroundings *of;
  struct net_resolver *resolver;
  char server[ADDR_TEXT_MAX];
  mono_us asked_at;
  bool open;
};

#define RESOLVERS 4

struct surroundings {
  struct run *run;
  struct stranger testnet, hop1;
  struct inquiry nobody, known[RESOLVERS];
  size_t n_known;
  struct net_timer *end; /* of all inquiries */
};

static struct evidence_list *environment(const struct surroundings *s) {
  return &s->run->cfg.report->environment;
}

/* --- the machine --- */

static void say_interfaces(struct evidence_list *env, const struct rpc_network *n,
                           bool *ret_usable) {
  char text[ADDR_TEXT_MAX];
  for (size_t i = 0; i < n->n_addrs; i++) {
    const struct ice_interface_addr *a = &n->addrs[i];
    enum addr_scope scope = addr_scope(&a->addr);
    if (scope == ADDR_SCOPE_LOOPBACK) continue;
    evidence_add(env, "interface", a->name, "%s %s", a->name, addr_format_ip(&a->addr, text));
    *ret_usable |= scope != ADDR_SCOPE_LINK;
  }
}

static void say_routes(struct evidence_list *env, const struct rpc_network *n) {
  char text[ADDR_TEXT_MAX], mtu[16];
  for (size_t i = 0; i < n->n_routes; i++) {
    if (n->routes[i].gateway.family == ADDR_NONE) continue;
    (void)addr_format_ip(&n->routes[i].gateway, text);
    if (!evidence_value(env, "gateway")) evidence_add(env, "gateway", text, "gateway %s", text);
    for (size_t k = 0; k < n->n_interfaces; k++) {
      if (n->interfaces[k].index != n->routes[i].interface || evidence_value(env, "mtu")) continue;
      (void)snprintf(mtu, sizeof mtu, "%u", n->interfaces[k].mtu);
      evidence_add(env, "mtu", mtu, "MTU %s of %s", mtu, n->interfaces[k].name);
    }
  }
}

static void say_machine(struct evidence_list *env) {
  struct net_snapshot *snapshot;
  bool usable = false;
  if (net_snapshot_new(&snapshot) == 0) {
    const struct rpc_network *n = net_snapshot_network(snapshot);
    say_interfaces(env, n, &usable);
    say_routes(env, n);
    bool there = usable && n->n_routes > 0;
    evidence_add(env, "network", there ? "there" : "none",
                 there ? "the machine has an address and a default route"
                       : "the machine has no address or no default route");
    net_snapshot_free(snapshot);
  }
}

/* --- who answers for others --- */

static void stranger_over(struct stranger *s, const char *value, const char *how) {
  if (!s->open) return;
  s->open = false;
  evidence_add(environment(s->of), s->id, value, "%s %s", s->what, how);
  run_closed(s->of->run);
}

static void on_stranger_up(void *ctx) {
  stranger_over(ctx, "connected", "is accepted");
}

static void on_stranger_bytes(void *ctx, struct bytes bytes) {
  (void)ctx;
  (void)bytes;
}

static void on_stranger_ended(void *ctx, enum attempt_step step, enum attempt_end how) {
  (void)step;
  (void)how;
  stranger_over(ctx, "none", "is not accepted");
}

static void approach(struct stranger *s, const struct addr *remote, int ttl) {
  const struct attempt_cfg cfg = {.loop = s->of->run->cfg.loop,
                                  .remote = *remote,
                                  .ttl = ttl,
                                  .tcp_time = NOBODY_TIME,
                                  .time = NOBODY_TIME,
                                  .up_time = NOBODY_TIME,
                                  .ctx = s,
                                  .up = on_stranger_up,
                                  .received = on_stranger_bytes,
                                  .ended = on_stranger_ended};
  s->open = true;
  s->of->run->open++;
  if (attempt_new(&s->attempt, &cfg) < 0) stranger_over(s, "none", "is not possible");
}

static void say_inquiry(const struct inquiry *q, int err) {
  struct evidence_list *env = environment(q->of);
  unsigned long long ms = (net_clock_now() - q->asked_at) / MONO_MS;
  bool answers = err == 0 || err == -ENOENT; /* "no such name" is an answer too */
  if (q == &q->of->nobody)
    evidence_add(env, "dns.nobody", answers ? "answered" : "silent",
                 "a DNS query to 192.0.2.53, where no resolver is, %s",
                 answers ? "is answered: port 53 is intercepted" : "got no answer");
  else if (err == -ETIMEDOUT)
    evidence_add(env, "resolver", "silent", "resolver %s gives no answer", q->server);
  else
    evidence_add(env, "resolver", err == 0 ? "answers" : "refuses", "resolver %s %s in %llu ms",
                 q->server, err == 0 ? "answers" : "has no address to give", ms);
}

static void inquiry_over(struct inquiry *q, int err) {
  if (!q->open) return;
  q->open = false;
  say_inquiry(q, err);
  run_closed(q->of->run);
}

static void on_inquired(void *ctx, const struct net_query *query, int err, const struct addr *addrs,
                        size_t n) {
  (void)query;
  (void)addrs;
  inquiry_over(ctx, err == 0 && n == 0 ? -ENOENT : err);
}

static void on_inquiries_end(void *ctx) {
  struct surroundings *s = ctx;
  inquiry_over(&s->nobody, -ETIMEDOUT);
  for (size_t i = 0; i < s->n_known; i++) inquiry_over(&s->known[i], -ETIMEDOUT);
}

static const char *any_name(const struct report *r) {
  struct addr literal;
  for (size_t i = 0; i < r->n; i++)
    if (!r->rows[i].unnamed && !addr_parse_ip(r->rows[i].host, 0, &literal)) return r->rows[i].host;
  return NULL;
}

static int inquire(struct surroundings *s, struct inquiry *q, const char *server,
                   const char *name) {
  const struct net_query none = {0};
  q->of = s;
  (void)snprintf(q->server, sizeof q->server, "%s", server);
  int r = net_resolver_new(&q->resolver, s->run->cfg.loop, on_inquired, q);
  if (r == 0) r = net_resolver_set_servers(q->resolver, server);
  if (r == 0) r = net_resolver_ask(q->resolver, &none, name);
  if (r < 0) return r == -ENOMEM ? r : 0;
  q->asked_at = net_clock_now();
  q->open = true;
  s->run->open++;
  return 0;
}

static int inquire_all(struct surroundings *s) {
  const char *name = any_name(s->run->cfg.report);
  char servers[512], *at = servers, *one;
  int r = net_timer_new(&s->end, s->run->cfg.loop, on_inquiries_end, s);
  if (r < 0 || !name) return r;
  r = inquire(s, &s->nobody, "192.0.2.53:53", name);
  if (net_resolver_servers(servers, sizeof servers) == 0)
    while (r == 0 && s->n_known < RESOLVERS && (one = strsep(&at, ",")))
      if (*one) r = inquire(s, &s->known[s->n_known++], one, name);
  net_timer_set(s->end, mono_add(net_clock_now(), NOBODY_TIME));
  return r;
}

int surroundings_new(struct surroundings **ret, struct run *run) {
  const struct addr nobody = addr_v4(192, 0, 2, 1, 443);
  struct surroundings *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->run = run;
  s->testnet = (struct stranger){
      .of = s, .id = "testnet.tcp", .what = "TCP to 192.0.2.1 port 443, where nobody is,"};
  s->hop1 = (struct stranger){
      .of = s, .id = "hop1.tcp", .what = "TCP to a service that may pass no router (TTL 1)"};
  say_machine(environment(s));
  int r = inquire_all(s);
  if (r < 0) {
    surroundings_free(s);
    return r;
  }
  approach(&s->testnet, &nobody, 0);
  *ret = s;
  return 0;
}

void surroundings_know(struct surroundings *s, const struct addr *service) {
  if (s->hop1.attempt || s->hop1.open || service->family != ADDR_V4) return;
  approach(&s->hop1, service, 1);
}

struct surroundings *surroundings_free(struct surroundings *s) {
  if (!s) return NULL;
  attempt_free(s->testnet.attempt);
  attempt_free(s->hop1.attempt);
  net_resolver_free(s->nobody.resolver);
  for (size_t i = 0; i < s->n_known; i++) net_resolver_free(s->known[i].resolver);
  net_timer_free(s->end);
  free(s);
  return NULL;
}
