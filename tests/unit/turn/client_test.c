#include "turn/client.h"

#include <errno.h>

#include "stun/builder.h"
#include "stun/credential.h"
#include "support/seeded_rng.h"
#include "support/unit.h"
#include "turn/state.h"

#define BUF    8192
#define SECOND MONO_S

/* A client and what it sent last, with a server played by the test. */
struct table {
  struct turn_client *c;
  struct seeded_rng random;
  struct stun_credential key; /* the server's: same user and password */
  mono_us now;
  uint8_t buf[BUF];
  struct turn_out out;
  struct stun_message m; /* of the last OUT_TX that is STUN */
};

static const struct addr relayed = {.family = ADDR_V4, .port = 50000, .ip = {198, 51, 100, 7}};
static const struct addr relayed6 = {
    .family = ADDR_V6, .port = 50001, .ip = {0x20, 1, 0xd, 0xb8, [15] = 7}};
static const struct addr mapped = {.family = ADDR_V4, .port = 1234, .ip = {203, 0, 113, 9}};
static const struct addr peer = {.family = ADDR_V4, .port = 4000, .ip = {192, 0, 2, 1}};

static void poll(struct table *t) {
  turn_client_poll(t->c, t->now, t->buf, sizeof t->buf, &t->out);
  if (t->out.kind == OUT_TX && t->buf[0] < 4)
    assert_int_equal(stun_parse((struct bytes){t->buf, t->out.u.tx_n}, &t->m), 0);
}

static struct table *begin(bool stream) {
  struct table *t = test_calloc(1, sizeof *t);
  seeded_rng_init(&t->random, 7);
  t->now = SECOND;
  const struct turn_cfg cfg = {.rng = &t->random.rng,
                               .username = bytes_of("user"),
                               .password = bytes_of("pass"),
                               .stream = stream,
                               .family = ADDR_V4};
  assert_int_equal(stun_credential_set(&t->key, cfg.username, cfg.password), 0);
  assert_int_equal(turn_client_new(&t->c, &cfg, t->now), 0);
  return t;
}

static void end(struct table *t) {
  turn_client_free(t->c);
  stun_credential_free(&t->key);
  test_free(t);
}

/* An answer of the server to the request that came last. */
struct reply {
  unsigned error; /* 0: success */
  const char *nonce;
  bool allocation, both, unsigned_;
  uint32_t lifetime;
  const struct addr *alternate;
};

static void put_allocation(struct writer *w, const struct reply *in) {
  if (in->allocation) {
    if (in->both) stun_put_xor_address(w, STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed6);
    stun_put_xor_address(w, STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed);
    stun_put_xor_address(w, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
  }
  if (in->lifetime > 0) stun_put_u32(w, STUN_ATTR_LIFETIME, in->lifetime);
}

static int answer(struct table *t, const struct reply *in) {
  uint8_t buf[1024];
  struct turn_data data;
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, in->error ? STUN_ERROR : STUN_SUCCESS, t->m.method, &t->m.tid);
  if (in->error) stun_put_error(&w, in->error);
  if (in->alternate) stun_put_address(&w, STUN_ATTR_ALTERNATE_SERVER, in->alternate);
  if (in->nonce) {
    stun_put(&w, STUN_ATTR_REALM, bytes_of("school"));
    stun_put(&w, STUN_ATTR_NONCE, bytes_of(in->nonce));
  }
  put_allocation(&w, in);
  if (!in->error && !in->unsigned_)
    stun_put_integrity(&w, (struct bytes){t->key.key.b, t->key.key.n});
  assert_false(w.failed);
  struct stun_message m;
  assert_int_equal(stun_parse(writer_written(&w), &m), 0);
  if (in->nonce) (void)stun_credential_challenge(&t->key, &m, false);
  return turn_client_recv(t->c, t->now, writer_written(&w), &data);
}

static void expect_request(struct table *t, uint16_t method, bool is_signed) {
  poll(t);
  assert_int_equal(t->out.kind, OUT_TX);
  assert_int_equal(t->m.cls, STUN_REQUEST);
  assert_int_equal(t->m.method, method);
  assert_int_equal(t->m.integrity.n > 0, is_signed);
  if (is_signed) assert_true(stun_credential_check(&t->key, &t->m));
}

static void expect_event(struct table *t, enum turn_event_kind kind, unsigned code) {
  poll(t);
  assert_int_equal(t->out.kind, OUT_EVENT);
  assert_int_equal(t->out.u.ev.kind, kind);
  assert_int_equal(t->out.u.ev.code, code);
}

static void expect_idle(struct table *t) {
  poll(t);
  assert_int_equal(t->out.kind, OUT_IDLE);
}

/* With an allocation of this many seconds. */
static struct table *allocated(bool stream, uint32_t lifetime) {
  struct table *t = begin(stream);
  expect_request(t, STUN_ALLOCATE, false);
  assert_int_equal(answer(t, &(struct reply){.error = 401, .nonce = "n1"}), 0);
  expect_request(t, STUN_ALLOCATE, true);
  assert_int_equal(answer(t, &(struct reply){.allocation = true, .lifetime = lifetime}), 0);
  expect_event(t, TURN_EV_ALLOCATED, 0);
  return t;
}

static int send_text(struct table *t, const struct addr *to, const char *text, uint8_t *frame,
                     size_t *ret_n) {
  return turn_client_send(t->c, t->now, &(struct turn_data){*to, bytes_of(text)}, frame, ret_n);
}

/* With a bound channel. */
static struct table *bound(bool stream) {
  uint8_t frame[64];
  size_t n = 9;
  struct table *t = allocated(stream, 600);
  assert_int_equal(send_text(t, &peer, "hello", frame, &n), 0);
  assert_int_equal(n, 0);
  expect_request(t, STUN_CHANNEL_BIND, true);
  assert_int_equal(answer(t, &(struct reply){0}), 0);
  return t;
}

static void test_an_allocation_takes_a_challenge_and_an_answer(void **state) {
  (void)state;
  struct table *t = allocated(false, 600);
  assert_true(addr_equal(&t->out.u.ev.relayed[0], &relayed));
  assert_true(addr_equal(&t->out.u.ev.mapped, &mapped));
  assert_int_equal(t->out.u.ev.lifetime, 600 * SECOND);
  expect_idle(t);
  assert_int_equal(t->out.u.wake_at, t->now + 540 * SECOND);
  end(t);
}

static void test_what_was_sent_before_the_channel_is_bound_goes_out_after(void **state) {
  (void)state;
  struct table *t = bound(false);
  poll(t);
  static const uint8_t frame[] = {0x40, 0x00, 0, 5, 'h', 'e', 'l', 'l', 'o'};
  assert_int_equal(t->out.kind, OUT_TX);
  assert_int_equal(t->out.u.tx_n, sizeof frame);
  assert_memory_equal(t->buf, frame, sizeof frame);
  expect_idle(t);
  end(t);
}

static void test_channel_data_is_padded_in_a_stream_only(void **state) {
  (void)state;
  uint8_t frame[64];
  size_t n = 0;
  for (int stream = 0; stream < 2; stream++) {
    struct table *t = bound(stream);
    assert_int_equal(send_text(t, &peer, "hello", frame, &n), 0);
    assert_int_equal(n, stream ? 12 : 9);
    assert_int_equal(turn_message_size((struct bytes){frame, n}), 12);
    end(t);
  }
}

static void test_data_comes_by_channel_or_by_indication(void **state) {
  (void)state;
  uint8_t buf[256];
  struct turn_data data;
  struct table *t = bound(false);
  static const uint8_t frame[] = {0x40, 0x00, 0, 2, 'h', 'i', 0, 0};
  assert_int_equal(turn_client_recv(t->c, t->now, (struct bytes){frame, sizeof frame}, &data), 1);
  assert_true(addr_equal(&data.peer, &peer) && bytes_equal(data.payload, bytes_of("hi")));
  struct writer w = writer_of(buf, sizeof buf);
  const struct stun_tid tid = {{1}};
  stun_begin(&w, STUN_INDICATION, STUN_DATA, &tid);
  stun_put_xor_address(&w, STUN_ATTR_XOR_PEER_ADDRESS, &mapped);
  stun_put(&w, STUN_ATTR_DATA, bytes_of("there"));
  assert_int_equal(turn_client_recv(t->c, t->now, writer_written(&w), &data), 1);
  assert_true(addr_equal(&data.peer, &mapped) && bytes_equal(data.payload, bytes_of("there")));
  end(t);
}

static void test_what_is_not_for_the_client_is_refused(void **state) {
  (void)state;
  static const uint8_t rows[][8] = {
      {0x40, 0x01, 0, 2, 'h', 'i'}, {0x40, 0x00, 0, 5, 'h', 'i'}, {0x16, 0xfe, 0xfd}, {0x00, 0x01}};
  struct turn_data data;
  struct table *t = bound(false);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(turn_client_recv(t->c, t->now, (struct bytes){rows[i], 6}, &data), -EINVAL);
  assert_int_equal(answer(t, &(struct reply){0}), -EINVAL); /* answered already */
  end(t);
}

static void test_an_unsigned_success_is_not_believed(void **state) {
  (void)state;
  struct table *t = begin(false);
  expect_request(t, STUN_ALLOCATE, false);
  assert_int_equal(answer(t, &(struct reply){.error = 401, .nonce = "n1"}), 0);
  expect_request(t, STUN_ALLOCATE, true);
  assert_int_equal(answer(t, &(struct reply){.allocation = true, .unsigned_ = true}), -EINVAL);
  assert_int_equal(answer(t, &(struct reply){.allocation = true}), 0);
  expect_event(t, TURN_EV_ALLOCATED, 0);
  end(t);
}

static void test_each_refusal_is_told_with_its_code(void **state) {
  (void)state;
  static const unsigned codes[] = {400, 403, 437, 441, 442, 486, 508};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct table *t = begin(false);
    expect_request(t, STUN_ALLOCATE, false);
    assert_int_equal(answer(t, &(struct reply){.error = 401, .nonce = "n1"}), 0);
    expect_request(t, STUN_ALLOCATE, true);
    uint32_t family;
    assert_true(stun_get_u32(&t->m, STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, &family));
    assert_int_equal(answer(t, &(struct reply){.error = codes[i]}), 0);
    /* maybe it gives one family */
    expect_request(t, STUN_ALLOCATE, true);
    assert_false(stun_get_u32(&t->m, STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, &family));
    assert_true(stun_get_u32(&t->m, STUN_ATTR_REQUESTED_ADDRESS_FAMILY, &family) &&
                family == 1 << 24);
    assert_int_equal(answer(t, &(struct reply){.error = codes[i]}), 0);
    expect_event(t, TURN_EV_FAILED, codes[i]);
    assert_non_null(strstr(t->out.u.ev.text, "the server answered "));
    expect_idle(t);
    assert_true(t->out.u.wake_at == MONO_NEVER);
    end(t);
  }
}

static void test_an_allocation_may_have_both_families(void **state) {
  (void)state;
  struct table *t = begin(false);
  expect_request(t, STUN_ALLOCATE, false);
  assert_int_equal(answer(t, &(struct reply){.error = 401, .nonce = "n1"}), 0);
  expect_request(t, STUN_ALLOCATE, true);
  assert_int_equal(answer(t, &(struct reply){.allocation = true, .both = true, .lifetime = 600}),
                   0);
  expect_event(t, TURN_EV_ALLOCATED, 0);
  assert_true(addr_equal(&t->out.u.ev.relayed[0], &relayed));
  assert_true(addr_equal(&t->out.u.ev.relayed[1], &relayed6));
  end(t);
}

static void test_wrong_credentials_end_with_401_at_once(void **state) {
  (void)state;
  struct table *t = begin(false);
  expect_request(t, STUN_ALLOCATE, false);
  assert_int_equal(answer(t, &(struct reply){.error = 401, .nonce = "n1"}), 0);
  expect_request(t, STUN_ALLOCATE, true);
  assert_int_equal(answer(t, &(struct reply){.error = 401, .nonce = "n2"}), 0);
  expect_event(t, TURN_EV_FAILED, 401);
  end(t);
}

static void test_an_alternate_server_is_told(void **state) {
  (void)state;
  struct table *t = begin(false);
  expect_request(t, STUN_ALLOCATE, false);
  assert_int_equal(answer(t, &(struct reply){.error = 300, .alternate = &relayed}), 0);
  expect_event(t, TURN_EV_FAILED, 300);
  assert_true(addr_equal(&t->out.u.ev.alternate, &relayed));
  end(t);
}

static void test_a_silent_server_is_given_up_after_seven_tries(void **state) {
  (void)state;
  unsigned tries = 0;
  struct table *t = begin(false);
  mono_us start = t->now;
  for (poll(t); t->out.kind != OUT_EVENT; poll(t)) {
    tries += t->out.kind == OUT_TX;
    if (t->out.kind == OUT_IDLE) t->now = t->out.u.wake_at;
  }
  assert_int_equal(tries, 7);
  assert_int_equal(t->out.u.ev.code, TURN_ERR_UNREACHABLE);
  assert_in_range(t->now - start, 7 * SECOND, 10 * SECOND);
  end(t);
}

static void test_nothing_is_sent_twice_over_a_stream(void **state) {
  (void)state;
  struct table *t = begin(true);
  expect_request(t, STUN_ALLOCATE, false);
  expect_idle(t);
  assert_int_equal(t->out.u.wake_at, t->now + 15 * SECOND);
  t->now = t->out.u.wake_at;
  expect_event(t, TURN_EV_FAILED, TURN_ERR_UNREACHABLE);
  end(t);
}

static void test_an_allocation_is_refreshed_a_minute_early_with_a_new_nonce(void **state) {
  (void)state;
  struct table *t = allocated(false, 600);
  expect_idle(t);
  t->now = t->out.u.wake_at - 1;
  expect_idle(t);
  t->now++;
  expect_request(t, STUN_REFRESH, true);
  assert_int_equal(answer(t, &(struct reply){.error = 438, .nonce = "n2"}), 0);
  expect_request(t, STUN_REFRESH, true);
  assert_int_equal(answer(t, &(struct reply){.lifetime = 300}), 0);
  expect_idle(t);
  assert_int_equal(t->out.u.wake_at, t->now + 240 * SECOND);
  end(t);
}

static void test_a_lost_allocation_is_told(void **state) {
  (void)state;
  struct table *t = allocated(false, 600);
  t->now += 540 * SECOND;
  expect_request(t, STUN_REFRESH, true);
  assert_int_equal(answer(t, &(struct reply){.error = 437}), 0);
  expect_event(t, TURN_EV_FAILED, 437);
  end(t);
}

static void test_a_channel_is_bound_again_before_its_permission_ends(void **state) {
  (void)state;
  struct table *t = bound(false);
  mono_us start = t->now;
  poll(t);
  expect_idle(t);
  assert_int_equal(t->out.u.wake_at, start + 240 * SECOND);
  t->now = t->out.u.wake_at;
  expect_request(t, STUN_CHANNEL_BIND, true);
  uint8_t frame[64];
  size_t n = 0;
  assert_int_equal(send_text(t, &peer, "x", frame, &n), 0);
  assert_int_equal(n, 5);
  end(t);
}

static void test_a_peer_that_is_refused_is_told_and_the_others_go_on(void **state) {
  (void)state;
  uint8_t frame[64];
  size_t n = 0;
  struct table *t = bound(false);
  assert_int_equal(send_text(t, &mapped, "x", frame, &n), 0);
  poll(t);
  expect_request(t, STUN_CHANNEL_BIND, true);
  assert_int_equal(answer(t, &(struct reply){.error = 403}), 0);
  expect_event(t, TURN_EV_REFUSED, 403);
  assert_true(addr_equal(&t->out.u.ev.peer, &mapped));
  assert_int_equal(send_text(t, &mapped, "x", frame, &n), -EACCES);
  assert_int_equal(send_text(t, &peer, "x", frame, &n), 0);
  assert_int_equal(n, 5);
  end(t);
}

static void test_kept_payload_and_peers_have_limits(void **state) {
  (void)state;
  static uint8_t payload[1400], frame[2048];
  size_t n = 0;
  struct table *t = allocated(false, 600);
  struct turn_data data = {peer, {payload, sizeof payload}};
  for (int i = 0; i < 10; i++)
    assert_int_equal(turn_client_send(t->c, t->now, &data, frame, &n), 0);
  assert_true(turn_peer_at(t->c, &peer)->kept_bytes <= TURN_KEPT_MAX);
  for (uint16_t i = 1; i < TURN_PEERS_MAX; i++) {
    data.peer.port = i;
    assert_int_equal(turn_client_send(t->c, t->now, &data, frame, &n), 0);
  }
  data.peer.port = 60000;
  assert_int_equal(turn_client_send(t->c, t->now, &data, frame, &n), -ENOSPC);
  end(t);
}

static void test_release_gives_the_allocation_back(void **state) {
  (void)state;
  uint32_t lifetime = 9;
  struct table *t = bound(false);
  turn_client_release(t->c, t->now);
  expect_request(t, STUN_REFRESH, true);
  assert_true(stun_get_u32(&t->m, STUN_ATTR_LIFETIME, &lifetime) && lifetime == 0);
  assert_int_equal(answer(t, &(struct reply){0}), 0);
  expect_event(t, TURN_EV_RELEASED, 0);
  expect_idle(t);
  end(t);
}

static void test_a_probe_finds_an_allocation_that_is_gone(void **state) {
  (void)state;
  struct table *t = allocated(false, 600);
  turn_client_probe(t->c, t->now);
  expect_request(t, STUN_REFRESH, true);
  assert_int_equal(answer(t, &(struct reply){0}), 0);
  turn_client_probe(t->c, t->now); /* too soon */
  expect_idle(t);
  t->now += 2 * SECOND;
  turn_client_probe(t->c, t->now);
  expect_request(t, STUN_REFRESH, true);
  assert_int_equal(answer(t, &(struct reply){.error = STUN_ERR_ALLOCATION_MISMATCH}), 0);
  expect_event(t, TURN_EV_FAILED, STUN_ERR_ALLOCATION_MISMATCH);
  end(t);
}

static void test_a_stream_is_cut_into_messages(void **state) {
  (void)state;
  static const struct {
    uint8_t bytes[4];
    size_t n;
    int size;
  } rows[] = {
      {{0}, 0, 0},
      {{0x00, 0x01, 0x00}, 3, 0},
      {{0x00, 0x01, 0x00, 0x08}, 4, 28},
      {{0x00, 0x01, 0x00, 0x07}, 4, -EINVAL},
      {{0x40, 0x00, 0x00, 0x05}, 4, 12},
      {{0x40, 0x5f, 0xff, 0xff}, 4, 65540},
      {{0x40, 0x60, 0x00, 0x00}, 4, -EINVAL}, /* no client here binds as many */
      {{0x50, 0x00, 0x00, 0x00}, 4, -EINVAL},
      {{0x16, 0x03, 0x01, 0x00}, 4, -EINVAL},
      {{'H', 'T', 'T', 'P'}, 1, 0},
      {{'H', 'T', 'T', 'P'}, 4, -EINVAL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int size = turn_message_size((struct bytes){rows[i].bytes, rows[i].n});
    if (size != rows[i].size) fail_msg("row %zu: %d", i, size);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_allocation_takes_a_challenge_and_an_answer),
      cmocka_unit_test(test_what_was_sent_before_the_channel_is_bound_goes_out_after),
      cmocka_unit_test(test_channel_data_is_padded_in_a_stream_only),
      cmocka_unit_test(test_data_comes_by_channel_or_by_indication),
      cmocka_unit_test(test_what_is_not_for_the_client_is_refused),
      cmocka_unit_test(test_an_unsigned_success_is_not_believed),
      cmocka_unit_test(test_each_refusal_is_told_with_its_code),
      cmocka_unit_test(test_an_allocation_may_have_both_families),
      cmocka_unit_test(test_wrong_credentials_end_with_401_at_once),
      cmocka_unit_test(test_an_alternate_server_is_told),
      cmocka_unit_test(test_a_silent_server_is_given_up_after_seven_tries),
      cmocka_unit_test(test_nothing_is_sent_twice_over_a_stream),
      cmocka_unit_test(test_an_allocation_is_refreshed_a_minute_early_with_a_new_nonce),
      cmocka_unit_test(test_a_lost_allocation_is_told),
      cmocka_unit_test(test_a_channel_is_bound_again_before_its_permission_ends),
      cmocka_unit_test(test_a_peer_that_is_refused_is_told_and_the_others_go_on),
      cmocka_unit_test(test_kept_payload_and_peers_have_limits),
      cmocka_unit_test(test_release_gives_the_allocation_back),
      cmocka_unit_test(test_a_probe_finds_an_allocation_that_is_gone),
      cmocka_unit_test(test_a_stream_is_cut_into_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
