#include <errno.h>

#include "stun/attributes.h"
#include "stun/builder.h"
#include "support/seeded_rng.h"
#include "support/unit.h"
#include "turn/client.h"

static const struct addr relayed = {.family = ADDR_V4, .port = 50000, .ip = {198, 51, 100, 7}};

/* The server's answer to the request in buf. */
static int answer(struct turn_client *c, mono_us now, struct bytes request, bool challenge) {
  uint8_t buf[512];
  struct stun_message m;
  struct turn_data data;
  struct writer w = writer_of(buf, sizeof buf);
  if (stun_parse(request, &m) < 0) return -EINVAL;
  stun_begin(&w, challenge ? STUN_ERROR : STUN_SUCCESS, m.method, &m.tid);
  if (challenge) {
    stun_put_error(&w, STUN_ERR_UNAUTHENTICATED);
    stun_put(&w, STUN_ATTR_REALM, bytes_of("school"));
    stun_put(&w, STUN_ATTR_NONCE, bytes_of("nonce"));
  } else {
    stun_put_xor_address(&w, STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed);
  }
  return turn_client_recv(c, now, writer_written(&w), &data);
}

/* Allocates, sends to a peer, is challenged, and ends. */
static int exchange(struct turn_client *c, mono_us now, bool challenged) {
  static uint8_t buf[8192], frame[64];
  struct turn_out out;
  size_t n = 0;
  turn_client_poll(c, now, buf, sizeof buf, &out);
  if (out.kind != OUT_TX) return -ENOMEM;
  int r = answer(c, now, (struct bytes){buf, out.u.tx_n}, challenged);
  turn_client_poll(c, now, buf, sizeof buf, &out);
  if (r < 0) return r;
  if (challenged) return out.kind == OUT_TX ? 0 : -ENOMEM;
  if (out.kind != OUT_EVENT || out.u.ev.kind != TURN_EV_ALLOCATED) return -ENOMEM;
  return turn_client_send(c, now, &(struct turn_data){relayed, bytes_of("hello")}, frame, &n);
}

static int scenario(void *ctx) {
  struct seeded_rng rng;
  struct turn_client *c = NULL;
  seeded_rng_init(&rng, 3);
  const struct turn_cfg cfg = {.rng = &rng.rng,
                               .username = bytes_of("user"),
                               .password = bytes_of("pass"),
                               .family = ADDR_V4};
  int r = turn_client_new(&c, &cfg, MONO_S);
  if (r == 0) r = exchange(c, MONO_S, *(const bool *)ctx);
  turn_client_free(c);
  return r;
}

static void test_each_failing_allocation_is_survived(void **state) {
  (void)state;
  bool challenged[] = {false, true};
  for (size_t i = 0; i < 2; i++) fail_alloc_each(scenario, &challenged[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_failing_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
