#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "support/stun_vectors.h"

static void test_the_vectors_verify(void **state) {
  (void)state;
  struct stun_message m;
  assert_int_equal(stun_parse((struct bytes){vector_request, sizeof vector_request}, &m), 0);
  assert_true(stun_check_fingerprint(&m));
  assert_int_equal(stun_parse((struct bytes){vector_ipv4, sizeof vector_ipv4}, &m), 0);
  assert_true(stun_check_fingerprint(&m));
  assert_int_equal(stun_parse((struct bytes){vector_ipv6, sizeof vector_ipv6}, &m), 0);
  assert_true(stun_check_fingerprint(&m));
}

static void test_a_message_without_one_does_not_verify(void **state) {
  (void)state;
  struct stun_message m;
  assert_int_equal(stun_parse((struct bytes){vector_long_term, sizeof vector_long_term}, &m), 0);
  assert_false(stun_check_fingerprint(&m));
}

static void test_each_changed_bit_is_seen(void **state) {
  (void)state;
  for (size_t bit = 0; bit < sizeof vector_ipv4 * 8; bit++) {
    uint8_t buf[sizeof vector_ipv4];
    struct stun_message m;
    memcpy(buf, vector_ipv4, sizeof buf);
    buf[bit / 8] = (uint8_t)(buf[bit / 8] ^ 1 << bit % 8);
    if (stun_parse((struct bytes){buf, sizeof buf}, &m) == 0)
      assert_false(stun_check_fingerprint(&m));
  }
}

static void test_one_that_was_written_verifies(void **state) {
  (void)state;
  uint8_t buf[64];
  struct stun_message m;
  struct stun_tid tid = {{3}};
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_INDICATION, STUN_BINDING, &tid);
  stun_put_fingerprint(&w);
  assert_int_equal(stun_parse(writer_written(&w), &m), 0);
  assert_true(stun_check_fingerprint(&m));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_vectors_verify),
      cmocka_unit_test(test_a_message_without_one_does_not_verify),
      cmocka_unit_test(test_each_changed_bit_is_seen),
      cmocka_unit_test(test_one_that_was_written_verifies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
