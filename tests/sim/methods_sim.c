/*
 * Every pair of situations that a school and a teacher can be in, in virtual time and in weather
 * that follows from the seed: NATs of each kind, CGNAT, IPv6, closed UDP. Each pair must connect by
 * the best method that theory has for it; then the NATs lose their tables or the server restarts.
 * Every message arrives exactly once and in order.
 *
 *   methods_sim [--seeds FIRST COUNT] [--verbose]
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "support/sim.h"
#include "support/sim_call.h"
#include "support/sim_main.h"

#define DEFAULT_SEEDS 20
#define SETTLED       (4 * MONO_S) /* after which no method changes any more */
#define PATIENCE      (30 * MONO_S)
#define EVERY         (20 * MONO_MS)

enum kind {
  KIND_PUBLIC,
  KIND_CONE,
  KIND_RESTRICTED,
  KIND_PORT_RESTRICTED,
  KIND_ADDRESS_DEPENDENT,
  KIND_SYMMETRIC,
  KIND_CGNAT,
  KIND_IPV6,
  KIND_DUAL,
  KIND_NO_UDP,
  KIND_HTTPS_ONLY,
  KINDS
};

struct situation {
  const char *name;
  bool nat, closed, carrier, no_v4, v6;
  enum nat_dependence mapping, filtering;
  uint16_t only_tcp;
};

#define EI  NAT_ENDPOINT_INDEPENDENT
#define AD  NAT_ADDRESS_DEPENDENT
#define APD NAT_ADDRESS_AND_PORT_DEPENDENT

static const struct situation situations[KINDS] = {
    [KIND_PUBLIC] = {.name = "public"},
    [KIND_CONE] = {.name = "cone", .nat = true, .mapping = EI, .filtering = EI},
    [KIND_RESTRICTED] = {.name = "restricted", .nat = true, .mapping = EI, .filtering = AD},
    [KIND_PORT_RESTRICTED] = {.name = "port-restricted",
                              .nat = true,
                              .mapping = EI,
                              .filtering = APD},
    [KIND_ADDRESS_DEPENDENT] = {.name = "address-dependent",
                                .nat = true,
                                .mapping = AD,
                                .filtering = AD},
    [KIND_SYMMETRIC] = {.name = "symmetric", .nat = true, .mapping = APD, .filtering = APD},
    [KIND_CGNAT] = {.name = "cgnat", .nat = true, .carrier = true, .mapping = EI, .filtering = APD},
    [KIND_IPV6] = {.name = "ipv6", .no_v4 = true, .v6 = true},
    [KIND_DUAL] = {.name = "dual", .nat = true, .v6 = true, .mapping = EI, .filtering = APD},
    [KIND_NO_UDP] = {.name = "no-udp", .nat = true, .closed = true},
    [KIND_HTTPS_ONLY] = {.name = "https-only", .nat = true, .closed = true, .only_tcp = 443},
};

/* Two mappings meet when neither depends on whom it talks to, or when one does and the other's
 * filter looks at the address alone (RFC 5128 sections 3.3 and 3.4). */
static enum peer_method best(enum kind one, enum kind other) {
  const struct situation *a = &situations[one], *b = &situations[other];
  if (a->v6 && b->v6) return PEER_METHOD_HOST;
  if (a->no_v4 || b->no_v4 || a->closed || b->closed) return PEER_METHOD_RELAY;
  if (!a->nat && !b->nat) return PEER_METHOD_HOST;
  if (!a->nat || !b->nat) return PEER_METHOD_SRFLX;
  if (a->mapping != EI && b->mapping != EI) return PEER_METHOD_RELAY;
  if (a->mapping != EI && b->filtering == APD) return PEER_METHOD_RELAY;
  if (b->mapping != EI && a->filtering == APD) return PEER_METHOD_RELAY;
  return PEER_METHOD_SRFLX;
}

/* How the two sites lie to each other. */
enum apart { FAR_APART, ONE_SITE, ONE_CARRIER, ONE_CARRIER_HAIRPIN, APARTS };

struct flow {
  unsigned sent, received;
};

struct scenario {
  struct sim *sim;
  struct seeded_rng rng;
  struct sim_server *server;
  struct sim_site *site[2];
  struct sim_call *call;
  struct flow flow[2]; /* by the sending side */
  bool has_path[2], paused, verbose, server_died;
  enum peer_method method[2], wanted;
  enum apart apart;
  mono_us start, back_after; /* back_after: since the shaking */
  unsigned shaken_at[2];     /* messages sent until then */
  struct sim_verdict verdict;
};

static uint32_t pick(struct scenario *sc, uint32_t bound) {
  return rng_below(&sc->rng.rng, bound);
}

static void say(const struct scenario *sc, const char *what) {
  if (sc->verbose)
    (void)printf("  %6llu ms: %s; %u of %u and %u of %u messages\n",
                 (unsigned long long)((sim_now(sc->sim) - sc->start) / MONO_MS), what,
                 sc->flow[0].received, sc->flow[0].sent, sc->flow[1].received, sc->flow[1].sent);
}

static void on_message(void *ctx, int side, struct bytes message) {
  struct scenario *sc = ctx;
  struct flow *f = &sc->flow[1 - side];
  unsigned number = 0;
  if (message.n == sizeof number) memcpy(&number, message.p, sizeof number);
  if (message.n != sizeof number || number != f->received)
    sim_fail(&sc->verdict, "side %d got message %u of %zu bytes in place of %u", side, number,
             message.n, f->received);
  f->received++;
}

static void on_path(void *ctx, int side, const struct peer_path *path) {
  struct scenario *sc = ctx;
  char text[80], remote[ADDR_TEXT_MAX];
  (void)snprintf(text, sizeof text, "side %d: method %d to %s", side, (int)path->method,
                 addr_format(&path->remote.addr, remote));
  say(sc, text);
  sc->has_path[side] = true;
  sc->method[side] = path->method;
  if (path->n_why != (size_t)path->method)
    sim_fail(&sc->verdict, "side %d: %zu reasons for method %d", side, path->n_why,
             (int)path->method);
}

static void traffic(void *ctx, void *arg) {
  struct scenario *sc = ctx;
  (void)arg;
  for (int side = 0; side < 2; side++) {
    struct flow *f = &sc->flow[side];
    if (sim_call_opened_after(sc->call, side) == MONO_NEVER || sc->paused) continue;
    if (sim_call_send(sc->call, side, (struct bytes){(const uint8_t *)&f->sent, sizeof f->sent}))
      f->sent++;
  }
  sim_at(sc->sim, sim_now(sc->sim) + EVERY, traffic, sc, NULL);
}

static bool is_over(struct scenario *sc) {
  if (sim_call_failure(sc->call)) sim_fail(&sc->verdict, "%s", sim_call_failure(sc->call));
  return sc->verdict.failed;
}

static bool is_best(void *ctx) {
  struct scenario *sc = ctx;
  bool open = sc->flow[0].received > 0 && sc->flow[1].received > 0;
  for (int side = 0; side < 2; side++)
    open = open && sc->has_path[side] && sc->method[side] == sc->wanted;
  return is_over(sc) || (open && sim_call_gathered(sc->call));
}

static bool all_arrived(void *ctx) {
  struct scenario *sc = ctx;
  return is_over(sc) ||
         (sc->flow[0].sent == sc->flow[0].received && sc->flow[1].sent == sc->flow[1].received);
}

/* What was sent after the shaking arrives, both ways. */
static bool is_back(void *ctx) {
  struct scenario *sc = ctx;
  return is_over(sc) ||
         (sc->flow[0].received > sc->shaken_at[0] && sc->flow[1].received > sc->shaken_at[1]);
}

static struct sim_site *make_carrier(struct sim *s, bool hairpin) {
  const struct sim_site_cfg cfg = {
      .network = {100, 64}, .mapping = EI, .filtering = APD, .hairpin = hairpin};
  return sim_site_new(s, &cfg);
}

static struct sim_site *make_site(struct sim *s, const struct situation *of,
                                  struct sim_site *carrier) {
  struct sim_site_cfg cfg = {.network = {192, 168},
                             .mapping = of->mapping,
                             .filtering = of->filtering,
                             .no_udp = of->closed,
                             .only_tcp = of->only_tcp};
  if (!of->nat) return NULL;
  if (of->carrier) cfg.parent = carrier ? carrier : make_carrier(s, false);
  return sim_site_new(s, &cfg);
}

static struct peer_server server_at(const struct sim_server *server, enum addr_family family,
                                    enum peer_transport transport, uint16_t port) {
  return (struct peer_server){.turn = true,
                              .transport = transport,
                              .host = bytes_of(sim_server_host(server, family)),
                              .port = port,
                              .url = bytes_of(transport == PEER_TRANSPORT_UDP   ? "turn:udp"
                                              : transport == PEER_TRANSPORT_TCP ? "turn:tcp"
                                                                                : "turns:tcp"),
                              .username = bytes_of("user"),
                              .credential = bytes_of("secret")};
}

static void choose_weather(struct scenario *sc) {
  struct sim_weather w = {.delay = 1 + pick(sc, 60) * MONO_MS};
  if (pick(sc, 2)) w.jitter = 1 + pick(sc, 20 * MONO_MS);
  if (pick(sc, 2)) w.loss = pick(sc, 300);
  if (pick(sc, 4) == 0) w.duplicate = pick(sc, 500);
  sim_set_weather(sc->sim, &w);
}

static void set_up(struct scenario *sc, enum kind one, enum kind other) {
  sc->server = sim_server_new(sc->sim, "user", "secret");
  struct peer_server stun = server_at(sc->server, ADDR_V4, PEER_TRANSPORT_UDP, 3478);
  stun.turn = false;
  const struct peer_server servers[] = {
      stun,
      server_at(sc->server, ADDR_V4, PEER_TRANSPORT_UDP, 3478),
      server_at(sc->server, ADDR_V6, PEER_TRANSPORT_UDP, 3478),
      server_at(sc->server, ADDR_V4, PEER_TRANSPORT_TCP, 3478),
      server_at(sc->server, ADDR_V4, PEER_TRANSPORT_TLS, 443),
  };
  struct sim_call_cfg cfg = {.servers = servers,
                             .n_servers = sizeof servers / sizeof *servers,
                             .signal_delay = pick(sc, 120) * MONO_MS,
                             .ctx = sc,
                             .on_message = on_message,
                             .on_path = on_path};
  bool swap = pick(sc, 2); /* either may offer, and so control */
  const enum kind kinds[2] = {swap ? other : one, swap ? one : other};
  struct sim_site *carrier =
      sc->apart >= ONE_CARRIER ? make_carrier(sc->sim, sc->apart == ONE_CARRIER_HAIRPIN) : NULL;
  for (int side = 0; side < 2; side++) {
    const struct situation *of = &situations[kinds[side]];
    bool same = side == 1 && sc->apart == ONE_SITE;
    sc->site[side] = same ? sc->site[0] : make_site(sc->sim, of, carrier);
    cfg.home[side] = (struct sim_home){sc->site[side], of->no_v4, of->v6};
  }
  sc->call = sim_call_new(sc->sim, &cfg);
}

/* What schools' networks do to connections. */
static void shake(struct scenario *sc) {
  int side = (int)pick(sc, 2);
  for (int i = 0; i < 2; i++) sc->shaken_at[i] = sc->flow[i].sent;
  if (sc->wanted == PEER_METHOD_RELAY && pick(sc, 2)) {
    say(sc, "the server restarts");
    sc->server_died = true;
    sim_server_restart(sc->server);
  } else if (sc->site[side]) {
    say(sc, side == 0 ? "the NAT of side 0 forgets" : "the NAT of side 1 forgets");
    sim_site_forget(sc->site[side]);
  }
}

/* How long it took where something stood between, in steps of 10 ms, counted by all processes
 * together. */
struct times {
  atomic_uint n[SETTLED / (10 * MONO_MS) + 1];
};
static struct times *times; /* of NATs that forget, and of servers that restart */

static void note_back(struct scenario *sc, mono_us after) {
  sc->back_after = after;
  say(sc, "data goes both ways again");
  if (!sc->verdict.failed && sc->wanted != PEER_METHOD_HOST)
    times[sc->server_died ? 1 : 0].n[after / (10 * MONO_MS)]++;
}

static unsigned share(const struct times *t, unsigned percent) {
  unsigned total = 0, seen = 0;
  size_t steps = sizeof t->n / sizeof *t->n;
  for (size_t i = 0; i < steps; i++) total += t->n[i];
  for (size_t i = 0; i < steps; i++) {
    seen += t->n[i];
    if (total > 0 && seen * 100 >= total * percent) return (unsigned)i * 10;
  }
  return 0;
}

static void print_times(void) {
  static const char *const what[] = {"a NAT that forgets", "a server that restarts"};
  for (size_t i = 0; i < 2; i++)
    (void)printf("after %s data goes both ways again in %u ms (median), %u (90 %%), %u at most\n",
                 what[i], share(&times[i], 50), share(&times[i], 90), share(&times[i], 100));
}

static void play(struct scenario *sc) {
  mono_us start = sc->start = sim_now(sc->sim);
  sim_at(sc->sim, start + EVERY, traffic, sc, NULL);
  if (!sim_run(sc->sim, start + PATIENCE, is_best, sc))
    sim_fail(&sc->verdict, "the methods are %d and %d (%d: none), not %d", (int)sc->method[0],
             (int)sc->method[1], (int)!sc->has_path[0] + !sc->has_path[1], (int)sc->wanted);
  (void)sim_run(sc->sim, sim_now(sc->sim) + SETTLED, NULL, NULL);
  if (is_over(sc)) return;
  for (int side = 0; side < 2; side++)
    if (sc->method[side] != sc->wanted)
      sim_fail(&sc->verdict, "side %d left the best method", side);
  shake(sc);
  mono_us shaken = sim_now(sc->sim);
  if (!sim_run(sc->sim, shaken + SETTLED, is_back, sc))
    sim_fail(&sc->verdict, "nothing flows any more");
  note_back(sc, sim_now(sc->sim) - shaken);
  (void)sim_run(sc->sim, shaken + SETTLED, NULL, NULL);
  if (!sim_run(sc->sim, shaken + PATIENCE, is_best, sc))
    sim_fail(&sc->verdict, "the methods stay %d and %d, not %d", (int)sc->method[0],
             (int)sc->method[1], (int)sc->wanted);
  sc->paused = true;
  if (!sim_run(sc->sim, sim_now(sc->sim) + PATIENCE, all_arrived, sc))
    sim_fail(&sc->verdict, "%u of %u and %u of %u messages arrived", sc->flow[0].received,
             sc->flow[0].sent, sc->flow[1].received, sc->flow[1].sent);
}

static void print_pairs(const struct scenario *sc, int side) {
  static const char types[] = {
      [ICE_HOST] = 'h', [ICE_SRFLX] = 's', [ICE_PRFLX] = 'p', [ICE_RELAY] = 'r'};
  const struct peer *machine = sim_peer_machine(sim_call_peer(sc->call, side));
  struct ice_pair_info info;
  char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];
  for (size_t i = 0; ice_agent_pair(peer_ice(machine), i, &info); i++)
    (void)printf("  side %d: %c %s to %c %s: state %d%s%s, %llu requests and %llu responses, last "
                 "heard %lld ms ago\n",
                 side, types[info.local.type], addr_format(&info.local.addr, a),
                 types[info.remote.type], addr_format(&info.remote.addr, b), (int)info.state,
                 info.nominated ? ", nominated" : "", info.selected ? ", selected" : "",
                 (unsigned long long)info.requests_sent,
                 (unsigned long long)info.responses_received,
                 (long long)((sim_now(sc->sim) - info.last_received) / MONO_MS));
}

static const char *const aparts[APARTS] = {"far apart", "on one network", "behind one carrier",
                                           "behind one carrier that hairpins"};

/* What stands nearer than two networks far apart allows more, or less. */
static enum peer_method best_of(enum kind one, enum kind other, enum apart apart) {
  if (apart == ONE_SITE) return PEER_METHOD_HOST;
  return apart == ONE_CARRIER ? PEER_METHOD_RELAY : best(one, other);
}

static bool pair_passes(uint64_t seed, enum kind one, enum kind other, enum apart apart,
                        bool verbose) {
  struct scenario sc = {.wanted = best_of(one, other, apart), .apart = apart, .verbose = verbose};
  uint64_t own =
      ((seed * KINDS + (uint64_t)one) * KINDS + (uint64_t)other) * APARTS + (uint64_t)apart;
  sc.sim = sim_new(own);
  assert(sc.sim);
  seeded_rng_init(&sc.rng, own);
  choose_weather(&sc);
  set_up(&sc, one, other);
  play(&sc);
  if (verbose || sc.verdict.failed)
    (void)printf("seed %llu, %s and %s %s: %s, open after %llu ms, back after %llu ms\n",
                 (unsigned long long)seed, situations[one].name, situations[other].name,
                 aparts[apart], sc.verdict.failed ? sc.verdict.why : "passed",
                 (unsigned long long)(sim_call_opened_after(sc.call, 0) / MONO_MS),
                 (unsigned long long)(sc.back_after / MONO_MS));
  for (int side = 0; verbose && sc.verdict.failed && side < 2; side++) print_pairs(&sc, side);
  sim_free(sc.sim);
  sim_call_free(sc.call);
  return !sc.verdict.failed;
}

static bool seed_passes(uint64_t seed, bool verbose) {
  bool good = true;
  for (unsigned one = 0; one < KINDS; one++)
    for (unsigned other = one; other < KINDS; other++)
      good = pair_passes(seed, one, other, FAR_APART, verbose) && good;
  for (unsigned kind = 0; kind < KINDS; kind++)
    if (situations[kind].nat) good = pair_passes(seed, kind, kind, ONE_SITE, verbose) && good;
  good = pair_passes(seed, KIND_CGNAT, KIND_CGNAT, ONE_CARRIER, verbose) && good;
  return pair_passes(seed, KIND_CGNAT, KIND_CGNAT, ONE_CARRIER_HAIRPIN, verbose) && good;
}

static void print_matrix(void) {
  static const char *const names[] = {"host", "srflx", "relay"};
  for (unsigned one = 0; one < KINDS; one++) {
    (void)printf("%-18s", situations[one].name);
    for (unsigned other = 0; other <= one; other++) (void)printf(" %-6s", names[best(one, other)]);
    (void)printf("\n");
  }
}

int main(int argc, char **argv) {
  const struct sim_main m = {.count = DEFAULT_SEEDS, .passes = seed_passes};
  times = mmap(NULL, 2 * sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert(times != MAP_FAILED);
  print_matrix();
  int status = sim_main(argc, argv, &m);
  print_times();
  (void)munmap(times, 2 * sizeof *times);
  return status;
}
