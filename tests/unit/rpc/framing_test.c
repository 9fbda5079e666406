#include "rpc/framing.h"

#include <errno.h>
#include <stdlib.h>

#include "support/unit.h"

#define LIMIT 100000

static void feed(struct framing *f, const void *bytes, size_t n) {
  for (size_t at = 0; at < n;) {
    size_t cap;
    uint8_t *space = framing_space(f, &cap);
    assert_non_null(space);
    assert_true(cap >= 65536);
    size_t k = n - at < cap ? n - at : cap;
    memcpy(space, (const uint8_t *)bytes + at, k);
    framing_fed(f, k);
    at += k;
  }
}

static void feed_length(struct framing *f, uint32_t n) {
  feed(f, &n, sizeof n);
}

static struct framing_out next(struct framing *f) {
  struct framing_out out;
  framing_next(f, &out);
  return out;
}

static void expect_frame(struct framing *f, const char *text) {
  struct framing_out out = next(f);
  assert_int_equal(out.kind, FRAMING_FRAME);
  if (!bytes_equal(out.frame, bytes_of(text))) fail_msg("%.*s", (int)out.frame.n, out.frame.p);
}

static struct framing *begin(enum framing_mode mode) {
  struct framing *f;
  assert_int_equal(framing_new(&f, mode, LIMIT), 0);
  return f;
}

static void test_frames_are_the_same_however_they_are_cut(void **state) {
  (void)state;
  struct text t = {0};
  static const char *const frames[] = {"{}", "", "a", "{\"x\":\"\xc3\xa9\"}"};
  for (size_t i = 0; i < 4; i++) framing_add(FRAMING_LENGTH, &t, bytes_of(frames[i]));
  for (size_t step = 1; step <= t.n; step++) {
    struct framing *f = begin(FRAMING_LENGTH);
    size_t got = 0;
    for (size_t at = 0; at < t.n; at += step) {
      feed(f, t.p + at, t.n - at < step ? t.n - at : step);
      for (struct framing_out out; (out = next(f)).kind != FRAMING_MORE; got++) {
        assert_int_equal(out.kind, FRAMING_FRAME);
        assert_true(bytes_equal(out.frame, bytes_of(frames[got])));
      }
    }
    assert_int_equal(got, 4);
    assert_int_equal(framing_pending(f), 0);
    framing_free(f);
  }
  text_free(&t);
}

static void test_a_length_is_four_bytes_of_this_machine(void **state) {
  (void)state;
  struct text t = {0};
  uint32_t n;
  framing_add(FRAMING_LENGTH, &t, bytes_of("abc"));
  assert_int_equal(t.n, 7);
  memcpy(&n, t.p, 4);
  assert_int_equal(n, 3);
  text_clear(&t);
  framing_add(FRAMING_LINES, &t, bytes_of("abc"));
  assert_string_equal(t.p, "abc\n");
  text_free(&t);
}

static void test_a_frame_at_the_limit_is_read_and_one_above_is_skipped(void **state) {
  (void)state;
  uint8_t *bytes = calloc(1, LIMIT + 1);
  assert_non_null(bytes);
  struct framing *f = begin(FRAMING_LENGTH);
  feed_length(f, LIMIT);
  feed(f, bytes, LIMIT);
  assert_int_equal(next(f).kind, FRAMING_FRAME);
  feed_length(f, LIMIT + 1);
  feed(f, bytes, LIMIT);
  assert_int_equal(next(f).kind, FRAMING_MORE);
  assert_true(framing_pending(f) > 0);
  feed(f, bytes, 1);
  struct framing_out out = next(f);
  assert_int_equal(out.kind, FRAMING_SKIPPED);
  assert_int_equal(out.size, LIMIT + 1);
  feed_length(f, 2);
  feed(f, "{}", 2);
  expect_frame(f, "{}");
  framing_free(f);
  free(bytes);
}

static void test_the_hard_cap_is_64_mib_to_the_byte(void **state) {
  (void)state;
  static uint8_t zeros[65536];
  struct framing *f = begin(FRAMING_LENGTH);
  feed_length(f, 64u << 20);
  for (int i = 0; i < 1024; i++) {
    assert_int_equal(next(f).kind, FRAMING_MORE);
    feed(f, zeros, sizeof zeros);
  }
  assert_int_equal(next(f).kind, FRAMING_SKIPPED);
  feed_length(f, (64u << 20) + 1);
  struct framing_out out = next(f);
  assert_int_equal(out.kind, FRAMING_TOO_LONG);
  assert_int_equal(out.size, (64u << 20) + 1);
  feed(f, "\2\0\0\0{}", 6);
  assert_int_equal(next(f).kind, FRAMING_TOO_LONG); /* for good */
  framing_free(f);
}

static void test_lines_end_as_lines_do(void **state) {
  (void)state;
  struct framing *f = begin(FRAMING_LINES);
  static const char text[] = "{}\n\n  \t\n{\"a\":1}\r\n\r\nlast";
  feed(f, text, sizeof text - 1);
  expect_frame(f, "{}");
  expect_frame(f, "{\"a\":1}");
  assert_int_equal(next(f).kind, FRAMING_MORE);
  assert_int_equal(framing_pending(f), 4);
  feed(f, "\n", 1);
  expect_frame(f, "last");
  framing_free(f);
}

static void test_a_line_too_long_is_skipped_whole(void **state) {
  (void)state;
  char *line = malloc(LIMIT + 2);
  assert_non_null(line);
  memset(line, 'x', LIMIT + 1);
  struct framing *f = begin(FRAMING_LINES);
  line[LIMIT] = '\n';
  feed(f, line, LIMIT + 1);
  assert_int_equal(next(f).kind, FRAMING_FRAME);
  line[LIMIT] = 'x';
  line[LIMIT + 1] = '\n';
  feed(f, line, LIMIT + 2);
  struct framing_out out = next(f);
  assert_int_equal(out.kind, FRAMING_SKIPPED);
  assert_int_equal(out.size, LIMIT + 1);
  for (int i = 0; i < 5; i++) {
    feed(f, line, LIMIT);
    assert_int_equal(next(f).kind, FRAMING_MORE);
  }
  feed(f, "\n{}\n", 4);
  assert_int_equal(next(f).kind, FRAMING_SKIPPED);
  expect_frame(f, "{}");
  framing_free(f);
  free(line);
}

static int read_one(void *ctx) {
  (void)ctx;
  struct framing *f = NULL;
  size_t cap;
  if (framing_new(&f, FRAMING_LENGTH, LIMIT) < 0) return -ENOMEM;
  uint8_t *space = framing_space(f, &cap);
  framing_free(f);
  return space ? 0 : -ENOMEM;
}

static void test_no_failed_allocation_leaks(void **state) {
  (void)state;
  fail_alloc_each(read_one, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_are_the_same_however_they_are_cut),
      cmocka_unit_test(test_a_length_is_four_bytes_of_this_machine),
      cmocka_unit_test(test_a_frame_at_the_limit_is_read_and_one_above_is_skipped),
      cmocka_unit_test(test_the_hard_cap_is_64_mib_to_the_byte),
      cmocka_unit_test(test_lines_end_as_lines_do),
      cmocka_unit_test(test_a_line_too_long_is_skipped_whole),
      cmocka_unit_test(test_no_failed_allocation_leaks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
