/*
 * The peer machine as a whole. The input is a script: API calls, times, datagrams of the other
 * side's or of the fuzzer's making. Two peers live in the simulated network; what the script does
 * not disturb must go on working, nothing may crash.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "support/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct play {
  struct sim *sim;
  struct sim_peer *sp[2];
  dc_handle next;
  unsigned events;
};

static void on_event(void *ctx, struct sim_peer *sp, const struct peer_event *ev,
                     const struct dc_message *message) {
  struct play *p = ctx;
  p->events++;
  if (ev->kind == PEER_EV_CHANNEL && ev->u.channel.kind == DC_EV_INCOMING)
    dc_rename(peer_channels(sim_peer_machine(sp)), ev->u.channel.channel, p->next++);
  if (message) payload_free(message->data);
}

static void set_local(struct play *p, int side, enum peer_sdp_type type, bool implicit) {
  const struct peer_set_local in = {.implicit_type = implicit, .type = type};
  struct fault f;
  (void)peer_set_local(sim_peer_machine(p->sp[side]), sim_now(p->sim), &in, &f);
}

static void pass_description(struct play *p, int from) {
  struct peer_view view;
  struct fault f;
  peer_view(sim_peer_machine(p->sp[from]), &view);
  if (view.local_sdp)
    (void)peer_set_remote(sim_peer_machine(p->sp[1 - from]), sim_now(p->sim), view.local_type,
                          bytes_of(view.local_sdp), &f);
}

static void create_channel(struct play *p, int side, uint8_t options) {
  struct fault f;
  const struct dc_init init = {.ordered = options & 1,
                               .negotiated = options & 2,
                               .id = options & 2 ? options >> 3 : -1,
                               .max_retransmits = options & 4 ? 1 : -1,
                               .max_lifetime_ms = -1,
                               .label = bytes_of("fuzz")};
  (void)peer_channel_create(sim_peer_machine(p->sp[side]), sim_now(p->sim), p->next++, &init, &f);
}

static void send_on(struct play *p, int side, uint8_t which, struct bytes b) {
  struct fault f;
  struct peer *m = sim_peer_machine(p->sp[side]);
  dc_handle h = 1 + which % 16;
  (void)dc_send(peer_channels(m), sim_now(p->sim), h, false, payload_copy(b), &f);
  (void)dc_credit(peer_channels(m), sim_now(p->sim), h, 1000, &f);
  if (which & 64) (void)dc_close(peer_channels(m), sim_now(p->sim), h, &f);
  peer_touch(m, sim_now(p->sim));
}

static void raw_datagram(struct play *p, int side, struct bytes b) {
  const struct path path = {1, addr_v4(10, 0, 0, (uint8_t)(2 - side), 40000)};
  (void)peer_recv(sim_peer_machine(p->sp[side]), sim_now(p->sim), &path, b);
}

static void candidate(struct play *p, int side, struct bytes b) {
  struct fault f;
  const struct peer_candidate_init init = {
      .candidate = b, .mid = "0", .mline_index = -1, .end = b.n == 0};
  (void)peer_add_candidate(sim_peer_machine(p->sp[side]), sim_now(p->sim), &init, &f);
}

static void remote_text(struct play *p, int side, struct bytes b) {
  struct fault f;
  (void)peer_set_remote(sim_peer_machine(p->sp[side]), sim_now(p->sim), PEER_SDP_OFFER, b, &f);
}

static void negotiate(struct play *p, int side) {
  set_local(p, side, PEER_SDP_OFFER, true);
  sim_peer_drain(p->sp[side]);
  pass_description(p, side);
  set_local(p, 1 - side, PEER_SDP_ANSWER, true);
  sim_peer_drain(p->sp[1 - side]);
  pass_description(p, 1 - side);
}

static void step(struct play *p, struct cursor *c) {
  uint8_t op = cursor_u8(c);
  int side = op >> 7;
  struct bytes b = {NULL, 0};
  if ((op & 0x40) != 0) {
    size_t n = cursor_u16(c);
    b = cursor_take(c, n < c->n ? n : c->n);
  }
  switch (op & 15) {
  case 0: set_local(p, side, (enum peer_sdp_type)(cursor_u8(c) % 4), cursor_u8(c) & 1); break;
  case 1: pass_description(p, side); break;
  case 2: create_channel(p, side, cursor_u8(c)); break;
  case 3: send_on(p, side, cursor_u8(c), b); break;
  case 4: raw_datagram(p, side, b); break;
  case 5: candidate(p, side, b); break;
  case 6: remote_text(p, side, b); break;
  case 7: (void)peer_restart_ice(sim_peer_machine(p->sp[side]), sim_now(p->sim), NULL); break;
  case 8: negotiate(p, side); break;
  case 9: peer_close(sim_peer_machine(p->sp[side]), sim_now(p->sim)); break;
  case 10: sim_peer_set_connected(p->sp[side], cursor_u8(c) & 1); break;
  case 11: (void)sim_peer_readdress(p->sp[side]); break;
  case 12: dc_set_initial_credit(peer_channels(sim_peer_machine(p->sp[side])), 100); break;
  default:
    (void)sim_run(p->sim, sim_now(p->sim) + (mono_us)cursor_u8(c) * 20 * MONO_MS, NULL, NULL);
    break;
  }
  sim_peer_drain(p->sp[0]);
  sim_peer_drain(p->sp[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct play p = {.sim = sim_new(1), .next = 1};
  const struct peer_cfg cfg = {.interleaving = true,
                               .zero_checksum = true,
                               .mtu_discovery = true,
                               .max_message_size = 65536,
                               .max_channels = 20,
                               .max_buffered = 100000,
                               .receive_budget = 100000};
  const struct sim_weather weather = {.delay = MONO_MS};
  struct cursor c = cursor_of((struct bytes){data, size});
  sim_set_weather(p.sim, &weather);
  for (int side = 0; side < 2; side++) p.sp[side] = sim_peer_new(p.sim, &cfg, on_event, &p);
  for (int steps = 0; c.n > 0 && !c.failed && steps < 60; steps++) step(&p, &c);
  (void)sim_run(p.sim, sim_now(p.sim) + 500 * MONO_MS, NULL, NULL);
  sim_free(p.sim);
  return 0;
}
