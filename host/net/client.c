#include "net/client.h"

#include <errno.h>
#include <stdlib.h>

#include "net/input.h"

struct net_client {
  struct net_client_cfg cfg;
  struct framing *framing;
  struct net_input *input; /* NULL once it has ended */
  bool greeted;
};

static void end(struct net_client *c, const char *reason, int exit_status) {
  c->input = net_input_free(c->input);
  net_pump_end(c->cfg.pump, reason, exit_status);
}

static void greet(struct net_client *c) {
  if (c->greeted) return;
  c->greeted = true;
  net_pump_drain(c->cfg.pump);
  if (!net_pump_ending(c->cfg.pump)) c->cfg.greeted(c->cfg.ctx);
}

/* Gives the session what was read; false: more bytes are needed, or the end. */
static bool step(struct net_client *c) {
  struct framing_out out;
  if (net_pump_ending(c->cfg.pump)) return false;
  framing_next(c->framing, &out);
  mono_us now = net_pump_now(c->cfg.pump);
  switch (out.kind) {
  case FRAMING_MORE: return false;
  case FRAMING_FRAME: (void)rpc_session_frame(c->cfg.session, now, out.frame); break;
  case FRAMING_SKIPPED: (void)rpc_session_skipped(c->cfg.session, now, out.size); break;
  case FRAMING_TOO_LONG: end(c, "frame-too-long", 1); return false;
  }
  net_pump_settle(c->cfg.pump);
  greet(c);
  return true;
}

static void on_readable(void *ctx) {
  struct net_client *c = ctx;
  if (net_pump_ending(c->cfg.pump)) {
    c->input = net_input_free(c->input);
    return;
  }
  size_t cap;
  uint8_t *at = framing_space(c->framing, &cap);
  if (!at) {
    end(c, "out-of-memory", 1);
    return;
  }
  ssize_t n = net_input_read(c->input, at, cap);
  if (n == -EAGAIN) return;
  if (n == 0 && c->cfg.mode == FRAMING_LINES) { /* the last line may have no end */
    *at = '\n';
    framing_fed(c->framing, 1);
    while (step(c)) continue;
  }
  if (n <= 0) {
    end(c, "eof", 0);
    return;
  }
  framing_fed(c->framing, (size_t)n);
  while (step(c)) continue;
}

int net_client_new(struct net_client **ret, const struct net_client_cfg *cfg) {
  struct net_client *c = calloc(1, sizeof *c);
  if (!c) return -ENOMEM;
  c->cfg = *cfg;
  int r = framing_new(&c->framing, cfg->mode, cfg->max_frame);
  if (r == 0) r = net_input_new(&c->input, cfg->loop, cfg->in, cfg->in_own, on_readable, c);
  if (r != 0) {
    net_client_free(c);
    return r;
  }
  *ret = c;
  return 0;
}

struct net_client *net_client_free(struct net_client *c) {
  if (!c) return NULL;
  net_input_free(c->input);
  framing_free(c->framing);
  free(c);
  return NULL;
}
