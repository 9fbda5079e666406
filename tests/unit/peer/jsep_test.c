#include "duo.h"

static void test_an_offer_and_its_answer_connect_and_carry_a_message(void **state) {
  (void)state;
  struct duo *d = duo_new(1);
  dc_handle h = duo_create(d, 0, "chat");
  duo_negotiate(d, 0);
  duo_run(d, 2 * MONO_S);
  for (int side = 0; side < 2; side++) {
    assert_int_equal(duo_said(d, side, PEER_EV_CONNECTION_STATE, PEER_CONNECTING), 1);
    assert_int_equal(duo_said(d, side, PEER_EV_CONNECTION_STATE, PEER_CONNECTED), 1);
    assert_int_equal(duo_said(d, side, PEER_EV_SIGNALING_STATE, PEER_STABLE), 1);
    assert_int_equal(duo_said(d, side, PEER_EV_GATHERING_STATE, PEER_GATHERING_COMPLETE), 1);
    assert_non_null(duo_channel_event(d, side, DC_EV_OPEN));
  }
  duo_send(d, 0, h, "hello");
  duo_run(d, MONO_S);
  const struct duo_log *got = duo_channel_event(d, 1, DC_EV_MESSAGE);
  assert_non_null(got);
  assert_string_equal(got->text, "hello");
  duo_free(d);
}

static void test_a_connect_takes_no_stall(void **state) {
  (void)state;
  struct duo *d = duo_new(2);
  (void)duo_create(d, 0, "chat");
  mono_us start = duo_now(d);
  duo_negotiate(d, 0);
  while (!duo_channel_event(d, 0, DC_EV_OPEN) && duo_now(d) < start + 10 * MONO_S)
    duo_run(d, MONO_MS);
  /* one-way 5 ms: a check there and back, two flights of DTLS, two of SCTP, and the channel's
   * acknowledgement at worst */
  assert_in_range(duo_now(d) - start, 1, 80 * MONO_MS);
  duo_free(d);
}

static void test_descriptions_are_refused_in_the_wrong_state(void **state) {
  (void)state;
  struct duo *d = duo_new(3);
  struct fault f = {0};
  char *sdp = NULL;
  const struct peer_set_local answer = {.type = PEER_SDP_ANSWER},
                              back = {.type = PEER_SDP_ROLLBACK};
  assert_int_equal(peer_create_answer(duo_peer(d, 0), duo_now(d), &sdp, &f), -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  assert_null(sdp);
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &answer, &f), -EINVAL);
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &back, &f), -EINVAL);
  assert_int_equal(
      peer_set_remote(duo_peer(d, 0), duo_now(d), PEER_SDP_ANSWER, bytes_of("v=0\r\n"), &f),
      -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  assert_non_null(strstr(f.text, "stable"));
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  assert_int_equal(duo_pass(d, 0, &f), 0);
  assert_int_equal(peer_create_offer(duo_peer(d, 1), duo_now(d), false, &sdp, &f), -EINVAL);
  assert_non_null(strstr(f.text, "have-remote-offer"));
  duo_free(d);
}

static void test_garbage_is_refused_and_changes_nothing(void **state) {
  (void)state;
  struct duo *d = duo_new(4);
  struct fault f = {0};
  static const char *const bad[] = {"", "garbage", "v=0\r\n", "{\"type\":\"offer\"}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(
        peer_set_remote(duo_peer(d, 0), duo_now(d), PEER_SDP_OFFER, bytes_of(bad[i]), &f), -EINVAL);
    assert_int_equal(f.reason, FAULT_INVALID_SDP);
  }
  duo_drain(d);
  assert_int_equal(d->end[0].n, 0);
  (void)duo_create(d, 0, "still well");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  assert_non_null(duo_channel_event(d, 1, DC_EV_OPEN));
  duo_free(d);
}

static void test_a_changed_offer_is_not_applied(void **state) {
  (void)state;
  struct duo *d = duo_new(5);
  struct fault f = {0};
  char *sdp = NULL;
  assert_int_equal(peer_create_offer(duo_peer(d, 0), duo_now(d), false, &sdp, &f), 0);
  sdp[strlen(sdp) - 3] ^= 1;
  const struct peer_set_local in = {.type = PEER_SDP_OFFER, .sdp = bytes_of(sdp)};
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &in, &f), -EINVAL);
  sdp[strlen(sdp) - 3] ^= 1;
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &in, &f), 0);
  free(sdp);
  duo_free(d);
}

static void test_offers_that_meet_are_resolved_by_an_implicit_rollback(void **state) {
  (void)state;
  struct duo *d = duo_new(6);
  struct fault f = {0};
  (void)duo_create(d, 0, "a");
  (void)duo_create(d, 1, "b");
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  assert_int_equal(duo_set_local(d, 1, &f), 0);
  duo_drain(d);
  assert_int_equal(duo_pass(d, 0, &f), 0); /* the polite side 1 takes the offer of 0 */
  assert_int_equal(duo_set_local(d, 1, &f), 0);
  duo_drain(d);
  if (duo_pass(d, 1, &f) < 0) fail_msg("%s", f.text);
  duo_run(d, 2 * MONO_S);
  for (int side = 0; side < 2; side++) {
    assert_int_equal(duo_said(d, side, PEER_EV_CONNECTION_STATE, PEER_CONNECTED), 1);
    assert_non_null(duo_channel_event(d, side, DC_EV_INCOMING));
  }
  duo_free(d);
}

static void test_a_rolled_back_restart_leaves_the_connection_as_it_was(void **state) {
  (void)state;
  struct duo *d = duo_new(7);
  struct fault f = {0};
  dc_handle h = duo_create(d, 0, "a");
  const struct peer_set_local back = {.type = PEER_SDP_ROLLBACK};
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  assert_int_equal(peer_restart_ice(duo_peer(d, 0), duo_now(d), &f), 0);
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  duo_run(d, MONO_S);
  size_t asked = duo_said(d, 0, PEER_EV_NEGOTIATION_NEEDED, 0);
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &back, &f), 0);
  duo_run(d, 40 * MONO_S);
  /* what was asked for is still wanted */
  assert_int_equal(duo_said(d, 0, PEER_EV_NEGOTIATION_NEEDED, 0), asked + 1);
  assert_true(peer_generations(duo_peer(d, 0)) == 2);
  duo_send(d, 0, h, "still there");
  duo_run(d, MONO_S);
  assert_non_null(duo_channel_event(d, 1, DC_EV_MESSAGE));
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_FAILED), 0);
  duo_negotiate(d, 0);
  assert_true(peer_generations(duo_peer(d, 0)) == 3);
  assert_true(peer_generations(duo_peer(d, 1)) == 2);
  duo_run(d, MONO_S);
  assert_int_equal(duo_said(d, 0, PEER_EV_NEGOTIATION_NEEDED, 0), asked + 1);
  duo_free(d);
}

static void test_a_restart_from_either_side_keeps_channels_open(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    struct duo *d = duo_new(8);
    struct peer_view view;
    dc_handle h = duo_create(d, 0, "a");
    duo_negotiate(d, 0);
    duo_run(d, MONO_S);
    peer_view(duo_peer(d, side), &view);
    char *before = strdup(strstr(view.local_sdp, "a=ice-ufrag"));
    assert_int_equal(peer_restart_ice(duo_peer(d, side), duo_now(d), NULL), 0);
    duo_drain(d);
    assert_int_equal(duo_said(d, side, PEER_EV_NEGOTIATION_NEEDED, 0), side == 0 ? 2 : 1);
    duo_negotiate(d, side);
    duo_run(d, MONO_S);
    peer_view(duo_peer(d, side), &view);
    assert_int_not_equal(strncmp(before, strstr(view.local_sdp, "a=ice-ufrag"), 20), 0);
    free(before);
    duo_run(d, 60 * MONO_S);
    duo_send(d, 0, h, "after");
    duo_run(d, MONO_S);
    assert_non_null(duo_channel_event(d, 1, DC_EV_MESSAGE));
    assert_null(duo_channel_event(d, 1, DC_EV_CLOSED));
    duo_free(d);
  }
}

static void test_an_offer_made_before_a_restart_was_asked_for_is_made_again(void **state) {
  (void)state;
  struct duo *d = duo_new(14);
  struct fault f = {0};
  struct peer_view view;
  char *stale = NULL;
  (void)duo_create(d, 0, "a");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  assert_int_equal(peer_create_offer(duo_peer(d, 0), duo_now(d), false, &stale, &f), 0);
  assert_int_equal(peer_restart_ice(duo_peer(d, 0), duo_now(d), &f), 0);
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  peer_view(duo_peer(d, 0), &view);
  assert_int_not_equal(
      strncmp(strstr(stale, "a=ice-ufrag"), strstr(view.local_sdp, "a=ice-ufrag"), 20), 0);
  free(stale);
  duo_free(d);
}

static void test_an_offer_made_before_another_negotiation_is_not_applied(void **state) {
  (void)state;
  struct duo *d = duo_new(15);
  struct fault f = {0};
  char *stale = NULL;
  (void)duo_create(d, 0, "a");
  assert_int_equal(peer_create_offer(duo_peer(d, 0), duo_now(d), false, &stale, &f), 0);
  duo_negotiate(d, 1);
  const struct peer_set_local in = {.type = PEER_SDP_OFFER, .sdp = bytes_of(stale)};
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &in, &f), -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_SDP);
  free(stale);
  duo_free(d);
}

static void test_a_second_negotiation_without_restart_changes_nothing(void **state) {
  (void)state;
  struct duo *d = duo_new(9);
  dc_handle h = duo_create(d, 0, "a");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  size_t candidates = d->end[0].n;
  duo_negotiate(d, 1);
  duo_run(d, MONO_S);
  for (size_t i = candidates; i < d->end[0].n; i++)
    assert_int_not_equal(d->end[0].log[i].kind, PEER_EV_ICE_CANDIDATE);
  duo_send(d, 0, h, "x");
  duo_run(d, MONO_S);
  assert_non_null(duo_channel_event(d, 1, DC_EV_MESSAGE));
  duo_free(d);
}

static void test_the_negotiation_needed_event_comes_once(void **state) {
  (void)state;
  struct duo *d = duo_new(10);
  (void)duo_create(d, 0, "a");
  (void)duo_create(d, 0, "b");
  duo_drain(d);
  assert_int_equal(duo_said(d, 0, PEER_EV_NEGOTIATION_NEEDED, 0), 1);
  duo_negotiate(d, 0);
  (void)duo_create(d, 0, "c");
  (void)duo_create(d, 1, "d");
  duo_run(d, MONO_S);
  assert_int_equal(duo_said(d, 0, PEER_EV_NEGOTIATION_NEEDED, 0), 1);
  assert_int_equal(duo_said(d, 1, PEER_EV_NEGOTIATION_NEEDED, 0), 0);
  duo_free(d);
}

static void test_another_fingerprint_fails_the_connection_and_says_so(void **state) {
  (void)state;
  struct duo *d = duo_new(11);
  struct fault f = {0};
  struct peer_view view;
  (void)duo_create(d, 0, "a");
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  duo_drain(d);
  assert_int_equal(duo_pass(d, 0, &f), 0);
  assert_int_equal(duo_set_local(d, 1, &f), 0);
  duo_drain(d);
  peer_view(duo_peer(d, 1), &view);
  char *sdp = strdup(view.local_sdp), *at = strstr(sdp, "a=fingerprint:sha-256 ");
  at += strlen("a=fingerprint:sha-256 ");
  *at = *at == 'A' ? 'B' : 'A';
  assert_int_equal(peer_set_remote(duo_peer(d, 0), duo_now(d), PEER_SDP_ANSWER, bytes_of(sdp), &f),
                   0);
  duo_run(d, 5 * MONO_S);
  free(sdp);
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_FAILED), 1);
  bool said = false;
  for (size_t i = 0; i < d->end[0].n; i++)
    said = said || (d->end[0].log[i].kind == PEER_EV_FAILURE &&
                    strstr(d->end[0].log[i].text, "fingerprint"));
  assert_true(said);
  assert_null(duo_channel_event(d, 0, DC_EV_OPEN));
  duo_free(d);
}

static void test_closing_tells_the_other_side_and_says_nothing_more_here(void **state) {
  (void)state;
  struct duo *d = duo_new(12);
  (void)duo_create(d, 0, "a");
  duo_negotiate(d, 0);
  duo_run(d, MONO_S);
  size_t said = d->end[0].n;
  peer_close(duo_peer(d, 0), duo_now(d));
  duo_drain(d);
  sim_peer_kill(d->end[0].sp);
  duo_run(d, 50 * MONO_MS);
  assert_int_equal(d->end[0].n, said);
  assert_non_null(duo_channel_event(d, 1, DC_EV_CLOSED));
  duo_free(d);
}

static void test_a_closed_peer_refuses_everything(void **state) {
  (void)state;
  struct duo *d = duo_new(13);
  struct fault f = {0};
  char *sdp = NULL;
  peer_close(duo_peer(d, 0), duo_now(d));
  duo_drain(d);
  assert_int_equal(peer_create_offer(duo_peer(d, 0), duo_now(d), false, &sdp, &f), -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  assert_int_equal(duo_set_local(d, 0, &f), -EINVAL);
  assert_int_equal(peer_restart_ice(duo_peer(d, 0), duo_now(d), &f), -EINVAL);
  duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_offer_and_its_answer_connect_and_carry_a_message),
      cmocka_unit_test(test_a_connect_takes_no_stall),
      cmocka_unit_test(test_descriptions_are_refused_in_the_wrong_state),
      cmocka_unit_test(test_garbage_is_refused_and_changes_nothing),
      cmocka_unit_test(test_a_changed_offer_is_not_applied),
      cmocka_unit_test(test_offers_that_meet_are_resolved_by_an_implicit_rollback),
      cmocka_unit_test(test_a_rolled_back_restart_leaves_the_connection_as_it_was),
      cmocka_unit_test(test_a_restart_from_either_side_keeps_channels_open),
      cmocka_unit_test(test_an_offer_made_before_a_restart_was_asked_for_is_made_again),
      cmocka_unit_test(test_an_offer_made_before_another_negotiation_is_not_applied),
      cmocka_unit_test(test_a_second_negotiation_without_restart_changes_nothing),
      cmocka_unit_test(test_the_negotiation_needed_event_comes_once),
      cmocka_unit_test(test_another_fingerprint_fails_the_connection_and_says_so),
      cmocka_unit_test(test_closing_tells_the_other_side_and_says_nothing_more_here),
      cmocka_unit_test(test_a_closed_peer_refuses_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
