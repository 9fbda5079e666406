/* Any answer of a proxy, cut anywhere, means the same as in one piece. */
#include <assert.h>
#include <string.h>

#include "proxy/connect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct proxy_connect whole = {0}, cut = {0};
  enum proxy_connect_state a = PROXY_CONNECT_MORE, b = PROXY_CONNECT_MORE;
  size_t used = 0, at = 0, one = 0;
  char why[160] = "";
  a = proxy_connect_feed(&whole, (struct bytes){data, size}, &used);
  while (b == PROXY_CONNECT_MORE && at < size) {
    b = proxy_connect_feed(&cut, (struct bytes){data + at, 1}, &one);
    at += one;
  }
  assert(a == b && (size == 0 || used == at) && used <= size);
  proxy_connect_why(&whole, why, sizeof why);
  for (size_t i = 0; why[i]; i++) assert(why[i] >= 0x20 && why[i] < 0x7f);
  return 0;
}
