#include "duo.h"

static void test_a_direct_path_is_method_host_with_nothing_to_explain(void **state) {
  (void)state;
  struct duo *d = duo_new(1);
  (void)duo_create(d, 0, "a");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  for (int side = 0; side < 2; side++) {
    struct peer_path path;
    assert_true(peer_path(duo_peer(d, side), &path));
    assert_int_equal(path.method, PEER_METHOD_HOST);
    assert_int_equal(path.n_why, 0);
    assert_int_equal(path.local.addr.ip[0], 10);
    assert_in_range(path.rtt, 10 * MONO_MS, 11 * MONO_MS);
    assert_true(duo_said(d, side, PEER_EV_PATH, 0) >= 1);
  }
  duo_free(d);
}

static void test_there_is_no_path_before_a_connection(void **state) {
  (void)state;
  struct duo *d = duo_new(2);
  struct peer_path path;
  assert_false(peer_path(duo_peer(d, 0), &path));
  duo_free(d);
}

static void test_a_lost_peer_is_disconnected_then_failed(void **state) {
  (void)state;
  struct duo *d = duo_new(3);
  (void)duo_create(d, 0, "a");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  sim_peer_set_connected(d->end[1].sp, false);
  duo_run(d, 20 * MONO_S);
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_DISCONNECTED), 1);
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_FAILED), 0);
  duo_run(d, 40 * MONO_S);
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_FAILED), 1);
  duo_free(d);
}

static void test_a_short_outage_is_survived_and_nothing_is_lost(void **state) {
  (void)state;
  struct duo *d = duo_new(4);
  dc_handle h = duo_create(d, 0, "a");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  sim_peer_set_connected(d->end[1].sp, false);
  duo_send(d, 0, h, "kept");
  duo_run(d, 12 * MONO_S);
  sim_peer_set_connected(d->end[1].sp, true);
  duo_run(d, 8 * MONO_S);
  assert_non_null(duo_channel_event(d, 1, DC_EV_MESSAGE));
  assert_true(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_CONNECTED) >= 1);
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_FAILED), 0);
  duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_direct_path_is_method_host_with_nothing_to_explain),
      cmocka_unit_test(test_there_is_no_path_before_a_connection),
      cmocka_unit_test(test_a_lost_peer_is_disconnected_then_failed),
      cmocka_unit_test(test_a_short_outage_is_survived_and_nothing_is_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
