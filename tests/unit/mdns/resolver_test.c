#include "mdns/resolver.h"

#include <errno.h>

#include "mdns/message.h"
#include "support/fail_alloc.h"
#include "support/unit.h"

static uint8_t buf[600];

static const uint8_t answer[] = {0, 0,   0x84, 0,   0,   0,   0,   1,   0, 0, 0, 0,
                                 1, 'A', 5,    'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0,
                                 1, 0,   0,    0,   9,   0,   4,   192, 0, 2, 7};

static struct mdns_out poll_at(struct mdns_resolver *r, mono_us now) {
  struct mdns_out out;
  mdns_resolver_poll(r, now, buf, sizeof buf, &out);
  return out;
}

static void test_a_name_is_asked_for_until_it_is_answered(void **state) {
  (void)state;
  struct mdns_resolver *r;
  assert_int_equal(mdns_resolver_new(&r), 0);
  assert_int_equal(mdns_resolver_ask(r, MONO_S, 77, "a.local."), 0);
  assert_int_equal(poll_at(r, MONO_S).kind, MDNS_TX);
  struct mdns_out out = poll_at(r, MONO_S);
  assert_int_equal(out.kind, MDNS_IDLE);
  assert_true(out.wake_at == 2 * MONO_S);
  assert_int_equal(poll_at(r, 2 * MONO_S).kind, MDNS_TX);
  assert_true(poll_at(r, 2 * MONO_S).wake_at == 4 * MONO_S);
  mdns_resolver_recv(r, (struct bytes){answer, sizeof answer});
  out = poll_at(r, 2 * MONO_S);
  assert_int_equal(out.kind, MDNS_RESOLVED);
  assert_int_equal(out.id, 77);
  assert_int_equal(out.n_addrs, 1);
  assert_int_equal(out.addrs[0].ip[3], 7);
  assert_true(poll_at(r, 2 * MONO_S).wake_at == MONO_NEVER);
  mdns_resolver_free(r);
}

static void test_silence_is_an_answer_after_5_s(void **state) {
  (void)state;
  struct mdns_resolver *r;
  assert_int_equal(mdns_resolver_new(&r), 0);
  assert_int_equal(mdns_resolver_ask(r, 0, 1, "nobody.local"), 0);
  mono_us now = 0;
  unsigned sent = 0;
  struct mdns_out out;
  while ((out = poll_at(r, now)).kind != MDNS_RESOLVED) {
    sent += out.kind == MDNS_TX;
    if (out.kind == MDNS_IDLE) now = out.wake_at;
  }
  assert_int_equal(sent, 3);
  assert_true(now == 5 * MONO_S);
  assert_int_equal(out.n_addrs, 0);
  mdns_resolver_free(r);
}

static void test_what_cannot_be_asked_is_refused(void **state) {
  (void)state;
  struct mdns_resolver *r;
  assert_int_equal(mdns_resolver_new(&r), 0);
  assert_int_equal(mdns_resolver_ask(r, 0, 1, "example.org"), -EINVAL);
  assert_int_equal(mdns_resolver_ask(r, 0, 1, "a..local"), -EINVAL);
  for (unsigned i = 0; i < MDNS_QUESTIONS_MAX; i++)
    assert_int_equal(mdns_resolver_ask(r, 0, i, "a.local"), 0);
  assert_int_equal(mdns_resolver_ask(r, 0, 1, "a.local"), -ENOSPC);
  mdns_resolver_recv(r, (struct bytes){answer, sizeof answer});
  for (unsigned i = 0; i < MDNS_QUESTIONS_MAX; i++) assert_int_equal(poll_at(r, 0).id, i);
  fail_alloc_at(0);
  assert_int_equal(mdns_resolver_ask(r, 0, 1, "a.local"), -ENOMEM);
  fail_alloc_never();
  mdns_resolver_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_name_is_asked_for_until_it_is_answered),
      cmocka_unit_test(test_silence_is_an_answer_after_5_s),
      cmocka_unit_test(test_what_cannot_be_asked_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
