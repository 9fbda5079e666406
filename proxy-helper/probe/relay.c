#include "probe/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"

#define AGAIN (250 * MONO_MS)
#define TIMES 24 /* each leg is tried so often once it stands: 6 s */

static const char payload[] = "senso relay check";

struct leg {
  struct relay *of;
  struct talk *talk;
  struct addr relayed, mapped;
  bool settled, stands, good; /* settled: allocated or not */
  unsigned times;
};

struct relay {
  struct relay_cfg cfg;
  struct leg legs[RELAY_LEGS];
  int fd; /* sends to the relayed addresses */
  struct net_timer *timer;
  bool over;
};

/* The sockets of the allocations are seen with different addresses. */
static bool has_pool(const struct relay *r) {
  const struct leg *first = NULL;
  for (size_t i = 0; i < RELAY_LEGS; i++) {
    const struct leg *l = &r->legs[i];
    if (!l->stands) continue;
    if (first && !addr_ip_equal(&first->mapped, &l->mapped)) return true;
    first = l;
  }
  return false;
}

static void conclude(struct relay *r) {
  unsigned good = 0, all = 0;
  struct text ports = {0};
  if (r->over) return;
  r->over = true;
  for (size_t i = 0; i < RELAY_LEGS; i++) {
    const struct leg *l = &r->legs[i];
    good += l->good;
    all += l->stands;
    if (l->stands && !l->good) text_addf(&ports, "%s%u", ports.n ? ", " : "", l->relayed.port);
  }
  net_timer_set(r->timer, MONO_NEVER);
  r->cfg.done(r->cfg.ctx, good, all, has_pool(r), ports.p ? ports.p : "");
  text_free(&ports);
}

/* It stands, and may still be reached. */
static bool is_open(const struct leg *l) {
  return l->stands && !l->good && l->times < TIMES;
}

static bool all_done(const struct relay *r) {
  for (size_t i = 0; i < RELAY_LEGS; i++)
    if (!r->legs[i].settled || is_open(&r->legs[i])) return false;
  return true;
}

static void send_to(const struct relay *r, const struct addr *to) {
  struct sockaddr_storage at;
  socklen_t n = net_sockaddr_from(to, &at);
  (void)sendto(r->fd, payload, sizeof payload, MSG_NOSIGNAL, (const struct sockaddr *)&at, n);
}

static void on_timer(void *ctx) {
  struct relay *r = ctx;
  if (all_done(r)) {
    conclude(r);
    return;
  }
  for (size_t i = 0; i < RELAY_LEGS; i++) {
    struct leg *l = &r->legs[i];
    if (!is_open(l)) continue;
    l->times++;
    send_to(r, &l->relayed);
  }
  net_timer_set(r->timer, mono_add(net_clock_now(), AGAIN));
}

/* A permission is for an address, whatever the port. The other socket's is mostly the one of the
 * allocation; where a NAT has a pool, that of another allocation may be. */
static void permit(struct leg *l) {
  for (size_t i = 0; i < RELAY_LEGS; i++) {
    struct leg *other = &l->of->legs[i];
    if (!other->stands) continue;
    talk_send(l->talk, &other->mapped, bytes_of("permission"));
    if (other != l && !addr_ip_equal(&other->mapped, &l->mapped))
      talk_send(other->talk, &l->mapped, bytes_of("permission"));
  }
}

static void on_done(void *ctx, const struct talk_result *result) {
  struct leg *l = ctx;
  l->settled = true;
  l->stands = result->relayed.family == l->of->cfg.server.family; /* or we could not send there */
  l->relayed = result->relayed;
  if (!l->stands) return;
  l->mapped = result->mapped;
  permit(l);
  net_timer_set(l->of->timer, net_clock_now());
}

static void on_data(void *ctx, struct bytes data) {
  struct leg *l = ctx;
  if (data.n != sizeof payload || memcmp(data.p, payload, data.n) != 0) return;
  l->good = true;
  if (all_done(l->of)) net_timer_set(l->of->timer, net_clock_now());
}

static int begin(struct relay *r) {
  int e = net_timer_new(&r->timer, r->cfg.loop, on_timer, r);
  int family = r->cfg.server.family == ADDR_V6 ? AF_INET6 : AF_INET;
  r->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (e == 0 && r->fd < 0) e = -errno;
  for (size_t i = 0; e == 0 && i < RELAY_LEGS; i++) {
    r->legs[i].of = r;
    const struct talk_cfg cfg = {.loop = r->cfg.loop,
                                 .rng = r->cfg.rng,
                                 .kind = TALK_ALLOCATE,
                                 .remote = r->cfg.server,
                                 .username = r->cfg.username,
                                 .credential = r->cfg.credential,
                                 .ctx = &r->legs[i],
                                 .done = on_done,
                                 .data = on_data};
    e = talk_new(&r->legs[i].talk, &cfg);
  }
  if (e == 0) net_timer_set(r->timer, mono_add(net_clock_now(), AGAIN));
  return e;
}

int relay_new(struct relay **ret, const struct relay_cfg *cfg) {
  struct relay *r = calloc(1, sizeof *r);
  if (!r) return -ENOMEM;
  r->cfg = *cfg;
  r->fd = -1;
  int e = begin(r);
  if (e < 0) {
    relay_free(r);
    return e;
  }
  *ret = r;
  return 0;
}

struct relay *relay_free(struct relay *r) {
  if (!r) return NULL;
  for (size_t i = 0; i < RELAY_LEGS; i++) talk_free(r->legs[i].talk);
  net_timer_free(r->timer);
  if (r->fd >= 0) close(r->fd);
  free(r);
  return NULL;
}
