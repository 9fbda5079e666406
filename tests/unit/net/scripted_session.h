#ifndef SENSO_TESTS_NET_SCRIPTED_SESSION_H
#define SENSO_TESTS_NET_SCRIPTED_SESSION_H

#include <stdio.h>

#include "rpc/session.h"
#include "support/unit.h"

/*
 * A session that writes down what it is given and asks for what a test has queued: these
 * definitions take the place of rpc's. `log` has a line for each input.
 */
struct rpc_session {
  struct rpc_out queue[300];
  char tx[300][32]; /* what an OUT_TX of the queue sends */
  size_t head, tail;
  mono_us wake_at;
  char log[8192];
  size_t unwritten, unwritten_max;
  struct addr bound; /* the last one */
  struct path from;
  int polls, wakes, end_status;
  bool echo, end_at_once, deaf_to_end;
  const char *held; /* a frame for when nothing is unwritten any more; NULL: none */
  char echoed[64];
};

static void session_note(struct rpc_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void session_note(struct rpc_session *s, const char *format, ...) {
  size_t n = strlen(s->log);
  va_list args;
  va_start(args, format);
  (void)vsnprintf(s->log + n, sizeof s->log - n, format, args);
  va_end(args);
}

static struct rpc_out *session_say(struct rpc_session *s, enum rpc_out_kind kind) {
  assert_true(s->tail < 300);
  struct rpc_out *o = &s->queue[s->tail++];
  *o = (struct rpc_out){.kind = kind};
  return o;
}

static void session_frame(struct rpc_session *s, const char *text) {
  session_say(s, RPC_FRAME)->frame = bytes_of(text);
}

int rpc_session_frame(struct rpc_session *s, mono_us now, struct bytes frame) {
  (void)now;
  assert_int_equal(s->head, s->tail); /* polled until idle after the one before */
  session_note(s, "frame %.*s\n", (int)frame.n, (const char *)frame.p);
  if (!s->echo) return 0;
  (void)snprintf(s->echoed, sizeof s->echoed, "re %.*s", (int)frame.n, (const char *)frame.p);
  session_frame(s, s->echoed);
  return 0;
}

int rpc_session_skipped(struct rpc_session *s, mono_us now, uint64_t n) {
  (void)now;
  session_note(s, "skipped %u\n", (unsigned)n);
  return 0;
}

int rpc_session_end(struct rpc_session *s, mono_us now, const char *reason, int exit_status) {
  (void)now;
  session_note(s, "end %s %d\n", reason, exit_status);
  if (s->deaf_to_end) return 0;
  session_frame(s, "goodbye");
  session_say(s, RPC_END)->exit_status = exit_status;
  return 0;
}

bool rpc_session_unwritten(struct rpc_session *s, mono_us now, size_t n) {
  (void)now;
  bool fell = s->held && s->unwritten > 0 && n == 0;
  s->unwritten = n;
  if (n > s->unwritten_max) s->unwritten_max = n;
  if (!fell) return false;
  session_frame(s, s->held);
  s->held = NULL;
  return true;
}

int rpc_session_bound(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link, int err,
                      const struct addr *local) {
  (void)now;
  session_note(s, "bound %u.%u %d\n", peer, link, err);
  s->bound = *local;
  return 0;
}

int rpc_session_resolved(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t id, int err,
                         const struct addr *addrs, size_t n) {
  char text[ADDR_TEXT_MAX] = "";
  (void)now;
  if (n > 0) addr_format_ip(&addrs[0], text);
  session_note(s, "resolved %u.%u %d %s\n", peer, id, err, text);
  return 0;
}

int rpc_session_recv(struct rpc_session *s, mono_us now, uint32_t peer, const struct path *path,
                     struct bytes datagram) {
  (void)now;
  session_note(s, "recv %u.%u %.*s\n", peer, path->link, (int)datagram.n, (const char *)datagram.p);
  s->from = *path;
  return 0;
}

void rpc_session_writable(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link,
                          bool writable) {
  (void)now;
  session_note(s, "writable %u.%u %d\n", peer, link, writable);
}

int rpc_session_stream(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link, int err,
                       const char *why) {
  (void)now;
  session_note(s, "stream %u.%u %d %s\n", peer, link & ~PEER_STREAM_LINK, err, why);
  return 0;
}

int rpc_session_stream_bytes(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link,
                             struct bytes bytes) {
  (void)now;
  session_note(s, "bytes %u.%u %zu\n", peer, link & ~PEER_STREAM_LINK, bytes.n);
  return 0;
}

int rpc_session_wake(struct rpc_session *s, mono_us now) {
  assert_true(now >= s->wake_at);
  s->wake_at = MONO_NEVER;
  s->wakes++;
  return 0;
}

void rpc_session_poll(struct rpc_session *s, mono_us now, uint8_t *buf, size_t cap,
                      struct rpc_out *ret) {
  (void)now;
  s->polls++;
  if (s->head == s->tail) {
    s->head = s->tail = 0;
    *ret = (struct rpc_out){.kind = RPC_IDLE, .wake_at = s->wake_at};
    return;
  }
  *ret = s->queue[s->head];
  if (ret->kind == RPC_PEER && ret->out.kind == OUT_TX) {
    assert_true(cap >= 65536);
    memcpy(buf, s->tx[s->head], ret->out.u.tx.n);
  }
  s->head++;
}

/* The rest of what net's other parts may call. */
int rpc_session_new(struct rpc_session **ret, const struct rpc_cfg *cfg, mono_us now) {
  (void)cfg;
  (void)now;
  *ret = NULL;
  return 0;
}

struct rpc_session *rpc_session_free(struct rpc_session *s) {
  (void)s;
  return NULL;
}

void rpc_session_set_identity(struct rpc_session *s, struct dtls_identity *identity) {
  (void)s;
  (void)identity;
}

int rpc_session_network(struct rpc_session *s, mono_us now, const struct rpc_network *network) {
  (void)s;
  (void)now;
  (void)network;
  return 0;
}

static struct rpc_out *session_peer(struct rpc_session *s, uint32_t peer, enum out_kind kind) {
  struct rpc_out *o = session_say(s, RPC_PEER);
  o->peer = peer;
  o->out.kind = kind;
  return o;
}

static void session_bind(struct rpc_session *s, uint32_t peer, uint32_t link) {
  session_peer(s, peer, OUT_BIND)->out.u.bind =
      (struct ice_bind){.link = link, .local = addr_v4(127, 0, 0, 1, 0)};
}

static void session_tx(struct rpc_session *s, uint32_t peer, uint32_t link, const struct addr *to,
                       const char *text) {
  struct rpc_out *o = session_peer(s, peer, OUT_TX);
  o->out.u.tx.path = (struct path){.link = link, .remote = *to};
  o->out.u.tx.n = strlen(text);
  (void)snprintf(s->tx[s->tail - 1], sizeof s->tx[0], "%s", text);
}

#endif
