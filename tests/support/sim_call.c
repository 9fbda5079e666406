#include "support/sim_call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNEL ((dc_handle)1)
#define CREDIT  ((uint64_t)1 << 40)

struct call_end {
  struct sim_call *call;
  int side;
  struct sim_peer *sp;
  mono_us opened_after;
  bool gathered, closed;
};

struct sim_call {
  struct sim *sim;
  struct sim_call_cfg cfg;
  mono_us begun;
  struct call_end end[2];
  char why[300];
};

/* A description or a candidate on its way to the other side. */
struct signal {
  int to;
  bool candidate;
  enum peer_sdp_type type;
  char text[];
};

static void fail(struct sim_call *c, int side, const char *what) {
  if (c->why[0] == '\0') (void)snprintf(c->why, sizeof c->why, "side %d: %s", side, what);
}

static void on_signal(void *ctx, void *arg);

static void post(struct sim_call *c, int to, bool candidate, enum peer_sdp_type type,
                 const char *text) {
  size_t n = strlen(text) + 1;
  struct signal *signal = malloc(sizeof *signal + n);
  assert(signal);
  *signal = (struct signal){.to = to, .candidate = candidate, .type = type};
  memcpy(signal->text, text, n);
  sim_at(c->sim, sim_now(c->sim) + c->cfg.signal_delay, on_signal, c, signal);
}

static void set_local(struct sim_call *c, int side) {
  struct peer *machine = sim_peer_machine(c->end[side].sp);
  const struct peer_set_local implicit = {.implicit_type = true};
  struct fault fault = {0};
  struct peer_view view;
  if (peer_set_local(machine, sim_now(c->sim), &implicit, &fault) < 0) {
    fail(c, side, fault.text);
    return;
  }
  peer_view(machine, &view);
  post(c, 1 - side, false, view.local_type, view.local_sdp);
}

static int add_candidate(struct sim_call *c, const struct signal *signal, struct fault *fault) {
  const struct peer_candidate_init init = {.candidate = bytes_of(signal->text),
                                           .mid = "0",
                                           .mline_index = -1,
                                           .end = signal->text[0] == '\0'};
  return peer_add_candidate(sim_peer_machine(c->end[signal->to].sp), sim_now(c->sim), &init, fault);
}

static void on_signal(void *ctx, void *arg) {
  struct sim_call *c = ctx;
  struct signal *signal = arg;
  struct call_end *e = &c->end[signal->to];
  struct fault fault = {0};
  int r = 0;
  if (!e->closed && signal->candidate)
    r = add_candidate(c, signal, &fault);
  else if (!e->closed)
    r = peer_set_remote(sim_peer_machine(e->sp), sim_now(c->sim), signal->type,
                        bytes_of(signal->text), &fault);
  if (r < 0) fail(c, e->side, fault.text);
  if (r == 0 && !e->closed && !signal->candidate && signal->type == PEER_SDP_OFFER)
    set_local(c, e->side);
  free(signal);
  sim_peer_drain(e->sp);
}

static void on_channel_event(struct call_end *e, const struct dc_event *ev,
                             const struct dc_message *message) {
  struct sim_call *c = e->call;
  if (ev->kind == DC_EV_OPEN) e->opened_after = sim_now(c->sim) - c->begun;
  if (ev->kind == DC_EV_ERROR && !c->end[1 - e->side].closed) fail(c, e->side, ev->fault.text);
  if (ev->kind == DC_EV_MESSAGE && c->cfg.on_message)
    c->cfg.on_message(c->cfg.ctx, e->side, payload_bytes(message->data));
}

static void on_event(void *ctx, struct sim_peer *sp, const struct peer_event *ev,
                     const struct dc_message *message) {
  struct call_end *e = ctx;
  struct sim_call *c = e->call;
  struct peer_path path;
  switch (ev->kind) {
  case PEER_EV_ICE_CANDIDATE: post(c, 1 - e->side, true, 0, ev->u.candidate.text); break;
  case PEER_EV_GATHERING_STATE: e->gathered = ev->u.gathering == PEER_GATHERING_COMPLETE; break;
  case PEER_EV_FAILURE:
    if (!c->end[1 - e->side].closed) fail(c, e->side, ev->u.failure.text);
    break;
  case PEER_EV_CHANNEL: on_channel_event(e, &ev->u.channel, message); break;
  case PEER_EV_PATH:
    if (c->cfg.on_path && peer_path(sim_peer_machine(sp), &path))
      c->cfg.on_path(c->cfg.ctx, e->side, &path);
    break;
  case PEER_EV_ICE_CANDIDATE_ERROR:
  case PEER_EV_CONNECTION_STATE:
  case PEER_EV_ICE_STATE:
  case PEER_EV_SIGNALING_STATE:
  case PEER_EV_NEGOTIATION_NEEDED: break;
  }
  if (message) payload_free(message->data);
}

static void make_end(struct sim_call *c, int side) {
  const struct peer_cfg cfg = {.max_message_size = 262144,
                               .max_channels = 16,
                               .max_buffered = 16 * 1024 * 1024,
                               .receive_budget = 4 * 1024 * 1024,
                               .interleaving = true,
                               .zero_checksum = true,
                               .mtu_discovery = true,
                               .servers = c->cfg.servers,
                               .n_servers = c->cfg.n_servers};
  const struct dc_init init = {.label = bytes_of("call"),
                               .ordered = true,
                               .negotiated = true,
                               .id = 0,
                               .max_retransmits = -1,
                               .max_lifetime_ms = -1};
  struct call_end *e = &c->end[side];
  struct fault fault = {0};
  *e = (struct call_end){.call = c, .side = side, .opened_after = MONO_NEVER};
  e->sp = sim_peer_new_at(c->sim, &c->cfg.home[side], &cfg, on_event, e);
  assert(e->sp);
  struct peer *machine = sim_peer_machine(e->sp);
  if (peer_channel_create(machine, sim_now(c->sim), CHANNEL, &init, &fault) < 0)
    fail(c, side, fault.text);
  (void)dc_credit(peer_channels(machine), sim_now(c->sim), CHANNEL, CREDIT, NULL);
}

struct sim_call *sim_call_new(struct sim *s, const struct sim_call_cfg *cfg) {
  struct sim_call *c = calloc(1, sizeof *c);
  assert(c);
  c->sim = s;
  c->cfg = *cfg;
  c->begun = sim_now(s);
  make_end(c, 0);
  make_end(c, 1);
  set_local(c, 0);
  sim_peer_drain(c->end[0].sp);
  return c;
}

struct sim_call *sim_call_free(struct sim_call *c) {
  free(c);
  return NULL;
}

mono_us sim_call_opened_after(const struct sim_call *c, int side) {
  return c->end[side].opened_after;
}

const char *sim_call_failure(const struct sim_call *c) {
  return c->why[0] ? c->why : NULL;
}

bool sim_call_gathered(const struct sim_call *c) {
  return c->end[0].gathered && c->end[1].gathered;
}

struct sim_peer *sim_call_peer(const struct sim_call *c, int side) {
  return c->end[side].sp;
}

bool sim_call_send(struct sim_call *c, int side, struct bytes message) {
  struct peer *machine = sim_peer_machine(c->end[side].sp);
  struct payload *data = payload_copy(message);
  struct fault fault = {0};
  assert(data);
  int r = dc_send(peer_channels(machine), sim_now(c->sim), CHANNEL, false, data, &fault);
  if (r < 0) fail(c, side, fault.text);
  peer_touch(machine, sim_now(c->sim));
  sim_peer_drain(c->end[side].sp);
  return r >= 0;
}

void sim_call_close(struct sim_call *c, int side) {
  struct call_end *e = &c->end[side];
  if (e->closed) return;
  e->closed = true;
  peer_close(sim_peer_machine(e->sp), sim_now(c->sim));
  sim_peer_drain(e->sp);
}
