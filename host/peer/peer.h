#ifndef SENSO_PEER_PEER_H
#define SENSO_PEER_PEER_H

#include "base/fault.h"
#include "base/mono.h"
#include "base/out.h"
#include "base/rng.h"
#include "datachannel/datachannel.h"
#include "dtls/dtls.h"
#include "ice/agent.h"
#include "peer/gatherer.h"

/*
 * One RTCPeerConnection as a machine: JSEP (RFC 9429) over ICE, DTLS, SCTP and data channels, with
 * RFC 7983 demultiplexing. The owner feeds datagrams, timers and API calls in with `now`, and polls
 * until OUT_IDLE.
 */
struct peer;

struct peer_cfg {
  const struct rng *rng;          /* borrowed */
  struct dtls_identity *identity; /* a reference is taken */
  int64_t unix_offset_us;         /* Unix microseconds minus mono_us, for `since` and stats */
  bool loopback;
  bool relay_only;             /* iceTransportPolicy "relay" */
  uint16_t port_min, port_max; /* 0: any */
  size_t max_message_size;     /* what we state in a=max-message-size */
  size_t max_channels;
  size_t max_buffered;
  size_t receive_budget;
  bool interleaving;                 /* offer I-DATA (RFC 8260) */
  bool zero_checksum;                /* offer RFC 9653 */
  const struct peer_server *servers; /* copied */
  size_t n_servers;
  struct peer_proxy proxy;
  bool mdns;          /* host candidates are told by ".local" names in place of addresses */
  bool mtu_discovery; /* look for a larger MTU (RFC 8899) than all paths carry */
};

/* W3C RTCSignalingState, RTCPeerConnectionState, RTCIceGatheringState; names by the functions
 * below. */
enum peer_signaling {
  PEER_STABLE,
  PEER_HAVE_LOCAL_OFFER,
  PEER_HAVE_REMOTE_OFFER,
  PEER_HAVE_LOCAL_PRANSWER,
  PEER_HAVE_REMOTE_PRANSWER,
  PEER_SIGNALING_CLOSED
};
enum peer_connection {
  PEER_NEW,
  PEER_CONNECTING,
  PEER_CONNECTED,
  PEER_DISCONNECTED,
  PEER_FAILED,
  PEER_CLOSED
};
enum peer_gathering { PEER_GATHERING_NEW, PEER_GATHERING, PEER_GATHERING_COMPLETE };

enum peer_sdp_type { PEER_SDP_OFFER, PEER_SDP_ANSWER, PEER_SDP_PRANSWER, PEER_SDP_ROLLBACK };

enum peer_method { PEER_METHOD_HOST, PEER_METHOD_SRFLX, PEER_METHOD_RELAY };

enum peer_layer {
  PEER_LAYER_NONE,
  PEER_LAYER_ICE,
  PEER_LAYER_GATHERER,
  PEER_LAYER_DTLS,
  PEER_LAYER_SCTP
};

enum peer_event_kind {
  PEER_EV_ICE_CANDIDATE,       /* candidate line, or empty: gathering ended */
  PEER_EV_ICE_CANDIDATE_ERROR, /* a server could not be used */
  PEER_EV_GATHERING_STATE,
  PEER_EV_ICE_STATE,
  PEER_EV_CONNECTION_STATE,
  PEER_EV_SIGNALING_STATE,
  PEER_EV_NEGOTIATION_NEEDED,
  PEER_EV_PATH,    /* peer_path() has it */
  PEER_EV_FAILURE, /* why the connection failed: fault. Comes before the state change */
  PEER_EV_CHANNEL, /* a dc_event other than ASSOCIATED and DOWN */
};

struct peer_candidate {
  const char *text;     /* "candidate:...", or "" for the end; borrowed */
  const char *mid;      /* sdpMid */
  uint16_t mline_index; /* sdpMLineIndex */
  const char *ufrag;    /* usernameFragment */
};

/* W3C RTCPeerConnectionIceErrorEvent. */
struct peer_candidate_error {
  struct addr local; /* the server was asked from; ADDR_NONE: unknown */
  const char *url;   /* borrowed, as text */
  unsigned code;     /* of STUN, or 701: the server cannot be reached */
  const char *text;
};

struct peer_event {
  enum peer_event_kind kind;
  union {
    struct peer_candidate candidate;
    struct peer_candidate_error candidate_error;
    enum peer_gathering gathering;
    enum ice_state ice; /* "closed" is never announced */
    enum peer_connection connection;
    enum peer_signaling signaling;
    struct fault failure;
    struct dc_event channel; /* borrowed parts live until the next call */
  } u;
};

/* A name to be answered for, as long as the peer lives. */
struct peer_publish {
  const char *name; /* borrowed until the next call */
  struct addr addr; /* port 0 */
};

struct peer_out {
  enum out_kind kind; /* OUT_IDLE, OUT_TX, OUT_EVENT, OUT_BIND, OUT_UNBIND, OUT_RESOLVE, OUT_STREAM,
                         OUT_PUBLISH */
  union {
    struct {
      mono_us at;
      enum peer_layer layer; /* who asked for this wake-up */
    } wake;
    struct {
      struct path path;
      size_t n;       /* bytes in the caller's buffer */
      size_t segment; /* 0: one datagram; else datagrams of this size back to back, the last may be
                         shorter */
      bool fragment;  /* the network may fragment it; no other datagram (RFC 8899 section 3) */
    } tx;
    struct peer_event ev;
    struct ice_bind bind;
    uint32_t unbind_link; /* of a socket or a stream */
    struct ice_resolve resolve;
    struct peer_stream stream;
    struct peer_publish publish;
  } u;
};

int peer_new(struct peer **ret, const struct peer_cfg *cfg, mono_us now);
struct peer *peer_free(struct peer *p);

/* The addresses of this machine; again on every change. */
int peer_set_interfaces(struct peer *p, mono_us now, const struct ice_interface_addr *list,
                        size_t n);

/* What takes effect when candidates are next gathered: at the first description or a restart (W3C
 * setConfiguration). 0 or -ENOMEM. */
struct peer_ice {
  bool relay_only;
  const struct peer_server *servers; /* copied */
  size_t n_servers;
  struct peer_proxy proxy; /* for streams to TURN servers */
};
int peer_set_ice(struct peer *p, const struct peer_ice *in);
/* How often gathering has begun. */
unsigned peer_generations(const struct peer *p);

/*
 * JSEP. The texts are the caller's to free(). On failure negative with the fault:
 * FAULT_INVALID_STATE, FAULT_INVALID_SDP, FAULT_TYPE_ERROR, FAULT_OPERATION_ERROR; nothing has
 * changed then.
 */
int peer_create_offer(struct peer *p, mono_us now, bool ice_restart, char **ret_sdp,
                      struct fault *ret_fault);
int peer_create_answer(struct peer *p, mono_us now, char **ret_sdp, struct fault *ret_fault);
/* sdp empty: made as createOffer or createAnswer would, type ignored when `implicit`. Candidates
 * start to be gathered. */
struct peer_set_local {
  bool implicit_type;
  enum peer_sdp_type type;
  struct bytes sdp;
};
int peer_set_local(struct peer *p, mono_us now, const struct peer_set_local *in,
                   struct fault *ret_fault);
int peer_set_remote(struct peer *p, mono_us now, enum peer_sdp_type type, struct bytes sdp,
                    struct fault *ret_fault);

/* RTCIceCandidateInit: candidate empty or end: end of candidates. mid NULL and mline_index -1:
 * absent (both: type-error unless end). ufrag NULL: of the current generation. */
struct peer_candidate_init {
  struct bytes candidate;
  const char *mid;
  int32_t mline_index;
  const char *ufrag;
  bool end;
};
int peer_add_candidate(struct peer *p, mono_us now, const struct peer_candidate_init *c,
                       struct fault *ret_fault);
int peer_restart_ice(struct peer *p, mono_us now, struct fault *ret_fault);

/* Closes everything: channels are aborted, the peer told. Poll once more until IDLE to send the
 * last datagrams. */
void peer_close(struct peer *p, mono_us now);

/* Data channels, by handles unique among all peers of the owner: see datachannel.h, which these
 * pass through to. */
struct dc_set *peer_channels(struct peer *p);
/* dc_create plus negotiationneeded for the first one. */
int peer_channel_create(struct peer *p, mono_us now, dc_handle h, const struct dc_init *init,
                        struct fault *ret_fault);
/* After any direct dc_* call made through peer_channels. */
void peer_touch(struct peer *p, mono_us now);

int peer_bound(struct peer *p, mono_us now, uint32_t link, int err, const struct addr *local);
int peer_resolved(struct peer *p, mono_us now, uint32_t id, int err, const struct addr *addrs,
                  size_t n);
/* The answer to OUT_STREAM, and the stream's end later on: err is 0 when it is up; why: what stood
 * in the way. */
int peer_stream(struct peer *p, mono_us now, uint32_t link, int err, const char *why);
int peer_stream_bytes(struct peer *p, mono_us now, uint32_t link, struct bytes bytes);
/* Any datagram of a link. */
int peer_recv(struct peer *p, mono_us now, const struct path *path, struct bytes datagram);
/* The kernel's buffer for the link is full, or empty again. */
void peer_link_writable(struct peer *p, mono_us now, uint32_t link, bool writable);
int peer_wake(struct peer *p, mono_us now);
/* buf of cap >= 8192 bytes; with 64 KiB several datagrams come at once (tx.segment). */
void peer_poll(struct peer *p, mono_us now, uint8_t *buf, size_t cap, struct peer_out *ret);

/* What peer.get gives: descriptions NULL if absent, borrowed until the next call. */
struct peer_view {
  enum peer_signaling signaling;
  enum peer_connection connection;
  enum peer_gathering gathering;
  enum ice_state ice;
  bool ice_closed;
  const char *local_sdp, *remote_sdp; /* current or pending, with the candidates gathered so far */
  enum peer_sdp_type local_type, remote_type;
  const char *pending_local_sdp, *pending_remote_sdp, *current_local_sdp, *current_remote_sdp;
  enum peer_sdp_type current_local_type, current_remote_type;
};
void peer_view(struct peer *p, struct peer_view *ret);

/* Path evidence for peer.path. why: sentences, one for each better method that is not used. */
struct peer_path {
  enum peer_method method;
  struct ice_candidate local, remote;
  mono_us rtt;
  int64_t since_unix_ms;
  const char *relay_protocol; /* "udp", "tcp" or "tls" to our own relay; NULL: none is used */
  char why[2][200];
  size_t n_why;
};
bool peer_path(struct peer *p, struct peer_path *ret);

/* A server by its number in an ice_candidate: its url, and how it is reached ("udp", "tcp", "tls").
 * False for 0. Borrowed. */
bool peer_server_of(const struct peer *p, uint16_t server, const char **ret_url,
                    const char **ret_protocol);

/* The parts that getStats reads. */
const struct ice_agent *peer_ice(const struct peer *p);
const struct dtls *peer_dtls(const struct peer *p);
struct peer_counters {
  uint64_t bytes_sent, bytes_received, packets_sent, packets_received; /* DTLS datagrams */
  uint32_t selected_pair_changes;
  uint32_t channels_opened, channels_closed;
};
/* Before the agent's pairs are asked for their traffic. */
void peer_settle_traffic(struct peer *p);
void peer_counters(const struct peer *p, struct peer_counters *ret);
/* Which side of the DTLS handshake this is; false before it began. */
bool peer_is_dtls_client(const struct peer *p);
/* The certificate of one side: the hash's name as in SDP, the fingerprint, the DER. False while it
 * is not known. Borrowed. */
bool peer_certificate(const struct peer *p, bool remote, const char **ret_hash,
                      struct bytes *ret_fingerprint, struct bytes *ret_der);
/* max-message-size both ends state; 0 before it is known. */
size_t peer_max_message(const struct peer *p);

const char *peer_signaling_name(enum peer_signaling s);
const char *peer_connection_name(enum peer_connection s);
const char *peer_gathering_name(enum peer_gathering s);
const char *peer_ice_name(enum ice_state s);
const char *peer_sdp_type_name(enum peer_sdp_type t);

#endif
