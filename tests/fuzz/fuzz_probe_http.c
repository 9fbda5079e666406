/* An HTTP answer, cut into pieces as the first byte says. */
#include <stdlib.h>
#include <string.h>

#include "probe/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct http_answer h;
  char value[64], sum[65];
  if (size < 2 || http_answer_init(&h, data[0] & 1) != 0) return 0;
  size_t piece = 1 + data[0] / 2;
  for (size_t at = 1; at < size; at += piece) {
    size_t n = size - at < piece ? size - at : piece;
    if (!http_answer_feed(&h, (struct bytes){data + at, n})) break;
  }
  (void)http_answer_end(&h);
  (void)http_answer_header(&h, "Location", value, sizeof value);
  (void)http_answer_sha256(&h, sum);
  if (h.body.n > HTTP_BODY_KEPT || h.head.n > 2 * HTTP_HEAD_KEPT + 2) abort();
  http_answer_clear(&h);
  return 0;
}
