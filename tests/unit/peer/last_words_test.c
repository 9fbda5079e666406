/* A peer's last messages, its ABORT and its close_notify, all taken in before anybody polls. */
#include "unit/peer/duo.h"

/* Takes all that side 0 sends now and gives it to side 1 at this very moment, without a poll in
 * between. */
static void rush(struct duo *d) {
  static uint8_t buf[65536];
  struct peer_out out;
  struct path path = *ice_agent_data_path(peer_ice(duo_peer(d, 1)));
  for (;;) {
    peer_poll(duo_peer(d, 0), duo_now(d), buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) return;
    if (out.kind != OUT_TX) continue;
    size_t size = out.u.tx.segment ? out.u.tx.segment : out.u.tx.n;
    for (size_t at = 0; at < out.u.tx.n; at += size) {
      size_t n = out.u.tx.n - at < size ? out.u.tx.n - at : size;
      assert_int_equal(peer_recv(duo_peer(d, 1), duo_now(d), &path, (struct bytes){buf + at, n}),
                       0);
    }
  }
}

static void say(struct duo *d, dc_handle h, const char *text) {
  struct fault f = {0};
  struct payload *data = payload_copy(bytes_of(text));
  assert_int_equal(dc_send(peer_channels(duo_peer(d, 0)), duo_now(d), h, true, data, &f), 0);
  peer_touch(duo_peer(d, 0), duo_now(d));
  rush(d);
}

static void test_messages_that_came_before_the_close_are_told_before_it(void **state) {
  (void)state;
  struct duo *d = duo_new(1);
  dc_handle h = duo_create(d, 0, "talk");
  duo_negotiate(d, 0);
  duo_run(d, 2 * MONO_S);
  assert_non_null(duo_channel_event(d, 1, DC_EV_OPEN));
  size_t before = d->end[1].n;
  say(d, h, "one");
  say(d, h, "two");
  peer_close(duo_peer(d, 0), duo_now(d));
  rush(d);
  sim_peer_drain(d->end[1].sp);
  assert_true(d->end[1].n >= before + 3);
  const struct duo_log *log = &d->end[1].log[before];
  assert_string_equal(log[0].text, "one");
  assert_string_equal(log[1].text, "two");
  assert_non_null(duo_channel_event(d, 1, DC_EV_CLOSED));
  duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_that_came_before_the_close_are_told_before_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
