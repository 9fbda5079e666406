#ifndef SENSO_PEER_GATHERER_H
#define SENSO_PEER_GATHERER_H

#include "base/bytes.h"
#include "base/mono.h"
#include "base/out.h"
#include "base/rng.h"
#include "ice/agent.h"

/*
 * Asks STUN and TURN servers over a peer's links for server-reflexive and relayed addresses (RFC
 * 8445 section 5.1.1.2), and carries datagrams through the allocations. A machine: it knows no
 * socket; each UDP server is asked over the links of its address family, a TURN server behind TCP
 * or TLS over a stream that the owner opens.
 */
struct gatherer;

enum peer_transport { PEER_TRANSPORT_UDP, PEER_TRANSPORT_TCP, PEER_TRANSPORT_TLS };

/* One url of an RTCIceServer. */
struct peer_server {
  bool turn; /* else STUN */
  enum peer_transport transport;
  struct bytes host; /* a name or a literal address */
  uint16_t port;
  struct bytes url, username, credential;
};

/* An HTTP proxy that streams go through by CONNECT. */
struct peer_proxy {
  struct bytes host; /* a name or a literal address */
  uint16_t port;     /* 0: there is none */
};

enum gatherer_event_kind {
  GATHERER_EV_REFLEXIVE, /* link, server, mapped */
  GATHERER_EV_RELAYED, /* link, server, mapped, relayed: answer with gatherer_name_relay before the
                          next poll */
  GATHERER_EV_LOST,    /* relay: the allocation is over; another is tried for */
  GATHERER_EV_ERROR,   /* code and text, W3C RTCPeerConnectionIceErrorEvent */
};

struct gatherer_event {
  enum gatherer_event_kind kind;
  uint32_t ask;    /* the number of the request */
  uint32_t link;   /* it was sent by; 0: a stream */
  uint32_t relay;  /* LOST */
  uint16_t server; /* from 1 */
  struct addr local, mapped, relayed;
  unsigned code;    /* of the server, or 701: it cannot be reached */
  const char *text; /* borrowed */
};

/* In the number of a link: it is a stream. */
#define PEER_STREAM_LINK 0x80000000u

/* A stream to be opened, by its number as a link. */
struct peer_stream {
  uint32_t link;
  struct addr remote; /* the server, or the proxy */
  bool tls, proxied;
  const char
      *host; /* the server's, which the certificate must be for; borrowed until the next call */
  uint16_t port;
};

struct gatherer_out {
  enum out_kind kind; /* OUT_IDLE, OUT_TX, OUT_EVENT, OUT_RESOLVE, OUT_STREAM or OUT_UNBIND */
  union {
    mono_us wake_at;
    struct {
      struct path path;
      size_t n;
    } tx;
    struct gatherer_event ev;
    struct ice_resolve resolve;
    struct peer_stream stream;
    uint32_t unbind_link; /* a stream to be closed */
  } u;
};

int gatherer_new(struct gatherer **ret, const struct rng *rng);
struct gatherer *gatherer_free(struct gatherer *g);

/* The servers and the proxy from the next gatherer_start on; copied. 0 or -ENOMEM. */
int gatherer_set_servers(struct gatherer *g, const struct peer_server *list, size_t n,
                         const struct peer_proxy *proxy);

/* Begins to ask, or asks anew: allocations that stand are kept. 0 or -ENOMEM. */
int gatherer_start(struct gatherer *g, mono_us now);
/* True while an answer may come that brings a candidate of this start. */
bool gatherer_busy(const struct gatherer *g);

/* Links of the owner. 0 or -ENOMEM. */
int gatherer_link_up(struct gatherer *g, mono_us now, uint32_t link, const struct addr *local);
void gatherer_link_gone(struct gatherer *g, uint32_t link);

/* The answer to OUT_RESOLVE. False: the number is not of this machine. */
bool gatherer_resolved(struct gatherer *g, mono_us now, uint32_t id, int err,
                       const struct addr *addrs, size_t n);

/* The answer to OUT_STREAM, and later the stream's end: err is 0 when it is up, else negative, and
 * why says what stood in the way (borrowed for the call). False: not of this machine. */
bool gatherer_stream(struct gatherer *g, mono_us now, uint32_t link, int err, const char *why);

/* What came through a relay. */
struct gatherer_data {
  struct path path; /* the relayed address as a link, and the peer behind it */
  struct bytes payload;
};

/* A datagram of a link. 1: *ret has what a peer sent through the relay; 0: it was a server's
 * answer; -ENOENT: it is nobody's here. */
int gatherer_recv(struct gatherer *g, mono_us now, const struct path *path, struct bytes datagram,
                  struct gatherer_data *ret);

/* Bytes of a stream; then gatherer_stream_next until it says false, which fills *ret for each
 * message of a peer, borrowed until the next call. */
void gatherer_stream_bytes(struct gatherer *g, mono_us now, uint32_t link, struct bytes bytes);
bool gatherer_stream_next(struct gatherer *g, mono_us now, uint32_t link,
                          struct gatherer_data *ret);

/* The answer to GATHERER_EV_RELAYED: the relayed address's number as a link. */
void gatherer_name_relay(struct gatherer *g, uint32_t ask, uint32_t relay);
bool gatherer_is_relay(const struct gatherer *g, uint32_t link);

/*
 * Frames a payload for a peer behind a relay into buf, of at least payload.n + TURN_OVERHEAD bytes.
 * 0, *ret_wire and *ret_n bytes to send, 0 bytes while the payload waits for the server; negative:
 * it cannot go.
 */
int gatherer_send(struct gatherer *g, mono_us now, const struct path *path, struct bytes payload,
                  uint8_t *buf, size_t *ret_n, struct path *ret_wire);
/* Where datagrams of the relay really go. False: it is none. */
bool gatherer_route(const struct gatherer *g, uint32_t relay, struct path *ret);

/* What goes by the relay has had no answer for a while. */
void gatherer_suspect(struct gatherer *g, mono_us now, uint32_t relay);

/* A path that goes by a NAT's mapping or by a relay may be lost: asks all UDP servers again, at
 * most once a second. A new mapped address is told as GATHERER_EV_REFLEXIVE, an allocation that is
 * gone as GATHERER_EV_LOST. */
void gatherer_recheck(struct gatherer *g, mono_us now);

/* Gives all allocations back: poll once more until OUT_IDLE. */
void gatherer_release(struct gatherer *g, mono_us now);

/* buf of cap >= 8192. */
void gatherer_poll(struct gatherer *g, mono_us now, uint8_t *buf, size_t cap,
                   struct gatherer_out *ret);

/* The url and transport of a server, by its number. False past the last. Borrowed. */
bool gatherer_server(const struct gatherer *g, uint16_t server, const char **ret_url,
                     enum peer_transport *ret_transport);

/* How a UDP server failed us, as a sentence for an IT person; false when none did. */
bool gatherer_why(const struct gatherer *g, bool turn, char *to, size_t cap);

#endif
