#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"
#include "support/ice_bench.h"

static void test_a_check_is_answered_with_where_it_came_from(void **state) {
  (void)state;
  struct bench b;
  struct addr mapped, from = addr_v4(198, 51, 100, 7, 4321);
  const struct bench_check check = {.from = from, .controlling = true};
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &check), 0);
  const struct bench_tx *tx = bench_last(&b, STUN_SUCCESS);
  assert_non_null(tx);
  assert_int_equal(tx->path.link, 1);
  assert_true(addr_equal(&tx->path.remote, &from));
  assert_true(stun_get_xor_address(&tx->m, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped));
  assert_true(addr_equal(&mapped, &from));
  assert_true(stun_check_integrity(&tx->m, bytes_of(b.ours.pwd)));
  bench_free(&b);
}

static void test_a_check_before_the_remote_credentials_is_answered_and_waits(void **state) {
  (void)state;
  struct bench b;
  const struct bench_check check = {.controlling = true, .use_candidate = true};
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &check), 0);
  assert_int_equal(bench_count(&b, STUN_SUCCESS), 1);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 0);
  bench_run(&b, b.now + 10 * MONO_S);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 0);
  assert_int_equal(bench_set_remote(&b), 0);
  assert_int_equal(bench_count(&b, STUN_REQUEST), 1);
  assert_int_equal(bench_success(&b, bench_last(&b, STUN_REQUEST)), 0);
  assert_true(bench_pair(&b, 0).selected); /* the nomination was not forgotten */
  bench_free(&b);
}

static void check_dropped(const struct bench_check *check) {
  struct bench b;
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, check), -EINVAL);
  assert_int_equal(b.n_tx, 0);
  assert_int_equal(bench_pairs(&b), 0);
  bench_free(&b);
}

static void test_what_is_not_authentic_is_dropped_in_silence(void **state) {
  (void)state;
  check_dropped(&(struct bench_check){.pwd = "wrong"});
  check_dropped(&(struct bench_check){.ufrag = "nobody"});
  check_dropped(&(struct bench_check){.ufrag = ""});
  check_dropped(&(struct bench_check){.no_username = true});
  check_dropped(&(struct bench_check){.bad_fingerprint = true});
  check_dropped(&(struct bench_check){.link = 9});
}

static void test_a_ufrag_must_match_in_full(void **state) {
  (void)state;
  struct bench b;
  char shorter[8] = {0}, longer[16] = {0};
  bench_init(&b, false);
  bench_up(&b);
  memcpy(shorter, b.ours.ufrag, 7);
  memcpy(longer, b.ours.ufrag, 8);
  longer[8] = 'x';
  assert_int_equal(bench_check(&b, &(struct bench_check){.ufrag = shorter}), -EINVAL);
  assert_int_equal(bench_check(&b, &(struct bench_check){.ufrag = longer}), -EINVAL);
  bench_free(&b);
}

static void test_an_unknown_required_attribute_gives_420(void **state) {
  (void)state;
  struct bench b;
  struct stun_error e;
  struct bytes v;
  const uint8_t want[] = {0x7a, 0xbc};
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &(struct bench_check){.extra = 0x7abc, .controlling = true}), 0);
  const struct bench_tx *tx = bench_last(&b, STUN_ERROR);
  assert_true(stun_get_error(&tx->m, &e));
  assert_int_equal(e.code, 420);
  assert_true(stun_find(&tx->m, STUN_ATTR_UNKNOWN_ATTRIBUTES, &v));
  assert_true(bytes_equal(v, (struct bytes){want, 2}));
  assert_int_equal(bench_pairs(&b), 0);
  bench_free(&b);
}

static void test_an_unknown_optional_attribute_is_ignored(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &(struct bench_check){.extra = 0xc057, .controlling = true}), 0);
  assert_int_equal(bench_count(&b, STUN_SUCCESS), 1);
  bench_free(&b);
}

static void test_a_check_without_priority_gives_400(void **state) {
  (void)state;
  struct bench b;
  struct stun_error e;
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &(struct bench_check){.no_priority = true}), 0);
  assert_true(stun_get_error(&bench_last(&b, STUN_ERROR)->m, &e));
  assert_int_equal(e.code, 400);
  bench_free(&b);
}

static void test_the_priority_of_a_check_is_that_of_the_learned_candidate(void **state) {
  (void)state;
  struct bench b;
  struct ice_candidate c;
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &(struct bench_check){.priority = 12345, .controlling = true}),
                   0);
  assert_true(ice_agent_remote_candidate(b.a, 0, &c));
  assert_int_equal(c.type, ICE_PRFLX);
  assert_int_equal(c.priority, 12345);
  bench_free(&b);
}

/* RFC 8445 section 7.3.1.1, all four cases. */
static void check_conflict(bool we_control, uint64_t theirs, bool want_487, bool want_control) {
  struct bench b;
  bench_init(&b, we_control);
  bench_up(&b);
  const struct bench_check check = {.controlling = we_control, .tie_breaker = theirs};
  assert_int_equal(bench_check(&b, &check), 0);
  assert_int_equal(bench_count(&b, STUN_ERROR), want_487);
  assert_int_equal(bench_count(&b, STUN_SUCCESS), !want_487);
  assert_int_equal(ice_agent_controlling(b.a), want_control);
  bench_free(&b);
}

static void test_the_larger_tie_breaker_controls(void **state) {
  (void)state;
  check_conflict(true, 0, true, true);
  check_conflict(true, UINT64_MAX, false, false);
  check_conflict(false, 0, false, true);
  check_conflict(false, UINT64_MAX, true, false);
}

static void test_the_counter_is_echoed_only_if_it_came(void **state) {
  (void)state;
  struct bench b;
  bench_init(&b, false);
  bench_up(&b);
  assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = true}), 0);
  assert_false(bench_has(&b.tx[0], STUN_ATTR_TRANSACTION_TRANSMIT_COUNTER));
  bench_free(&b);
}

static void test_answers_that_are_not_fetched_make_way(void **state) {
  (void)state;
  struct bench b;
  uint8_t buf[200];
  char name[600];
  bench_init(&b, false);
  bench_up(&b);
  (void)snprintf(name, sizeof name, "%s:x", b.ours.ufrag);
  struct path path = {1, addr_v4(192, 0, 2, 2, 6000)};
  for (unsigned i = 0; i < 10; i++) {
    struct writer w = writer_of(buf, sizeof buf);
    struct stun_tid tid = {{(uint8_t)i}};
    stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
    stun_put(&w, STUN_ATTR_USERNAME, bytes_of(name));
    stun_put_u32(&w, STUN_ATTR_PRIORITY, 1);
    stun_put_integrity(&w, bytes_of(b.ours.pwd));
    assert_int_equal(ice_agent_recv(b.a, b.now, &path, writer_written(&w)), 0);
  }
  bench_drain(&b);
  assert_int_equal(bench_count(&b, STUN_SUCCESS), 4);
  assert_int_equal(bench_last(&b, STUN_SUCCESS)->m.tid.b[0], 9);
  bench_free(&b);
}

static void test_an_indication_is_taken_and_not_answered(void **state) {
  (void)state;
  struct bench b;
  uint8_t buf[60];
  bench_init(&b, false);
  bench_up(&b);
  struct path path = {1, addr_v4(192, 0, 2, 2, 6000)};
  struct stun_tid tid = {{1}};
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_INDICATION, STUN_BINDING, &tid);
  stun_put_fingerprint(&w);
  assert_int_equal(ice_agent_recv(b.a, b.now, &path, writer_written(&w)), 0);
  bench_drain(&b);
  assert_int_equal(b.n_tx, 0);
  w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_ALLOCATE, &tid);
  assert_int_equal(ice_agent_recv(b.a, b.now, &path, writer_written(&w)), -EINVAL);
  bench_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_check_is_answered_with_where_it_came_from),
      cmocka_unit_test(test_a_check_before_the_remote_credentials_is_answered_and_waits),
      cmocka_unit_test(test_what_is_not_authentic_is_dropped_in_silence),
      cmocka_unit_test(test_a_ufrag_must_match_in_full),
      cmocka_unit_test(test_an_unknown_required_attribute_gives_420),
      cmocka_unit_test(test_an_unknown_optional_attribute_is_ignored),
      cmocka_unit_test(test_a_check_without_priority_gives_400),
      cmocka_unit_test(test_the_priority_of_a_check_is_that_of_the_learned_candidate),
      cmocka_unit_test(test_the_larger_tie_breaker_controls),
      cmocka_unit_test(test_the_counter_is_echoed_only_if_it_came),
      cmocka_unit_test(test_answers_that_are_not_fetched_make_way),
      cmocka_unit_test(test_an_indication_is_taken_and_not_answered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
