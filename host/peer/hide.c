/* Addresses of ours behind ".local" names: draft-ietf-mmusic-mdns-ice-candidates section 3.1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

#define PORT_HIDDEN 9 /* of what raddr hides, section 3.1.2.2 */

static void make_name(const struct rng *rng, char *name) {
  uint64_t a = rng_u64(rng), b = rng_u64(rng);
  (void)snprintf(name, PEER_NAME_SIZE, "%08x-%04x-4%03x-%04x-%012llx.local", (unsigned)(a >> 32),
                 (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff,
                 (unsigned)(b >> 48 & 0x3fff) | 0x8000, (unsigned long long)b & 0xffffffffffff);
}

/* One name for each address, whatever its port; NULL when out of memory. */
static const struct peer_name *name_of(struct peer *p, const struct addr *addr) {
  for (size_t i = 0; i < p->n_hidden; i++)
    if (addr_ip_equal(&p->hidden[i].addr, addr)) return &p->hidden[i];
  struct peer_name *grown = realloc(p->hidden, (p->n_hidden + 1) * sizeof *grown);
  if (!grown) return NULL;
  p->hidden = grown;
  struct peer_name *added = &p->hidden[p->n_hidden++];
  *added = (struct peer_name){.addr = *addr};
  added->addr.port = 0;
  make_name(p->cfg.rng, added->name);
  return added;
}

int peer_hide(struct peer *p, const struct ice_candidate *c, struct ice_candidate *ret) {
  *ret = *c;
  if (!p->cfg.mdns) return 0;
  if (c->type == ICE_HOST) {
    const struct peer_name *hidden = name_of(p, &c->addr);
    if (!hidden) return -ENOMEM;
    (void)snprintf(ret->name, sizeof ret->name, "%s", hidden->name);
  } else if (c->type == ICE_SRFLX) {
    ret->related = (struct addr){.family = c->related.family, .port = PORT_HIDDEN};
  }
  return 0;
}

bool peer_poll_publish(struct peer *p, struct peer_out *ret) {
  if (p->closed || p->n_published == p->n_hidden) return false;
  const struct peer_name *next = &p->hidden[p->n_published++];
  ret->kind = OUT_PUBLISH;
  ret->u.publish = (struct peer_publish){next->name, next->addr};
  return true;
}
