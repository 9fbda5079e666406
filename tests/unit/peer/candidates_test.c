#include "duo.h"

#define GOOD "candidate:1 1 udp 2130706431 10.0.0.9 4000 typ host"

static int add(struct duo *d, const char *text, const char *mid, int32_t line, const char *ufrag,
               struct fault *f) {
  const struct peer_candidate_init init = {.candidate = bytes_of(text),
                                           .mid = mid,
                                           .mline_index = line,
                                           .ufrag = ufrag,
                                           .end = text == NULL};
  return peer_add_candidate(duo_peer(d, 1), duo_now(d), &init, f);
}

static void test_a_candidate_before_the_description_is_invalid_state(void **state) {
  (void)state;
  struct duo *d = duo_new(1);
  struct fault f = {0};
  assert_int_equal(add(d, GOOD, "0", -1, NULL, &f), -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  assert_int_equal(add(d, NULL, NULL, -1, NULL, &f), -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  duo_free(d);
}

static void test_each_wrong_candidate_has_its_reason(void **state) {
  (void)state;
  static const struct {
    const char *text, *mid;
    int32_t line;
    const char *ufrag;
    enum fault_reason reason;
  } rows[] = {
      {GOOD, NULL, -1, NULL, FAULT_TYPE_ERROR},
      {GOOD, "nope", -1, NULL, FAULT_OPERATION_ERROR},
      {GOOD, NULL, 7, NULL, FAULT_OPERATION_ERROR},
      {GOOD, "0", -1, "stranger", FAULT_OPERATION_ERROR},
      {"candidate:nonsense", "0", -1, NULL, FAULT_INVALID_CANDIDATE},
      {"candidate:1 1 udp 1 10.0.0.9 99999 typ host", "0", -1, NULL, FAULT_INVALID_CANDIDATE},
  };
  struct duo *d = duo_new(2);
  struct fault f = {0};
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  assert_int_equal(duo_pass(d, 0, &f), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    f = (struct fault){0};
    assert_int_equal(add(d, rows[i].text, rows[i].mid, rows[i].line, rows[i].ufrag, &f), -EINVAL);
    if (f.reason != rows[i].reason)
      fail_msg("row %zu: %s: %s", i, fault_reason_name(f.reason), f.text);
  }
  duo_free(d);
}

static void test_good_candidates_are_taken_and_shown(void **state) {
  (void)state;
  struct duo *d = duo_new(3);
  struct fault f = {0};
  struct peer_view view;
  assert_int_equal(duo_set_local(d, 0, &f), 0);
  assert_int_equal(duo_pass(d, 0, &f), 0);
  assert_int_equal(add(d, GOOD, "0", -1, NULL, &f), 0);
  assert_int_equal(add(d, GOOD, NULL, 0, NULL, &f), 0);
  assert_int_equal(
      add(d, "candidate:2 1 tcp 1 10.0.0.9 9 typ host tcptype active", "0", -1, NULL, &f), 0);
  assert_int_equal(
      add(d, "candidate:3 1 udp 5 5d1c7d2e-0000-4000-8000-000000000001.local 4000 typ host", "0",
          -1, NULL, &f),
      0);
  assert_int_equal(add(d, NULL, NULL, -1, NULL, &f), 0);
  assert_int_equal(add(d, "", "0", -1, NULL, &f), 0);
  peer_view(duo_peer(d, 1), &view);
  assert_non_null(strstr(view.remote_sdp, "a=" GOOD "\r\n"));
  assert_non_null(strstr(view.remote_sdp, "a=end-of-candidates\r\n"));
  duo_free(d);
}

static void test_trickled_candidates_alone_connect_two_peers(void **state) {
  (void)state;
  struct duo *d = duo_new(4);
  struct fault f = {0};
  struct peer_view view;
  (void)duo_create(d, 0, "a");
  char *offer = NULL;
  assert_int_equal(peer_create_offer(duo_peer(d, 0), duo_now(d), false, &offer, &f), 0);
  const struct peer_set_local in = {.type = PEER_SDP_OFFER, .sdp = bytes_of(offer)};
  assert_int_equal(peer_set_local(duo_peer(d, 0), duo_now(d), &in, &f), 0);
  assert_int_equal(peer_set_remote(duo_peer(d, 1), duo_now(d), PEER_SDP_OFFER, bytes_of(offer), &f),
                   0);
  free(offer);
  duo_drain(d);
  for (size_t i = 0; i < d->end[0].n; i++)
    if (d->end[0].log[i].kind == PEER_EV_ICE_CANDIDATE) {
      const char *text = d->end[0].log[i].text;
      assert_int_equal(add(d, text[0] ? text : NULL, "0", 0, NULL, &f), 0);
    }
  assert_int_equal(duo_set_local(d, 1, &f), 0);
  peer_view(duo_peer(d, 1), &view);
  assert_null(strstr(view.local_sdp, "a=candidate"));
  assert_int_equal(
      peer_set_remote(duo_peer(d, 0), duo_now(d), PEER_SDP_ANSWER, bytes_of(view.local_sdp), &f),
      0);
  duo_run(d, MONO_S);
  assert_int_equal(duo_said(d, 0, PEER_EV_CONNECTION_STATE, PEER_CONNECTED), 1);
  assert_int_equal(duo_said(d, 1, PEER_EV_CONNECTION_STATE, PEER_CONNECTED), 1);
  duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_candidate_before_the_description_is_invalid_state),
      cmocka_unit_test(test_each_wrong_candidate_has_its_reason),
      cmocka_unit_test(test_good_candidates_are_taken_and_shown),
      cmocka_unit_test(test_trickled_candidates_alone_connect_two_peers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
