/* Sessions from hello to goodbye. */
#include "duo.h"

static void test_hello_comes_first_and_once(void **state) {
  (void)state;
  struct duo d;
  duo_prepare(&d, false);
  assert_int_equal(duo_sessions(&d, NULL), 0);
  (void)duo_refused(&d, 0, "ping", "", "not-hello", NULL);
  (void)duo_refused(&d, 0, "no.such", "", "not-hello", NULL);
  (void)duo_refused(&d, 0, "peer.create", "", "not-hello", NULL);
  const cJSON *r = duo_call(&d, 0, "hello", DUO_HELLO);
  assert_string_equal(duo_string(r, "engine"), "native");
  assert_string_equal(duo_string(schema_get(r, "server"), "version"), "1.2.3");
  const cJSON *limits = schema_get(r, "limits");
  assert_int_equal(duo_int(limits, "maxFrameIn"), 4 << 20);
  assert_int_equal(duo_int(limits, "maxFrameOut"), 1 << 20);
  assert_int_equal(duo_int(limits, "maxMessageSize"), 262144);
  assert_int_equal(duo_int(limits, "maxPeers"), 8);
  assert_int_equal(duo_int(limits, "maxChannels"), 16);
  assert_int_equal(duo_int(limits, "maxBufferedAmount"), 16 << 20);
  (void)duo_refused(&d, 0, "hello", DUO_HELLO, "invalid-state", NULL);
  (void)duo_call(&d, 0, "ping", "%s", "");
  duo_end(&d);
}

static void test_another_protocol_is_refused_whatever_else_it_says(void **state) {
  (void)state;
  static const char *const numbers[] = {"0", "2", "-1", "1.5", "1e300"};
  struct duo d;
  duo_prepare(&d, false);
  assert_int_equal(duo_sessions(&d, NULL), 0);
  for (size_t i = 0; i < 5; i++) {
    char params[60];
    (void)snprintf(params, sizeof params, "\"protocol\":%s,\"greeting\":{}", numbers[i]);
    const cJSON *e = duo_refused(&d, 0, "hello", params, "unsupported-protocol", "protocol");
    assert_int_equal(duo_int(schema_get(e, "data"), "limit"), 1);
  }
  static const struct {
    const char *params, *path;
  } rows[] = {
      {"", "protocol"},
      {"\"protocol\":\"1\"", "protocol"},
      {"\"protocol\":null", "protocol"},
      {"\"protocol\":1", "client"},
      {"\"protocol\":1,\"client\":{\"name\":\"x\"}", "client.version"},
      {"\"protocol\":1,\"client\":{\"name\":5,\"version\":\"\"}", "client.name"},
      {DUO_HELLO ",\"autoCredit\":-1", "autoCredit"},
      {DUO_HELLO ",\"autoCredit\":9007199254740992", "autoCredit"},
      {DUO_HELLO ",\"log\":{\"level\":\"loud\"}", "log.level"},
      {DUO_HELLO ",\"log\":{\"addresses\":1}", "log.addresses"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    (void)duo_refused(&d, 0, "hello", rows[i].params, "invalid-params", rows[i].path);
  (void)duo_call(&d, 0, "hello", DUO_HELLO ",\"autoCredit\":9007199254740991,\"token\":\"x\"");
  duo_end(&d);
}

static void test_ids_and_errors_are_answered_to_the_letter(void **state) {
  (void)state;
  static const struct {
    const char *frame, *answer;
  } rows[] = {
      {"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}",
       "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}"},
      {"{\"method\":\"ping\",\"id\":\"\\u00e9\\u0000\\/\",\"jsonrpc\":\"2.0\"}",
       "{\"jsonrpc\":\"2.0\",\"id\":\"\\u00e9\\u0000\\/\",\"result\":{}}"},
      {"{\"jsonrpc\":\"2.0\",\"id\":-0,\"method\":\"ping\",\"params\":{\"x\":1}}",
       "{\"jsonrpc\":\"2.0\",\"id\":-0,\"result\":{}}"},
      {"[]",
       "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batches are not "
       "supported: one request a frame\",\"data\":{\"reason\":\"invalid-request\"}}}"},
      {"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"pin\"}",
       "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"there is no method "
       "pin\",\"data\":{\"reason\":\"unknown-method\"}}}"},
      {"{\"x\":",
       "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"not JSON: at "
       "byte "
       "5, expected a JSON value\",\"data\":{\"reason\":\"parse-error\",\"offset\":5}}}"},
  };
  struct duo d;
  duo_begin(&d, NULL, NULL);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    duo_say(&d, 0, rows[i].frame);
    assert_string_equal(d.c[0].last, rows[i].answer);
  }
  duo_end(&d);
}

static void test_a_request_without_an_id_is_done_and_not_answered(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  char *before = strdup(d.c[0].last);
  duo_say(&d, 0, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}");
  duo_say(&d, 0, "{\"jsonrpc\":\"2.0\",\"method\":\"none\"}");
  duo_say(&d, 0, "{\"jsonrpc\":\"2.0\",\"method\":\"peer.get\",\"params\":{\"peer\":[]}}");
  duo_say(&d, 0, "{\"jsonrpc\":\"2.0\",\"method\":\"peer.create\",\"params\":{}}");
  assert_string_equal(d.c[0].last, before);
  (void)duo_call(&d, 0, "peer.get", "\"peer\":1");
  free(before);
  duo_end(&d);
}

/* Names that a message quotes cut short must not leave half a character in the frame. */
static void test_a_long_method_of_many_bytes_is_quoted_in_whole_characters(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  for (int shift = 0; shift < 4; shift++) {
    char name[300];
    size_t n = 0;
    for (int i = 0; i < shift; i++) name[n++] = 'x';
    while (n < 280) {
      memcpy(name + n, "\xf0\x9f\x98\x80", 4);
      n += 4;
    }
    name[n] = '\0';
    (void)duo_refused(&d, 0, name, "", "unknown-method", NULL);
  }
  duo_end(&d);
}

static void test_a_frame_that_was_skipped_is_answered(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  assert_int_equal(rpc_session_skipped(d.c[0].s, d.now, 5000000), 0);
  duo_drain(&d, 0);
  const cJSON *reply = schema_get(d.c[0].replies, "null");
  assert_non_null(reply);
  const cJSON *data = schema_get(schema_get(reply, "error"), "data");
  assert_string_equal(duo_string(data, "reason"), "message-too-large");
  assert_int_equal(duo_int(data, "limit"), 4 << 20);
  duo_end(&d);
}

static void test_the_network_is_told_and_its_changes(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  const cJSON *n = duo_call(&d, 0, "network.get", "%s", "");
  const cJSON *eth = schema_get(n, "interfaces")->child;
  assert_string_equal(duo_string(eth, "name"), "eth0");
  assert_string_equal(duo_string(schema_get(eth, "addresses")->child, "address"), "10.0.0.1");
  const cJSON *route = schema_get(n, "defaultRoutes")->child;
  assert_string_equal(duo_string(route, "gateway"), "10.0.0.254");
  assert_string_equal(duo_string(route, "interface"), "eth0");
  duo_network(&d, 0); /* the same again */
  duo_drain(&d, 0);
  assert_int_equal(duo_count(&d, 0, "network.change"), 0);
  const struct rpc_network none = {0};
  assert_int_equal(rpc_session_network(d.c[0].s, d.now, &none), 0);
  duo_drain(&d, 0);
  assert_int_equal(duo_count(&d, 0, "network.change"), 1);
  fail_alloc_at(0);
  assert_true(rpc_session_network(d.c[0].s, d.now, &none) < 0);
  fail_alloc_never();
  n = duo_call(&d, 0, "network.get", "%s", "");
  assert_int_equal(cJSON_GetArraySize(schema_get(n, "interfaces")), 0);
  duo_end(&d);
}

static void test_goodbye_is_the_last_frame_and_the_peers_channels_close(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  assert_int_equal(duo_count(&d, 1, "channel.open"), 1);
  assert_int_equal(rpc_session_end(d.c[0].s, d.now, "eof", 0), 0);
  assert_int_equal(rpc_session_end(d.c[0].s, d.now, "signal", 1), 0);
  size_t before = (size_t)cJSON_GetArraySize(d.c[0].log);
  duo_drain(&d, 0);
  assert_true(d.c[0].ended && d.c[0].gone);
  assert_int_equal(d.c[0].exit_status, 0);
  assert_int_equal(cJSON_GetArraySize(d.c[0].log), before + 1);
  assert_string_equal(duo_string(duo_event(&d, 0, "goodbye", 0), "reason"), "eof");
  duo_say(&d, 0, "{\"jsonrpc\":\"2.0\",\"id\":\"late\",\"method\":\"ping\"}");
  assert_int_equal(rpc_session_skipped(d.c[0].s, d.now, 5000000), 0);
  duo_drain(&d, 0);
  assert_null(schema_get(d.c[0].replies, "\"late\""));
  assert_null(schema_get(d.c[0].replies, "null"));
  duo_run(&d, MONO_S);
  assert_int_equal(duo_count(&d, 1, "channel.closed"), 1);
  assert_int_equal(duo_count(&d, 1, "channel.error"), 0);
  duo_end(&d);
}

static void test_without_a_certificate_there_are_no_peers_yet(void **state) {
  (void)state;
  struct duo d;
  struct rpc_session *s;
  duo_prepare(&d, false);
  struct rpc_cfg cfg = duo_cfg;
  cfg.rng = &d.rng.rng;
  assert_int_equal(duo_sessions(&d, NULL), 0);
  rpc_session_free(d.c[0].s);
  assert_int_equal(rpc_session_new(&s, &cfg, d.now), 0);
  d.c[0].s = s;
  (void)duo_call(&d, 0, "hello", DUO_HELLO);
  (void)duo_refused(&d, 0, "peer.create", "", "internal-error", NULL);
  rpc_session_set_identity(s, d.identity);
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  duo_end(&d);
}

static void test_failures_are_logged_without_addresses_and_not_too_often(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  d.cut = true;
  duo_text(&d, 0, 1, "lost");
  duo_run(&d, 300 * MONO_S);
  for (int side = 0; side < 2; side++)
    for (size_t i = 0; i < duo_count(&d, side, "log"); i++) {
      const char *m = duo_string(duo_event(&d, side, "log", i), "message");
      assert_null(strstr(m, "10.0.0."));
    }
  assert_true(duo_count(&d, 0, "log") <= 21);
  duo_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hello_comes_first_and_once),
      cmocka_unit_test(test_another_protocol_is_refused_whatever_else_it_says),
      cmocka_unit_test(test_ids_and_errors_are_answered_to_the_letter),
      cmocka_unit_test(test_a_request_without_an_id_is_done_and_not_answered),
      cmocka_unit_test(test_a_long_method_of_many_bytes_is_quoted_in_whole_characters),
      cmocka_unit_test(test_a_frame_that_was_skipped_is_answered),
      cmocka_unit_test(test_the_network_is_told_and_its_changes),
      cmocka_unit_test(test_goodbye_is_the_last_frame_and_the_peers_channels_close),
      cmocka_unit_test(test_without_a_certificate_there_are_no_peers_yet),
      cmocka_unit_test(test_failures_are_logged_without_addresses_and_not_too_often),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
