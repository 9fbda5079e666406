/* RFC 8260 between two associations, and against a peer that breaks it. */
#include <errno.h>

#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

/* What end 0 sent, and the order in which messages arrived at end 1. */
struct seen {
  unsigned data, i_data, forwards, i_forwards;
  uint16_t arrived[64];
  size_t n_arrived, arrived_bytes[64];
};

static bool on_packet(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  struct seen *s = ctx;
  struct cursor c = cursor_of(packet);
  (void)p;
  cursor_skip(&c, PACKET_HEADER_SIZE);
  for (struct chunk k; from == 0 && chunk_next(&c, &k);) {
    s->data += k.type == CHUNK_DATA;
    s->i_data += k.type == CHUNK_I_DATA;
    s->forwards += k.type == CHUNK_FORWARD_TSN;
    s->i_forwards += k.type == CHUNK_I_FORWARD_TSN;
  }
  return true;
}

static void on_event(void *ctx, struct sctp_pair *p, int end, const struct sctp_event *ev) {
  struct seen *s = ctx;
  if (ev->kind != SCTP_EV_MESSAGE) return;
  struct payload *m = sctp_take_message(p->ends[end]);
  assert_non_null(m);
  sctp_release(p->ends[end], p->now, m->n);
  if (s->n_arrived < 64) {
    s->arrived_bytes[s->n_arrived] = m->n;
    s->arrived[s->n_arrived++] = ev->stream;
  }
  payload_free(m);
}

static void begin(struct sctp_pair *p, struct seen *s, bool first, bool second) {
  struct sctp_cfg cfg = pair_cfg();
  *s = (struct seen){0};
  cfg.interleaving = first;
  pair_init(p, &cfg, 3);
  p->ends[1] = sctp_free(p->ends[1]);
  cfg.interleaving = second;
  cfg.rng = &p->rng[1].rng;
  assert_int_equal(sctp_new(&p->ends[1], &cfg, p->now), 0);
  pair_set_links(
      p, &(struct pair_link){.delay = 10 * MONO_MS, .bytes_per_s = 1000000, .queue = 200000});
  p->hooks = (struct pair_hooks){.ctx = s, .packet = on_packet, .event = on_event};
  (void)sctp_connect(p->ends[0], p->now);
  pair_pump(p, 0);
  pair_run(p, p->now + MONO_S);
}

static void test_i_data_is_used_where_both_ends_can(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    struct sctp_pair p;
    struct seen s;
    begin(&p, &s, i & 1, i & 2);
    const struct sctp_send_info info = pair_info(1);
    assert_int_equal(pair_send(&p, 0, &info, 5000, 1), 0);
    pair_run(&p, p.now + 5 * MONO_S);
    assert_int_equal(s.n_arrived, 1);
    assert_int_equal(s.arrived_bytes[0], 5000);
    assert_int_equal(s.i_data > 0, i == 3);
    assert_int_equal(s.data > 0, i != 3);
    pair_free(&p);
  }
}

/* A long message is under way, then a short one of another stream follows. The streams in the order
 * in which they arrived. */
static void race(bool interleaving, struct seen *s) {
  struct sctp_pair p;
  begin(&p, s, interleaving, interleaving);
  const struct sctp_send_info bulk = pair_info(1), control = pair_info(2);
  assert_int_equal(pair_send(&p, 0, &bulk, 200000, 1), 0);
  pair_run(&p, p.now + 30 * MONO_MS);
  assert_int_equal(s->n_arrived, 0);
  assert_int_equal(pair_send(&p, 0, &control, 64, 2), 0);
  pair_run(&p, p.now + 10 * MONO_S);
  assert_int_equal(s->n_arrived, 2);
  pair_free(&p);
}

static void test_a_short_message_passes_a_long_one_under_way(void **state) {
  (void)state;
  struct seen s;
  race(true, &s);
  assert_int_equal(s.arrived[0], 2);
  race(false, &s);
  assert_int_equal(s.arrived[0], 1);
}

static void test_two_long_messages_share_the_way(void **state) {
  (void)state;
  struct sctp_pair p;
  struct seen s;
  begin(&p, &s, true, true);
  struct sctp_send_info first = pair_info(1), second = pair_info(2);
  second.priority = 1024;
  assert_int_equal(pair_send(&p, 0, &first, 200000, 1), 0);
  assert_int_equal(pair_send(&p, 0, &second, 200000, 2), 0);
  pair_run(&p, p.now + 10 * MONO_S);
  assert_int_equal(s.n_arrived, 2);
  assert_int_equal(s.arrived[0], 2); /* four times the weight: it is through first */
  pair_free(&p);
}

/* Eight messages that together are twice the peer's window: begun all at once, none could ever
 * become whole. */
static void test_no_more_is_begun_than_the_peer_has_room_for(void **state) {
  (void)state;
  struct sctp_pair p;
  struct seen s;
  begin(&p, &s, true, true);
  for (uint16_t i = 1; i <= 8; i++) {
    const struct sctp_send_info info = pair_info(i);
    assert_int_equal(pair_send(&p, 0, &info, 260000, 1), 0);
  }
  pair_run(&p, p.now + 30 * MONO_S);
  assert_int_equal(s.n_arrived, 8);
  pair_free(&p);
}

static void test_an_abandoned_message_is_skipped_by_its_mid(void **state) {
  (void)state;
  for (int unordered = 0; unordered < 2; unordered++) {
    struct sctp_pair p;
    struct seen s;
    begin(&p, &s, true, true);
    struct sctp_send_info info = pair_info(1);
    info.unordered = unordered;
    info.lifetime = 20 * MONO_MS;
    assert_int_equal(pair_send(&p, 0, &info, 100000, 1), 0);
    pair_run(&p, p.now + 2 * MONO_S);
    info.lifetime = MONO_NEVER;
    assert_int_equal(pair_send(&p, 0, &info, 5000, 2), 0);
    pair_run(&p, p.now + 2 * MONO_S);
    struct sctp_stats st;
    sctp_stats(p.ends[1], &st);
    assert_int_equal(s.n_arrived, 1);
    assert_int_equal(s.arrived_bytes[0], 5000);
    assert_true(s.i_forwards > 0);
    assert_int_equal(s.forwards, 0);
    assert_int_equal(st.receive_held, 0);
    pair_free(&p);
  }
}

static void test_message_numbers_begin_anew_after_a_stream_reset(void **state) {
  (void)state;
  struct sctp_pair p;
  struct seen s;
  begin(&p, &s, true, true);
  struct sctp_send_info info = pair_info(1);
  const uint16_t stream = 1;
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 3; i++) assert_int_equal(pair_send(&p, 0, &info, 3000, 1), 0);
    pair_run(&p, p.now + 2 * MONO_S);
    assert_int_equal(sctp_reset_streams(p.ends[0], p.now, &stream, 1), 0);
    pair_pump(&p, 0);
    pair_run(&p, p.now + 2 * MONO_S);
  }
  assert_int_equal(s.n_arrived, 9);
  pair_free(&p);
}

/* Whether the association still stands after a chunk of this type. */
static bool survives(bool offered, enum chunk_type type, struct bytes value) {
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  cfg.interleaving = offered;
  solo_connect(&t, &cfg); /* the peer knows no I-DATA */
  solo_chunk(&t, type, value);
  bool up = sctp_state(t.s) == SCTP_CONNECTED;
  solo_free(&t);
  return up;
}

static void test_the_kind_of_chunk_that_was_not_agreed_upon_ends_the_association(void **state) {
  (void)state;
  const uint8_t value[20] = {0, 0, 3, 0xe8};
  const struct bytes v = {value, sizeof value};
  assert_false(survives(true, CHUNK_I_DATA, v));
  assert_false(survives(true, CHUNK_I_FORWARD_TSN, (struct bytes){value, 12}));
  /* Who does not offer it does not know it. */
  assert_true(survives(false, CHUNK_I_DATA, v));
  assert_true(survives(false, CHUNK_I_FORWARD_TSN, (struct bytes){value, 12}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_i_data_is_used_where_both_ends_can),
      cmocka_unit_test(test_a_short_message_passes_a_long_one_under_way),
      cmocka_unit_test(test_two_long_messages_share_the_way),
      cmocka_unit_test(test_no_more_is_begun_than_the_peer_has_room_for),
      cmocka_unit_test(test_an_abandoned_message_is_skipped_by_its_mid),
      cmocka_unit_test(test_message_numbers_begin_anew_after_a_stream_reset),
      cmocka_unit_test(test_the_kind_of_chunk_that_was_not_agreed_upon_ends_the_association),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
