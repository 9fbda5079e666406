#include "support/nat.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS    4096
#define PORT_FIRST 1024
#define PORTS      65536

struct permit {
  struct addr remote;
  mono_us last_out;
};

struct mapping {
  struct mapping *next;       /* of the bucket */
  struct addr inside, remote; /* remote: as much of it as the mapping depends on */
  uint16_t port;
  mono_us last_out;
  struct permit *permits;
  size_t n_permits;
};

struct nat {
  struct nat_cfg cfg;
  struct mapping *buckets[BUCKETS];
  struct mapping *by_port[PORTS];
  size_t n_mappings;
  uint16_t next_port;
};

struct nat *nat_new(const struct nat_cfg *cfg) {
  struct nat *n = calloc(1, sizeof *n);
  if (!n) return NULL;
  n->cfg = *cfg;
  n->next_port = PORT_FIRST;
  return n;
}

void nat_forget(struct nat *n) {
  for (size_t i = 0; i < PORTS; i++) {
    if (!n->by_port[i]) continue;
    free(n->by_port[i]->permits);
    free(n->by_port[i]);
    n->by_port[i] = NULL;
  }
  memset(n->buckets, 0, sizeof n->buckets);
  n->n_mappings = 0;
}

struct nat *nat_free(struct nat *n) {
  if (!n) return NULL;
  nat_forget(n);
  free(n);
  return NULL;
}

const struct nat_cfg *nat_cfg(const struct nat *n) {
  return &n->cfg;
}

size_t nat_mappings(const struct nat *n) {
  return n->n_mappings;
}

/* The part of an address that this dependence looks at. */
static struct addr part(const struct addr *a, enum nat_dependence dependence) {
  struct addr part = *a;
  if (dependence == NAT_ENDPOINT_INDEPENDENT) return (struct addr){0};
  if (dependence == NAT_ADDRESS_DEPENDENT) part.port = 0;
  return part;
}

static size_t mix(size_t h, const struct addr *a) {
  for (size_t i = 0; i < sizeof a->ip; i++) h = (h ^ a->ip[i]) * 16777619u;
  return (h ^ a->port) * 16777619u;
}

static struct mapping **bucket_of(struct nat *n, const struct addr *inside,
                                  const struct addr *remote) {
  return &n->buckets[mix(mix(2166136261u, inside), remote) % BUCKETS];
}

static bool is_over(const struct nat *n, mono_us now, mono_us last) {
  return n->cfg.lifetime > 0 && now > last + n->cfg.lifetime;
}

static void drop(struct nat *n, struct mapping *m) {
  struct mapping **at = bucket_of(n, &m->inside, &m->remote);
  while (*at != m) at = &(*at)->next;
  *at = m->next;
  n->by_port[m->port] = NULL;
  n->n_mappings--;
  free(m->permits);
  free(m);
}

static struct mapping *find(struct nat *n, mono_us now, const struct addr *inside,
                            const struct addr *remote) {
  for (struct mapping *m = *bucket_of(n, inside, remote); m; m = m->next) {
    if (!addr_equal(&m->inside, inside) || !addr_equal(&m->remote, remote)) continue;
    if (!is_over(n, now, m->last_out)) return m;
    drop(n, m);
    return NULL;
  }
  return NULL;
}

/* Ports go round, so that one which was lost does not come back at once. */
static uint16_t free_port(struct nat *n) {
  for (unsigned i = 0; i < PORTS - PORT_FIRST; i++) {
    uint16_t port = n->next_port;
    n->next_port = port == PORTS - 1 ? PORT_FIRST : (uint16_t)(port + 1);
    if (!n->by_port[port]) return port;
  }
  return 0;
}

static struct mapping *add(struct nat *n, const struct addr *inside, const struct addr *remote) {
  struct mapping *m = calloc(1, sizeof *m);
  uint16_t port = free_port(n);
  if (!m || port == 0) {
    free(m);
    return NULL;
  }
  struct mapping **bucket = bucket_of(n, inside, remote);
  *m = (struct mapping){.next = *bucket, .inside = *inside, .remote = *remote, .port = port};
  *bucket = n->by_port[port] = m;
  n->n_mappings++;
  return m;
}

static bool permit(struct mapping *m, const struct addr *remote, mono_us now) {
  for (size_t i = 0; i < m->n_permits; i++)
    if (addr_equal(&m->permits[i].remote, remote)) {
      m->permits[i].last_out = now;
      return true;
    }
  struct permit *grown = realloc(m->permits, (m->n_permits + 1) * sizeof *grown);
  if (!grown) return false;
  m->permits = grown;
  m->permits[m->n_permits++] = (struct permit){*remote, now};
  return true;
}

bool nat_out(struct nat *n, mono_us now, const struct addr *from, const struct addr *to,
             struct addr *ret_from) {
  struct addr remote = part(to, n->cfg.mapping), filter = part(to, n->cfg.filtering);
  struct mapping *m = find(n, now, from, &remote);
  if (!m) m = add(n, from, &remote);
  if (!m || !permit(m, &filter, now)) return false;
  m->last_out = now;
  *ret_from = n->cfg.external;
  ret_from->port = m->port;
  return true;
}

bool nat_in(struct nat *n, mono_us now, const struct addr *from, const struct addr *to,
            struct addr *ret_to) {
  struct mapping *m = n->by_port[to->port];
  struct addr filter = part(from, n->cfg.filtering);
  if (!m || is_over(n, now, m->last_out)) return false;
  for (size_t i = 0; i < m->n_permits; i++) {
    if (!addr_equal(&m->permits[i].remote, &filter)) continue;
    if (is_over(n, now, m->permits[i].last_out)) return false;
    *ret_to = m->inside;
    return true;
  }
  return false;
}
