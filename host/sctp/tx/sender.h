#ifndef SENSO_SCTP_TX_SENDER_H
#define SENSO_SCTP_TX_SENDER_H

#include "sctp/packet/data.h"
#include "sctp/packet/sack.h"
#include "sctp/tx/cubic.h"
#include "sctp/tx/loss_signal.h"
#include "sctp/tx/outstanding.h"
#include "sctp/tx/pacer.h"
#include "sctp/tx/rtt.h"
#include "sctp/tx/send_queue.h"

/*
 * The sending half of an association. `now` is the association's running time (it stands still
 * while the path is not writable); `real` the owner's, which only lifetimes use. The parts:
 * sender.c state and timers, acknowledge.c SACKs, recovery.c losses, fill.c chunks into packets,
 * abandon.c partial reliability.
 */

/* Reports of a missing TSN until it is sent again (RFC 9260 section 7.2.4). */
#define MISSING_REPORTS 3u

/* A peer may delay the SACK of a lone packet for so long (RFC 9260 section 6.2). */
#define PEER_ACK_DELAY (200 * MONO_MS)

/* From this RTT on a lone packet asks for its SACK (I bit): below, an answer's SACK is cheaper. */
#define IMMEDIATE_RTT_MIN (10 * MONO_MS)

/* Loss detection as RFC 8985 has it, by TSN. */
struct recovery {
  uint64_t newest_tsn; /* RACK.segment: the chunk sent last of those acknowledged */
  mono_us newest_sent, newest_rtt;
  uint64_t highest;                  /* highest TSN ever acknowledged */
  uint64_t reports[MISSING_REPORTS]; /* highest TSNs newly acknowledged by a SACK, greatest first */
  bool reordered;                    /* packets have overtaken each other on this path */
  unsigned steps;                    /* the reordering window in quarters of the least RTT */
  uint64_t end;                      /* a loss is being repaired until this TSN is acknowledged */
  bool reduced;                      /* ... and has made the window smaller */
  bool probing;                      /* a probe is out (tail loss probe, section 7) */
  uint64_t probe_tsn;
  mono_us reorder_at, probe_at, t3_at;
};

enum probe { PROBE_NONE, PROBE_TAIL, PROBE_OLDEST };

struct sender {
  struct send_queue queue;
  struct outstanding out;
  struct rtt rtt;
  struct cubic cubic;
  struct pacer pacer;
  struct loss_signal signal;
  struct recovery recovery;
  size_t mtu;           /* of a packet */
  uint32_t peer_window; /* a_rwnd of the last SACK */
  bool window_probe;    /* what is in flight was sent against a closed window */
  bool heard;           /* a SACK came since the last timeout */
  bool forward_tsn;     /* the peer understands FORWARD TSN */
  bool interleaving;    /* data goes in I-DATA */
  bool forward_due;
  uint64_t forward_to; /* all from out.base up to here, not included, is abandoned */
  mono_us forward_sent;
  enum probe probe_due;
  bool hurry;            /* somebody waits for the last SACK: shutdown or a stream reset */
  bool asked;            /* the last packet had the I bit */
  uint64_t packet_first; /* first TSN of the last packet with new data */
  size_t filled;         /* bytes in flight when the last packet left */
  mono_us last_sent;
  bool doubted;     /* the owner knows the path to be silent: no errors are counted */
  mono_us rtt_from; /* what was sent before does not measure the path */
  mono_us real;     /* the owner's time at the last input */
  unsigned errors;  /* timeouts without an answer */
  uint64_t bytes, retransmits, fast_retransmits, timeouts, abandoned;
};

void sender_init(struct sender *s, uint32_t initial_tsn, size_t mtu, size_t send_buffer);
void sender_free(struct sender *s);

/* The handshake is through (or sends data along): the peer's window, whether it knows FORWARD TSN,
 * and whether both use I-DATA. */
void sender_start(struct sender *s, uint32_t peer_window, bool forward_tsn, bool interleaving);

/* Bytes of data a chunk of a full packet carries. */
static inline size_t sender_fragment(const struct sender *s) {
  return (s->mtu - PACKET_HEADER_SIZE - data_header_size(s->interleaving)) & ~(size_t)3;
}

/* The peer takes fewer streams than were offered: gives up what waits for the others. */
void sender_limit_streams(struct sender *s, uint16_t streams);

/* The oldest chunk does not get through: two timeouts in a row, or four times sent again in vain.
 */
bool sender_is_stuck(const struct sender *s);

/* Nothing queued and nothing outstanding. */
bool sender_is_idle(const struct sender *s);

/* A SACK (or the cumulative TSN of a SHUTDOWN). 0, or -EPROTO for what we never sent. */
int sender_on_sack(struct sender *s, mono_us now, const struct sack_chunk *sack);
int sender_on_cumulative(struct sender *s, mono_us now, uint32_t cum);

/* Timers that are due. */
void sender_wake(struct sender *s, mono_us now);
/* The earliest of them, and of pacing; MONO_NEVER without one. Lifetimes: send_queue_expiry. */
mono_us sender_deadline(struct sender *s, mono_us now);

/* All that is in flight is to be sent again, without blame: the handshake starts over. */
void sender_requeue(struct sender *s);

/* The path is another one. */
/* The path was silent and answers again: what is in flight is probed at once. */
void sender_path_resumed(struct sender *s, mono_us now);
void sender_path_changed(struct sender *s, mono_us now, mono_us hint);
void sender_set_mtu(struct sender *s, size_t mtu);

/* recovery.c */

struct ack_tally {
  size_t bytes;         /* newly acknowledged */
  bool any, cumulative; /* something was; the cumulative TSN moved */
  bool reordered;       /* an old chunk sent once came after newer ones */
  bool needless;        /* a retransmission was answered faster than it can be */
  bool probe_acked;
  uint64_t highest; /* TSN newly acknowledged */
  bool has_newest, has_clean;
  uint64_t newest_tsn;
  mono_us newest_sent, clean_sent; /* clean: of chunks sent once */
};

void recovery_init(struct recovery *r, uint64_t next_tsn);
/* After a SACK: finds losses, decides about the window. */
void recovery_on_ack(struct sender *s, mono_us now, const struct ack_tally *t, size_t dups);
/* Finds what is lost by time, and when to look again. */
void recovery_detect(struct sender *s, mono_us now);
void recovery_arm_t3(struct sender *s, mono_us now);
void recovery_arm_probe(struct sender *s, mono_us now);
void recovery_on_t3(struct sender *s, mono_us now);
void recovery_on_probe(struct sender *s);
/* Marks a chunk lost, or abandons its message where its policy says so. */
void recovery_lose(struct sender *s, uint64_t tsn);
static inline bool recovery_is_on(const struct sender *s) {
  return s->out.base < s->recovery.end;
}

/* fill.c */

/* True when data may go now. */
bool sender_ready(struct sender *s, mono_us now);
/* When to try again to send what the windows allow: the pacer's time. MONO_NEVER when they allow
 * nothing. */
mono_us sender_pacing_deadline(struct sender *s, mono_us now);
/* Size the next packet needs: the MTU, or more for a chunk made when the MTU was larger. */
size_t sender_packet_size(const struct sender *s);
/* Writes chunks while they fit and may go. The number written. */
size_t sender_fill(struct sender *s, mono_us now, struct writer *w);
/* A packet of n bytes with data is complete. */
void sender_packet_sent(struct sender *s, mono_us now, size_t n);

/* abandon.c */

/* Gives up a message: what is not acknowledged of it is skipped. */
void sender_abandon(struct sender *s, struct tx_msg *m);
/* True when the chunk's message may not be sent (again): its retransmissions or its time are used
 * up. */
bool sender_is_over(const struct sender *s, const struct tx_chunk *c);
/* Abandons queued messages whose lifetime is over. */
void sender_expire(struct sender *s);
/* Follows abandoned chunks from the cumulative TSN on; a FORWARD TSN becomes due. */
void sender_follow_abandoned(struct sender *s);
/* True while the peer has to be told of abandoned TSNs. */
static inline bool sender_owes_forward(const struct sender *s) {
  return s->forward_to > s->out.base;
}
/* Writes a FORWARD TSN; nothing if it does not fit. */
void sender_write_forward(struct sender *s, mono_us now, struct writer *w);

#endif
