#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/fail_alloc.h"
#include "support/ice_bench.h"

/* All inputs that allocate; the first failure is given back, and the agent stays usable. */
static int inputs(struct ice_agent *a, struct seeded_rng *rng, mono_us now) {
  struct ice_interface_addr list[] = {{.addr = addr_v4(192, 0, 2, 1, 0)},
                                      {.addr = addr_v4(192, 0, 2, 3, 0)}};
  struct ice_candidate c = {.foundation = "1", .priority = 5, .addr = addr_v4(192, 0, 2, 2, 60)};
  struct ice_candidate named = {.foundation = "2", .priority = 5, .name = "host.example"};
  const struct addr found[] = {addr_v4(192, 0, 2, 9, 0), bench_addr("2001:db8::9", 0)};
  struct ice_credentials ours, theirs;
  struct addr local = addr_v4(192, 0, 2, 1, 5000);
  uint8_t buf[1280];
  struct ice_out out;
  ice_credentials_make(&rng->rng, &ours);
  ice_credentials_make(&rng->rng, &theirs);
  int r = ice_agent_set_interfaces(a, now, list, 2), e;
  if ((e = ice_agent_start(a, now, &ours)) < 0) r = e;
  if ((e = ice_agent_set_remote(a, now, &theirs, false, 0)) < 0) r = e;
  if ((e = ice_agent_add_remote(a, now, &c)) < 0) r = e;
  named.addr.port = 61;
  if ((e = ice_agent_add_remote(a, now, &named)) < 0) r = e;
  for (unsigned i = 0; i < 100; i++) {
    ice_agent_poll(a, now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) break;
    e = 0;
    if (out.kind == OUT_BIND) e = ice_agent_bound(a, now, out.u.bind.link, 0, &local);
    if (out.kind == OUT_RESOLVE) e = ice_agent_resolved(a, now, out.u.resolve.id, 0, found, 2);
    if (e < 0) r = e;
  }
  /* A restart of the peer, then ours. */
  ice_credentials_make(&rng->rng, &ours);
  ice_credentials_make(&rng->rng, &theirs);
  if ((e = ice_agent_set_remote(a, now, &theirs, false, 0)) < 0) r = e;
  if ((e = ice_agent_add_remote(a, now, &c)) < 0) r = e;
  if ((e = ice_agent_start(a, now, &ours)) < 0) r = e;
  do ice_agent_poll(a, now, buf, sizeof buf, &out);
  while (out.kind != OUT_IDLE);
  return r;
}

static int scenario(void *ctx) {
  struct seeded_rng rng;
  struct ice_agent *a = NULL;
  (void)ctx;
  seeded_rng_init(&rng, 1);
  struct ice_cfg cfg = {.rng = &rng.rng, .controlling = true};
  int r = ice_agent_new(&a, &cfg, MONO_S);
  if (r < 0) {
    assert_null(a);
    return r;
  }
  r = inputs(a, &rng, MONO_S);
  assert_true(r == 0 || r == -ENOMEM);
  ice_agent_free(a);
  return r;
}

static void test_each_failed_allocation_is_told_and_leaves_a_sound_agent(void **state) {
  (void)state;
  fail_alloc_each(scenario, NULL);
}

/* What a check of the peer needs: without it the check is answered all the same. */
static void test_checks_are_answered_without_memory(void **state) {
  (void)state;
  for (size_t n = 0; n < 4; n++) {
    struct bench b;
    bench_init(&b, false);
    bench_up(&b);
    assert_int_equal(bench_set_remote(&b), 0);
    fail_alloc_at(n);
    assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = true}), 0);
    fail_alloc_never();
    assert_int_equal(bench_count(&b, STUN_SUCCESS), 1);
    assert_int_equal(bench_check(&b, &(struct bench_check){.controlling = true}), 0);
    assert_int_equal(bench_pairs(&b), 1);
    bench_free(&b);
  }
}

static void test_free_takes_null(void **state) {
  (void)state;
  assert_null(ice_agent_free(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_failed_allocation_is_told_and_leaves_a_sound_agent),
      cmocka_unit_test(test_checks_are_answered_without_memory),
      cmocka_unit_test(test_free_takes_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
