#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge/judge.h"
#include "report/text.h"
#include "support/unit.h"

static void fill(struct report *r, struct result row[1]) {
  row[0] = (struct result){.service_id = strdup("s"),
                           .host = strdup("a.test"),
                           .kind = CHECK_TURN,
                           .transport = TRANSPORT_TLS,
                           .port = 443,
                           .required = true,
                           .address = strdup("192.0.2.1")};
  evidence_add(&row[0].evidence, "tcp", "timeout", "TCP to \"it\" got no answer");
  *r = (struct report){.n = 1, .relay_ports = {1, 2}, .duration_ms = 7};
  r->rows = malloc(sizeof *row);
  assert_non_null(r->rows);
  r->rows[0] = row[0];
  (void)snprintf(r->started, sizeof r->started, "2026-01-01T00:00:00Z");
  evidence_add(&r->environment, "network", "there", "there");
}

static void test_a_report_comes_back_as_it_was_and_is_judged_alike(void **state) {
  (void)state;
  struct report r, again;
  struct result row[1];
  struct signs none = {0};
  char why[100];
  fill(&r, row);
  judge(&r, &none);
  char *json = report_to_json(&r, "t"), *second;
  assert_int_equal(report_from_json(&again, json, why, sizeof why), 0);
  judge(&again, &none);
  second = report_to_json(&again, "t");
  assert_string_equal(json, second);
  assert_string_equal(again.rows[0].cause, "tcp-blocked");
  free(json);
  free(second);
  report_clear(&r);
  report_clear(&again);
}

static void test_what_is_no_report_is_refused_with_a_reason(void **state) {
  (void)state;
  static const struct {
    const char *json, *why;
  } bad[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{}", "\"version\""},
      {"{\"version\":1,\"relayPorts\":[1]}", "\"relayPorts\""},
      {"{\"version\":1,\"relayPorts\":[1,2],\"started\":\"\",\"duration_ms\":0}", "\"evidence\""},
      {"{\"version\":1,\"relayPorts\":[1,2],\"started\":\"\",\"duration_ms\":0,\"environment\":"
       "{\"evidence\":[]},\"results\":[{\"service\":\"a\",\"host\":\"b\",\"check\":\"ftp\"}]}",
       "\"check\""}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct report r;
    char why[100] = "";
    assert_int_equal(report_from_json(&r, bad[i].json, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, bad[i].why));
    assert_null(r.rows);
  }
}

static void test_the_text_has_the_finding_its_evidence_and_the_remedy(void **state) {
  (void)state;
  struct report r;
  struct result row[1];
  struct signs none = {0};
  struct text text = {0};
  const struct text_style plain = {.width = 60, .colour = false};
  fill(&r, row);
  judge(&r, &none);
  report_to_text(&text, &r, &plain);
  assert_non_null(strstr(text.p, "blocked      turn/tls a.test:443  tcp-blocked (likely)\n"));
  assert_non_null(strstr(text.p, "      TCP to \"it\" got no answer\n"));
  assert_non_null(strstr(text.p, "Allow outbound TCP"));
  assert_null(strchr(text.p, '\033'));
  for (const char *line = text.p; *line; line = strchr(line, '\n') + 1)
    assert_true(strcspn(line, "\n") <= 90);
  text_free(&text);
  report_clear(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_report_comes_back_as_it_was_and_is_judged_alike),
      cmocka_unit_test(test_what_is_no_report_is_refused_with_a_reason),
      cmocka_unit_test(test_the_text_has_the_finding_its_evidence_and_the_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
