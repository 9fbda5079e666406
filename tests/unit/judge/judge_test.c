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
     VERDICT_BLOCKED, "tls-inspection-untrusted", NULL},
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
    {CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout portal=redirect", "", VERDICT_BLOCKED,
     "captive-portal", NULL},
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
    {CHECK_TURN, TRANSPORT_UDP, "turn=401", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=wrong-credentials", "", VERDICT_BLOCKED, "turn-auth-failed",
     NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=6/6", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=3/6", "", VERDICT_DEGRADED,
     "relay-range-blocked", NULL},
    {CHECK_TURN, TRANSPORT_UDP, "turn=allocated relay=0/6", "", VERDICT_BLOCKED,
     "relay-range-blocked", NULL},
    {CHECK_TURN, TRANSPORT_TLS, GOOD_CHAIN "turn=401", "", VERDICT_PASS, NULL, NULL},
    {CHECK_TURN, TRANSPORT_TLS, BAD_CHAIN "chain.system=ok", "", VERDICT_BLOCKED, "tls-inspection",
     NULL},
    {CHECK_TURN, TRANSPORT_TCP, "tcp=connected turn=silent", "", VERDICT_BLOCKED, "turn-dpi", NULL},
    {CHECK_DTLS, TRANSPORT_UDP, "dtls=silent dtls.binding=answered", "", VERDICT_BLOCKED,
     "dtls-dpi", NULL},
    {CHECK_TCP, TRANSPORT_TCP, "tcp=refused", "", VERDICT_BLOCKED, "tcp-reset", NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "dns=ok", "", VERDICT_INCONCLUSIVE, NULL, NULL},
    {CHECK_HTTPS, TRANSPORT_TCP, "", "", VERDICT_NOT_TESTED, NULL, NULL},
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
      row.n_also == (want->also != NULL) || (want->also && strcmp(row.also[0], want->also) == 0);
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
               {"", true, false, 0},
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
      cmocka_unit_test(test_the_exit_status_is_the_worst_of_what_is_required),
      cmocka_unit_test(test_other_udp_that_is_answered_makes_it_a_port),
      cmocka_unit_test(test_every_cause_has_a_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
