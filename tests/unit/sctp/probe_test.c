/* A tail probe whose reason has gone by the time it could be sent. */
#include "sctp/association.h"

#include "support/sctp_pair.h"
#include "support/unit.h"

struct caught {
  uint8_t packet[1200];
  size_t n;
};

/* Keeps the last packet of end 1 and lets none of its through. */
static bool on_packet(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  struct caught *c = ctx;
  (void)p;
  if (from == 0) return true;
  assert_true(packet.n <= sizeof c->packet);
  memcpy(c->packet, packet.p, packet.n);
  c->n = packet.n;
  return false;
}

static void test_data_goes_on_when_the_sack_comes_with_the_probe_timer(void **state) {
  (void)state;
  struct sctp_pair p;
  struct caught caught = {.n = 0};
  struct sctp_cfg cfg = pair_cfg();
  struct pair_link link = {.delay = 10000};
  struct sctp_send_info info = pair_info(0);
  pair_init(&p, &cfg, 1);
  pair_set_links(&p, &link);
  assert_true(pair_connect(&p));
  pair_run(&p, p.now + 1000000);
  p.hooks.ctx = &caught;
  p.hooks.packet = on_packet;
  mono_us start = p.now;
  assert_int_equal(pair_send(&p, 0, &info, 1000, 1), 0);
  mono_us probe_at = p.wake_at[0];
  assert_true(probe_at > start + 20000 && probe_at < start + 1000000);
  pair_run(&p, probe_at - 1);
  assert_true(caught.n > 0); /* its SACK */

  uint8_t buf[1500];
  struct sctp_out out;
  struct payload *more = payload_copy((struct bytes){caught.packet, 500});
  p.now = probe_at;
  assert_int_equal(sctp_wake(p.ends[0], p.now), 0);
  assert_int_equal(sctp_recv(p.ends[0], p.now, (struct bytes){caught.packet, caught.n}), 0);
  assert_int_equal(sctp_send(p.ends[0], p.now, &info, more), 0);
  do sctp_poll(p.ends[0], p.now, buf, sizeof buf, &out);
  while (out.kind == OUT_EVENT);
  assert_int_equal(out.kind, OUT_TX);
  assert_true(out.u.tx_n > 500);
  pair_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_data_goes_on_when_the_sack_comes_with_the_probe_timer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
