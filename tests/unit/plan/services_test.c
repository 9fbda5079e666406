#include "plan/services.h"

#include <errno.h>

#include "support/fail_alloc.h"
#include "support/unit.h"

#define CHECKS "\"checks\":[{\"kind\":\"https\",\"port\":443}]"
#define GOOD   "{\"version\":1,\"services\":[{\"id\":\"a\",\"hosts\":[\"a.test\"]," CHECKS "}]}"

static const char whole[] =
    "{\"version\":1,\"relayPorts\":[50000,60000],\"peerPorts\":[1,2],\"defaultRegion\":\"na\",\n"
    " \"services\":[{\"id\":\"front\",\"purpose\":\"p\",\"pattern\":\"*.a.test\",\"hosts\":[\"b.a."
    "test\","
    "\"2001:db8::1\"],\n"
    "  \"region\":\"all\",\"required\":false,\"expectedRoots\":\"pinned\",\"generation\":2,\n"
    "  \"pins\":[\"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"],\n"
    "  \"checks\":[{\"kind\":\"turn\",\"transport\":\"tls\",\"port\":443,\"username\":\"u\","
    "\"credential\":\"c\"},\n"
    "   {\"kind\":\"tcp\",\"port\":30100,\"scope\":\"lan\"}]}],\n"
    " \"responder\":{\"host\":\"r.test\",\"udpPorts\":[1]}}";

static void test_every_field_is_read(void **state) {
  (void)state;
  struct services *s = NULL;
  struct services_fault fault;
  assert_int_equal(services_parse(&s, whole, &fault), 0);
  assert_int_equal(s->relay_ports[0], 50000);
  assert_int_equal(s->peer_ports[1], 2);
  assert_string_equal(s->default_region, "na");
  const struct service *one = &s->list[0];
  assert_string_equal(one->pattern, "*.a.test");
  assert_int_equal(one->n_hosts, 2);
  assert_true(!one->required && one->pinned && one->n_pins == 1 && one->generation == 2);
  assert_int_equal(one->checks[0].kind, CHECK_TURN);
  assert_int_equal(one->checks[0].transport, TRANSPORT_TLS);
  assert_string_equal(one->checks[0].credential, "c");
  assert_true(one->checks[1].lan && one->checks[1].port == 30100);
  services_free(s);
}

static void test_what_is_left_out_has_its_default(void **state) {
  (void)state;
  struct services *s = NULL;
  struct services_fault fault;
  assert_int_equal(services_parse(&s, GOOD, &fault), 0);
  assert_int_equal(s->relay_ports[0], 49152);
  assert_int_equal(s->peer_ports[1], 65535);
  assert_true(s->list[0].required && !s->list[0].pinned && s->list[0].generation == 0);
  services_free(s);
}

struct row {
  const char *json;
  unsigned line;
  const char *words;
};

#define SERVICE(fields) "{\"version\":1,\n\"services\":[{\"id\":\"a\",\n" fields "}]}"
#define CHECK(fields)   SERVICE("\"hosts\":[\"a.test\"],\"checks\":[\n{" fields "}]")

static const struct row bad[] = {
    {"{\"version\":1,\n \"services\" []}", 2, "this is not JSON"},
    {"[]", 1, "the file: expected an object"},
    {"{\"version\":2,\"services\":[]}", 1, "version: expected 1"},
    {"{\"version\":1,\n\"servces\":[]}", 2, "servces: no such field"},
    {"{\"version\":1,\"services\":[]}", 1, "services: expected a list of at least one"},
    {"{\"version\":1,\"relayPorts\":[9,1],\"services\":[]}", 1, "relayPorts: expected the lowest"},
    {SERVICE("\"hosts\":[\"a b\"]," CHECKS), 3, "services[0].hosts[0]: expected a host name"},
    {SERVICE("\"hosts\":[\"a..b\"]," CHECKS), 3, "services[0].hosts[0]: expected a host name"},
    {SERVICE(CHECKS), 2, "services[0].hosts: a host or a pattern is needed"},
    {SERVICE("\"hosts\":[\"a.test\"]"), 2, "services[0].checks: expected a list"},
    {SERVICE("\"hosts\":[\"a.test\"],\"pins\":[\"sha1/x\"]," CHECKS), 3,
     "services[0].pins[0]: expected sha256/"},
    {SERVICE("\"hosts\":[\"a.test\"],\"expectedRoots\":\"pinned\"," CHECKS), 2,
     "needs at least one pin"},
    {CHECK("\"kind\":\"http\",\"port\":1"), 4, "services[0].checks[0].kind: expected \"https\""},
    {CHECK("\"kind\":\"https\",\"port\":65536"), 4,
     "services[0].checks[0].port: expected a number"},
    {CHECK("\"kind\":\"https\",\"port\":1.5"), 4, "services[0].checks[0].port: expected a number"},
    {CHECK("\"kind\":\"https\",\"port\":1,\"path\":\"x\""), 4, "path that begins with /"},
    {CHECK("\"kind\":\"https\",\"port\":1,\"path\":\"/\\r\\nX\""), 4, "path that begins with /"},
    {CHECK("\"kind\":\"https\",\"port\":1,\"transport\":\"udp\""), 4, "only stun, turn and dtls"},
    {CHECK("\"kind\":\"stun\",\"port\":1,\"transport\":\"tcp\""), 4, "transport: expected \"udp\""},
    {CHECK("\"kind\":\"turn\",\"port\":1,\"username\":\"u\""), 4,
     "username and credential go together"},
    {CHECK("\"kind\":\"download\",\"port\":1"), 4, "sha256: expected 64 hexadecimal digits"},
    {CHECK("\"kind\":\"tcp\",\"port\":1,\"scope\":\"wan\""), 4, "scope: expected \"lan\""},
};

static void test_what_is_wrong_is_named_with_its_line(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct services *s = NULL;
    struct services_fault fault = {0};
    assert_int_equal(services_parse(&s, bad[i].json, &fault), -EINVAL);
    assert_null(s);
    if (!strstr(fault.text, bad[i].words) || fault.line != bad[i].line)
      fail_msg("row %zu: line %u: %s", i, fault.line, fault.text);
  }
}

static void test_any_allocation_may_fail(void **state) {
  (void)state;
  for (size_t n = 0; n < 60; n++) {
    struct services *s = NULL;
    struct services_fault fault;
    fail_alloc_at(n);
    int r = services_parse(&s, whole, &fault);
    fail_alloc_never();
    assert_true(r == 0 || r == -ENOMEM);
    services_free(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_field_is_read),
      cmocka_unit_test(test_what_is_left_out_has_its_default),
      cmocka_unit_test(test_what_is_wrong_is_named_with_its_line),
      cmocka_unit_test(test_any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
