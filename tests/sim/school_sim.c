/*
 * A school in one process and in virtual time: 1,000 pupils behind one NAT, 40 consoles that are
 * called by 25 of them each, all within a minute. A quarter of the consoles is on the school's own
 * network, the others are behind NATs that are met directly or by the relay alone. Each pupil must
 * get the best method there is, and all of what is said arrives; the totals are printed.
 *
 *   school_sim [--pupils COUNT] [--seed SEED]
 */
#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support/sim.h"
#include "support/sim_call.h"

#define CONSOLES      40
#define PUPILS        1000
#define JOIN_WITHIN   (60 * MONO_S)
#define LATECOMERS    (20 * MONO_S)
#define MESSAGES      10
#define MESSAGE_BYTES 4000
#define METHODS       3

static const char *const method_names[METHODS] = {"host", "srflx", "relay"};

struct console {
  struct sim_site *site;
  enum peer_method method;
};

struct pupil {
  struct school *school;
  struct sim_call *call;
  const struct console *console;
  bool has_path;
  enum peer_method method;
  unsigned heard;
};

struct school {
  struct sim *sim;
  struct seeded_rng rng;
  struct sim_server *server;
  struct sim_site *site;
  struct console consoles[CONSOLES];
  struct pupil *pupils;
  size_t n, joined;
};

static void on_message(void *ctx, int side, struct bytes message) {
  struct pupil *p = ctx;
  assert(side == 1 && message.n == MESSAGE_BYTES && message.p[0] == p->heard);
  p->heard++;
}

static void on_path(void *ctx, int side, const struct peer_path *path) {
  struct pupil *p = ctx;
  if (side == 1) return;
  p->has_path = true;
  p->method = path->method;
}

static void join(void *ctx, void *arg) {
  struct school *sc = ctx;
  struct pupil *p = &sc->pupils[sc->joined++];
  const struct peer_server turn = {.turn = true,
                                   .transport = PEER_TRANSPORT_UDP,
                                   .host = bytes_of(sim_server_host(sc->server, ADDR_V4)),
                                   .port = 3478,
                                   .url = bytes_of("turn:school"),
                                   .username = bytes_of("pupil"),
                                   .credential = bytes_of("secret")};
  const struct sim_call_cfg cfg = {.home = {{.site = sc->site}, {.site = p->console->site}},
                                   .servers = &turn,
                                   .n_servers = 1,
                                   .signal_delay = 40 * MONO_MS,
                                   .ctx = p,
                                   .on_message = on_message,
                                   .on_path = on_path};
  (void)arg;
  p->call = sim_call_new(sc->sim, &cfg);
}

static bool is_connected(const struct pupil *p) {
  return p->call && sim_call_opened_after(p->call, 0) != MONO_NEVER && p->has_path &&
         p->method == p->console->method;
}

static void speak(void *ctx, void *arg) {
  struct pupil *p = ctx;
  static uint8_t message[MESSAGE_BYTES];
  (void)arg;
  for (unsigned i = 0; i < MESSAGES; i++) {
    message[0] = (uint8_t)i;
    (void)sim_call_send(p->call, 0, (struct bytes){message, sizeof message});
  }
}

/* The first quarter at the school, then NATs that are met, then such that are not. */
static void set_up_console(struct school *sc, size_t i) {
  struct sim_site_cfg cfg = {.network = {192, 168}};
  struct console *c = &sc->consoles[i];
  if (i % 8 < 2) {
    *c = (struct console){sc->site, PEER_METHOD_HOST};
    return;
  }
  bool symmetric = i % 8 >= 5;
  cfg.mapping = symmetric ? NAT_ADDRESS_AND_PORT_DEPENDENT : NAT_ENDPOINT_INDEPENDENT;
  cfg.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
  *c = (struct console){sim_site_new(sc->sim, &cfg),
                        symmetric ? PEER_METHOD_RELAY : PEER_METHOD_SRFLX};
}

static void set_up(struct school *sc, uint64_t seed) {
  const struct sim_weather weather = {
      .delay = 10 * MONO_MS, .jitter = 5 * MONO_MS, .loss = 50, .rate = 2500000, .queue = 100000};
  const struct sim_site_cfg school = {.network = {172, 16},
                                      .mapping = NAT_ENDPOINT_INDEPENDENT,
                                      .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .lifetime = 30 * MONO_S};
  sc->sim = sim_new(seed);
  sc->pupils = calloc(sc->n, sizeof *sc->pupils);
  assert(sc->sim && sc->pupils);
  seeded_rng_init(&sc->rng, seed);
  sim_set_weather(sc->sim, &weather);
  sc->server = sim_server_new(sc->sim, "pupil", "secret");
  sc->site = sim_site_new(sc->sim, &school);
  for (size_t i = 0; i < CONSOLES; i++) set_up_console(sc, i);
  for (size_t i = 0; i < sc->n; i++) {
    sc->pupils[i] = (struct pupil){.school = sc, .console = &sc->consoles[i % CONSOLES]};
    mono_us at = sim_now(sc->sim) + rng_below(&sc->rng.rng, (uint32_t)JOIN_WITHIN);
    sim_at(sc->sim, at, join, sc, NULL);
  }
}

/* --- what came of it --- */

static int by_time(const void *a, const void *b) {
  mono_us x = *(const mono_us *)a, y = *(const mono_us *)b;
  return x < y ? -1 : x > y;
}

static void print_times(const struct school *sc, enum peer_method method) {
  mono_us *times = calloc(sc->n, sizeof *times);
  size_t n = 0;
  assert(times);
  for (size_t i = 0; i < sc->n; i++)
    if (sc->pupils[i].console->method == method && is_connected(&sc->pupils[i]))
      times[n++] = sim_call_opened_after(sc->pupils[i].call, 0);
  qsort(times, n, sizeof *times, by_time);
  if (n > 0)
    (void)printf(
        "%-6s %5zu pupils open after %llu ms (median), %llu (90 %%), %llu (99 %%), %llu at most\n",
        method_names[method], n, (unsigned long long)(times[n / 2] / MONO_MS),
        (unsigned long long)(times[n * 9 / 10] / MONO_MS),
        (unsigned long long)(times[n * 99 / 100] / MONO_MS),
        (unsigned long long)(times[n - 1] / MONO_MS));
  free(times);
}

static void print_traffic(const struct school *sc, const char *when) {
  double pupils = (double)sc->n;
  (void)printf("%s: %llu datagrams, %.1f MB; a pupil and its console %.0f datagrams, %.1f kB\n",
               when, (unsigned long long)sim_datagrams(sc->sim), (double)sim_bytes(sc->sim) / 1e6,
               (double)sim_datagrams(sc->sim) / pupils, (double)sim_bytes(sc->sim) / 1e3 / pupils);
}

static void print_memory(const struct school *sc, size_t before) {
  struct rusage usage;
  struct turn_server_totals relay = sim_server_totals(sc->server);
  (void)getrusage(RUSAGE_SELF, &usage);
  (void)printf("memory: %.1f kB a peer of %zu, %ld MB the process at most\n",
               (double)(mallinfo2().uordblks - before) / 1e3 / (double)(2 * sc->n), 2 * sc->n,
               usage.ru_maxrss / 1024);
  (void)printf(
      "the NAT: %zu mappings; the relay: %zu allocations at most, %.1f MB in %llu datagrams\n",
      sim_site_mappings(sc->site), relay.most_allocations, (double)relay.relayed_bytes / 1e6,
      (unsigned long long)relay.relayed_datagrams);
}

static size_t count_failed(const struct school *sc) {
  size_t n = 0;
  for (size_t i = 0; i < sc->n; i++) {
    const struct pupil *p = &sc->pupils[i];
    const char *why = sim_call_failure(p->call);
    if (is_connected(p) && !why && p->heard == MESSAGES) continue;
    if (n++ < 10)
      (void)printf("pupil %zu (%s): %s, %u of %d messages\n", i, method_names[p->console->method],
                   why               ? why
                   : is_connected(p) ? "connected"
                                     : "not by its best method",
                   p->heard, MESSAGES);
  }
  return n;
}

static bool run(struct school *sc) {
  size_t before = mallinfo2().uordblks;
  mono_us start = sim_now(sc->sim);
  (void)sim_run(sc->sim, start + JOIN_WITHIN + LATECOMERS, NULL, NULL);
  for (enum peer_method m = PEER_METHOD_HOST; m <= PEER_METHOD_RELAY; m++) print_times(sc, m);
  print_traffic(sc, "joined");
  print_memory(sc, before);
  for (size_t i = 0; i < sc->n; i++)
    sim_at(sc->sim, sim_now(sc->sim) + rng_below(&sc->rng.rng, 5 * MONO_S), speak, &sc->pupils[i],
           NULL);
  (void)sim_run(sc->sim, sim_now(sc->sim) + 15 * MONO_S, NULL, NULL);
  print_traffic(sc, "talked");
  size_t failed = count_failed(sc);
  (void)printf("%zu pupils, %d consoles: %zu failed\n", sc->n, CONSOLES, failed);
  return failed == 0;
}

int main(int argc, char **argv) {
  struct school sc = {.n = PUPILS};
  uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i++) {
    if (strcmp(argv[i], "--pupils") == 0) sc.n = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[i + 1], NULL, 10);
  }
  set_up(&sc, seed);
  bool good = run(&sc);
  sim_free(sc.sim);
  for (size_t i = 0; i < sc.n; i++) (void)sim_call_free(sc.pupils[i].call);
  free(sc.pupils);
  return good ? 0 : 1;
}
