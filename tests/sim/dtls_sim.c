/*
 * Two associations in virtual time on a wire that delays, reorders, loses and doubles datagrams as
 * the seed says. They must connect within their patience, and every message that arrives must come
 * out once and whole, whatever came between.
 *
 *   dtls_sim [--seeds FIRST COUNT] [--verbose]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/dtls.h"
#include "support/seeded_rng.h"
#include "support/sim_main.h"
#include "support/virtual_openssl.h"

#define UNIX_US       (UINT64_C(1760000000) * 1000000)
#define WIRE          512
#define MESSAGES      64
#define DEFAULT_SEEDS 300

struct packet {
  mono_us due;
  int to;
  size_t n;
  uint8_t p[1600];
};

struct weather {
  mono_us delay, jitter;
  uint32_t loss, twice; /* percent */
};

struct world {
  struct seeded_rng rng;
  struct weather weather;
  mono_us now;
  struct dtls_identity *id[2];
  struct dtls *d[2];
  mono_us wake_at[2], connected_at[2];
  struct packet wire[WIRE];
  size_t n;
  unsigned arrived[2][MESSAGES]; /* how often each message was delivered to an end */
  unsigned read[2][MESSAGES];
  char failure[160];
};

static uint32_t below(struct world *w, uint32_t bound) {
  return rng_below(&w->rng.rng, bound);
}

static void fail(struct world *w, const char *why) {
  if (w->failure[0] == '\0') (void)snprintf(w->failure, sizeof w->failure, "%s", why);
}

static void put(struct world *w, int to, const uint8_t *p, size_t n) {
  if (w->n == WIRE || n > sizeof w->wire[0].p) {
    fail(w, "the wire is full");
    return;
  }
  struct packet *packet = &w->wire[w->n++];
  packet->due = w->now + w->weather.delay + below(w, (uint32_t)w->weather.jitter + 1);
  packet->to = to;
  packet->n = n;
  memcpy(packet->p, p, n);
}

static void send_packet(struct world *w, int to, const uint8_t *p, size_t n) {
  if (below(w, 100) < w->weather.loss) return;
  put(w, to, p, n);
  if (below(w, 100) < w->weather.twice) put(w, to, p, n);
}

/* The message's number is its first byte and its every other byte. */
static void note_read(struct world *w, int end, const uint8_t *p, size_t n) {
  for (size_t i = 1; i < n; i++) {
    if (p[i] != p[0]) fail(w, "a message was changed");
  }
  if (p[0] >= MESSAGES)
    fail(w, "a message came from nowhere");
  else
    w->read[end][p[0]]++;
}

static void drain(struct world *w, int end) {
  uint8_t buf[2048];
  for (;;) {
    struct dtls_out out;
    dtls_poll(w->d[end], w->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX) {
      send_packet(w, !end, buf, out.u.tx_n);
    } else if (out.kind == OUT_EVENT) {
      if (out.u.state == DTLS_CONNECTED) w->connected_at[end] = w->now;
    } else {
      w->wake_at[end] = out.u.wake_at;
      return;
    }
  }
}

static void deliver(struct world *w, const struct packet *packet) {
  uint8_t buf[16384];
  int end = packet->to;
  size_t n;
  if (dtls_recv(w->d[end], w->now, (struct bytes){packet->p, packet->n}) != 0)
    fail(w, "a datagram was refused");
  while ((n = dtls_read(w->d[end], w->now, buf, sizeof buf)) > 0) note_read(w, end, buf, n);
  drain(w, end);
}

static size_t next_packet(const struct world *w) {
  size_t best = 0;
  for (size_t i = 1; i < w->n; i++) {
    if (w->wire[i].due < w->wire[best].due) best = i;
  }
  return best;
}

/* The next thing that happens at or before `until`; false when there is none. */
static bool step(struct world *w, mono_us until) {
  size_t i = next_packet(w);
  mono_us due = w->n > 0 ? w->wire[i].due : MONO_NEVER;
  mono_us at = mono_min(due, mono_min(w->wake_at[0], w->wake_at[1]));
  if (at > until) return false;
  w->now = at;
  virtual_openssl_time(UNIX_US + at);
  if (due == at) {
    struct packet packet = w->wire[i];
    w->wire[i] = w->wire[--w->n];
    deliver(w, &packet);
    return true;
  }
  for (int end = 0; end < 2; end++) {
    if (w->wake_at[end] > at) continue;
    (void)dtls_wake(w->d[end], at);
    drain(w, end);
  }
  return true;
}

static void run_until(struct world *w, mono_us until) {
  while (w->failure[0] == '\0' && step(w, until)) {
  }
  w->now = until;
}

static void begin(struct world *w, uint64_t seed) {
  memset(w, 0, sizeof *w);
  seeded_rng_init(&w->rng, seed);
  virtual_openssl_seed(seed);
  virtual_openssl_time(UNIX_US);
  w->now = MONO_S;
  w->weather.delay = below(w, 150) * MONO_MS;
  w->weather.jitter = (mono_us)below(w, 2) * below(w, 60) * MONO_MS;
  w->weather.loss = below(w, 3) * below(w, 16);
  w->weather.twice = below(w, 2) * below(w, 50);
  for (int i = 0; i < 2; i++) {
    if (dtls_identity_new(&w->id[i], 1760000000) != 0) abort();
    struct dtls_cfg cfg = {w->id[i], 256 + below(w, 1200)};
    if (dtls_new(&w->d[i], &cfg, w->now) != 0) abort();
    dtls_set_writable(w->d[i], w->now, true);
    if (below(w, 2)) dtls_set_rtt(w->d[i], 2 * w->weather.delay + 1);
    w->wake_at[i] = MONO_NEVER;
  }
}

static void start(struct world *w) {
  for (int i = 0; i < 2; i++) {
    struct dtls_fingerprint fp;
    dtls_identity_fingerprint(w->id[!i], &fp);
    if (dtls_start(w->d[i], w->now, i == 0 ? DTLS_CLIENT : DTLS_SERVER, &fp, 1) != 0) abort();
    drain(w, i);
    run_until(w, w->now + below(w, 400) * MONO_MS); /* the other one starts later */
  }
  run_until(w, w->now + 40 * MONO_S);
  for (int i = 0; i < 2; i++) {
    if (dtls_state(w->d[i]) == DTLS_CONNECTED) continue;
    (void)snprintf(w->failure, sizeof w->failure, "end %d is not connected: %.100s", i,
                   dtls_failure_text(w->d[i]));
  }
}

/* Each datagram is sealed once; the wire's copies of it are the same bytes. */
static void talk(struct world *w) {
  for (uint8_t m = 0; m < MESSAGES && w->failure[0] == '\0'; m++) {
    for (int from = 0; from < 2; from++) {
      uint8_t plain[1000];
      uint8_t out[1600];
      size_t n = 0;
      memset(plain, m, sizeof plain);
      struct bytes b = {plain, 1 + below(w, sizeof plain)};
      if (dtls_seal(w->d[from], w->now, b, out, sizeof out, &n) != 0) fail(w, "not sealed");
      size_t before = w->n;
      send_packet(w, !from, out, n);
      w->arrived[!from][m] = w->n > before;
    }
    run_until(w, w->now + below(w, 20) * MONO_MS);
  }
  run_until(w, w->now + 10 * MONO_S);
  for (int i = 0; i < 2; i++) {
    if (dtls_bad_records(w->d[i]) > 0) fail(w, "a true record was taken for a bad one");
    for (int m = 0; m < MESSAGES; m++) {
      if (w->read[i][m] != w->arrived[i][m]) fail(w, "a message that arrived was not read once");
    }
  }
}

static void end(struct world *w) {
  w->weather.loss = 0;
  dtls_close(w->d[0], w->now);
  drain(w, 0);
  run_until(w, w->now + 10 * MONO_S);
  for (int i = 0; i < 2; i++) {
    if (dtls_state(w->d[i]) != DTLS_CLOSED) fail(w, "an end is not closed");
    if (w->wake_at[i] != MONO_NEVER) fail(w, "a timer still runs");
    (void)dtls_free(w->d[i]);
    (void)dtls_identity_unref(w->id[i]);
  }
}

static bool run_seed(struct world *w, uint64_t seed, bool verbose) {
  begin(w, seed);
  start(w);
  talk(w);
  end(w);
  virtual_openssl_end();
  if (w->failure[0] != '\0') (void)printf("seed %llu: %s\n", (unsigned long long)seed, w->failure);
  if (verbose && w->failure[0] == '\0')
    (void)printf("seed %llu: delay %u ms, loss %u %%, connected after %u and %u ms\n",
                 (unsigned long long)seed, (unsigned)(w->weather.delay / 1000), w->weather.loss,
                 (unsigned)((w->connected_at[0] - MONO_S) / 1000),
                 (unsigned)((w->connected_at[1] - MONO_S) / 1000));
  return w->failure[0] == '\0';
}

static bool passes(uint64_t seed, bool verbose) {
  static struct world w;
  return run_seed(&w, seed, verbose);
}

int main(int argc, char **argv) {
  const struct sim_main m = {.count = DEFAULT_SEEDS, .passes = passes};
  return sim_main(argc, argv, &m);
}
