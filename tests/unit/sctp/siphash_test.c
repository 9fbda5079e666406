#include "sctp/siphash.h"

#include "support/unit.h"

static void test_siphash_gives_the_authors_values(void **state) {
  (void)state;
  uint8_t key[16], message[64];
  for (size_t i = 0; i < 64; i++) message[i] = (uint8_t)i;
  memcpy(key, message, sizeof key);
  assert_true(siphash(key, (struct bytes){message, 0}) == 0x726fdb47dd0e0e31u);
  assert_true(siphash(key, (struct bytes){message, 8}) == 0x93f5f5799a932462u);
  assert_true(siphash(key, (struct bytes){message, 15}) == 0xa129ca6149be45e5u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_siphash_gives_the_authors_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
