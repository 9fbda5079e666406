/* channel.*: making, sending, closing. */
#include "duo.h"

static void test_a_channel_is_announced_with_all_it_was_made_with(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, "{\"ordered\":false,\"maxRetransmits\":3,\"protocol\":\"p\\u0000q\","
               "\"priority\":\"high\",\"unknown\":1}");
  const cJSON *e = duo_event(&d, 1, "peer.datachannel", 0);
  assert_non_null(e);
  assert_int_equal(duo_int(e, "channel"), 1);
  assert_string_equal(duo_string(e, "label"), "x");
  const cJSON *init = schema_get(e, "init");
  assert_true(cJSON_IsFalse(schema_get(init, "ordered")));
  assert_int_equal(duo_int(init, "maxRetransmits"), 3);
  assert_null(schema_get(init, "maxPacketLifeTime"));
  int id = duo_int(init, "id");
  for (int side = 0; side < 2; side++)
    assert_int_equal(duo_int(duo_event(&d, side, "channel.open", 0), "id"), id);
  duo_end(&d);
}

static void test_what_cannot_be_made_is_refused_with_its_field(void **state) {
  (void)state;
  static const struct {
    const char *params, *reason, *path;
  } rows[] = {
      {"\"label\":\"x\"", "invalid-params", "peer"},
      {"\"peer\":1", "invalid-params", "label"},
      {"\"peer\":1,\"label\":5", "invalid-params", "label"},
      {"\"peer\":1,\"label\":\"x\",\"init\":5", "invalid-params", "init"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"ordered\":1}", "invalid-params", "init.ordered"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"maxRetransmits\":65536}", "invalid-params",
       "init.maxRetransmits"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"maxPacketLifeTime\":-1}", "invalid-params",
       "init.maxPacketLifeTime"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"priority\":\"urgent\"}", "invalid-params",
       "init.priority"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"credit\":-1}", "invalid-params", "init.credit"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"id\":65536}", "invalid-params", "init.id"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"negotiated\":\"\"}", "invalid-params",
       "init.negotiated"},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"maxRetransmits\":1,\"maxPacketLifeTime\":1}",
       "type-error", NULL},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"negotiated\":true}", "type-error", NULL},
      {"\"peer\":1,\"label\":\"x\",\"init\":{\"negotiated\":true,\"id\":65535}", "type-error",
       NULL},
      {"\"peer\":2,\"label\":\"x\"", "unknown-peer", "peer"},
  };
  struct duo d;
  duo_begin(&d, NULL, NULL);
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    (void)duo_refused(&d, 0, "channel.create", rows[i].params, rows[i].reason, rows[i].path);
  assert_int_equal(
      duo_int(duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\""), "channel"),
      1); /* no number was used up */
  duo_end(&d);
}

static void test_channels_past_the_limit_are_too_many(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  (void)duo_call(&d, 0, "peer.create", "%s", "");
  for (int i = 0; i < 16; i++) (void)duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\"");
  const cJSON *e =
      duo_refused(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\"", "too-many", NULL);
  assert_int_equal(duo_int(schema_get(e, "data"), "limit"), 16);
  (void)duo_call(&d, 0, "channel.close", "\"channel\":3");
  assert_int_equal(
      duo_int(duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\""), "channel"), 17);
  duo_end(&d);
}

static void test_the_buffered_amount_is_what_was_sent_and_not_acknowledged(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  d.cut = true;
  static const struct {
    const char *params;
    int amount;
  } rows[] = {
      {"\"channel\":1,\"text\":\"abc\"", 3},
      {"\"channel\":1,\"text\":\"\\u00e9\\u0000\"", 6},
      {"\"channel\":1,\"base64\":\"AAAA\"", 9},
      {"\"channel\":1,\"base64\":\"AA==\"", 10},
      {"\"channel\":1,\"base64\":\"AAA=\"", 12},
      {"\"channel\":1,\"base64\":\"\"", 12},
      {"\"channel\":1,\"text\":\"\"", 12},
      {"\"channel\":1,\"text\":\"xy\",\"more\":true", 14},
      {"\"channel\":1,\"text\":\"z\",\"more\":true", 15},
      {"\"channel\":1,\"text\":\"\"", 15},
      {"\"channel\":1,\"text\":\"!\",\"more\":false", 16},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(
        duo_int(duo_call(&d, 0, "channel.send", "%s", rows[i].params), "bufferedAmount"),
        rows[i].amount);
  d.cut = false;
  duo_run(&d, 10 * MONO_S);
  assert_int_equal(
      duo_int(duo_call(&d, 0, "channel.send", "\"channel\":1,\"text\":\"\""), "bufferedAmount"), 0);
  duo_end(&d);
}

static void test_a_send_that_is_wrong_is_refused_and_the_next_goes(void **state) {
  (void)state;
  static const struct {
    const char *params, *reason, *path;
  } rows[] = {
      {"", "invalid-params", "channel"},
      {"\"channel\":0,\"text\":\"\"", "invalid-params", "channel"},
      {"\"channel\":2,\"text\":\"\"", "unknown-channel", "channel"},
      {"\"channel\":1", "invalid-params", "text"},
      {"\"channel\":1,\"text\":\"\",\"base64\":\"\"", "invalid-params", "base64"},
      {"\"channel\":1,\"text\":5", "invalid-params", "text"},
      {"\"channel\":1,\"base64\":null", "invalid-params", "base64"},
      {"\"channel\":1,\"text\":\"\",\"more\":1", "invalid-params", "more"},
      {"\"channel\":1,\"base64\":\"A\"", "invalid-params", "base64"},
      {"\"channel\":1,\"base64\":\"AAA\"", "invalid-params", "base64"},
      {"\"channel\":1,\"base64\":\"AA=A\"", "invalid-params", "base64"},
      {"\"channel\":1,\"base64\":\"=\"", "invalid-params", "base64"},
      {"\"channel\":1,\"base64\":\"====\"", "invalid-params", "base64"},
      {"\"channel\":1,\"base64\":\"AAA\\u0000\"", "invalid-params", "base64"},
      {"\"channel\":1,\"base64\":\"AAAA\\n\"", "invalid-params", "base64"},
  };
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000");
  duo_open(&d, NULL);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    (void)duo_refused(&d, 0, "channel.send", rows[i].params, rows[i].reason, rows[i].path);
    duo_text(&d, 0, 1, "good");
    assert_int_equal(duo_count(&d, 1, "channel.message"), i + 1);
  }
  duo_end(&d);
}

/* A message of n bytes, as text, in one piece. */
static char *text_of(size_t n, const char *rest) {
  char *params = malloc(n + 100);
  assert_non_null(params);
  int head = snprintf(params, 100, "\"channel\":1,\"text\":\"");
  memset(params + head, 'x', n);
  (void)snprintf(params + head + (int)n, 60, "\"%s", rest);
  return params;
}

static void test_the_largest_message_goes_and_one_more_byte_does_not(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000000");
  duo_open(&d, NULL);
  char *most = text_of(262144, ""), *over = text_of(262145, ""),
       *part = text_of(200000, ",\"more\":true");
  (void)duo_call(&d, 0, "channel.send", "%s", most);
  const cJSON *e = duo_refused(&d, 0, "channel.send", over, "message-too-large", NULL);
  assert_int_equal(duo_int(schema_get(e, "data"), "limit"), 262144);
  (void)duo_call(&d, 0, "channel.send", "%s", part);
  (void)duo_refused(&d, 0, "channel.send", part, "message-too-large", NULL);
  (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"rest\"", "invalid-state",
                    NULL);
  duo_text(&d, 0, 1, "after");
  duo_run(&d, MONO_S);
  assert_int_equal(duo_count(&d, 1, "channel.message"), 2);
  assert_string_equal(duo_string(duo_event(&d, 1, "channel.message", 1), "text"), "after");
  free(most);
  free(over);
  free(part);
  duo_end(&d);
}

static void test_base64_is_measured_by_what_it_stands_for(void **state) {
  (void)state;
  struct rpc_cfg cfg = duo_cfg;
  cfg.max_message_size = 1000;
  struct duo d;
  duo_begin(&d, &cfg, ",\"autoCredit\":1000000");
  duo_open(&d, NULL);
  char params[1500] = "\"channel\":1,\"base64\":\"";
  size_t head = strlen(params);
  memset(params + head, 'A', 1336); /* 1000 bytes: 333 times three, and one */
  (void)snprintf(params + head + 1334, 20, "==\"");
  (void)duo_call(&d, 0, "channel.send", "%s", params);
  (void)snprintf(params + head + 1334, 20, "A=\"");
  (void)duo_refused(&d, 0, "channel.send", params, "message-too-large", NULL);
  duo_end(&d);
}

static void test_a_message_with_a_bad_piece_is_given_up_whole(void **state) {
  (void)state;
  static const struct {
    const char *bad, *reason;
  } rows[] = {
      {"\"channel\":1,\"base64\":\"AAAA\",\"more\":true", "invalid-params"},
      {"\"channel\":1,\"text\":5,\"more\":true", "invalid-params"},
      {"\"channel\":1,\"more\":true", "invalid-params"},
  };
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000000");
  duo_open(&d, NULL);
  for (size_t i = 0; i < 3; i++) {
    (void)duo_call(&d, 0, "channel.send", "\"channel\":1,\"text\":\"a\",\"more\":true");
    (void)duo_refused(&d, 0, "channel.send", rows[i].bad, rows[i].reason, NULL);
    (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"b\",\"more\":true",
                      "invalid-state", NULL);
    (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"c\"", "invalid-state", NULL);
    duo_text(&d, 0, 1, "next");
    assert_int_equal(duo_count(&d, 1, "channel.message"), i + 1);
    assert_string_equal(duo_string(duo_event(&d, 1, "channel.message", i), "text"), "next");
  }
  duo_end(&d);
}

static void test_a_send_past_the_buffer_is_an_operation_error(void **state) {
  (void)state;
  struct rpc_cfg cfg = duo_cfg;
  cfg.max_buffered = 1000;
  struct duo d;
  duo_begin(&d, &cfg, NULL);
  duo_open(&d, NULL);
  d.cut = true;
  char *most = text_of(999, "");
  (void)duo_call(&d, 0, "channel.send", "%s", most);
  (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"ab\"", "operation-error",
                    NULL);
  assert_int_equal(
      duo_int(duo_call(&d, 0, "channel.send", "\"channel\":1,\"text\":\"a\""), "bufferedAmount"),
      1000);
  (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"a\",\"more\":true",
                    "operation-error", NULL);
  (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"\"", "invalid-state", NULL);
  free(most);
  duo_end(&d);
}

static void test_bufferedamountlow_follows_its_threshold(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, ",\"autoCredit\":1000000");
  duo_open(&d, NULL);
  (void)duo_call(&d, 0, "channel.setBufferedAmountLowThreshold", "\"channel\":1,\"bytes\":5");
  duo_text(&d, 0, 1, "12345");
  assert_int_equal(duo_count(&d, 0, "channel.bufferedamountlow"), 0);
  duo_text(&d, 0, 1, "123456");
  assert_int_equal(duo_count(&d, 0, "channel.bufferedamountlow"), 1);
  (void)duo_refused(&d, 0, "channel.setBufferedAmountLowThreshold", "\"channel\":1",
                    "invalid-params", "bytes");
  (void)duo_refused(&d, 0, "channel.setBufferedAmountLowThreshold",
                    "\"channel\":1,\"bytes\":9007199254740992", "invalid-params", "bytes");
  duo_end(&d);
}

static void test_a_closed_channel_is_known_until_its_peer_closes(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  (void)duo_call(&d, 0, "channel.send", "\"channel\":1,\"text\":\"half\",\"more\":true");
  (void)duo_call(&d, 0, "channel.close", "\"channel\":1");
  (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"\"", "invalid-state", NULL);
  duo_run(&d, MONO_S);
  assert_int_equal(duo_count(&d, 0, "channel.closed"), 1);
  assert_int_equal(duo_count(&d, 0, "channel.closing"), 0);
  assert_int_equal(duo_count(&d, 1, "channel.closing"), 1);
  assert_int_equal(duo_count(&d, 1, "channel.closed"), 1);
  for (int side = 0; side < 2; side++) {
    (void)duo_refused(&d, side, "channel.send", "\"channel\":1,\"text\":\"\"", "invalid-state",
                      NULL);
    (void)duo_call(&d, side, "channel.close", "\"channel\":1");
    (void)duo_call(&d, side, "channel.credit", "\"channel\":1,\"bytes\":5");
    (void)duo_call(&d, side, "channel.setBufferedAmountLowThreshold", "\"channel\":1,\"bytes\":5");
    (void)duo_call(&d, side, "peer.close", "\"peer\":1");
    (void)duo_refused(&d, side, "channel.close", "\"channel\":1", "unknown-channel", "channel");
  }
  duo_end(&d);
}

/* More than the layer below remembers. */
static void test_a_channel_closed_long_ago_is_still_known(void **state) {
  (void)state;
  struct duo d;
  duo_begin(&d, NULL, NULL);
  duo_open(&d, NULL);
  (void)duo_call(&d, 0, "channel.close", "\"channel\":1");
  for (int i = 0; i < 300; i++) {
    int h = duo_int(duo_call(&d, 0, "channel.create", "\"peer\":1,\"label\":\"\""), "channel");
    (void)duo_call(&d, 0, "channel.close", "\"channel\":%d", h);
    duo_run(&d, 50 * MONO_MS);
  }
  duo_run(&d, MONO_S);
  assert_int_equal(duo_count(&d, 0, "channel.closed"), 301);
  assert_int_equal(duo_count(&d, 1, "channel.closed"), 301);
  (void)duo_refused(&d, 0, "channel.send", "\"channel\":1,\"text\":\"\"", "invalid-state", NULL);
  (void)duo_call(&d, 0, "channel.close", "\"channel\":1");
  (void)duo_call(&d, 0, "channel.credit", "\"channel\":1,\"bytes\":5");
  (void)duo_call(&d, 0, "channel.setBufferedAmountLowThreshold", "\"channel\":1,\"bytes\":5");
  (void)duo_call(&d, 0, "peer.getStats", "\"peer\":1");
  duo_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_channel_is_announced_with_all_it_was_made_with),
      cmocka_unit_test(test_what_cannot_be_made_is_refused_with_its_field),
      cmocka_unit_test(test_channels_past_the_limit_are_too_many),
      cmocka_unit_test(test_the_buffered_amount_is_what_was_sent_and_not_acknowledged),
      cmocka_unit_test(test_a_send_that_is_wrong_is_refused_and_the_next_goes),
      cmocka_unit_test(test_the_largest_message_goes_and_one_more_byte_does_not),
      cmocka_unit_test(test_base64_is_measured_by_what_it_stands_for),
      cmocka_unit_test(test_a_message_with_a_bad_piece_is_given_up_whole),
      cmocka_unit_test(test_a_send_past_the_buffer_is_an_operation_error),
      cmocka_unit_test(test_bufferedamountlow_follows_its_threshold),
      cmocka_unit_test(test_a_closed_channel_is_known_until_its_peer_closes),
      cmocka_unit_test(test_a_channel_closed_long_ago_is_still_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
