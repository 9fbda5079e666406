#include "proxy/connect.h"

#include <string.h>

#include "support/unit.h"

static void test_the_request_names_the_server(void **state) {
  (void)state;
  static const struct {
    const char *host, *request;
  } rows[] = {
      {"turn.test", "CONNECT turn.test:443 HTTP/1.1\r\nHost: turn.test:443\r\n\r\n"},
      {"2001:db8::1", "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n"},
  };
  uint8_t buf[800];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct writer w = writer_of(buf, sizeof buf);
    proxy_connect_request(&w, rows[i].host, 443);
    assert_int_equal(w.n, strlen(rows[i].request));
    assert_memory_equal(buf, rows[i].request, w.n);
  }
}

static void test_answers_are_judged_whole_and_byte_by_byte(void **state) {
  (void)state;
  static const struct {
    const char *answer;
    enum proxy_connect_state state;
    size_t left; /* bytes of the tunnel at the end */
    const char *why;
  } rows[] = {
      {"HTTP/1.1 200 Connection established\r\n\r\n", PROXY_CONNECT_ESTABLISHED, 0, NULL},
      {"HTTP/1.0 200 OK\r\nVia: x\r\n\r\n\x16\x03", PROXY_CONNECT_ESTABLISHED, 2, NULL},
      {"HTTP/1.1 200 OK\n\nabc", PROXY_CONNECT_ESTABLISHED, 3, NULL},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\n\r\n", PROXY_CONNECT_ESTABLISHED, 0, NULL},
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n\r\n",
       PROXY_CONNECT_REFUSED, 0, "the proxy answered 407 Proxy Authentication Required"},
      {"HTTP/1.1 403 No\x01\xff\r\n\r\n", PROXY_CONNECT_REFUSED, 0, "the proxy answered 403 No??"},
      {"HTTP/1.1 999 What\r\n\r\n", PROXY_CONNECT_REFUSED, 0, "the proxy's answer is no HTTP"},
      {"HTTP/1.1 200 OK\r\nVia: x\r\n", PROXY_CONNECT_MORE, 0, NULL},
      {"", PROXY_CONNECT_MORE, 0, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int whole = 0; whole < 2; whole++) {
      struct proxy_connect c = {0};
      enum proxy_connect_state s = PROXY_CONNECT_MORE;
      size_t n = strlen(rows[i].answer), at = 0, used = 0;
      char why[160] = "";
      while (s == PROXY_CONNECT_MORE && at < n) {
        struct bytes in = {(const uint8_t *)rows[i].answer + at, whole ? n - at : 1};
        s = proxy_connect_feed(&c, in, &used);
        at += used;
      }
      if (s == PROXY_CONNECT_REFUSED) proxy_connect_why(&c, why, sizeof why);
      if (s != rows[i].state || n - at != rows[i].left ||
          strcmp(why, rows[i].why ? rows[i].why : "") != 0)
        fail_msg("%s: %d, %zu left, %s", rows[i].answer, s, n - at, why);
    }
}

static void test_what_is_no_http_is_refused_at_once(void **state) {
  (void)state;
  struct proxy_connect c = {0};
  size_t used;
  char why[160];
  assert_int_equal(proxy_connect_feed(&c, bytes_of("SSH-2.0"), &used), PROXY_CONNECT_REFUSED);
  proxy_connect_why(&c, why, sizeof why);
  assert_string_equal(why, "the proxy's answer is no HTTP");
}

static void test_a_head_without_end_is_refused(void **state) {
  (void)state;
  struct proxy_connect c = {0};
  size_t used, n = 0;
  assert_int_equal(proxy_connect_feed(&c, bytes_of("HTTP/1.1 200 OK\r\n"), &used),
                   PROXY_CONNECT_MORE);
  while (proxy_connect_feed(&c, bytes_of("A: b\r\n"), &used) == PROXY_CONNECT_MORE)
    assert_true(n++ < 4000);
  assert_true(n > 2000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_request_names_the_server),
      cmocka_unit_test(test_answers_are_judged_whole_and_byte_by_byte),
      cmocka_unit_test(test_what_is_no_http_is_refused_at_once),
      cmocka_unit_test(test_a_head_without_end_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
