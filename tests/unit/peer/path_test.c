#include "duo.h"
#include "peer/internal.h"

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

static void test_each_pair_of_candidates_has_its_method(void **state) {
  (void)state;
  static const struct {
    enum ice_candidate_type local, remote;
    const char *local_ip, *remote_ip;
    enum peer_method method;
  } rows[] = {
      {ICE_HOST, ICE_HOST, "203.0.113.5", "198.51.100.9", PEER_METHOD_HOST},
      {ICE_HOST, ICE_PRFLX, "10.1.0.5", "10.2.0.9", PEER_METHOD_HOST},
      {ICE_HOST, ICE_PRFLX, "203.0.113.5", "203.0.113.77", PEER_METHOD_HOST},
      {ICE_HOST, ICE_PRFLX, "203.0.113.5", "127.0.0.1", PEER_METHOD_HOST},
      {ICE_HOST, ICE_PRFLX, "10.1.0.5", "127.0.0.1", PEER_METHOD_HOST},
      {ICE_HOST, ICE_PRFLX, "2001:db8::1", "fe80::7", PEER_METHOD_HOST},
      {ICE_HOST, ICE_PRFLX, "10.1.0.5", "198.51.100.9", PEER_METHOD_SRFLX},
      {ICE_HOST, ICE_PRFLX, "203.0.113.5", "198.51.100.9", PEER_METHOD_SRFLX},
      {ICE_HOST, ICE_SRFLX, "10.1.0.5", "198.51.100.9", PEER_METHOD_SRFLX},
      {ICE_PRFLX, ICE_HOST, "198.51.100.7", "198.51.100.9", PEER_METHOD_SRFLX},
      {ICE_PRFLX, ICE_PRFLX, "100.64.0.7", "100.64.0.9", PEER_METHOD_SRFLX},
      {ICE_SRFLX, ICE_RELAY, "198.51.100.7", "198.51.100.9", PEER_METHOD_RELAY},
      {ICE_RELAY, ICE_HOST, "198.51.100.7", "198.51.100.9", PEER_METHOD_RELAY},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ice_candidate local = {.type = rows[i].local}, remote = {.type = rows[i].remote};
    assert_true(addr_parse_ip(rows[i].local_ip, 1000, &local.addr));
    assert_true(addr_parse_ip(rows[i].remote_ip, 1000, &remote.addr));
    if (peer_pair_method(&local, &remote) != rows[i].method)
      fail_msg("row %zu: %s to %s", i, rows[i].local_ip, rows[i].remote_ip);
  }
}

/* Trickled after the checks that came from it. */
static void test_a_path_is_told_again_when_its_candidate_gets_its_true_type(void **state) {
  (void)state;
  struct duo *d = duo_new(5);
  struct fault f = {0};
  struct peer_view view;
  struct peer_path path;
  (void)duo_create(d, 0, "a");
  char *offer = NULL;
  assert_int_equal(peer_create_offer(duo_peer(d, 0), duo_now(d), false, &offer, &f), 0);
  const struct peer_set_local in = {.type = PEER_SDP_OFFER, .sdp = bytes_of(offer)};
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &in, &f), 0);
  assert_int_equal(peer_set_remote(duo_peer(d, 1), duo_now(d), PEER_SDP_OFFER, bytes_of(offer), &f),
                   0);
  free(offer);
  assert_int_equal(duo_set_local(d, 1, &f), 0);
  duo_drain(d);
  peer_view(duo_peer(d, 1), &view);
  assert_int_equal(
      peer_set_remote(duo_peer(d, 0), duo_now(d), PEER_SDP_ANSWER, bytes_of(view.local_sdp), &f),
      0);
  duo_run(d, MONO_S);
  assert_true(peer_path(duo_peer(d, 1), &path));
  assert_int_equal(path.remote.type, ICE_PRFLX);
  size_t before = duo_said(d, 1, PEER_EV_PATH, 0);
  peer_view(duo_peer(d, 0), &view);
  const char *line = strstr(view.local_sdp, "a=candidate");
  assert_non_null(line);
  const struct peer_candidate_init late = {
      .candidate = {(const uint8_t *)line + 2, strcspn(line + 2, "\r")},
      .mid = "0",
      .mline_index = -1};
  assert_int_equal(peer_add_candidate(duo_peer(d, 1), duo_now(d), &late, &f), 0);
  duo_run(d, MONO_S);
  assert_int_equal(duo_said(d, 1, PEER_EV_PATH, 0), before + 1);
  assert_true(peer_path(duo_peer(d, 1), &path));
  assert_int_equal(path.remote.type, ICE_HOST);
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
      cmocka_unit_test(test_each_pair_of_candidates_has_its_method),
      cmocka_unit_test(test_a_path_is_told_again_when_its_candidate_gets_its_true_type),
      cmocka_unit_test(test_a_lost_peer_is_disconnected_then_failed),
      cmocka_unit_test(test_a_short_outage_is_survived_and_nothing_is_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
