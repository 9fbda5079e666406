/*
 * One bulk association beside one TCP CUBIC flow (RFC 9438, SACK, no pacing) through one drop-tail
 * bottleneck in virtual time, and beside a second association: nobody may be starved.
 */
#include <stdio.h>
#include <string.h>

#include "sctp/tx/cubic.h"
#include "support/sctp_pair.h"

#define MBIT_20  2500000u
#define SEGMENT  ((size_t)1200)
#define FLYING   65536u
#define RUN_TIME (60 * MONO_S)
#define MEASURED (40 * MONO_S) /* the last part of it */

/* The TCP flow: packets through the bottleneck in order, each acknowledged. */
struct tcp {
  const struct pair_link *link;
  mono_us *busy_until;
  struct cubic cubic;
  struct {
    mono_us acked_at, sent_at;
    bool lost;
  } packets[FLYING];     /* by number, a ring */
  uint64_t next, oldest; /* numbers; oldest: neither acknowledged nor given up */
  uint64_t recovery_end;
  unsigned behind; /* acknowledged past a lost one */
  mono_us heard, srtt;
  uint64_t delivered; /* bytes */
  mono_us now, last_arrival;
  struct seeded_rng rng;
};

/* When the acknowledgement is back: receivers acknowledge pairs and are not punctual, so that no
 * flow is in step with the places that become free in the queue. */
static mono_us arrival(struct tcp *t, mono_us leaves) {
  mono_us at = leaves + 2 * t->link->delay;
  if (t->next % 2 == 0) at += rng_below(&t->rng.rng, (uint32_t)MONO_MS);
  if (at < t->last_arrival) at = t->last_arrival;
  t->last_arrival = at;
  return at;
}

static void tcp_send(struct tcp *t) {
  while ((t->next - t->oldest) * SEGMENT < t->cubic.cwnd && t->next - t->oldest < FLYING) {
    mono_us leaves = pair_bottleneck(t->link, t->busy_until, t->now, SEGMENT);
    t->packets[t->next % FLYING].lost = leaves == MONO_NEVER;
    t->packets[t->next % FLYING].sent_at = t->now;
    t->packets[t->next++ % FLYING].acked_at =
        leaves == MONO_NEVER ? MONO_NEVER : arrival(t, leaves);
  }
}

/* The next acknowledgement in order of arrival is that of the first packet not lost. */
static uint64_t first_alive(const struct tcp *t) {
  uint64_t n = t->oldest;
  while (n < t->next && t->packets[n % FLYING].lost) n++;
  return n;
}

static mono_us tcp_next(const struct tcp *t) {
  uint64_t n = first_alive(t);
  mono_us timeout = t->heard + MONO_S;
  return n < t->next ? mono_min(t->packets[n % FLYING].acked_at, timeout) : timeout;
}

static void tcp_acked(struct tcp *t, uint64_t n) {
  mono_us rtt = t->now - t->packets[n % FLYING].sent_at;
  bool loss = n > t->oldest;
  t->srtt = t->srtt > 0 ? (7 * t->srtt + rtt) / 8 : rtt;
  t->heard = t->now;
  t->delivered += SEGMENT;
  hystart_sample(&t->cubic.hystart, rtt);
  hystart_round(&t->cubic.hystart, n + 1, t->next);
  if (loss && n >= t->recovery_end) {
    cubic_on_loss(&t->cubic);
    t->recovery_end = t->next;
  } else if (n >= t->recovery_end) {
    cubic_on_ack(&t->cubic, &(struct cubic_ack){t->now, t->srtt, SEGMENT, true});
  }
  t->oldest = n + 1;
}

static void tcp_step(struct tcp *t, mono_us now) {
  uint64_t n = first_alive(t);
  t->now = now;
  if (n < t->next && t->packets[n % FLYING].acked_at <= now) {
    tcp_acked(t, n);
  } else {
    cubic_on_timeout(&t->cubic, t->next);
    cubic_forget_undo(&t->cubic);
    t->oldest = t->recovery_end = t->next;
    t->heard = now;
  }
  tcp_send(t);
}

/* The queue holds one product of bandwidth and RTT. */
struct scene {
  mono_us rtt;
  uint64_t bytes_per_s;
};

static struct pair_link link_of(const struct scene *s, mono_us *busy) {
  return (struct pair_link){.delay = s->rtt / 2,
                            .bytes_per_s = s->bytes_per_s,
                            .queue = s->bytes_per_s * s->rtt / MONO_S,
                            .busy_until = busy};
}

/*
 * Other traffic, a packet or two, comes and goes: without it a flow may by chance be in step with
 * the places that become free in the queue and never lose a packet (the phase effects of
 * drop-tail).
 */
static size_t queue_now(const struct scene *s, struct seeded_rng *rng) {
  size_t queue = s->bytes_per_s * s->rtt / MONO_S;
  return queue - rng_below(&rng->rng, 3 * (SEGMENT + PAIR_OVERHEAD));
}

static void keep_full(struct sctp_pair *p, size_t limit) {
  struct sctp_send_info info = pair_info(1);
  struct sctp_stats st;
  for (sctp_stats(p->ends[0], &st); st.send_queued + 65536 <= limit; sctp_stats(p->ends[0], &st))
    if (pair_send(p, 0, &info, 65536, 1) < 0) return;
}

struct shares {
  double ours, other; /* MB/s */
};

static void start_pair(struct sctp_pair *p, const struct pair_link *link, uint64_t seed) {
  struct sctp_cfg cfg = pair_cfg();
  cfg.receive_window = cfg.send_buffer = 8 << 20;
  pair_init(p, &cfg, seed);
  p->links[0] = *link;
  p->links[1] = (struct pair_link){.delay = link->delay};
  (void)sctp_connect(p->ends[0], p->now);
  pair_pump(p, 0);
}

static double rate(uint64_t bytes) {
  return (double)bytes / (double)MEASURED;
}

static struct shares beside_tcp(const struct scene *s, mono_us tcp_starts) {
  static struct tcp t;
  mono_us busy = 0;
  struct pair_link link = link_of(s, &busy);
  struct seeded_rng rng;
  seeded_rng_init(&rng, 12);
  struct sctp_pair p;
  uint64_t marks[2] = {0};
  start_pair(&p, &link, 3);
  memset(&t, 0, sizeof t);
  t.link = &link;
  t.busy_until = &busy;
  seeded_rng_init(&t.rng, 8);
  cubic_init(&t.cubic, SEGMENT, 0);
  mono_us start = p.now;
  t.now = t.heard = start + tcp_starts;
  bool started = false;
  for (mono_us now = start; now < start + RUN_TIME;) {
    mono_us at = started ? tcp_next(&t) : start + tcp_starts;
    link.queue = p.links[0].queue = queue_now(s, &rng);
    if (pair_next(&p) <= at) {
      (void)pair_step(&p, at);
      keep_full(&p, 8 << 20);
      now = p.now;
    } else if (started) {
      tcp_step(&t, at);
      now = at;
    } else {
      started = true;
      tcp_send(&t);
    }
    if (now < start + RUN_TIME - MEASURED) {
      marks[0] = p.bytes[1];
      marks[1] = t.delivered;
    }
  }
  struct shares r = {rate(p.bytes[1] - marks[0]), rate(t.delivered - marks[1])};
  pair_free(&p);
  return r;
}

static struct shares beside_ourselves(const struct scene *s, mono_us second_starts) {
  mono_us busy = 0;
  struct pair_link link = link_of(s, &busy);
  struct seeded_rng rng;
  seeded_rng_init(&rng, 12);
  struct sctp_pair p[2] = {0};
  uint64_t marks[2] = {0};
  start_pair(&p[0], &link, 3);
  mono_us start = p[0].now;
  bool started = false;
  for (mono_us now = start; now < start + RUN_TIME;) {
    mono_us at = started ? pair_next(&p[1]) : start + second_starts;
    p[0].links[0].queue = p[1].links[0].queue = queue_now(s, &rng);
    if (pair_next(&p[0]) <= at) {
      (void)pair_step(&p[0], at);
      keep_full(&p[0], 8 << 20);
      now = p[0].now;
    } else if (started) {
      (void)pair_step(&p[1], at);
      keep_full(&p[1], 8 << 20);
      now = p[1].now;
    } else {
      started = true;
      start_pair(&p[1], &link, 4);
      pair_run(&p[1], p[1].now); /* the pair's clock starts at the same second */
    }
    for (int i = 0; i < (started ? 2 : 1); i++)
      if (now < start + RUN_TIME - MEASURED) marks[i] = p[i].bytes[1];
  }
  struct shares r = {rate(p[0].bytes[1] - marks[0]), rate(p[1].bytes[1] - marks[1])};
  pair_free(&p[0]);
  pair_free(&p[1]);
  return r;
}

static bool report(const char *what, const struct scene *s, struct shares r) {
  double sum = r.ours + r.other, share = r.ours / sum;
  (void)printf("%-28s %3u ms, %3u Mbit/s: %5.2f and %5.2f MB/s, share %.2f\n", what,
               (unsigned)(s->rtt / MONO_MS), (unsigned)(s->bytes_per_s / 125000), r.ours, r.other,
               share);
  return share >= 1.0 / 3 && share <= 2.0 / 3;
}

int main(void) {
  static const struct scene scenes[] = {{20 * MONO_MS, MBIT_20},
                                        {50 * MONO_MS, MBIT_20},
                                        {100 * MONO_MS, MBIT_20},
                                        {20 * MONO_MS, 5 * MBIT_20}};
  bool fair = true;
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    fair &= report("beside TCP CUBIC", &scenes[i], beside_tcp(&scenes[i], 0));
    fair &= report("TCP CUBIC comes later", &scenes[i], beside_tcp(&scenes[i], 5 * MONO_S));
    fair &= report("beside a second association", &scenes[i], beside_ourselves(&scenes[i], 0));
  }
  return fair ? 0 : 1;
}
