/* Every allocation of a conversation fails in turn: nothing crashes, nothing leaks, and the session
 * says goodbye where it would otherwise lose a frame. */
#include "duo.h"

static const struct {
  int side;
  const char *method, *params;
} script[] = {
    {0, "peer.create", "\"configuration\":{\"interfaces\":[\"eth0\"]}"},
    {1, "peer.create", ""},
    {0, "channel.create", "\"peer\":1,\"label\":\"x\\u0000\",\"init\":{\"credit\":10}"},
    {0, "peer.setLocalDescription", "\"peer\":1"},
    {0, "pass", NULL},
    {1, "peer.setLocalDescription", "\"peer\":1"},
    {1, "pass", NULL},
    {0, "channel.send", "\"channel\":1,\"text\":\"a\",\"more\":true"},
    {0, "channel.send", "\"channel\":1,\"text\":\"b\\n\""},
    {0, "channel.send", "\"channel\":1,\"base64\":\"AAAA\""},
    {1, "channel.credit", "\"channel\":1,\"bytes\":3"},
    {0, "peer.getStats", "\"peer\":1"},
    {0, "network.get", ""},
    {0, "channel.create", "\"peer\":1"},
    {0, "channel.close", "\"channel\":1"},
    {1, "peer.close", "\"peer\":1"},
};

static void play(struct duo *d) {
  if (duo_sessions(d, NULL) < 0) return;
  for (int i = 0; i < 2; i++) (void)duo_ask(d, i, "hello", DUO_HELLO ",\"autoCredit\":2");
  for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
    if (script[i].params)
      (void)duo_ask(d, script[i].side, script[i].method, script[i].params);
    else
      duo_pass(d, script[i].side, 1, 1);
    if (d->c[0].ended || d->c[1].ended) return;
    duo_run(d, 300 * MONO_MS);
  }
  for (int i = 0; i < 2; i++) {
    (void)rpc_session_end(d->c[i].s, d->now, "eof", 0);
    duo_drain(d, i);
  }
}

static void test_no_failed_allocation_crashes_or_leaks(void **state) {
  (void)state;
  size_t n = 0;
  for (bool hit = true; hit; n++) {
    struct duo d;
    duo_prepare(&d, true);
    fail_alloc_at(n);
    play(&d);
    hit = fail_alloc_hit();
    fail_alloc_never();
    if (!hit) {
      assert_true(d.c[0].ended && d.c[1].ended);
      assert_int_equal(duo_count(&d, 1, "channel.message"), 4);
    }
    duo_end(&d);
  }
  assert_true(n > 500);
}

static void test_a_call_is_answered_or_the_session_says_goodbye(void **state) {
  (void)state;
  static const char frame[] = "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"channel.create\","
                              "\"params\":{\"peer\":1,\"label\":\"\"}}";
  size_t errors = 0, goodbyes = 0;
  for (bool hit = true; hit;) {
    struct duo d;
    duo_begin(&d, NULL, NULL);
    (void)duo_call(&d, 0, "peer.create", "%s", "");
    fail_alloc_at(errors + goodbyes);
    (void)rpc_session_frame(d.c[0].s, d.now, bytes_of(frame));
    hit = fail_alloc_hit();
    fail_alloc_never();
    duo_drain(&d, 0);
    const cJSON *reply = schema_get(d.c[0].replies, "\"x\"");
    assert_true(reply != NULL || d.c[0].ended);
    if (hit && reply) {
      const cJSON *data = schema_get(schema_get(reply, "error"), "data");
      assert_string_equal(duo_string(data, "reason"), "out-of-memory");
    }
    if (d.c[0].ended)
      assert_string_equal(duo_string(duo_event(&d, 0, "goodbye", 0), "reason"), "out-of-memory");
    errors += hit && reply;
    goodbyes += hit && !reply;
    duo_end(&d);
  }
  assert_true(errors > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_failed_allocation_crashes_or_leaks),
      cmocka_unit_test(test_a_call_is_answered_or_the_session_says_goodbye),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
