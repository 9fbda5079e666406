/* errors.json, the schemas and the table in C say the same. */
#include "base/fault.h"
#include "rpc/request.h"
#include "schema.h"

static bool has_string(const cJSON *list, const char *s) {
  for (const cJSON *i = list->child; i; i = i->next)
    if (strcmp(i->valuestring, s) == 0) return true;
  return false;
}

static bool has_number(const cJSON *list, int n) {
  for (const cJSON *i = list->child; i; i = i->next)
    if (i->valueint == n) return true;
  return false;
}

static void test_every_reason_in_c_is_in_errors_json_with_its_code(void **state) {
  (void)state;
  cJSON *file = schema_load("errors.json");
  const cJSON *errors = schema_get(file, "errors");
  int rows = 0;
  for (int reason = FAULT_NONE + 1; reason <= FAULT_TOO_MANY; reason++) {
    const char *name = fault_reason_name((enum fault_reason)reason);
    bool found = false;
    for (const cJSON *e = errors->child; e; e = e->next) {
      if (strcmp(schema_get(e, "reason")->valuestring, name) != 0) continue;
      assert_false(found);
      found = true;
      assert_int_equal(schema_get(e, "code")->valueint, rpc_error_code((enum fault_reason)reason));
    }
    if (!found) fail_msg("%s is not in errors.json", name);
    rows++;
  }
  assert_int_equal(cJSON_GetArraySize(errors), rows); /* and nothing else is in it */
  cJSON_Delete(file);
}

static void test_the_schema_of_errors_has_the_same_reasons_and_codes(void **state) {
  (void)state;
  cJSON *errors = schema_load("errors.json"), *host = schema_load("host.schema.json");
  const cJSON *defs = schema_get(host, "$defs");
  const cJSON *reasons = schema_get(schema_get(defs, "reason"), "enum");
  const cJSON *properties = schema_get(schema_get(defs, "error"), "properties");
  const cJSON *codes = schema_get(schema_get(properties, "code"), "enum");
  const cJSON *list = schema_get(errors, "errors");
  assert_int_equal(cJSON_GetArraySize(reasons), cJSON_GetArraySize(list));
  for (const cJSON *e = list->child; e; e = e->next) {
    assert_true(has_string(reasons, schema_get(e, "reason")->valuestring));
    assert_true(has_number(codes, schema_get(e, "code")->valueint));
  }
  for (const cJSON *c = codes->child; c; c = c->next) {
    bool used = false;
    for (const cJSON *e = list->child; e; e = e->next)
      used = used || schema_get(e, "code")->valueint == c->valueint;
    assert_true(used);
  }
  cJSON_Delete(errors);
  cJSON_Delete(host);
}

static void test_the_codes_of_json_rpc_are_where_the_standard_has_them(void **state) {
  (void)state;
  assert_int_equal(rpc_error_code(FAULT_PARSE_ERROR), -32700);
  assert_int_equal(rpc_error_code(FAULT_INVALID_REQUEST), -32600);
  assert_int_equal(rpc_error_code(FAULT_UNKNOWN_METHOD), -32601);
  assert_int_equal(rpc_error_code(FAULT_INVALID_PARAMS), -32602);
  assert_int_equal(rpc_error_code(FAULT_INTERNAL), -32603);
  for (int reason = FAULT_NOT_HELLO; reason <= FAULT_TOO_MANY; reason++)
    assert_true(rpc_error_code((enum fault_reason)reason) >= 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_reason_in_c_is_in_errors_json_with_its_code),
      cmocka_unit_test(test_the_schema_of_errors_has_the_same_reasons_and_codes),
      cmocka_unit_test(test_the_codes_of_json_rpc_are_where_the_standard_has_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
