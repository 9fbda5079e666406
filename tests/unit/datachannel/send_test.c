/* Sending, what is buffered, and the threshold. */
#include "datachannel/internal.h"
#include "pair.h"

static void start(struct pair *p, dc_handle *here, dc_handle *there) {
  assert_int_equal(pair_begin(p, NULL, false), 0);
  pair_start(p);
  dc_set_initial_credit(p->end[1].set, 1 << 30);
  *here = pair_open(p, there, NULL);
}

static void test_every_kind_of_message_arrives_as_what_it_was(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  start(&p, &here, &there);
  static const struct {
    bool text;
    const char *bytes;
  } rows[] = {{true, "text"}, {false, "binary"}, {true, ""}, {false, ""}, {true, "after"}};
  for (size_t i = 0; i < 5; i++)
    assert_int_equal(pair_send(&p, 0, here, rows[i].text, bytes_of(rows[i].bytes), NULL), 0);
  pair_run(&p, MONO_S);
  for (size_t i = 0; i < 5; i++) {
    const struct said *m = end_said(&p.end[1], DC_EV_MESSAGE, i);
    assert_non_null(m);
    assert_int_equal(m->message.text, rows[i].text);
    assert_int_equal(m->message.data ? m->message.data->n : 0, strlen(rows[i].bytes));
    assert_int_equal(m->message.data == NULL, rows[i].bytes[0] == '\0');
  }
  struct dc_info a = pair_info(&p, 0, here), b = pair_info(&p, 1, there);
  assert_int_equal(a.messages_sent, 5);
  assert_int_equal(a.bytes_sent, 15);
  assert_int_equal(b.messages_received, 5);
  assert_int_equal(b.bytes_received, 15);
  pair_end(&p);
}

static void test_the_largest_message_goes_and_one_byte_more_does_not(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  struct fault f = {0};
  start(&p, &here, &there);
  dc_set_max_message(p.end[0].set, 1000);
  pair_zeros(&p, 0, here, 1000);
  struct payload *data = payload_new(1001);
  memset(data->data, 0, 1001);
  data->n = 1001;
  assert_true(dc_send(p.end[0].set, p.now, here, false, data, &f) < 0);
  assert_int_equal(f.reason, FAULT_MESSAGE_TOO_LARGE);
  assert_int_equal(pair_info(&p, 0, here).buffered, 1000);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  pair_end(&p);
}

static void test_a_send_past_the_buffer_fails_and_changes_nothing(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  struct fault f = {0};
  start(&p, &here, &there);
  p.cut = true;
  for (int i = 0; i < 16; i++) pair_zeros(&p, 0, here, 262144);
  assert_int_equal(pair_info(&p, 0, here).buffered, pair_cfg.max_buffered);
  assert_true(pair_send(&p, 0, here, false, bytes_of("x"), &f) < 0);
  assert_int_equal(f.reason, FAULT_OPERATION_ERROR);
  assert_int_equal(pair_info(&p, 0, here).buffered, pair_cfg.max_buffered);
  assert_int_equal(pair_send(&p, 0, here, false, bytes_of(""), &f), 0);
  assert_int_equal(pair_info(&p, 0, here).messages_sent, 17);
  pair_end(&p);
}

static void test_empty_messages_that_wait_are_limited(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  struct fault f = {0};
  start(&p, &here, &there);
  for (int i = 0; i < 65536; i++)
    assert_int_equal(pair_send(&p, 0, here, true, bytes_of(""), &f), 0);
  assert_true(pair_send(&p, 0, here, true, bytes_of(""), &f) < 0);
  assert_int_equal(f.reason, FAULT_OPERATION_ERROR);
  pair_run(&p, 10 * MONO_S);
  assert_int_equal(pair_send(&p, 0, here, true, bytes_of(""), &f), 0);
  pair_run(&p, MONO_S);
  assert_int_equal(pair_info(&p, 1, there).messages_received, 65537);
  pair_end(&p);
}

/* Bytes of the channel that the association holds, and those that are not the caller's. */
static size_t held_by_sctp(const struct pair *p, dc_handle h) {
  const struct dc_channel *c = dc_find(p->end[0].set, h);
  return sctp_buffered(p->end[0].set->sctp, (uint16_t)c->id);
}

static size_t extras_of(const struct pair *p, dc_handle h) {
  const struct dc_channel *c = dc_find(p->end[0].set, h);
  size_t n = 0;
  for (size_t i = c->first_extra; i < c->n_extras; i++) n += c->extras[i].n;
  return n;
}

/* buffered counts the caller's bytes and nothing else, also between empty messages and OPENs. */
static void test_the_buffered_amount_is_exact_at_every_moment(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  start(&p, &here, &there);
  dc_handle late = pair_create(&p, 0, &pair_plain);
  assert_int_equal(pair_info(&p, 0, late).buffered, 0);
  pair_text(&p, 0, late, "");
  assert_int_equal(pair_info(&p, 0, late).buffered, 0);
  pair_zeros(&p, 0, late, 900);
  pair_text(&p, 0, late, "");
  pair_zeros(&p, 0, late, 900);
  pair_text(&p, 0, late, "");
  assert_int_equal(pair_info(&p, 0, late).buffered, 1800);
  pair_pump(&p, 0);
  size_t seen = 1800;
  for (mono_us until = p.now + MONO_S; pair_step(&p, until);) {
    size_t now = pair_info(&p, 0, late).buffered;
    assert_true(now == 1800 || now == 900 || now == 0); /* a chunk each */
    assert_true(now <= seen);
    assert_int_equal(now + extras_of(&p, late), held_by_sctp(&p, late));
    seen = now;
  }
  assert_int_equal(seen, 0);
  pair_end(&p);
}

static void test_low_is_said_once_for_each_fall_to_the_threshold(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  start(&p, &here, &there);
  pair_zeros(&p, 0, here, 100000);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_BUFFERED_LOW), 1); /* the threshold is 0 at first */
  assert_int_equal(dc_set_threshold(p.end[0].set, here, 50000, NULL), 0);
  pair_run(&p, MONO_S);
  pair_zeros(&p, 0, here, 50000); /* never above */
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_BUFFERED_LOW), 1);
  pair_zeros(&p, 0, here, 50001);
  pair_pump(&p, 0);
  while (end_count(&p.end[0], DC_EV_BUFFERED_LOW) < 2) {
    assert_true(pair_info(&p, 0, here).buffered > 50000);
    assert_true(pair_step(&p, p.now + MONO_S));
  }
  size_t buffered = pair_info(&p, 0, here).buffered;
  assert_true(buffered <= 50000 && buffered > 0);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_BUFFERED_LOW), 2);
  pair_end(&p);
}

static void test_an_empty_message_causes_no_low(void **state) {
  (void)state;
  struct pair p;
  dc_handle here, there;
  start(&p, &here, &there);
  pair_text(&p, 0, here, "");
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[0], DC_EV_BUFFERED_LOW), 0);
  pair_end(&p);
}

static void test_sends_in_the_wrong_state_are_refused_by_name(void **state) {
  (void)state;
  struct pair p;
  struct fault f = {0};
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  dc_handle h = pair_create(&p, 0, &pair_plain);
  assert_true(pair_send(&p, 0, h, true, bytes_of("x"), &f) < 0);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  assert_true(pair_send(&p, 0, 77, true, bytes_of("x"), &f) < 0);
  assert_int_equal(f.reason, FAULT_UNKNOWN_CHANNEL);
  assert_true(dc_set_threshold(p.end[0].set, 77, 0, &f) < 0);
  assert_int_equal(f.reason, FAULT_UNKNOWN_CHANNEL);
  pair_start(&p);
  pair_text(&p, 0, h, "open");
  assert_int_equal(dc_close(p.end[0].set, p.now, h, NULL), 0);
  assert_true(pair_send(&p, 0, h, true, bytes_of("x"), &f) < 0);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  pair_run(&p, MONO_S);
  assert_int_equal(pair_info(&p, 0, h).state, DC_CLOSED);
  assert_true(pair_send(&p, 0, h, true, bytes_of("x"), &f) < 0);
  assert_int_equal(f.reason, FAULT_INVALID_STATE);
  pair_end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_of_message_arrives_as_what_it_was),
      cmocka_unit_test(test_the_largest_message_goes_and_one_byte_more_does_not),
      cmocka_unit_test(test_a_send_past_the_buffer_fails_and_changes_nothing),
      cmocka_unit_test(test_empty_messages_that_wait_are_limited),
      cmocka_unit_test(test_the_buffered_amount_is_exact_at_every_moment),
      cmocka_unit_test(test_low_is_said_once_for_each_fall_to_the_threshold),
      cmocka_unit_test(test_an_empty_message_causes_no_low),
      cmocka_unit_test(test_sends_in_the_wrong_state_are_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
