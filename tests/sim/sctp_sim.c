/*
 * Two SCTP associations over a bad link in virtual time: for every seed other delays, losses,
 * reordering, duplicates, corruption, rates and MTUs, with messages of every kind both ways, stream
 * resets, a path that stops and changes, and an owner that reads late. What must hold is checked
 * message by message. Then throughput over known links, with figures.
 *
 *   sctp_sim                        the default seeds, then throughput
 *   sctp_sim --seeds FIRST COUNT    these seeds only
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/packet/data.h"
#include "support/sctp_pair.h"

#define STREAMS     12
#define LIVES       64
#define HEADER      16u
#define SEEDS       120u
#define SETTLE_TIME (240 * MONO_S)

enum kind { ORDERED, UNORDERED, FEW_RETRANSMITS, SHORT_LIFE, KINDS };

/* One life of a stream, from one reset to the next: which of its messages came. */
struct life {
  uint32_t sent;
  uint8_t *arrived;
  size_t cap;
  uint32_t last; /* ordered: the next one may not be below */
};

struct stream {
  struct life lives[LIVES];
  unsigned sending, receiving; /* lives */
  bool resetting;
};

struct transmissions {
  uint32_t tsn;
  unsigned count;
};

struct sim {
  struct sctp_pair pair;
  uint64_t seed;
  struct seeded_rng rng;
  struct stream streams[2][STREAMS]; /* [sender] */
  struct transmissions sent[2][65536];
  size_t held[2]; /* bytes taken and not released */
  bool connected[2];
  uint32_t mtu, max_mtu; /* of the configuration; the links carry mtu always */
  enum packet_integrity integrity;
  mono_us slowest; /* a packet's time on the link at most */
  unsigned messages, resets, lost_messages;
};

static void fail(const struct sim *sim, const char *what) {
  (void)fprintf(stderr, "seed %" PRIu64 " at %" PRIu64 " us: %s\n", sim->seed, sim->pair.now, what);
  exit(1);
}

static void check(const struct sim *sim, bool holds, const char *what) {
  if (!holds) fail(sim, what);
}

static uint32_t below(struct sim *sim, uint32_t n) {
  return rng_below(&sim->rng.rng, n);
}

static enum kind kind_of(uint16_t stream) {
  return (enum kind)(stream % KINDS);
}

static bool is_ordered(uint16_t stream) {
  return kind_of(stream) == ORDERED || (kind_of(stream) > UNORDERED && stream / KINDS % 2 == 0);
}

static uint32_t retransmits_of(uint16_t stream) {
  return stream / KINDS;
}

static mono_us lifetime_of(uint16_t stream) {
  return 100 * MONO_MS * (stream / KINDS);
}

static uint8_t pattern_of(uint16_t stream, unsigned life, uint32_t number) {
  return (uint8_t)(stream * 31u + life * 7u + number);
}

/* Messages out */

static size_t size_of_next(struct sim *sim, uint16_t stream) {
  uint32_t dice = below(sim, 10);
  size_t least = kind_of(stream) == ORDERED ? 1 : HEADER;
  if (dice < 6) return least + below(sim, 1000);
  return least + below(sim, dice < 9 ? 20000 : 200000);
}

/* Too short for a header: only on ordered streams, where the number is known. */
static struct payload *message(struct sim *sim, uint16_t stream, unsigned life, uint32_t number) {
  size_t n = size_of_next(sim, stream);
  struct payload *m = payload_new(n);
  size_t header = n < HEADER ? 0 : HEADER;
  if (!m) fail(sim, "out of memory");
  m->n = n;
  struct writer w = writer_of(m->data, header);
  writer_u16(&w, stream);
  writer_u16(&w, (uint16_t)life);
  writer_u32(&w, number);
  writer_u64(&w, sim->pair.now);
  pair_fill_pattern(m->data + header, n - header, pattern_of(stream, life, number));
  return m;
}

static void note_sent(struct sim *sim, struct life *l) {
  if (l->sent == l->cap) {
    l->cap = l->cap > 0 ? 2 * l->cap : 64;
    l->arrived = realloc(l->arrived, l->cap);
    if (!l->arrived) fail(sim, "out of memory");
  }
  l->arrived[l->sent++] = 0;
}

static void send_one(struct sim *sim, int end) {
  uint16_t stream = (uint16_t)below(sim, STREAMS);
  struct stream *s = &sim->streams[end][stream];
  struct life *l = &s->lives[s->sending];
  struct sctp_send_info info = pair_info(stream);
  info.unordered = !is_ordered(stream);
  info.priority = (uint16_t)(128u << below(sim, 4));
  info.limit_retransmits = kind_of(stream) == FEW_RETRANSMITS;
  info.max_retransmits = retransmits_of(stream);
  if (kind_of(stream) == SHORT_LIFE) info.lifetime = lifetime_of(stream);
  int err = sctp_send(sim->pair.ends[end], sim->pair.now, &info,
                      message(sim, stream, s->sending, l->sent));
  if (s->resetting)
    check(sim, err == -EBUSY, "a stream being reset took a message");
  else
    check(sim, err == 0 || err == -EAGAIN, "a message was refused");
  if (err == 0) note_sent(sim, l);
  sim->messages += err == 0;
  pair_pump(&sim->pair, end);
}

/* Messages in */

static void check_number(struct sim *sim, struct stream *s, uint16_t stream, uint32_t number) {
  struct life *l = &s->lives[s->receiving];
  check(sim, number < l->sent, "a message came that was never sent");
  check(sim, !l->arrived[number], "a message came twice");
  l->arrived[number] = 1;
  if (!is_ordered(stream)) return;
  check(sim, number >= l->last, "an ordered message came out of order");
  if (kind_of(stream) == ORDERED) check(sim, number == l->last, "an ordered message is missing");
  l->last = number + 1;
}

static void check_time(struct sim *sim, uint16_t stream, mono_us sent_at) {
  if (kind_of(stream) != SHORT_LIFE) return;
  /* The last transmission leaves within the lifetime; an ordered one may wait for those before. */
  mono_us late = sim->pair.now - sent_at;
  if (!is_ordered(stream))
    check(sim, late <= lifetime_of(stream) + sim->slowest, "a message came after its lifetime");
}

static void on_message(struct sim *sim, int end, const struct sctp_event *ev) {
  struct payload *m = sctp_take_message(sim->pair.ends[end]);
  struct stream *s = &sim->streams[1 - end][ev->stream];
  check(sim, ev->stream < STREAMS && m && m->n == ev->bytes, "an event does not fit its message");
  check(sim, ev->unordered == !is_ordered(ev->stream), "ordered became unordered");
  struct cursor c = cursor_of(payload_bytes(m));
  uint32_t number = s->lives[s->receiving].last;
  if (m->n >= HEADER) {
    check(sim, cursor_u16(&c) == ev->stream, "a message came on another stream");
    check(sim, cursor_u16(&c) == s->receiving, "a message crossed a stream reset");
    number = cursor_u32(&c);
    check_time(sim, ev->stream, cursor_u64(&c));
  }
  check(sim, pair_is_pattern(cursor_rest(&c), pattern_of(ev->stream, s->receiving, number)),
        "a message was changed");
  check_number(sim, s, ev->stream, number);
  sim->held[end] += m->n;
  payload_free(m);
}

static void check_complete(struct sim *sim, const struct stream *s, uint16_t stream) {
  const struct life *l = &s->lives[s->receiving];
  for (uint32_t i = 0; i < l->sent; i++) {
    check(sim, l->arrived[i] || kind_of(stream) > UNORDERED, "a reliable message is missing");
    sim->lost_messages += !l->arrived[i];
  }
}

static void on_reset_incoming(struct sim *sim, int end, const struct sctp_event *ev) {
  for (size_t i = 0; i < ev->n_streams; i++) {
    struct stream *s = &sim->streams[1 - end][ev->streams[i]];
    check(sim, s->resetting, "a reset came that nobody asked for");
    check_complete(sim, s, ev->streams[i]);
    s->receiving++;
  }
}

static void on_reset_done(struct sim *sim, int end, const struct sctp_event *ev) {
  check(sim, ev->err == 0, "a reset was refused");
  for (size_t i = 0; i < ev->n_streams; i++) {
    struct stream *s = &sim->streams[end][ev->streams[i]];
    check(sim, s->resetting && s->receiving == s->sending + 1, "a reset is done but was not heard");
    s->resetting = false;
    s->sending++;
  }
}

static void on_event(void *ctx, struct sctp_pair *p, int end, const struct sctp_event *ev) {
  struct sim *sim = ctx;
  (void)p;
  switch (ev->kind) {
  case SCTP_EV_CONNECTED: sim->connected[end] = true; break;
  case SCTP_EV_MESSAGE: on_message(sim, end, ev); break;
  case SCTP_EV_ACKED: break;
  case SCTP_EV_RESET_INCOMING: on_reset_incoming(sim, end, ev); break;
  case SCTP_EV_RESET_DONE: on_reset_done(sim, end, ev); break;
  case SCTP_EV_CLOSED: break;
  }
}

/* Counts how often each chunk of a stream with limited retransmissions goes out. */
static bool on_packet(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  struct sim *sim = ctx;
  struct packet_header h;
  struct cursor chunks;
  (void)p;
  check(sim, packet_open(packet, sim->integrity, &h, &chunks) == PACKET_OK,
        "a packet is malformed");
  for (struct chunk c; chunk_next(&chunks, &c);) {
    struct data_chunk d;
    if ((c.type != CHUNK_DATA && c.type != CHUNK_I_DATA) || !data_chunk_read(&c, &d)) continue;
    struct transmissions *t = &sim->sent[from][d.tsn & 0xffff];
    if (t->tsn != d.tsn) *t = (struct transmissions){.tsn = d.tsn};
    t->count++;
    if (kind_of(d.stream) == FEW_RETRANSMITS)
      check(sim, t->count <= 1 + retransmits_of(d.stream), "a chunk was sent again too often");
  }
  check(sim, !chunks.failed, "a chunk is malformed");
  return true;
}

/* A seed */

static struct pair_link random_link(struct sim *sim) {
  struct pair_link l = {.delay = below(sim, 80) * MONO_MS};
  if (below(sim, 2)) l.jitter = 1 + below(sim, 30) * MONO_MS;
  if (below(sim, 4)) l.loss = below(sim, below(sim, 2) ? 100000 : 10000);
  if (below(sim, 2)) l.duplicates = below(sim, 50000);
  if (below(sim, 2)) l.corruption = below(sim, 20000);
  if (below(sim, 2)) {
    l.bytes_per_s = 200000 + below(sim, 12000000);
    l.queue = 20000 + below(sim, 500000);
  }
  return l;
}

static mono_us slowest_of(const struct pair_link *l) {
  mono_us queue = l->bytes_per_s > 0 ? (l->queue + 2000) * MONO_S / l->bytes_per_s : 0;
  return l->delay + l->jitter + queue;
}

static void release(struct sim *sim, int end, size_t n) {
  sim->held[end] -= n;
  sctp_release(sim->pair.ends[end], sim->pair.now, n);
  pair_pump(&sim->pair, end);
}

static void reset_one(struct sim *sim, int end) {
  uint16_t streams[2] = {(uint16_t)below(sim, STREAMS), (uint16_t)below(sim, STREAMS)};
  size_t n = 1 + below(sim, 2);
  assert(n <= sizeof streams / sizeof *streams);
  for (size_t i = 0; i < n; i++) {
    struct stream *s = &sim->streams[end][streams[i]];
    if (s->resetting || s->sending + 1 >= LIVES) return;
  }
  for (size_t i = 0; i < n; i++) sim->streams[end][streams[i]].resetting = true;
  check(sim, sctp_reset_streams(sim->pair.ends[end], sim->pair.now, streams, n) == 0,
        "a reset was not taken");
  sim->resets++;
  pair_pump(&sim->pair, end);
}

/* Both ends learn of it: what an ICE agent tells them. */
static void disturb_path(struct sim *sim, uint32_t dice) {
  struct sctp_pair *p = &sim->pair;
  if (dice == 0) {
    for (int i = 0; i < 2; i++) sctp_set_writable(p->ends[i], p->now, false);
    for (int i = 0; i < 2; i++) pair_pump(p, i);
    pair_run(p, p->now + below(sim, 2000) * MONO_MS);
    for (int i = 0; i < 2; i++) sctp_set_writable(p->ends[i], p->now, true);
  } else if (dice == 1) {
    for (int i = 0; i < 2; i++) sctp_path_changed(p->ends[i], p->now);
  } else {
    size_t mtu = 500 + below(sim, sim->mtu - 499);
    for (int i = 0; i < 2; i++) sctp_set_mtu(p->ends[i], p->now, mtu, sim->max_mtu);
  }
  for (int i = 0; i < 2; i++) pair_pump(p, i);
}

/* Neither end is told that the path carries less, or more, from now on. */
static void change_mtu(struct sim *sim) {
  for (int i = 0; i < 2; i++)
    sim->pair.links[i].mtu = below(sim, 3) ? sim->mtu + below(sim, 900) : sim->mtu;
}

static void act(struct sim *sim) {
  int end = (int)below(sim, 2);
  uint32_t dice = below(sim, 100);
  for (uint32_t n = below(sim, 12); n > 0; n--) send_one(sim, end);
  if (dice < 10) reset_one(sim, end);
  if (dice >= 97) disturb_path(sim, dice - 97);
  if (dice == 96) change_mtu(sim);
  for (int i = 0; i < 2; i++)
    if (below(sim, 3)) release(sim, i, sim->held[i] - sim->held[i] / 4 * below(sim, 4));
}

static bool is_settled(const struct sim *sim) {
  for (int end = 0; end < 2; end++) {
    struct sctp_stats st;
    sctp_stats(sim->pair.ends[end], &st);
    if (st.send_queued > 0) return false;
    for (int i = 0; i < STREAMS; i++)
      if (sim->streams[end][i].resetting) return false;
  }
  return true;
}

static void settle(struct sim *sim) {
  mono_us until = sim->pair.now + SETTLE_TIME;
  while (!is_settled(sim)) {
    for (int i = 0; i < 2; i++) release(sim, i, sim->held[i]);
    (void)pair_step(&sim->pair, until);
    check(sim, sim->pair.now < until, "what was sent does not arrive");
    check(sim, sim->pair.closed[0] == 1 && sim->pair.closed[1] == 1, "an association ended");
  }
  pair_run(&sim->pair, sim->pair.now + MONO_S);
  for (int end = 0; end < 2; end++)
    for (uint16_t i = 0; i < STREAMS; i++) check_complete(sim, &sim->streams[end][i], i);
}

static void open_both(struct sim *sim) {
  struct sctp_pair *p = &sim->pair;
  mono_us until = p->now + 30 * MONO_S;
  unsigned which = 1 + below(sim, 3);
  for (int i = 0; i < 2; i++) {
    if (!(which & 1u << i)) continue;
    check(sim, sctp_connect(p->ends[i], p->now) == 0, "connect was refused");
    pair_pump(p, i);
    if (below(sim, 2)) pair_run(p, p->now + below(sim, 100) * MONO_MS);
    if (sctp_state(p->ends[1]) != SCTP_CLOSED) break;
  }
  while (!sim->connected[0] || !sim->connected[1])
    check(sim, pair_step(p, until), "the handshake does not end");
}

static void close_both(struct sim *sim) {
  struct sctp_pair *p = &sim->pair;
  mono_us until = p->now + 60 * MONO_S;
  int end = (int)below(sim, 2);
  sctp_shutdown(p->ends[end], p->now);
  if (below(sim, 4) == 0) sctp_shutdown(p->ends[1 - end], p->now);
  for (int i = 0; i < 2; i++) pair_pump(p, i);
  while (p->closed[0] == 1 || p->closed[1] == 1)
    check(sim, pair_step(p, until), "the shutdown does not end");
  check(sim, p->closed[0] == 0 && p->closed[1] == 0, "the shutdown was not clean");
}

static void free_sim(struct sim *sim) {
  pair_free(&sim->pair);
  for (int end = 0; end < 2; end++)
    for (int i = 0; i < STREAMS; i++)
      for (int life = 0; life < LIVES; life++) free(sim->streams[end][i].lives[life].arrived);
  free(sim);
}

static void run_seed(uint64_t seed, unsigned *messages, unsigned *resets, unsigned *lost) {
  struct sim *sim = calloc(1, sizeof *sim);
  if (!sim) exit(2);
  struct sctp_cfg cfg = pair_cfg();
  sim->seed = seed;
  seeded_rng_init(&sim->rng, seed ^ 0x5c7b);
  cfg.mtu = sim->mtu = 600 + below(sim, 900);
  cfg.max_mtu = sim->max_mtu = below(sim, 2) ? sim->mtu + below(sim, 900) : 0;
  cfg.receive_window = 300000 + below(sim, 1000000);
  cfg.send_buffer = 300000 + below(sim, 2000000);
  const struct pair_link links[] = {random_link(sim), random_link(sim)};
  /* Without a checksum something else has to see what is corrupted. */
  cfg.interleaving = below(sim, 2);
  cfg.zero_checksum = links[0].corruption + links[1].corruption == 0 && below(sim, 2);
  sim->integrity = cfg.zero_checksum ? PACKET_ZERO_ACCEPTABLE : PACKET_CRC32C;
  pair_init(&sim->pair, &cfg, seed);
  sim->pair.hooks = (struct pair_hooks){sim, on_event, on_packet};
  for (int i = 0; i < 2; i++) {
    sim->pair.links[i] = links[i];
    mono_us slowest = slowest_of(&sim->pair.links[i]);
    if (slowest > sim->slowest) sim->slowest = slowest;
  }
  if (below(sim, 2)) sctp_hint_rtt(sim->pair.ends[0], 2 * sim->pair.links[0].delay);
  open_both(sim);
  for (unsigned n = 30 + below(sim, 60); n > 0; n--) {
    act(sim);
    pair_run(&sim->pair, sim->pair.now + below(sim, 60) * MONO_MS);
  }
  settle(sim);
  close_both(sim);
  *messages += sim->messages;
  *resets += sim->resets;
  *lost += sim->lost_messages;
  free_sim(sim);
}

static void run_seeds(uint64_t first, uint64_t count) {
  unsigned messages = 0, resets = 0, lost = 0;
  for (uint64_t seed = first; seed - first < count; seed++)
    run_seed(seed, &messages, &resets, &lost);
  (void)printf("%" PRIu64 " seeds from %" PRIu64 ": %u messages, %u given up as asked, %u resets\n",
               count, first, messages, lost, resets);
}

/* Throughput */

struct course {
  const char *name;
  struct pair_link link;
  size_t bytes;
  double least;                      /* MB/s */
  mono_us blackout_at, blackout_end; /* from the start; 0: none */
};

#define MBIT_100 12500000u

static const struct course courses[] = {
    {"20 ms, 100 Mbit/s, 1 BDP queue",
     {.delay = 10 * MONO_MS, .bytes_per_s = MBIT_100, .queue = 250000},
     40u << 20,
     10.0,
     0,
     0},
    {"50 ms, 0.1 % loss, 100 Mbit/s",
     {.delay = 25 * MONO_MS, .loss = 1000, .bytes_per_s = MBIT_100, .queue = 625000},
     60u << 20,
     10.0,
     0,
     0},
    {"100 ms, 1 % loss, 100 Mbit/s",
     {.delay = 50 * MONO_MS, .loss = 10000, .bytes_per_s = MBIT_100, .queue = 1250000},
     60u << 20,
     8.0,
     0,
     0},
    {"50 ms, a tenth of a BDP of queue",
     {.delay = 25 * MONO_MS, .bytes_per_s = MBIT_100, .queue = 62500},
     40u << 20,
     7.0,
     0,
     0},
    {"50 ms, 2 s of nothing after 1 s",
     {.delay = 25 * MONO_MS, .bytes_per_s = MBIT_100, .queue = 625000},
     60u << 20,
     6.0,
     1 * MONO_S,
     3 * MONO_S},
};

struct run {
  const struct course *course;
  mono_us start;
};

static bool blackout(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  const struct run *r = ctx;
  (void)from;
  (void)packet;
  mono_us since = p->now - r->start;
  return since < r->course->blackout_at || since >= r->course->blackout_end;
}

static void keep_queue_full(struct sctp_pair *p, size_t limit) {
  struct sctp_send_info info = pair_info(1);
  struct sctp_stats st;
  for (sctp_stats(p->ends[0], &st); st.send_queued + 65536 <= limit; sctp_stats(p->ends[0], &st))
    if (pair_send(p, 0, &info, 65536, 1) < 0) return;
}

/* False when it was too slow. */
static bool run_course(const struct course *c) {
  struct sctp_pair p;
  struct sctp_cfg cfg = pair_cfg();
  cfg.receive_window = cfg.send_buffer = 8 << 20;
  pair_init(&p, &cfg, 1);
  pair_set_links(&p, &c->link);
  if (!pair_connect(&p)) return false;
  struct run r = {c, p.now};
  if (c->blackout_end > 0) p.hooks = (struct pair_hooks){&r, NULL, blackout};
  while (p.bytes[1] < c->bytes && p.now < r.start + 120 * MONO_S) {
    keep_queue_full(&p, cfg.send_buffer);
    (void)pair_step(&p, p.now + MONO_S);
  }
  struct sctp_stats st;
  sctp_stats(p.ends[0], &st);
  double rate = (double)p.bytes[1] / (double)(p.now - r.start);
  (void)printf("%-36s %6.2f MB/s  (least %.1f)  sent again %" PRIu64 ", timeouts %" PRIu64
               ", window %zu\n",
               c->name, rate, c->least, st.retransmits, st.timeouts, st.cwnd);
  pair_free(&p);
  return rate >= c->least;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--seeds") == 0) {
    run_seeds(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
    return 0;
  }
  bool good = true;
  run_seeds(1, SEEDS);
  for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) good &= run_course(&courses[i]);
  return good ? 0 : 1;
}
