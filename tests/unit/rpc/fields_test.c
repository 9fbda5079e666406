#include "rpc/fields.h"

#include "support/unit.h"

struct all {
  struct fields_present present;
  uint64_t count;
  bool flag;
  struct bytes string, nullable;
  int name;
  cJSON *object, *maybe, *array, *any;
};

static const char *const names[] = {"red", "green", NULL};

enum { COUNT, FLAG, STRING, NULLABLE, NAME, OBJECT, MAYBE, ARRAY, ANY };

#define AT(member) offsetof(struct all, member)

static const struct field table[] = {
    [COUNT] = {"count", FIELD_UINT, true, 1, 10, NULL, AT(count)},
    [FLAG] = {"flag", FIELD_BOOL, false, 0, 0, NULL, AT(flag)},
    [STRING] = {"string", FIELD_STRING, false, 2, 3, NULL, AT(string)},
    [NULLABLE] = {"nullable", FIELD_STRING_NULL, false, 0, 0, NULL, AT(nullable)},
    [NAME] = {"name", FIELD_NAME, false, 0, 0, names, AT(name)},
    [OBJECT] = {"object", FIELD_OBJECT, false, 0, 0, NULL, AT(object)},
    [MAYBE] = {"maybe", FIELD_OBJECT_NULL, false, 0, 0, NULL, AT(maybe)},
    [ARRAY] = {"array", FIELD_ARRAY, false, 1, 2, NULL, AT(array)},
    [ANY] = {"any", FIELD_ANY, false, 0, 0, NULL, AT(any)},
};

static int read(const char *json, const char *prefix, struct all *to, struct rpc_error *e) {
  const struct rpc_request plain = {0};
  static cJSON *tree; /* what to points into lives until the next */
  cJSON_Delete(tree);
  tree = json ? cJSON_Parse(json) : NULL;
  *to = (struct all){0};
  return fields_read(&plain, tree, table, FIELDS_COUNT(table), prefix, to, e);
}

static void test_fields_go_where_the_table_says(void **state) {
  (void)state;
  struct all a;
  struct rpc_error e;
  assert_int_equal(read("{\"count\":10,\"flag\":true,\"string\":\"abc\",\"nullable\":\"\","
                        "\"name\":\"green\",\"object\":{\"x\":1},\"maybe\":{},\"array\":[1],"
                        "\"any\":5,\"unknown\":[],\"Count\":99}",
                        NULL, &a, &e),
                   0);
  assert_int_equal(a.count, 10);
  assert_true(a.flag);
  assert_true(bytes_equal(a.string, bytes_of("abc")));
  assert_int_equal(a.name, 1);
  assert_true(cJSON_IsObject(a.object) && cJSON_IsObject(a.maybe) && cJSON_IsArray(a.array));
  assert_int_equal(a.any->valueint, 5);
  for (unsigned i = COUNT; i <= ANY; i++) assert_true(fields_has(&a.present, i));
}

static void test_absent_and_null_are_told_apart(void **state) {
  (void)state;
  struct all a;
  struct rpc_error e;
  assert_int_equal(
      read("{\"count\":1,\"nullable\":null,\"maybe\":null,\"any\":null}", NULL, &a, &e), 0);
  assert_false(fields_has(&a.present, NULLABLE));
  assert_true(fields_has(&a.present, MAYBE));
  assert_null(a.maybe);
  assert_true(cJSON_IsNull(a.any));
  assert_false(fields_has(&a.present, FLAG));
}

static void test_a_wrong_type_or_range_names_its_field(void **state) {
  (void)state;
  static const struct {
    const char *json, *path;
  } rows[] = {
      {"{}", "count"},
      {NULL, "count"},
      {"{\"Count\":1}", "count"},
      {"{\"count\":null}", "count"},
      {"{\"count\":\"1\"}", "count"},
      {"{\"count\":true}", "count"},
      {"{\"count\":[1]}", "count"},
      {"{\"count\":0}", "count"},
      {"{\"count\":11}", "count"},
      {"{\"count\":-1}", "count"},
      {"{\"count\":1.5}", "count"},
      {"{\"count\":1e300}", "count"},
      {"{\"count\":-1e300}", "count"},
      {"{\"count\":1e999}", "count"},
      {"{\"count\":1,\"flag\":1}", "flag"},
      {"{\"count\":1,\"flag\":null}", "flag"},
      {"{\"count\":1,\"flag\":\"true\"}", "flag"},
      {"{\"count\":1,\"string\":5}", "string"},
      {"{\"count\":1,\"string\":null}", "string"},
      {"{\"count\":1,\"string\":\"a\"}", "string"},
      {"{\"count\":1,\"string\":\"abcd\"}", "string"},
      {"{\"count\":1,\"nullable\":5}", "nullable"},
      {"{\"count\":1,\"name\":\"blue\"}", "name"},
      {"{\"count\":1,\"name\":\"Red\"}", "name"},
      {"{\"count\":1,\"name\":0}", "name"},
      {"{\"count\":1,\"object\":[]}", "object"},
      {"{\"count\":1,\"object\":null}", "object"},
      {"{\"count\":1,\"maybe\":5}", "maybe"},
      {"{\"count\":1,\"array\":{}}", "array"},
      {"{\"count\":1,\"array\":[]}", "array"},
      {"{\"count\":1,\"array\":[1,2,3]}", "array"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct all a;
    struct rpc_error e;
    if (read(rows[i].json, NULL, &a, &e) == 0) fail_msg("%s", rows[i].json);
    assert_int_equal(e.fault.reason, FAULT_INVALID_PARAMS);
    assert_string_equal(e.path, rows[i].path);
    assert_true(strlen(e.fault.text) > 8);
  }
}

static void test_the_path_begins_with_the_prefix(void **state) {
  (void)state;
  struct all a;
  struct rpc_error e;
  assert_true(read("{\"count\":11}", "init", &a, &e) < 0);
  assert_string_equal(e.path, "init.count");
  assert_int_equal(e.limit, 10);
  assert_true(read("{\"count\":\"\"}", "configuration.iceServers[3]", &a, &e) < 0);
  assert_string_equal(e.path, "configuration.iceServers[3].count");
  assert_int_equal(e.limit, -1);
  assert_int_equal(read("{\"count\":1.0}", "init", &a, &e), 0);
  (void)read(NULL, NULL, &a, &e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fields_go_where_the_table_says),
      cmocka_unit_test(test_absent_and_null_are_told_apart),
      cmocka_unit_test(test_a_wrong_type_or_range_names_its_field),
      cmocka_unit_test(test_the_path_begins_with_the_prefix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
