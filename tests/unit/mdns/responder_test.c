#include "mdns/responder.h"

#include <errno.h>

#include "mdns/message.h"
#include "support/fail_alloc.h"
#include "support/unit.h"

static uint8_t buf[1500];

static const struct addr v4 = {.family = ADDR_V4, .ip = {192, 0, 2, 7}};
static const struct addr v6 = {.family = ADDR_V6, .ip = {0xfd, [15] = 9}};

static struct mdns_responder *with_name(const char *name, const struct addr *addr) {
  struct mdns_responder *r;
  assert_int_equal(mdns_responder_new(&r), 0);
  assert_false(mdns_responder_busy(r));
  assert_int_equal(mdns_responder_add(r, 1, name, addr), 0);
  assert_true(mdns_responder_busy(r));
  return r;
}

/* What is said to a query for this name; 0: nothing. */
static size_t ask(struct mdns_responder *r, mono_us now, const char *name) {
  uint8_t query[600];
  struct writer w = writer_of(query, sizeof query);
  mdns_put_query(&w, name);
  assert_false(w.failed);
  mdns_responder_recv(r, now, writer_written(&w));
  return mdns_responder_poll(r, now, buf, sizeof buf);
}

static struct mdns_answer only_answer(size_t n) {
  struct mdns_answers all;
  struct mdns_answer a = {0}, more;
  assert_true(mdns_answers_begin((struct bytes){buf, n}, &all));
  assert_true(mdns_answers_next(&all, &a));
  assert_false(mdns_answers_next(&all, &more));
  return a;
}

static void test_a_question_for_a_name_is_answered(void **state) {
  (void)state;
  struct mdns_responder *r = with_name("one.local", &v6);
  size_t n = ask(r, MONO_S, "ONE.local");
  assert_true(n > 0);
  struct mdns_answer a = only_answer(n);
  assert_string_equal(a.name, "one.local");
  assert_true(addr_ip_equal(&a.addr, &v6));
  assert_int_equal(a.ttl, 120);
  assert_int_equal(mdns_responder_poll(r, MONO_S, buf, sizeof buf), 0);
  mdns_responder_free(r);
}

static void test_the_other_family_is_denied(void **state) {
  (void)state;
  struct mdns_responder *r = with_name("a.local", &v4);
  size_t n = ask(r, MONO_S, "a.local");
  /* the end of the NSEC: the name again, window 0, one byte, the bit of A (RFC 4034 section 4.1) */
  static const uint8_t nsec[] = {1, 'a', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0x40};
  assert_true(n > sizeof nsec);
  assert_memory_equal(buf + n - sizeof nsec, nsec, sizeof nsec);
  assert_int_equal(buf[11], 1); /* one additional record */
  mdns_responder_free(r);
}

static void test_a_record_is_said_once_a_second(void **state) {
  (void)state;
  struct mdns_responder *r = with_name("a.local", &v4);
  assert_true(ask(r, MONO_S, "a.local") > 0);
  assert_int_equal(ask(r, 2 * MONO_S - 1, "a.local"), 0);
  assert_true(ask(r, 2 * MONO_S, "a.local") > 0);
  mdns_responder_free(r);
}

static void test_what_is_no_question_for_it_is_ignored(void **state) {
  (void)state;
  struct mdns_responder *r = with_name("a.local", &v4);
  assert_int_equal(ask(r, MONO_S, "b.local"), 0);
  size_t n = ask(r, MONO_S, "a.local");
  uint8_t answer[600];
  memcpy(answer, buf, n);
  mdns_responder_recv(r, 9 * MONO_S, (struct bytes){answer, n}); /* a response */
  mdns_responder_recv(r, 9 * MONO_S, (struct bytes){answer, 5});
  assert_int_equal(mdns_responder_poll(r, 9 * MONO_S, buf, sizeof buf), 0);
  assert_int_equal(mdns_responder_add(r, 1, "a.example", &v4), -EINVAL);
  assert_int_equal(mdns_responder_add(r, 1, "a..local", &v4), -EINVAL);
  mdns_responder_free(r);
}

static void test_names_that_were_heard_of_say_goodbye(void **state) {
  (void)state;
  struct mdns_responder *r = with_name("a.local", &v4);
  assert_int_equal(mdns_responder_add(r, 1, "silent.local", &v4), 0);
  assert_int_equal(mdns_responder_add(r, 2, "other.local", &v6), 0);
  assert_true(ask(r, MONO_S, "a.local") > 0);
  mdns_responder_remove(r, 1);
  size_t n = mdns_responder_poll(r, MONO_S, buf, sizeof buf);
  struct mdns_answer a = only_answer(n);
  assert_string_equal(a.name, "a.local");
  assert_int_equal(a.ttl, 0);
  assert_int_equal(ask(r, 9 * MONO_S, "a.local"), 0);
  assert_true(ask(r, 9 * MONO_S, "other.local") > 0);
  mdns_responder_remove(r, 2);
  assert_true(mdns_responder_poll(r, 9 * MONO_S, buf, sizeof buf) > 0);
  assert_false(mdns_responder_busy(r));
  mdns_responder_free(r);
}

static void test_there_is_a_limit(void **state) {
  (void)state;
  struct mdns_responder *r = with_name("a.local", &v4);
  for (int i = 1; i < MDNS_NAMES_MAX; i++)
    assert_int_equal(mdns_responder_add(r, 1, "a.local", &v4), 0);
  assert_int_equal(mdns_responder_add(r, 1, "a.local", &v4), -ENOSPC);
  size_t packets = 0;
  for (size_t n = ask(r, MONO_S, "a.local"); n > 0;
       n = mdns_responder_poll(r, MONO_S, buf, sizeof buf))
    packets++;
  assert_int_equal(packets, MDNS_NAMES_MAX / 8);
  mdns_responder_free(r);
}

static int make_one(void *ctx) {
  struct mdns_responder *r = NULL;
  (void)ctx;
  int e = mdns_responder_new(&r);
  if (e == 0) e = mdns_responder_add(r, 1, "a.local", &v4);
  mdns_responder_free(r);
  return e;
}

static void test_any_allocation_may_fail(void **state) {
  (void)state;
  fail_alloc_each(make_one, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_question_for_a_name_is_answered),
      cmocka_unit_test(test_the_other_family_is_denied),
      cmocka_unit_test(test_a_record_is_said_once_a_second),
      cmocka_unit_test(test_what_is_no_question_for_it_is_ignored),
      cmocka_unit_test(test_names_that_were_heard_of_say_goodbye),
      cmocka_unit_test(test_there_is_a_limit),
      cmocka_unit_test(test_any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
