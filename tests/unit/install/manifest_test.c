#include "install/manifest.h"

#include "support/unit.h"

#define FILE_NAME "/etc/chromium/native-messaging-hosts/cloud.senso.host.json"
#define ORIGIN    "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/"

/* Fields of a good manifest, one of which a row replaces. */
#define NAME    "\"name\":\"cloud.senso.host\""
#define WORDS   "\"description\":\"x\""
#define PATH    "\"path\":\"/usr/bin/senso-host\""
#define TYPE    "\"type\":\"stdio\""
#define ORIGINS "\"allowed_origins\":[\"" ORIGIN "\"]"

struct row {
  const char *file, *json;
  size_t n;             /* findings */
  const char *words[2]; /* in them */
};

static const struct row rows[] = {
    {FILE_NAME, "{" NAME "," WORDS "," PATH "," TYPE "," ORIGINS "}", 0, {NULL, NULL}},
    {FILE_NAME, "{" NAME ",\n " WORDS "\n " PATH "}", 1, {"line 3, column 2: not JSON", NULL}},
    {FILE_NAME, "", 1, {"line 1, column 1: not JSON", NULL}},
    {FILE_NAME, "[]", 1, {"it is JSON, but no object", NULL}},
    {FILE_NAME,
     "{\"name\":\"Cloud.Senso\"," WORDS "," PATH "," TYPE "," ORIGINS "}",
     1,
     {"\"name\" is not cloud.senso.host", NULL}},
    {FILE_NAME,
     "{\"Name\":\"cloud.senso.host\"," WORDS "," PATH "," TYPE "," ORIGINS "}",
     1,
     {"\"name\" is not", NULL}},
    {"/x/senso.json",
     "{" NAME "," WORDS "," PATH "," TYPE "," ORIGINS "}",
     1,
     {"/x/senso.json: browsers look for a file named after", "rename it to cloud.senso.host.json"}},
    {FILE_NAME,
     "{" NAME ",\"description\":\"\"," PATH "," TYPE "," ORIGINS "}",
     1,
     {"\"description\" is missing or empty", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH ",\"type\":\"pipe\"," ORIGINS "}",
     1,
     {"\"type\" is not stdio", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS ",\"path\":\"senso-host\"," TYPE "," ORIGINS "}",
     1,
     {"\"path\" is not an absolute path", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE "}",
     1,
     {"\"allowed_origins\" is missing or empty", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE ",\"allowed_origins\":[]}",
     1,
     {"\"allowed_origins\" is missing or empty", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE ",\"allowed_origins\":[7]}",
     1,
     {"is no string", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE ",\"allowed_origins\":[\"chrome-extension://*/\"]}",
     1,
     {"wildcard", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE
     ",\"allowed_origins\":[\"chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh\"]}",
     1,
     {"does not end with a slash", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE ",\"allowed_origins\":[\"chrome-extension://abc/\"]}",
     1,
     {"no extension ID", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE ",\"allowed_origins\":[\"https://example.com/\"]}",
     1,
     {"does not begin with chrome-extension://", NULL}},
    {FILE_NAME, "[]", 1, {"it is JSON, but no object", NULL}},
    {FILE_NAME, "null", 1, {"it is JSON, but no object", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," TYPE "," ORIGINS "} x",
     1,
     {"something follows", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS "," PATH "," PATH "," TYPE "," ORIGINS "}",
     1,
     {"\"path\" stands there twice", NULL}},
    {FILE_NAME,
     "{" NAME "," WORDS ",\"path\":\"/usr/bin/\\u001b[2J\"," TYPE "," ORIGINS "}",
     1,
     {"control characters", NULL}},
    {FILE_NAME, "{}", 5, {"\"type\"", "\"path\""}},
};

static void test_every_mistake_has_its_words_and_its_fix(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct findings f = {0};
    struct install_manifest m;
    install_manifest_judge(rows[i].file, bytes_of(rows[i].json), &m, &f);
    if (f.n != rows[i].n) fail_msg("row %zu: %zu findings\n%s", i, f.n, f.text.p ? f.text.p : "");
    for (size_t k = 0; k < 2 && rows[i].words[k]; k++)
      if (!strstr(f.text.p, rows[i].words[k])) fail_msg("row %zu: %s", i, f.text.p);
    text_free(&f.text);
  }
}

static void test_what_can_be_used_is_given(void **state) {
  (void)state;
  struct findings f = {0};
  struct install_manifest m;
  install_manifest_judge(FILE_NAME, bytes_of("{" PATH "," ORIGINS "}"), &m, &f);
  assert_string_equal(m.path, "/usr/bin/senso-host");
  assert_int_equal(m.n_origins, 1);
  assert_string_equal(m.origins[0], ORIGIN);
  text_free(&f.text);
}

static void test_more_origins_than_are_kept_are_still_judged(void **state) {
  (void)state;
  struct findings f = {0};
  struct install_manifest m;
  struct text t = {0};
  text_add(&t, "{" NAME "," WORDS "," PATH "," TYPE ",\"allowed_origins\":[");
  for (int i = 0; i < 100; i++) text_add(&t, "\"" ORIGIN "\",");
  text_add(&t, "\"bad\"]}");
  install_manifest_judge(FILE_NAME, bytes_of(t.p), &m, &f);
  assert_int_equal(m.n_origins, INSTALL_ORIGINS_MAX);
  assert_int_equal(f.n, 1);
  text_free(&t);
  text_free(&f.text);
}

static void test_a_file_of_another_host_is_not_ours(void **state) {
  (void)state;
  assert_true(install_manifest_is_ours(bytes_of("{" NAME "}")));
  assert_false(install_manifest_is_ours(bytes_of("{\"name\":\"cloud.senso.host.other\"}")));
  assert_false(install_manifest_is_ours(bytes_of("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_mistake_has_its_words_and_its_fix),
      cmocka_unit_test(test_what_can_be_used_is_given),
      cmocka_unit_test(test_more_origins_than_are_kept_are_still_judged),
      cmocka_unit_test(test_a_file_of_another_host_is_not_ours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
