#include "net/pump.h"

#include <errno.h>
#include <stdlib.h>

#include "mdns/message.h"
#include "net/clock.h"
#include "net/loop_turn.h"
#include "net/mdns.h"
#include "net/resolve.h"
#include "net/streams.h"
#include "net/timer.h"

#define WRITE_EARLY ((size_t)128 * 1024) /* frames queued in a drain before they are written */

struct net_pump {
  struct net_pump_cfg cfg;
  struct net_links *links;
  struct net_streams *streams;
  struct net_output *output;
  struct net_resolver *resolver;
  struct net_mdns *mdns;
  struct net_timer *wake, *deadline;
  struct net_loop_turn *turn;
  mono_us now;     /* of this turn */
  mono_us wake_at; /* what the session asked for when it was last idle */
  bool in_turn;    /* since the first input, until the session is idle again */
  bool dirty;      /* the session has had an input since it was last idle */
  bool ending;     /* rpc_session_end was called */
  bool over;       /* RPC_END came, or the deadline */
  bool late;       /* the deadline came */
  bool told;       /* cfg.ended was called */
  int exit_status;
};

mono_us net_pump_now(struct net_pump *p) {
  if (p->in_turn) return p->now;
  p->in_turn = true;
  p->now = net_clock_now();
  if (p->wake_at <= p->now) { /* due, even if the timer's event has not come yet */
    p->wake_at = MONO_NEVER;
    (void)rpc_session_wake(p->cfg.session, p->now);
    p->dirty = true;
  }
  return p->now;
}

static void report_unwritten(struct net_pump *p) {
  size_t n = net_output_unwritten(p->output);
  if (rpc_session_unwritten(p->cfg.session, net_pump_now(p), n)) p->dirty = true;
}

/* Leaves once all frames are written, or cannot be. */
static void leave_if_said(struct net_pump *p) {
  if (!p->over || p->told) return;
  if (net_output_unwritten(p->output) > 0 && !p->late) return;
  p->told = true;
  p->cfg.ended(p->cfg.ctx, p->exit_status);
}

static void on_received(void *ctx, uint32_t peer, const struct path *path, struct bytes datagram) {
  struct net_pump *p = ctx;
  (void)rpc_session_recv(p->cfg.session, net_pump_now(p), peer, path, datagram);
  p->dirty = true;
}

static void on_writable(void *ctx, uint32_t peer, uint32_t link, bool writable) {
  struct net_pump *p = ctx;
  rpc_session_writable(p->cfg.session, net_pump_now(p), peer, link, writable);
  p->dirty = true;
}

static void on_stream(void *ctx, uint32_t peer, uint32_t link, int err, const char *why) {
  struct net_pump *p = ctx;
  (void)rpc_session_stream(p->cfg.session, net_pump_now(p), peer, link, err, why);
  p->dirty = true;
}

static void on_stream_bytes(void *ctx, uint32_t peer, uint32_t link, struct bytes bytes) {
  struct net_pump *p = ctx;
  (void)rpc_session_stream_bytes(p->cfg.session, net_pump_now(p), peer, link, bytes);
  p->dirty = true;
}

static void on_output(void *ctx) {
  struct net_pump *p = ctx;
  report_unwritten(p);
  p->dirty = true;
  if (net_output_broken(p->output)) net_pump_end(p, "eof", 0);
}

static void on_resolved(void *ctx, const struct net_query *q, int err, const struct addr *addrs,
                        size_t n) {
  struct net_pump *p = ctx;
  (void)rpc_session_resolved(p->cfg.session, net_pump_now(p), q->peer, q->id, err, addrs, n);
  p->dirty = true;
}

static void on_wake(void *ctx) {
  struct net_pump *p = ctx;
  (void)net_pump_now(p); /* wakes the session */
  p->dirty = true;
}

static void on_deadline(void *ctx) {
  struct net_pump *p = ctx;
  p->over = p->late = true;
  leave_if_said(p);
}

static void on_turn(void *ctx) {
  struct net_pump *p = ctx;
  if (p->dirty || p->in_turn) net_pump_drain(p);
}

static void out_frame(struct net_pump *p, struct bytes frame) {
  framing_add(p->cfg.mode, net_output_begin(p->output), frame);
  if (net_output_end(p->output) != 0) { /* a client that misses frames is lost */
    net_pump_end(p, "out-of-memory", 1);
    return;
  }
  if (net_output_unwritten(p->output) >= WRITE_EARLY) net_output_flush(p->output);
  report_unwritten(p);
}

static void out_bind(struct net_pump *p, uint32_t peer, const struct ice_bind *bind) {
  struct addr local = {.family = ADDR_NONE};
  int err = net_links_bind(p->links, peer, bind, &local);
  (void)rpc_session_bound(p->cfg.session, net_pump_now(p), peer, bind->link, err, &local);
}

static void out_resolve(struct net_pump *p, uint32_t peer, const struct ice_resolve *ask) {
  struct net_query q = {.peer = peer, .id = ask->id};
  int r = mdns_is_local(ask->name) ? net_mdns_ask(p->mdns, &q, ask->name)
                                   : net_resolver_ask(p->resolver, &q, ask->name);
  if (r != 0)
    (void)rpc_session_resolved(p->cfg.session, net_pump_now(p), peer, ask->id, r, NULL, 0);
}

/* Without it the candidate is of no use to whoever does not know the address: others are. */
static void out_publish(struct net_pump *p, uint32_t peer, const struct peer_publish *name) {
  (void)net_mdns_publish(p->mdns, peer, name->name, &name->addr);
}

static void out_stream(struct net_pump *p, uint32_t peer, const struct peer_stream *ask) {
  int r = net_streams_open(p->streams, peer, ask);
  if (r != 0)
    (void)rpc_session_stream(p->cfg.session, net_pump_now(p), peer, ask->link, r, uv_strerror(r));
}

static void out_unbind(struct net_pump *p, uint32_t peer, uint32_t link) {
  if (link & PEER_STREAM_LINK)
    net_streams_close(p->streams, peer, link);
  else
    net_links_unbind(p->links, peer, link);
}

/* What is to be sent stands in the space. */
static void out_peer(struct net_pump *p, uint32_t peer, const struct peer_out *out,
                     const uint8_t *space) {
  switch (out->kind) {
  case OUT_TX:
    if (out->u.tx.path.link & PEER_STREAM_LINK)
      net_streams_send(p->streams, peer, out->u.tx.path.link, (struct bytes){space, out->u.tx.n});
    else
      net_links_add(p->links, peer, out);
    break;
  case OUT_BIND: out_bind(p, peer, &out->u.bind); break;
  case OUT_UNBIND: out_unbind(p, peer, out->u.unbind_link); break;
  case OUT_RESOLVE: out_resolve(p, peer, &out->u.resolve); break;
  case OUT_STREAM: out_stream(p, peer, &out->u.stream); break;
  case OUT_PUBLISH: out_publish(p, peer, &out->u.publish); break;
  case OUT_IDLE:
  case OUT_EVENT: break; /* the session keeps these to itself */
  }
}

static void out_end(struct net_pump *p, int exit_status) {
  if (!p->ending) net_timer_set(p->deadline, net_clock_now() + NET_PUMP_LAST_WORDS);
  p->over = p->ending = true;
  p->exit_status = exit_status;
}

/* Carries out what the session asks for; false: idle. */
static bool step(struct net_pump *p) {
  size_t cap;
  uint8_t *space = net_links_space(p->links, &cap);
  struct rpc_out out;
  rpc_session_poll(p->cfg.session, net_pump_now(p), space, cap, &out);
  switch (out.kind) {
  case RPC_IDLE: p->wake_at = out.wake_at; return false;
  case RPC_FRAME: out_frame(p, out.frame); return true;
  case RPC_PEER: out_peer(p, out.peer, &out.out, space); return true;
  case RPC_PEER_GONE:
    net_links_drop_peer(p->links, out.peer);
    net_streams_drop_peer(p->streams, out.peer);
    net_mdns_withdraw(p->mdns, out.peer);
    return true;
  case RPC_END: out_end(p, out.exit_status); return false;
  }
  return false;
}

void net_pump_settle(struct net_pump *p) {
  (void)net_pump_now(p);
  p->dirty = false;
  while (!p->over && step(p)) continue;
}

void net_pump_drain(struct net_pump *p) {
  do {
    net_pump_settle(p);
    net_links_flush(p->links);
    net_output_flush(p->output);
    if (!p->over) report_unwritten(p);
    if (net_output_broken(p->output)) net_pump_end(p, "eof", 0);
  } while (p->dirty && !p->over);
  net_timer_set(p->wake, p->wake_at);
  p->in_turn = false;
  leave_if_said(p);
}

void net_pump_touch(struct net_pump *p) {
  p->dirty = true;
}

void net_pump_end(struct net_pump *p, const char *reason, int exit_status) {
  if (p->ending) return;
  p->ending = true;
  p->exit_status = exit_status;
  net_timer_set(p->deadline, net_clock_now() + NET_PUMP_LAST_WORDS);
  (void)rpc_session_end(p->cfg.session, net_pump_now(p), reason, exit_status);
  p->dirty = true;
}

bool net_pump_ending(const struct net_pump *p) {
  return p->ending;
}

static int start(struct net_pump *p) {
  uv_loop_t *loop = p->cfg.loop;
  struct net_links_cfg links = {
      .loop = loop, .rng = p->cfg.rng, .ctx = p, .received = on_received, .writable = on_writable};
  struct net_streams_cfg streams = {.loop = loop,
                                    .ctx = p,
                                    .opened = on_stream,
                                    .received = on_stream_bytes,
                                    .writable = on_writable};
  int r = net_links_new(&p->links, &links);
  if (r == 0) r = net_streams_new(&p->streams, &streams);
  if (r == 0) r = net_output_new(&p->output, loop, p->cfg.out, p->cfg.out_own, on_output, p);
  if (r == 0) r = net_resolver_new(&p->resolver, loop, on_resolved, p);
  if (r == 0) r = net_mdns_new(&p->mdns, loop, on_resolved, p);
  if (r == 0) r = net_timer_new(&p->wake, loop, on_wake, p);
  if (r == 0) r = net_timer_new(&p->deadline, loop, on_deadline, p);
  if (r == 0) r = net_loop_turn_new(&p->turn, loop, on_turn, p);
  return r;
}

int net_pump_new(struct net_pump **ret, const struct net_pump_cfg *cfg) {
  struct net_pump *p = calloc(1, sizeof *p);
  if (!p) return -ENOMEM;
  p->cfg = *cfg;
  p->wake_at = MONO_NEVER;
  p->dirty = true; /* its first wake-up is not known yet */
  int r = start(p);
  if (r != 0) {
    net_pump_free(p);
    return r;
  }
  *ret = p;
  return 0;
}

struct net_pump *net_pump_free(struct net_pump *p) {
  if (!p) return NULL;
  net_loop_turn_free(p->turn);
  net_timer_free(p->deadline);
  net_timer_free(p->wake);
  net_mdns_free(p->mdns);
  net_resolver_free(p->resolver);
  net_output_free(p->output);
  net_streams_free(p->streams);
  net_links_free(p->links);
  free(p);
  return NULL;
}
