/* Addresses, routers and the ways between them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/sim_state.h"

/* --- who has an address --- */

static size_t bucket_of(const struct sim_site *site, const struct addr *ip) {
  size_t h = (size_t)(uintptr_t)site;
  for (size_t i = 0; i < sizeof ip->ip; i++) h = (h ^ ip->ip[i]) * 16777619u;
  return (h ^ h >> 16) % SIM_BUCKETS;
}

/* IPv6 is one network for all. */
static const struct sim_site *of_family(struct sim *s, const struct sim_site *site,
                                        const struct addr *ip) {
  return ip->family == ADDR_V6 ? &s->internet : site;
}

static const struct sim_node *find(struct sim *s, const struct sim_site *site,
                                   const struct addr *ip) {
  site = of_family(s, site, ip);
  for (const struct sim_node *n = s->nodes[bucket_of(site, ip)]; n; n = n->next)
    if (n->site == site && addr_ip_equal(&n->ip, ip)) return n;
  return NULL;
}

void sim_net_add(struct sim *s, const struct sim_site *site, const struct addr *ip,
                 enum sim_node_kind kind, void *what) {
  site = of_family(s, site, ip);
  struct sim_node **bucket = &s->nodes[bucket_of(site, ip)], *n = calloc(1, sizeof *n);
  assert(n && !find(s, site, ip));
  *n = (struct sim_node){.next = *bucket, .site = site, .ip = *ip, .kind = kind, .what = what};
  *bucket = n;
}

void sim_net_remove(struct sim *s, const struct sim_site *site, const struct addr *ip) {
  site = of_family(s, site, ip);
  for (struct sim_node **at = &s->nodes[bucket_of(site, ip)]; *at; at = &(*at)->next) {
    struct sim_node *n = *at;
    if (n->site != site || !addr_ip_equal(&n->ip, ip)) continue;
    *at = n->next;
    free(n);
    return;
  }
}

/* Each in a /24 of its own: nobody takes two of them for neighbours. */
struct addr sim_net_public(struct sim *s) {
  uint16_t n = s->next_public++;
  return addr_v4(198, (uint8_t)(n >> 8), (uint8_t)n, 1, 0);
}

struct addr sim_net_v6(struct sim *s) {
  uint16_t n = s->next_public++;
  struct addr a = {.family = ADDR_V6};
  memcpy(a.ip, (uint8_t[]){0x20, 0x01, 0x0d, 0xb8, (uint8_t)(n >> 8), (uint8_t)n}, 6);
  a.ip[15] = 1;
  return a;
}

struct addr sim_net_private(struct sim_site *site) {
  uint16_t n = ++site->next_host;
  return addr_v4(site->cfg.network[0], site->cfg.network[1], (uint8_t)(n >> 8), (uint8_t)n, 0);
}

/* --- sites --- */

struct sim_site *sim_site_new(struct sim *s, const struct sim_site_cfg *cfg) {
  struct sim_site *site = calloc(1, sizeof *site);
  struct sim_site **grown = realloc(s->sites, (s->n_sites + 1) * sizeof *grown);
  assert(site && grown);
  s->sites = grown;
  s->sites[s->n_sites++] = site;
  *site = (struct sim_site){.sim = s, .cfg = *cfg};
  if (!site->cfg.parent) site->cfg.parent = &s->internet;
  const struct nat_cfg nat = {.external = site->cfg.parent == &s->internet
                                              ? sim_net_public(s)
                                              : sim_net_private(site->cfg.parent),
                              .mapping = cfg->mapping,
                              .filtering = cfg->filtering,
                              .hairpin = cfg->hairpin,
                              .lifetime = cfg->lifetime};
  site->nat = nat_new(&nat);
  assert(site->nat);
  sim_net_add(s, site->cfg.parent, &nat.external, SIM_NODE_ROUTER, site);
  return site;
}

void sim_site_forget(struct sim_site *site) {
  nat_forget(site->nat);
}

size_t sim_site_mappings(const struct sim_site *site) {
  return nat_mappings(site->nat);
}

void sim_net_free(struct sim *s) {
  for (size_t i = 0; i < s->n_sites; i++) {
    nat_free(s->sites[i]->nat);
    free(s->sites[i]);
  }
  free(s->sites);
  for (size_t i = 0; i < SIM_BUCKETS; i++)
    while (s->nodes[i]) {
      struct sim_node *n = s->nodes[i];
      s->nodes[i] = n->next;
      free(n);
    }
}

/* --- ways --- */

/* Out through one router: *from is what it makes of it. */
static bool pass_router(const struct sim_site *site, struct addr *from, const struct addr *to) {
  const struct nat_cfg *nat = nat_cfg(site->nat);
  struct addr inside = *from;
  if (site->cfg.no_udp || (addr_ip_equal(to, &nat->external) && !nat->hairpin)) return false;
  return nat_out(site->nat, site->sim->now, &inside, to, from);
}

void sim_net_send(struct sim *s, mono_us at, struct sim_sent sent) {
  struct sim_site *site = sent.site;
  while (!find(s, site, &sent.to)) {
    if (!site->nat || sent.to.family != ADDR_V4 || !pass_router(site, &sent.from, &sent.to)) {
      payload_free(sent.data);
      return;
    }
    site = site->cfg.parent;
  }
  sim_push(s, (struct sim_happening){.at = at,
                                     .kind = SIM_DATAGRAM,
                                     .site = site,
                                     .from = sent.from,
                                     .to = sent.to,
                                     .data = sent.data});
}

void sim_net_arrive(struct sim *s, const struct sim_happening *h) {
  struct addr to = h->to;
  const struct sim_node *node = find(s, h->site, &to);
  while (node && node->kind == SIM_NODE_ROUTER) {
    struct sim_site *site = node->what;
    if (!nat_in(site->nat, s->now, &h->from, &to, &to)) return;
    node = find(s, site, &to);
  }
  if (node && node->kind == SIM_NODE_PEER)
    sim_hand_datagram(node->what, &h->from, &to, payload_bytes(h->data));
  else if (node && node->kind == SIM_NODE_SERVER)
    sim_server_datagram(node->what, &h->from, &to, payload_bytes(h->data));
}

struct sim_server *sim_net_connect(const struct sim_peer *sp, const struct addr *to,
                                   struct addr *ret_from) {
  struct sim_site *site = sp->site;
  *ret_from = sp->address[to->family == ADDR_V4 ? 0 : 1];
  if (ret_from->family != to->family) return NULL;
  for (; to->family == ADDR_V4 && site->nat; site = site->cfg.parent) {
    if (site->cfg.only_tcp != 0 && site->cfg.only_tcp != to->port) return NULL;
    *ret_from = nat_cfg(site->nat)->external;
  }
  const struct sim_node *node = find(sp->sim, site, to);
  return node && node->kind == SIM_NODE_SERVER ? node->what : NULL;
}
