/* After a pause: a congestion window that stays collapsed, a session that a restart cannot bring
 * back. */
#include "duo.h"

#define MESSAGES 20
#define SIZE     ((size_t)50000)

static void send_all(struct duo *d, dc_handle h) {
  for (int i = 0; i < MESSAGES; i++) {
    struct payload *data = payload_new(SIZE);
    assert_non_null(data);
    memset(data->data, i, SIZE);
    data->n = SIZE;
    assert_int_equal(dc_send(peer_channels(duo_peer(d, 0)), duo_now(d), h, false, data, NULL), 0);
  }
  peer_touch(duo_peer(d, 0), duo_now(d));
  duo_drain(d);
}

static size_t received(const struct duo *d) {
  size_t n = 0;
  for (size_t i = 0; i < d->end[1].n; i++)
    n += d->end[1].log[i].kind == PEER_EV_CHANNEL && d->end[1].log[i].channel == DC_EV_MESSAGE;
  return n;
}

static mono_us time_to_receive(struct duo *d, size_t wanted) {
  mono_us start = duo_now(d);
  while (received(d) < wanted && duo_now(d) < start + 60 * MONO_S) duo_run(d, 5 * MONO_MS);
  assert_int_equal(received(d), wanted);
  mono_us taken = duo_now(d) - start;
  duo_run(d, MONO_S); /* the last acknowledgements */
  return taken;
}

static void test_the_window_grows_back_after_a_timeout(void **state) {
  (void)state;
  struct duo *d = duo_new(1);
  struct sctp_stats stats;
  dc_handle h = duo_create(d, 0, "bulk");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  send_all(d, h);
  mono_us before = time_to_receive(d, MESSAGES);
  send_all(d, h);
  sim_peer_set_connected(d->end[1].sp, false);
  duo_run(d, 3 * MONO_S);
  dc_sctp_stats(peer_channels(duo_peer(d, 0)), &stats);
  assert_true(stats.timeouts > 0);
  sim_peer_set_connected(d->end[1].sp, true);
  (void)time_to_receive(d, 2 * MESSAGES);
  send_all(d, h);
  mono_us after = time_to_receive(d, 3 * MESSAGES);
  dc_sctp_stats(peer_channels(duo_peer(d, 0)), &stats);
  assert_true(stats.cwnd >= 20 * stats.mtu);
  assert_true(after <= 5 * before); /* one packet a round trip would take 100 times as long */
  duo_free(d);
}

/* As a machine that slept: consent is over on both sides (RFC 7675), the session is not. */
static void test_after_minutes_of_nothing_a_restart_brings_the_channels_back(void **state) {
  (void)state;
  struct duo *d = duo_new(2);
  dc_handle h = duo_create(d, 0, "bulk");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  sim_peer_set_connected(d->end[1].sp, false);
  send_all(d, h);
  duo_run(d, 120 * MONO_S);
  for (int side = 0; side < 2; side++)
    assert_int_equal(duo_said(d, side, PEER_EV_CONNECTION_STATE, PEER_FAILED), 1);
  assert_true(received(d) < MESSAGES);
  sim_peer_set_connected(d->end[1].sp, true);
  assert_int_equal(peer_restart_ice(duo_peer(d, 0), duo_now(d), NULL), 0);
  duo_negotiate(d, 0);
  (void)time_to_receive(d, MESSAGES);
  for (int side = 0; side < 2; side++)
    assert_int_equal(duo_said(d, side, PEER_EV_CONNECTION_STATE, PEER_CONNECTED), 2);
  assert_null(duo_channel_event(d, 1, DC_EV_CLOSED));
  duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_window_grows_back_after_a_timeout),
      cmocka_unit_test(test_after_minutes_of_nothing_a_restart_brings_the_channels_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
