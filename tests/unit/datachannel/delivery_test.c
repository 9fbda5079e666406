/* Messages as far as the credit goes. */
#include "pair.h"

static void test_nothing_is_delivered_without_credit(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_handle here = pair_open(&p, &there, NULL);
  pair_text(&p, 0, here, "hello");
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 0);
  pair_credit(&p, 1, there, 5);
  const struct said *m = end_said(&p.end[1], DC_EV_MESSAGE, 0);
  assert_non_null(m);
  assert_true(m->message.text);
  assert_memory_equal(m->message.data->data, "hello", 5);
  pair_end(&p);
}

/* What is sent, the grants one after the other, and the exact pieces that come of each. | ends a
 * message, + a piece with more to come. */
static const struct {
  const char *name;
  bool text;
  const char *sent[6];
  struct {
    uint64_t grant;
    const char *pieces;
  } steps[8];
} credit_rows[] = {
    {"whole", false, {"abc"}, {{3, "abc|"}}},
    {"byte by byte", false, {"abc"}, {{1, "a+"}, {1, "b+"}, {0, ""}, {1, "c|"}}},
    {"across messages", false, {"abc", "def"}, {{4, "abc|d+"}, {2, "ef|"}}},
    {"exactly a message and no more", false, {"abc", "def"}, {{3, "abc|"}, {3, "def|"}}},
    {"credit is kept for later", false, {"ab", "cd"}, {{100, "ab|cd|"}}},
    {"empty ones are free", false, {"", "", "a", "", "b"}, {{0, "||"}, {1, "a||"}, {1, "b|"}}},
    {"an empty one waits for its turn", false, {"ab", ""}, {{1, "a+"}, {1, "b||"}}},
    {"text is cut between code points",
     true,
     {"a\xc3\xa9"
      "b"},
     {{1, "a+"}, {1, ""}, {1, "\xc3\xa9+"}, {1, "b|"}}},
    {"four bytes", true, {"\xf0\x9f\x98\x80x"}, {{3, ""}, {2, "\xf0\x9f\x98\x80x|"}}},
    {"three at a time",
     true,
     {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
     {{3, ""}, {3, "\xf0\x9f\x98\x80+"}, {3, "\xf0\x9f\x98\x80|"}}},
    {"empty text keeps its place", true, {"", "x", ""}, {{0, "|"}, {1, "x||"}}},
};

static void pieces_since(const struct end *e, size_t from, char *to, size_t cap) {
  size_t n = 0;
  for (size_t i = from; i < e->n; i++) {
    const struct said *s = &e->log[i];
    if (s->kind != DC_EV_MESSAGE) continue;
    size_t size = s->message.data ? s->message.data->n : 0;
    assert_true(n + size + 2 < cap);
    if (size > 0) memcpy(to + n, s->message.data->data, size);
    n += size;
    to[n++] = s->message.more ? '+' : '|';
  }
  to[n] = '\0';
}

static void test_pieces_are_exactly_what_the_grants_allow(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof credit_rows / sizeof *credit_rows; i++) {
    struct pair p;
    dc_handle there;
    char pieces[64];
    uint64_t seq = 0;
    assert_int_equal(pair_begin(&p, NULL, false), 0);
    pair_start(&p);
    dc_handle here = pair_open(&p, &there, NULL);
    size_t from = p.end[1].n;
    for (size_t k = 0; k < 6 && credit_rows[i].sent[k]; k++)
      assert_int_equal(
          pair_send(&p, 0, here, credit_rows[i].text, bytes_of(credit_rows[i].sent[k]), NULL), 0);
    pair_run(&p, MONO_S);
    for (size_t k = 0; k < 8 && credit_rows[i].steps[k].pieces; k++) {
      pair_credit(&p, 1, there, credit_rows[i].steps[k].grant);
      pieces_since(&p.end[1], from, pieces, sizeof pieces);
      if (strcmp(pieces, credit_rows[i].steps[k].pieces) != 0)
        fail_msg("%s, step %zu: %s", credit_rows[i].name, k, pieces);
      from = p.end[1].n;
    }
    for (size_t k = 0; k < p.end[1].n; k++)
      if (p.end[1].log[k].kind == DC_EV_MESSAGE)
        assert_int_equal(p.end[1].log[k].message.seq, seq++);
    pair_end(&p);
  }
}

static void test_grants_add_up_to_2_to_the_53_less_1(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  const uint64_t most = ((uint64_t)1 << 53) - 1;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_handle here = pair_open(&p, &there, NULL);
  pair_credit(&p, 1, there, most);
  pair_credit(&p, 1, there, most);
  pair_credit(&p, 1, there, UINT64_MAX);
  pair_text(&p, 0, here, "abc");
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  struct fault f;
  assert_true(dc_credit(p.end[1].set, p.now, 999, 1, &f) < 0);
  assert_int_equal(f.reason, FAULT_UNKNOWN_CHANNEL);
  pair_end(&p);
}

static void test_a_large_message_comes_in_pieces_of_the_largest_size(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_set_max_piece(p.end[1].set, 30000);
  dc_set_initial_credit(p.end[1].set, 1 << 30);
  dc_handle here = pair_open(&p, &there, NULL);
  pair_zeros(&p, 0, here, 100000);
  pair_run(&p, MONO_S);
  static const size_t sizes[] = {30000, 30000, 30000, 10000};
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 4);
  for (size_t i = 0; i < 4; i++) {
    const struct said *m = end_said(&p.end[1], DC_EV_MESSAGE, i);
    assert_int_equal(m->message.data->n, sizes[i]);
    assert_int_equal(m->message.more, i < 3);
    assert_int_equal(m->message.seq, i);
  }
  pair_end(&p);
}

static void test_nothing_is_delivered_while_paused(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_set_initial_credit(p.end[1].set, 1 << 30);
  dc_handle here = pair_open(&p, &there, NULL);
  dc_set_paused(p.end[1].set, true);
  pair_text(&p, 0, here, "a");
  pair_text(&p, 0, here, "");
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 0);
  dc_set_paused(p.end[1].set, false);
  pair_pump(&p, 1);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 2);
  pair_end(&p);
}

static void test_channels_take_turns(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_handle a = pair_create(&p, 0, &pair_plain), b = pair_create(&p, 0, &pair_plain);
  pair_run(&p, 100 * MONO_MS);
  for (int i = 0; i < 3; i++) {
    pair_text(&p, 0, a, "a");
    pair_text(&p, 0, b, "b");
  }
  pair_run(&p, MONO_S);
  end_forget(&p.end[1]);
  dc_handle there[2] = {4, 3}; /* in the order they were announced: after the two that end 0 made */
  (void)dc_credit(p.end[1].set, p.now, there[1], 100, NULL);
  (void)dc_credit(p.end[1].set, p.now, there[0], 100, NULL);
  pair_pump(&p, 1);
  assert_int_equal(p.end[1].n, 6);
  for (size_t i = 1; i < 6; i++)
    assert_int_not_equal(p.end[1].log[i].channel, p.end[1].log[i - 1].channel);
  pair_end(&p);
}

/* --- invalid text ------------------------------------------------------------------------------
 */

static void bare_send(struct pair *p, uint16_t stream, uint32_t ppid, struct bytes b) {
  const struct sctp_send_info info = {.stream = stream, .ppid = ppid, .lifetime = MONO_NEVER};
  assert_int_equal(sctp_send(p->end[1].bare, p->now, &info, payload_copy(b)), 0);
  pair_pump(p, 1);
}

static void test_invalid_utf8_of_a_peer_is_repaired(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, true), 0);
  pair_start(&p);
  dc_set_initial_credit(p.end[0].set, 100);
  static const uint8_t open[] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};
  bare_send(&p, 1, DCEP_PPID_CONTROL, (struct bytes){open, sizeof open});
  bare_send(&p, 1, DCEP_PPID_TEXT, bytes_of("a\xff\xe2\x82z"));
  bare_send(&p, 1, DCEP_PPID_BINARY, bytes_of("\xff"));
  pair_run(&p, MONO_S);
  const struct said *m = end_said(&p.end[0], DC_EV_MESSAGE, 0);
  assert_non_null(m);
  assert_int_equal(m->message.data->n, 8);
  assert_memory_equal(m->message.data->data, "a\xef\xbf\xbd\xef\xbf\xbdz", 8);
  m = end_said(&p.end[0], DC_EV_MESSAGE, 1);
  assert_int_equal(m->message.data->n, 1);
  assert_int_equal(m->message.data->data[0], 0xff);
  struct sctp_stats stats;
  dc_sctp_stats(p.end[0].set, &stats);
  assert_int_equal(stats.receive_held, 0);
  pair_end(&p);
}

static void test_messages_of_no_channel_and_of_unknown_kind_are_dropped(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, true), 0);
  pair_start(&p);
  dc_set_initial_credit(p.end[0].set, 100);
  static const uint8_t open[] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};
  bare_send(&p, 3, DCEP_PPID_TEXT, bytes_of("nobody"));
  bare_send(&p, 1, DCEP_PPID_CONTROL, (struct bytes){open, sizeof open});
  bare_send(&p, 1, 99, bytes_of("what"));
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_MESSAGE), 0);
  assert_int_equal(end_count(&p.end[0], DC_EV_OPEN), 1);
  struct sctp_stats stats;
  dc_sctp_stats(p.end[0].set, &stats);
  assert_int_equal(stats.receive_held, 0);
  pair_end(&p);
}

/* --- the receive budget ------------------------------------------------------------------------
 */

static void send_many(struct pair *p, dc_handle h, size_t n) {
  for (size_t i = 0; i < n; i++) pair_zeros(p, 0, h, 50000);
  pair_run(p, 5 * MONO_S);
}

static void test_a_full_budget_is_told_once_and_credit_opens_it(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_handle here = pair_open(&p, &there, NULL);
  send_many(&p, here, 10); /* half of it */
  assert_int_equal(end_count(&p.end[1], DC_EV_STALLED), 0);
  send_many(&p, here, 30);
  assert_int_equal(end_count(&p.end[1], DC_EV_STALLED), 1);
  const struct said *s = end_said(&p.end[1], DC_EV_STALLED, 0);
  assert_int_equal(s->n_stalled, 1);
  assert_int_equal(s->stalled[0], there);
  size_t left = pair_info(&p, 0, here).buffered;
  assert_true(left > 40 * 50000 - pair_cfg.receive_budget - 50000); /* one may be half here */
  pair_run(&p, 60 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_STALLED), 1);
  assert_int_equal(pair_info(&p, 0, here).buffered, left);
  pair_credit(&p, 1, there, 40 * 50000);
  pair_run(&p, 5 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 40);
  assert_int_equal(pair_info(&p, 0, here).buffered, 0);
  send_many(&p, here, 40);
  assert_int_equal(end_count(&p.end[1], DC_EV_STALLED), 2);
  pair_end(&p);
}

static void test_only_channels_that_hold_the_budget_are_named(void **state) {
  (void)state;
  struct pair p;
  dc_handle there, other;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_handle here = pair_open(&p, &there, NULL);
  end_forget(&p.end[1]);
  dc_handle second = pair_open(&p, &other, NULL);
  pair_credit(&p, 1, other, 1 << 20);
  pair_text(&p, 0, second, "through");
  send_many(&p, here, 40);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  const struct said *s = end_said(&p.end[1], DC_EV_STALLED, 0);
  assert_non_null(s);
  assert_int_equal(s->n_stalled, 1);
  assert_int_equal(s->stalled[0], there);
  pair_end(&p);
}

static void test_tiny_messages_without_credit_stop_at_the_budget_too(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  struct dc_cfg cfg = pair_cfg;
  cfg.receive_budget = cfg.sctp.receive_window = 20000;
  cfg.sctp.max_message = cfg.max_send_message = 10000;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  pair_start(&p);
  dc_handle here = pair_open(&p, &there, NULL);
  for (int i = 0; i < 30000; i++) pair_text(&p, 0, here, "x");
  pair_run(&p, 20 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_STALLED), 1);
  assert_true(pair_info(&p, 0, here).buffered >= 10000);
  pair_credit(&p, 1, there, 30000);
  pair_run(&p, 20 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 30000);
  pair_end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_is_delivered_without_credit),
      cmocka_unit_test(test_pieces_are_exactly_what_the_grants_allow),
      cmocka_unit_test(test_grants_add_up_to_2_to_the_53_less_1),
      cmocka_unit_test(test_a_large_message_comes_in_pieces_of_the_largest_size),
      cmocka_unit_test(test_nothing_is_delivered_while_paused),
      cmocka_unit_test(test_channels_take_turns),
      cmocka_unit_test(test_invalid_utf8_of_a_peer_is_repaired),
      cmocka_unit_test(test_messages_of_no_channel_and_of_unknown_kind_are_dropped),
      cmocka_unit_test(test_a_full_budget_is_told_once_and_credit_opens_it),
      cmocka_unit_test(test_only_channels_that_hold_the_budget_are_named),
      cmocka_unit_test(test_tiny_messages_without_credit_stop_at_the_budget_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
