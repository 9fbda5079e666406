/* RFC 9653: packets without a CRC32c, once both ends have said that they take them. */
#include "sctp/packet/packet.h"
#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

/* What went over the link from one end. */
struct seen {
  unsigned zero, summed, handshake_zero;
};

static bool is_of_handshake(uint8_t chunk_type) {
  return chunk_type == CHUNK_INIT || chunk_type == CHUNK_INIT_ACK ||
         chunk_type == CHUNK_COOKIE_ECHO;
}

static bool watch(void *ctx, struct sctp_pair *p, int from, struct bytes packet) {
  struct seen *s = (struct seen *)ctx + from;
  (void)p;
  bool zero = load_be32(packet.p + 8) == 0;
  if (zero && is_of_handshake(packet.p[PACKET_HEADER_SIZE])) s->handshake_zero++;
  if (zero)
    s->zero++;
  else
    s->summed++;
  return true;
}

static void exchange(bool first, bool second, struct seen ret[2]) {
  struct sctp_pair p;
  struct sctp_cfg cfg = pair_cfg();
  cfg.zero_checksum = first;
  pair_init(&p, &cfg, 7);
  p.ends[1] = sctp_free(p.ends[1]);
  cfg.zero_checksum = second;
  cfg.rng = &p.rng[1].rng;
  assert_int_equal(sctp_new(&p.ends[1], &cfg, p.now), 0);
  p.hooks = (struct pair_hooks){.ctx = ret, .packet = watch};
  ret[0] = ret[1] = (struct seen){0};
  assert_true(pair_connect(&p));
  const struct sctp_send_info info = pair_info(1);
  for (int end = 0; end < 2; end++) assert_int_equal(pair_send(&p, end, &info, 20000, 3), 0);
  pair_run(&p, p.now + 5 * MONO_S);
  assert_int_equal(p.bytes[0], 20000);
  assert_int_equal(p.bytes[1], 20000);
  pair_free(&p);
}

static void test_the_checksum_is_left_out_where_both_ends_take_it(void **state) {
  (void)state;
  struct seen seen[2];
  exchange(true, true, seen);
  for (int end = 0; end < 2; end++) {
    assert_true(seen[end].zero > 15);
    assert_int_equal(seen[end].handshake_zero, 0);
  }
}

static void test_one_end_alone_changes_nothing(void **state) {
  (void)state;
  struct seen seen[2];
  for (int i = 0; i < 3; i++) {
    exchange(i == 1, i == 2, seen);
    assert_int_equal(seen[0].zero + seen[1].zero, 0);
    assert_true(seen[0].summed > 15 && seen[1].summed > 15);
  }
}

/* A HEARTBEAT whose checksum field is zero; true when it is answered. */
static bool takes_zero(bool offered, enum chunk_type type) {
  struct solo t;
  struct sctp_cfg cfg = solo_cfg();
  struct sctp_stats before, after;
  cfg.zero_checksum = offered;
  solo_connect(&t, &cfg);
  sctp_stats(t.s, &before);
  solo_begin(&t);
  size_t at = chunk_begin(&t.w, (uint8_t)type, 0);
  param_write(&t.w, PARAM_HEARTBEAT_INFO, bytes_of("12345678"));
  chunk_end(&t.w, at);
  assert_int_equal(sctp_recv(t.s, t.now, writer_written(&t.w)), 0);
  solo_pump(&t);
  sctp_stats(t.s, &after);
  bool taken = after.packets_received > before.packets_received;
  assert_int_equal(taken ? 0 : 1, after.checksum_errors - before.checksum_errors);
  solo_free(&t);
  return taken;
}

static void test_zero_is_an_error_unless_it_was_offered(void **state) {
  (void)state;
  assert_true(takes_zero(true, CHUNK_HEARTBEAT));
  assert_false(takes_zero(false, CHUNK_HEARTBEAT));
}

static void test_init_and_cookie_echo_need_their_checksum_always(void **state) {
  (void)state;
  assert_false(takes_zero(true, CHUNK_INIT));
  assert_false(takes_zero(true, CHUNK_COOKIE_ECHO));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_checksum_is_left_out_where_both_ends_take_it),
      cmocka_unit_test(test_one_end_alone_changes_nothing),
      cmocka_unit_test(test_zero_is_an_error_unless_it_was_offered),
      cmocka_unit_test(test_init_and_cookie_echo_need_their_checksum_always),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
