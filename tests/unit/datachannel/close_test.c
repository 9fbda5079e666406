/* Channels and associations end. */
#include "datachannel/internal.h"
#include "pair.h"

static void start(struct pair *p, dc_handle *here, dc_handle *there) {
  assert_int_equal(pair_begin(p, NULL, false), 0);
  pair_start(p);
  *here = pair_open(p, there, NULL);
}

static void test_a_close_is_seen_by_both_and_what_was_sent_comes_first(void **state) {
  (void)state;
  struct pair p;
  dc_handle h[2];
  for (int side = 0; side < 2; side++) {
    start(&p, &h[0], &h[1]);
    pair_credit(&p, 1 - side, h[1 - side], 1 << 20);
    for (int i = 0; i < 20; i++) pair_zeros(&p, side, h[side], 5000);
    assert_int_equal(dc_close(p.end[side].set, p.now, h[side], NULL), 0);
    assert_int_equal(pair_info(&p, side, h[side]).state, DC_CLOSING);
    pair_run(&p, MONO_S);
    const struct end *other = &p.end[1 - side];
    assert_int_equal(end_count(other, DC_EV_MESSAGE), 20);
    assert_int_equal(other->log[other->n - 2].kind, DC_EV_CLOSING);
    assert_int_equal(other->log[other->n - 1].kind, DC_EV_CLOSED);
    assert_int_equal(end_count(&p.end[side], DC_EV_CLOSED), 1);
    assert_int_equal(end_count(&p.end[side], DC_EV_CLOSING), 0);
    assert_int_equal(end_count(&p.end[0], DC_EV_ERROR) + end_count(&p.end[1], DC_EV_ERROR), 0);
    for (int i = 0; i < 2; i++) assert_int_equal(pair_info(&p, i, h[i]).state, DC_CLOSED);
    pair_end(&p);
  }
}

static void test_both_may_close_at_once_and_again(void **state) {
  (void)state;
  struct pair p;
  dc_handle h[2];
  start(&p, &h[0], &h[1]);
  for (int i = 0; i < 2; i++)
    for (int twice = 0; twice < 2; twice++)
      assert_int_equal(dc_close(p.end[i].set, p.now, h[i], NULL), 0);
  pair_run(&p, MONO_S);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(end_count(&p.end[i], DC_EV_CLOSED), 1);
    assert_int_equal(dc_close(p.end[i].set, p.now, h[i], NULL), 0);
  }
  pair_run(&p, MONO_S);
  for (int i = 0; i < 2; i++) assert_int_equal(end_count(&p.end[i], DC_EV_CLOSED), 1);
  struct fault f;
  assert_true(dc_close(p.end[0].set, p.now, 777, &f) < 0);
  assert_int_equal(f.reason, FAULT_UNKNOWN_CHANNEL);
  pair_end(&p);
}

static void test_waiting_messages_come_before_closed(void **state) {
  (void)state;
  struct pair p;
  dc_handle h[2];
  start(&p, &h[0], &h[1]);
  pair_text(&p, 0, h[0], "abc");
  pair_text(&p, 0, h[0], "");
  assert_int_equal(dc_close(p.end[0].set, p.now, h[0], NULL), 0);
  pair_run(&p, 10 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_CLOSING), 1);
  assert_int_equal(end_count(&p.end[1], DC_EV_CLOSED), 0);
  pair_credit(&p, 1, h[1], 2);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  assert_int_equal(end_count(&p.end[1], DC_EV_CLOSED), 0);
  pair_credit(&p, 1, h[1], 1);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 3);
  assert_int_equal(p.end[1].log[p.end[1].n - 1].kind, DC_EV_CLOSED);
  pair_end(&p);
}

static void test_a_connecting_channel_closes_at_once(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  dc_handle h = pair_create(&p, 0, &pair_plain);
  assert_int_equal(dc_close(p.end[0].set, p.now, h, NULL), 0);
  pair_pump(&p, 0);
  assert_int_equal(end_count(&p.end[0], DC_EV_CLOSED), 1);
  pair_start(&p);
  assert_int_equal(end_count(&p.end[0], DC_EV_OPEN), 0);
  assert_int_equal(end_count(&p.end[1], DC_EV_INCOMING), 0);
  pair_end(&p);
}

static void test_a_stream_is_used_again_after_a_close(void **state) {
  (void)state;
  struct pair p;
  struct dc_cfg cfg = pair_cfg;
  cfg.sctp.max_streams = 2;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  pair_start(&p);
  dc_set_initial_credit(p.end[1].set, 1 << 20);
  for (int i = 0; i < 20; i++) {
    dc_handle there;
    end_forget(&p.end[1]);
    dc_handle here = pair_open(&p, &there, NULL);
    assert_int_equal(pair_info(&p, 0, here).id, 0);
    pair_text(&p, 0, here, "again");
    assert_int_equal(dc_close(p.end[i % 2].set, p.now, i % 2 ? there : here, NULL), 0);
    pair_run(&p, 200 * MONO_MS);
    assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
    assert_int_equal(end_count(&p.end[1], DC_EV_CLOSED), 1);
  }
  pair_end(&p);
}

static void test_closing_the_set_closes_the_peers_channels_cleanly(void **state) {
  (void)state;
  struct pair p;
  dc_handle h[2];
  struct fault f = {0};
  start(&p, &h[0], &h[1]);
  dc_set_close(p.end[0].set, p.now);
  dc_set_close(p.end[0].set, p.now);
  pair_run(&p, MONO_S);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(end_count(&p.end[i], DC_EV_CLOSED), 1);
    assert_int_equal(end_count(&p.end[i], DC_EV_ERROR), 0);
    const struct said *down = end_said(&p.end[i], DC_EV_DOWN, 0);
    assert_non_null(down);
    assert_int_equal(down->fault.reason, FAULT_NONE);
    assert_true(dc_create(p.end[i].set, p.now, 60, &pair_plain, &f) < 0);
    assert_int_equal(f.reason, FAULT_INVALID_STATE);
  }
  pair_end(&p);
}

static void test_an_association_that_times_out_ends_its_channels_with_an_error(void **state) {
  (void)state;
  struct pair p;
  dc_handle h[2];
  start(&p, &h[0], &h[1]);
  pair_text(&p, 1, h[1], "kept here");
  pair_run(&p, MONO_S);
  p.cut = true;
  pair_text(&p, 0, h[0], "lost");
  pair_run(&p, 600 * MONO_S);
  const struct said *down = end_said(&p.end[0], DC_EV_DOWN, 0);
  assert_non_null(down);
  assert_int_equal(down->fault.reason, FAULT_OPERATION_ERROR);
  assert_int_equal(end_count(&p.end[0], DC_EV_CLOSED), 0); /* a message waits */
  pair_credit(&p, 0, h[0], 100);
  assert_int_equal(end_count(&p.end[0], DC_EV_MESSAGE), 1);
  assert_int_equal(end_count(&p.end[0], DC_EV_ERROR), 1);
  assert_int_equal(p.end[0].log[p.end[0].n - 1].kind, DC_EV_CLOSED);
  assert_int_equal(end_said(&p.end[0], DC_EV_ERROR, 0)->fault.reason, FAULT_OPERATION_ERROR);
  pair_end(&p);
}

/* Opened and closed without end, by either side: what is kept of it stays small. */
static void test_five_thousand_channels_are_opened_and_closed(void **state) {
  (void)state;
  struct pair p;
  struct dc_cfg cfg = pair_cfg;
  cfg.max_channels = 600;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  pair_start(&p);
  size_t opened = 0;
  for (int round = 0; round < 10; round++) {
    dc_handle first = p.next;
    for (int i = 0; i < 500; i++) {
      struct dc_init init = pair_plain;
      init.label = bytes_of("round");
      (void)pair_create(&p, round % 2, &init);
    }
    pair_run(&p, 2 * MONO_S);
    assert_int_equal(end_count(&p.end[1 - round % 2], DC_EV_INCOMING), 500);
    for (dc_handle h = first; h < first + 500; h++)
      assert_int_equal(dc_close(p.end[round % 2].set, p.now, h, NULL), 0);
    pair_run(&p, 5 * MONO_S);
    for (int i = 0; i < 2; i++) {
      assert_int_equal(end_count(&p.end[i], DC_EV_CLOSED), 500);
      assert_int_equal(end_count(&p.end[i], DC_EV_ERROR), 0);
      assert_int_equal(p.end[i].set->by_handle.n, DC_CLOSED_KEPT);
      assert_int_equal(p.end[i].set->held, 0);
      opened += end_count(&p.end[i], DC_EV_OPEN);
      end_forget(&p.end[i]);
    }
  }
  assert_int_equal(opened, 10000);
  pair_end(&p);
}

/* Label and protocol of 65,535 bytes each, one byte never taken, closed again: over and over. */
static void test_a_peer_cannot_pile_up_names(void **state) {
  (void)state;
  struct pair p;
  static uint8_t name[65535];
  struct dc_cfg cfg = pair_cfg;
  cfg.max_channels = 1000;
  memset(name, 'x', sizeof name);
  struct dc_init init = pair_plain;
  init.label = init.protocol = (struct bytes){name, sizeof name};
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  pair_start(&p);
  size_t most = 0;
  for (int i = 0; i < 40; i++) {
    dc_handle h = pair_create(&p, 0, &init);
    (void)dc_send(p.end[0].set, p.now, h, false, payload_copy(bytes_of("1")), NULL);
    pair_run(&p, 2 * MONO_S);
    if (i < 20) (void)dc_close(p.end[0].set, p.now, h, NULL);
    pair_run(&p, 2 * MONO_S);
    if (p.end[1].set->peer_names > most) most = p.end[1].set->peer_names;
  }
  assert_true(most > 0 && most <= DC_PEER_NAMES_MAX);
  /* 20 that closed with a byte undelivered keep no name; of the 20 others 8 fit */
  assert_int_equal(p.end[1].set->peer_names, 8 * 2 * sizeof name);
  assert_int_equal(p.end[1].set->held, 28);
  pair_end(&p);
}

static void test_undelivered_channels_count_until_they_are_told(void **state) {
  (void)state;
  struct pair p;
  struct dc_cfg cfg = pair_cfg;
  cfg.max_channels = 5;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  pair_start(&p);
  for (int i = 0; i < 20; i++) {
    dc_handle h = pair_create(&p, 0, &pair_plain);
    (void)dc_send(p.end[0].set, p.now, h, false, payload_copy(bytes_of("1")), NULL);
    pair_run(&p, 2 * MONO_S);
    (void)dc_close(p.end[0].set, p.now, h, NULL);
    pair_run(&p, 2 * MONO_S);
  }
  assert_int_equal(p.end[1].set->held, 5);
  assert_int_equal(end_count(&p.end[1], DC_EV_INCOMING), 5);
  pair_end(&p);
}

static void test_no_channel_is_announced_while_paused(void **state) {
  (void)state;
  struct pair p;
  char label[2] = "a";
  struct dc_init init = pair_plain;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_set_paused(p.end[1].set, true);
  for (int i = 0; i < 150; i++) {
    label[0] = (char)('a' + i % 26);
    init.label = bytes_of(label);
    dc_handle h = pair_create(&p, 0, &init);
    pair_run(&p, MONO_S);
    if (i % 2) (void)dc_close(p.end[0].set, p.now, h, NULL);
  }
  pair_run(&p, 2 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_INCOMING), 0);
  assert_int_equal(p.end[1].set->held, pair_cfg.max_channels);
  dc_set_paused(p.end[1].set, false);
  pair_pump(&p, 1);
  assert_int_equal(end_count(&p.end[1], DC_EV_INCOMING), pair_cfg.max_channels);
  size_t n = 0;
  for (size_t i = 0; i < p.end[1].n; i++)
    if (p.end[1].log[i].kind == DC_EV_INCOMING)
      assert_int_equal(p.end[1].log[i].label[0], 'a' + n++ % 26); /* in their order */
  pair_end(&p);
}

static void test_a_closed_channel_keeps_its_name_only_if_it_is_short(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  char long_label[300];
  memset(long_label, 'x', sizeof long_label);
  struct dc_init init = pair_plain;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  init.label = bytes_of("short");
  dc_handle a = pair_open(&p, &there, &init);
  init.label = (struct bytes){(uint8_t *)long_label, sizeof long_label};
  dc_handle b = pair_open(&p, &there, &init);
  assert_int_equal(dc_close(p.end[0].set, p.now, a, NULL), 0);
  assert_int_equal(dc_close(p.end[0].set, p.now, b, NULL), 0);
  pair_run(&p, MONO_S);
  assert_int_equal(pair_info(&p, 0, a).init.label.n, 5);
  assert_int_equal(pair_info(&p, 0, b).init.label.n, 0);
  assert_int_equal(pair_info(&p, 0, b).state, DC_CLOSED);
  pair_end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_close_is_seen_by_both_and_what_was_sent_comes_first),
      cmocka_unit_test(test_both_may_close_at_once_and_again),
      cmocka_unit_test(test_waiting_messages_come_before_closed),
      cmocka_unit_test(test_a_connecting_channel_closes_at_once),
      cmocka_unit_test(test_a_stream_is_used_again_after_a_close),
      cmocka_unit_test(test_closing_the_set_closes_the_peers_channels_cleanly),
      cmocka_unit_test(test_an_association_that_times_out_ends_its_channels_with_an_error),
      cmocka_unit_test(test_five_thousand_channels_are_opened_and_closed),
      cmocka_unit_test(test_a_peer_cannot_pile_up_names),
      cmocka_unit_test(test_undelivered_channels_count_until_they_are_told),
      cmocka_unit_test(test_no_channel_is_announced_while_paused),
      cmocka_unit_test(test_a_closed_channel_keeps_its_name_only_if_it_is_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
