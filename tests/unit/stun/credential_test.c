#include "stun/credential.h"

#include <errno.h>

#include "stun/builder.h"
#include "support/stun_vectors.h"
#include "support/unit.h"

#define NONCE        "plain nonce"
#define NONCE_SHA256 "obMatJos2gAAAnonce" /* bit 0: password algorithms */

static const struct stun_tid tid = {{1, 2, 3}};

/* A challenge as a server writes it. */
struct challenge {
  unsigned code;
  const char *realm, *nonce; /* NULL: absent */
  uint16_t algorithms[3];
  size_t n_algorithms;
};

static struct stun_message write_challenge(const struct challenge *in, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  struct stun_message m;
  stun_begin(&w, STUN_ERROR, STUN_ALLOCATE, &tid);
  stun_put_error(&w, in->code);
  if (in->realm) stun_put(&w, STUN_ATTR_REALM, bytes_of(in->realm));
  if (in->nonce) stun_put(&w, STUN_ATTR_NONCE, bytes_of(in->nonce));
  if (in->n_algorithms > 0)
    stun_put_password_algorithms(&w, STUN_ATTR_PASSWORD_ALGORITHMS,
                                 (struct stun_types){in->algorithms, in->n_algorithms});
  assert_false(w.failed);
  assert_int_equal(stun_parse(writer_written(&w), &m), 0);
  return m;
}

static enum stun_challenge challenged(struct stun_credential *c, const struct challenge *in,
                                      bool was_signed) {
  uint8_t buf[1024];
  struct stun_message m = write_challenge(in, buf, sizeof buf);
  return stun_credential_challenge(c, &m, was_signed);
}

static struct stun_message signed_request(const struct stun_credential *c, uint8_t *buf,
                                          size_t cap) {
  struct writer w = writer_of(buf, cap);
  struct stun_message m;
  stun_begin(&w, STUN_REQUEST, STUN_ALLOCATE, &tid);
  stun_credential_put(c, &w);
  assert_false(w.failed);
  assert_int_equal(stun_parse(writer_written(&w), &m), 0);
  return m;
}

static struct stun_credential user(void) {
  struct stun_credential c = {0};
  assert_int_equal(stun_credential_set(&c, bytes_of("user"), bytes_of("pass")), 0);
  return c;
}

static void test_the_first_request_is_not_signed(void **state) {
  (void)state;
  uint8_t buf[512];
  struct stun_credential c = user();
  struct stun_message m = signed_request(&c, buf, sizeof buf);
  assert_int_equal(m.attrs.n, 0);
  assert_true(stun_credential_check(&c, &m));
  stun_credential_free(&c);
}

static void test_a_challenge_without_algorithms_is_answered_with_sha1(void **state) {
  (void)state;
  uint8_t buf[512];
  struct bytes v;
  struct stun_credential c = user();
  const struct challenge in = {.code = 401, .realm = "school", .nonce = NONCE};
  assert_int_equal(challenged(&c, &in, false), STUN_CHALLENGE_RETRY);
  struct stun_message m = signed_request(&c, buf, sizeof buf);
  assert_true(stun_find(&m, STUN_ATTR_USERNAME, &v) && bytes_equal(v, bytes_of("user")));
  assert_true(stun_find(&m, STUN_ATTR_REALM, &v) && bytes_equal(v, bytes_of("school")));
  assert_true(stun_find(&m, STUN_ATTR_NONCE, &v) && bytes_equal(v, bytes_of(NONCE)));
  assert_false(stun_find(&m, STUN_ATTR_PASSWORD_ALGORITHM, &v));
  assert_true(m.integrity.n == 20 && m.sha256.n == 0);
  assert_true(stun_credential_check(&c, &m));
  stun_credential_free(&c);
}

static void test_a_challenge_that_offers_sha256_is_answered_with_it(void **state) {
  (void)state;
  uint8_t buf[512];
  uint16_t chosen = 0, list[4];
  struct stun_credential c = user();
  const struct challenge in = {.code = 401,
                               .realm = "school",
                               .nonce = NONCE_SHA256,
                               .algorithms = {9, STUN_PASSWORD_SHA256, STUN_PASSWORD_MD5},
                               .n_algorithms = 3};
  assert_int_equal(challenged(&c, &in, false), STUN_CHALLENGE_RETRY);
  struct stun_message m = signed_request(&c, buf, sizeof buf);
  assert_int_equal(stun_get_password_algorithms(&m, STUN_ATTR_PASSWORD_ALGORITHM, &chosen, 1), 1);
  assert_int_equal(chosen, STUN_PASSWORD_SHA256);
  assert_int_equal(stun_get_password_algorithms(&m, STUN_ATTR_PASSWORD_ALGORITHMS, list, 4), 3);
  assert_true(m.sha256.n == 32 && m.integrity.n == 0);
  assert_true(stun_credential_check(&c, &m));
  stun_credential_free(&c);
}

/* Section 9.2.1: the nonce tells what the server offered, so the list cannot be taken out. */
static void test_a_list_that_was_taken_out_on_the_way_is_noticed(void **state) {
  (void)state;
  struct stun_credential c = user();
  const struct challenge in = {.code = 401, .realm = "school", .nonce = NONCE_SHA256};
  assert_int_equal(challenged(&c, &in, false), STUN_CHALLENGE_BROKEN);
  assert_false(c.signs);
  stun_credential_free(&c);
}

static void test_a_stale_nonce_is_replaced_and_the_realm_kept(void **state) {
  (void)state;
  uint8_t buf[512];
  struct bytes v;
  struct stun_credential c = user();
  const struct challenge first = {.code = 401, .realm = "school", .nonce = NONCE};
  const struct challenge stale = {.code = 438, .nonce = "another"};
  assert_int_equal(challenged(&c, &first, false), STUN_CHALLENGE_RETRY);
  assert_int_equal(challenged(&c, &stale, true), STUN_CHALLENGE_RETRY);
  struct stun_message m = signed_request(&c, buf, sizeof buf);
  assert_true(stun_find(&m, STUN_ATTR_NONCE, &v) && bytes_equal(v, bytes_of("another")));
  assert_true(stun_find(&m, STUN_ATTR_REALM, &v) && bytes_equal(v, bytes_of("school")));
  stun_credential_free(&c);
}

static void test_what_cannot_be_answered_is_told_apart(void **state) {
  (void)state;
  static const struct {
    struct challenge in;
    bool was_signed;
    enum stun_challenge out;
  } rows[] = {
      {{.code = 401, .realm = "school"}, false, STUN_CHALLENGE_BROKEN},
      {{.code = 401, .nonce = NONCE}, false, STUN_CHALLENGE_BROKEN},
      {{.code = 401, .realm = "school", .nonce = ""}, false, STUN_CHALLENGE_BROKEN},
      {{.code = 401,
        .realm = "school",
        .nonce = NONCE_SHA256,
        .algorithms = {7},
        .n_algorithms = 1},
       false,
       STUN_CHALLENGE_BROKEN},
      {{.code = 401, .realm = "school", .nonce = "another"}, true, STUN_CHALLENGE_REFUSED},
      {{.code = 438, .realm = "school", .nonce = NONCE}, true, STUN_CHALLENGE_REFUSED},
  };
  const struct challenge first = {.code = 401, .realm = "school", .nonce = NONCE};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct stun_credential c = user();
    if (rows[i].was_signed) assert_int_equal(challenged(&c, &first, false), STUN_CHALLENGE_RETRY);
    if (challenged(&c, &rows[i].in, rows[i].was_signed) != rows[i].out) fail_msg("row %zu", i);
    stun_credential_free(&c);
  }
}

static void test_a_username_is_neither_empty_nor_too_long(void **state) {
  (void)state;
  static const uint8_t name[STUN_USERNAME_MAX + 1] = {'u'};
  struct stun_credential c = {0};
  assert_int_equal(stun_credential_set(&c, bytes_of(""), bytes_of("p")), -EINVAL);
  assert_int_equal(stun_credential_set(&c, (struct bytes){name, sizeof name}, bytes_of("p")),
                   -EINVAL);
  assert_int_equal(stun_credential_set(&c, (struct bytes){name, sizeof name - 1}, bytes_of("p")),
                   0);
  stun_credential_free(&c);
}

/* RFC 5769 section 2.4: nonce, realm and user of the vector make its signature. */
static void test_the_published_vector_is_signed_alike(void **state) {
  (void)state;
  struct stun_message m;
  struct bytes nonce;
  char text[64] = {0};
  struct stun_credential c = {0};
  assert_int_equal(stun_credential_set(&c, bytes_of(VECTOR_USER), bytes_of(VECTOR_LONG_TERM)), 0);
  assert_int_equal(stun_parse((struct bytes){vector_long_term, sizeof vector_long_term}, &m), 0);
  assert_true(stun_find(&m, STUN_ATTR_NONCE, &nonce));
  memcpy(text, nonce.p, nonce.n);
  const struct challenge in = {.code = 401, .realm = VECTOR_REALM, .nonce = text};
  assert_int_equal(challenged(&c, &in, false), STUN_CHALLENGE_RETRY);
  assert_true(stun_credential_check(&c, &m));
  stun_credential_free(&c);
}

static int one_challenge(void *ctx) {
  (void)ctx;
  struct stun_credential c = {0};
  const struct challenge in = {.code = 401,
                               .realm = "school",
                               .nonce = NONCE_SHA256,
                               .algorithms = {STUN_PASSWORD_SHA256},
                               .n_algorithms = 1};
  int r = stun_credential_set(&c, bytes_of("user"), bytes_of("pass"));
  if (r == 0 && challenged(&c, &in, false) != STUN_CHALLENGE_RETRY) r = -ENOMEM;
  stun_credential_free(&c);
  return r;
}

static void test_each_failing_allocation_is_survived(void **state) {
  (void)state;
  fail_alloc_each(one_challenge, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_first_request_is_not_signed),
      cmocka_unit_test(test_a_challenge_without_algorithms_is_answered_with_sha1),
      cmocka_unit_test(test_a_challenge_that_offers_sha256_is_answered_with_it),
      cmocka_unit_test(test_a_list_that_was_taken_out_on_the_way_is_noticed),
      cmocka_unit_test(test_a_stale_nonce_is_replaced_and_the_realm_kept),
      cmocka_unit_test(test_what_cannot_be_answered_is_told_apart),
      cmocka_unit_test(test_a_username_is_neither_empty_nor_too_long),
      cmocka_unit_test(test_the_published_vector_is_signed_alike),
      cmocka_unit_test(test_each_failing_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
