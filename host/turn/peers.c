/* Peers: one channel each, bound at the first packet, bound again before the permission ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "turn/state.h"

/* A permission lasts 5 minutes (RFC 8656 section 9), a channel 10 (section 12). */
#define RENEW_AFTER (240 * MONO_S)

struct turn_peer *turn_peer_at(const struct turn_client *c, const struct addr *addr) {
  LIST_EACH(it, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (addr_equal(&p->addr, addr)) return p;
  }
  return NULL;
}

struct turn_peer *turn_peer_on(const struct turn_client *c, uint16_t channel) {
  LIST_EACH(it, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (p->channel == channel) return p;
  }
  return NULL;
}

int turn_peer_add(struct turn_client *c, const struct addr *addr, mono_us now,
                  struct turn_peer **ret) {
  if (c->n_peers >= TURN_PEERS_MAX) return -ENOSPC;
  struct turn_peer *p = calloc(1, sizeof *p);
  if (!p) return -ENOMEM;
  p->addr = *addr;
  p->addr.scope = 0;
  p->channel = (uint16_t)(TURN_CHANNEL_MIN + c->n_peers);
  list_init(&p->kept);
  list_push_back(&c->peers, &p->node);
  c->n_peers++;
  turn_request_start(c, &p->bind, now);
  *ret = p;
  return 0;
}

static void drop_oldest(struct turn_peer *p) {
  struct turn_kept *k = LIST_ENTRY(list_pop_front(&p->kept), struct turn_kept, node);
  p->kept_bytes -= k->n;
  free(k);
}

int turn_peer_keep(struct turn_peer *p, struct bytes payload) {
  if (payload.n > TURN_KEPT_MAX) return -EMSGSIZE;
  struct turn_kept *k = malloc(sizeof *k + payload.n);
  if (!k) return -ENOMEM;
  k->n = payload.n;
  if (payload.n > 0) memcpy(k->bytes, payload.p, payload.n);
  while (p->kept_bytes + payload.n > TURN_KEPT_MAX) drop_oldest(p);
  list_push_back(&p->kept, &k->node);
  p->kept_bytes += k->n;
  return 0;
}

static void refuse(struct turn_peer *p, unsigned code) {
  p->state = TURN_PEER_REFUSED;
  p->tell_refused = true;
  p->code = code;
  while (!list_empty(&p->kept)) drop_oldest(p);
}

void turn_peer_answer(struct turn_client *c, struct turn_peer *p, const struct stun_message *m,
                      mono_us now) {
  char text[128];
  if (m->cls == STUN_ERROR && turn_request_again(c, &p->bind, m, now)) return;
  p->bind.active = false;
  p->bind.challenges = 0;
  if (m->cls == STUN_ERROR) {
    unsigned code = turn_error_of(m, text, sizeof text);
    if (code == STUN_ERR_ALLOCATION_MISMATCH)
      turn_fail(c, m); /* the allocation is gone */
    else
      refuse(p, code);
    return;
  }
  p->state = TURN_PEER_BOUND;
  p->renew_at = mono_add(now, RENEW_AFTER);
}

void turn_peers_free(struct turn_client *c) {
  LIST_EACH_SAFE(it, tmp, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    while (!list_empty(&p->kept)) drop_oldest(p);
    list_remove(&p->node);
    free(p);
  }
}
