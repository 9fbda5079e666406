#include "install/policy.h"

#include "support/unit.h"

static size_t judge(const char *first, const char *second, struct install_policy *ret) {
  struct findings f = {0};
  *ret = (struct install_policy){0};
  install_policy_add(ret, "a.json", bytes_of(first), &f);
  if (second) install_policy_add(ret, "b.json", bytes_of(second), &f);
  install_policy_judge(ret, "/etc/chromium/policies/managed", &f);
  text_free(&f.text);
  return f.n;
}

static void test_a_blocklist_without_an_allowlist_is_a_mistake(void **state) {
  (void)state;
  struct install_policy p;
  assert_int_equal(judge("{}", NULL, &p), 0);
  assert_int_equal(judge("{\"NativeMessagingBlocklist\":[\"*\"]}", NULL, &p), 1);
  assert_int_equal(judge("{\"NativeMessagingBlocklist\":[\"cloud.senso.host\"]}", NULL, &p), 1);
  assert_int_equal(judge("{\"NativeMessagingBlocklist\":[\"other\"]}", NULL, &p), 0);
}

static void test_the_allowlist_of_another_file_counts(void **state) {
  (void)state;
  struct install_policy p;
  assert_int_equal(judge("{\"NativeMessagingBlocklist\":[\"*\"]}",
                         "{\"NativeMessagingAllowlist\":[\"x\",\"cloud.senso.host\"]}", &p),
                   0);
}

static void test_user_level_hosts_may_be_forbidden(void **state) {
  (void)state;
  struct install_policy p;
  (void)judge("{\"NativeMessagingUserLevelHosts\":false}", "{}", &p);
  assert_true(p.no_user_level);
  (void)judge("{\"NativeMessagingUserLevelHosts\":true}", NULL, &p);
  assert_false(p.no_user_level);
}

static void test_of_a_policy_set_twice_the_last_file_counts(void **state) {
  (void)state;
  struct install_policy p;
  assert_int_equal(
      judge("{\"NativeMessagingBlocklist\":[\"*\"]}", "{\"NativeMessagingBlocklist\":[]}", &p), 0);
  assert_int_equal(judge("{\"NativeMessagingBlocklist\":[\"*\"],"
                         "\"NativeMessagingAllowlist\":[\"cloud.senso.host\"]}",
                         "{\"NativeMessagingAllowlist\":[]}", &p),
                   1);
}

static void test_what_the_browser_takes_is_taken(void **state) {
  (void)state;
  struct install_policy p;
  static const char relaxed[] =
      "// ours, \"all\" of it\n{ /* a { in here */ \"a\": \"// no comment, ]\",\n"
      "\"NativeMessagingBlocklist\": [\"*\", /**/ ] ,\n}\n// end";
  assert_int_equal(judge(relaxed, NULL, &p), 1);
  assert_true(p.blocked);
  assert_int_equal(judge("{\"a\": 1,, }", NULL, &p), 1);
  assert_int_equal(judge("{} {}", NULL, &p), 1);
  assert_int_equal(judge("[]", NULL, &p), 1);
  assert_int_equal(judge("{\"a\": \"unended", NULL, &p), 1);
  assert_int_equal(judge("{} /* unended", NULL, &p), 0);
  assert_int_equal(judge("", NULL, &p), 1);
}

static void test_a_policy_file_that_is_not_json_is_a_mistake(void **state) {
  (void)state;
  struct install_policy p;
  assert_int_equal(judge("{", NULL, &p), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_blocklist_without_an_allowlist_is_a_mistake),
      cmocka_unit_test(test_the_allowlist_of_another_file_counts),
      cmocka_unit_test(test_user_level_hosts_may_be_forbidden),
      cmocka_unit_test(test_of_a_policy_set_twice_the_last_file_counts),
      cmocka_unit_test(test_what_the_browser_takes_is_taken),
      cmocka_unit_test(test_a_policy_file_that_is_not_json_is_a_mistake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
