#include "net/origins.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

#define ORIGIN "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/"
#define OTHER  "chrome-extension://ppppbbbbccccddddeeeeffffgggghhhh/"

static char path[64];

static void write_file(const char *content, mode_t mode) {
  (void)snprintf(path, sizeof path, "/tmp/senso-origins-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
  assert_int_equal(fchmod(fd, mode), 0);
  close(fd);
}

static bool allows(const char *content, mode_t mode, uid_t owner, const char *origin) {
  struct text why = {0};
  write_file(content, mode);
  bool allowed = net_origins_allow(path, owner, origin, &why);
  assert_int_equal(why.p == NULL, allowed); /* every refusal has its sentence */
  unlink(path);
  text_free(&why);
  return allowed;
}

static void test_a_listed_origin_is_allowed(void **state) {
  (void)state;
  assert_true(allows(ORIGIN "\n", 0644, getuid(), ORIGIN));
  assert_true(allows("# ours\n\n" OTHER "\n" ORIGIN " \r\n", 0600, getuid(), ORIGIN));
  assert_true(allows(OTHER "\n" ORIGIN, 0644, getuid(), ORIGIN));
}

static void test_another_origin_is_refused(void **state) {
  (void)state;
  assert_false(allows("", 0644, getuid(), ORIGIN));
  assert_false(allows(OTHER "\n", 0644, getuid(), ORIGIN));
  assert_false(allows("#" ORIGIN "\n", 0644, getuid(), ORIGIN));
  assert_false(allows(ORIGIN "x\n", 0644, getuid(), ORIGIN));
  assert_false(allows("*\n", 0644, getuid(), ORIGIN));
}

static void test_a_file_that_others_can_write_allows_nothing(void **state) {
  (void)state;
  assert_false(allows(ORIGIN "\n", 0664, getuid(), ORIGIN));
  assert_false(allows(ORIGIN "\n", 0646, getuid(), ORIGIN));
  assert_false(allows(ORIGIN "\n", 0644, getuid() + 1, ORIGIN));
}

static void test_a_missing_file_or_a_directory_allows_nothing(void **state) {
  (void)state;
  struct text why = {0};
  assert_false(net_origins_allow("/nonexistent/origins", getuid(), ORIGIN, &why));
  assert_non_null(strstr(why.p, "/nonexistent/origins"));
  assert_false(net_origins_allow("/", getuid(), ORIGIN, &why));
  text_free(&why);
}

static void test_only_extensions_have_an_origin(void **state) {
  (void)state;
  assert_true(net_origin_valid(ORIGIN));
  assert_false(net_origin_valid("chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh"));
  assert_false(net_origin_valid("chrome-extension://aaaabbbbccccddddeeeeffffgggghhh/"));
  assert_false(net_origin_valid("chrome-extension://aaaabbbbccccddddeeeeffffgggghhhhh/"));
  assert_false(net_origin_valid("chrome-extension://qaaabbbbccccddddeeeeffffgggghhhh/"));
  assert_false(net_origin_valid("https://aaaabbbbccccddddeeeeffffgggghhhh/"));
  assert_false(net_origin_valid(ORIGIN "x"));
  assert_false(net_origin_valid(""));
  assert_false(allows("https://a/\n", 0644, getuid(), "https://a/"));
}

static int scenario(void *ctx) {
  struct text why = {0};
  bool allowed = net_origins_allow(ctx, getuid(), ORIGIN, &why);
  text_free(&why);
  return allowed ? 0 : -1;
}

static void test_out_of_memory_allows_nothing(void **state) {
  (void)state;
  write_file(ORIGIN "\n", 0644);
  fail_alloc_each(scenario, path);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_listed_origin_is_allowed),
      cmocka_unit_test(test_another_origin_is_refused),
      cmocka_unit_test(test_a_file_that_others_can_write_allows_nothing),
      cmocka_unit_test(test_a_missing_file_or_a_directory_allows_nothing),
      cmocka_unit_test(test_only_extensions_have_an_origin),
      cmocka_unit_test(test_out_of_memory_allows_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
