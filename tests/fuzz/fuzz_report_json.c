/* A saved report, as anybody may have changed it: it is judged, and what comes out is read again
 * alike. */
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "report/json.h"
#include "report/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct report *r, const struct signs *signs) {
  struct report second;
  char why[100], *json = report_to_json(r, "fuzz");
  if (!json) return;
  if (report_from_json(&second, json, why, sizeof why) != 0) abort();
  judge(&second, signs);
  if (second.verdict != r->verdict || second.n != r->n) abort();
  report_clear(&second);
  free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct text_style style = {.width = 80};
  struct signs none = {0};
  struct report r;
  struct text text = {0};
  char why[100], *json = malloc(size + 1);
  if (!json) return 0;
  if (size > 0) memcpy(json, data, size);
  json[size] = '\0';
  if (report_from_json(&r, json, why, sizeof why) == 0) {
    judge(&r, &none);
    report_to_text(&text, &r, &style);
    again(&r, &none);
    text_free(&text);
    report_clear(&r);
  }
  free(json);
  return 0;
}
