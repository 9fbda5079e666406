/* The servers to ask, and their names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer/gatherer_state.h"

#define RENAME_APART MONO_S

static int copy_one(struct gatherer_server *to, const struct peer_server *from) {
  *to = (struct gatherer_server){.turn = from->turn,
                                 .transport = from->transport,
                                 .port = from->port,
                                 .host = bytes_copy_text(from->host),
                                 .url = bytes_copy_text(from->url),
                                 .username = bytes_copy_text(from->username),
                                 .credential = bytes_copy_text(from->credential)};
  return to->host && to->url && to->username && to->credential ? 0 : -ENOMEM;
}

int gatherer_servers_copy(struct gatherer_servers *to, const struct peer_server *list, size_t n) {
  *to = (struct gatherer_servers){.list = calloc(n + 1, sizeof *to->list)};
  if (!to->list) return -ENOMEM;
  while (to->n < n)
    if (copy_one(&to->list[to->n], &list[to->n]) < 0) {
      to->n++;
      gatherer_servers_free(to);
      return -ENOMEM;
    } else {
      to->n++;
    }
  return 0;
}

int gatherer_proxy_copy(struct gatherer_server *to, const struct peer_proxy *from) {
  *to = (struct gatherer_server){.port = from->port, .transport = PEER_TRANSPORT_TCP};
  if (from->port == 0) return 0;
  to->host = bytes_copy_text(from->host);
  return to->host ? 0 : -ENOMEM;
}

void gatherer_proxy_free(struct gatherer_server *proxy) {
  free(proxy->host);
  *proxy = (struct gatherer_server){0};
}

static bool same(const struct gatherer_server *a, const struct gatherer_server *b) {
  return strcmp(a->url, b->url) == 0 && strcmp(a->username, b->username) == 0 &&
         strcmp(a->credential, b->credential) == 0;
}

static struct gatherer_server *find_same(const struct gatherer_servers *in,
                                         const struct gatherer_server *s) {
  for (size_t i = 0; i < in->n; i++)
    if (same(&in->list[i], s)) return &in->list[i];
  return NULL;
}

int gatherer_servers_renew(struct gatherer *g) {
  struct gatherer_servers *now = &g->servers, *next = &g->next_servers;
  struct gatherer_server *list = realloc(now->list, (now->n + next->n + 1) * sizeof *list);
  if (!list) return -ENOMEM;
  now->list = list;
  for (size_t i = 0; i < now->n; i++) list[i].retired = true;
  for (size_t i = 0; i < next->n; i++) {
    struct gatherer_server *known = find_same(now, &next->list[i]);
    if (known) {
      known->retired = false;
    } else if (now->n < UINT16_MAX - 1) {
      list[now->n++] = next->list[i];
      next->list[i] = (struct gatherer_server){0}; /* its strings have moved */
    }
  }
  gatherer_servers_free(next);
  return 0;
}

void gatherer_servers_free(struct gatherer_servers *s) {
  for (size_t i = 0; i < s->n; i++) {
    free(s->list[i].host);
    free(s->list[i].url);
    free(s->list[i].username);
    free(s->list[i].credential);
  }
  free(s->list);
  *s = (struct gatherer_servers){0};
}

static void begin_naming(struct gatherer *g, struct gatherer_server *s) {
  s->rename = s->renaming = false;
  s->n_addrs = addr_parse_ip(s->host, s->port, &s->addrs[0]) ? 1 : 0;
  s->naming = s->n_addrs > 0 ? NAMING_DONE : NAMING_ASK;
  s->resolve_id = GATHERER_OWN | ++g->last_resolve;
}

/* Behind a proxy the server's name is the proxy's to look up. */
void gatherer_servers_resolve(struct gatherer *g) {
  if (g->proxy.host) begin_naming(g, &g->proxy);
  for (size_t i = 0; i < g->servers.n; i++) {
    struct gatherer_server *s = &g->servers.list[i];
    s->tell = false;
    if (s->retired) continue;
    if (s->transport != PEER_TRANSPORT_UDP && g->proxy.host)
      s->naming = NAMING_DONE;
    else
      begin_naming(g, s);
  }
}

void gatherer_servers_rename(struct gatherer *g, struct gatherer_server *s, mono_us now) {
  struct addr literal;
  bool soon = s->renamed_at != 0 && now < mono_add(s->renamed_at, RENAME_APART);
  if (s->naming != NAMING_DONE || s->renaming || soon || addr_parse_ip(s->host, s->port, &literal))
    return;
  s->rename = s->renaming = true;
  s->renamed_at = now;
  s->resolve_id = GATHERER_OWN | ++g->last_resolve;
}

static bool ask_name(struct gatherer_server *s, struct gatherer_out *ret) {
  if (s->naming != NAMING_ASK && !s->rename) return false;
  if (!s->rename) s->naming = NAMING_ASKED;
  s->rename = false;
  ret->kind = OUT_RESOLVE;
  ret->u.resolve = (struct ice_resolve){s->resolve_id, s->host};
  return true;
}

bool gatherer_servers_poll(struct gatherer *g, struct gatherer_out *ret) {
  if (g->proxy.host && ask_name(&g->proxy, ret)) return true;
  for (size_t i = 0; i < g->servers.n; i++) {
    struct gatherer_server *s = &g->servers.list[i];
    if (ask_name(s, ret)) return true;
    if (!s->tell) continue;
    s->tell = false;
    ret->kind = OUT_EVENT;
    ret->u.ev = (struct gatherer_event){.kind = GATHERER_EV_ERROR,
                                        .server = (uint16_t)(i + 1),
                                        .code = TURN_ERR_UNREACHABLE,
                                        .text = s->transport != PEER_TRANSPORT_UDP && g->proxy.host
                                                    ? "the proxy's name was not found in DNS"
                                                    : "the server's name was not found in DNS"};
    return true;
  }
  return false;
}
