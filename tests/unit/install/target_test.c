#include "install/target.h"

#include "support/unit.h"

static void says(struct install_target t, const char *words) {
  struct findings f = {0};
  t.path = "/opt/senso-host";
  install_target_judge("m.json", &t, &f);
  assert_int_equal(f.n, words ? 1 : 0);
  if (words && !strstr(f.text.p, words)) fail_msg("%s", f.text.p);
  text_free(&f.text);
}

static void test_what_keeps_a_browser_from_starting_it_is_named(void **state) {
  (void)state;
  says((struct install_target){.regular = true, .executable = true, .same = true}, NULL);
  says((struct install_target){.error = "No such file"}, "cannot be started: No such file");
  says((struct install_target){.blocked = "/opt"}, "chmod o+x /opt");
  says((struct install_target){.executable = true}, "is no file");
  says((struct install_target){.regular = true}, "chmod 755");
  says((struct install_target){.regular = true, .executable = true}, "another program");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_keeps_a_browser_from_starting_it_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
