#ifndef SENSO_SCTP_ASSOCIATION_H
#define SENSO_SCTP_ASSOCIATION_H

#include "base/mono.h"
#include "base/out.h"
#include "base/payload.h"
#include "base/rng.h"

/*
 * One SCTP association over DTLS (RFC 9260 as far as RFC 8831 needs it, 3758 partial reliability,
 * 6525 stream reset, 8261 encapsulation: one path, no IP addresses in INIT, no ICMP). Both ends may
 * call sctp_connect at once (RFC 9260 section 5.2.1).
 */
struct sctp;

struct sctp_cfg {
  const struct rng *rng; /* borrowed for the association's life */
  uint16_t local_port;   /* 5000 */
  uint16_t remote_port;  /* 5000 */
  uint16_t max_streams;  /* streams offered each way, 65535 */
  size_t mtu;            /* bytes of one SCTP packet that every path carries */
  size_t max_mtu;        /* the largest packet to look for (RFC 8899); 0: none above mtu */
  size_t receive_window; /* bytes held for us at most, reassembly and unreleased deliveries: the
                            a_rwnd */
  size_t max_message;    /* a longer incoming message aborts the association */
  bool
      interleaving; /* messages of several streams at once (I-DATA) where the peer can (RFC 8260) */
  bool zero_checksum; /* the packets are protected by DTLS: no CRC32c where the peer agrees (RFC
                         9653) */
  size_t send_buffer; /* bytes queued and unacknowledged at most; sctp_send gives -EAGAIN past it,
                         but takes one message of any size when there is nothing else. Very many
                         small messages are full earlier: with their overhead at four times this */
};

enum sctp_state { SCTP_CLOSED, SCTP_CONNECTING, SCTP_CONNECTED, SCTP_SHUTTING_DOWN };

struct sctp_send_info {
  uint16_t stream;
  uint32_t ppid;
  bool unordered;
  bool limit_retransmits; /* RFC 3758/7496: abandon after max_retransmits retransmissions */
  uint32_t max_retransmits;
  mono_us lifetime;  /* abandon this long after sctp_send; MONO_NEVER: reliable */
  uint16_t priority; /* 0: 256 (RFC 8831 section 6.4 "normal"); a higher one is served more */
};

enum sctp_event_kind {
  SCTP_EV_CONNECTED, /* streams were negotiated: sctp_streams_out() */
  SCTP_EV_MESSAGE,   /* a whole message, in order where ordered: take it with sctp_take_message */
  SCTP_EV_ACKED,     /* bytes of this stream left the send buffer (acknowledged or abandoned) */
  SCTP_EV_RESET_INCOMING, /* the peer reset its outgoing streams: the listed streams deliver no more
                             of the old life */
  SCTP_EV_RESET_DONE, /* our outgoing reset of the listed streams was performed; or refused: err < 0
                       */
  SCTP_EV_CLOSED,     /* the association ended; err: 0 shutdown, -ECONNRESET abort by the peer,
                         -ETIMEDOUT no answer,     -EPROTO a violation by the peer, -ECONNABORTED by us.
                         text says more */
};

struct sctp_event {
  enum sctp_event_kind kind;
  uint16_t stream;         /* MESSAGE, ACKED */
  uint32_t ppid;           /* MESSAGE */
  bool unordered;          /* MESSAGE */
  size_t bytes;            /* MESSAGE: size; ACKED: bytes released */
  const uint16_t *streams; /* RESET_*; n_streams 0 means all */
  size_t n_streams;
  int err;
  const char *text; /* CLOSED: a sentence; never NULL */
};

struct sctp_out {
  enum out_kind kind; /* OUT_IDLE, OUT_TX, OUT_EVENT */
  bool full;          /* TX: as long as a packet may be: the next is likely to be as long */
  bool fragment;      /* TX: longer, as its chunk was made for a path that carried more: the network
                         may fragment it. No other packet may be */
  union {
    mono_us wake_at;
    size_t tx_n;
    struct sctp_event ev;
  } u;
};

struct sctp_stats {
  mono_us srtt, rto;
  size_t cwnd, mtu, in_flight, send_queued, receive_held;
  uint32_t peer_rwnd;
  uint64_t packets_sent, packets_received, bytes_sent, bytes_received; /* user data */
  uint64_t retransmits, fast_retransmits, timeouts, abandoned, duplicates, checksum_errors;
};

int sctp_new(struct sctp **ret, const struct sctp_cfg *cfg, mono_us now);
struct sctp *sctp_free(struct sctp *s);

/* Sends INIT. Until it is called an INIT from the peer is answered all the same. 0 or -EISCONN. */
int sctp_connect(struct sctp *s, mono_us now);

/* One packet. Malformed ones are counted and dropped, violations end the association. 0 or -ENOMEM.
 */
int sctp_recv(struct sctp *s, mono_us now, struct bytes packet);

int sctp_wake(struct sctp *s, mono_us now);

/* buf holds at least cfg.mtu and cfg.max_mtu bytes, and what sctp_set_mtu said; one packet a
 * OUT_TX. After the MTU fell, a chunk made before may still come in a packet of the old size. */
void sctp_poll(struct sctp *s, mono_us now, uint8_t *buf, size_t cap, struct sctp_out *ret);

/*
 * Queues a message; takes the payload, also on failure. Empty messages are the caller's matter (RFC
 * 8831 section 6.6: one zero byte and a PPID of its own); n of 0 is -EINVAL, as is a stream that
 * was not negotiated (before that: not offered; what waits for it then is given up, with ACKED).
 * -EAGAIN: send_buffer is full, nothing was queued, send again after ACKED. -ENOTCONN once closed
 * or shutting down (before connected it queues; what fits into the packet of the COOKIE ECHO goes
 * along with it). -ENOMEM. -EBUSY: the stream is being reset. A lifetime of 0 allows what can go
 * out in this very microsecond; a message is abandoned when its time is over and it is not in
 * flight, or is found lost. Limits count only with a peer that knows FORWARD TSN, but for messages
 * not begun.
 */
int sctp_send(struct sctp *s, mono_us now, const struct sctp_send_info *info,
              struct payload *message);

/* Takes the message just announced by SCTP_EV_MESSAGE; the caller owns it. What it holds counts
 * against the receive window until sctp_release. Not taken before the next call: freed and
 * released. */
struct payload *sctp_take_message(struct sctp *s);

/* The caller is done with n bytes of taken messages: the window opens again. */
void sctp_release(struct sctp *s, mono_us now, size_t n);

/* Resets outgoing streams (RFC 6525 section 5.1.2) once all their queued messages are acknowledged
 * or abandoned. RESET_DONE follows: err 0, -EACCES denied, -EOPNOTSUPP the peer knows no resets,
 * -EPROTO. 0, -ENOMEM, -ENOTCONN, -EINVAL (a stream there is not); then nothing is reset. A stream
 * that is being reset already is passed over. */
int sctp_reset_streams(struct sctp *s, mono_us now, const uint16_t *streams, size_t n);

/* The path may carry packets now or not: timers stand still while it may not, and nothing is
 * counted as lost. Lifetimes of messages go on. */
void sctp_set_writable(struct sctp *s, mono_us now, bool writable);

/* The path changed: RTT and congestion state start afresh, what is in flight is probed at once (RFC
 * 8445 switch). */
void sctp_path_changed(struct sctp *s, mono_us now);

/* While the owner knows the path to be silent, what is not answered does not count against the
 * peer: it is for the owner to end the association. */
void sctp_set_path_doubted(struct sctp *s, mono_us now, bool doubted);
/* The path was silent and answers again: what waits for a timer that was backed off goes at once.
 */
void sctp_path_resumed(struct sctp *s, mono_us now);

/* True while data is on its way that was neither acknowledged nor given up. */
bool sctp_awaits_answer(const struct sctp *s);

/* The path's RTT as known from ICE, before SCTP has measured its own. */
void sctp_hint_rtt(struct sctp *s, mono_us rtt);

/* The bytes of a packet that the path carries for sure, which are in force at once, and those it
 * may carry: what lies between is searched again (RFC 8899). max <= mtu: nothing is searched. */
void sctp_set_mtu(struct sctp *s, mono_us now, size_t mtu, size_t max);

/* True when the next packet may be longer than the MTU in force: a probe, or a chunk made before
 * the MTU fell. A run of equal packets has to end before it. */
bool sctp_next_is_long(const struct sctp *s);

/* SHUTDOWN after all is acknowledged; ABORT at once (polled out, then closed). */
void sctp_shutdown(struct sctp *s, mono_us now);
void sctp_abort(struct sctp *s, mono_us now, const char *reason);

enum sctp_state sctp_state(const struct sctp *s);
uint16_t sctp_streams_out(const struct sctp *s);
uint16_t sctp_streams_in(const struct sctp *s);
/* Bytes of the stream that are queued or unacknowledged. */
size_t sctp_buffered(const struct sctp *s, uint16_t stream);
void sctp_stats(const struct sctp *s, struct sctp_stats *ret);

#endif
