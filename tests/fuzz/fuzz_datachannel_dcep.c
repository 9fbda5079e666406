/*
 * A peer that says over SCTP what it likes. The input is a script: messages with any PPID on any
 * stream, resets, and what this side's owner does meanwhile. Also: what the DCEP codec reads, it
 * writes again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/utf8.h"
#include "datachannel/dcep.h"
#include "support/seeded_rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET 20000

struct play {
  struct dc_set *set;
  struct sctp *peer;
  struct seeded_rng rng[2];
  mono_us now;
  dc_handle next;
  uint64_t granted[256], taken[256]; /* by handle, modulo 256 */
  bool closed[256];
};

static void check_codec(struct bytes b) {
  struct dc_init first, second;
  if (dcep_parse_open(b, &first, NULL) < 0) return;
  struct payload *p = dcep_open(&first);
  if (!p || dcep_parse_open(payload_bytes(p), &second, NULL) < 0) abort();
  if (first.ordered != second.ordered || first.max_retransmits != second.max_retransmits ||
      first.max_lifetime_ms != second.max_lifetime_ms || !bytes_equal(first.label, second.label) ||
      !bytes_equal(first.protocol, second.protocol))
    abort();
  payload_free(p);
}

static void on_message(struct play *p, dc_handle h) {
  struct dc_message m;
  dc_take_message(p->set, &m);
  if (m.text && m.data && !utf8_valid(payload_bytes(m.data))) abort();
  p->taken[h % 256] += m.data ? m.data->n : 0;
  if (p->next < 256 && (p->taken[h] > p->granted[h] || p->closed[h])) abort();
  payload_free(m.data);
}

static void on_event(struct play *p, const struct dc_event *ev) {
  if (ev->kind == DC_EV_INCOMING) dc_rename(p->set, ev->channel, p->next++);
  if (ev->kind == DC_EV_MESSAGE) on_message(p, ev->channel);
  if (ev->kind == DC_EV_CLOSED) p->closed[ev->channel % 256] = true;
}

/* Both sides until neither has a word. */
static void pump(struct play *p) {
  uint8_t buf[2048];
  for (int quiet = 0; quiet < 2;) {
    struct dc_out out;
    struct sctp_out bare;
    quiet++;
    dc_poll(p->set, p->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX) (void)sctp_recv(p->peer, p->now, (struct bytes){buf, out.u.tx_n});
    if (out.kind == OUT_EVENT) on_event(p, &out.u.ev);
    if (out.kind != OUT_IDLE) quiet = 0;
    sctp_poll(p->peer, p->now, buf, sizeof buf, &bare);
    if (bare.kind == OUT_TX) (void)dc_recv(p->set, p->now, (struct bytes){buf, bare.u.tx_n});
    if (bare.kind == OUT_EVENT && bare.u.ev.kind == SCTP_EV_MESSAGE) {
      struct payload *m = sctp_take_message(p->peer);
      if (m) sctp_release(p->peer, p->now, m->n);
      payload_free(m);
    }
    if (bare.kind != OUT_IDLE) quiet = 0;
  }
}

static void wait(struct play *p, mono_us for_us) {
  p->now += for_us;
  (void)dc_wake(p->set, p->now);
  (void)sctp_wake(p->peer, p->now);
}

static void create(struct play *p, uint8_t options, struct bytes b) {
  const struct dc_init init = {.ordered = options & 1,
                               .negotiated = options & 2,
                               .id = options >> 4,
                               .max_retransmits = options & 4 ? 2 : -1,
                               .max_lifetime_ms = options & 8 ? 100 : -1,
                               .label = b};
  if (dc_create(p->set, p->now, p->next, &init, NULL) == 0) p->next++;
}

static void from_peer(struct play *p, struct cursor *c, struct bytes b) {
  static const uint32_t ppids[] = {50, 50, 51, 53, 56, 57, 52, 54};
  uint8_t how = cursor_u8(c);
  const struct sctp_send_info info = {.stream = (uint16_t)(how >> 4),
                                      .ppid = ppids[how & 7],
                                      .unordered = how & 8,
                                      .lifetime = MONO_NEVER};
  if (b.n > 0) (void)sctp_send(p->peer, p->now, &info, payload_copy(b));
  if (info.ppid == 50) check_codec(b);
}

static void from_us(struct play *p, uint8_t op, uint8_t h, struct bytes b) {
  uint64_t credit = (uint64_t)b.n * 3;
  switch (op) {
  case 2: create(p, h, b); return;
  case 3: (void)dc_send(p->set, p->now, h, false, payload_copy(b), NULL); return;
  case 4:
    if (dc_credit(p->set, p->now, h, credit, NULL) == 0) p->granted[h] += credit;
    return;
  case 5: (void)dc_close(p->set, p->now, h, NULL); return;
  case 6: dc_set_paused(p->set, h & 1); return;
  default: (void)dc_set_threshold(p->set, h, b.n, NULL); return;
  }
}

static void step(struct play *p, struct cursor *c) {
  uint8_t op = cursor_u8(c), n = cursor_u8(c);
  struct bytes b = cursor_take(c, n < c->n ? n : c->n);
  uint16_t stream;
  switch (op & 15) {
  case 0:
  case 1: from_peer(p, c, b); break;
  case 8:
    stream = op >> 4;
    (void)sctp_reset_streams(p->peer, p->now, &stream, 1);
    break;
  case 9: wait(p, (mono_us)n * 20 * MONO_MS); break;
  case 10: (void)dc_recv(p->set, p->now, b); break;
  case 11: sctp_abort(p->peer, p->now, "abort"); break;
  case 12: dc_set_close(p->set, p->now); break;
  default: from_us(p, op & 15, op >> 4, b); break;
  }
  pump(p);
}

static bool begin(struct play *p) {
  struct dc_cfg cfg = {.sctp = {.local_port = 5000,
                                .remote_port = 5000,
                                .max_streams = 16,
                                .mtu = 1200,
                                .receive_window = BUDGET,
                                .max_message = 10000,
                                .send_buffer = SIZE_MAX},
                       .max_channels = 12,
                       .max_send_message = 10000,
                       .max_buffered = 20000,
                       .receive_budget = BUDGET};
  for (int i = 0; i < 2; i++) seeded_rng_init(&p->rng[i], (uint64_t)i);
  cfg.sctp.rng = &p->rng[0].rng;
  if (dc_set_new(&p->set, &cfg, p->now) < 0) return false;
  cfg.sctp.rng = &p->rng[1].rng;
  if (sctp_new(&p->peer, &cfg.sctp, p->now) < 0) return false;
  (void)dc_set_start(p->set, p->now, true, 5000);
  pump(p);
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct play p = {.now = MONO_S, .next = 1};
  struct cursor c = cursor_of((struct bytes){data, size});
  if (begin(&p))
    for (int steps = 0; c.n > 0 && !c.failed && steps < 100; steps++) step(&p, &c);
  dc_set_free(p.set);
  sctp_free(p.peer);
  return 0;
}
