/* A services file, as anybody may have written it, and what follows from it. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct services *s = NULL;
  struct services_fault fault = {0};
  struct report r;
  const struct plan_choice all = {"all", 0};
  char *text = malloc(size + 1);
  if (!text) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  int e = services_parse(&s, text, &fault);
  if (e != 0 && fault.text[0] && fault.line == 0) abort();
  if (e == 0 && plan_make(&r, s, &all) == 0) {
    for (size_t i = 0; i < r.n; i++)
      if (!r.rows[i].host || r.rows[i].port == 0) abort();
    report_clear(&r);
  }
  services_free(s);
  free(text);
  return 0;
}
