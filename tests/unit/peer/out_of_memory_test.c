#include "duo.h"

/* A whole life of one side against a healthy other: each allocation of it fails in turn somewhere
 * along the way. */
static int negotiate_alone(void *ctx) {
  (void)ctx;
  struct dtls_identity *identity = NULL;
  struct seeded_rng rng;
  struct peer *p = NULL;
  struct fault f = {0};
  char *offer = NULL;
  uint8_t buf[8192];
  struct peer_out out;
  seeded_rng_init(&rng, 1);
  int r = dtls_identity_new(&identity, 1800000000);
  struct peer_cfg cfg = duo_cfg;
  cfg.identity = identity;
  cfg.rng = &rng.rng;
  if (r == 0) r = peer_new(&p, &cfg, 1000);
  const struct ice_interface_addr eth = {.name = "eth0", .addr = addr_v4(10, 0, 0, 1, 0)};
  if (r == 0) r = peer_set_interfaces(p, 1000, &eth, 1);
  const struct dc_init init = {.ordered = true,
                               .id = -1,
                               .max_retransmits = -1,
                               .max_lifetime_ms = -1,
                               .label = bytes_of("x")};
  if (r == 0) r = peer_channel_create(p, 1000, 1, &init, &f);
  if (r == 0) r = peer_create_offer(p, 1000, false, &offer, &f);
  const struct peer_set_local implicit = {.implicit_type = true};
  if (r == 0) r = peer_set_local(p, 1000, &implicit, &f);
  for (bool idle = r < 0; !idle;) {
    const struct addr local = addr_v4(10, 0, 0, 1, 4000);
    peer_poll(p, 1000, buf, sizeof buf, &out);
    if (out.kind == OUT_BIND) r = peer_bound(p, 1000, out.u.bind.link, 0, &local);
    idle = out.kind == OUT_IDLE || r < 0;
  }
  if (r == 0) {
    struct peer_view view;
    peer_view(p, &view);
    r = view.local_sdp ? 0 : -ENOMEM;
  }
  free(offer);
  peer_free(p);
  dtls_identity_unref(identity);
  return r;
}

static void test_no_failed_allocation_of_an_offerer_crashes_or_leaks(void **state) {
  (void)state;
  fail_alloc_each(negotiate_alone, NULL);
}

/* Both sides with a network between: the run may end any way, but never badly. */
static int converse(void *ctx) {
  size_t nth = *(size_t *)ctx;
  struct duo *d = duo_new(1);
  struct fault f = {0};
  (void)duo_create(d, 0, "x");
  fail_alloc_at(nth);
  if (duo_set_local(d, 0, &f) == 0) {
    duo_drain(d);
    struct peer_view view;
    peer_view(duo_peer(d, 0), &view);
    if (view.local_sdp && duo_pass(d, 0, &f) == 0 && duo_set_local(d, 1, &f) == 0) {
      duo_drain(d);
      peer_view(duo_peer(d, 1), &view);
      if (view.local_sdp && duo_pass(d, 1, &f) == 0) duo_run(d, 200 * MONO_MS);
    }
  }
  fail_alloc_never();
  duo_free(d);
  return 0;
}

static void test_no_failed_allocation_of_a_conversation_crashes_or_leaks(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    (void)converse(&n);
    if (!fail_alloc_hit()) break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_failed_allocation_of_an_offerer_crashes_or_leaks),
      cmocka_unit_test(test_no_failed_allocation_of_a_conversation_crashes_or_leaks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
