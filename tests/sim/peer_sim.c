/*
 * Two peers in virtual time, through weather that follows from the seed: negotiation with trickled
 * candidates, channels of every kind, messages both ways, an ICE restart, an outage, closing.
 * Asserts what the protocol promises: every reliable message exactly once, in order where ordered;
 * partial ones never late beyond their limit.
 *
 *   peer_sim [--seeds FIRST COUNT] [--verbose]
 *
 * A failing seed is printed; put it into regressions.txt beside this file, whose seeds run first,
 * always.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/sim.h"
#include "support/sim_main.h"

#define CHANNELS       6
#define MESSAGES       24
#define HEADER         16
#define DEFAULT_SEEDS  2000
#define FREE_OF_CREDIT ((uint64_t)1 << 40)

/* One channel as both ends see it, and what flows each way. */
struct flow {
  unsigned sent, received;
  bool seen[MESSAGES];
  mono_us sent_at[MESSAGES];
  bool unordered[MESSAGES]; /* went unordered: nothing earlier can hold it up */
  unsigned next;            /* ordered: the index that must come next, at least */
  struct payload *pieces;   /* of a message that comes in pieces */
};

struct channel {
  struct dc_init init;
  char label[32];
  bool used, opened[2], closed[2];
  int opener;
  dc_handle handle[2];
  struct flow flow[2]; /* by the sending side */
};

struct end {
  struct scenario *scenario;
  struct sim_peer *sp;
  int side;
};

struct scenario {
  uint64_t seed;
  struct sim *sim;
  struct seeded_rng rng;
  struct sim_weather weather;
  struct end ends[2];
  struct channel channels[CHANNELS];
  unsigned n_channels;
  mono_us signal_delay, longest_one_way;
  dc_handle next_handle;
  bool verbose, was_connected[2], closing, restarted;
  bool meager[2]; /* this side grants credit a little at a time */
  struct sim_verdict verdict;
};

static uint32_t pick(struct scenario *sc, uint32_t bound) {
  return rng_below(&sc->rng.rng, bound);
}

static bool is_reliable(const struct channel *c) {
  return c->init.max_retransmits < 0 && c->init.max_lifetime_ms < 0;
}

/* Size and bytes of message i follow from where it goes, so that nothing need be kept to check it.
 */
static size_t message_size(const struct scenario *sc, unsigned ch, int side, unsigned i) {
  static const size_t sizes[] = {0, 1, 17, 100, 1000, 1159, 1160, 1161, 3000, 16384, 40000};
  uint64_t mixed = (sc->seed * 31 + ch * 7 + (unsigned)side * 3 + i) * 0x9e3779b97f4a7c15u;
  size_t n = sizes[(mixed >> 40) % (sizeof sizes / sizeof *sizes)];
  const struct channel *c = &sc->channels[ch];
  return n < HEADER && !(c->init.ordered && is_reliable(c)) ? HEADER : n;
}

static void fill_message(uint8_t *p, size_t n, unsigned ch, int side, unsigned i) {
  for (size_t k = 0; k < n; k++) p[k] = (uint8_t)(k * 7 + ch * 31 + (unsigned)side * 101 + i * 13);
  if (n < HEADER) return;
  p[0] = (uint8_t)ch;
  p[1] = (uint8_t)side;
  p[2] = (uint8_t)i;
}

static void send_one(struct scenario *sc, unsigned ch, int side) {
  struct channel *c = &sc->channels[ch];
  struct flow *f = &c->flow[side];
  struct peer *machine = sim_peer_machine(sc->ends[side].sp);
  if (!machine || sc->closing || f->sent == MESSAGES || !c->opened[side] || c->closed[side]) return;
  size_t n = message_size(sc, ch, side, f->sent);
  struct payload *data = payload_new(n);
  struct fault fault = {0};
  assert(data);
  fill_message(data->data, n, ch, side, f->sent);
  data->n = n;
  if (dc_send(peer_channels(machine), sim_now(sc->sim), c->handle[side], false, data, &fault) < 0) {
    sim_fail(&sc->verdict, "send on channel %u: %s", ch, fault.text);
    return;
  }
  struct dc_info info;
  (void)dc_info(peer_channels(machine), c->handle[side], &info);
  f->unordered[f->sent] = !c->init.ordered && info.acknowledged;
  f->sent_at[f->sent++] = sim_now(sc->sim);
  peer_touch(machine, sim_now(sc->sim));
}

/* The index of a message that came, or MESSAGES if it cannot be one. */
static unsigned identify(const struct channel *c, const struct flow *f, struct bytes b) {
  if (c->init.ordered && is_reliable(c)) return f->next;
  return b.n >= HEADER && b.p[2] < MESSAGES ? b.p[2] : MESSAGES;
}

static void check_lateness(struct scenario *sc, const struct channel *c, unsigned ch,
                           const struct flow *f, unsigned i) {
  int to = f == &c->flow[0] ? 1 : 0;
  if (c->init.max_lifetime_ms < 0 || !f->unordered[i] || sc->meager[to]) return;
  mono_us limit = f->sent_at[i] + (mono_us)c->init.max_lifetime_ms * MONO_MS + sc->longest_one_way;
  if (sim_now(sc->sim) > limit)
    sim_fail(&sc->verdict,
             "channel %u message %u of %zu bytes, sent at %llu, came %llu us after its limit", ch,
             i, message_size(sc, ch, f == &c->flow[1], i), (unsigned long long)f->sent_at[i],
             (unsigned long long)(sim_now(sc->sim) - limit));
}

static void receive(struct scenario *sc, unsigned ch, int from, struct bytes b) {
  struct channel *c = &sc->channels[ch];
  struct flow *f = &c->flow[from];
  unsigned i = identify(c, f, b);
  if (i >= f->sent) {
    sim_fail(&sc->verdict, "channel %u: a message that was never sent (%zu bytes, %u sent)", ch,
             b.n, f->sent);
    return;
  }
  size_t n = message_size(sc, ch, from, i);
  uint8_t *expected = malloc(n + 1);
  assert(expected);
  fill_message(expected, n, ch, from, i);
  if (b.n != n || (n > 0 && memcmp(b.p, expected, n) != 0))
    sim_fail(&sc->verdict, "channel %u message %u: %zu bytes, not the %zu sent", ch, i, b.n, n);
  free(expected);
  if (f->seen[i]) sim_fail(&sc->verdict, "channel %u message %u came twice", ch, i);
  if (c->init.ordered && i < f->next)
    sim_fail(&sc->verdict, "channel %u message %u came after %u", ch, i, f->next - 1);
  check_lateness(sc, c, ch, f, i);
  f->seen[i] = true;
  f->received++;
  f->next = i + 1;
}

/* Pieces are put together before they are looked at. */
static void receive_piece(struct scenario *sc, unsigned ch, int from, const struct dc_message *m) {
  struct flow *f = &sc->channels[ch].flow[from];
  struct bytes b = m->data ? payload_bytes(m->data) : (struct bytes){NULL, 0};
  if (!f->pieces && !m->more) {
    receive(sc, ch, from, b);
    return;
  }
  size_t have = f->pieces ? f->pieces->n : 0;
  struct payload *grown = f->pieces ? payload_grow(f->pieces, have + b.n) : payload_new(b.n);
  assert(grown);
  if (b.n > 0) memcpy(grown->data + have, b.p, b.n);
  grown->n = have + b.n;
  f->pieces = grown;
  if (m->more) return;
  f->pieces = NULL;
  receive(sc, ch, from, payload_bytes(grown));
  payload_free(grown);
}

/* Signalling: a description or a candidate on its way to the other side. */
struct signal {
  struct scenario *sc;
  int to;
  enum peer_sdp_type type;
  bool candidate;
  char *mid, *ufrag;
  char text[];
};

static void drain(struct end *e) {
  sim_peer_drain(e->sp);
}

static void post(struct scenario *sc, int to, bool candidate, enum peer_sdp_type type,
                 const char *text);

static void set_local(struct scenario *sc, int side) {
  struct peer *machine = sim_peer_machine(sc->ends[side].sp);
  struct fault fault = {0};
  struct peer_view view;
  const struct peer_set_local implicit = {.implicit_type = true};
  if (peer_set_local(machine, sim_now(sc->sim), &implicit, &fault) < 0) {
    sim_fail(&sc->verdict, "setLocalDescription: %s", fault.text);
    return;
  }
  peer_view(machine, &view);
  post(sc, 1 - side, false, view.local_type, view.local_sdp);
}

static void on_candidate(struct scenario *sc, int to, const char *text) {
  struct fault fault = {0};
  const struct peer_candidate_init init = {
      .candidate = bytes_of(text), .mid = "0", .mline_index = -1, .end = text[0] == '\0'};
  if (peer_add_candidate(sim_peer_machine(sc->ends[to].sp), sim_now(sc->sim), &init, &fault) < 0)
    sim_fail(&sc->verdict, "addIceCandidate: %s", fault.text);
}

static void on_signal(void *ctx, void *arg) {
  struct scenario *sc = ctx;
  struct signal *signal = arg;
  struct end *e = &sc->ends[signal->to];
  struct fault fault = {0};
  if (!sim_peer_machine(e->sp)) {
    free(signal);
    return;
  }
  if (signal->candidate) {
    on_candidate(sc, signal->to, signal->text);
  } else if (peer_set_remote(sim_peer_machine(e->sp), sim_now(sc->sim), signal->type,
                             bytes_of(signal->text), &fault) < 0) {
    sim_fail(&sc->verdict, "setRemoteDescription: %s", fault.text);
  } else if (signal->type == PEER_SDP_OFFER) {
    set_local(sc, signal->to);
  }
  free(signal);
  drain(e);
}

static void post(struct scenario *sc, int to, bool candidate, enum peer_sdp_type type,
                 const char *text) {
  size_t n = strlen(text) + 1;
  struct signal *signal = calloc(1, sizeof *signal + n);
  assert(signal);
  signal->sc = sc;
  signal->to = to;
  signal->candidate = candidate;
  signal->type = type;
  memcpy(signal->text, text, n);
  sim_at(sc->sim, sim_now(sc->sim) + sc->signal_delay, on_signal, sc, signal);
}

static struct channel *by_handle(struct scenario *sc, int side, dc_handle handle) {
  for (unsigned i = 0; i < sc->n_channels; i++)
    if (sc->channels[i].used && sc->channels[i].handle[side] == handle) return &sc->channels[i];
  return NULL;
}

static void on_incoming(struct scenario *sc, int side, const struct dc_event *ev) {
  for (unsigned i = 0; i < sc->n_channels; i++) {
    struct channel *c = &sc->channels[i];
    if (!c->used || c->opener == side || !bytes_equal(ev->init.label, bytes_of(c->label))) continue;
    if (c->handle[side]) sim_fail(&sc->verdict, "channel %u was announced twice", i);
    c->handle[side] = sc->next_handle++;
    if (ev->init.ordered != c->init.ordered ||
        ev->init.max_retransmits != c->init.max_retransmits ||
        ev->init.max_lifetime_ms != c->init.max_lifetime_ms)
      sim_fail(&sc->verdict, "channel %u came with another reliability", i);
    dc_rename(peer_channels(sim_peer_machine(sc->ends[side].sp)), ev->channel, c->handle[side]);
    return;
  }
  sim_fail(&sc->verdict, "a channel nobody made: %.*s", (int)ev->init.label.n,
           (const char *)ev->init.label.p);
}

static void on_channel_event(struct scenario *sc, int side, const struct dc_event *ev,
                             const struct dc_message *message) {
  struct channel *c = by_handle(sc, side, ev->channel);
  switch (ev->kind) {
  case DC_EV_INCOMING: on_incoming(sc, side, ev); return;
  case DC_EV_OPEN:
    if (!c || c->opened[side])
      sim_fail(&sc->verdict, "open of an unknown or open channel");
    else
      c->opened[side] = true;
    return;
  case DC_EV_MESSAGE:
    if (!c) {
      sim_fail(&sc->verdict, "message on an unknown channel");
      return;
    }
    receive_piece(sc, (unsigned)(c - sc->channels), 1 - side, message);
    return;
  case DC_EV_CLOSED:
    if (!c || c->closed[side])
      sim_fail(&sc->verdict, "close of an unknown or closed channel");
    else
      c->closed[side] = true;
    return;
  case DC_EV_ERROR:
    if (!sc->closing) sim_fail(&sc->verdict, "channel error: %s", ev->fault.text);
    return;
  case DC_EV_STALLED:
    if (!sc->meager[side]) sim_fail(&sc->verdict, "stalled, with credit for all");
    return;
  case DC_EV_ASSOCIATED:
  case DC_EV_BUFFERED_LOW:
  case DC_EV_CLOSING:
  case DC_EV_DOWN: return;
  }
}

static void on_event(void *ctx, struct sim_peer *sp, const struct peer_event *ev,
                     const struct dc_message *message) {
  struct end *e = ctx;
  struct scenario *sc = e->scenario;
  (void)sp;
  switch (ev->kind) {
  case PEER_EV_ICE_CANDIDATE: post(sc, 1 - e->side, true, 0, ev->u.candidate.text); break;
  case PEER_EV_CONNECTION_STATE:
    if (sc->verbose)
      (void)printf("%llu side %d %s\n", (unsigned long long)sim_now(sc->sim), e->side,
                   peer_connection_name(ev->u.connection));
    if (ev->u.connection == PEER_CONNECTED) sc->was_connected[e->side] = true;
    if (ev->u.connection == PEER_FAILED && !sc->closing)
      sim_fail(&sc->verdict, "side %d: connection failed", e->side);
    break;
  case PEER_EV_FAILURE:
    if (!sc->closing) sim_fail(&sc->verdict, "side %d: %s", e->side, ev->u.failure.text);
    break;
  case PEER_EV_CHANNEL: on_channel_event(sc, e->side, &ev->u.channel, message); break;
  case PEER_EV_ICE_CANDIDATE_ERROR:
  case PEER_EV_GATHERING_STATE:
  case PEER_EV_ICE_STATE:
  case PEER_EV_SIGNALING_STATE:
  case PEER_EV_NEGOTIATION_NEEDED:
  case PEER_EV_PATH: break;
  }
  if (message) payload_free(message->data);
}

static void choose_weather(struct scenario *sc) {
  struct sim_weather w = {.delay = 1 + pick(sc, 60) * MONO_MS / 2};
  if (pick(sc, 2)) w.jitter = 1 + pick(sc, 40 * MONO_MS);
  if (pick(sc, 2)) w.loss = pick(sc, 1000); /* to 10 % */
  if (pick(sc, 3) == 0) w.duplicate = pick(sc, 1000);
  if (pick(sc, 4) == 0) w.corrupt = pick(sc, 200);
  if (pick(sc, 4) == 0) w.mtu = 1200 + pick(sc, 2) * pick(sc, 300);
  if (pick(sc, 4) == 0) {
    w.rate = 200000 + pick(sc, 2000000);
    w.queue = 20000 + pick(sc, 60000);
  }
  sc->weather = w;
  sc->signal_delay = pick(sc, 150) * MONO_MS;
  sc->longest_one_way =
      w.delay + w.jitter + (w.rate ? (w.queue + 3000) * MONO_S / w.rate : 0) + 50 * MONO_MS;
  sim_set_weather(sc->sim, &w);
}

static struct dc_init choose_init(struct scenario *sc) {
  struct dc_init init = {
      .ordered = pick(sc, 2), .id = -1, .max_retransmits = -1, .max_lifetime_ms = -1};
  uint32_t kind = pick(sc, 4);
  if (kind == 0) init.max_retransmits = (int32_t)pick(sc, 4);
  if (kind == 1) init.max_lifetime_ms = 20 + (int32_t)pick(sc, 400);
  return init;
}

static void create_on(struct scenario *sc, unsigned ch, int side) {
  struct channel *c = &sc->channels[ch];
  struct fault fault = {0};
  c->handle[side] = sc->next_handle++;
  if (peer_channel_create(sim_peer_machine(sc->ends[side].sp), sim_now(sc->sim), c->handle[side],
                          &c->init, &fault) < 0)
    sim_fail(&sc->verdict, "create: %s", fault.text);
  if (!sc->meager[side])
    (void)dc_credit(peer_channels(sim_peer_machine(sc->ends[side].sp)), sim_now(sc->sim),
                    c->handle[side], FREE_OF_CREDIT, NULL);
}

static void make_channel(struct scenario *sc, unsigned ch) {
  struct channel *c = &sc->channels[ch];
  c->init = choose_init(sc);
  c->used = true;
  c->opener = (int)pick(sc, 2);
  (void)snprintf(c->label, sizeof c->label, "channel-%u", ch);
  c->init.label = bytes_of(c->label);
  if (pick(sc, 4) == 0) {
    c->init.negotiated = true;
    c->init.id = (int32_t)(1000 + ch);
    create_on(sc, ch, 1 - c->opener);
  }
  create_on(sc, ch, c->opener);
  c->init.label = (struct bytes){0};
}

/* An ICE restart from either side, in half of them because its address became another one. */
static void restart(struct scenario *sc) {
  int side = (int)pick(sc, 2);
  sc->restarted = true;
  if (pick(sc, 2)) (void)sim_peer_readdress(sc->ends[side].sp);
  (void)peer_restart_ice(sim_peer_machine(sc->ends[side].sp), sim_now(sc->sim), NULL);
  set_local(sc, side);
}

/* Where credit is meager: a bit more for everyone. */
static void grant(struct scenario *sc) {
  for (unsigned i = 0; i < sc->n_channels; i++)
    for (int side = 0; side < 2; side++) {
      struct peer *machine = sim_peer_machine(sc->ends[side].sp);
      if (!sc->meager[side] || !machine || !sc->channels[i].handle[side]) continue;
      (void)dc_credit(peer_channels(machine), sim_now(sc->sim), sc->channels[i].handle[side], 20000,
                      NULL);
      peer_touch(machine, sim_now(sc->sim));
    }
}

static void traffic(void *ctx, void *arg);

/* A little of everything, again and again, until all was sent. */
static void traffic(void *ctx, void *arg) {
  struct scenario *sc = ctx;
  (void)arg;
  for (int burst = 0; burst < 6; burst++) send_one(sc, pick(sc, sc->n_channels), (int)pick(sc, 2));
  if (!sc->closing && !sc->restarted && sc->was_connected[0] && sc->was_connected[1] &&
      pick(sc, 20) == 0)
    restart(sc);
  grant(sc);
  for (int side = 0; side < 2; side++) drain(&sc->ends[side]);
  sim_at(sc->sim, sim_now(sc->sim) + 1 + pick(sc, 30 * MONO_MS), traffic, sc, NULL);
}

/* The path gets narrower than it was, never too narrow for what RFC 8831 section 5 lets one send
 * unasked. */
static void narrow(void *ctx, void *arg) {
  struct scenario *sc = ctx;
  (void)arg;
  sc->weather.mtu = 1200;
  sim_set_weather(sc->sim, &sc->weather);
}

static bool all_arrived(void *ctx) {
  struct scenario *sc = ctx;
  if (sc->verdict.failed) return true;
  for (unsigned i = 0; i < sc->n_channels; i++)
    for (int side = 0; side < 2; side++) {
      const struct channel *c = &sc->channels[i];
      if (c->flow[side].sent < MESSAGES) return false;
      if (is_reliable(c) && c->flow[side].received < MESSAGES) return false;
    }
  return true;
}

static bool all_closed(void *ctx) {
  struct scenario *sc = ctx;
  if (sc->verdict.failed) return true;
  for (unsigned i = 0; i < sc->n_channels; i++)
    if (!sc->channels[i].closed[0] || !sc->channels[i].closed[1]) return false;
  return true;
}

static void outage_ends(void *ctx, void *arg) {
  struct scenario *sc = ctx;
  (void)arg;
  for (int side = 0; side < 2; side++) sim_peer_set_connected(sc->ends[side].sp, true);
}

static void outage(void *ctx, void *arg) {
  struct scenario *sc = ctx;
  (void)arg;
  sim_peer_set_connected(sc->ends[0].sp, false);
  sim_at(sc->sim, sim_now(sc->sim) + 2 * MONO_S, outage_ends, sc, NULL);
}

static void set_up(struct scenario *sc) {
  struct peer_cfg cfg = {.max_message_size = 262144,
                         .max_channels = 1000,
                         .max_buffered = 16 * 1024 * 1024,
                         .receive_budget = 4 * 1024 * 1024};
  sc->next_handle = 1;
  choose_weather(sc);
  for (int side = 0; side < 2; side++) {
    sc->ends[side] = (struct end){.scenario = sc, .side = side};
    cfg.interleaving = pick(sc, 4) > 0;
    cfg.zero_checksum = pick(sc, 4) > 0;
    cfg.mtu_discovery = pick(sc, 4) > 0;
    sc->ends[side].sp = sim_peer_new(sc->sim, &cfg, on_event, &sc->ends[side]);
    assert(sc->ends[side].sp);
    sc->meager[side] = pick(sc, 4) == 0;
    if (!sc->meager[side])
      dc_set_initial_credit(peer_channels(sim_peer_machine(sc->ends[side].sp)), FREE_OF_CREDIT);
  }
  sc->n_channels = 1 + pick(sc, CHANNELS);
  for (unsigned i = 0; i < sc->n_channels; i++) make_channel(sc, i);
}

static void close_channels(struct scenario *sc) {
  for (unsigned i = 0; i < sc->n_channels; i++) {
    int side = (int)pick(sc, 2);
    struct peer *machine = sim_peer_machine(sc->ends[side].sp);
    (void)dc_close(peer_channels(machine), sim_now(sc->sim), sc->channels[i].handle[side], NULL);
    peer_touch(machine, sim_now(sc->sim));
  }
  for (int side = 0; side < 2; side++) drain(&sc->ends[side]);
}

static void describe_missing(struct scenario *sc) {
  for (unsigned i = 0; i < sc->n_channels; i++)
    for (int side = 0; side < 2; side++) {
      const struct flow *f = &sc->channels[i].flow[side];
      if (f->sent < MESSAGES || (is_reliable(&sc->channels[i]) && f->received < MESSAGES))
        sim_fail(
            &sc->verdict,
            "channel %u from side %d: %u sent, %u received after 120 s (connected %d %d, opened "
            "%d %d)",
            i, side, f->sent, f->received, sc->was_connected[0], sc->was_connected[1],
            sc->channels[i].opened[0], sc->channels[i].opened[1]);
    }
}

static void play(struct scenario *sc) {
  set_up(sc);
  set_local(sc, (int)pick(sc, 2));
  for (int side = 0; side < 2; side++) drain(&sc->ends[side]);
  sim_at(sc->sim, sim_now(sc->sim) + MONO_MS, traffic, sc, NULL);
  if (pick(sc, 5) == 0) sim_at(sc->sim, sim_now(sc->sim) + MONO_S, outage, sc, NULL);
  if (pick(sc, 5) == 0) sim_at(sc->sim, sim_now(sc->sim) + MONO_S / 2, narrow, sc, NULL);
  mono_us start = sim_now(sc->sim);
  if (!sim_run(sc->sim, start + 120 * MONO_S, all_arrived, sc)) describe_missing(sc);
  if (sc->verdict.failed) return;
  close_channels(sc);
  if (!sim_run(sc->sim, sim_now(sc->sim) + 60 * MONO_S, all_closed, sc))
    sim_fail(&sc->verdict, "channels did not close on both sides");
}

/* One side goes while the other still sends: its channels close there, and nothing else happens. */
static void play_departure(struct scenario *sc) {
  set_up(sc);
  set_local(sc, 0);
  for (int side = 0; side < 2; side++) drain(&sc->ends[side]);
  sim_at(sc->sim, sim_now(sc->sim) + MONO_MS, traffic, sc, NULL);
  (void)sim_run(sc->sim, sim_now(sc->sim) + pick(sc, 3 * MONO_S), NULL, NULL);
  sc->closing = true;
  peer_close(sim_peer_machine(sc->ends[0].sp), sim_now(sc->sim));
  drain(&sc->ends[0]);
  sim_peer_kill(sc->ends[0].sp);
  (void)sim_run(sc->sim, sim_now(sc->sim) + 70 * MONO_S, NULL, NULL);
}

static void forget_pieces(struct scenario *sc) {
  for (unsigned i = 0; i < sc->n_channels; i++)
    for (int side = 0; side < 2; side++) payload_free(sc->channels[i].flow[side].pieces);
}

static uint64_t run_seed(uint64_t seed, bool verbose, struct scenario *sc) {
  memset(sc, 0, sizeof *sc);
  sc->seed = seed;
  sc->verbose = verbose;
  sc->sim = sim_new(seed);
  assert(sc->sim);
  seeded_rng_init(&sc->rng, seed);
  if (seed % 10 == 9)
    play_departure(sc);
  else
    play(sc);
  uint64_t trace = sim_trace(sc->sim);
  forget_pieces(sc);
  sim_free(sc->sim);
  return trace;
}

static bool seed_passes(uint64_t seed, bool verbose) {
  static struct scenario sc;
  uint64_t trace = run_seed(seed, verbose, &sc);
  if (!sc.verdict.failed && seed % 20 == 0 && run_seed(seed, false, &sc) != trace)
    sim_fail(&sc.verdict, "two runs differ");
  if (sc.verdict.failed) (void)printf("seed %llu: %s\n", (unsigned long long)seed, sc.verdict.why);
  return !sc.verdict.failed;
}

int main(int argc, char **argv) {
  const struct sim_main m = {
      .count = DEFAULT_SEEDS, .regressions = SIM_REGRESSIONS, .passes = seed_passes};
  return sim_main(argc, argv, &m);
}
