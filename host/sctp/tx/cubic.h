#ifndef SENSO_SCTP_TX_CUBIC_H
#define SENSO_SCTP_TX_CUBIC_H

#include "sctp/tx/hystart.h"

/*
 * The congestion window in bytes: CUBIC (RFC 9438) in the place of the additive increase of RFC
 * 9260 section 7.2.2, slow start with HyStart++.
 */

/* Initial window, RFC 6928 (RFC 9260 section 7.2.1 has min(4 MTU, 4380 bytes)). */
#define CUBIC_INITIAL_PACKETS 10u
/* The window a timeout leaves (RFC 9260 section 7.2.3) and the least a loss leaves, in packets. */
#define CUBIC_TIMEOUT_PACKETS 1u
#define CUBIC_LEAST_PACKETS   2u

struct cubic {
  size_t mtu; /* bytes a packet carries */
  size_t cwnd, ssthresh;
  size_t w_max;  /* window at the last reduction */
  size_t w_reno; /* W_est: what Reno would have by now */
  size_t prior;  /* cwnd_prior: the window Reno has to reach to grow at its own pace */
  uint64_t k;    /* ms to come back to w_max */
  mono_us epoch; /* start of the current growth; MONO_NEVER: none */
  mono_us last_ack;
  size_t credit, reno_credit; /* fractions of a byte of growth, times cwnd */
  struct hystart hystart;
  size_t undo_cwnd, undo_ssthresh, undo_w_max; /* before the last timeout; 0: nothing to undo */
};

struct cubic_ack {
  mono_us now, srtt;
  size_t acked;
  bool limited; /* the window was what held the sender back */
};

void cubic_init(struct cubic *c, size_t mtu, uint64_t next_tsn);

/* The packet size changed; the window is kept. */
void cubic_set_mtu(struct cubic *c, size_t mtu);

void cubic_on_ack(struct cubic *c, const struct cubic_ack *a);

/* A congestion event: at most once a round trip. */
void cubic_on_loss(struct cubic *c);

/* The retransmission timer ran out. The first in a row remembers what it took. */
void cubic_on_timeout(struct cubic *c, uint64_t next_tsn);

/* The timeout proved to be needless. */
void cubic_undo_timeout(struct cubic *c);
void cubic_forget_undo(struct cubic *c);

/* Nothing was sent for so long (RFC 9260 section 7.2.1): halves the window once for each RTO. */
void cubic_after_idle(struct cubic *c, mono_us idle, mono_us rto);

static inline bool cubic_in_slow_start(const struct cubic *c) {
  return c->cwnd < c->ssthresh;
}

#endif
