#include "support/sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/sim_state.h"
#include "support/virtual_openssl.h"

static void trace_bytes(struct sim *s, const void *data, size_t n) {
  const uint8_t *p = data;
  for (size_t i = 0; i < n; i++) s->trace = (s->trace ^ p[i]) * 0x100000001b3u;
}

static void trace_u64(struct sim *s, uint64_t v) {
  trace_bytes(s, &v, sizeof v);
}

static bool earlier(const struct sim_happening *a, const struct sim_happening *b) {
  return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void heap_swap(struct sim *s, size_t a, size_t b) {
  struct sim_happening t = s->heap[a];
  s->heap[a] = s->heap[b];
  s->heap[b] = t;
}

void sim_push(struct sim *s, struct sim_happening h) {
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

static struct sim_happening heap_pop(struct sim *s) {
  struct sim_happening top = s->heap[0];
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
  s->internet = (struct sim_site){.sim = s, .cfg.network = {10, 0}};
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
  free(s->peers);
  for (size_t i = 0; i < s->n; i++) {
    payload_free(s->heap[i].data);
    if (s->heap[i].kind == SIM_CALL) free(s->heap[i].arg);
  }
  sim_server_free_all(s);
  sim_net_free(s);
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

uint64_t sim_bytes(const struct sim *s) {
  return s->bytes;
}

struct peer *sim_peer_machine(struct sim_peer *sp) {
  return sp->machine;
}

bool sim_chance(struct sim *s, uint32_t in_10000) {
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
  if (may_corrupt(datagram) && sim_chance(s, s->weather.corrupt))
    copy->data[rng_below(&s->weather_rng.rng, (uint32_t)copy->n)] ^=
        (uint8_t)(1 + rng_below(&s->weather_rng.rng, 255));
  sim_net_send(s, at, (struct sim_sent){from->site, *source, *to, copy});
}

static void send_datagram(struct sim_peer *sp, const struct path *path, struct bytes datagram,
                          bool fragment) {
  struct sim *s = sp->sim;
  trace_u64(s, s->now);
  trace_bytes(s, datagram.p, datagram.n);
  s->datagrams++;
  s->bytes += datagram.n;
  const struct sim_link *link = NULL;
  for (size_t i = 0; i < sp->n_links; i++)
    if (sp->links[i].link == path->link) link = &sp->links[i];
  bool fits = s->weather.mtu == 0 || fragment || datagram.n <= s->weather.mtu;
  if (!link || !sp->connected || !fits) return;
  if (sim_chance(s, s->weather.loss)) return;
  send_copy(s, sp, &link->local, &path->remote, datagram);
  if (sim_chance(s, s->weather.duplicate)) send_copy(s, sp, &link->local, &path->remote, datagram);
}

static void send_run(struct sim_peer *sp, const struct peer_out *out, const uint8_t *buf) {
  if (out->u.tx.path.link & PEER_STREAM_LINK) {
    sim_stream_send(sp, out->u.tx.path.link, (struct bytes){buf, out->u.tx.n});
    return;
  }
  size_t segment = out->u.tx.segment ? out->u.tx.segment : out->u.tx.n;
  for (size_t at = 0; at < out->u.tx.n; at += segment) {
    size_t n = out->u.tx.n - at < segment ? out->u.tx.n - at : segment;
    send_datagram(sp, &out->u.tx.path, (struct bytes){buf + at, n}, out->u.tx.fragment);
  }
}

static void bind_link(struct sim_peer *sp, const struct ice_bind *bind) {
  struct addr local = bind->local;
  bool ours = addr_ip_equal(&local, &sp->address[0]) || addr_ip_equal(&local, &sp->address[1]);
  if (sp->n_links == SIM_LINKS || !ours) {
    (void)peer_bound(sp->machine, sp->sim->now, bind->link, -99, NULL);
    return;
  }
  local.port = sp->next_port++;
  sp->links[sp->n_links++] = (struct sim_link){bind->link, local};
  (void)peer_bound(sp->machine, sp->sim->now, bind->link, 0, &local);
}

static void unbind_link(struct sim_peer *sp, uint32_t link) {
  if (link & PEER_STREAM_LINK) sim_stream_close(sp, link);
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

/* Alarms that were overtaken by an earlier one are found out when they happen. */
static void set_alarm(struct sim_peer *sp, mono_us at) {
  sp->wake_at = at;
  if (at == MONO_NEVER || sp->alarm_at <= at) return;
  sp->alarm_at = at;
  sim_push(sp->sim, (struct sim_happening){.at = at, .kind = SIM_ALARM, .arg = sp});
}

void sim_peer_drain(struct sim_peer *sp) {
  static uint8_t buf[65536];
  struct peer_out out;
  if (sp->draining) return;
  sp->draining = true;
  while (sp->machine) {
    peer_poll(sp->machine, sp->sim->now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) {
      set_alarm(sp, out.u.wake.at);
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
    case OUT_STREAM: sim_stream_ask(sp, &out.u.stream); break;
    case OUT_PUBLISH:
    case OUT_IDLE: break;
    }
  }
  sp->draining = false;
}

static void announce_addresses(struct sim_peer *sp) {
  struct ice_interface_addr list[2];
  size_t n = 0;
  for (size_t i = 0; i < 2; i++)
    if (sp->address[i].family != ADDR_NONE)
      list[n++] = (struct ice_interface_addr){.name = "eth0", .addr = sp->address[i]};
  (void)peer_set_interfaces(sp->machine, sp->sim->now, list, n);
}

static void keep_peer(struct sim *s, struct sim_peer *sp) {
  if (s->n_peers == s->cap_peers) {
    s->cap_peers = s->cap_peers ? 2 * s->cap_peers : 64;
    s->peers = realloc(s->peers, s->cap_peers * sizeof(struct sim_peer *));
    assert(s->peers);
  }
  s->peers[s->n_peers++] = sp;
  for (size_t i = 0; i < 2; i++)
    if (sp->address[i].family != ADDR_NONE)
      sim_net_add(s, sp->site, &sp->address[i], SIM_NODE_PEER, sp);
}

/* A peer without addresses yet, or NULL. */
static struct sim_peer *make_peer(struct sim *s, const struct peer_cfg *cfg, sim_on_event *on_event,
                                  void *ctx) {
  struct sim_peer *sp = calloc(1, sizeof *sp);
  if (!sp) return NULL;
  struct peer_cfg own = *cfg;
  if (!own.rng) own.rng = &s->machine_rng.rng;
  if (!own.identity) own.identity = s->identity;
  *sp = (struct sim_peer){.sim = s,
                          .on_event = on_event,
                          .ctx = ctx,
                          .site = &s->internet,
                          .next_port = 40000,
                          .wake_at = MONO_NEVER,
                          .alarm_at = MONO_NEVER,
                          .connected = true};
  if (peer_new(&sp->machine, &own, s->now) < 0) {
    free(sp);
    return NULL;
  }
  return sp;
}

static struct sim_peer *start_peer(struct sim_peer *sp) {
  keep_peer(sp->sim, sp);
  announce_addresses(sp);
  sim_peer_drain(sp);
  return sp;
}

struct sim_peer *sim_peer_new(struct sim *s, const struct peer_cfg *cfg, sim_on_event *on_event,
                              void *ctx) {
  struct sim_peer *sp = make_peer(s, cfg, on_event, ctx);
  if (!sp) return NULL;
  sp->address[0] = sim_net_private(&s->internet);
  return start_peer(sp);
}

struct sim_peer *sim_peer_new_at(struct sim *s, const struct sim_home *home,
                                 const struct peer_cfg *cfg, sim_on_event *on_event, void *ctx) {
  struct sim_peer *sp = make_peer(s, cfg, on_event, ctx);
  if (!sp) return NULL;
  if (home->site) sp->site = home->site;
  if (!home->no_v4) sp->address[0] = home->site ? sim_net_private(home->site) : sim_net_public(s);
  if (home->v6) sp->address[1] = sim_net_v6(s);
  return start_peer(sp);
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
  sim_net_remove(sp->sim, sp->site, &sp->address[0]);
  sp->address[0] = sim_net_private(sp->site);
  sim_net_add(sp->sim, sp->site, &sp->address[0], SIM_NODE_PEER, sp);
  announce_addresses(sp);
  sim_peer_drain(sp);
  return 0;
}

void sim_at(struct sim *s, mono_us at, void (*fn)(void *ctx, void *arg), void *ctx, void *arg) {
  sim_push(s, (struct sim_happening){.at = at, .kind = SIM_CALL, .fn = fn, .ctx = ctx, .arg = arg});
}

void sim_hand_datagram(struct sim_peer *sp, const struct addr *from, const struct addr *to,
                       struct bytes datagram) {
  for (size_t k = 0; sp->machine && sp->connected && k < sp->n_links; k++) {
    if (!addr_equal(&sp->links[k].local, to)) continue;
    struct path path = {sp->links[k].link, *from};
    (void)peer_recv(sp->machine, sp->sim->now, &path, datagram);
    sim_peer_drain(sp);
    return;
  }
}

static void ring(struct sim_peer *sp) {
  sp->alarm_at = MONO_NEVER;
  if (!sp->machine || sp->wake_at > sp->sim->now) {
    if (sp->machine) set_alarm(sp, sp->wake_at);
    return;
  }
  (void)peer_wake(sp->machine, sp->sim->now);
  sim_peer_drain(sp);
}

static void happen(struct sim *s) {
  struct sim_happening h = heap_pop(s);
  switch (h.kind) {
  case SIM_DATAGRAM: sim_net_arrive(s, &h); break;
  case SIM_CALL: h.fn(h.ctx, h.arg); break;
  case SIM_ALARM: ring(h.arg); break;
  case SIM_STREAM_OPEN:
  case SIM_STREAM_UP:
  case SIM_STREAM_DOWN:
  case SIM_STREAM_CLOSED:
  case SIM_STREAM_LOST: sim_stream_happen(s, &h); break;
  }
  payload_free(h.data);
}

bool sim_run(struct sim *s, mono_us until, bool (*done)(void *ctx), void *ctx) {
  for (;;) {
    if (done && done(ctx)) return true;
    mono_us next = s->n > 0 ? s->heap[0].at : MONO_NEVER;
    if (next > until) {
      s->now = until;
      virtual_openssl_time(s->now);
      return done && done(ctx);
    }
    if (next > s->now) {
      s->now = next;
      virtual_openssl_time(s->now);
    }
    happen(s);
  }
}
