#include "sctp/cookie.h"

#include "support/unit.h"

static const uint8_t secret[SIPHASH_KEY_SIZE] = "sixteen bytes...";
static const struct cookie a_cookie = {.made_at = 100 * MONO_S,
                                       .local_tag = 1,
                                       .peer_tag = 2,
                                       .local_tsn = 3,
                                       .peer_tsn = 4,
                                       .local_tie_tag = 5,
                                       .peer_tie_tag = 6,
                                       .peer_rwnd = 7,
                                       .streams_out = 8,
                                       .streams_in = 9,
                                       .forward_tsn = true};

static struct bytes bake(uint8_t *buf) {
  struct writer w = writer_of(buf, COOKIE_SIZE);
  cookie_write(&w, secret, &a_cookie);
  assert_false(w.failed);
  assert_int_equal(w.n, COOKIE_SIZE);
  return writer_written(&w);
}

static void test_a_cookie_reads_what_it_wrote(void **state) {
  (void)state;
  uint8_t buf[COOKIE_SIZE];
  struct cookie c;
  assert_int_equal(cookie_read(bake(buf), secret, 101 * MONO_S, &c), COOKIE_OK);
  assert_int_equal(c.local_tag, 1);
  assert_int_equal(c.peer_tag, 2);
  assert_int_equal(c.local_tsn, 3);
  assert_int_equal(c.peer_tsn, 4);
  assert_int_equal(c.local_tie_tag, 5);
  assert_int_equal(c.peer_tie_tag, 6);
  assert_int_equal(c.peer_rwnd, 7);
  assert_int_equal(c.streams_out, 8);
  assert_int_equal(c.streams_in, 9);
  assert_true(c.forward_tsn);
  assert_false(c.reconfig);
}

static void test_a_cookie_is_good_for_sixty_seconds(void **state) {
  (void)state;
  uint8_t buf[COOKIE_SIZE];
  struct cookie c;
  struct bytes b = bake(buf);
  assert_int_equal(cookie_read(b, secret, 160 * MONO_S, &c), COOKIE_OK);
  assert_int_equal(cookie_read(b, secret, 160 * MONO_S + 1, &c), COOKIE_STALE);
}

static void test_a_changed_cookie_is_forged(void **state) {
  (void)state;
  uint8_t buf[COOKIE_SIZE];
  struct cookie c;
  struct bytes b = bake(buf);
  for (size_t i = 0; i < COOKIE_SIZE; i++) {
    buf[i] ^= 0x10;
    assert_int_equal(cookie_read(b, secret, 100 * MONO_S, &c), COOKIE_FORGED);
    buf[i] ^= 0x10;
  }
  assert_int_equal(cookie_read((struct bytes){buf, COOKIE_SIZE - 1}, secret, 100 * MONO_S, &c),
                   COOKIE_FORGED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_cookie_reads_what_it_wrote),
      cmocka_unit_test(test_a_cookie_is_good_for_sixty_seconds),
      cmocka_unit_test(test_a_changed_cookie_is_forged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
