#include "net/options.h"

#include <errno.h>

#include "support/unit.h"

struct line {
  char *argv[4];
  int argc;
};

static int read_line(struct line l, struct net_options *ret, struct text *why) {
  return net_options_read(l.argc, l.argv, ret, why);
}

static void accepts(struct line l, enum net_mode mode, const char *origin) {
  struct net_options o;
  struct text why = {0};
  assert_int_equal(read_line(l, &o, &why), 0);
  assert_int_equal(o.mode, mode);
  if (origin)
    assert_string_equal(o.origin, origin);
  else
    assert_null(o.origin);
  assert_null(why.p);
}

static void refuses(struct line l, const char *sentence) {
  struct net_options o = {.mode = NET_MODE_HELP};
  struct text why = {0};
  assert_int_equal(read_line(l, &o, &why), -EINVAL);
  assert_int_equal(o.mode, NET_MODE_HELP);
  assert_string_equal(why.p, sentence);
  text_free(&why);
}

static void test_each_mode_has_its_command_line(void **state) {
  (void)state;
  char origin[] = "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/";
  accepts((struct line){{"h", "--stdio"}, 2}, NET_MODE_STDIO, NULL);
  accepts((struct line){{"h", "--lines"}, 2}, NET_MODE_LINES, NULL);
  accepts((struct line){{"h", "--version"}, 2}, NET_MODE_VERSION, NULL);
  accepts((struct line){{"h", "--help"}, 2}, NET_MODE_HELP, NULL);
  accepts((struct line){{"h", origin}, 2}, NET_MODE_BROWSER, origin);
  accepts((struct line){{"h", origin, "--parent-window=0"}, 3}, NET_MODE_BROWSER, origin);
}

static void test_check_install_may_name_another_root(void **state) {
  (void)state;
  struct net_options o;
  struct text why = {0};
  assert_int_equal(read_line((struct line){{"h", "--check-install"}, 2}, &o, &why), 0);
  assert_int_equal(o.mode, NET_MODE_CHECK_INSTALL);
  assert_string_equal(o.root, "");
  assert_int_equal(read_line((struct line){{"h", "--check-install", "/mnt"}, 3}, &o, &why), 0);
  assert_string_equal(o.root, "/mnt");
  refuses((struct line){{"h", "--check-install", "/mnt", "x"}, 4},
          "senso-host: x: one argument too many\n");
}

static void test_what_is_wrong_is_named(void **state) {
  (void)state;
  refuses((struct line){{"h"}, 1}, "senso-host: an argument is missing\n");
  refuses((struct line){{"h", "--bogus"}, 2}, "senso-host: --bogus: unknown argument\n");
  refuses((struct line){{"h", "--lines", "x"}, 3}, "senso-host: x: one argument too many\n");
  refuses((struct line){{"h", "--listen", "127.0.0.1:1"}, 3},
          "senso-host: --listen: this build has no such option\n");
  refuses((struct line){{"h", ""}, 2}, "senso-host: : unknown argument\n");
}

static void test_the_usage_names_every_mode(void **state) {
  (void)state;
  static const char *const names[] = {"chrome-extension://", "--stdio", "--lines",
                                      "--check-install", "--version"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_non_null(strstr(net_options_usage(), names[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_mode_has_its_command_line),
      cmocka_unit_test(test_check_install_may_name_another_root),
      cmocka_unit_test(test_what_is_wrong_is_named),
      cmocka_unit_test(test_the_usage_names_every_mode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
