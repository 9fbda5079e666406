/* A saved report, as anybody may have changed it: it is judged, and what comes out is read again
 * alike. */
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "report/json.h"
#include "report/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One sign of each kind. */
static const char some_signs[] =
    "{\"signs\":[{\"vendor\":\"A\",\"where\":\"issuer\",\"match\":\"CN\"},"
    "{\"vendor\":\"B\",\"where\":\"page\",\"match\":\"blocked\"},"
    "{\"vendor\":\"C\",\"where\":\"header\",\"match\":\"Via\"},"
    "{\"vendor\":\"D\",\"where\":\"address\",\"match\":\"203.0.113.66\"},"
    "{\"vendor\":\"E\",\"where\":\"name\",\"match\":\"opendns.com\"}]}";

static bool is_alike(const struct result *a, const struct result *b) {
  if (a->verdict != b->verdict || a->cause != b->cause || a->n_also != b->n_also) return false;
  for (size_t i = 0; i < a->n_also; i++)
    if (a->also[i] != b->also[i]) return false;
  return a->proven == b->proven && a->hop == b->hop && strcmp(a->vendor, b->vendor) == 0 &&
         strcmp(a->fix, b->fix) == 0;
}

static void again(const struct report *r, const struct signs *signs) {
  struct report second;
  char why[100], *json = report_to_json(r, "fuzz");
  if (!json) return;
  if (report_from_json(&second, json, why, sizeof why) != 0) abort();
  judge(&second, signs);
  if (second.verdict != r->verdict || second.n != r->n) abort();
  for (size_t i = 0; i < r->n; i++)
    if (!is_alike(&r->rows[i], &second.rows[i])) abort();
  report_clear(&second);
  free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct text_style style = {.width = 80};
  static struct signs signs; /* for the life of the process */
  struct report r;
  struct text text = {0};
  char why[100], *json = malloc(size + 1);
  if (!json) return 0;
  if (size > 0) memcpy(json, data, size);
  json[size] = '\0';
  if (signs.n == 0 && signs_parse(&signs, some_signs) < 0) abort();
  if (report_from_json(&r, json, why, sizeof why) == 0) {
    judge(&r, &signs);
    report_to_text(&text, &r, &style);
    again(&r, &signs);
    text_free(&text);
    report_clear(&r);
  }
  free(json);
  return 0;
}
