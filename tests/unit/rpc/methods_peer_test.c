/* peer.*: the whole conversation, states, statistics. */
#include "duo.h"

static void test_two_sessions_connect_talk_and_part(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  assert_int_equal(duo_count(&d, 0, "peer.negotiationneeded"), 1);
  for (int side = 0; side < 2; side++) {
    size_t candidates = duo_count(&d, side, "peer.icecandidate");
    assert_true(candidates >= 2);
    const cJSON *last = duo_event(&d, side, "peer.icecandidate", candidates - 1);
    assert_true(cJSON_IsNull(schema_get(last, "candidate")));
    assert_int_equal(duo_count(&d, side, "peer.path"), 1);
    const cJSON *path = duo_event(&d, side, "peer.path", 0);
    assert_string_equal(duo_string(path, "method"), "host");
    assert_int_equal(duo_count(&d, side, "channel.open"), 1);
    size_t n = duo_count(&d, side, "peer.connectionstatechange");
    assert_string_equal(
        duo_string(duo_event(&d, side, "peer.connectionstatechange", n - 1), "state"), "connected");
  }
  duo_text(&d, 0, 1, "hi");
  duo_text(&d, 1, 1, "hello");
  assert_string_equal(duo_string(duo_event(&d, 1, "channel.message", 0), "text"), "hi");
  assert_string_equal(duo_string(duo_event(&d, 0, "channel.message", 0), "text"), "hello");
  (void)duo_call(&d, 0, "peer.close", "\"peer\":1");
  duo_run(&d, MONO_S);
  assert_int_equal(duo_count(&d, 1, "channel.closed"), 1);
  duo_end(&d);
}

static void test_a_closed_peer_is_unknown_and_silent(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  (void)duo_call(&d, 1, "channel.send", "\"channel\":1,\"text\":\"on its way\"");
  int before = cJSON_GetArraySize(d.c[0].log);
  (void)duo_call(&d, 0, "peer.close", "\"peer\":1");
  assert_true(d.c[0].gone);
  duo_run(&d, 10 * MONO_S);
  assert_int_equal(cJSON_GetArraySize(d.c[0].log), before);
  static const struct {
    const char *method, *params, *reason;
  } rows[] = {
      {"peer.close", "\"peer\":1", "unknown-peer"},
      {"peer.get", "\"peer\":1", "unknown-peer"},
      {"peer.getStats", "\"peer\":1", "unknown-peer"},
      {"peer.createOffer", "\"peer\":1", "unknown-peer"},
      {"peer.createAnswer", "\"peer\":1", "unknown-peer"},
      {"peer.setLocalDescription", "\"peer\":1", "unknown-peer"},
      {"peer.setRemoteDescription", "\"peer\":1,\"description\":{\"type\":\"offer\"}",
       "unknown-peer"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":null", "unknown-peer"},
      {"peer.restartIce", "\"peer\":1", "unknown-peer"},
      {"peer.setConfiguration", "\"peer\":1,\"configuration\":{}", "unknown-peer"},
      {"channel.create", "\"peer\":1,\"label\":\"\"", "unknown-peer"},
      {"channel.send", "\"channel\":1,\"text\":\"\"", "unknown-channel"},
      {"channel.credit", "\"channel\":1,\"bytes\":0", "unknown-channel"},
      {"channel.close", "\"channel\":1", "unknown-channel"},
      {"channel.setBufferedAmountLowThreshold", "\"channel\":1,\"bytes\":0", "unknown-channel"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    (void)duo_refused(&d, 0, rows[i].method, rows[i].params, rows[i].reason, NULL);
  assert_int_equal(duo_int(duo_call(&d, 0, "peer.create", "%s", ""), "peer"), 2);
  assert_int_equal(
      duo_int(duo_call(&d, 0, "channel.create", "\"peer\":2,\"label\":\"\""), "channel"), 2);
  duo_end(&d);
}

static void test_set_configuration_waits_for_the_next_gathering(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  size_t before = duo_count(&d, 0, "peer.icecandidate");
  (void)duo_call(
      &d, 0, "peer.setConfiguration",
      "\"peer\":1,\"configuration\":{\"iceTransportPolicy\":\"relay\",\"interfaces\":[]}");
  duo_run(&d, 40 * MONO_S);
  duo_text(&d, 0, 1, "still there");
  assert_string_equal(duo_string(duo_event(&d, 1, "channel.message", 0), "text"), "still there");
  (void)duo_call(&d, 0, "peer.restartIce", "\"peer\":1");
  (void)duo_call(&d, 0, "peer.setLocalDescription", "\"peer\":1");
  duo_run(&d, MONO_S);
  /* of the new generation there is the end only */
  assert_int_equal(duo_count(&d, 0, "peer.icecandidate"), before + 1);
  duo_end(&d);
}

static void test_what_a_peer_was_made_with_cannot_be_changed(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  (void)duo_call(
      &d, 0, "peer.create",
      "\"configuration\":{\"udpPortRange\":[5000,5010],\"sctp\":{\"interleaving\":false}}");
  (void)duo_call(&d, 0, "peer.setConfiguration",
                 "\"peer\":1,\"configuration\":{\"udpPortRange\":[5000,5010]}");
  static const char *const rows[][2] = {
      {"\"udpPortRange\":[5000,5011]", "configuration.udpPortRange"},
      {"\"sctp\":{}", "configuration.sctp"},
      {"\"loopback\":true", "configuration.loopback"},
      {"\"mdns\":true", "configuration.mdns"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char params[120];
    (void)snprintf(params, sizeof params, "\"peer\":1,\"configuration\":{%s}", rows[i][0]);
    (void)duo_refused(&d, 0, "peer.setConfiguration", params, "type-error", rows[i][1]);
  }
  duo_end(&d);
}

static void test_peers_past_the_limit_are_too_many(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  for (int i = 0; i < 8; i++) (void)duo_call(&d, 0, "peer.create", "%s", "");
  const cJSON *e = duo_refused(&d, 0, "peer.create", "", "too-many", NULL);
  assert_int_equal(duo_int(schema_get(e, "data"), "limit"), 8);
  (void)duo_call(&d, 0, "peer.close", "\"peer\":3");
  assert_int_equal(duo_int(duo_call(&d, 0, "peer.create", "%s", ""), "peer"), 9);
  duo_end(&d);
}

static void test_calls_that_are_wrong_name_their_field_and_change_nothing(void **state) {
  (void)state;
  static const struct {
    const char *method, *params, *reason, *path;
  } rows[] = {
      {"peer.get", "", "invalid-params", "peer"},
      {"peer.get", "\"peer\":\"1\"", "invalid-params", "peer"},
      {"peer.createOffer", "\"peer\":1,\"iceRestart\":1", "invalid-params", "iceRestart"},
      {"peer.createAnswer", "\"peer\":1", "invalid-state", NULL},
      {"peer.setLocalDescription", "\"peer\":1,\"description\":5", "invalid-params", "description"},
      {"peer.setLocalDescription", "\"peer\":1,\"description\":{\"type\":\"wish\"}",
       "invalid-params", "description.type"},
      {"peer.setLocalDescription", "\"peer\":1,\"description\":{\"sdp\":5}", "invalid-params",
       "description.sdp"},
      {"peer.setRemoteDescription", "\"peer\":1", "invalid-params", "description"},
      {"peer.setRemoteDescription", "\"peer\":1,\"description\":{\"sdp\":\"\"}", "invalid-params",
       "description.type"},
      {"peer.setRemoteDescription",
       "\"peer\":1,\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\\u0000\"}",
       "invalid-sdp", NULL},
      {"peer.addIceCandidate", "\"peer\":1", "invalid-params", "candidate"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":5", "invalid-params", "candidate"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"candidate\":5}", "invalid-params",
       "candidate.candidate"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"sdpMid\":5}", "invalid-params",
       "candidate.sdpMid"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"sdpMLineIndex\":65536}",
       "invalid-params", "candidate.sdpMLineIndex"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"sdpMLineIndex\":1e300}",
       "invalid-params", "candidate.sdpMLineIndex"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"sdpMid\":\"0\\u0000\"}",
       "invalid-candidate", "candidate.sdpMid"},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"candidate\":\"x\",\"sdpMid\":\"0\"}",
       "invalid-state", NULL},
      {"peer.addIceCandidate", "\"peer\":1,\"candidate\":{\"candidate\":\"x\"}", "type-error",
       NULL},
      {"peer.setConfiguration", "\"peer\":1", "invalid-params", "configuration"},
      {"peer.setConfiguration", "\"peer\":1,\"configuration\":{\"udpPortRange\":5}",
       "invalid-params", "configuration.udpPortRange"},
      {"peer.create", "\"configuration\":null", "invalid-params", "configuration"},
  };
  struct duo d;
  duo_begin(&d, NULL, NULL);
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  (void)duo_call(&d, 0, "peer.get", "\"peer\":1");
  char *before = strdup(strstr(d.c[0].last, "result"));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    (void)duo_refused(&d, 0, rows[i].method, rows[i].params, rows[i].reason, rows[i].path);
  (void)duo_call(&d, 0, "peer.get", "\"peer\":1");
  assert_string_equal(strstr(d.c[0].last, "result"), before);
  free(before);
  duo_end(&d);
}

static void test_a_reply_comes_before_what_it_causes(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  /* all in one go, and then one drain: the frames must alternate */
  static const char *const frames[] = {
      "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"channel.create\","
      "\"params\":{\"peer\":1,\"label\":\"\"}}",
      "{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"method\":\"peer.setLocalDescription\","
      "\"params\":{\"peer\":1}}",
  };
  for (int i = 0; i < 2; i++)
    assert_int_equal(rpc_session_frame(d.c[0].s, d.now, bytes_of(frames[i])), 0);
  duo_drain(&d, 0);
  assert_non_null(schema_get(d.c[0].replies, "\"a\""));
  assert_non_null(schema_get(d.c[0].replies, "\"b\""));
  assert_true(duo_count(&d, 0, "peer.icecandidate") > 0);
  duo_end(&d);
}

static void test_rollback_and_pending_descriptions_are_shown(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  for (int i = 0; i < 2; i++) (void)duo_call(&d, i, "peer.create", "%s", "");
  (void)duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\"");
  const cJSON *r = duo_call(&d, 0, "peer.setLocalDescription", "\"peer\":1");
  assert_string_equal(duo_string(r, "type"), "offer");
  const cJSON *v = duo_call(&d, 0, "peer.get", "\"peer\":1");
  assert_string_equal(duo_string(v, "signalingState"), "have-local-offer");
  assert_true(cJSON_IsObject(schema_get(v, "pendingLocalDescription")));
  assert_true(cJSON_IsNull(schema_get(v, "currentLocalDescription")));
  assert_true(cJSON_IsNull(schema_get(v, "remoteDescription")));
  r = duo_call(&d, 0, "peer.setLocalDescription",
               "\"peer\":1,\"description\":{\"type\":\"rollback\"}");
  assert_string_equal(duo_string(r, "type"), "rollback");
  v = duo_call(&d, 0, "peer.get", "\"peer\":1");
  assert_string_equal(duo_string(v, "signalingState"), "stable");
  assert_true(cJSON_IsNull(schema_get(v, "localDescription")));
  duo_end(&d);
}

static void test_a_restart_is_negotiated_and_the_channel_goes_on(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  size_t needed = duo_count(&d, 0, "peer.negotiationneeded");
  (void)duo_call(&d, 0, "peer.restartIce", "\"peer\":1");
  assert_int_equal(duo_count(&d, 0, "peer.negotiationneeded"), needed + 1);
  duo_connect(&d, 1, 1);
  duo_text(&d, 0, 1, "after");
  assert_int_equal(duo_count(&d, 1, "channel.message"), 1);
  duo_end(&d);
}

/* --- statistics --------------------------------------------------------------------------------
 */

static const cJSON *stat_of(const cJSON *stats, const char *type) {
  for (const cJSON *s = stats->child; s; s = s->next)
    if (strcmp(duo_string(s, "type"), type) == 0) return s;
  return NULL;
}

static void test_the_statistics_are_those_of_the_w3c(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  (void)duo_call(&d, 0, "peer.getStats", "\"peer\":1"); /* of a peer that did nothing yet */
  (void)duo_call(&d, 0, "peer.close", "\"peer\":1");
  for (int i = 0; i < 2; i++) (void)duo_call(&d, i, "peer.create", "%s", "");
  (void)duo_call(&d, 0, "channel.create", "\"peer\":2,\"label\":\"x\\u0000\"");
  duo_connect(&d, 2, 1);
  duo_text(&d, 0, 1, "12345");
  const cJSON *stats = schema_get(duo_call(&d, 0, "peer.getStats", "\"peer\":2"), "stats");
  for (const cJSON *s = stats->child; s; s = s->next)
    assert_string_equal(duo_string(s, "id"), s->string);
  const cJSON *channel = stat_of(stats, "data-channel"), *transport = stat_of(stats, "transport");
  assert_int_equal(duo_int(channel, "messagesSent"), 1);
  assert_int_equal(duo_int(channel, "bytesSent"), 5);
  assert_string_equal(duo_string(channel, "state"), "open");
  assert_string_equal(duo_string(transport, "dtlsState"), "connected");
  const cJSON *pair = schema_get(stats, duo_string(transport, "selectedCandidatePairId"));
  assert_non_null(pair);
  assert_true(cJSON_IsTrue(schema_get(pair, "nominated")));
  static const char *const refs[] = {"localCandidateId", "remoteCandidateId", "transportId"};
  for (int i = 0; i < 3; i++) assert_non_null(schema_get(stats, duo_string(pair, refs[i])));
  for (int remote = 0; remote < 2; remote++)
    assert_non_null(schema_get(
        stats, duo_string(transport, remote ? "remoteCertificateId" : "localCertificateId")));
  assert_int_equal(duo_int(stat_of(stats, "peer-connection"), "dataChannelsOpened"), 1);
  duo_end(&d);
}

static void test_no_statistic_or_view_tells_a_secret(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  (void)duo_call(&d, 0, "peer.create",
                 "\"configuration\":{\"iceServers\":[{\"urls\":\"turn:t.example\",\"username\":"
                 "\"u\",\"credential\":\"S3CRET\"}]}");
  (void)duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\"");
  (void)duo_call(&d, 0, "peer.setLocalDescription", "\"peer\":1");
  (void)duo_call(&d, 0, "peer.get", "\"peer\":1");
  assert_null(strstr(d.c[0].last, "S3CRET"));
  (void)duo_call(&d, 0, "peer.getStats", "\"peer\":1");
  assert_null(strstr(d.c[0].last, "S3CRET"));
  char *log = cJSON_PrintUnformatted(d.c[0].log);
  assert_null(strstr(log, "S3CRET"));
  cJSON_free(log);
  duo_end(&d);
}

static void test_an_answer_that_fits_no_frame_is_an_error(void **state) {
  (void)state;
  struct duo d;
  struct rpc_cfg cfg = duo_cfg;
  cfg.max_frame_out = 4096;
  duo_begin(&d, &cfg, NULL);
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  char params[1200] = "\"peer\":1,\"label\":\"";
  size_t head = strlen(params);
  memset(params + head, 'x', 1000);
  params[head + 1000] = '"';
  for (int i = 0; i < 5; i++) (void)duo_call(&d, 0, "channel.create", "%s", params);
  const cJSON *e = duo_refused(&d, 0, "peer.getStats", "\"peer\":1", "message-too-large", NULL);
  assert_int_equal(duo_int(schema_get(e, "data"), "limit"), 4096);
  duo_end(&d);
}

static void test_only_chosen_interfaces_are_used(void **state) {
  (void)state;
  static const struct {
    const char *configuration;
    bool used;
  } rows[] = {
      {"", true},
      {"\"interfaces\":[\"eth0\"]", true},
      {"\"interfaces\":[\"eth1\"]", false},
      {"\"networkTypes\":[\"ethernet\"]", true},
      {"\"networkTypes\":[\"wifi\",\"vpn\"]", false},
      {"\"iceTransportPolicy\":\"relay\"", false},
  };
  struct duo d;
  duo_begin(&d, NULL, NULL);
  for (int i = 0; i < 6; i++) {
    duo_forget(&d, 0);
    (void)duo_call(&d, 0, "peer.create", "\"configuration\":{%s}", rows[i].configuration);
    (void)duo_call(&d, 0, "channel.create", "\"peer\":%d,\"label\":\"\"", i + 1);
    (void)duo_call(&d, 0, "peer.setLocalDescription", "\"peer\":%d", i + 1);
    duo_run(&d, MONO_S);
    size_t candidates = duo_count(&d, 0, "peer.icecandidate");
    assert_int_equal(candidates, rows[i].used ? 2 : 1); /* null is one */
  }
  duo_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_sessions_connect_talk_and_part),
      cmocka_unit_test(test_a_closed_peer_is_unknown_and_silent),
      cmocka_unit_test(test_peers_past_the_limit_are_too_many),
      cmocka_unit_test(test_calls_that_are_wrong_name_their_field_and_change_nothing),
      cmocka_unit_test(test_a_reply_comes_before_what_it_causes),
      cmocka_unit_test(test_rollback_and_pending_descriptions_are_shown),
      cmocka_unit_test(test_a_restart_is_negotiated_and_the_channel_goes_on),
      cmocka_unit_test(test_the_statistics_are_those_of_the_w3c),
      cmocka_unit_test(test_no_statistic_or_view_tells_a_secret),
      cmocka_unit_test(test_an_answer_that_fits_no_frame_is_an_error),
      cmocka_unit_test(test_set_configuration_waits_for_the_next_gathering),
      cmocka_unit_test(test_what_a_peer_was_made_with_cannot_be_changed),
      cmocka_unit_test(test_only_chosen_interfaces_are_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
