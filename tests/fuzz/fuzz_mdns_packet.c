/* Any packet on port 5353: names stay within their limits, and a question is answered or not. */
#include <assert.h>
#include <string.h>

#include "mdns/message.h"
#include "mdns/resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct bytes packet) {
  struct mdns_answers all;
  struct mdns_answer a;
  if (!mdns_answers_begin(packet, &all)) return;
  while (mdns_answers_next(&all, &a)) {
    assert(strlen(a.name) <= MDNS_NAME_MAX);
    assert(a.addr.family == ADDR_V4 || a.addr.family == ADDR_V6);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct mdns_resolver *r = NULL;
  struct mdns_out out;
  uint8_t buf[600];
  read_all((struct bytes){data, size});
  if (mdns_resolver_new(&r) < 0) return 0;
  if (mdns_resolver_ask(r, 0, 1, "a.local") == 0) {
    mdns_resolver_recv(r, (struct bytes){data, size});
    do mdns_resolver_poll(r, 0, buf, sizeof buf, &out);
    while (out.kind != MDNS_IDLE);
  }
  mdns_resolver_free(r);
  return 0;
}
