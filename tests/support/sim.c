#include "support/sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/virtual_openssl.h"

#define MAX_PEERS 64
#define MAX_LINKS 32

struct sim_link {
  uint32_t link;
  struct addr local;
};

struct sim_peer {
  struct sim *sim;
  struct peer *machine;
  sim_on_event *on_event;
  void *ctx;
  struct addr address;
  struct sim_link links[MAX_LINKS];
  size_t n_links;
  uint16_t next_port;
  mono_us wake_at;
  mono_us way_out_free_at; /* when the last queued byte has left, with a rate */
  bool connected, draining;
};

enum happening_kind { HAPPENS_DATAGRAM, HAPPENS_CALL };

struct happening {
  mono_us at;
  uint64_t order; /* breaks ties: first in, first out */
  enum happening_kind kind;
  struct addr from, to;
  struct payload *data;
  void (*fn)(void *ctx, void *arg);
  void *ctx, *arg;
};

struct sim {
  mono_us now;
  struct seeded_rng weather_rng, machine_rng;
  struct sim_weather weather;
  struct happening *heap;
  size_t n, cap;
  uint64_t order, trace, datagrams;
  struct sim_peer *peers[MAX_PEERS];
  size_t n_peers;
  uint8_t next_host;
  struct dtls_identity *identity;
};

static void trace_bytes(struct sim *s, const void *data, size_t n) {
  const uint8_t *p = data;
  for (size_t i = 0; i < n; i++) s->trace = (s->trace ^ p[i]) * 0x100000001b3u;
}

static void trace_u64(struct sim *s, uint64_t v) {
  trace_bytes(s, &v, sizeof v);
}

static bool earlier(const struct happening *a, const struct happening *b) {
  return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void heap_swap(struct sim *s, size_t a, size_t b) {
  struct happening t = s->heap[a];
  s->heap[a] = s->heap[b];
  s->heap[b] = t;
}

static void heap_push(struct sim *s, struct happening h) {
  if (s->n == s->cap) {
    s->cap = s->cap ? 2 * s->cap : 4096;
    s->heap = realloc(s->heap, s->cap * sizeof *s->heap);
    assert(s->heap);
  }
  h.order = s->order++;
  size_t i = s->n++;
  s->heap[i] = h;
  for (; i > 0 && earlier(&s->heap[i], &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
    heap_swap(s, i, (i - 1) / 2);
}

static struct happening heap_pop(struct sim *s) {
  struct happening top = s->heap[0];
  s->heap[0] = s->heap[--s->n];
  for (size_t i = 0;;) {
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->n; child++)
      if (earlier(&s->heap[child], &s->heap[least])) least = child;
    if (least == i) return top;
    heap_swap(s, i, least);
    i = least;
  }
}

struct sim *sim_new(uint64_t seed) {
  struct sim *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->now = 1000 * MONO_S;
  s->trace = 0xcbf29ce484222325u;
  s->next_host = 1;
  s->heap =
      malloc(4096 * sizeof *s->heap); /* so that no test makes the network run out of memory */
  s->cap = s->heap ? 4096 : 0;
  seeded_rng_init(&s->weather_rng, seed * 2 + 1);
  seeded_rng_init(&s->machine_rng, seed * 2 + 2);
  virtual_openssl_seed(seed);
  virtual_openssl_time(s->now);
  if (dtls_identity_new(&s->identity, 1800000000) < 0) return sim_free(s);
  return s;
}

struct sim *sim_free(struct sim *s) {
  if (!s) return NULL;
  for (size_t i = 0; i < s->n_peers; i++) {
    peer_free(s->peers[i]->machine);
    free(s->peers[i]);
  }
  for (size_t i = 0; i < s->n; i++) {
    payload_free(s->heap[i].data);
    free(s->heap[i].arg);
  }
  dtls_identity_unref(s->identity);
  free(s->heap);
  free(s);
  virtual_openssl_end();
  return NULL;
}

mono_us sim_now(const struct sim *s) {
  return s->now;
}

const struct rng *sim_rng(struct sim *s) {
  return &s->machine_rng.rng;
}

void sim_set_weather(struct sim *s, const struct sim_weather *w) {
  s->weather = *w;
}

uint64_t sim_trace(const struct sim *s) {
  return s->trace;
}

uint64_t sim_datagrams(const struct sim *s) {
  return s->datagrams;
}

struct peer *sim_peer_machine(struct sim_peer *sp) {
  return sp->machine;
}

static bool chance(struct sim *s, uint32_t in_10000) {
  return in_10000 > 0 && rng_below(&s->weather_rng.rng, 10000) < in_10000;
}

/* When a datagram that leaves now arrives; MONO_NEVER when the queue of a limited way is full. */
static mono_us arrival(struct sim *s, struct sim_peer *from, size_t n) {
  mono_us leaves = s->now;
  if (s->weather.rate > 0) {
    mono_us free_at = from->way_out_free_at > s->now ? from->way_out_free_at : s->now;
    if ((free_at - s->now) * s->weather.rate / MONO_S > s->weather.queue) return MONO_NEVER;
    leaves = from->way_out_free_at = free_at + n * MONO_S / s->weather.rate;
  }
  mono_us jitter =
      s->weather.jitter ? rng_below(&s->weather_rng.rng, (uint32_t)s->weather.jitter) : 0;
  return leaves + s->weather.delay + jitter;
}

/*
 * Only what has an integrity check of its own is corrupted: STUN and protected DTLS records. Plain
 * handshake records have the UDP checksum alone; one that slips past it ends any DTLS handshake,
 * here as everywhere.
 */
static bool may_corrupt(struct bytes datagram) {
  return datagram.n > 0 && (datagram.p[0] <= 3 || datagram.p[0] == 23);
}

static void send_copy(struct sim *s, struct sim_peer *from, const struct addr *source,
                      const struct addr *to, struct bytes datagram) {
  mono_us at = arrival(s, from, datagram.n);
  if (at == MONO_NEVER) return;
  struct payload *copy = payload_copy(datagram);
  if (!copy) return; /* no memory in the network: a lost datagram */
  if (may_corrupt(datagram) && chance(s, s->weather.corrupt))
    copy->data[rng_below(&s->weather_rng.rng, (uint32_t)copy->n)] ^=
        (uint8_t)(1 + rng_below(&s->weather_rng.rng, 255));
  heap_push(s, (struct happening){
                   .at = at, .kind = HAPPENS_DATAGRAM, .from = *source, .to = *to, .data = copy});
}

static void send_datagram(struct sim_peer *sp, const struct path *path, struct bytes datagram,
                          bool fragment) {
  struct sim *s = sp->sim;
  trace_u64(s, s->now);
  trace_bytes(s, datagram.p, datagram.n);
  s->datagrams++;
  const struct sim_link *link = NULL;
  for (size_t i = 0; i < sp->n_links; i++)
    if (sp->links[i].link == path->link) link = &sp->links[i];
  bool fits = s->weather.mtu == 0 || fragment || datagram.n <= s->weather.mtu;
  if (!link || !sp->connected || !fits) return;
  if (chance(s, s->weather.loss)) return;
  send_copy(s, sp, &link->local, &path->remote, datagram);
  if (chance(s, s->weather.duplicate)) send_copy(s, sp, &link->local, &path->remote, datagram);
}

static void send_run(struct sim_peer *sp, const struct peer_out *out, const uint8_t *buf) {
  size_t segment = out->u.tx.segment ? out->u.tx.segment : out->u.tx.n;
  for (size_t at = 0; at < out->u.tx.n; at += segment) {
    size_t n = out->u.tx.n - at < segment ? out->u.tx.n - at : segment;
    send_datagram(sp, &out->u.tx.path, (struct bytes){buf + at, n}, out->u.tx.fragment);
  }
}

static void bind_link(struct sim_peer *sp, const struct ice_bind *bind) {
  struct addr local = bind->local;
  if (sp->n_links == MAX_LINKS || !addr_ip_equal(&local, &sp->address)) {
    (void)peer_bound(sp->machine, sp->sim->now, bind->link, -99, NULL);
    return;
  }
  local.port = sp->next_port++;
  sp->links[sp->n_links++] = (struct sim_link){bind->link, local};
  (void)peer_bound(sp->machine, sp->sim->now, bind->link, 0, &local);
}

static void unbind_link(struct sim_peer *sp, uint32_t link) {
  for (size_t i = 0; i < sp->n_links; i++)
    if (sp->links[i].link == link) sp->links[i--] = sp->links[--sp->n_links];
}

static void hand_event(struct sim_peer *sp, const struct peer_event *ev) {
  struct dc_message message = {0};
  bool is_message = ev->kind == PEER_EV_CHANNEL && ev->u.channel.kind == DC_EV_MESSAGE;
  trace_u64(sp->sim, sp->sim->now ^ (uint64_t)ev->kind << 56);
  if (is_message) {
    dc_take_message(peer_channels(sp->machine), &message);
    if (message.data) trace_bytes(sp->sim, message.data->data, message.data->n);
  }
  sp->on_event(sp->ctx, sp, ev, is_message ? &message : NULL);
}

void sim_peer_drain(struct sim_peer *sp) {
  static uint8_t buf[65536];
  struct peer_out out;
  if (sp->draining) return;
  sp->draining = true;
  while (sp->machine) {
    peer_poll(sp->machine, sp->sim->now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) {
      sp->wake_at = out.u.wake.at;
      break;
    }
    switch (out.kind) {
    case OUT_TX: send_run(sp, &out, buf); break;
    case OUT_EVENT: hand_event(sp, &out.u.ev); break;
    case OUT_BIND: bind_link(sp, &out.u.bind); break;
    case OUT_UNBIND: unbind_link(sp, out.u.unbind_link); break;
    case OUT_RESOLVE:
      (void)peer_resolved(sp->machine, sp->sim->now, out.u.resolve.id, -2, NULL, 0);
      break;
    case OUT_IDLE:
    case OUT_STREAM: break;
    }
  }
  sp->draining = false;
}

static void announce_address(struct sim_peer *sp) {
  struct ice_interface_addr list = {.name = "eth0", .addr = sp->address};
  (void)peer_set_interfaces(sp->machine, sp->sim->now, &list, 1);
}

struct sim_peer *sim_peer_new(struct sim *s, const struct peer_cfg *cfg, sim_on_event *on_event,
                              void *ctx) {
  assert(s->n_peers < MAX_PEERS);
  struct sim_peer *sp = calloc(1, sizeof *sp);
  if (!sp) return NULL;
  struct peer_cfg own = *cfg;
  if (!own.rng) own.rng = &s->machine_rng.rng;
  if (!own.identity) own.identity = s->identity;
  *sp = (struct sim_peer){.sim = s,
                          .on_event = on_event,
                          .ctx = ctx,
                          .address = addr_v4(10, 0, 0, s->next_host++, 0),
                          .next_port = 40000,
                          .wake_at = MONO_NEVER,
                          .connected = true};
  if (peer_new(&sp->machine, &own, s->now) < 0) {
    free(sp);
    return NULL;
  }
  s->peers[s->n_peers++] = sp;
  announce_address(sp);
  sim_peer_drain(sp);
  return sp;
}

void sim_peer_kill(struct sim_peer *sp) {
  sp->machine = peer_free(sp->machine);
  sp->n_links = 0;
  sp->wake_at = MONO_NEVER;
}

void sim_peer_set_connected(struct sim_peer *sp, bool connected) {
  sp->connected = connected;
}

int sim_peer_readdress(struct sim_peer *sp) {
  sp->address = addr_v4(10, 0, 0, sp->sim->next_host++, 0);
  announce_address(sp);
  sim_peer_drain(sp);
  return 0;
}

void sim_at(struct sim *s, mono_us at, void (*fn)(void *ctx, void *arg), void *ctx, void *arg) {
  heap_push(s,
            (struct happening){.at = at, .kind = HAPPENS_CALL, .fn = fn, .ctx = ctx, .arg = arg});
}

static void deliver(struct sim *s, const struct happening *h) {
  for (size_t i = 0; i < s->n_peers; i++) {
    struct sim_peer *sp = s->peers[i];
    for (size_t k = 0; sp->machine && sp->connected && k < sp->n_links; k++) {
      if (!addr_equal(&sp->links[k].local, &h->to)) continue;
      struct path path = {sp->links[k].link, h->from};
      (void)peer_recv(sp->machine, s->now, &path, payload_bytes(h->data));
      sim_peer_drain(sp);
      return;
    }
  }
}

static void happen(struct sim *s) {
  struct happening h = heap_pop(s);
  if (h.kind == HAPPENS_DATAGRAM) {
    deliver(s, &h);
    payload_free(h.data);
  } else {
    h.fn(h.ctx, h.arg);
  }
}

static struct sim_peer *first_to_wake(struct sim *s) {
  struct sim_peer *first = NULL;
  for (size_t i = 0; i < s->n_peers; i++)
    if (s->peers[i]->machine && (!first || s->peers[i]->wake_at < first->wake_at))
      first = s->peers[i];
  return first;
}

bool sim_run(struct sim *s, mono_us until, bool (*done)(void *ctx), void *ctx) {
  for (;;) {
    if (done && done(ctx)) return true;
    struct sim_peer *sleeper = first_to_wake(s);
    mono_us wake = sleeper ? sleeper->wake_at : MONO_NEVER;
    mono_us next = s->n > 0 && s->heap[0].at <= wake ? s->heap[0].at : wake;
    if (next > until) {
      s->now = until;
      virtual_openssl_time(s->now);
      return done && done(ctx);
    }
    if (next > s->now) {
      s->now = next;
      virtual_openssl_time(s->now);
    }
    if (s->n > 0 && s->heap[0].at <= s->now) {
      happen(s);
    } else {
      (void)peer_wake(sleeper->machine, s->now);
      sim_peer_drain(sleeper);
    }
  }
}
