#include "probe/http.h"

#include <stdio.h>

#include "support/unit.h"

static void feed_in_pieces(struct http_answer *h, const char *text, size_t piece) {
  size_t n = strlen(text);
  for (size_t at = 0; at < n; at += piece) {
    size_t k = n - at < piece ? n - at : piece;
    assert_true(http_answer_feed(h, (struct bytes){(const uint8_t *)text + at, k}));
  }
}

static void test_an_answer_is_the_same_in_any_pieces(void **state) {
  (void)state;
  static const char text[] = "HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\nX-A:  b\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (size_t piece = 1; piece < sizeof text; piece++) {
    struct http_answer h;
    char value[40], sum[65];
    assert_int_equal(http_answer_init(&h, true), 0);
    feed_in_pieces(&h, text, piece);
    assert_true(h.done && h.status == 302);
    assert_true(http_answer_header(&h, "location", value, sizeof value));
    assert_string_equal(value, "http://login.test/");
    assert_true(http_answer_header(&h, "X-A", value, sizeof value));
    assert_string_equal(value, "b");
    assert_false(http_answer_header(&h, "X", value, sizeof value));
    assert_string_equal(h.body.p, "abc");
    assert_true(http_answer_sha256(&h, sum));
    assert_string_equal(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    http_answer_clear(&h);
  }
}

static void test_an_answer_may_end_with_its_connection_and_an_early_end_is_seen(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool whole;
  } rows[] = {{"HTTP/1.1 200 OK\r\n\r\nall of it", true},
              {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nless", false},
              {"HTTP/1.1 200 OK\r\nContent-Le", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct http_answer h;
    assert_int_equal(http_answer_init(&h, false), 0);
    feed_in_pieces(&h, rows[i].text, 7);
    assert_int_equal(http_answer_end(&h), rows[i].whole);
    http_answer_clear(&h);
  }
}

static void test_an_upgrade_is_noticed_and_garbage_refused(void **state) {
  (void)state;
  struct http_answer h;
  assert_int_equal(http_answer_init(&h, false), 0);
  feed_in_pieces(
      &h,
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81",
      200);
  assert_true(h.upgraded && h.status == 101);
  http_answer_clear(&h);
  assert_int_equal(http_answer_init(&h, false), 0);
  assert_false(http_answer_feed(&h, bytes_of("SSH-2.0-OpenSSH\r\n")));
  http_answer_clear(&h);
}

static void test_an_interim_answer_is_not_the_answer(void **state) {
  (void)state;
  static const char text[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n\r\n";
  for (size_t piece = 1; piece < sizeof text; piece++) {
    struct http_answer h;
    char value[40];
    assert_int_equal(http_answer_init(&h, false), 0);
    feed_in_pieces(&h, text, piece);
    assert_true(h.upgraded && h.status == 101);
    assert_true(http_answer_header(&h, "Upgrade", value, sizeof value));
    assert_false(http_answer_header(&h, "Link", value, sizeof value));
    http_answer_clear(&h);
  }
}

static void test_what_follows_an_answer_is_not_of_it(void **state) {
  (void)state;
  struct http_answer h;
  assert_int_equal(http_answer_init(&h, false), 0);
  assert_true(http_answer_feed(
      &h, bytes_of("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nokmore")));
  assert_true(h.done && !h.failed);
  assert_true(http_answer_feed(&h, bytes_of("and more")));
  http_answer_clear(&h);
}

static void test_headers_past_what_is_kept_are_left_out_whole(void **state) {
  (void)state;
  struct http_answer h;
  char value[64];
  struct text t = {0};
  text_add(&t, "HTTP/1.1 200 OK\r\nX-First: 1\r\n");
  for (int i = 0; i < 400; i++)
    text_addf(&t, "X-Long-%d: %s\r\n", i, "0123456789012345678901234567890123456789");
  text_add(&t, "X-Last: 2\r\n\r\n");
  assert_int_equal(http_answer_init(&h, false), 0);
  assert_true(http_answer_feed(&h, (struct bytes){(const uint8_t *)t.p, t.n}));
  assert_true(h.head_done && h.head.n < HTTP_HEAD_KEPT + 64);
  assert_true(http_answer_header(&h, "X-First", value, sizeof value));
  assert_false(http_answer_header(&h, "X-Last", value, sizeof value));
  for (int i = 0; i < 400; i++) {
    char name[20];
    (void)snprintf(name, sizeof name, "X-Long-%d", i);
    if (http_answer_header(&h, name, value, sizeof value))
      assert_string_equal(value, "0123456789012345678901234567890123456789");
  }
  text_free(&t);
  http_answer_clear(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_answer_is_the_same_in_any_pieces),
      cmocka_unit_test(test_an_answer_may_end_with_its_connection_and_an_early_end_is_seen),
      cmocka_unit_test(test_an_upgrade_is_noticed_and_garbage_refused),
      cmocka_unit_test(test_an_interim_answer_is_not_the_answer),
      cmocka_unit_test(test_what_follows_an_answer_is_not_of_it),
      cmocka_unit_test(test_headers_past_what_is_kept_are_left_out_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
