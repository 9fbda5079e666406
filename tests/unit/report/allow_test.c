#include "report/allow.h"

#include "support/unit.h"

static const char json[] =
    "{\"version\":1,\"services\":[{\"id\":\"turn\",\"pattern\":\"*.turn.test\",\"purpose\":\"a "
    "\\\"b\\\"\","
    "\"checks\":[{\"kind\":\"turn\",\"port\":3478},{\"kind\":\"stun\",\"port\":3478},"
    "{\"kind\":\"https\",\"port\":443}]}]}";

static void test_each_port_is_one_rule_and_the_ranges_come_with_them(void **state) {
  (void)state;
  static const char *const wanted[] = {
      [ALLOW_TEXT] = "*.turn.test",
      [ALLOW_CSV] = "host,protocol,ports,purpose\r\n"
                    "\"*.turn.test\",UDP,3478,\"a \"\"b\"\"\"\r\n"
                    "\"*.turn.test\",TCP,443,\"a \"\"b\"\"\"\r\n"
                    "\"*.turn.test\",UDP,49152-65535,\"relayed data\"\r\n"
                    "\"any\",UDP,0-65535,\"direct and server reflexive candidates\"\r\n",
      [ALLOW_JSON] = "\"ports\":\t[49152, 65535]"};
  struct services *s = NULL;
  struct services_fault fault;
  const struct plan_choice c = {NULL, 2};
  assert_int_equal(services_parse(&s, json, &fault), 0);
  for (int f = ALLOW_TEXT; f <= ALLOW_JSON; f++) {
    struct text text = {0};
    allow_rules(&text, s, &c, (enum allow_format)f);
    assert_non_null(strstr(text.p, wanted[f]));
    text_free(&text);
  }
  services_free(s);
}

static void
test_names_that_a_pattern_has_not_are_listed_and_what_is_on_the_network_is_not(void **state) {
  (void)state;
  static const char file[] =
      "{\"version\":1,\"services\":[{\"id\":\"a\",\"pattern\":\"*.a.test\",\"purpose\":\"=cmd\","
      "\"hosts\":[\"1.a.test\",\"b.test\",\"aa.test\"],"
      "\"checks\":[{\"kind\":\"https\",\"port\":443},"
      "{\"kind\":\"tcp\",\"port\":30100,\"scope\":\"lan\"}]}]}";
  struct services *s = NULL;
  struct services_fault fault;
  struct text text = {0};
  const struct plan_choice c = {NULL, 2};
  assert_int_equal(services_parse(&s, file, &fault), 0);
  allow_rules(&text, s, &c, ALLOW_CSV);
  assert_string_equal(text.p, "host,protocol,ports,purpose\r\n"
                              "\"*.a.test\",TCP,443,\"'=cmd\"\r\n"
                              "\"b.test\",TCP,443,\"'=cmd\"\r\n"
                              "\"aa.test\",TCP,443,\"'=cmd\"\r\n"
                              "\"any\",UDP,0-65535,\"direct and server reflexive candidates\"\r\n");
  text_free(&text);
  services_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_port_is_one_rule_and_the_ranges_come_with_them),
      cmocka_unit_test(
          test_names_that_a_pattern_has_not_are_listed_and_what_is_on_the_network_is_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
