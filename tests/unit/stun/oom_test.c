/* libcrypto's allocations are the only ones of this library: each fails in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "stun/builder.h"
#include "stun/integrity.h"
#include "support/stun_vectors.h"

static size_t left = SIZE_MAX;
static bool hit;

static bool fails(void) {
  if (left == SIZE_MAX || left-- > 0) return false;
  left = SIZE_MAX;
  hit = true;
  return true;
}

static void *crypto_alloc(size_t n, const char *file, int line) {
  (void)file, (void)line;
  return fails() ? NULL : malloc(n);
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line) {
  (void)file, (void)line;
  return fails() ? NULL : realloc(p, n);
}

static void crypto_free(void *p, const char *file, int line) {
  (void)file, (void)line;
  free(p);
}

/* True when all went well; false when it failed as it should. */
static bool scenario(void) {
  uint8_t buf[200];
  struct stun_tid tid = {{1}};
  struct stun_key key = {.n = 77}, hash = {.n = 77};
  struct stun_message m;
  const struct stun_long_term in = {bytes_of(VECTOR_USER), bytes_of(VECTOR_REALM),
                                    bytes_of(VECTOR_LONG_TERM)};
  int r = stun_long_term_key(STUN_PASSWORD_MD5, &in, &key);
  if (r < 0) assert_int_equal(key.n, 77);
  int q = stun_userhash(in.username, in.realm, &hash);
  if (q < 0) assert_int_equal(hash.n, 77);
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put_integrity(&w, bytes_of("key"));
  stun_put_integrity_sha256(&w, bytes_of("key"));
  bool ok = stun_parse((struct bytes){vector_request, sizeof vector_request}, &m) == 0 &&
            stun_check_integrity(&m, bytes_of(VECTOR_PASSWORD));
  return r == 0 && q == 0 && !w.failed && ok;
}

static void test_no_failed_allocation_goes_unnoticed(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    left = n;
    hit = false;
    bool ok = scenario();
    left = SIZE_MAX;
    /* libcrypto may do without an allocation, never the other way round. */
    if (!hit) assert_true(ok);
    if (!hit) break;
  }
  assert_true(scenario());
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_failed_allocation_goes_unnoticed)};
  if (CRYPTO_set_mem_functions(crypto_alloc, crypto_realloc, crypto_free) != 1) return 1;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
