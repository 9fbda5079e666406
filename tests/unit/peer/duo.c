#include "duo.h"

static void duo_record(struct duo_end *e, const struct peer_event *ev,
                       const struct dc_message *message) {
  assert_true(e->n < DUO_LOG);
  struct duo_log *l = &e->log[e->n++];
  *l = (struct duo_log){.kind = ev->kind};
  switch (ev->kind) {
  case PEER_EV_ICE_CANDIDATE:
    (void)snprintf(l->text, sizeof l->text, "%s", ev->u.candidate.text);
    break;
  case PEER_EV_ICE_CANDIDATE_ERROR: break;
  case PEER_EV_GATHERING_STATE: l->value = ev->u.gathering; break;
  case PEER_EV_ICE_STATE: l->value = ev->u.ice; break;
  case PEER_EV_CONNECTION_STATE: l->value = ev->u.connection; break;
  case PEER_EV_SIGNALING_STATE: l->value = ev->u.signaling; break;
  case PEER_EV_FAILURE:
    (void)snprintf(l->text, sizeof l->text, "%.199s", ev->u.failure.text);
    break;
  case PEER_EV_CHANNEL:
    l->channel = ev->u.channel.kind;
    l->handle = ev->u.channel.channel;
    if (message && message->data)
      (void)snprintf(l->text, sizeof l->text, "%.*s", (int)message->data->n,
                     (const char *)message->data->data);
    break;
  case PEER_EV_NEGOTIATION_NEEDED:
  case PEER_EV_PATH: break;
  }
}

static void duo_on_event(void *ctx, struct sim_peer *sp, const struct peer_event *ev,
                         const struct dc_message *message) {
  struct duo_end *e = ctx;
  duo_record(e, ev, message);
  if (ev->kind == PEER_EV_CHANNEL && ev->u.channel.kind == DC_EV_INCOMING) {
    dc_handle name = e->duo->next_handle++;
    dc_rename(peer_channels(sim_peer_machine(sp)), ev->u.channel.channel, name);
    e->log[e->n - 1].handle = name;
  }
  if (message) payload_free(message->data);
}

struct peer *duo_peer(struct duo *d, int side) {
  return sim_peer_machine(d->end[side].sp);
}

mono_us duo_now(struct duo *d) {
  return sim_now(d->sim);
}

struct duo *duo_new(uint64_t seed) {
  struct duo *d = calloc(1, sizeof *d);
  assert_non_null(d);
  d->sim = sim_new(seed);
  assert_non_null(d->sim);
  d->next_handle = 1000;
  const struct sim_weather calm = {.delay = 5 * MONO_MS};
  sim_set_weather(d->sim, &calm);
  for (int side = 0; side < 2; side++) {
    d->end[side] = (struct duo_end){.duo = d, .side = side};
    d->end[side].sp = sim_peer_new(d->sim, &duo_cfg, duo_on_event, &d->end[side]);
    assert_non_null(d->end[side].sp);
    dc_set_initial_credit(peer_channels(duo_peer(d, side)), 1 << 30);
  }
  return d;
}

void duo_free(struct duo *d) {
  sim_free(d->sim);
  free(d);
}

void duo_drain(struct duo *d) {
  sim_peer_drain(d->end[0].sp);
  sim_peer_drain(d->end[1].sp);
}

void duo_run(struct duo *d, mono_us how_long) {
  duo_drain(d);
  (void)sim_run(d->sim, duo_now(d) + how_long, NULL, NULL);
}

size_t duo_said(const struct duo *d, int side, enum peer_event_kind kind, unsigned value) {
  size_t n = 0;
  for (size_t i = 0; i < d->end[side].n; i++)
    n += d->end[side].log[i].kind == kind && d->end[side].log[i].value == value;
  return n;
}

const struct duo_log *duo_channel_event(const struct duo *d, int side, enum dc_event_kind kind) {
  for (size_t i = 0; i < d->end[side].n; i++)
    if (d->end[side].log[i].kind == PEER_EV_CHANNEL && d->end[side].log[i].channel == kind)
      return &d->end[side].log[i];
  return NULL;
}

int duo_set_local(struct duo *d, int side, struct fault *fault) {
  const struct peer_set_local implicit = {.implicit_type = true};
  return peer_set_local(duo_peer(d, side), duo_now(d), &implicit, fault);
}

int duo_pass(struct duo *d, int from, struct fault *fault) {
  struct peer_view view;
  peer_view(duo_peer(d, from), &view);
  assert_non_null(view.local_sdp);
  return peer_set_remote(duo_peer(d, 1 - from), duo_now(d), view.local_type,
                         bytes_of(view.local_sdp), fault);
}

void duo_negotiate(struct duo *d, int offerer) {
  struct fault f = {0};
  if (duo_set_local(d, offerer, &f) < 0) fail_msg("offer: %s", f.text);
  duo_drain(d);
  if (duo_pass(d, offerer, &f) < 0) fail_msg("offer over: %s", f.text);
  duo_drain(d);
  if (duo_set_local(d, 1 - offerer, &f) < 0) fail_msg("answer: %s", f.text);
  duo_drain(d);
  if (duo_pass(d, 1 - offerer, &f) < 0) fail_msg("answer over: %s", f.text);
  duo_drain(d);
}

dc_handle duo_create(struct duo *d, int side, const char *label) {
  struct fault f = {0};
  const struct dc_init init = {.ordered = true,
                               .id = -1,
                               .max_retransmits = -1,
                               .max_lifetime_ms = -1,
                               .label = bytes_of(label)};
  dc_handle h = d->next_handle++;
  if (peer_channel_create(duo_peer(d, side), duo_now(d), h, &init, &f) < 0)
    fail_msg("create: %s", f.text);
  (void)dc_credit(peer_channels(duo_peer(d, side)), duo_now(d), h, 1 << 30, NULL);
  return h;
}

void duo_send(struct duo *d, int side, dc_handle h, const char *text) {
  struct fault f = {0};
  if (dc_send(peer_channels(duo_peer(d, side)), duo_now(d), h, true, payload_copy(bytes_of(text)),
              &f) < 0)
    fail_msg("send: %s", f.text);
  peer_touch(duo_peer(d, side), duo_now(d));
  duo_drain(d);
}
