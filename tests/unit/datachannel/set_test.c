/* The set as a whole: start, ports, allocation failures. */
#include "datachannel/internal.h"
#include "pair.h"

static void test_a_set_starts_once(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  assert_int_equal(end_count(&p.end[0], DC_EV_ASSOCIATED), 1);
  assert_int_equal(end_count(&p.end[1], DC_EV_ASSOCIATED), 1);
  assert_int_equal(dc_set_start(p.end[0].set, p.now, true, 5000), -EALREADY);
  pair_end(&p);
}

static void test_another_port_of_the_peers_is_used(void **state) {
  (void)state;
  struct pair p;
  struct dc_cfg cfg = pair_cfg;
  cfg.sctp.local_port = 6000;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  (void)pair_create(&p, 0, &pair_plain);
  for (int i = 0; i < 2; i++) assert_int_equal(dc_set_start(p.end[i].set, p.now, i == 0, 6000), 0);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_OPEN), 1);
  pair_end(&p);
}

static void test_a_new_port_does_not_make_a_blocked_path_writable(void **state) {
  (void)state;
  struct pair p;
  struct dc_cfg cfg = pair_cfg;
  cfg.sctp.local_port = 6000;
  assert_int_equal(pair_begin(&p, &cfg, false), 0);
  dc_set_writable(p.end[0].set, p.now, false);
  assert_int_equal(dc_set_start(p.end[0].set, p.now, true, 6000), 0);
  pair_pump(&p, 0);
  assert_true(list_empty(&p.air));
  dc_set_writable(p.end[0].set, p.now, true);
  pair_pump(&p, 0);
  assert_false(list_empty(&p.air));
  pair_end(&p);
}

/* The peer's handshake may be over before this side knows its DTLS role: ids wait for it. */
static void test_channels_wait_for_the_role(void **state) {
  (void)state;
  struct pair p;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  dc_handle h = pair_create(&p, 1, &pair_plain);
  assert_int_equal(dc_set_start(p.end[0].set, p.now, true, 5000), 0);
  pair_run(&p, 200 * MONO_MS);
  assert_int_equal(end_count(&p.end[1], DC_EV_ASSOCIATED), 1);
  assert_int_equal(pair_info(&p, 1, h).state, DC_CONNECTING);
  assert_int_equal(dc_set_start(p.end[1].set, p.now, false, 5000), 0);
  pair_run(&p, 200 * MONO_MS);
  assert_int_equal(pair_info(&p, 1, h).id, 1);
  assert_int_equal(pair_info(&p, 1, h).state, DC_OPEN);
  pair_end(&p);
}

static void test_messages_survive_a_path_that_blocks_and_changes(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_set_initial_credit(p.end[1].set, 1 << 20);
  dc_handle here = pair_open(&p, &there, NULL);
  dc_set_writable(p.end[0].set, p.now, false);
  pair_text(&p, 0, here, "waits");
  pair_run(&p, 100 * MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 0);
  dc_set_writable(p.end[0].set, p.now, true);
  dc_path_changed(p.end[0].set, p.now);
  dc_hint_rtt(p.end[0].set, 10 * MONO_MS);
  dc_set_mtu(p.end[0].set, p.now, 900, 0);
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  pair_end(&p);
}

static void test_random_packets_do_no_harm(void **state) {
  (void)state;
  struct pair p;
  dc_handle there;
  uint8_t noise[200];
  assert_int_equal(pair_begin(&p, NULL, false), 0);
  pair_start(&p);
  dc_set_initial_credit(p.end[1].set, 100);
  dc_handle here = pair_open(&p, &there, NULL);
  for (int i = 0; i < 1000; i++) {
    p.end[0].rng.rng.fill(p.end[0].rng.rng.ctx, noise, sizeof noise);
    assert_int_equal(dc_recv(p.end[1].set, p.now, (struct bytes){noise, (size_t)i % 200}), 0);
    pair_pump(&p, 1);
  }
  pair_text(&p, 0, here, "still here");
  pair_run(&p, MONO_S);
  assert_int_equal(end_count(&p.end[1], DC_EV_MESSAGE), 1);
  pair_end(&p);
}

/* A whole life of two sets. Once set up, any allocation may fail, and the run may end any way. */
static void live(struct pair *p) {
  struct fault f;
  struct dc_init init = pair_plain;
  init.label = bytes_of("label");
  dc_set_initial_credit(p->end[1].set, 100);
  (void)dc_create(p->end[0].set, p->now, 1, &init, &f);
  init.negotiated = true;
  init.id = 9;
  for (int i = 0; i < 2; i++) (void)dc_create(p->end[i].set, p->now, 2, &init, &f);
  p->next = 3;
  pair_start(p);
  static const char *const texts[] = {"hello", "", "a longer text than that", "\xff"};
  for (size_t i = 0; i < 8; i++)
    (void)dc_send(p->end[0].set, p->now, 1 + (dc_handle)(i % 2), i < 4,
                  payload_copy(bytes_of(texts[i % 4])), &f);
  pair_run(p, 100 * MONO_MS);
  (void)dc_credit(p->end[1].set, p->now, 2, 3, &f);
  pair_run(p, 100 * MONO_MS);
  (void)dc_close(p->end[0].set, p->now, 1, &f);
  pair_run(p, 300 * MONO_MS);
  dc_set_close(p->end[1].set, p->now);
  pair_run(p, 100 * MONO_MS);
}

static void test_no_failed_allocation_crashes_or_leaks(void **state) {
  (void)state;
  size_t n = 0;
  for (bool hit = true; hit; n++) {
    struct pair p;
    fail_alloc_at(n);
    if (pair_begin(&p, NULL, false) == 0) live(&p);
    hit = fail_alloc_hit();
    fail_alloc_never();
    if (!hit) assert_int_equal(end_count(&p.end[1], DC_EV_DOWN), 1);
    pair_end(&p);
  }
  assert_true(n > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_set_starts_once),
      cmocka_unit_test(test_another_port_of_the_peers_is_used),
      cmocka_unit_test(test_a_new_port_does_not_make_a_blocked_path_writable),
      cmocka_unit_test(test_channels_wait_for_the_role),
      cmocka_unit_test(test_messages_survive_a_path_that_blocks_and_changes),
      cmocka_unit_test(test_random_packets_do_no_harm),
      cmocka_unit_test(test_no_failed_allocation_crashes_or_leaks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
