#include "support/turn_server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"

#define BUCKETS       4096
#define PORTS         65536
#define PORT_FIRST    49152
#define REALM         "senso.test"
#define PERMISSION    (300 * MONO_S)
#define CHANNEL_FIRST 0x4000
#define CHANNEL_LAST  0x4fff
#define PEERS_MAX     200
#define MESSAGE_MAX   1024
#define ERR_NO_ALLOC  437
#define ERR_FAMILY    440
#define ERR_CAPACITY  508

struct peer_entry {
  struct addr addr;
  uint16_t channel; /* 0: a permission alone */
  mono_us until;
};

struct allocation {
  struct allocation *next; /* of the bucket */
  struct turn_server_client client;
  struct stun_tid made_by; /* the Allocate */
  uint16_t port;
  bool family[2];
  mono_us until;
  struct peer_entry peers[PEERS_MAX];
  size_t n_peers;
};

struct turn_server {
  struct turn_server_cfg cfg;
  struct stun_key key;
  char nonce[24];
  unsigned restarts;
  struct allocation *buckets[BUCKETS];
  struct allocation *by_port[PORTS];
  uint16_t next_port;
  struct turn_server_totals totals;
};

/* One request being answered. */
struct asked {
  struct turn_server *t;
  mono_us now;
  const struct turn_server_client *from;
  const struct stun_message *m;
  struct allocation *allocation; /* or NULL */
  bool is_signed;
  uint8_t buf[MESSAGE_MAX];
  struct writer w;
};

static void renew_nonce(struct turn_server *t) {
  (void)snprintf(t->nonce, sizeof t->nonce, "nonce-%u", t->restarts);
}

struct turn_server *turn_server_new(const struct turn_server_cfg *cfg) {
  struct turn_server *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->cfg = *cfg;
  t->next_port = PORT_FIRST;
  renew_nonce(t);
  const struct stun_long_term in = {bytes_of(cfg->username), bytes_of(REALM),
                                    bytes_of(cfg->password)};
  if (stun_long_term_key(STUN_PASSWORD_MD5, &in, &t->key) < 0) {
    free(t);
    return NULL;
  }
  return t;
}

struct turn_server *turn_server_free(struct turn_server *t) {
  if (!t) return NULL;
  for (size_t i = 0; i < PORTS; i++) free(t->by_port[i]);
  free(t);
  return NULL;
}

void turn_server_restart(struct turn_server *t) {
  for (size_t i = 0; i < PORTS; i++) {
    free(t->by_port[i]);
    t->by_port[i] = NULL;
  }
  memset(t->buckets, 0, sizeof t->buckets);
  t->totals.allocations = 0;
  t->restarts++;
  renew_nonce(t);
}

struct turn_server_totals turn_server_totals(const struct turn_server *t) {
  return t->totals;
}

/* --- allocations --- */

static struct allocation **bucket_of(struct turn_server *t, const struct turn_server_client *c) {
  size_t h = 2166136261u ^ c->stream;
  for (size_t i = 0; i < sizeof c->remote.ip; i++) h = (h ^ c->remote.ip[i]) * 16777619u;
  return &t->buckets[((h ^ c->remote.port) * 16777619u) % BUCKETS];
}

static bool same_client(const struct turn_server_client *a, const struct turn_server_client *b) {
  return a->stream == b->stream && addr_equal(&a->remote, &b->remote) &&
         addr_equal(&a->local, &b->local);
}

static void end(struct turn_server *t, struct allocation *a) {
  struct allocation **at = bucket_of(t, &a->client);
  while (*at != a) at = &(*at)->next;
  *at = a->next;
  t->by_port[a->port] = NULL;
  t->totals.allocations--;
  free(a);
}

static struct allocation *find(struct turn_server *t, mono_us now,
                               const struct turn_server_client *c) {
  for (struct allocation *a = *bucket_of(t, c); a; a = a->next) {
    if (!same_client(&a->client, c)) continue;
    if (now < a->until) return a;
    end(t, a);
    return NULL;
  }
  return NULL;
}

void turn_server_hung_up(struct turn_server *t, uint32_t stream) {
  for (size_t i = PORT_FIRST; i < PORTS; i++)
    if (t->by_port[i] && t->by_port[i]->client.stream == stream) end(t, t->by_port[i]);
}

static struct allocation *make(struct turn_server *t, const struct turn_server_client *c) {
  struct allocation *a = calloc(1, sizeof *a);
  struct allocation **bucket = bucket_of(t, c);
  assert(a && t->totals.allocations < PORTS - PORT_FIRST);
  while (t->by_port[t->next_port])
    t->next_port = t->next_port == PORTS - 1 ? PORT_FIRST : (uint16_t)(t->next_port + 1);
  *a = (struct allocation){.next = *bucket, .client = *c, .port = t->next_port};
  *bucket = t->by_port[t->next_port] = a;
  t->next_port = t->next_port == PORTS - 1 ? PORT_FIRST : (uint16_t)(t->next_port + 1);
  if (++t->totals.allocations > t->totals.most_allocations)
    t->totals.most_allocations = t->totals.allocations;
  return a;
}

static struct peer_entry *peer_at(struct allocation *a, const struct addr *addr, bool port) {
  for (size_t i = 0; i < a->n_peers; i++)
    if (port ? addr_equal(&a->peers[i].addr, addr) : addr_ip_equal(&a->peers[i].addr, addr))
      return &a->peers[i];
  return NULL;
}

static struct peer_entry *peer_on(struct allocation *a, uint16_t channel) {
  for (size_t i = 0; i < a->n_peers; i++)
    if (channel != 0 && a->peers[i].channel == channel) return &a->peers[i];
  return NULL;
}

/* --- answers --- */

static void answer(struct asked *q) {
  if (q->is_signed) stun_put_integrity(&q->w, (struct bytes){q->t->key.b, q->t->key.n});
  stun_put_fingerprint(&q->w);
  assert(!q->w.failed);
  q->t->cfg.to_client(q->t->cfg.ctx, q->from, (struct bytes){q->buf, q->w.n});
}

static void begin(struct asked *q, enum stun_class cls) {
  q->w = writer_of(q->buf, sizeof q->buf);
  stun_begin(&q->w, cls, q->m->method, &q->m->tid);
}

static void refuse(struct asked *q, unsigned code) {
  begin(q, STUN_ERROR);
  stun_put_error(&q->w, code);
  if (code == STUN_ERR_UNAUTHENTICATED || code == STUN_ERR_STALE_NONCE) {
    q->is_signed = false;
    stun_put(&q->w, STUN_ATTR_REALM, bytes_of(REALM));
    stun_put(&q->w, STUN_ATTR_NONCE, bytes_of(q->t->nonce));
  }
  answer(q);
}

static void bind_request(struct asked *q) {
  begin(q, STUN_SUCCESS);
  stun_put_xor_address(&q->w, STUN_ATTR_XOR_MAPPED_ADDRESS, &q->from->remote);
  answer(q);
}

static void put_relayed(struct asked *q, const struct allocation *a) {
  for (size_t i = 0; i < 2; i++) {
    struct addr relayed = q->t->cfg.relay[i];
    relayed.port = a->port;
    if (a->family[i]) stun_put_xor_address(&q->w, STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed);
  }
}

static void allocated(struct asked *q) {
  begin(q, STUN_SUCCESS);
  put_relayed(q, q->allocation);
  stun_put_u32(&q->w, STUN_ATTR_LIFETIME, (uint32_t)(q->t->cfg.lifetime / MONO_S));
  stun_put_xor_address(&q->w, STUN_ATTR_XOR_MAPPED_ADDRESS, &q->from->remote);
  answer(q);
}

static void allocate(struct asked *q) {
  struct turn_server *t = q->t;
  struct bytes value;
  bool six = stun_find(q->m, STUN_ATTR_REQUESTED_ADDRESS_FAMILY, &value) && value.p[0] == 2;
  bool both = stun_find(q->m, STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, &value);
  if (q->allocation && stun_tid_equal(&q->allocation->made_by, &q->m->tid)) {
    allocated(q); /* the answer was lost, RFC 8656 section 7.2 */
  } else if (q->allocation) {
    refuse(q, ERR_NO_ALLOC);
  } else if (t->cfg.relay[six ? 1 : 0].family == ADDR_NONE) {
    refuse(q, ERR_FAMILY);
  } else if (t->totals.allocations >= PORTS - PORT_FIRST) {
    refuse(q, ERR_CAPACITY);
  } else {
    q->allocation = make(t, q->from);
    q->allocation->family[0] = !six;
    q->allocation->family[1] = six || (both && t->cfg.relay[1].family != ADDR_NONE);
    q->allocation->until = q->now + t->cfg.lifetime;
    q->allocation->made_by = q->m->tid;
    allocated(q);
  }
}

static void refresh(struct asked *q) {
  uint32_t seconds = (uint32_t)(q->t->cfg.lifetime / MONO_S);
  (void)stun_get_u32(q->m, STUN_ATTR_LIFETIME, &seconds);
  begin(q, STUN_SUCCESS);
  if (seconds == 0) {
    end(q->t, q->allocation);
  } else {
    seconds = (uint32_t)(q->t->cfg.lifetime / MONO_S);
    q->allocation->until = q->now + q->t->cfg.lifetime;
  }
  stun_put_u32(&q->w, STUN_ATTR_LIFETIME, seconds);
  answer(q);
}

/* A permission, and a channel with channel > 0. */
static void permit(struct asked *q, uint16_t channel) {
  struct allocation *a = q->allocation;
  struct addr addr;
  if (!stun_get_xor_address(q->m, STUN_ATTR_XOR_PEER_ADDRESS, &addr)) {
    refuse(q, STUN_ERR_BAD_REQUEST);
    return;
  }
  struct peer_entry *p = peer_at(a, &addr, true), *holder = peer_on(a, channel);
  if ((holder && holder != p) || (p && p->channel && channel && p->channel != channel)) {
    refuse(q, STUN_ERR_BAD_REQUEST);
  } else if (!p && a->n_peers == PEERS_MAX) {
    refuse(q, ERR_CAPACITY);
  } else {
    if (!p) p = &a->peers[a->n_peers++];
    p->addr = addr;
    if (channel) p->channel = channel;
    p->until = q->now + PERMISSION;
    begin(q, STUN_SUCCESS);
    answer(q);
  }
}

static void bind_channel(struct asked *q) {
  uint32_t number;
  if (!stun_get_u32(q->m, STUN_ATTR_CHANNEL_NUMBER, &number) || number >> 16 < CHANNEL_FIRST ||
      number >> 16 > CHANNEL_LAST)
    refuse(q, STUN_ERR_BAD_REQUEST);
  else
    permit(q, (uint16_t)(number >> 16));
}

static void authenticated(struct asked *q) {
  if (q->m->method == STUN_ALLOCATE)
    allocate(q);
  else if (!q->allocation)
    refuse(q, ERR_NO_ALLOC);
  else if (q->m->method == STUN_REFRESH)
    refresh(q);
  else if (q->m->method == STUN_CREATE_PERMISSION)
    permit(q, 0);
  else if (q->m->method == STUN_CHANNEL_BIND)
    bind_channel(q);
}

static void request(struct asked *q) {
  struct bytes nonce, username;
  if (q->m->method == STUN_BINDING) {
    bind_request(q);
    return;
  }
  q->allocation = find(q->t, q->now, q->from);
  q->is_signed = stun_find(q->m, STUN_ATTR_USERNAME, &username) &&
                 bytes_equal(username, bytes_of(q->t->cfg.username)) &&
                 stun_check_integrity(q->m, (struct bytes){q->t->key.b, q->t->key.n});
  if (!q->is_signed)
    refuse(q, STUN_ERR_UNAUTHENTICATED);
  else if (!stun_find(q->m, STUN_ATTR_NONCE, &nonce) || !bytes_equal(nonce, bytes_of(q->t->nonce)))
    refuse(q, STUN_ERR_STALE_NONCE);
  else
    authenticated(q);
}

/* --- data --- */

static void to_peer(struct turn_server *t, const struct allocation *a, const struct peer_entry *p,
                    struct bytes payload) {
  size_t i = p->addr.family == ADDR_V4 ? 0 : 1;
  struct addr from = t->cfg.relay[i];
  from.port = a->port;
  if (!a->family[i]) return;
  t->totals.relayed_bytes += payload.n;
  t->totals.relayed_datagrams++;
  t->cfg.to_peer(t->cfg.ctx, &from, &p->addr, payload);
}

static void channel_data(struct turn_server *t, mono_us now, const struct turn_server_client *from,
                         struct bytes message) {
  struct cursor at = cursor_of(message);
  uint16_t channel = cursor_u16(&at), n = cursor_u16(&at);
  struct bytes payload = cursor_take(&at, n);
  struct allocation *a = at.failed ? NULL : find(t, now, from);
  const struct peer_entry *p = a ? peer_on(a, channel) : NULL;
  if (p && now < p->until) to_peer(t, a, p, payload);
}

void turn_server_recv(struct turn_server *t, mono_us now, const struct turn_server_client *from,
                      struct bytes message) {
  struct stun_message m;
  struct asked q = {.t = t, .now = now, .from = from, .m = &m};
  if (message.n > 0 && message.p[0] >= 0x40)
    channel_data(t, now, from, message);
  else if (stun_parse(message, &m) == 0 && m.cls == STUN_REQUEST)
    request(&q);
}

static size_t frame(struct writer *w, const struct peer_entry *p, bool padded,
                    struct bytes payload) {
  writer_u16(w, p->channel);
  writer_u16(w, (uint16_t)payload.n);
  writer_bytes(w, payload);
  if (padded) writer_zero(w, (4 - payload.n % 4) % 4);
  return w->n;
}

/* From a peer that has a permission and no channel, RFC 8656 section 11.3. */
static size_t indicate(struct writer *w, unsigned serial, const struct addr *from,
                       struct bytes payload) {
  struct stun_tid tid = {{0}};
  memcpy(tid.b, &serial, sizeof serial);
  stun_begin(w, STUN_INDICATION, STUN_DATA, &tid);
  stun_put_xor_address(w, STUN_ATTR_XOR_PEER_ADDRESS, from);
  stun_put(w, STUN_ATTR_DATA, payload);
  return w->n;
}

void turn_server_relay(struct turn_server *t, mono_us now, const struct addr *from,
                       const struct addr *to, struct bytes payload) {
  static uint8_t buf[65536 + 64];
  struct allocation *a = t->by_port[to->port];
  struct peer_entry *allowed = a && now < a->until ? peer_at(a, from, false) : NULL;
  if (!allowed) return;
  struct peer_entry *p = peer_at(a, from, true);
  struct writer w = writer_of(buf, sizeof buf);
  bool bound = p && p->channel != 0 && now < p->until;
  size_t n = bound ? frame(&w, p, a->client.stream != 0, payload)
                   : indicate(&w, (unsigned)t->totals.relayed_datagrams, from, payload);
  t->totals.relayed_bytes += payload.n;
  t->totals.relayed_datagrams++;
  t->cfg.to_client(t->cfg.ctx, &a->client, (struct bytes){buf, n});
}
