#ifndef SENSO_SCTP_ASSOC_H
#define SENSO_SCTP_ASSOC_H

#include "sctp/association.h"
#include "sctp/cookie.h"
#include "sctp/packet/init.h"
#include "sctp/pmtu.h"
#include "sctp/rx/receiver.h"
#include "sctp/tx/sender.h"

/* The association from inside: private to this library's own files. */

/* RFC 9260 section 4. */
enum phase {
  PHASE_CLOSED,
  PHASE_COOKIE_WAIT,
  PHASE_COOKIE_ECHOED,
  PHASE_ESTABLISHED,
  PHASE_SHUTDOWN_PENDING,
  PHASE_SHUTDOWN_SENT,
  PHASE_SHUTDOWN_RECEIVED,
  PHASE_SHUTDOWN_ACK_SENT,
  PHASE_ENDED, /* for good: this association is used once */
};

/* Association.Max.Retrans, RFC 9260 section 16. */
#define MAX_RETRANSMITS 10u

/* Chunks in answer to the peer's that may wait; further ones are dropped, as if lost. */
#define REPLIES_MAX 16u

/* The association's own time stands still while the path is not writable. */
struct run_clock {
  bool stopped;
  mono_us stopped_at; /* the owner's time */
  mono_us behind;     /* all stops together */
};

struct handshake {
  struct payload *cookie; /* the peer's, to be echoed */
  struct bytes reports;   /* of its INIT ACK: borrowed from report_buf */
  uint8_t report_buf[INIT_REPORT_MAX];
  bool due; /* INIT or COOKIE ECHO is to be sent */
  unsigned tries;
  mono_us sent_at, t1_at, give_up_at;
};

struct heartbeat {
  bool due;
  bool waiting; /* for the answer */
  mono_us at, sent_at;
  uint64_t nonce;
};

struct shutdown {
  bool due; /* SHUTDOWN or SHUTDOWN ACK, by the phase */
  unsigned tries;
  mono_us t2_at, give_up_at;
};

struct resets {
  /* ours */
  uint16_t *wanted; /* streams to be reset that are in no request yet */
  size_t n_wanted, cap_wanted;
  bool look;                   /* some of them may have drained */
  struct reset_event *request; /* out, unanswered; becomes the event */
  uint32_t seq;                /* of the request; it may go out again under a new number */
  uint32_t next_seq, last_tsn;
  uint32_t answers; /* the peer's incoming reset request our next request answers */
  bool due, renumber;
  unsigned tries;
  mono_us at;
  /* the peer's */
  uint32_t peer_seq;             /* expected next */
  enum reset_result peer_result; /* of the last one */
  bool deferring;  /* one was put off, and the peer was not told yet that it was performed */
  mono_us told_at; /* when it was told; 0: never */
  uint32_t deferred_tsn;
  uint64_t deferred_print; /* tells whether a request repeats the deferred one */
};

struct sctp {
  struct sctp_cfg cfg;
  enum phase phase;
  struct run_clock clock;
  uint8_t secret[SIPHASH_KEY_SIZE];
  uint32_t local_tag, peer_tag, local_tsn;
  uint16_t streams_out, streams_in;
  bool peer_reconfig;
  bool interleaving;  /* user data goes both ways in I-DATA */
  bool skip_checksum; /* both ends take a zero checksum for good */
  size_t mtu;         /* in force */
  struct pmtu pmtu;
  bool probed; /* the packet just made is a probe of it */
  mono_us hint;

  struct sender tx;
  struct receiver rx;
  struct handshake handshake;
  struct heartbeat heartbeat;
  struct shutdown shutdown;
  struct resets resets;

  struct list replies; /* struct payload: whole chunks */
  size_t n_replies;
  struct payload *lone; /* a packet's one chunk, under a tag of its own */
  uint32_t lone_tag;

  struct event_item *told; /* the event the owner looks at */
  bool connected_due, closed_due;
  int closed_err;
  char closed_text[160];
  uint64_t packets_sent, packets_received, checksum_errors;
};

/* association.c: the running time of an input at `now`. */
mono_us assoc_enter(struct sctp *s, mono_us now);
/* True from COOKIE ACK on until the end. */
static inline bool assoc_is_up(const struct sctp *s) {
  return s->phase >= PHASE_ESTABLISHED && s->phase < PHASE_ENDED;
}

/* reply.c */

/* Queues a whole chunk for the peer. 0 (also when there are too many) or -ENOMEM. */
int reply_chunk(struct sctp *s, struct bytes chunk);
/* The same with a chunk already in a payload; takes it. */
void reply_take(struct sctp *s, struct payload *chunk);
int reply_empty(struct sctp *s, enum chunk_type type);
/* An ERROR with one cause. */
int reply_error(struct sctp *s, enum cause_code cause, struct bytes info);
/* Makes the chunk the next packet of its own, under the tag. 0 or -ENOMEM. */
int reply_lone(struct sctp *s, uint32_t tag, struct bytes chunk);

/* ending.c */

/* The association is over; text (a sentence, copied) goes with SCTP_EV_CLOSED. */
void assoc_end(struct sctp *s, int err, const char *text);
/* The same with an ABORT to the peer. */
void assoc_abort(struct sctp *s, int err, enum cause_code cause, struct bytes info,
                 const char *text);
/* The peer broke the rules. */
void assoc_violation(struct sctp *s, const char *text);
int ending_on_abort(struct sctp *s, mono_us now, const struct chunk *c);
int ending_on_error(struct sctp *s, mono_us now, const struct chunk *c);

/* handshake.c */
void handshake_connect(struct sctp *s, mono_us now);
int handshake_on_init(struct sctp *s, mono_us now, const struct chunk *c);
int handshake_on_init_ack(struct sctp *s, mono_us now, const struct chunk *c);
int handshake_on_cookie_echo(struct sctp *s, mono_us now, const struct chunk *c, uint32_t tag);
int handshake_on_cookie_ack(struct sctp *s, mono_us now, const struct chunk *c);
/* The peer has our COOKIE ECHO: data of its proves that as well as a COOKIE ACK. */
void handshake_done(struct sctp *s, mono_us now);
/* The cookie was stale: from the start. */
void handshake_again(struct sctp *s, mono_us now);
void handshake_wake(struct sctp *s, mono_us now);
mono_us handshake_deadline(const struct sctp *s);
void handshake_write(struct sctp *s, mono_us now, struct writer *w);

/* shutdown.c */
void shutdown_begin(struct sctp *s, mono_us now);
/* Goes on when all is acknowledged. */
void shutdown_progress(struct sctp *s, mono_us now);
int shutdown_on_shutdown(struct sctp *s, mono_us now, const struct chunk *c);
int shutdown_on_ack(struct sctp *s, mono_us now, const struct chunk *c);
int shutdown_on_complete(struct sctp *s, mono_us now, const struct chunk *c);
void shutdown_wake(struct sctp *s, mono_us now);
mono_us shutdown_deadline(const struct sctp *s);
void shutdown_write(struct sctp *s, mono_us now, struct writer *w);

/* heartbeat.c */
void heartbeat_start(struct sctp *s, mono_us now);
/* Sends one with the next packet. */
void heartbeat_probe(struct sctp *s);
int heartbeat_on_heartbeat(struct sctp *s, mono_us now, const struct chunk *c);
int heartbeat_on_ack(struct sctp *s, mono_us now, const struct chunk *c);
void heartbeat_wake(struct sctp *s, mono_us now);
mono_us heartbeat_deadline(const struct sctp *s);
void heartbeat_write(struct sctp *s, mono_us now, struct writer *w);

/* reset_out.c */
int reset_request(struct sctp *s, const uint16_t *streams, size_t n);
/* Makes a request of the streams that have drained, when none is out. */
void reset_progress(struct sctp *s);
void reset_on_response(struct sctp *s, mono_us now, uint32_t seq, uint32_t result);
void reset_wake(struct sctp *s, mono_us now);
mono_us reset_deadline(const struct sctp *s);
/* Nothing when the request does not fit. */
void reset_write(struct sctp *s, mono_us now, struct writer *w);
void reset_free(struct sctp *s);

/* reset_in.c */
int reset_on_reconfig(struct sctp *s, mono_us now, const struct chunk *c);

/* inbound.c */
int inbound_packet(struct sctp *s, mono_us now, struct bytes packet);

/* association.c: the search for the MTU has come to a result. */
void assoc_use_mtu(struct sctp *s);

/* outbound.c: the size of the packet written, 0 when there is nothing to send. */
size_t outbound_packet(struct sctp *s, mono_us now, uint8_t *buf, size_t cap);

#endif
