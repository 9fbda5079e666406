#ifndef SENSO_TURN_CLIENT_H
#define SENSO_TURN_CLIENT_H

#include "base/bytes.h"
#include "base/mono.h"
#include "base/out.h"
#include "base/rng.h"

/*
 * One allocation on one TURN server over one transport (RFC 8656), as a machine: it knows neither
 * the server's address nor a socket. Its owner carries its messages to the server and the server's
 * to it: datagrams over UDP, or whole messages cut out of a stream (turn_message_size).
 */
struct turn_client;

struct turn_cfg {
  const struct rng *rng;           /* borrowed for the client's life */
  struct bytes username, password; /* copied; OpaqueString prepared (RFC 8265) */
  bool stream;                     /* TCP or TLS: nothing is sent twice, ChannelData is padded */
  uint8_t family;                  /* ADDR_V4 or ADDR_V6: asked for alone where the server does not
                                      relay both */
};

/* Peers of one allocation at most: 64 signalled and 32 learned candidates. */
#define TURN_PEERS_MAX 96
/* Payload bytes kept for a peer until its channel is bound; the oldest give way. */
#define TURN_KEPT_MAX 4096
/* What framing adds at most: ChannelData's header and padding (RFC 8656 section 12.4). */
#define TURN_OVERHEAD 7

enum turn_event_kind {
  TURN_EV_ALLOCATED, /* once: data may go */
  TURN_EV_FAILED,    /* no allocation, or it was lost; the client is of no further use */
  TURN_EV_REFUSED,   /* the server relays to all but this peer */
  TURN_EV_RELEASED   /* the answer to turn_client_release */
};

/* Error codes beside the server's own: as webrtc-pc section 4.8.2 has them. */
#define TURN_ERR_UNREACHABLE 701

struct turn_event {
  enum turn_event_kind kind;
  struct addr relayed[2]; /* ALLOCATED: one, or one of each family; else ADDR_NONE */
  struct addr mapped;     /* ALLOCATED: what the server sees us as */
  mono_us lifetime;       /* ALLOCATED */
  struct addr peer;       /* REFUSED */
  unsigned code;          /* FAILED, REFUSED: of ERROR-CODE, or TURN_ERR_UNREACHABLE */
  char text[128];         /* FAILED, REFUSED: for a person, ASCII */
  struct addr alternate;  /* FAILED with 300: ask there (RFC 8489 section 10); else ADDR_NONE */
};

struct turn_out {
  enum out_kind kind; /* OUT_IDLE, OUT_TX or OUT_EVENT */
  union {
    mono_us wake_at;
    size_t tx_n; /* bytes in the caller's buffer: one message for the server */
    struct turn_event ev;
  } u;
};

/* The Allocate request goes out at the first poll. 0, -EINVAL for a username of 0 or over 508
 * bytes, -ENOMEM; *ret is untouched on failure. */
int turn_client_new(struct turn_client **ret, const struct turn_cfg *cfg, mono_us now);
/* Without a word to the server: see turn_client_release. NULL is fine; returns NULL. */
struct turn_client *turn_client_free(struct turn_client *c);

/* What a message from the server held for the layer above; borrowed from the message. */
struct turn_data {
  struct addr peer;
  struct bytes payload;
};

/* One message from the server. 1: *ret has data from a peer; 0: it was for the client; -EINVAL: it
 * is malformed, unauthenticated or not for this client. */
int turn_client_recv(struct turn_client *c, mono_us now, struct bytes message,
                     struct turn_data *ret);

/*
 * Frames data for a peer into buf, which holds at least payload.n + TURN_OVERHEAD. 0 and *ret_n
 * bytes to send; *ret_n is 0 while the peer's channel is being bound: the payload is kept and comes
 * out of turn_client_poll. -EAGAIN before TURN_EV_ALLOCATED, -EACCES when the server refused that
 * peer, -ENOSPC past TURN_PEERS_MAX, -EMSGSIZE past 65,535 bytes, -ENOMEM.
 */
int turn_client_send(struct turn_client *c, mono_us now, const struct turn_data *data, uint8_t *buf,
                     size_t *ret_n);

/* The relayed way is silent: asks the server whether the allocation still stands, at most once a
 * second. One that is gone, as after a restart of the server, ends in TURN_EV_FAILED. */
void turn_client_probe(struct turn_client *c, mono_us now);

/* Gives the allocation back (section 7.1): a Refresh with lifetime 0, then TURN_EV_RELEASED, at the
 * latest when its retransmissions are over. */
void turn_client_release(struct turn_client *c, mono_us now);

/* Called at or after OUT_IDLE's wake_at. */
void turn_client_wake(struct turn_client *c, mono_us now);
/* buf of cap >= 2048 + TURN_KEPT_MAX. */
void turn_client_poll(struct turn_client *c, mono_us now, uint8_t *buf, size_t cap,
                      struct turn_out *ret);

/*
 * The length of the message that a stream's bytes begin with, padding included (RFC 8489 section
 * 6.2.2, RFC 8656 section 12.5): at most 65,555. 0: more bytes are needed to tell; -EINVAL: this is
 * neither STUN nor ChannelData of a channel that a client here may bind, the stream is of no
 * further use.
 */
int turn_message_size(struct bytes stream);

#endif
