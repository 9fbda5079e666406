/* Evidence to verdicts, a row a table line: "id=value ..." of the row, then of the network. */
#include "judge/judge.h"

#include <stdio.h>

#include "judge/causes.h"
#include "support/unit.h"

struct row {
  enum check_kind kind;
  enum check_transport transport;
  const char *evidence, *network;
  enum verdict verdict;
  const char *cause, *also;
};

#define GOOD_CHAIN "tcp=connected tls=done chain.public=ok chain.system=ok "
#define BAD_CHAIN  "tcp=connected tls=done chain.public=untrusted "

static const struct row rows[] = {
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered", "", VERDICT_PASS, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered", "hop1.tcp=connected", VERDICT_PASS,
     NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered",
     "hop1.tcp=connected testnet.tcp=connected", VERDICT_PASS, NULL, "transparent-proxy"},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered", "clock=180", VERDICT_PASS, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered", "clock=-900", VERDICT_DEGRADED,
     "clock-wrong", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered http.page=Fortinet", "", VERDICT_BLOCKED,
     "http-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=reset", "", VERDICT_BLOCKED, "http-blocked",
     NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, BAD_CHAIN "chain.system=ok http=answered", "", VERDICT_BLOCKED,
     "tls-inspection", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, BAD_CHAIN "chain.system=untrusted chain.issuer=Nobody", "",
     VERDICT_BLOCKED, "certificate-invalid", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, BAD_CHAIN "chain.system=untrusted chain.issuer=Sign", "",
     VERDICT_BLOCKED, "certificate-invalid", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, BAD_CHAIN "chain.system=time", "clock=90000", VERDICT_BLOCKED,
     "tls-inspection", NULL},
    {CHECK_WSS, TRANSPORT_TCP, "tcp=connected tls=done chain.public=time ws=200", "clock=90000",
     VERDICT_BLOCKED, "clock-wrong", "websocket-blocked"},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=alert tls.no-name=done", "", VERDICT_BLOCKED,
     "sni-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=alert tls.no-name=alert tls.other-name=alert",
     "", VERDICT_BLOCKED, "tls-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=reset tls.no-name=reset tls.other-name=alert",
     "", VERDICT_BLOCKED, "sni-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     "tcp=connected tls=reset tls.no-name=unreached tls.other-name=unreached", "", VERDICT_BLOCKED,
     "tls-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     "tcp=connected tls=reset tls.no-name=done portal=redirect portal.to=filter.test", "",
     VERDICT_BLOCKED, "sni-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout portal=511 portal.to=a.test", "", VERDICT_BLOCKED,
     "captive-portal", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout portal=block-page portal.to=f.test portal.page=V", "",
     VERDICT_BLOCKED, "http-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     "tcp=connected tls=done chain.public=ok http=reset portal=redirect portal.to=shop.test", "",
     VERDICT_BLOCKED, "http-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "dns=nxdomain", "dns.nobody=answered", VERDICT_BLOCKED,
     "dns-hijack", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "dns=nxdomain", "dns.nobody=silent", VERDICT_BLOCKED,
     "dns-nxdomain", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "dns.kind=global dns.kind6=unspecified http=answered",
     "", VERDICT_DEGRADED, "dns-sinkhole", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "dns.kind=global dns.kind6=private http=answered", "",
     VERDICT_PASS, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=reset tls.no-name=reset", "network=none",
     VERDICT_BLOCKED, "tls-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout proxy=502", "", VERDICT_BLOCKED, "proxy-unreachable",
     NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     "tcp=timeout proxy=200 proxy.tls=reset proxy.tls.no-name=done proxy.tls.other-name=done", "",
     VERDICT_BLOCKED, "sni-blocked", "proxy-required"},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout tcp.second=timeout deadline=reached", "",
     VERDICT_INCONCLUSIVE, "tcp-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=done chain.public=time", "", VERDICT_BLOCKED,
     "certificate-invalid", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=done chain.public=time", "clock=90000",
     VERDICT_DEGRADED, "clock-wrong", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=done chain.public=name", "", VERDICT_BLOCKED,
     "certificate-invalid", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "chain.pins=no-match http=answered", "",
     VERDICT_BLOCKED, "pin-mismatch", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     BAD_CHAIN
     "chain.pins=match chain.expected=pinned chain.dates=valid chain.name=match http=answered",
     "", VERDICT_PASS, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=reset tls.no-name=done tls.other-name=done", "",
     VERDICT_BLOCKED, "sni-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     "tcp=connected tls=silence tls.no-name=silence tls.other-name=silence", "", VERDICT_BLOCKED,
     "tls-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=http", "", VERDICT_BLOCKED, "http-blocked",
     NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout portal=redirect portal.to=p.test", "",
     VERDICT_BLOCKED, "captive-portal", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout portal=none", "", VERDICT_BLOCKED, "tcp-blocked",
     NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "dns.kind=private tcp=timeout", "", VERDICT_BLOCKED,
     "dns-sinkhole", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "dns.kind=private tcp=timeout", "dns.nobody=answered",
     VERDICT_BLOCKED, "dns-hijack", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "dns.kind=private http=answered", "dns.nobody=answered",
     VERDICT_PASS, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout", "network=none", VERDICT_BLOCKED, "no-network",
     NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout proxy=407", "", VERDICT_BLOCKED,
     "proxy-auth-required", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout proxy=200 proxy.chain.public=ok proxy.http=answered",
     "", VERDICT_DEGRADED, "proxy-required", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP,
     "tcp=timeout proxy=200 proxy.chain.public=untrusted proxy.chain.system=ok proxy.http=answered",
     "", VERDICT_BLOCKED, "tls-inspection", "proxy-required"},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=answered proxy=407", "", VERDICT_PASS, NULL,
     NULL},
    {CHECK_WSS, TRANSPORT_TCP, GOOD_CHAIN "http=answered ws=200", "", VERDICT_BLOCKED,
     "websocket-blocked", NULL},
    {CHECK_WSS, TRANSPORT_TCP, BAD_CHAIN "chain.system=ok http=answered ws=200", "",
     VERDICT_BLOCKED, "tls-inspection", "websocket-blocked"},
    {CHECK_DOWNLOAD, TRANSPORT_TCP, GOOD_CHAIN "http=answered download=truncated", "",
     VERDICT_BLOCKED, "download-altered", NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=answered", "mapping=address-dependent", VERDICT_DEGRADED,
     "symmetric-nat", NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=answered", "mapping=endpoint-independent", VERDICT_PASS, NULL,
     NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=silent udp.control=silent", "", VERDICT_BLOCKED,
     "udp-blocked", NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=silent stun=answered stun=silent", "", VERDICT_PASS, NULL,
     NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=answered ports=0/4", "", VERDICT_DEGRADED,
     "peer-range-blocked", NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=answered ports=1/4", "", VERDICT_PASS, NULL, NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=answered ports=unknown", "", VERDICT_PASS, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout proxy=odd", "", VERDICT_BLOCKED, "proxy-unreachable",
     NULL},
    {CHECK_STUN, TRANSPORT_UDP, "stun=silent udp.control=answered", "", VERDICT_BLOCKED, "stun-dpi",
     NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=silent turn.binding=answered udp.control=answered", "",
     VERDICT_BLOCKED, "turn-dpi", NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=answered", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=wrong-credentials", "", VERDICT_BLOCKED, "turn-auth-failed",
     NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=0/5", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=unknown", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_TCP, "tcp=connected turn=odd", "", VERDICT_BLOCKED, "turn-dpi", NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=6/6", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=3/6", "", VERDICT_DEGRADED,
     "relay-range-blocked", NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=0/6", "", VERDICT_BLOCKED,
     "relay-range-blocked", NULL},
    {CHECK_TURN, TRANSPORT_TLS, GOOD_CHAIN "turn=answered", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_TLS, BAD_CHAIN "chain.system=ok", "", VERDICT_BLOCKED, "tls-inspection",
     NULL},
    {CHECK_TURN, TRANSPORT_TCP, "tcp=connected turn=silent", "", VERDICT_BLOCKED, "turn-dpi", NULL},
    {CHECK_DTLS, TRANSPORT_UDP, "dtls=silent dtls.binding=answered", "", VERDICT_BLOCKED,
     "dtls-dpi", NULL},
    {CHECK_TCP, TRANSPORT_TCP, "tcp=refused", "", VERDICT_BLOCKED, "tcp-reset", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "dns=ok", "", VERDICT_INCONCLUSIVE, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "", "", VERDICT_INCONCLUSIVE, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=connected tls=odd tls.no-name=odd tls.other-name=odd", "",
     VERDICT_BLOCKED, "http-blocked", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, GOOD_CHAIN "http=silence", "", VERDICT_BLOCKED, "http-blocked",
     NULL},
    {CHECK_DOWNLOAD, TRANSPORT_TCP, GOOD_CHAIN "http=answered download=404", "",
     VERDICT_INCONCLUSIVE, NULL, NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=odd", "", VERDICT_BLOCKED, "turn-dpi", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "probe=impossible", "", VERDICT_INCONCLUSIVE, NULL, NULL},
};

static void add_all(struct evidence_list *to, const char *words) {
  while (*words) {
    char word[120], *value;
    size_t n = strcspn(words, " ");
    (void)snprintf(word, sizeof word, "%.*s", (int)n, words);
    if ((value = strchr(word, '='))) {
      *value++ = '\0';
      evidence_add(to, word, value, "-");
    }
    words += n + strspn(words + n, " ");
  }
}

static void check(size_t i, const struct signs *signs) {
  const struct row *want = &rows[i];
  struct result row = {.host = (char *)(uintptr_t) "a.test",
                       .kind = want->kind,
                       .transport = want->transport,
                       .port = 443,
                       .required = true};
  struct report r = {.rows = &row, .n = 1, .relay_ports = {49152, 65535}};
  add_all(&row.evidence, want->evidence);
  add_all(&r.environment, want->network);
  judge(&r, signs);
  bool same_cause = (row.cause == NULL) == (want->cause == NULL) &&
                    (!row.cause || strcmp(row.cause, want->cause) == 0);
  bool same_also =
      row.n_also == (want->also != NULL) && (!want->also || strcmp(row.also[0], want->also) == 0);
  if (row.verdict != want->verdict || !same_cause || !same_also)
    fail_msg("row %zu (%s): %s, %s, %zu more", i, want->evidence, verdict_name(row.verdict),
             row.cause ? row.cause : "no cause", row.n_also);
  if (row.cause) assert_true(row.fix[0] && !strchr(row.fix, '{'));
  evidence_free(&row.evidence);
  evidence_free(&r.environment);
}

static void test_each_evidence_has_its_verdict(void **state) {
  (void)state;
  struct signs signs;
  assert_int_equal(
      signs_parse(&signs,
                  "{\"signs\":[{\"vendor\":\"V\",\"where\":\"issuer\",\"match\":\"Sign\"}]}"),
      0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check(i, &signs);
  signs_free(&signs);
}

static void test_an_issuer_of_two_hosts_that_nobody_trusts_inspects(void **state) {
  (void)state;
  struct signs none = {0};
  struct result two[2];
  for (int i = 0; i < 2; i++) {
    two[i] = (struct result){
        .host = (char *)(uintptr_t)(i ? "a.test" : "b.test"), .kind = CHECK_HTTPS, .port = 443};
    add_all(&two[i].evidence, BAD_CHAIN "chain.system=untrusted chain.issuer=Qwerty");
  }
  struct report r = {.rows = two, .n = 2};
  judge(&r, &none);
  for (int i = 0; i < 2; i++) {
    assert_string_equal(two[i].cause, "tls-inspection-untrusted");
    evidence_free(&two[i].evidence);
  }
}

/* Rows of "service host evidence", judged together. */
static void judge_all(struct report *r, struct result *list, const char *const (*what)[3], size_t n,
                      const struct signs *signs) {
  *r = (struct report){.rows = list, .n = n, .relay_ports = {49152, 65535}};
  for (size_t i = 0; i < n; i++) {
    list[i] = (struct result){.service_id = (char *)(uintptr_t)what[i][0],
                              .host = (char *)(uintptr_t)what[i][1],
                              .kind = CHECK_HTTPS,
                              .port = 443,
                              .required = true};
    add_all(&list[i].evidence, what[i][2]);
  }
  judge(r, signs);
}

static void free_all(struct report *r) {
  for (size_t i = 0; i < r->n; i++) evidence_free(&r->rows[i].evidence);
  evidence_free(&r->environment);
}

static void test_a_private_address_is_odd_but_for_what_is_on_the_network(void **state) {
  (void)state;
  struct signs none = {0};
  for (int lan = 0; lan < 2; lan++) {
    struct result row = {.host = (char *)(uintptr_t) "a.test", .kind = CHECK_TCP, .lan = lan};
    struct report r = {.rows = &row, .n = 1};
    add_all(&row.evidence, "dns.kind=private tcp=refused");
    judge(&r, &none);
    assert_string_equal(row.cause, lan ? "tcp-reset" : "dns-sinkhole");
    free_all(&r);
  }
}

static void test_one_domain_makes_inspection_likely(void **state) {
  (void)state;
  static const struct {
    const char *host;
    bool proven;
  } cases[] = {{"b.a.test", false}, {"b.other.test", true}};
  struct signs none = {0};
  for (size_t i = 0; i < 2; i++) {
    const char *const what[][3] = {
        {"a", "a.a.test", BAD_CHAIN "chain.system=untrusted chain.issuer=Qwerty"},
        {"b", cases[i].host, BAD_CHAIN "chain.system=untrusted chain.issuer=Qwerty"}};
    struct result list[2];
    struct report r;
    judge_all(&r, list, what, 2, &none);
    assert_string_equal(list[0].cause, "tls-inspection-untrusted");
    assert_int_equal(list[0].proven, cases[i].proven);
    free_all(&r);
  }
}

static void test_hosts_of_one_service_with_one_issuer_are_not_inspected(void **state) {
  (void)state;
  static const char *const what[][3] = {
      {"a", "1.a.test", BAD_CHAIN "chain.system=untrusted chain.issuer=Qwerty"},
      {"a", "2.a.test", BAD_CHAIN "chain.system=untrusted chain.issuer=Qwerty"}};
  struct signs none = {0};
  struct result list[2];
  struct report r;
  judge_all(&r, list, what, 2, &none);
  for (size_t i = 0; i < 2; i++) {
    assert_string_equal(list[i].cause, "certificate-invalid");
    assert_false(list[i].proven);
  }
  free_all(&r);
}

static void test_what_leads_every_host_away_is_a_portal_for_sure(void **state) {
  (void)state;
  static const struct {
    const char *first, *second;
    bool proven;
  } cases[] = {{"portal.to=p.test", "portal.to=p.test", true},
               {"portal.to=p.test", "portal.to=q.test", false}};
  for (size_t k = 0; k < 2; k++) {
    char one[80], two[80];
    (void)snprintf(one, sizeof one, "tcp=timeout portal=redirect %s", cases[k].first);
    (void)snprintf(two, sizeof two, "tcp=timeout portal=redirect %s", cases[k].second);
    const char *const what[][3] = {{"a", "a.test", one}, {"b", "b.test", two}};
    struct signs none = {0};
    struct result list[2];
    struct report r;
    judge_all(&r, list, what, 2, &none);
    assert_string_equal(list[0].cause, "captive-portal");
    assert_int_equal(list[0].proven, cases[k].proven);
    assert_non_null(strstr(list[0].fix, "p.test"));
    free_all(&r);
  }
}

static void test_a_failure_of_one_host_alone_may_be_its_servers(void **state) {
  (void)state;
  static const char *const what[][3] = {{"a", "a.test", "tcp=refused"},
                                        {"b", "b.test", "tcp=timeout"},
                                        {"c", "c.test", "tcp=timeout"}};
  struct signs none = {0};
  struct result list[3];
  struct report r;
  judge_all(&r, list, what, 3, &none);
  assert_string_equal(list[0].cause, "tcp-reset");
  assert_false(list[0].proven);
  assert_string_equal(list[1].cause, "tcp-blocked");
  assert_true(list[1].proven);
  free_all(&r);
}

static void test_the_vendor_is_who_the_answer_was_known_by(void **state) {
  (void)state;
  static const struct {
    const char *seen, *vendor;
  } cases[] = {{"tcp=timeout proxy=407 proxy.scheme=NTLM proxy.header=Squid", "Squid"},
               {GOOD_CHAIN "http=answered http.page=Fortinet", "Fortinet"},
               {"tcp=timeout portal=block-page portal.to=f.test portal.page=iboss", "iboss"},
               {BAD_CHAIN "chain.system=ok chain.issuer=Sign", "V"},
               {"tcp=timeout", ""}};
  struct signs signs;
  assert_int_equal(
      signs_parse(&signs,
                  "{\"signs\":[{\"vendor\":\"V\",\"where\":\"issuer\",\"match\":\"Sign\"}]}"),
      0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const what[][3] = {{"a", "a.test", cases[i].seen}};
    struct result row;
    struct report r;
    judge_all(&r, &row, what, 1, &signs);
    assert_string_equal(row.vendor, cases[i].vendor);
    free_all(&r);
  }
  signs_free(&signs);
}

static void test_methods_say_what_their_rows_say(void **state) {
  (void)state;
  static const struct {
    enum check_kind kind;
    const char *one, *two, *mapping;
    enum verdict srflx, relay;
  } cases[] = {{CHECK_STUN, "stun=silent", "stun=silent", "", VERDICT_BLOCKED, VERDICT_NOT_TESTED},
               {CHECK_STUN, "stun=silent", "stun=answered", "", VERDICT_PASS, VERDICT_NOT_TESTED},
               {CHECK_STUN, "stun=silent", "dns=ok", "", VERDICT_INCONCLUSIVE, VERDICT_NOT_TESTED},
               {CHECK_STUN, "stun=answered", "stun=answered", "mapping=address-dependent",
                VERDICT_DEGRADED, VERDICT_NOT_TESTED},
               {CHECK_TURN, "turn=silent", "turn=silent", "", VERDICT_NOT_TESTED, VERDICT_BLOCKED},
               {CHECK_TURN, "dns=ok", "turn=silent", "", VERDICT_NOT_TESTED, VERDICT_INCONCLUSIVE},
               {CHECK_TURN, "turn=silent", "turn=answered", "", VERDICT_NOT_TESTED, VERDICT_PASS}};
  struct signs none = {0};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct result list[2];
    struct report r = {.rows = list, .n = 2};
    for (size_t k = 0; k < 2; k++) {
      list[k] = (struct result){.host = (char *)(uintptr_t)(k ? "b.test" : "a.test"),
                                .kind = cases[i].kind,
                                .transport = TRANSPORT_UDP,
                                .port = 3478};
      add_all(&list[k].evidence, k ? cases[i].two : cases[i].one);
    }
    add_all(&r.environment, cases[i].mapping);
    judge(&r, &none);
    assert_int_equal(r.methods[METHOD_SRFLX], cases[i].srflx);
    assert_int_equal(r.methods[METHOD_RELAY], cases[i].relay);
    assert_int_equal(r.via[TRANSPORT_UDP], cases[i].relay == VERDICT_PASS);
    free_all(&r);
  }
}

static void test_the_exit_status_is_the_worst_of_what_is_required(void **state) {
  (void)state;
  static const struct {
    const char *evidence;
    bool required, strict;
    int status;
  } cases[] = {{"tcp=connected", true, false, 0},
               {"tcp=timeout", true, false, 1},
               {"tcp=timeout", false, false, 0},
               {"dns=ok", true, false, 3},
               {"", true, false, 3}, /* nothing is proven where nothing was seen */
               {"", true, true, 3}};
  struct signs none = {0};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct result row = {
        .host = (char *)(uintptr_t) "a.test", .kind = CHECK_TCP, .required = cases[i].required};
    struct report r = {.rows = &row, .n = 1};
    add_all(&row.evidence, cases[i].evidence);
    judge(&r, &none);
    assert_int_equal(judge_exit_status(&r, cases[i].strict), cases[i].status);
    evidence_free(&row.evidence);
  }
}

/* UDP of another host and port tells a closed port from closed UDP. */
static void test_other_udp_that_is_answered_makes_it_a_port(void **state) {
  (void)state;
  struct signs none = {0};
  struct result two[2] = {{.host = (char *)(uintptr_t) "a.test", .kind = CHECK_STUN, .port = 3478},
                          {.host = (char *)(uintptr_t) "a.test", .kind = CHECK_STUN, .port = 443}};
  struct report r = {.rows = two, .n = 2};
  add_all(&two[0].evidence, "stun=silent udp.control=silent");
  add_all(&two[1].evidence, "stun=answered");
  judge(&r, &none);
  assert_string_equal(two[0].cause, "udp-port-blocked");
  assert_int_equal(two[1].verdict, VERDICT_PASS);
  for (int i = 0; i < 2; i++) evidence_free(&two[i].evidence);
}

static void test_every_cause_has_a_remedy(void **state) {
  (void)state;
  for (int i = 0; i < CAUSE_COUNT; i++)
    assert_true(strlen(cause_remedy(cause_id((enum cause)i))) > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_evidence_has_its_verdict),
      cmocka_unit_test(test_an_issuer_of_two_hosts_that_nobody_trusts_inspects),
      cmocka_unit_test(test_a_private_address_is_odd_but_for_what_is_on_the_network),
      cmocka_unit_test(test_one_domain_makes_inspection_likely),
      cmocka_unit_test(test_hosts_of_one_service_with_one_issuer_are_not_inspected),
      cmocka_unit_test(test_what_leads_every_host_away_is_a_portal_for_sure),
      cmocka_unit_test(test_a_failure_of_one_host_alone_may_be_its_servers),
      cmocka_unit_test(test_the_vendor_is_who_the_answer_was_known_by),
      cmocka_unit_test(test_methods_say_what_their_rows_say),
      cmocka_unit_test(test_the_exit_status_is_the_worst_of_what_is_required),
      cmocka_unit_test(test_other_udp_that_is_answered_makes_it_a_port),
      cmocka_unit_test(test_every_cause_has_a_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
