#include "peer/gatherer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/gatherer_state.h"

int gatherer_new(struct gatherer **ret, const struct rng *rng) {
  struct gatherer *g = calloc(1, sizeof *g);
  if (!g) return -ENOMEM;
  g->rng = rng;
  list_init(&g->asks);
  *ret = g;
  return 0;
}

struct gatherer *gatherer_free(struct gatherer *g) {
  if (!g) return NULL;
  LIST_EACH_SAFE(it, tmp, &g->asks) ask_free(g, LIST_ENTRY(it, struct gatherer_ask, node));
  gatherer_servers_free(&g->servers);
  gatherer_servers_free(&g->next_servers);
  gatherer_proxy_free(&g->proxy);
  gatherer_proxy_free(&g->next_proxy);
  free(g);
  return NULL;
}

int gatherer_set_servers(struct gatherer *g, const struct peer_server *list, size_t n,
                         const struct peer_proxy *proxy) {
  struct gatherer_servers next;
  struct gatherer_server next_proxy;
  int r = gatherer_servers_copy(&next, list, n);
  if (r < 0) return r;
  r = gatherer_proxy_copy(&next_proxy, proxy);
  if (r < 0) {
    gatherer_servers_free(&next);
    return r;
  }
  gatherer_servers_free(&g->next_servers);
  gatherer_proxy_free(&g->next_proxy);
  g->next_servers = next;
  g->next_proxy = next_proxy;
  g->has_next = true;
  return 0;
}

/* --- which server is asked by which link --- */

/* RFC 6724 in short: what reaches this machine or this link only is asked from there only. */
static bool fits(const struct addr *local, const struct addr *server) {
  enum addr_scope a = addr_scope(local), b = addr_scope(server);
  if (local->family != server->family) return false;
  if ((a == ADDR_SCOPE_LOOPBACK) != (b == ADDR_SCOPE_LOOPBACK)) return false;
  return local->family == ADDR_V4 || (a == ADDR_SCOPE_LINK) == (b == ADDR_SCOPE_LINK);
}

static bool is_asked(const struct gatherer *g, uint16_t server, uint32_t link) {
  LIST_EACH(it, &g->asks) {
    const struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->server == server && (a->link == link || (link == 0 && ask_is_stream(a)))) return true;
  }
  return false;
}

static int ask_by_link(struct gatherer *g, uint16_t server, const struct gatherer_link *link,
                       mono_us now) {
  const struct gatherer_server *s = &g->servers.list[server];
  for (size_t i = 0; i < s->n_addrs; i++) {
    if (!fits(&link->local, &s->addrs[i]) || is_asked(g, server, link->id)) continue;
    if (g->n_asks >= GATHERER_ASKS_MAX) return 0;
    if (!ask_new(g, server, link, &s->addrs[i], now)) return -ENOMEM;
  }
  return 0;
}

static int ask_by_stream(struct gatherer *g, uint16_t server, mono_us now) {
  const struct gatherer_server *s = g->proxy.host ? &g->proxy : &g->servers.list[server];
  if (s->naming != NAMING_DONE || s->n_addrs == 0 || is_asked(g, server, 0) ||
      g->n_asks >= GATHERER_ASKS_MAX)
    return 0;
  return ask_new(g, server, NULL, &s->addrs[0], now) ? 0 : -ENOMEM;
}

/* Makes what requests the servers and links that are known allow. */
static int make_asks(struct gatherer *g, mono_us now) {
  int r = 0;
  if (!g->started || g->released) return 0;
  for (uint16_t i = 0; r == 0 && i < g->servers.n; i++) {
    const struct gatherer_server *s = &g->servers.list[i];
    if (s->retired || s->naming != NAMING_DONE) continue;
    if (s->transport != PEER_TRANSPORT_UDP) r = ask_by_stream(g, i, now);
    for (size_t k = 0; s->transport == PEER_TRANSPORT_UDP && r == 0 && k < GATHERER_LINKS; k++)
      if (g->links[k].id != 0) r = ask_by_link(g, i, &g->links[k], now);
  }
  return r;
}

static void forget_answered(struct gatherer *g) {
  LIST_EACH_SAFE(it, tmp, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->state == ASK_OVER && a->news == NEWS_NONE && !a->close_stream) ask_free(g, a);
  }
}

int gatherer_start(struct gatherer *g, mono_us now) {
  int r = g->has_next ? gatherer_servers_renew(g) : 0;
  if (r < 0) return r;
  if (g->has_next) {
    gatherer_proxy_free(&g->proxy);
    g->proxy = g->next_proxy;
    g->next_proxy = (struct gatherer_server){0};
  }
  g->has_next = false;
  g->started = true;
  forget_answered(g);
  gatherer_servers_resolve(g);
  return make_asks(g, now);
}

static bool is_named(const struct gatherer_server *s) {
  return s->naming != NAMING_ASK && s->naming != NAMING_ASKED;
}

bool gatherer_busy(const struct gatherer *g) {
  if (!g->started || g->released) return false;
  if (g->proxy.host && !is_named(&g->proxy)) return true;
  for (size_t i = 0; i < g->servers.n; i++) {
    const struct gatherer_server *s = &g->servers.list[i];
    if (!s->retired && !is_named(s)) return true;
  }
  LIST_EACH(it, &g->asks) {
    const struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    bool open = a->state != ASK_UP && a->state != ASK_OVER;
    if ((open && !a->again) || a->news != NEWS_NONE) return true;
  }
  return false;
}

/* --- inputs --- */

int gatherer_link_up(struct gatherer *g, mono_us now, uint32_t link, const struct addr *local) {
  for (size_t i = 0; i < GATHERER_LINKS; i++) {
    if (g->links[i].id != 0) continue;
    g->links[i] = (struct gatherer_link){link, *local};
    return make_asks(g, now);
  }
  return 0;
}

/* What stood by the link is lost with it. */
static void lose_link(struct gatherer *g, struct gatherer_ask *a) {
  if (!ask_stands(a)) {
    ask_free(g, a);
    return;
  }
  a->turn = turn_client_free(a->turn);
  a->state = ASK_OVER;
  a->again = false;
  a->news = NEWS_LOST;
  a->code = TURN_ERR_UNREACHABLE;
  (void)snprintf(a->text, sizeof a->text, "the interface that the server was reached by is gone");
}

void gatherer_link_gone(struct gatherer *g, uint32_t link) {
  for (size_t i = 0; i < GATHERER_LINKS; i++)
    if (g->links[i].id == link) g->links[i].id = 0;
  LIST_EACH_SAFE(it, tmp, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->link == link) lose_link(g, a);
  }
}

static void take_addresses(struct gatherer_server *s, const struct addr *addrs, size_t n) {
  s->n_addrs = n < GATHERER_ADDRS ? n : GATHERER_ADDRS;
  for (size_t i = 0; i < s->n_addrs; i++) {
    s->addrs[i] = addrs[i];
    s->addrs[i].port = s->port;
  }
}

static void named(struct gatherer_server *s, int err, const struct addr *addrs, size_t n) {
  take_addresses(s, addrs, err == 0 ? n : 0);
  s->naming = s->n_addrs > 0 ? NAMING_DONE : NAMING_FAILED;
  s->tell = s->naming == NAMING_FAILED;
}

/* Without the proxy none of the servers behind it is reached. */
static void proxy_named(struct gatherer *g, int err, const struct addr *addrs, size_t n) {
  if (g->proxy.naming != NAMING_ASKED) return;
  named(&g->proxy, err, addrs, n);
  for (size_t i = 0; g->proxy.naming == NAMING_FAILED && i < g->servers.n; i++) {
    struct gatherer_server *s = &g->servers.list[i];
    s->tell = s->tell || (!s->retired && s->transport != PEER_TRANSPORT_UDP);
  }
}

/* The address that the server of a request has moved to; false while it is where it was. */
static bool moved_to(const struct gatherer_server *s, const struct gatherer_ask *a,
                     struct addr *ret) {
  bool found = false;
  for (size_t i = s->n_addrs; i-- > 0;) {
    struct addr at = s->addrs[i];
    at.scope = a->remote.scope;
    if (addr_equal(&at, &a->remote)) return false;
    if (at.family != a->remote.family) continue;
    *ret = at;
    found = true;
  }
  return found;
}

static bool is_asked_at(const struct gatherer *g, const struct gatherer_ask *like,
                        const struct addr *remote) {
  LIST_EACH(it, &g->asks) {
    const struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    bool same_way = ask_is_stream(like) ? ask_is_stream(a) : a->link == like->link;
    if (a->server == like->server && same_way && addr_equal(&a->remote, remote)) return true;
  }
  return false;
}

/* What stands is kept as long as it does; beside it the new address is asked. */
static void ask_beside(struct gatherer *g, const struct gatherer_ask *a, const struct addr *remote,
                       mono_us now) {
  const struct gatherer_link link = {a->link, a->local};
  if (g->n_asks >= GATHERER_ASKS_MAX) return;
  struct gatherer_ask *made = ask_new(g, a->server, ask_is_stream(a) ? NULL : &link, remote, now);
  if (made) made->again = true; /* without memory it is for the next time */
}

static void follow_move(struct gatherer *g, struct gatherer_ask *a, const struct addr *to,
                        mono_us now) {
  bool asked = is_asked_at(g, a, to);
  if (a->state == ASK_UP && !asked)
    ask_beside(g, a, to, now);
  else if (a->again && a->state != ASK_UP && asked)
    ask_give_up(a);
  else
    ask_readdress(a, to, now);
}

/* A name that was looked up again. Without an answer, what is known stays. */
static void renamed(struct gatherer *g, struct gatherer_server *s, mono_us now,
                    const struct addr *addrs, size_t n) {
  struct addr to;
  s->renaming = false;
  if (n == 0) return;
  take_addresses(s, addrs, n);
  LIST_EACH_SAFE(it, tmp, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (ask_named(g, a) == s && moved_to(s, a, &to)) follow_move(g, a, &to, now);
  }
}

bool gatherer_resolved(struct gatherer *g, mono_us now, uint32_t id, int err,
                       const struct addr *addrs, size_t n) {
  if (!(id & GATHERER_OWN)) return false;
  if (g->proxy.renaming && g->proxy.resolve_id == id)
    renamed(g, &g->proxy, now, addrs, err == 0 ? n : 0);
  if (g->proxy.host && g->proxy.resolve_id == id) proxy_named(g, err, addrs, n);
  for (size_t i = 0; i < g->servers.n; i++) {
    struct gatherer_server *s = &g->servers.list[i];
    if (s->resolve_id == id && s->naming == NAMING_ASKED) named(s, err, addrs, n);
    if (s->resolve_id == id && s->renaming) renamed(g, s, now, addrs, err == 0 ? n : 0);
  }
  (void)make_asks(g, now); /* without memory the server is not asked */
  return true;
}

static struct gatherer_ask *by_link(const struct gatherer *g, uint32_t link,
                                    const struct addr *remote) {
  LIST_EACH(it, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->link == link && (!remote || addr_equal(&a->remote, remote))) return a;
  }
  return NULL;
}

static struct gatherer_ask *by_relay(const struct gatherer *g, uint32_t relay) {
  LIST_EACH(it, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (relay != 0 && (a->relays[0] == relay || a->relays[1] == relay)) return a;
  }
  return NULL;
}

bool gatherer_stream(struct gatherer *g, mono_us now, uint32_t link, int err, const char *why) {
  if (!(link & GATHERER_OWN)) return false;
  struct gatherer_ask *a = by_link(g, link, NULL);
  if (!a || a->state == ASK_OVER || a->state == ASK_WAITING) return true;
  if (err == 0)
    a->state = ASK_RUNNING;
  else
    ask_fail(a, now, TURN_ERR_UNREACHABLE, why);
  return true;
}

int gatherer_recv(struct gatherer *g, mono_us now, const struct path *path, struct bytes datagram,
                  struct gatherer_data *ret) {
  LIST_EACH(it, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->link != path->link || !addr_equal(&a->remote, &path->remote)) continue;
    int r = ask_recv(a, now, datagram, ret);
    if (r != -ENOENT) return r;
  }
  return -ENOENT;
}

void gatherer_stream_bytes(struct gatherer *g, mono_us now, uint32_t link, struct bytes bytes) {
  struct gatherer_ask *a = by_link(g, link, NULL);
  if (!a || !a->turn) return;
  if (a->in_at > 0) memmove(a->in.p, a->in.p + a->in_at, a->in.n - a->in_at);
  a->in.n -= a->in_at;
  a->in_at = 0;
  text_add_bytes(&a->in, bytes);
  if (a->in.failed) ask_fail(a, now, TURN_ERR_UNREACHABLE, "out of memory");
}

/* The next whole message of the stream; false when more bytes are needed. */
static bool next_message(struct gatherer_ask *a, mono_us now, struct bytes *ret) {
  const uint8_t *p = (const uint8_t *)a->in.p;
  struct bytes left = {p ? p + a->in_at : NULL, a->in.n - a->in_at};
  int n = left.n > 0 ? turn_message_size(left) : 0;
  if (n < 0) ask_fail(a, now, TURN_ERR_UNREACHABLE, "what the server sends is not TURN");
  if (n <= 0 || left.n < (size_t)n) return false;
  a->in_at += (size_t)n;
  *ret = (struct bytes){left.p, (size_t)n};
  return true;
}

bool gatherer_stream_next(struct gatherer *g, mono_us now, uint32_t link,
                          struct gatherer_data *ret) {
  struct gatherer_ask *a = by_link(g, link, NULL);
  struct bytes message;
  while (a && a->turn && next_message(a, now, &message))
    if (ask_recv(a, now, message, ret) == 1) return true;
  return false;
}

void gatherer_name_relay(struct gatherer *g, uint32_t ask, uint32_t relay) {
  LIST_EACH(it, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->id == ask && a->told > 0) a->relays[a->told - 1] = relay;
  }
}

bool gatherer_is_relay(const struct gatherer *g, uint32_t link) {
  return by_relay(g, link) != NULL;
}

bool gatherer_route(const struct gatherer *g, uint32_t relay, struct path *ret) {
  const struct gatherer_ask *a = by_relay(g, relay);
  if (a) *ret = (struct path){a->link, a->remote};
  return a != NULL;
}

int gatherer_send(struct gatherer *g, mono_us now, const struct path *path, struct bytes payload,
                  uint8_t *buf, size_t *ret_n, struct path *ret_wire) {
  struct gatherer_ask *a = by_relay(g, path->link);
  if (!a || !a->turn) return -ENOENT;
  const struct turn_data data = {path->remote, payload};
  *ret_wire = (struct path){a->link, a->remote};
  return turn_client_send(a->turn, now, &data, buf, ret_n);
}

void gatherer_suspect(struct gatherer *g, mono_us now, uint32_t relay) {
  struct gatherer_ask *a = by_relay(g, relay);
  if (a && a->turn) turn_client_probe(a->turn, now);
  if (a) a->moved = true;
}

void gatherer_recheck(struct gatherer *g, mono_us now) {
  if (!g->started || g->released) return;
  LIST_EACH(it, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (!ask_is_stream(a) && !g->servers.list[a->server].retired) ask_recheck(a, now);
  }
}

void gatherer_release(struct gatherer *g, mono_us now) {
  g->released = true;
  LIST_EACH_SAFE(it, tmp, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (a->state == ASK_UP)
      turn_client_release(a->turn, now);
    else
      ask_free(g, a);
  }
}

/* --- out --- */

void gatherer_poll(struct gatherer *g, mono_us now, uint8_t *buf, size_t cap,
                   struct gatherer_out *ret) {
  mono_us at = MONO_NEVER;
  assert(cap >= 8192);
  LIST_EACH(it, &g->asks) {
    struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (ask_poll(g, a, now, buf, cap, ret)) return;
    at = mono_min(at, ask_wake_at(a));
  }
  if (!g->released && gatherer_servers_poll(g, ret)) return;
  ret->kind = OUT_IDLE;
  ret->u.wake_at = at;
}

bool gatherer_server(const struct gatherer *g, uint16_t server, const char **ret_url,
                     enum peer_transport *ret_transport) {
  if (server < 1 || server > g->servers.n) return false;
  *ret_url = g->servers.list[server - 1].url;
  *ret_transport = g->servers.list[server - 1].transport;
  return true;
}

/* UDP that was refused, or is silent so far. */
static bool has_failed(const struct gatherer_ask *a) {
  if (ask_is_stream(a) || a->state == ASK_UP) return false;
  return a->code != 0 || (a->state == ASK_RUNNING && a->tries >= 1);
}

/* What stands instead, if anything does. */
static void add_works(const struct gatherer *g, char *to, size_t cap) {
  size_t n = strlen(to);
  LIST_EACH(it, &g->asks) {
    const struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (!ask_is_stream(a) || a->state != ASK_UP) continue;
    bool tls = g->servers.list[a->server].transport == PEER_TRANSPORT_TLS;
    (void)snprintf(to + n, cap - n, "; relay over %s %u works", tls ? "TLS" : "TCP",
                   a->remote.port);
    return;
  }
}

bool gatherer_why(const struct gatherer *g, bool turn, char *to, size_t cap) {
  char remote[ADDR_TEXT_MAX];
  LIST_EACH(it, &g->asks) {
    const struct gatherer_ask *a = LIST_ENTRY(it, struct gatherer_ask, node);
    if (g->servers.list[a->server].turn != turn || !has_failed(a)) continue;
    (void)addr_format(&a->remote, remote);
    if (a->code != 0 && a->code != TURN_ERR_UNREACHABLE) {
      (void)snprintf(to, cap, "the server at %s answered %u", remote, a->code);
      return true;
    }
    (void)snprintf(to, cap, "UDP to %s got no answer in %u tries", remote, a->tries);
    add_works(g, to, cap);
    size_t n = strlen(to);
    (void)snprintf(to + n, cap - n, ": ask for outbound UDP %u", a->remote.port);
    return true;
  }
  return false;
}
