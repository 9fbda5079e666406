/*
 * Frames into a session that has said hello and has two peers, connected to each other, with a
 * channel. The input is lines: a line that begins with a small number is a call with the rest as
 * its params; any other is a whole frame. Whatever comes, every frame out is JSON of the right
 * size, and the session answers a ping at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "rpc/json_scan.h"
#include "rpc/session.h"
#include "support/seeded_rng.h"
#include "support/virtual_openssl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINKS 64

static const char *const methods[] = {
    "channel.send",
    "channel.credit",
    "channel.create",
    "channel.close",
    "peer.create",
    "channel.setBufferedAmountLowThreshold",
    "peer.createOffer",
    "peer.createAnswer",
    "peer.get",
    "peer.setLocalDescription",
    "peer.getStats",
    "peer.setRemoteDescription",
    "peer.restartIce",
    "peer.addIceCandidate",
    "peer.close",
    "peer.setConfiguration",
    "hello",
    "network.get",
    "ping",
};

struct play {
  struct rpc_session *s;
  struct seeded_rng rng;
  mono_us now, wake_at;
  struct {
    uint32_t peer, link;
    struct addr local;
  } links[LINKS];
  size_t n_links;
  uint16_t port;
  bool ponged, ended;
  char *sdp; /* the last local description that peer.get told, as JSON */
};

static const struct rpc_cfg cfg = {.unix_offset_us = 1800000000000000,
                                   .version = "1",
                                   .engine = "native",
                                   .max_frame_in = 4 << 20,
                                   .max_frame_out = 8192,
                                   .max_message_size = 20000,
                                   .max_peers = 4,
                                   .max_channels = 8,
                                   .max_buffered = 50000};

static void on_frame(struct play *p, struct bytes f) {
  struct json_scan scan;
  static const char pong[] = "{\"jsonrpc\":\"2.0\",\"id\":\"pong\",\"result\":{}}";
  if (!utf8_valid(f) || f.n > cfg.max_frame_out) abort();
  json_scan(f, &scan);
  if (!scan.ok) abort();
  if (bytes_equal(f, bytes_of(pong))) p->ponged = true;
  static const char key[] = "\"localDescription\":{";
  const uint8_t *at = memmem(f.p, f.n, key, sizeof key - 1);
  const uint8_t *end = at ? memchr(at, '}', f.n - (size_t)(at - f.p)) : NULL;
  if (!end) return;
  at += sizeof key - 2;
  free(p->sdp);
  p->sdp = strndup((const char *)at, (size_t)(end + 1 - at));
}

/* To the other peer of the same session, at once. */
static void transmit(struct play *p, uint32_t peer, const struct peer_out *out,
                     const uint8_t *buf) {
  struct addr from = {.family = ADDR_NONE};
  size_t segment = out->u.tx.segment ? out->u.tx.segment : out->u.tx.n;
  for (size_t i = 0; i < p->n_links; i++)
    if (p->links[i].peer == peer && p->links[i].link == out->u.tx.path.link)
      from = p->links[i].local;
  for (size_t i = 0; i < p->n_links && from.family != ADDR_NONE; i++) {
    if (!addr_equal(&p->links[i].local, &out->u.tx.path.remote)) continue;
    const struct path path = {p->links[i].link, from};
    for (size_t at = 0; at < out->u.tx.n; at += segment) {
      size_t n = out->u.tx.n - at < segment ? out->u.tx.n - at : segment;
      (void)rpc_session_recv(p->s, p->now, p->links[i].peer, &path, (struct bytes){buf + at, n});
    }
    return;
  }
}

static void bind_link(struct play *p, uint32_t peer, const struct ice_bind *bind) {
  struct addr local = bind->local;
  local.port = p->port++;
  int err = p->n_links < LINKS ? 0 : -24;
  if (err == 0) {
    p->links[p->n_links].peer = peer;
    p->links[p->n_links].link = bind->link;
    p->links[p->n_links++].local = local;
  }
  (void)rpc_session_bound(p->s, p->now, peer, bind->link, err, &local);
}

static void on_peer(struct play *p, uint32_t peer, const struct peer_out *out, const uint8_t *buf) {
  if (out->kind == OUT_TX) transmit(p, peer, out, buf);
  if (out->kind == OUT_BIND) bind_link(p, peer, &out->u.bind);
  if (out->kind == OUT_RESOLVE)
    (void)rpc_session_resolved(p->s, p->now, peer, out->u.resolve.id, -2, NULL, 0);
}

static void drain(struct play *p) {
  static uint8_t buf[65536], copy[65536];
  for (struct rpc_out out; !p->ended;) {
    rpc_session_poll(p->s, p->now, buf, sizeof buf, &out);
    if (out.kind == RPC_IDLE) {
      p->wake_at = out.wake_at;
      if (!rpc_session_unwritten(p->s, p->now, 0)) return;
    }
    if (out.kind == RPC_FRAME) on_frame(p, out.frame);
    if (out.kind == RPC_PEER && out.out.kind == OUT_TX) memcpy(copy, buf, out.out.u.tx.n);
    if (out.kind == RPC_PEER) on_peer(p, out.peer, &out.out, copy);
    p->ended = out.kind == RPC_END;
  }
}

static void run(struct play *p, mono_us for_us) {
  mono_us until = p->now + for_us;
  for (int i = 0; i < 300 && p->wake_at <= until && !p->ended; i++) {
    p->now = p->wake_at;
    virtual_openssl_time(p->now);
    (void)rpc_session_wake(p->s, p->now);
    drain(p);
  }
  p->now = until > p->now ? until : p->now;
}

static void frame(struct play *p, struct bytes f) {
  uint8_t *copy = malloc(f.n ? f.n : 1);
  if (!copy) abort();
  if (f.n > 0) memcpy(copy, f.p, f.n);
  (void)rpc_session_frame(p->s, p->now, (struct bytes){copy, f.n});
  free(copy);
  drain(p);
}

static void call(struct play *p, const char *method, struct bytes params) {
  struct text t = {0};
  text_addf(&t, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{", method);
  text_add_bytes(&t, params);
  text_add(&t, "}}");
  frame(p, (struct bytes){(uint8_t *)t.p, t.n});
  text_free(&t);
}

/* What one peer has as its local description, with its candidates, to the other. */
static void pass(struct play *p, int from, int to) {
  struct text t = {0};
  text_addf(&t, "\"peer\":%d", from);
  call(p, "peer.get", (struct bytes){(uint8_t *)t.p, t.n});
  text_clear(&t);
  text_addf(&t, "\"peer\":%d,\"description\":%s", to, p->sdp ? p->sdp : "{}");
  call(p, "peer.setRemoteDescription", (struct bytes){(uint8_t *)t.p, t.n});
  text_free(&t);
}

static void connect(struct play *p) {
  call(p, "hello",
       bytes_of("\"protocol\":1,\"client\":{\"name\":\"f\",\"version\":\"1\"},\"autoCredit\":500"));
  call(p, "peer.create", bytes_of("\"configuration\":{\"interfaces\":[\"eth0\"]}"));
  call(p, "peer.create", bytes_of("\"configuration\":{\"interfaces\":[\"eth1\"]}"));
  call(p, "channel.create", bytes_of("\"peer\":1,\"label\":\"x\""));
  call(p, "peer.setLocalDescription", bytes_of("\"peer\":1"));
  pass(p, 1, 2);
  call(p, "peer.setLocalDescription", bytes_of("\"peer\":2"));
  pass(p, 2, 1);
  run(p, 2 * MONO_S);
}

static void line(struct play *p, struct bytes l) {
  size_t method = l.n > 0 ? l.p[0] : 0;
  if (method == 'w') {
    run(p, MONO_S);
  } else if (method == 'p' || method == 'q') {
    pass(p, method == 'p' ? 2 : 1, method == 'p' ? 1 : 2);
  } else if (method >= 'A' && method < 'A' + sizeof methods / sizeof *methods) {
    call(p, methods[method - 'A'], (struct bytes){l.p + 1, l.n - 1});
  } else {
    frame(p, l);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct dtls_identity *identity;
  static const struct rpc_interface eths[] = {
      {.name = "eth0", .index = 2, .mtu = 1500, .up = true, .type = "ethernet"},
      {.name = "eth1", .index = 3, .mtu = 1500, .up = true, .type = "wifi"}};
  const struct ice_interface_addr addrs[] = {{.name = "eth0", .addr = addr_v4(10, 0, 0, 1, 0)},
                                             {.name = "eth1", .addr = addr_v4(10, 0, 0, 2, 0)}};
  const struct rpc_network network = {eths, 2, addrs, 2, NULL, 0};
  struct play p = {.now = MONO_S, .wake_at = MONO_NEVER, .port = 40000};
  virtual_openssl_seed(1);
  virtual_openssl_time(p.now);
  if (!identity && dtls_identity_new(&identity, 1800000000) < 0) abort();
  seeded_rng_init(&p.rng, 1);
  struct rpc_cfg own = cfg;
  own.rng = &p.rng.rng;
  own.identity = identity;
  if (rpc_session_new(&p.s, &own, p.now) < 0) abort();
  (void)rpc_session_network(p.s, p.now, &network);
  connect(&p);
  for (size_t at = 0; at < size;) {
    const uint8_t *end = memchr(data + at, '\n', size - at);
    size_t n = end ? (size_t)(end - (data + at)) : size - at;
    line(&p, (struct bytes){data + at, n});
    at += n + 1;
  }
  run(&p, MONO_S);
  frame(&p, bytes_of("{\"jsonrpc\":\"2.0\",\"id\":\"pong\",\"method\":\"ping\"}"));
  if (!p.ponged) abort();
  rpc_session_free(p.s);
  free(p.sdp);
  return 0;
}
