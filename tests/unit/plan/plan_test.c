#include "plan/plan.h"

#include "support/fail_alloc.h"
#include "support/unit.h"

static const char json[] =
    "{\"version\":1,\"services\":["
    "{\"id\":\"all\",\"hosts\":[\"a.test\",\"b.test\"],\"region\":\"all\",\"checks\":["
    "{\"kind\":\"https\",\"port\":443},{\"kind\":\"stun\",\"port\":3478}]},"
    "{\"id\":\"na\",\"hosts\":[\"c.test\"],\"region\":\"na\",\"checks\":[{\"kind\":\"wss\","
    "\"port\":443}]},"
    "{\"id\":\"old\",\"hosts\":[\"d.test\"],\"generation\":1,\"checks\":[{\"kind\":\"wss\","
    "\"port\":443}]},"
    "{\"id\":\"pattern\",\"pattern\":\"*.e.test\",\"required\":false,\"checks\":[{\"kind\":"
    "\"https\","
    "\"port\":443}]}]}";

static struct services *parsed(void) {
  struct services *s = NULL;
  struct services_fault fault;
  assert_int_equal(services_parse(&s, json, &fault), 0);
  return s;
}

static size_t rows_of(const char *region, int generation) {
  struct services *s = parsed();
  struct report r;
  const struct plan_choice c = {region, generation};
  assert_int_equal(plan_make(&r, s, &c), 0);
  size_t n = r.n;
  report_clear(&r);
  services_free(s);
  return n;
}

static void test_region_and_generation_choose(void **state) {
  (void)state;
  assert_int_equal(rows_of(NULL, 2), 5);
  assert_int_equal(rows_of("na", 2), 6);
  assert_int_equal(rows_of("all", 0), 7);
  assert_int_equal(rows_of("eu", 1), 6);
}

static void test_a_pattern_without_a_host_is_a_row_that_is_not_tried(void **state) {
  (void)state;
  struct services *s = parsed();
  struct report r;
  const struct plan_choice c = {NULL, 2};
  assert_int_equal(plan_make(&r, s, &c), 0);
  const struct result *row = &r.rows[r.n - 1];
  assert_string_equal(row->host, "*.e.test");
  assert_true(row->unnamed && !row->required);
  assert_int_equal(r.rows[1].transport, TRANSPORT_UDP);
  assert_int_equal(r.rows[0].transport, TRANSPORT_TCP);
  report_clear(&r);
  services_free(s);
}

static void test_any_allocation_may_fail(void **state) {
  (void)state;
  struct services *s = parsed();
  const struct plan_choice c = {"all", 0};
  for (size_t n = 0; n < 30; n++) {
    struct report r;
    fail_alloc_at(n);
    int e = plan_make(&r, s, &c);
    fail_alloc_never();
    assert_true(e == 0 ? r.n == 7 : r.n == 0);
    report_clear(&r);
  }
  services_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_region_and_generation_choose),
      cmocka_unit_test(test_a_pattern_without_a_host_is_a_row_that_is_not_tried),
      cmocka_unit_test(test_any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
