/* Channels are made: ids, negotiation, limits, and what a peer may get wrong. */
#include "datachannel/internal.h"
#include "pair.h"

static const struct dc_init *negotiated(struct dc_init *to, int32_t id) {
  *to = pair_plain;
  to->negotiated = true;
  to->id = id;
  return to;
}

static void test_ids_are_even_for_the_client_and_odd_for_the_server(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  dc_handle early[2];
  for (int k = 0; k < 2; k++) early[k] = pair_create(&p, k, &pair_plain);
  assert_int_equal(pair_info(&p, 0, early[0]).id, -1);
  pair_start(&p);
  for (int k = 0; k < 3; k++) {
    (void)pair_create(&p, 0, &pair_plain);
    (void)pair_create(&p, 1, &pair_plain);
  }
  pair_run(&p, MONO_S);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(end_count(&p.end[i], DC_EV_OPEN), 8);
    assert_int_equal(end_count(&p.end[i], DC_EV_INCOMING), 4);
    assert_int_equal(pair_info(&p, i, early[i]).id, i);
    for (size_t k = 0; k < 8; k++) {
      const struct said *s = end_said(&p.end[i], DC_EV_OPEN, k);
      assert_int_equal(s->id % 2, pair_info(&p, i, s->channel).incoming ? 1 - i : i);
    }
  }
  pair_end(&p);
}

static void test_the_peer_is_told_all_of_a_channel(void **state) {
  (void)state;
  static const struct {
    bool ordered;
    int32_t retransmits, lifetime;
    uint16_t priority;
  } rows[] = {{true, -1, -1, 0}, {false, 0, -1, 128}, {true, -1, 3000, 1024}, {false, 7, -1, 512}};
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  for (size_t i = 0; i < 4; i++) {
    struct dc_init init = pair_plain;
    init.ordered = rows[i].ordered;
    init.max_retransmits = rows[i].retransmits;
    init.max_lifetime_ms = rows[i].lifetime;
    init.priority = rows[i].priority;
    init.label = bytes_of("caf\xc3\xa9");
    (void)pair_create(&p, 0, &init);
  }
  pair_run(&p, MONO_S);
  for (size_t i = 0; i < 4; i++) {
    const struct said *s = NULL; /* the more urgent ones come first */
    for (size_t k = 0; k < 4 && (!s || s->init.id != (int32_t)(2 * i)); k++)
      s = end_said(&p.end[1], DC_EV_INCOMING, k);
    assert_non_null(s);
    assert_int_equal(s->init.ordered, rows[i].ordered);
    assert_int_equal(s->init.max_retransmits, rows[i].retransmits);
    assert_int_equal(s->init.max_lifetime_ms, rows[i].lifetime);
    assert_int_equal(s->init.priority, rows[i].priority ? rows[i].priority : 256);
    assert_string_equal(s->label, "caf\xc3\xa9");
    assert_false(s->init.negotiated);
    assert_int_equal(s->init.id, 2 * i);
  }
  pair_end(&p);
}

static void test_incoming_comes_before_open_and_open_before_messages(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  dc_handle here = pair_create(&p, 0, &pair_plain);
  dc_set_initial_credit(p.end[1].set, 100);
  pair_start(&p);
  pair_text(&p, 0, here, "at once");
  pair_run(&p, MONO_S);
  assert_int_equal(p.end[1].n, 4);
  static const enum dc_event_kind order[] = {DC_EV_ASSOCIATED, DC_EV_INCOMING, DC_EV_OPEN,
                                             DC_EV_MESSAGE};
  for (size_t i = 0; i < 4; i++) assert_int_equal(p.end[1].log[i].kind, order[i]);
  pair_end(&p);
}

static void test_a_negotiated_channel_opens_without_a_word(void **state) {
  (void)state;
  struct pair p;
  struct dc_init init;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  dc_handle a = pair_create(&p, 0, negotiated(&init, 7)),
            b = pair_create(&p, 1, negotiated(&init, 7));
  assert_int_equal(pair_info(&p, 0, a).id, 7);
  pair_start(&p);
  assert_int_equal(pair_info(&p, 0, a).state, DC_OPEN);
  assert_int_equal(end_count(&p.end[1], DC_EV_INCOMING), 0);
  pair_credit(&p, 1, b, 100);
  pair_text(&p, 0, a, "hi");
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  pair_end(&p);
}

static void test_automatic_ids_step_around_negotiated_ones(void **state) {
  (void)state;
  struct pair p;
  struct dc_init init;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  (void)pair_create(&p, 0, negotiated(&init, 0));
  (void)pair_create(&p, 0, negotiated(&init, 2));
  dc_handle h = pair_create(&p, 0, &pair_plain);
  pair_start(&p);
  assert_int_equal(pair_info(&p, 0, h).id, 4);
  pair_end(&p);
}

static void test_what_the_w3c_forbids_is_refused_by_its_reason(void **state) {
  (void)state;
  char *huge = calloc(1, 65536);
  assert_non_null(huge);
  memset(huge, 'x', 65536);
  struct dc_init rows[7];
  static const enum fault_reason reasons[7] = {
      FAULT_TYPE_ERROR, FAULT_TYPE_ERROR, FAULT_TYPE_ERROR,      FAULT_TYPE_ERROR,
      FAULT_TYPE_ERROR, FAULT_TYPE_ERROR, FAULT_OPERATION_ERROR,
  };
  for (size_t i = 0; i < 7; i++) rows[i] = pair_plain;
  rows[0].label = (struct bytes){(uint8_t *)huge, 65536};
  rows[1].protocol = (struct bytes){(uint8_t *)huge, 65536};
  rows[2].max_retransmits = rows[2].max_lifetime_ms = 0;
  (void)negotiated(&rows[3], -1);
  (void)negotiated(&rows[4], 65535);
  (void)negotiated(&rows[5], 65536);
  (void)negotiated(&rows[6], 9);
  struct pair p;
  struct dc_init nine;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  (void)pair_create(&p, 0, negotiated(&nine, 9));
  for (size_t i = 0; i < 7; i++) {
    struct fault f = {0};
    assert_true(dc_create(p.end[0].set, p.now, 50, &rows[i], &f) < 0);
    assert_int_equal(f.reason, reasons[i]);
    struct dc_info info;
    assert_false(dc_info(p.end[0].set, 50, &info));
  }
  rows[0].label.n = rows[0].protocol.n = 65535;
  rows[0].protocol.p = rows[0].label.p;
  (void)pair_create(&p, 0, &rows[0]);
  (void)pair_create(&p, 0, negotiated(&nine, 65534));
  pair_start(&p);
  assert_int_equal(end_count(&p.end[1], DC_EV_INCOMING), 1);
  pair_end(&p);
  free(huge);
}

static void test_as_many_channels_as_the_limit_and_not_one_more(void **state) {
  (void)state;
  struct pair p;
  struct fault f = {0};
  struct dc_cfg cfg = pair_cfg;
  cfg.max_channels = 5;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  dc_handle h[5];
  for (int i = 0; i < 5; i++) h[i] = pair_create(&p, 0, &pair_plain);
  assert_true(dc_create(p.end[0].set, p.now, 50, &pair_plain, &f) < 0);
  assert_int_equal(f.reason, FAULT_TOO_MANY);
  assert_int_equal(dc_close(p.end[0].set, p.now, h[0], NULL), 0);
  (void)pair_create(&p, 0, &pair_plain);
  pair_start(&p);
  /* the peer's sixth: refused, which its maker sees */
  p.end[1].set->cfg.max_channels = 6;
  dc_handle late = pair_create(&p, 1, &pair_plain);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_INCOMING), 0);
  assert_int_equal(pair_info(&p, 1, late).state, DC_CLOSED);
  pair_end(&p);
}

static void test_streams_run_out_at_what_sctp_agreed_on(void **state) {
  (void)state;
  struct pair p;
  struct fault f = {0};
  struct dc_init init;
  struct dc_cfg cfg = pair_cfg;
  cfg.sctp.max_streams = 6;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  dc_handle late = pair_create(&p, 0, negotiated(&init, 6));
  pair_start(&p);
  assert_int_equal(pair_info(&p, 0, late).state, DC_CLOSED);
  assert_int_equal(end_said(&p.end[0], DC_EV_ERROR, 0)->fault.reason, FAULT_OPERATION_ERROR);
  assert_true(dc_create(p.end[0].set, p.now, 50, negotiated(&init, 6), &f) < 0);
  assert_int_equal(f.reason, FAULT_OPERATION_ERROR);
  dc_handle h = 0;
  for (int i = 0; i < 3; i++) h = pair_create(&p, 0, &pair_plain);
  assert_int_equal(pair_info(&p, 0, h).id, 4);
  assert_true(dc_create(p.end[0].set, p.now, 50, &pair_plain, &f) < 0);
  assert_int_equal(f.reason, FAULT_OPERATION_ERROR);
  pair_run(&p, MONO_S);
  assert_int_equal(dc_close(p.end[0].set, p.now, h, NULL), 0);
  pair_run(&p, MONO_S);
  assert_int_equal(pair_info(&p, 0, pair_create(&p, 0, &pair_plain)).id, 4);
  pair_end(&p);
}

/* --- a peer that is no browser -----------------------------------------------------------------
 */

static void bare_send(struct pair *p, uint16_t stream, uint32_t ppid, const void *bytes, size_t n) {
  const struct sctp_send_info info = {.stream = stream, .ppid = ppid, .lifetime = MONO_NEVER};
  assert_int_equal(sctp_send(p->end[1].bare, p->now, &info,
                             payload_copy((struct bytes){(const uint8_t *)bytes, n})),
                   0);
  pair_run(p, 100 * MONO_MS);
}

static const uint8_t open_x[] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};

static void test_a_bad_open_is_answered_with_a_reset(void **state) {
  (void)state;
  static const uint8_t cut[] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 'x'};
  static const uint8_t type[] = {3, 7, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, true), 0);
  pair_start(&p);
  bare_send(&p, 1, DCEP_PPID_CONTROL, cut, sizeof cut);
  bare_send(&p, 3, DCEP_PPID_CONTROL, type, sizeof type);
  bare_send(&p, 5, DCEP_PPID_CONTROL, open_x, 1);
  bare_send(&p, 7, DCEP_PPID_CONTROL, "\x09", 1); /* no channel: nothing to close */
  bare_send(&p, 7, DCEP_PPID_CONTROL, "\x02", 1);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_INCOMING), 0);
  assert_int_equal(p.end[1].n_resets, 3);
  for (size_t i = 0; i < 3; i++) assert_int_equal(p.end[1].resets[i], 2 * i + 1);
  pair_end(&p);
}

static void test_an_open_on_a_stream_in_use_ends_that_channel(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, true), 0);
  pair_start(&p);
  bare_send(&p, 1, DCEP_PPID_CONTROL, open_x, sizeof open_x);
  assert_int_equal(end_count(&p.end[0], DC_EV_OPEN), 1);
  bare_send(&p, 1, DCEP_PPID_CONTROL, open_x, sizeof open_x);
  assert_int_equal(end_count(&p.end[0], DC_EV_ERROR), 1);
  assert_int_equal(end_count(&p.end[0], DC_EV_CLOSED), 1);
  assert_int_equal(end_count(&p.end[0], DC_EV_OPEN), 1);
  pair_end(&p);
}

static void test_an_unknown_control_message_ends_its_channel(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, true), 0);
  pair_start(&p);
  bare_send(&p, 1, DCEP_PPID_CONTROL, open_x, sizeof open_x);
  bare_send(&p, 1, DCEP_PPID_CONTROL, "\x63", 1);
  const struct said *s = end_said(&p.end[0], DC_EV_ERROR, 0);
  assert_non_null(s);
  assert_int_equal(s->fault.reason, FAULT_OPERATION_ERROR);
  assert_int_equal(end_count(&p.end[0], DC_EV_CLOSED), 1);
  assert_int_equal(p.end[1].n_resets, 1);
  pair_end(&p);
}

static void test_messages_are_ordered_until_the_peer_has_acknowledged(void **state) {
  (void)state;
  struct pair p;
  struct dc_init init = pair_plain;
  init.ordered = false;
  assert_int_equal(pair_begin(&p, NULL, true), 0);
  pair_start(&p);
  dc_handle h = pair_create(&p, 0, &init);
  pair_run(&p, 100 * MONO_MS);
  /* RFC 8832 section 6: no message may overtake the OPEN */
  pair_text(&p, 0, h, "first");
  bare_send(&p, 0, DCEP_PPID_CONTROL, "\x02", 1);
  pair_text(&p, 0, h, "second");
  pair_run(&p, 100 * MONO_MS);
  assert_int_equal(p.end[1].n_unordered, 3);
  assert_false(p.end[1].unordered[0] || p.end[1].unordered[1]);
  assert_true(p.end[1].unordered[2]);
  pair_end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ids_are_even_for_the_client_and_odd_for_the_server),
      cmocka_unit_test(test_the_peer_is_told_all_of_a_channel),
      cmocka_unit_test(test_incoming_comes_before_open_and_open_before_messages),
      cmocka_unit_test(test_a_negotiated_channel_opens_without_a_word),
      cmocka_unit_test(test_automatic_ids_step_around_negotiated_ones),
      cmocka_unit_test(test_what_the_w3c_forbids_is_refused_by_its_reason),
      cmocka_unit_test(test_as_many_channels_as_the_limit_and_not_one_more),
      cmocka_unit_test(test_streams_run_out_at_what_sctp_agreed_on),
      cmocka_unit_test(test_a_bad_open_is_answered_with_a_reset),
      cmocka_unit_test(test_an_open_on_a_stream_in_use_ends_that_channel),
      cmocka_unit_test(test_an_unknown_control_message_ends_its_channel),
      cmocka_unit_test(test_messages_are_ordered_until_the_peer_has_acknowledged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
