#include <stdio.h>
#include <stdlib.h>

#include "rpc/internal.h"
#include "support/unit.h"

static void test_ice_urls_are_judged_by_rfc_7064_and_7065(void **state) {
  (void)state;
  static const struct {
    const char *url;
    bool good, turn;
  } rows[] = {
      {"stun:example.org", true, false},
      {"stun:example.org:3478", true, false},
      {"stuns:example.org:1", true, false},
      {"stun:192.0.2.1:65535", true, false},
      {"stun:[2001:db8::1]", true, false},
      {"stun:[2001:db8::1]:3478", true, false},
      {"turn:example.org", true, true},
      {"turn:example.org:80?transport=udp", true, true},
      {"turns:example.org:443?transport=tcp", true, true},
      {"turn:[::1]?transport=tcp", true, true},
      {"", false, false},
      {"stun", false, false},
      {"stun:", false, false},
      {"STUN:example.org", false, false},
      {"http://example.org", false, false},
      {"stun://example.org", false, false},
      {"stun:example.org:", false, false},
      {"stun:example.org:0", false, false},
      {"stun:example.org:65536", false, false},
      {"stun:example.org:123456", false, false},
      {"stun:example.org:8x", false, false},
      {"stun:example.org:-1", false, false},
      {"stun::3478", false, false},
      {"stun:2001:db8::1", false, false},
      {"stun:[2001:db8::1", false, false},
      {"stun:[example.org]", false, false},
      {"stun:[]", false, false},
      {"stun:[::1]x", false, false},
      {"stun:[::1]:", false, false},
      {"stun:user@example.org", false, false},
      {"stun:exam ple.org", false, false},
      {"stun:caf\xc3\xa9.org", false, false},
      {"stun:example.org?transport=udp", false, false},
      {"turn:example.org?", false, false},
      {"turn:example.org?transport=sctp", false, false},
      {"turn:example.org?transport=udp&x=1", false, false},
      {"turn:?transport=udp", false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct peer_server server;
    const char *wrong = rpc_ice_url_read(bytes_of(rows[i].url), &server);
    if ((wrong == NULL) != rows[i].good) fail_msg("%s: %s", rows[i].url, wrong ? wrong : "taken");
    if (rows[i].good) assert_int_equal(server.turn, rows[i].turn);
  }
}

static int read(const char *json, struct rpc_configuration *ret, struct rpc_error *e) {
  struct rpc_request request = {0};
  struct rpc_call call = {.request = &request, .error = e};
  cJSON *tree = cJSON_Parse(json);
  assert_non_null(tree);
  int r = rpc_configuration_read(&call, tree, ret);
  cJSON_Delete(tree);
  return r;
}

static void test_what_is_ours_is_read(void **state) {
  (void)state;
  struct rpc_configuration c;
  struct rpc_error e;
  assert_int_equal(
      read(
          "{\"iceServers\":[{\"urls\":\"stun:a\"},{\"urls\":[\"turn:b\"],\"username\":\"u\","
          "\"credential\":\"c\"}],\"iceTransportPolicy\":\"relay\",\"bundlePolicy\":\"max-bundle\","
          "\"rtcpMuxPolicy\":\"require\",\"certificates\":[],\"iceCandidatePoolSize\":3,"
          "\"udpPortRange\":[1000,2000],\"interfaces\":[\"eth0\",\"wlan0\"],"
          "\"networkTypes\":[\"ethernet\",\"vpn\"],\"loopback\":true,\"mdns\":false,\"proxy\":{"
          "\"mode\":\"fixed_servers\",\"rules\":{\"singleProxy\":{\"host\":\"p\",\"port\":8080}}},"
          "\"unknown\":5}",
          &c, &e),
      0);
  assert_int_equal(c.port_min, 1000);
  assert_int_equal(c.port_max, 2000);
  assert_true(c.filter.relay_only && c.filter.loopback && c.filter.by_name && c.filter.by_type);
  assert_int_equal(c.filter.n_names, 2);
  assert_string_equal(c.filter.names[1], "wlan0");
  assert_int_equal(c.filter.types, 1u << 0 | 1u << 3);
  rpc_configuration_free(&c);
  assert_int_equal(read("{}", &c, &e), 0);
  assert_false(c.filter.relay_only || c.filter.loopback || c.filter.by_name || c.filter.by_type);
  assert_int_equal(c.port_min, 0);
}

static void test_what_sctp_offers_is_on_unless_it_is_said_to_be_off(void **state) {
  (void)state;
  struct rpc_configuration c;
  struct rpc_error e;
  assert_int_equal(read("{}", &c, &e), 0);
  assert_true(c.interleaving && c.zero_checksum && c.mtu_discovery);
  assert_int_equal(read("{\"sctp\":{\"interleaving\":false}}", &c, &e), 0);
  assert_true(!c.interleaving && c.zero_checksum && c.mtu_discovery);
  assert_int_equal(read("{\"sctp\":{\"zeroChecksum\":false,\"mtuDiscovery\":false}}", &c, &e), 0);
  assert_true(c.interleaving && !c.zero_checksum && !c.mtu_discovery);
}

static void test_what_is_wrong_is_named_with_its_place(void **state) {
  (void)state;
  static const struct {
    const char *json, *path;
    enum fault_reason reason;
    const char *exception;
  } rows[] = {
      {"{\"sctp\":5}", "configuration.sctp", FAULT_INVALID_PARAMS, NULL},
      {"{\"sctp\":{\"zeroChecksum\":1}}", "configuration.sctp.zeroChecksum", FAULT_INVALID_PARAMS,
       NULL},
      {"{\"iceServers\":5}", "configuration.iceServers", FAULT_INVALID_PARAMS, NULL},
      {"{\"iceServers\":[5]}", "configuration.iceServers[0]", FAULT_INVALID_PARAMS, NULL},
      {"{\"iceServers\":[{}]}", "configuration.iceServers[0].urls", FAULT_INVALID_PARAMS, NULL},
      {"{\"iceServers\":[{\"urls\":5}]}", "configuration.iceServers[0].urls", FAULT_INVALID_PARAMS,
       NULL},
      {"{\"iceServers\":[{\"urls\":[5]}]}", "configuration.iceServers[0].urls[0]",
       FAULT_INVALID_PARAMS, NULL},
      {"{\"iceServers\":[{\"urls\":[]}]}", "configuration.iceServers[0].urls", FAULT_TYPE_ERROR,
       "SyntaxError"},
      {"{\"iceServers\":[{\"urls\":\"stun:a\"},{\"urls\":\"x\"}]}",
       "configuration.iceServers[1].urls", FAULT_TYPE_ERROR, "SyntaxError"},
      {"{\"iceServers\":[{\"urls\":\"turn:a\"}]}", "configuration.iceServers[0].urls",
       FAULT_TYPE_ERROR, "InvalidAccessError"},
      {"{\"iceServers\":[{\"urls\":\"turn:a\",\"username\":\"u\"}]}",
       "configuration.iceServers[0].urls", FAULT_TYPE_ERROR, "InvalidAccessError"},
      {"{\"iceServers\":[{\"urls\":\"turn:a\",\"username\":5}]}",
       "configuration.iceServers[0].username", FAULT_INVALID_PARAMS, NULL},
      {"{\"iceTransportPolicy\":\"none\"}", "configuration.iceTransportPolicy",
       FAULT_INVALID_PARAMS, NULL},
      {"{\"certificates\":[{}]}", "configuration.certificates", FAULT_NOT_SUPPORTED, NULL},
      {"{\"iceCandidatePoolSize\":256}", "configuration.iceCandidatePoolSize", FAULT_INVALID_PARAMS,
       NULL},
      {"{\"udpPortRange\":[1]}", "configuration.udpPortRange", FAULT_INVALID_PARAMS, NULL},
      {"{\"udpPortRange\":[2,1]}", "configuration.udpPortRange", FAULT_INVALID_PARAMS, NULL},
      {"{\"udpPortRange\":[0,1]}", "configuration.udpPortRange", FAULT_INVALID_PARAMS, NULL},
      {"{\"udpPortRange\":[1,65536]}", "configuration.udpPortRange", FAULT_INVALID_PARAMS, NULL},
      {"{\"udpPortRange\":[1.5,2]}", "configuration.udpPortRange", FAULT_INVALID_PARAMS, NULL},
      {"{\"udpPortRange\":[1,\"2\"]}", "configuration.udpPortRange", FAULT_INVALID_PARAMS, NULL},
      {"{\"interfaces\":[\"\"]}", "configuration.interfaces", FAULT_INVALID_PARAMS, NULL},
      {"{\"interfaces\":[\"eth0\",\"sixteen-bytes-xx\"]}", "configuration.interfaces",
       FAULT_INVALID_PARAMS, NULL},
      {"{\"iceServers\":[{\"urls\":[\"stun:a\",\"x\"]}]}", "configuration.iceServers[0].urls[1]",
       FAULT_TYPE_ERROR, "SyntaxError"},
      {"{\"interfaces\":[5]}", "configuration.interfaces", FAULT_INVALID_PARAMS, NULL},
      {"{\"networkTypes\":[\"token-ring\"]}", "configuration.networkTypes", FAULT_INVALID_PARAMS,
       NULL},
      {"{\"networkTypes\":[5]}", "configuration.networkTypes", FAULT_INVALID_PARAMS, NULL},
      {"{\"loopback\":1}", "configuration.loopback", FAULT_INVALID_PARAMS, NULL},
      {"{\"proxy\":5}", "configuration.proxy", FAULT_INVALID_PARAMS, NULL},
      {"{\"proxy\":{}}", "configuration.proxy.mode", FAULT_INVALID_PARAMS, NULL},
      {"{\"proxy\":{\"mode\":\"pac_script\"}}", "configuration.proxy.mode", FAULT_NOT_SUPPORTED,
       NULL},
      {"{\"proxy\":{\"mode\":\"fixed_servers\"}}", "configuration.proxy.rules",
       FAULT_INVALID_PARAMS, NULL},
      {"{\"proxy\":{\"mode\":\"fixed_servers\",\"rules\":{\"singleProxy\":{\"host\":\"a b\"}}}}",
       "configuration.proxy.rules.singleProxy.host", FAULT_INVALID_PARAMS, NULL},
      {"{\"proxy\":{\"mode\":\"fixed_servers\",\"rules\":{\"proxyForHttps\":{\"scheme\":\"socks5\","
       "\"host\":\"a\"}}}}",
       "configuration.proxy.rules.proxyForHttps.scheme", FAULT_NOT_SUPPORTED, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rpc_configuration c;
    struct rpc_error e = {0};
    if (read(rows[i].json, &c, &e) == 0) fail_msg("%s", rows[i].json);
    if (e.fault.reason != rows[i].reason || strcmp(e.path, rows[i].path) != 0)
      fail_msg("%s: %s, %s", rows[i].json, e.path, e.fault.text);
    assert_int_equal(e.exception == NULL, rows[i].exception == NULL);
    if (e.exception) assert_string_equal(e.exception, rows[i].exception);
    assert_null(c.filter.names);
  }
}

static int read_names(void *ctx) {
  (void)ctx;
  struct rpc_configuration c;
  struct rpc_error e;
  fail_alloc_never();
  cJSON *tree = cJSON_Parse("{\"interfaces\":[\"eth0\"]}");
  struct rpc_request request = {0};
  struct rpc_call call = {.request = &request, .error = &e};
  fail_alloc_at(0);
  int r = rpc_configuration_read(&call, tree, &c);
  fail_alloc_never();
  assert_int_equal(e.fault.reason, FAULT_OUT_OF_MEMORY);
  cJSON_Delete(tree);
  return r;
}

static void test_no_memory_for_the_names_is_an_error(void **state) {
  (void)state;
  assert_true(read_names(NULL) < 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ice_urls_are_judged_by_rfc_7064_and_7065),
      cmocka_unit_test(test_what_is_ours_is_read),
      cmocka_unit_test(test_what_sctp_offers_is_on_unless_it_is_said_to_be_off),
      cmocka_unit_test(test_what_is_wrong_is_named_with_its_place),
      cmocka_unit_test(test_no_memory_for_the_names_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
