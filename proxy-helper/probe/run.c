#include "probe/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "net/timer.h"
#include "probe/names.h"
#include "probe/state.h"

void run_closed(struct run *r) {
  r->open--;
  if (r->open == 0) uv_stop(r->cfg.loop);
}

void run_row_over(struct run_row *row) {
  if (row->over) return;
  row->over = true;
  if (row->run->cfg.row_done) row->run->cfg.row_done(row->run->cfg.ctx, row->result);
  run_closed(row->run);
}

/* --- names --- */

static const char *kind_of(const struct run *r, const struct addr *a) {
  char text[ADDR_TEXT_MAX];
  if (addr_is_any(a)) return "unspecified";
  if (signs_find(r->cfg.signs, SIGN_ADDRESS, addr_format_ip(a, text))) return "vendor";
  switch (addr_scope(a)) {
  case ADDR_SCOPE_LOOPBACK: return "loopback";
  case ADDR_SCOPE_LINK:
  case ADDR_SCOPE_PRIVATE: return "private";
  case ADDR_SCOPE_GLOBAL: break;
  }
  return "global";
}

/* Of the address that is tried first, and of the other family's. */
static void say_found(struct run_row *row, const struct run_addrs *to, bool more,
                      const char *canonical) {
  char text[ADDR_TEXT_MAX];
  struct result *r = row->result;
  const char *kind = kind_of(row->run, &to->list[0]);
  (void)addr_format_ip(&to->list[0], text);
  evidence_add(&r->evidence, "dns", "ok", "DNS: %s is %s%s", r->host, text,
               more ? " (and others)" : "");
  evidence_add(&r->evidence, "dns.address", text, "the first address is %s", text);
  evidence_add(&r->evidence, "dns.kind", kind, "it is %s", kind);
  if (to->n > 1) {
    kind = kind_of(row->run, &to->list[1]);
    evidence_add(&r->evidence, "dns.kind6", kind, "its IPv6 address %s is %s",
                 addr_format_ip(&to->list[1], text), kind);
  }
  if (canonical && strcmp(canonical, r->host) != 0)
    evidence_add(&r->evidence, "dns.canonical", canonical, "%s is an alias of %s", r->host,
                 canonical);
}

static void say_not_found(struct run_row *row, int err) {
  struct result *r = row->result;
  if (err == -ENOENT)
    evidence_add(&r->evidence, "dns", "nxdomain", "DNS: there is no address of %s", r->host);
  else if (err == -ETIMEDOUT)
    evidence_add(&r->evidence, "dns", "timeout", "DNS: no resolver answers for %s", r->host);
  else
    evidence_add(&r->evidence, "dns", "refused", "DNS: the resolver fails or refuses %s", r->host);
}

static struct run_addrs choose(const struct addr *addrs, size_t n, uint16_t port) {
  static const enum addr_family order[] = {ADDR_V4, ADDR_V6};
  struct run_addrs to = {.n = 0};
  for (size_t f = 0; f < 2; f++)
    for (size_t i = 0; i < n; i++) {
      if (addrs[i].family != order[f]) continue;
      to.list[to.n] = addrs[i];
      to.list[to.n++].port = port;
      break;
    }
  return to;
}

void run_reached(struct result *row, const struct addr *a) {
  char text[ADDR_TEXT_MAX];
  free(row->address);
  row->address = strdup(addr_format_ip(a, text));
}

static void begin_row(struct run_row *row, const struct run_addrs *to) {
  struct result *r = row->result;
  bool udp = check_is_udp(r->kind, r->transport);
  int e = 0;
  if (to->n > 0) run_reached(r, &to->list[0]); /* or tried, to begin with */
  if (!udp)
    e = stream_row_new(&row->stream, row, to);
  else if (to->n > 0)
    e = udp_row_new(&row->udp, row, to);
  if (e < 0)
    evidence_add(&r->evidence, "probe", "impossible", "this cannot be tried here: %s",
                 strerror(-e));
  if (e < 0 || (udp && to->n == 0)) run_row_over(row);
  if (to->n > 0 && r->port == 443 && !udp) surroundings_know(row->run->around, &to->list[0]);
}

static void start_rows(struct run *r);

static void proxy_named(struct run *r, const struct addr *addrs, size_t n) {
  const struct run_addrs to = choose(addrs, n, r->proxy.port);
  r->proxy_state = to.n > 0 ? PROXY_KNOWN : PROXY_LOST;
  if (to.n > 0) r->proxy = to.list[0];
  start_rows(r);
  run_closed(r);
}

static void on_named(void *ctx, const char *host, int err, const struct addr *addrs, size_t n,
                     const char *canonical) {
  struct run *r = ctx;
  if (r->proxy_state == PROXY_NAMING) { /* nothing else was asked for yet */
    proxy_named(r, addrs, err == 0 ? n : 0);
    return;
  }
  for (size_t i = 0; i < r->cfg.report->n; i++) {
    struct run_row *row = &r->rows[i];
    if (row->over || row->result->unnamed || strcmp(row->result->host, host) != 0) continue;
    const struct run_addrs to = choose(addrs, err == 0 ? n : 0, row->result->port);
    if (to.n > 0)
      say_found(row, &to, n > 1, canonical);
    else
      say_not_found(row, err ? err : -ENOENT);
    begin_row(row, &to);
  }
}

static void start_row(struct run *r, size_t i) {
  struct run_row *row = &r->rows[i];
  struct result *result = row->result;
  struct addr literal;
  r->open++;
  if (result->unnamed) {
    run_row_over(row);
  } else if (addr_parse_ip(result->host, result->port, &literal)) {
    begin_row(row, &(struct run_addrs){.list = {literal}, .n = 1});
  } else if (names_ask(r->names, result->host) < 0) {
    evidence_add(&result->evidence, "dns", "refused", "DNS cannot be asked here");
    begin_row(row, &(struct run_addrs){.n = 0});
  }
}

/* Once it is known whether there is a proxy to go by. */
static void start_rows(struct run *r) {
  for (size_t i = 0; i < r->cfg.report->n; i++) start_row(r, i);
}

/* --- the proxy --- */

/* "host:port" of "http://login@host:port/" or https, or without a scheme; NULL: it is none. */
static const char *proxy_host(const char *url, size_t *ret_n, bool *ret_tls) {
  const char *host = strstr(url, "://");
  *ret_tls = strncmp(url, "https://", 8) == 0;
  if (host && !*ret_tls && strncmp(url, "http://", 7) != 0) return NULL;
  host = host ? host + 3 : url;
  size_t n = strcspn(host, "/");
  for (const char *at; (at = memchr(host, '@', n)); host = at + 1) n -= (size_t)(at + 1 - host);
  *ret_n = n;
  return host;
}

/* A login that stands in it is neither used nor shown. */
static int read_proxy(struct run *r, char *why, size_t cap) {
  char text[300], *end;
  size_t n = 0;
  if (!r->cfg.proxy) return 0;
  const char *host = proxy_host(r->cfg.proxy, &n, &r->proxy_tls);
  const char *colon = host ? memrchr(host, ':', n) : NULL;
  bool whole = host && !strchr(host + n, '@'); /* else a login with a slash in it */
  if (colon && memchr(colon, ']', n - (size_t)(colon - host))) colon = NULL;
  unsigned long port = colon ? strtoul(colon + 1, &end, 10) : r->proxy_tls ? 443 : 80;
  size_t size = colon ? (size_t)(colon - host) : n;
  bool good = whole && port >= 1 && port <= 65535 && (!colon || end == host + n) && size > 0 &&
              size < sizeof r->proxy_host;
  if (!good) {
    (void)snprintf(why, cap, "the proxy of %s: expected http://host:port or https://host:port",
                   r->cfg.proxy_source);
    if (!r->cfg.proxy_may_fail) return -EINVAL;
    evidence_add(&r->cfg.report->environment, "proxy.ignored", r->cfg.proxy_source,
                 "%s is not used: it is no http:// or https:// proxy", r->cfg.proxy_source);
    return 0;
  }
  bool bracketed = host[0] == '[' && host[size - 1] == ']';
  (void)snprintf(r->proxy_host, sizeof r->proxy_host, "%.*s", (int)(bracketed ? size - 2 : size),
                 host + bracketed);
  r->proxy.port = (uint16_t)port;
  r->proxy_state = PROXY_NAMING;
  struct evidence_list *env = &r->cfg.report->environment;
  (void)snprintf(text, sizeof text, "%.*s:%lu", (int)size, host, port);
  evidence_add(env, "proxy", text, "proxy %s, from %s", text, r->cfg.proxy_source);
  evidence_add(env, "proxy.source", r->cfg.proxy_source, "that is from %s", r->cfg.proxy_source);
  return 0;
}

static void name_proxy(struct run *r) {
  struct addr literal;
  if (r->proxy_state != PROXY_NAMING) return;
  if (addr_parse_ip(r->proxy_host, r->proxy.port, &literal)) {
    r->proxy = literal;
    r->proxy_state = PROXY_KNOWN;
  } else if (names_ask(r->names, r->proxy_host) == 0) {
    r->open++;
  } else {
    r->proxy_state = PROXY_LOST;
  }
}

/* --- the run --- */

static void on_deadline(void *ctx) {
  struct run *r = ctx;
  for (size_t i = 0; i < r->cfg.report->n; i++)
    if (!r->rows[i].over)
      evidence_add(&r->rows[i].result->evidence, "deadline", "reached",
                   "this was not over after %u s", r->cfg.timeout_s);
  uv_stop(r->cfg.loop);
}

/* As curl reads it: names and their subdomains, with commas between; "*" is every host. */
bool run_goes_direct(const struct run *r, const char *host) {
  size_t n = strlen(host), k;
  for (const char *at = r->cfg.no_proxy; at && *at; at += k) {
    at += strspn(at, ", \t");
    k = strcspn(at, ", \t");
    const char *name = at + (*at == '.');
    size_t size = k - (*at == '.');
    if (size == 1 && *name == '*') return true;
    bool ends = size > 0 && size <= n && strncasecmp(host + n - size, name, size) == 0;
    if (ends && (size == n || host[n - size - 1] == '.')) return true;
  }
  return false;
}

static int make(struct run *r, char *why, size_t cap) {
  int e = read_proxy(r, why, cap);
  if (e < 0) return e;
  e = chain_stores_new(&r->stores, r->cfg.roots);
  if (e < 0) {
    if (e != -ENOENT)
      (void)snprintf(why, cap, "out of memory");
    else if (r->cfg.roots)
      (void)snprintf(why, cap, "no public roots in %s", r->cfg.roots);
    else
      (void)snprintf(why, cap,
                     "no public roots: install the package ca-certificates, or give --roots");
    return e;
  }
  (void)snprintf(why, cap, "out of memory or of file descriptors");
  r->rows = calloc(r->cfg.report->n + 1, sizeof *r->rows);
  if (!r->rows) return -ENOMEM;
  for (size_t i = 0; i < r->cfg.report->n; i++)
    r->rows[i] = (struct run_row){.run = r, .result = &r->cfg.report->rows[i]};
  e = dtls_identity_new(&r->identity, net_clock_unix_us() / 1000000);
  if (e == 0) e = names_new(&r->names, r->cfg.loop, on_named, r);
  if (e == 0) e = net_timer_new(&r->deadline, r->cfg.loop, on_deadline, r);
  if (e == 0) e = mapping_new(&r->mapping, r);
  if (e == 0) e = ports_new(&r->ports, r);
  return e;
}

static void unmake(struct run *r) {
  for (size_t i = 0; r->rows && i < r->cfg.report->n; i++) {
    stream_row_free(r->rows[i].stream);
    udp_row_free(r->rows[i].udp);
  }
  free(r->rows);
  surroundings_free(r->around);
  mapping_free(r->mapping);
  ports_free(r->ports);
  names_free(r->names);
  net_timer_free(r->deadline);
  dtls_identity_unref(r->identity);
  chain_stores_free(r->stores);
}

static int go(struct run *r) {
  net_timer_set(r->deadline, mono_add(net_clock_now(), r->cfg.timeout_s * MONO_S));
  r->open = 1; /* until all has begun */
  name_proxy(r);
  int e = surroundings_new(&r->around, r);
  if (e == 0 && r->proxy_state != PROXY_NAMING) start_rows(r);
  r->open--;
  if (e == 0 && r->open > 0) (void)uv_run(r->cfg.loop, UV_RUN_DEFAULT);
  if (e == 0) mapping_conclude(r->mapping);
  return e;
}

int run_probes(const struct run_cfg *cfg, char *why, size_t cap) {
  struct run r = {.cfg = *cfg};
  int e = make(&r, why, cap);
  if (e == 0) e = go(&r);
  unmake(&r);
  return e;
}
