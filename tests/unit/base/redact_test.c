#include "base/redact.h"

#include <errno.h>
#include <stdlib.h>

#include "support/unit.h"

static char *redacted(const char *in, bool addresses) {
  struct text t = {0};
  redact(bytes_of(in), addresses, &t);
  assert_false(t.failed);
  return text_take(&t);
}

/* Every secret is the word S3CRET; every line is of a kind that a log might hold. */
static void test_no_secret_comes_through(void **state) {
  (void)state;
  static const char *const lines[] = {
      "a=ice-pwd:S3CRET",
      "a=ice-ufrag:S3CRET",
      "ice-pwd = S3CRET",
      "candidate:1 1 udp 2 example 9 typ host ufrag S3CRET generation 0",
      "password=S3CRET",
      "Password: S3CRET",
      "\"password\":\"S3CRET\"",
      "\"password\" : \"S3CRET\", \"x\":1",
      "{\"urls\":\"turn:x\",\"username\":\"u\",\"credential\":\"S3CRET\"}",
      "credential 'S3CRET' refused",
      "accessToken=S3CRET",
      "wss://hub.example/hub?id=1&access_token=S3CRET&x=1",
      "wss://hub.example/hub?access_token=S3CRET.S3CRET-S3CRET_x",
      "token S3CRET is over",
      "Authorization: Bearer S3CRET",
      "authorization:Bearer S3CRET",
      "Authorization: Basic S3CRET==",
      "Proxy-Authorization: Negotiate S3CRET/+=",
      "AUTHORIZATION=S3CRET",
      "http://user:S3CRET@proxy.example:8080/",
      "proxy http://S3CRET@proxy.example said 407",
      "via //us%40er:S3CRET@[::1]:8080",
      "client_secret:S3CRET",
      "passphrase=\"S3CRET\"",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    for (int addresses = 0; addresses < 2; addresses++) {
      char *out = redacted(lines[i], addresses);
      if (strstr(out, "S3CRET")) fail_msg("%s -> %s", lines[i], out);
      if (!strstr(out, "<secret>")) fail_msg("%s -> %s", lines[i], out);
      free(out);
    }
}

static void test_no_address_comes_through_when_masked(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"10.0.0.1", "<address>"},
      {"from 10.0.0.1:5000 to 192.168.1.2", "from <address>:5000 to <address>"},
      {"it was 10.0.0.1.", "it was <address>."},
      {"10.0.0.1, 10.0.0.2", "<address>, <address>"},
      {"host:10.0.0.1:5000", "host:<address>:5000"},
      {"10.0.0.1-10.0.0.9", "<address>-<address>"},
      {"10.0.0.0/8", "<address>/8"},
      {"(10.0.0.1)", "(<address>)"},
      {"fe80::1", "<address>"},
      {"fe80::1%eth0", "<address>"},
      {"[2001:db8::1]:443", "[<address>]:443"},
      {"addr:2001:db8::1", "addr:<address>"},
      {"::ffff:10.0.0.1", "<address>"},
      {"0a1b2c3d-1111.local", "<name>"},
      {"at x.local:5000", "at <name>:5000"},
      {"at x.local.", "at <name>."},
      {"version 1.2.3", "version 1.2.3"},
      {"12:30:00 done", "12:30:00 done"},
      {"DTLS: no answer", "DTLS: no answer"},
      {"localhost", "localhost"},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *out = redacted(rows[i].in, true);
    if (rows[i].in[0] == '\0') {
      assert_null(out);
      continue;
    }
    if (strcmp(out, rows[i].out) != 0) fail_msg("%s -> %s", rows[i].in, out);
    free(out);
  }
}

static void test_addresses_stay_when_they_were_asked_for(void **state) {
  (void)state;
  char *out = redacted("from 10.0.0.1:5000 to fe80::1 and x.local", false);
  assert_string_equal(out, "from 10.0.0.1:5000 to fe80::1 and x.local");
  free(out);
}

static void test_what_is_no_secret_stays(void **state) {
  (void)state;
  static const char *const lines[] = {
      "a=mid:0",  "ICE failed: no pair answered", "http://example.org/a?b=c#d",
      "50% of 3", "caf\xc3\xa9 \xf0\x9f\x98\x80",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char *out = redacted(lines[i], true);
    assert_string_equal(out, lines[i]);
    free(out);
  }
}

static int redact_once(void *ctx) {
  (void)ctx;
  struct text t = {0};
  redact(bytes_of("password=x from 10.0.0.1, and a lot of other words that need some more memory"),
         true, &t);
  int r = t.failed ? -ENOMEM : 0;
  text_free(&t);
  return r;
}

static void test_no_memory_is_seen_at_the_end(void **state) {
  (void)state;
  fail_alloc_each(redact_once, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_secret_comes_through),
      cmocka_unit_test(test_no_address_comes_through_when_masked),
      cmocka_unit_test(test_addresses_stay_when_they_were_asked_for),
      cmocka_unit_test(test_what_is_no_secret_stays),
      cmocka_unit_test(test_no_memory_is_seen_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
