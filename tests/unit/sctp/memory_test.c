/* Every allocation fails in turn: nothing crashes, leaks or hangs, and the association mostly goes
 * on. */
#include <errno.h>

#include "support/sctp_pair.h"
#include "support/unit.h"

struct story {
  struct sctp_pair pair;
  bool reset_done, reset_heard;
  int err;
};

static void on_event(void *ctx, struct sctp_pair *p, int end, const struct sctp_event *ev) {
  struct story *s = ctx;
  if (ev->kind == SCTP_EV_RESET_DONE) s->reset_done = true;
  if (ev->kind == SCTP_EV_RESET_INCOMING) s->reset_heard = true;
  if (ev->kind != SCTP_EV_MESSAGE) return;
  struct payload *m = sctp_take_message(p->ends[end]);
  size_t n = m->n;
  payload_free(m);
  sctp_release(p->ends[end], p->now, n);
}

/* Loses packets now and then, always the same ones. */
static bool on_packet(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  (void)ctx;
  (void)packet;
  return p->sent[from] % 7 != 5;
}

static void send_all(struct story *s) {
  struct sctp_pair *p = &s->pair;
  struct sctp_send_info info = pair_info(1), few = pair_info(3), brief = pair_info(5);
  few.limit_retransmits = true;
  few.unordered = true;
  brief.lifetime = 30 * MONO_MS;
  for (int i = 0; i < 4 && s->err == 0; i++) {
    s->err = pair_send(p, 0, &info, 9000, 1);
    if (s->err == 0) s->err = pair_send(p, 0, &few, 5000, 2);
    if (s->err == 0) s->err = pair_send(p, 1, &brief, 3000, 3);
    pair_run(p, p->now + 20 * MONO_MS);
  }
}

static int tell(struct story *s) {
  struct sctp_pair *p = &s->pair;
  const uint16_t stream = 1;
  if (!p->ends[0] || !p->ends[1]) return -ENOMEM;
  if (!pair_connect(p)) return -ETIMEDOUT;
  send_all(s);
  if (s->err < 0) return s->err;
  s->err = sctp_reset_streams(p->ends[0], p->now, &stream, 1);
  pair_pump(p, 0);
  pair_run(p, p->now + 20 * MONO_S);
  if (s->err < 0) return s->err;
  if (!s->reset_done || !s->reset_heard) return -ETIMEDOUT;
  sctp_shutdown(p->ends[0], p->now);
  pair_pump(p, 0);
  pair_run(p, p->now + 20 * MONO_S);
  return p->closed[0] == 0 && p->closed[1] == 0 ? 0 : -ECONNRESET;
}

static int scenario(void *ctx) {
  (void)ctx;
  struct story s = {0};
  struct sctp_cfg cfg = pair_cfg();
  pair_init(&s.pair, &cfg, 21);
  pair_set_links(&s.pair, &(struct pair_link){.delay = 5 * MONO_MS});
  s.pair.hooks = (struct pair_hooks){&s, on_event, on_packet};
  int err = tell(&s);
  pair_free(&s.pair);
  return err;
}

static void test_an_association_survives_each_failed_allocation(void **state) {
  (void)state;
  fail_alloc_each(scenario, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_association_survives_each_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
