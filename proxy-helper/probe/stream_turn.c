#include <string.h>

#include "net/clock.h"
#include "net/timer.h"
#include "probe/stream_try.h"
#include "probe/talk.h"

#define TURN_BUF (2048 + TURN_KEPT_MAX)

static void say_turn(struct try *t, const struct turn_event *ev) {
  const struct check *check = try_result(t)->check;
  if (ev->kind == TURN_EV_ALLOCATED)
    SEE(t, "turn", "allocated", "the TURN server allocated an address");
  else if (check->username && turn_refuses_login(ev->code))
    SEE(t, "turn", "wrong-credentials", "the TURN server refuses the credentials (%u)", ev->code);
  else if (ev->code == 401 && !t->challenged)
    SEE(t, "turn", "odd", "401 comes without realm and nonce: that is no TURN server");
  else if (ev->code != TURN_ERR_UNREACHABLE)
    SEE(t, "turn", "answered", "the TURN server answered %u, so it is reached: %s", ev->code,
        ev->text);
  else
    SEE(t, "turn", "silent", "the TURN server gave no answer");
}

static void turn_turn(struct try *t) {
  uint8_t buf[TURN_BUF];
  struct turn_out out;
  while (t->turn && !t->over) {
    turn_client_poll(t->turn, net_clock_now(), buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) {
      net_timer_set(t->turn_timer, out.u.wake_at);
      return;
    }
    if (out.kind == OUT_TX) {
      attempt_send(t->attempt, (struct bytes){buf, out.u.tx_n});
    } else {
      say_turn(t, &out.u.ev);
      try_over(t);
    }
  }
}

static void on_turn_timer(void *ctx) {
  struct try *t = ctx;
  if (t->turn) turn_client_wake(t->turn, net_clock_now());
  turn_turn(t);
}

void try_turn_begin(struct try *t) {
  const struct check *check = try_result(t)->check;
  const struct turn_cfg cfg = {.rng = t->of->row->run->cfg.rng,
                               .username = bytes_of(check->username ? check->username : "check"),
                               .password =
                                   bytes_of(check->credential ? check->credential : "check"),
                               .stream = true,
                               .family = ADDR_V4};
  if (net_timer_new(&t->turn_timer, t->of->row->run->cfg.loop, on_turn_timer, t) < 0 ||
      turn_client_new(&t->turn, &cfg, net_clock_now()) < 0) {
    SEE(t, "turn", "odd", "out of memory");
    try_over(t);
    return;
  }
  turn_turn(t);
}

void try_turn_feed(struct try *t, struct bytes bytes) {
  text_add_bytes(&t->in, bytes);
  while (!t->over && t->turn) {
    struct bytes all = {(const uint8_t *)t->in.p, t->in.n};
    struct turn_data data;
    int n = t->in.n > 0 ? turn_message_size(all) : 0;
    if (n < 0) {
      SEE(t, "turn", "odd", "what answers is not TURN");
      try_over(t);
      return;
    }
    if (n == 0 || (size_t)n > t->in.n) return;
    t->challenged |= turn_is_challenge((struct bytes){all.p, (size_t)n});
    (void)turn_client_recv(t->turn, net_clock_now(), (struct bytes){all.p, (size_t)n}, &data);
    memmove(t->in.p, t->in.p + n, t->in.n - (size_t)n);
    t->in.n -= (size_t)n;
    turn_turn(t);
  }
}
