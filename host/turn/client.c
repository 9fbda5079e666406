#include "turn/client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "turn/state.h"

#define LIFETIME_DEFAULT (600 * MONO_S) /* RFC 8656 section 3.2 */
#define PROBE_APART      MONO_S
#define REFRESH_EARLY    (60 * MONO_S)

int turn_client_new(struct turn_client **ret, const struct turn_cfg *cfg, mono_us now) {
  struct turn_client *c = calloc(1, sizeof *c);
  if (!c) return -ENOMEM;
  c->rng = cfg->rng;
  c->stream = cfg->stream;
  c->family = cfg->family;
  c->dual = true;
  c->refresh_at = MONO_NEVER;
  list_init(&c->peers);
  int r = stun_credential_set(&c->credential, cfg->username, cfg->password);
  if (r < 0) {
    turn_client_free(c);
    return r;
  }
  turn_request_start(c, &c->control, now);
  *ret = c;
  return 0;
}

struct turn_client *turn_client_free(struct turn_client *c) {
  if (!c) return NULL;
  turn_peers_free(c);
  stun_credential_free(&c->credential);
  free(c);
  return NULL;
}

/* --- in --- */

static mono_us lifetime_of(const struct stun_message *m) {
  uint32_t seconds;
  return stun_get_u32(m, STUN_ATTR_LIFETIME, &seconds) ? seconds * MONO_S : LIFETIME_DEFAULT;
}

static void refresh_later(struct turn_client *c, mono_us lifetime, mono_us now) {
  mono_us wait = lifetime > 2 * REFRESH_EARLY ? lifetime - REFRESH_EARLY : lifetime / 2;
  c->refresh_at = mono_add(now, wait > MONO_S ? wait : MONO_S);
}

static void allocated(struct turn_client *c, const struct stun_message *m, mono_us now) {
  struct turn_event ev = {.kind = TURN_EV_ALLOCATED, .lifetime = lifetime_of(m)};
  bool v4 = stun_get_xor_address_of(m, STUN_ATTR_XOR_RELAYED_ADDRESS, ADDR_V4, &ev.relayed[0]);
  if (!stun_get_xor_address_of(m, STUN_ATTR_XOR_RELAYED_ADDRESS, ADDR_V6, &ev.relayed[v4]) && !v4) {
    turn_fail(c, NULL);
    (void)snprintf(c->news.text, sizeof c->news.text, "the server's answer has no relayed address");
    return;
  }
  (void)stun_get_xor_address(m, STUN_ATTR_XOR_MAPPED_ADDRESS, &ev.mapped);
  c->phase = TURN_ALLOCATED;
  c->news = ev;
  c->tell = true;
  refresh_later(c, ev.lifetime, now);
}

static void released(struct turn_client *c) {
  c->phase = TURN_ENDED;
  c->news = (struct turn_event){.kind = TURN_EV_RELEASED};
  c->tell = true;
}

/* A server that does not give both families, or not to this user, may give one (RFC 8656 section
 * 7.2). */
static bool again_for_one(struct turn_client *c, const struct stun_message *m, mono_us now) {
  struct stun_error error = {0};
  (void)stun_get_error(m, &error);
  bool hopeless = error.code == STUN_ERR_UNAUTHENTICATED || error.code == STUN_ERR_TRY_ALTERNATE;
  if (c->phase != TURN_ALLOCATING || !c->dual || hopeless) return false;
  c->dual = false;
  turn_request_start(c, &c->control, now);
  return true;
}

static void control_answer(struct turn_client *c, const struct stun_message *m, mono_us now) {
  if (m->cls == STUN_ERROR && turn_request_again(c, &c->control, m, now)) return;
  if (m->cls == STUN_ERROR && again_for_one(c, m, now)) return;
  c->control.active = false;
  c->control.challenges = 0;
  if (c->phase == TURN_RELEASING)
    released(c);
  else if (m->cls == STUN_ERROR)
    turn_fail(c, m);
  else if (c->phase == TURN_ALLOCATING)
    allocated(c, m, now);
  else
    refresh_later(c, lifetime_of(m), now);
}

static struct turn_peer *bind_of(const struct turn_client *c, const struct stun_tid *tid) {
  LIST_EACH(it, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (p->bind.active && stun_tid_equal(&p->bind.t.tid, tid)) return p;
  }
  return NULL;
}

/* A success must be signed as the request was; an error may come from a server that cannot sign it,
 * and who did not see the request cannot know its transaction id. */
static bool believed(const struct turn_client *c, const struct turn_request *r,
                     const struct stun_message *m) {
  return m->cls == STUN_ERROR || !r->was_signed || stun_credential_check(&c->credential, m);
}

static int answer(struct turn_client *c, const struct stun_message *m, mono_us now) {
  bool control = c->control.active && stun_tid_equal(&c->control.t.tid, &m->tid);
  struct turn_peer *p = control ? NULL : bind_of(c, &m->tid);
  if (!control && !p) return -EINVAL;
  if (!believed(c, control ? &c->control : &p->bind, m)) return -EINVAL;
  if (control)
    control_answer(c, m, now);
  else
    turn_peer_answer(c, p, m, now);
  return 0;
}

static int data_indication(const struct stun_message *m, struct turn_data *ret) {
  struct turn_data data;
  if (!stun_get_xor_address(m, STUN_ATTR_XOR_PEER_ADDRESS, &data.peer)) return -EINVAL;
  if (!stun_find(m, STUN_ATTR_DATA, &data.payload)) return -EINVAL;
  *ret = data;
  return 1;
}

static int channel_data(const struct turn_client *c, struct bytes message, struct turn_data *ret) {
  struct cursor at = cursor_of(message);
  uint16_t channel = cursor_u16(&at), n = cursor_u16(&at);
  struct bytes payload = cursor_take(&at, n);
  const struct turn_peer *p = at.failed ? NULL : turn_peer_on(c, channel);
  if (!p) return -EINVAL;
  *ret = (struct turn_data){p->addr, payload};
  return 1;
}

int turn_client_recv(struct turn_client *c, mono_us now, struct bytes message,
                     struct turn_data *ret) {
  struct stun_message m;
  if (c->phase == TURN_ENDED || message.n == 0) return -EINVAL;
  if (message.p[0] >= TURN_CHANNEL_MIN >> 8 && message.p[0] <= TURN_CHANNEL_MAX >> 8)
    return channel_data(c, message, ret);
  if (stun_parse(message, &m) < 0) return -EINVAL;
  switch (m.cls) {
  case STUN_SUCCESS:
  case STUN_ERROR: return answer(c, &m, now);
  case STUN_INDICATION: return m.method == STUN_DATA ? data_indication(&m, ret) : -EINVAL;
  case STUN_REQUEST: break;
  }
  return -EINVAL;
}

/* --- out --- */

int turn_client_send(struct turn_client *c, mono_us now, const struct turn_data *data, uint8_t *buf,
                     size_t *ret_n) {
  struct turn_peer *p = turn_peer_at(c, &data->peer);
  if (c->phase != TURN_ALLOCATED) return -EAGAIN;
  if (data->payload.n > UINT16_MAX) return -EMSGSIZE;
  int r = p ? 0 : turn_peer_add(c, &data->peer, now, &p);
  if (r < 0) return r;
  *ret_n = 0;
  switch (p->state) {
  case TURN_PEER_BINDING: return turn_peer_keep(p, data->payload);
  case TURN_PEER_BOUND: *ret_n = turn_frame(c, p->channel, data->payload, buf); return 0;
  case TURN_PEER_REFUSED: break;
  }
  return -EACCES;
}

void turn_client_release(struct turn_client *c, mono_us now) {
  if (c->phase == TURN_ENDED || c->phase == TURN_RELEASING) return;
  if (c->phase == TURN_ALLOCATING) {
    c->control.active = false;
    released(c);
    return;
  }
  c->phase = TURN_RELEASING;
  c->refresh_at = MONO_NEVER;
  c->control.challenges = 0;
  turn_request_start(c, &c->control, now);
}

void turn_client_probe(struct turn_client *c, mono_us now) {
  if (c->phase != TURN_ALLOCATED || c->control.active || now < c->probe_from) return;
  c->probe_from = mono_add(now, PROBE_APART);
  c->refresh_at = now;
}

static void wake_peers(struct turn_client *c, mono_us now) {
  LIST_EACH(it, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (p->state == TURN_PEER_BOUND && !p->bind.active && now >= p->renew_at)
      turn_request_start(c, &p->bind, now);
  }
}

void turn_client_wake(struct turn_client *c, mono_us now) {
  if (c->phase != TURN_ALLOCATED) return;
  if (now >= c->refresh_at && !c->control.active) {
    c->refresh_at = MONO_NEVER;
    turn_request_start(c, &c->control, now);
  }
  wake_peers(c, now);
}

/* What a request wants now: true when *ret_n bytes are in buf. A request that nobody answers ends
 * the allocation: the server is gone. */
static bool poll_request(struct turn_client *c, struct turn_peer *peer, mono_us now, uint8_t *buf,
                         size_t cap, size_t *ret_n) {
  struct turn_request *r = peer ? &peer->bind : &c->control;
  if (!r->active) return false;
  switch (stun_transaction_due(&r->t, now)) {
  case STUN_DUE_NOTHING: return false;
  case STUN_DUE_SEND: *ret_n = turn_request_write(c, peer, buf, cap, now); return *ret_n > 0;
  case STUN_DUE_TIMEOUT: break;
  }
  r->active = false;
  if (c->phase == TURN_RELEASING)
    released(c);
  else
    turn_fail(c, NULL);
  return false;
}

static bool poll_kept(struct turn_client *c, struct turn_peer *p, uint8_t *buf, size_t *ret_n) {
  if (p->state != TURN_PEER_BOUND || list_empty(&p->kept)) return false;
  struct turn_kept *k = LIST_ENTRY(list_pop_front(&p->kept), struct turn_kept, node);
  p->kept_bytes -= k->n;
  *ret_n = turn_frame(c, p->channel, (struct bytes){k->bytes, k->n}, buf);
  free(k);
  return true;
}

static bool poll_tx(struct turn_client *c, mono_us now, uint8_t *buf, size_t cap, size_t *ret_n) {
  if (poll_request(c, NULL, now, buf, cap, ret_n)) return true;
  if (c->phase != TURN_ALLOCATED) return false;
  LIST_EACH(it, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (poll_request(c, p, now, buf, cap, ret_n) || poll_kept(c, p, buf, ret_n)) return true;
    if (c->phase != TURN_ALLOCATED) return false;
  }
  return false;
}

static bool poll_event(struct turn_client *c, struct turn_event *ret) {
  if (c->tell) {
    c->tell = false;
    *ret = c->news;
    return true;
  }
  LIST_EACH(it, &c->peers) {
    struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (!p->tell_refused) continue;
    p->tell_refused = false;
    *ret = (struct turn_event){.kind = TURN_EV_REFUSED, .peer = p->addr, .code = p->code};
    (void)snprintf(ret->text, sizeof ret->text, "the server does not relay to this address");
    return true;
  }
  return false;
}

static mono_us wake_time(const struct turn_client *c) {
  mono_us at = c->control.active ? c->control.t.due : MONO_NEVER;
  if (c->phase != TURN_ALLOCATED) return c->phase == TURN_ENDED ? MONO_NEVER : at;
  at = mono_min(at, c->refresh_at);
  LIST_EACH(it, &c->peers) {
    const struct turn_peer *p = LIST_ENTRY(it, struct turn_peer, node);
    if (p->bind.active)
      at = mono_min(at, p->bind.t.due);
    else if (p->state == TURN_PEER_BOUND)
      at = mono_min(at, p->renew_at);
  }
  return at;
}

void turn_client_poll(struct turn_client *c, mono_us now, uint8_t *buf, size_t cap,
                      struct turn_out *ret) {
  turn_client_wake(c, now);
  ret->kind = OUT_TX;
  if (!c->tell && poll_tx(c, now, buf, cap, &ret->u.tx_n)) return;
  ret->kind = OUT_EVENT;
  if (poll_event(c, &ret->u.ev)) return;
  ret->kind = OUT_IDLE;
  ret->u.wake_at = wake_time(c);
  assert(ret->u.wake_at > now);
}
