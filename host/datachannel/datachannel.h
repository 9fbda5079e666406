#ifndef SENSO_DATACHANNEL_DATACHANNEL_H
#define SENSO_DATACHANNEL_DATACHANNEL_H

#include "base/fault.h"
#include "sctp/association.h"

/*
 * The data channels of one SCTP association (RFC 8831, DCEP 8832): owns the association. Channels
 * are made before the association exists, and get their stream when the DTLS role is known (client
 * even, server odd; RFC 8832 section 6).
 */
struct dc_set;

/* Names a channel: chosen by the caller in dc_create, by the set (dc_cfg.next_handle) for the
 * peer's. Never 0. */
typedef uint32_t dc_handle;

struct dc_cfg {
  struct sctp_cfg sctp;
  size_t max_channels;
  size_t max_send_message; /* what both ends state; dc_set_max_message changes it */
  size_t max_buffered;     /* of one channel: a send that would pass it fails */
  size_t receive_budget; /* bytes kept for channels without credit before the SCTP window closes (4
                            MiB) */
};

enum dc_state { DC_CONNECTING, DC_OPEN, DC_CLOSING, DC_CLOSED };

struct dc_init {
  bool ordered;
  bool negotiated;
  int32_t id;              /* -1: to be assigned; 0 to 65534, needed when negotiated */
  int32_t max_retransmits; /* -1: none */
  int32_t max_lifetime_ms; /* -1: none; never both */
  uint16_t priority;       /* 128, 256, 512, 1024 (RFC 8831 section 6.4); 0: 256 */
  struct bytes label;      /* UTF-8, at most 65535 bytes */
  struct bytes protocol;
};

enum dc_event_kind {
  DC_EV_ASSOCIATED,   /* SCTP is up */
  DC_EV_INCOMING,     /* the peer opened a channel: init; OPEN follows */
  DC_EV_OPEN,         /* id is known */
  DC_EV_MESSAGE,      /* a message, or a piece of it, within credit: dc_take_message */
  DC_EV_BUFFERED_LOW, /* the buffered amount fell to the threshold or below */
  DC_EV_CLOSING,      /* the peer began to close */
  DC_EV_CLOSED, /* gone; fault.reason is FAULT_NONE for a clean close, else DC_EV_ERROR came before
                   it */
  DC_EV_ERROR,
  DC_EV_STALLED, /* the receive budget is full: `stalled` channels hold it without credit */
  DC_EV_DOWN,    /* the association ended; every channel was closed before this, except those that
                    messages without credit wait in. fault tells why */
};

struct dc_event {
  enum dc_event_kind kind;
  dc_handle channel;
  struct dc_init init; /* INCOMING: borrowed until the next call */
  uint16_t id;         /* OPEN */
  struct fault fault;  /* ERROR, DOWN */
  const dc_handle *stalled;
  size_t n_stalled;
};

/* A delivered piece. data is owned by the taker (payload_free). Pieces of one message follow each
 * other; the last has !more. */
struct dc_message {
  struct payload *data; /* NULL for an empty message */
  bool text;
  bool more;
  uint64_t seq; /* counts pieces of the channel from 0 */
};

struct dc_out {
  enum out_kind kind;  /* OUT_IDLE, OUT_TX (an SCTP packet), OUT_EVENT */
  bool full, fragment; /* TX: as in struct sctp_out */
  union {
    mono_us wake_at;
    size_t tx_n;
    struct dc_event ev;
  } u;
};

struct dc_info {
  enum dc_state state;
  struct dc_init init; /* label and protocol borrowed */
  int32_t id;          /* -1 before assigned */
  size_t
      buffered; /* payload bytes sent by the caller and not yet handed to the peer (acknowledged) */
  uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
  bool incoming;
  bool acknowledged; /* the peer has confirmed the channel: until then its messages go ordered (RFC
                        8832 section 6) */
};

int dc_set_new(struct dc_set **ret, const struct dc_cfg *cfg, mono_us now);
struct dc_set *dc_set_free(struct dc_set *s);

/* DTLS is up: assigns streams, starts SCTP. client: our DTLS role. remote_port: the peer's
 * a=sctp-port. */
int dc_set_start(struct dc_set *s, mono_us now, bool client, uint16_t remote_port);

/* The first handle the set gives to a channel of the peer's and the step between them are the
 * owner's: it counts all channels of all peers in one sequence. Called with the handle just
 * announced by DC_EV_INCOMING to rename it, before any other call on that channel. */
void dc_rename(struct dc_set *s, dc_handle announced, dc_handle name);

/* Makes a channel named `handle`. Fails with FAULT_TYPE_ERROR (W3C: label too long, both limits,
 * negotiated without id, id 65535), FAULT_OPERATION_ERROR (id in use or past what SCTP negotiated,
 * no stream left), FAULT_TOO_MANY. It starts without credit. */
int dc_create(struct dc_set *s, mono_us now, dc_handle handle, const struct dc_init *init,
              struct fault *ret_fault);

/*
 * Sends a message; takes data (NULL or n = 0: the empty message). 0; negative with the fault:
 * FAULT_INVALID_STATE when not open, FAULT_MESSAGE_TOO_LARGE, FAULT_OPERATION_ERROR when it would
 * pass max_buffered. Text must be valid UTF-8 (asserted by the caller, not checked).
 */
int dc_send(struct dc_set *s, mono_us now, dc_handle ch, bool text, struct payload *data,
            struct fault *ret_fault);

/* Lets that many more payload bytes be delivered; sums saturate at 2^53 - 1. Text is cut between
 * code points: up to three bytes of credit may wait for more. */
int dc_credit(struct dc_set *s, mono_us now, dc_handle ch, uint64_t bytes, struct fault *ret_fault);

/* The credit a channel opened by the peer starts with (0 by default). */
void dc_set_initial_credit(struct dc_set *s, uint64_t bytes);

/* While paused no message is delivered, whatever the credit, and no channel of the peer is
 * announced: the owner has no room for more. */
void dc_set_paused(struct dc_set *s, bool paused);

/* The largest piece delivered at once (default 512 KiB); text is cut between code points. */
void dc_set_max_piece(struct dc_set *s, size_t bytes);

int dc_set_threshold(struct dc_set *s, dc_handle ch, uint64_t bytes, struct fault *ret_fault);

/* Closes: queued messages are sent first, then the stream is reset (RFC 8831 section 6.7). Harmless
 * when closed. */
int dc_close(struct dc_set *s, mono_us now, dc_handle ch, struct fault *ret_fault);

/* Closes every channel at once and the association with an ABORT: the peer sees its channels close.
 */
void dc_set_close(struct dc_set *s, mono_us now);

void dc_set_max_message(struct dc_set *s, size_t bytes);

/* Passed through to the association. */
int dc_recv(struct dc_set *s, mono_us now, struct bytes packet);
int dc_wake(struct dc_set *s, mono_us now);
void dc_poll(struct dc_set *s, mono_us now, uint8_t *buf, size_t cap, struct dc_out *ret);
void dc_set_writable(struct dc_set *s, mono_us now, bool writable);
void dc_path_changed(struct dc_set *s, mono_us now);
void dc_set_path_doubted(struct dc_set *s, mono_us now, bool doubted);
void dc_path_resumed(struct dc_set *s, mono_us now);
bool dc_awaits_answer(const struct dc_set *s);
void dc_hint_rtt(struct dc_set *s, mono_us rtt);
void dc_set_mtu(struct dc_set *s, mono_us now, size_t mtu, size_t max);
bool dc_next_is_long(const struct dc_set *s);

/* The piece just announced by DC_EV_MESSAGE. Must be taken before the next call. */
void dc_take_message(struct dc_set *s, struct dc_message *ret);

/* False when the handle is unknown. The last 256 channels that closed are still known, with label
 * and protocol if these are short. */
bool dc_info(const struct dc_set *s, dc_handle ch, struct dc_info *ret);
void dc_sctp_stats(const struct dc_set *s, struct sctp_stats *ret);

#endif
