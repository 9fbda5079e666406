/* Any text: what is a candidate is written and read again to the same. */
#include <assert.h>
#include <string.h>

#include "ice/candidate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ice_candidate c, again;
  struct fault fault = {0};
  struct text text = {0};
  int r = ice_candidate_parse((struct bytes){data, size}, &c, &fault);
  if (r < 0) return 0;
  ice_candidate_format(&c, "uFrAg", &text);
  assert(!text.failed);
  r = ice_candidate_parse((struct bytes){(const uint8_t *)text.p, text.n}, &again, &fault);
  assert(r == 0);
  assert(again.type == c.type && again.priority == c.priority);
  assert(addr_equal(&again.addr, &c.addr) && strcmp(again.name, c.name) == 0);
  assert(strcmp(again.foundation, c.foundation) == 0);
  text_free(&text);
  return 0;
}
