/* Every allocation of the library and of OpenSSL fails in turn: no crash, no leak, a clean error.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dtls/dtls.h"
#include "support/fail_alloc.h"
#include "support/openssl_alloc.h"
#include "support/virtual_openssl.h"

static struct dtls_identity *shared[2];

static int make_identity(void *ctx) {
  (void)ctx;
  struct dtls_identity *id = NULL;
  int r = dtls_identity_new(&id, 1760000000);
  if (r == 0)
    assert_non_null(id);
  else
    assert_null(id);
  (void)dtls_identity_unref(id);
  return r;
}

/* Passes datagrams until both are idle. */
static bool pump(struct dtls *from, struct dtls *to, int *ret_error) {
  uint8_t buf[2048];
  uint8_t data[2048];
  for (bool any = false;; any = true) {
    struct dtls_out out;
    dtls_poll(from, 1, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) return any;
    if (out.kind != OUT_TX) continue;
    int r = dtls_recv(to, 1, (struct bytes){buf, out.u.tx_n});
    if (r != 0) *ret_error = r;
    while (dtls_read(to, 1, data, sizeof data) > 0) {
    }
  }
}

static int talk(struct dtls *const d[2]) {
  uint8_t buf[256];
  uint8_t back[256];
  size_t n = 0;
  int r = dtls_seal(d[0], 1, bytes_of("hello"), buf, sizeof buf, &n);
  if (r == 0) r = dtls_recv(d[1], 1, (struct bytes){buf, n});
  if (r != 0) return r;
  return dtls_read(d[1], 1, back, sizeof back) == 5 ? 0 : -EIO;
}

static int connect_and_talk(void *ctx) {
  (void)ctx;
  struct dtls *d[2] = {NULL, NULL};
  int r = 0;
  for (int i = 0; i < 2 && r == 0; i++) {
    struct dtls_cfg cfg = {shared[i], 0};
    struct dtls_fingerprint fp;
    dtls_identity_fingerprint(shared[!i], &fp);
    r = dtls_new(&d[i], &cfg, 0);
    if (r != 0) break;
    dtls_set_writable(d[i], 0, true);
    r = dtls_start(d[i], 0, i == 0 ? DTLS_CLIENT : DTLS_SERVER, &fp, 1);
  }
  while (r == 0 && (pump(d[0], d[1], &r) || pump(d[1], d[0], &r))) {
  }
  for (int i = 0; i < 2 && r == 0; i++) {
    if (dtls_state(d[i]) == DTLS_FAILED) {
      assert_true(strlen(dtls_failure_text(d[i])) > 10);
      r = -ENOMEM;
    }
  }
  if (r == 0 && dtls_state(d[1]) == DTLS_CONNECTED) r = talk(d);
  for (int i = 0; i < 2; i++) (void)dtls_free(d[i]);
  return r;
}

static void test_an_identity_fails_cleanly(void **state) {
  (void)state;
  assert_int_equal(make_identity(NULL), 0);
  fail_alloc_each(make_identity, NULL);
}

static void test_a_handshake_and_a_message_fail_cleanly(void **state) {
  (void)state;
  assert_int_equal(connect_and_talk(NULL), 0);
  fail_alloc_each(connect_and_talk, NULL);
}

static int setup(void **state) {
  (void)state;
  virtual_openssl_seed(1);
  for (int i = 0; i < 2; i++) {
    if (dtls_identity_new(&shared[i], 1760000000) != 0) return -1;
  }
  return 0;
}

static int teardown(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) shared[i] = dtls_identity_unref(shared[i]);
  virtual_openssl_end();
  return 0;
}

int main(void) {
  openssl_alloc_install();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_identity_fails_cleanly),
      cmocka_unit_test(test_a_handshake_and_a_message_fail_cleanly),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
