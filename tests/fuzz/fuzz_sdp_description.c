#include <stdlib.h>
#include <string.h>

#include "sdp/description.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and written again must read back, and be written the same. */
static void round_trip(const struct sdp_description *d) {
  struct text once = {0}, twice = {0};
  struct sdp_description *again = calloc(1, sizeof *again);
  struct fault fault;
  if (!again) abort();
  sdp_format(d, &once);
  if (sdp_parse((struct bytes){(const uint8_t *)once.p, once.n}, again, &fault) != 0) abort();
  sdp_format(again, &twice);
  if (once.failed || twice.failed || once.n != twice.n || memcmp(once.p, twice.p, once.n) != 0)
    abort();
  text_free(&once);
  text_free(&twice);
  sdp_description_clear(again);
  free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sdp_description *d = malloc(sizeof *d);
  struct fault fault;
  if (!d) return 0;
  if (sdp_parse((struct bytes){data, size}, d, &fault) == 0) {
    round_trip(d);
    sdp_description_clear(d);
  }
  free(d);
  return 0;
}
