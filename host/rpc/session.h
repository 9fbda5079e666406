#ifndef SENSO_RPC_SESSION_H
#define SENSO_RPC_SESSION_H

#include "base/mono.h"
#include "base/out.h"
#include "peer/peer.h"

/*
 * One client's JSON-RPC session: owns its peers. Frames (one JSON text each, without length prefix
 * or newline) go in; frames, datagrams and requests to the owner come out of the poll. Knows no
 * stdio and no socket.
 */
struct rpc_session;

struct rpc_cfg {
  const struct rng *rng;
  struct dtls_identity *identity; /* a reference is taken; NULL: comes later, see below */
  int64_t unix_offset_us;
  const char *version;
  const char *engine;   /* "native" or "local" */
  size_t max_frame_in;  /* >= 4 MiB */
  size_t max_frame_out; /* 1 MiB: Chrome's limit */
  size_t max_message_size;
  size_t max_peers;
  size_t max_channels;
  size_t max_buffered; /* 16 MiB a channel */
};

/* What the owner knows of the machine's network, for network.get and the peers. */
struct rpc_interface {
  char name[16];
  uint32_t index;
  uint32_t mtu;
  bool up, loopback;
  const char *type; /* "ethernet", "wifi", "cellular", "vpn", "loopback", "unknown" */
};
struct rpc_route {
  struct addr gateway; /* ADDR_NONE: on link */
  uint8_t family;
  uint32_t interface; /* index */
  uint32_t metric;
};
struct rpc_network {
  const struct rpc_interface *interfaces;
  size_t n_interfaces;
  const struct ice_interface_addr *addrs; /* name matches interfaces[].name */
  size_t n_addrs;
  const struct rpc_route *routes; /* default routes */
  size_t n_routes;
};

enum rpc_out_kind {
  RPC_IDLE,  /* wake_at */
  RPC_FRAME, /* a frame for the client, borrowed until the next call; text */
  RPC_PEER,  /* OUT_TX, OUT_BIND, OUT_UNBIND, OUT_RESOLVE or OUT_STREAM of a peer: peer and out */
  RPC_PEER_GONE, /* the peer was freed: close its links */
  RPC_END,       /* after the frames before it: leave with exit_status */
};

struct rpc_out {
  enum rpc_out_kind kind;
  mono_us wake_at;
  struct bytes frame;
  uint32_t peer;
  struct peer_out out;
  int exit_status;
};

int rpc_session_new(struct rpc_session **ret, const struct rpc_cfg *cfg, mono_us now);
struct rpc_session *rpc_session_free(struct rpc_session *s);

/* The identity of all peers made from now on, which costs some milliseconds to make and is not
 * needed to answer hello. A reference is taken. While there is none peer.create fails with
 * FAULT_INTERNAL. */
void rpc_session_set_identity(struct rpc_session *s, struct dtls_identity *identity);

/* A frame from the client. Never fails the session; -ENOMEM only. */
int rpc_session_frame(struct rpc_session *s, mono_us now, struct bytes frame);
/* A frame of n bytes above max_frame_in was skipped. */
int rpc_session_skipped(struct rpc_session *s, mono_us now, uint64_t n);
/* stdin ended or cannot go on: goodbye with this reason ("eof", "frame-too-long", "bad-origin"),
 * peers closed, then RPC_END. */
int rpc_session_end(struct rpc_session *s, mono_us now, const char *reason, int exit_status);
/* How many bytes of frames the owner holds unwritten, with prefixes: above 1 MiB no channel.message
 * is made until it falls, and hello.autoCredit is renewed by what was written. True when the
 * session has something to do: poll it. */
bool rpc_session_unwritten(struct rpc_session *s, mono_us now, size_t n);
int rpc_session_network(struct rpc_session *s, mono_us now, const struct rpc_network *network);

/* Inputs of a peer, by the number of RPC_PEER; unknown numbers (closed meanwhile) are ignored. */
int rpc_session_bound(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link, int err,
                      const struct addr *local);
int rpc_session_resolved(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t id, int err,
                         const struct addr *addrs, size_t n);
int rpc_session_recv(struct rpc_session *s, mono_us now, uint32_t peer, const struct path *path,
                     struct bytes datagram);
/* The answer to OUT_STREAM or the stream's end, and its bytes: see peer_stream. */
int rpc_session_stream(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link, int err,
                       const char *why);
int rpc_session_stream_bytes(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link,
                             struct bytes bytes);
void rpc_session_writable(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link,
                          bool writable);

int rpc_session_wake(struct rpc_session *s, mono_us now);
/* buf of cap bytes takes datagrams (64 KiB is right). */
void rpc_session_poll(struct rpc_session *s, mono_us now, uint8_t *buf, size_t cap,
                      struct rpc_out *ret);

#endif
