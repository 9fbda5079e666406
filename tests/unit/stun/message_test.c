#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"
#include "support/seeded_rng.h"
#include "support/stun_vectors.h"

static struct stun_message parse(const uint8_t *p, size_t n) {
  struct stun_message m;
  assert_int_equal(stun_parse((struct bytes){p, n}, &m), 0);
  return m;
}

static void test_the_sample_request_is_read(void **state) {
  (void)state;
  struct stun_message m = parse(vector_request, sizeof vector_request);
  struct bytes v;
  assert_int_equal(m.cls, STUN_REQUEST);
  assert_int_equal(m.method, STUN_BINDING);
  assert_memory_equal(m.tid.b, vector_request + 8, STUN_TID_SIZE);
  assert_true(stun_find(&m, STUN_ATTR_SOFTWARE, &v));
  assert_true(bytes_equal(v, bytes_of("STUN test client")));
  assert_true(stun_find(&m, STUN_ATTR_USERNAME, &v));
  assert_true(bytes_equal(v, bytes_of("evtj:h6vY")));
  assert_false(stun_find(&m, STUN_ATTR_REALM, &v));
}

static void test_class_and_method_bits_are_split_as_in_section_5(void **state) {
  (void)state;
  const uint16_t methods[] = {STUN_BINDING, STUN_ALLOCATE, STUN_CHANNEL_BIND, 0xfff, 0x0a5};
  for (unsigned cls = 0; cls < 4; cls++) {
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
      uint8_t buf[STUN_HEADER_SIZE];
      struct writer w = writer_of(buf, sizeof buf);
      struct stun_tid tid = {{1, 2, 3}};
      stun_begin(&w, (enum stun_class)cls, methods[i], &tid);
      assert_false(w.failed);
      struct stun_message m = parse(buf, w.n);
      assert_int_equal(m.cls, cls);
      assert_int_equal(m.method, methods[i]);
      assert_true(stun_tid_equal(&m.tid, &tid));
    }
  }
}

static void test_each_truncation_is_refused(void **state) {
  (void)state;
  struct stun_message m;
  for (size_t n = 0; n < sizeof vector_request; n++)
    assert_int_equal(stun_parse((struct bytes){vector_request, n}, &m), -EINVAL);
}

static void test_a_wrong_header_is_refused(void **state) {
  (void)state;
  const struct {
    size_t at;
    uint8_t v;
  } changes[] = {{0, 0x80}, {0, 0x40}, {3, 0x5c}, {3, 0x54}, {3, 0x59}, {4, 0x20}, {7, 0x43}};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    uint8_t buf[sizeof vector_request];
    struct stun_message m;
    memcpy(buf, vector_request, sizeof buf);
    buf[changes[i].at] = changes[i].v;
    assert_int_equal(stun_parse((struct bytes){buf, sizeof buf}, &m), -EINVAL);
  }
}

static struct writer begin(uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  struct stun_tid tid = {{9}};
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  return w;
}

static void test_what_follows_the_integrity_does_not_count(void **state) {
  (void)state;
  uint8_t buf[200];
  struct bytes v;
  struct writer w = begin(buf, sizeof buf);
  stun_put_u32(&w, STUN_ATTR_PRIORITY, 1);
  stun_put_integrity(&w, bytes_of("key"));
  stun_put(&w, STUN_ATTR_USE_CANDIDATE, (struct bytes){0});
  stun_put_integrity_sha256(&w, bytes_of("key"));
  stun_put_fingerprint(&w);
  struct stun_message m = parse(buf, w.n);
  assert_true(stun_find(&m, STUN_ATTR_PRIORITY, &v));
  assert_false(stun_find(&m, STUN_ATTR_USE_CANDIDATE, &v));
  assert_true(stun_check_integrity(&m, bytes_of("key")));
  assert_true(stun_check_integrity_sha256(&m, bytes_of("key")));
  assert_true(stun_check_fingerprint(&m));
}

static void test_nothing_may_follow_the_fingerprint(void **state) {
  (void)state;
  uint8_t buf[200];
  struct stun_message m;
  struct writer w = begin(buf, sizeof buf);
  stun_put_fingerprint(&w);
  stun_put_u32(&w, STUN_ATTR_PRIORITY, 1);
  assert_int_equal(stun_parse(writer_written(&w), &m), -EINVAL);
}

static void test_protection_of_a_wrong_size_is_refused(void **state) {
  (void)state;
  const struct {
    uint16_t type;
    size_t n;
  } wrong[] = {{STUN_ATTR_FINGERPRINT, 3},
               {STUN_ATTR_FINGERPRINT, 8},
               {STUN_ATTR_MESSAGE_INTEGRITY, 16},
               {STUN_ATTR_MESSAGE_INTEGRITY, 24},
               {STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 12},
               {STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 36},
               {STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 18}};
  static const uint8_t zero[40];
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    uint8_t buf[100];
    struct stun_message m;
    struct writer w = begin(buf, sizeof buf);
    stun_put(&w, wrong[i].type, (struct bytes){zero, wrong[i].n});
    assert_int_equal(stun_parse(writer_written(&w), &m), -EINVAL);
  }
}

static void test_unknown_required_attributes_are_listed_once(void **state) {
  (void)state;
  uint8_t buf[200];
  uint16_t got[4];
  const uint16_t known[] = {STUN_ATTR_PRIORITY};
  struct writer w = begin(buf, sizeof buf);
  stun_put_u32(&w, STUN_ATTR_PRIORITY, 1);
  stun_put_u32(&w, 0x7ffe, 1);
  stun_put_u32(&w, 0xc057, 1); /* GOOG-NETWORK-INFO: may be ignored */
  stun_put_u32(&w, 0x7ffe, 1);
  stun_put_u32(&w, 0x0002, 1);
  struct stun_message m = parse(buf, w.n);
  assert_int_equal(stun_unknown(&m, (struct stun_types){known, 1}, got, 4), 2);
  assert_int_equal(got[0], 0x7ffe);
  assert_int_equal(got[1], 0x0002);
  assert_int_equal(stun_unknown(&m, (struct stun_types){known, 1}, got, 1), 1);
}

static void test_transaction_ids_come_from_the_rng(void **state) {
  (void)state;
  struct seeded_rng a, b;
  seeded_rng_init(&a, 7);
  seeded_rng_init(&b, 7);
  struct stun_tid first = stun_tid_make(&a.rng), same = stun_tid_make(&b.rng);
  struct stun_tid other = stun_tid_make(&a.rng);
  assert_true(stun_tid_equal(&first, &same));
  assert_false(stun_tid_equal(&first, &other));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_sample_request_is_read),
      cmocka_unit_test(test_class_and_method_bits_are_split_as_in_section_5),
      cmocka_unit_test(test_each_truncation_is_refused),
      cmocka_unit_test(test_a_wrong_header_is_refused),
      cmocka_unit_test(test_what_follows_the_integrity_does_not_count),
      cmocka_unit_test(test_nothing_may_follow_the_fingerprint),
      cmocka_unit_test(test_protection_of_a_wrong_size_is_refused),
      cmocka_unit_test(test_unknown_required_attributes_are_listed_once),
      cmocka_unit_test(test_transaction_ids_come_from_the_rng),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
