#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ice/priority.h"

static void test_the_formula_of_section_5_1_2_1(void **state) {
  (void)state;
  assert_int_equal(ice_priority(ICE_HOST, 65535), 2130706431);
  assert_int_equal(ice_priority(ICE_PRFLX, 65535), 0x6e0000ff | 65535u << 8);
  assert_int_equal(ice_priority(ICE_SRFLX, 0), 100u << 24 | 255);
  assert_int_equal(ice_priority(ICE_RELAY, 1), 256 + 255);
}

static void test_the_pair_formula_of_section_6_1_2_3(void **state) {
  (void)state;
  assert_true(ice_pair_priority(1, 2) == (UINT64_C(1) << 32 | 4));
  assert_true(ice_pair_priority(2, 1) == (UINT64_C(1) << 32 | 5));
  assert_true(ice_pair_priority(7, 7) == (UINT64_C(7) << 32 | 14));
  assert_true(ice_pair_priority(0x7fffffff, 0x7fffffff) == UINT64_C(0x7ffffffffffffffe));
}

static void test_more_than_the_rfc_allows_counts_as_the_most_it_allows(void **state) {
  (void)state;
  assert_true(ice_pair_priority(UINT32_MAX, 5) == ice_pair_priority(0x7fffffff, 5));
  assert_true(ice_pair_priority(5, UINT32_MAX) == ice_pair_priority(5, 0x7fffffff));
}

static void test_the_weaker_candidate_decides(void **state) {
  (void)state;
  uint32_t host = ice_priority(ICE_HOST, 1), relay = ice_priority(ICE_RELAY, 65535);
  assert_true(ice_pair_priority(host, host) > ice_pair_priority(host, relay));
  assert_true(ice_pair_priority(host, relay) > ice_pair_priority(relay, relay));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_formula_of_section_5_1_2_1),
      cmocka_unit_test(test_the_pair_formula_of_section_6_1_2_3),
      cmocka_unit_test(test_more_than_the_rfc_allows_counts_as_the_most_it_allows),
      cmocka_unit_test(test_the_weaker_candidate_decides),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
