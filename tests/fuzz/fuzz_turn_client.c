/*
 * A server that says anything. Each step is a byte, then what it takes: bytes from the server, as
 * they are or as the answer to the last request; data for a peer; time; release. After each input
 * the client is polled until idle, and what it wrote must be whole messages.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "stun/message.h"
#include "support/seeded_rng.h"
#include "turn/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { STEP_MESSAGE, STEP_ANSWER, STEP_SEND, STEP_WAIT, STEP_RELEASE, STEPS };

struct play {
  struct turn_client *c;
  mono_us now, wake_at;
  bool stream, ended;
  struct stun_tid tid;
  uint8_t out[8192], in[4096];
};

static void check_written(struct play *p, size_t n) {
  struct bytes written = {p->out, n};
  struct stun_message m;
  if (p->stream) assert(turn_message_size(written) == (int)n);
  if (p->out[0] >= 0x40) return;
  int r = stun_parse(written, &m);
  assert(r == 0 && m.cls == STUN_REQUEST);
  p->tid = m.tid;
}

static void drain(struct play *p) {
  struct turn_out out;
  for (turn_client_poll(p->c, p->now, p->out, sizeof p->out, &out); out.kind != OUT_IDLE;
       turn_client_poll(p->c, p->now, p->out, sizeof p->out, &out)) {
    if (out.kind == OUT_TX) check_written(p, out.u.tx_n);
    p->ended |= out.kind == OUT_EVENT &&
                (out.u.ev.kind == TURN_EV_FAILED || out.u.ev.kind == TURN_EV_RELEASED);
  }
  assert(out.u.wake_at > p->now);
  assert(!p->ended || out.u.wake_at == MONO_NEVER);
  p->wake_at = out.u.wake_at;
}

static void receive(struct play *p, struct bytes message, bool as_answer) {
  struct turn_data data;
  size_t n = message.n < sizeof p->in ? message.n : sizeof p->in;
  if (n > 0) memcpy(p->in, message.p, n);
  if (as_answer && n >= STUN_HEADER_SIZE) memcpy(p->in + 8, p->tid.b, sizeof p->tid.b);
  uint8_t *exact = malloc(n + 1); /* so that a read past its end is seen */
  if (!exact) return;
  memcpy(exact, p->in, n);
  if (turn_client_recv(p->c, p->now, (struct bytes){exact, n}, &data) == 1)
    assert(data.payload.n < n && data.peer.family != ADDR_NONE);
  free(exact);
}

static void send_to(struct play *p, uint8_t who, struct bytes payload) {
  uint8_t frame[512];
  size_t n = 0;
  const struct turn_data data = {addr_v4(192, 0, 2, who, 4000), payload};
  int r = turn_client_send(p->c, p->now, &data, frame, &n);
  assert(r == 0 || n == 0);
}

static void step(struct play *p, struct cursor *at) {
  uint8_t what = cursor_u8(at) % STEPS, n = cursor_u8(at);
  struct bytes bytes = cursor_take(at, n);
  if (at->failed) return;
  switch ((enum step)what) {
  case STEP_MESSAGE: receive(p, bytes, false); break;
  case STEP_ANSWER: receive(p, bytes, true); break;
  case STEP_SEND: send_to(p, n, bytes); break;
  case STEP_WAIT: p->now = p->wake_at != MONO_NEVER ? p->wake_at : p->now + MONO_S; break;
  case STEP_RELEASE: turn_client_release(p->c, p->now); break;
  case STEPS: break;
  }
  drain(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct cursor at = cursor_of((struct bytes){data, size});
  struct seeded_rng rng;
  struct play *p = calloc(1, sizeof *p);
  if (!p) return 0;
  seeded_rng_init(&rng, 1);
  p->now = MONO_S;
  p->stream = cursor_u8(&at) & 1;
  const struct turn_cfg cfg = {.rng = &rng.rng,
                               .username = bytes_of("user"),
                               .password = bytes_of("pass"),
                               .stream = p->stream,
                               .family = ADDR_V4};
  if (turn_client_new(&p->c, &cfg, p->now) == 0) {
    drain(p);
    while (!at.failed) step(p, &at);
    turn_client_free(p->c);
  }
  free(p);
  return 0;
}
