#include "sctp/tx/cubic.h"

/* RFC 9438 section 4.6: beta 0.7; section 5: C 0.4; section 4.3: alpha 3 (1 - beta) / (1 + beta).
 */
#define BETA_NUM  7u
#define BETA_DEN  10u
#define C_NUM     2
#define C_DEN     5
#define ALPHA_NUM 9u
#define ALPHA_DEN 17u

/* The farthest the cubic function is looked at, which also keeps it within 63 bits. */
#define T_MAX_MS 100000

void cubic_init(struct cubic *c, size_t mtu, uint64_t next_tsn) {
  *c = (struct cubic){
      .mtu = mtu, .cwnd = CUBIC_INITIAL_PACKETS * mtu, .ssthresh = SIZE_MAX, .epoch = MONO_NEVER};
  hystart_init(&c->hystart, next_tsn);
}

void cubic_set_mtu(struct cubic *c, size_t mtu) {
  c->mtu = mtu;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static uint64_t cube_root(uint64_t v) {
  uint64_t root = 0;
  for (uint64_t bit = (uint64_t)1 << 20; bit > 0; bit >>= 1) {
    uint64_t r = root + bit;
    if (r * r * r <= v) root = r;
  }
  return root;
}

static void start_epoch(struct cubic *c, mono_us now) {
  c->epoch = now;
  c->credit = c->reno_credit = 0;
  c->w_reno = c->cwnd;
  c->k = 0;
  if (c->cwnd < c->w_max)
    /* K in ms: the cube root of (w_max - cwnd) / C segments, in seconds (section 4.2) */
    c->k = cube_root((c->w_max - c->cwnd) * (uint64_t)C_DEN * 1000000000u / (C_NUM * c->mtu));
  else
    c->w_max = c->cwnd;
}

/* W_cubic(t), section 4.2, at least 0. */
static size_t w_cubic(const struct cubic *c, mono_us t) {
  int64_t ms = (int64_t)(t / MONO_MS) - (int64_t)c->k;
  if (ms > T_MAX_MS) ms = T_MAX_MS;
  if (ms < -T_MAX_MS) ms = -T_MAX_MS;
  int64_t grown = ms * ms / 1000 * ms / 1000 * (int64_t)c->mtu / 1000 * C_NUM / C_DEN;
  int64_t w = (int64_t)c->w_max + grown;
  return w > 0 ? (size_t)w : 0;
}

/* num / cwnd with the remainder kept for the next time. */
static size_t share(size_t *credit, size_t num, size_t cwnd) {
  *credit += num;
  size_t whole = *credit / cwnd;
  *credit %= cwnd;
  return whole;
}

/* The window Reno would have (section 4.3). */
static void grow_reno(struct cubic *c, size_t acked) {
  size_t gain = acked * c->mtu;
  if (c->w_reno < c->prior) gain = gain / ALPHA_DEN * ALPHA_NUM;
  c->w_reno += share(&c->reno_credit, gain, c->cwnd);
}

static void avoid_congestion(struct cubic *c, const struct cubic_ack *a) {
  if (c->epoch == MONO_NEVER) start_epoch(c, a->now);
  grow_reno(c, a->acked);
  mono_us t = a->now - c->epoch;
  if (w_cubic(c, t) < c->w_reno) {
    c->cwnd = larger(c->cwnd, c->w_reno);
    return;
  }
  size_t target = smaller(w_cubic(c, t + a->srtt), c->cwnd + c->cwnd / 2);
  if (target > c->cwnd) c->cwnd += share(&c->credit, (target - c->cwnd) * a->acked, c->cwnd);
}

void cubic_on_ack(struct cubic *c, const struct cubic_ack *a) {
  /* Time in which the window was not used does not count as growth (section 5.8). */
  if (!a->limited && c->epoch != MONO_NEVER && a->now > c->last_ack)
    c->epoch += a->now - c->last_ack;
  c->last_ack = a->now;
  if (!a->limited) return;
  if (!cubic_in_slow_start(c)) {
    avoid_congestion(c, a);
    return;
  }
  c->cwnd += smaller(hystart_growth(&c->hystart, a->acked), c->ssthresh - c->cwnd);
  if (c->hystart.done && c->ssthresh == SIZE_MAX) {
    c->ssthresh = c->cwnd;
    c->w_max = c->cwnd;
  }
}

/* What both kinds of reduction have in common: w_max, which fast convergence (section 4.7) lowers
 * by (1 + beta) / 2 = 17/20, and ssthresh. */
static void reduce(struct cubic *c) {
  c->prior = c->cwnd;
  c->w_max = c->cwnd < c->w_max ? c->cwnd / 20 * 17 : c->cwnd;
  c->ssthresh = larger(c->cwnd / BETA_DEN * BETA_NUM, CUBIC_LEAST_PACKETS * c->mtu);
  c->epoch = MONO_NEVER;
  c->hystart.done = true;
}

void cubic_on_loss(struct cubic *c) {
  reduce(c);
  c->cwnd = c->ssthresh;
}

void cubic_on_timeout(struct cubic *c, uint64_t next_tsn) {
  if (c->undo_cwnd == 0) {
    c->undo_cwnd = c->cwnd;
    c->undo_ssthresh = c->ssthresh;
    c->undo_w_max = c->w_max;
    reduce(c);
  }
  c->cwnd = CUBIC_TIMEOUT_PACKETS * c->mtu;
  /* Back to ssthresh by slow start; that end is known, so no search for it by delay. */
  hystart_init(&c->hystart, next_tsn);
  c->hystart.done = true;
}

void cubic_undo_timeout(struct cubic *c) {
  if (c->undo_cwnd == 0) return;
  c->cwnd = larger(c->cwnd, c->undo_cwnd);
  c->ssthresh = c->undo_ssthresh;
  c->w_max = c->undo_w_max;
  c->epoch = MONO_NEVER;
  c->hystart.done = c->ssthresh != SIZE_MAX;
  cubic_forget_undo(c);
}

void cubic_forget_undo(struct cubic *c) {
  c->undo_cwnd = 0;
}

void cubic_after_idle(struct cubic *c, mono_us idle, mono_us rto) {
  size_t least = CUBIC_INITIAL_PACKETS * c->mtu;
  if (idle < rto || c->cwnd <= least) return;
  /* What was reached before is found again by slow start (RFC 7661 section 4.4.1). */
  if (c->ssthresh != SIZE_MAX) c->ssthresh = larger(c->ssthresh, c->cwnd / 4 * 3);
  for (; idle >= rto && c->cwnd > least; idle -= rto) c->cwnd = larger(c->cwnd / 2, least);
  c->epoch = MONO_NEVER;
}
