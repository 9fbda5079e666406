#include "probe/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "net/resolve.h"
#include "net/timer.h"

#define AGAIN   (400 * MONO_MS)
#define GIVE_UP (4500 * MONO_MS)
#define ASKS    9 /* of one name */

struct name {
  const char *host;
  mono_us asked_at; /* first */
  unsigned asks;
  bool over;
};

struct names {
  struct net_resolver *resolver;
  struct net_timer *timer;
  names_fn *fn;
  void *ctx;
  struct name *list;
  size_t n;
};

static void answer(struct names *s, struct name *name, int err, const struct addr *addrs,
                   size_t n) {
  if (name->over) return;
  name->over = true;
  s->fn(s->ctx, name->host, err, addrs, n, net_resolver_canonical(s->resolver));
}

/* A resolver that is silent is asked again; what it says is taken at its word. */
static void on_resolved(void *ctx, const struct net_query *q, int err, const struct addr *addrs,
                        size_t n) {
  struct names *s = ctx;
  if (err != -ETIMEDOUT) answer(s, &s->list[q->id], err, addrs, n);
}

static void ask_once(struct names *s, struct name *name) {
  const struct net_query q = {.id = (uint32_t)(name - s->list)};
  name->asks++;
  (void)net_resolver_ask(s->resolver, &q, name->host); /* failing, it stays silent */
}

static void on_timer(void *ctx) {
  struct names *s = ctx;
  mono_us now = net_clock_now(), at = MONO_NEVER;
  for (size_t i = 0; i < s->n; i++) {
    struct name *name = &s->list[i];
    if (name->over) continue;
    if (now >= mono_add(name->asked_at, GIVE_UP)) {
      answer(s, name, -ETIMEDOUT, NULL, 0);
      continue;
    }
    if (name->asks < ASKS && now >= name->asked_at + name->asks * AGAIN) ask_once(s, name);
    bool more = name->asks < ASKS;
    at = mono_min(at, name->asked_at + (more ? name->asks * AGAIN : GIVE_UP));
  }
  net_timer_set(s->timer, at);
}

int names_new(struct names **ret, uv_loop_t *loop, names_fn *fn, void *ctx) {
  struct names *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->fn = fn;
  s->ctx = ctx;
  int r = net_resolver_new(&s->resolver, loop, on_resolved, s);
  if (r == 0) r = net_timer_new(&s->timer, loop, on_timer, s);
  if (r < 0) {
    names_free(s);
    return r;
  }
  *ret = s;
  return 0;
}

struct names *names_free(struct names *s) {
  if (!s) return NULL;
  net_resolver_free(s->resolver);
  net_timer_free(s->timer);
  free(s->list);
  free(s);
  return NULL;
}

static int add(struct names *s, const char *host) {
  struct name *list = realloc(s->list, (s->n + 1) * sizeof *list);
  if (!list) return -ENOMEM;
  s->list = list;
  s->list[s->n++] = (struct name){.host = host, .over = true};
  return 0;
}

int names_ask(struct names *s, const char *host) {
  size_t i = 0;
  while (i < s->n && strcmp(s->list[i].host, host) != 0) i++;
  if (i == s->n && add(s, host) < 0) return -ENOMEM;
  if (!s->list[i].over) return 0;
  s->list[i] = (struct name){.host = host, .asked_at = net_clock_now()};
  net_timer_set(s->timer, net_clock_now());
  return 0;
}
