/* channel.message: credits, pieces, frames. */
#include "base/base64.h"
#include "duo.h"

static size_t messages(const struct duo *d) {
  return duo_count(d, 1, "channel.message");
}

static const cJSON *message(const struct duo *d, size_t k) {
  return duo_event(d, 1, "channel.message", k);
}

static void test_credit_is_exact_and_pieces_are_marked(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  duo_text(&d, 0, 1, "ab\\u00e9");
  duo_text(&d, 0, 1, "");
  (void)duo_call(&d, 0, "channel.send", "\"channel\":1,\"base64\":\"AAECAw==\"");
  duo_run(&d, MONO_S);
  assert_int_equal(messages(&d), 0);
  static const struct {
    int grant;
    size_t total; /* messages after it */
    const char *key, *last;
    bool more;
  } rows[] = {
      {1, 1, "text", "a", true},      {2, 2, "text", "b", true},
      {1, 4, "text", "", false}, /* the rest, and the empty one */
      {3, 5, "base64", "AAEC", true}, {1, 6, "base64", "Aw==", false},
  };
  for (size_t i = 0; i < 5; i++) {
    duo_credit(&d, 1, 1, rows[i].grant);
    assert_int_equal(messages(&d), rows[i].total);
    const cJSON *m = message(&d, rows[i].total - 1);
    assert_string_equal(duo_string(m, rows[i].key), rows[i].last);
    assert_int_equal(cJSON_IsTrue(schema_get(m, "more")), rows[i].more);
  }
  for (size_t i = 0; i < 6; i++) assert_int_equal(duo_int(message(&d, i), "seq"), i);
  duo_end(&d);
}

static void test_the_first_grant_may_come_with_init(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, "{\"credit\":3}");
  duo_text(&d, 1, 1, "abcdef");
  assert_string_equal(duo_string(duo_event(&d, 0, "channel.message", 0), "text"), "abc");
  duo_credit(&d, 0, 1, 3);
  assert_string_equal(duo_string(duo_event(&d, 0, "channel.message", 1), "text"), "def");
  duo_end(&d);
}

static void test_nul_goes_both_ways(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  duo_text(&d, 0, 1, "\\u0000a\\u0000");
  assert_non_null(strstr(d.c[1].last, "\"text\":\"\\u0000a\\u0000\""));
  duo_text(&d, 0, 1, "\xee\x80\x80\\ud800\\u0000");
  assert_non_null(strstr(d.c[1].last, "\"text\":\"\xee\x80\x80\xef\xbf\xbd\\u0000\""));
  duo_end(&d);
}

/* Text of one unit, sent in pieces as it does not fit a frame when escaped; what came, unescaped,
 * is the same. */
static void test_text_is_cut_after_escaping_and_no_frame_is_too_large(void **state) {
  (void)state;
  static const struct {
    const char *escaped;
    size_t width;
  } units[] = {{"\\u0001", 1}, {"\\n", 1}, {"\xc3\xa9", 2}, {"\xf0\x9f\x98\x80", 4}, {"x", 1}};
  struct rpc_cfg cfg = duo_cfg;
  cfg.max_frame_out = 4096;
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    struct duo d;
    duo_begin(&d, &cfg, ",\"autoCredit\":1000000");
    for (int i = 0; i < 2; i++) (void)duo_call(&d, i, "peer.create", "%s", "");
    (void)duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"x\"");
    duo_connect(&d, 1, 1);
    d.c[1].largest = 0;
    size_t n = 20000, at = 0;
    struct text t = {0};
    text_add(&t, "\"channel\":1,\"text\":\"");
    for (size_t i = 0; i < n; i++) text_add(&t, units[u].escaped);
    text_add(&t, "\"");
    (void)duo_call(&d, 0, "channel.send", "%s", t.p);
    text_free(&t);
    duo_run(&d, 2 * MONO_S);
    assert_true(messages(&d) > 1);
    assert_true(d.c[1].largest <= 4096);
    for (size_t i = 0; i < messages(&d); i++) {
      size_t size = strlen(duo_string(message(&d, i), "text"));
      assert_int_equal(size % units[u].width, 0);
      assert_true(size > 0);
      at += size;
      assert_int_equal(cJSON_IsTrue(schema_get(message(&d, i), "more")), i + 1 < messages(&d));
      assert_int_equal(duo_int(message(&d, i), "seq"), i);
    }
    assert_int_equal(at, n * units[u].width);
    duo_end(&d);
  }
}

static void test_binary_pieces_are_whole_base64(void **state) {
  (void)state;
  struct rpc_cfg cfg = duo_cfg;
  cfg.max_frame_out = 4096;
  struct duo d;
  duo_begin(&d, &cfg, ",\"autoCredit\":1000000");
  duo_open(&d, NULL);
  uint8_t *bytes = calloc(1, 10000);
  char *params = calloc(1, 20000);
  assert_true(bytes && params);
  for (size_t i = 0; i < 10000; i++) bytes[i] = (uint8_t)(i * 7);
  int head = snprintf(params, 100, "\"channel\":1,\"base64\":\"");
  size_t n = base64_encode((struct bytes){bytes, 10000}, params + head);
  params[(size_t)head + n] = '"';
  (void)duo_call(&d, 0, "channel.send", "%s", params);
  duo_run(&d, 2 * MONO_S);
  size_t at = 0;
  for (size_t i = 0; i < messages(&d); i++) {
    const char *piece = duo_string(message(&d, i), "base64");
    uint8_t decoded[4096];
    size_t bad;
    assert_true(base64_decode(bytes_of(piece), decoded, &n, &bad));
    assert_memory_equal(decoded, bytes + at, n);
    at += n;
  }
  assert_int_equal(at, 10000);
  assert_int_equal(messages(&d), 4);
  free(bytes);
  free(params);
  duo_end(&d);
}

static void test_an_automatic_window_is_renewed_as_frames_are_written(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  char text[401];
  memset(text, 'x', 400);
  text[400] = '\0';
  for (int i = 0; i < 10; i++) duo_text(&d, 0, 1, text);
  assert_int_equal(messages(&d), 10); /* the client reads */
  d.c[1].deaf = true;
  for (int i = 0; i < 10; i++) duo_text(&d, 0, 1, text);
  duo_run(&d, 10 * MONO_S);
  assert_int_equal(messages(&d), 13); /* 400, 400 and a piece of 200 */
  assert_true(cJSON_IsTrue(schema_get(message(&d, 12), "more")));
  d.c[1].deaf = false;
  d.c[1].unwritten = 0;
  duo_run(&d, 10 * MONO_S);
  size_t sum = 0;
  for (size_t i = 0; i < messages(&d); i++) sum += strlen(duo_string(message(&d, i), "text"));
  assert_int_equal(sum, 8000);
  duo_end(&d);
}

static void test_a_frame_written_in_part_renews_nothing(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":10");
  duo_open(&d, NULL);
  d.c[1].deaf = true;
  duo_text(&d, 0, 1, "12345");
  duo_text(&d, 0, 1, "67890");
  duo_text(&d, 0, 1, "abcde");
  assert_int_equal(messages(&d), 2);
  size_t one = strlen(d.c[1].last) + 4;
  assert_int_equal(d.c[1].unwritten, 2 * one);
  d.c[1].unwritten = one + 1;
  duo_drain(&d, 1);
  assert_int_equal(messages(&d), 2);
  d.c[1].unwritten = one - 4; /* without its prefix, which the session does not know */
  duo_drain(&d, 1);
  assert_int_equal(messages(&d), 3);
  duo_end(&d);
}

static void test_a_deaf_client_pauses_all_messages(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  duo_credit(&d, 1, 1, 1 << 30);
  d.c[1].unwritten = (1 << 20) + 1;
  d.c[1].deaf = true;
  duo_drain(&d, 1);
  duo_text(&d, 0, 1, "waits");
  assert_int_equal(messages(&d), 0);
  d.c[1].unwritten = 1 << 19;
  duo_drain(&d, 1);
  assert_int_equal(messages(&d), 0);
  d.c[1].unwritten = (1 << 19) - 1;
  duo_drain(&d, 1);
  assert_int_equal(messages(&d), 1);
  duo_end(&d);
}

static void test_a_full_budget_stalls_the_peer_by_name(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  struct text t = {0};
  text_add(&t, "\"channel\":1,\"text\":\"");
  for (int i = 0; i < 20000; i++) text_add(&t, "0123456789");
  text_add(&t, "\"");
  for (int i = 0; i < 30; i++) (void)duo_call(&d, 0, "channel.send", "%s", t.p);
  duo_run(&d, 10 * MONO_S);
  assert_int_equal(duo_count(&d, 1, "peer.stalled"), 1);
  const cJSON *e = duo_event(&d, 1, "peer.stalled", 0);
  assert_int_equal(cJSON_GetArraySize(schema_get(e, "channels")), 1);
  assert_int_equal(schema_get(e, "channels")->child->valueint, 1);
  duo_credit(&d, 1, 1, 30 * 200000);
  duo_run(&d, 10 * MONO_S);
  assert_int_equal(messages(&d), 30);
  text_free(&t);
  duo_end(&d);
}

static void test_waiting_messages_come_before_closed(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  duo_text(&d, 0, 1, "last");
  (void)duo_call(&d, 0, "channel.close", "\"channel\":1");
  duo_run(&d, 5 * MONO_S);
  assert_int_equal(duo_count(&d, 1, "channel.closing"), 1);
  assert_int_equal(duo_count(&d, 1, "channel.closed"), 0);
  duo_credit(&d, 1, 1, 4);
  assert_int_equal(messages(&d), 1);
  assert_int_equal(duo_count(&d, 1, "channel.closed"), 1);
  assert_non_null(strstr(d.c[1].last, "channel.closed"));
  duo_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_credit_is_exact_and_pieces_are_marked),
      cmocka_unit_test(test_the_first_grant_may_come_with_init),
      cmocka_unit_test(test_nul_goes_both_ways),
      cmocka_unit_test(test_text_is_cut_after_escaping_and_no_frame_is_too_large),
      cmocka_unit_test(test_binary_pieces_are_whole_base64),
      cmocka_unit_test(test_an_automatic_window_is_renewed_as_frames_are_written),
      cmocka_unit_test(test_a_frame_written_in_part_renews_nothing),
      cmocka_unit_test(test_a_deaf_client_pauses_all_messages),
      cmocka_unit_test(test_a_full_budget_stalls_the_peer_by_name),
      cmocka_unit_test(test_waiting_messages_come_before_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
