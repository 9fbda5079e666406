/* Any packet on port 5353: names stay within their limits, and a question is answered or not. */
#include <assert.h>
#include <string.h>

#include "mdns/message.h"
#include "mdns/resolver.h"
#include "mdns/responder.h"

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

static void ask_us(struct bytes packet) {
  static const struct addr addr = {.family = ADDR_V6, .ip = {0xfd, [15] = 1}};
  struct mdns_responder *r = NULL;
  uint8_t buf[1500];
  struct mdns_answers all;
  if (mdns_responder_new(&r) < 0) return;
  if (mdns_responder_add(r, 1, "a.local", &addr) == 0) {
    mdns_responder_recv(r, 0, packet);
    size_t n = mdns_responder_poll(r, 0, buf, sizeof buf);
    assert(n == 0 || mdns_answers_begin((struct bytes){buf, n}, &all));
  }
  mdns_responder_free(r);
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
  ask_us((struct bytes){data, size});
  return 0;
}
