#include "plan/passes.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

/* Evidence as "id=value id=value". */
static struct result row_with(enum check_kind kind, enum check_transport transport,
                              const char *seen) {
  struct result r = {.kind = kind, .transport = transport};
  char text[400];
  (void)snprintf(text, sizeof text, "%s", seen);
  char *rest = NULL;
  for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(word, '=');
    *value++ = '\0';
    evidence_add(&r.evidence, word, value, "seen");
  }
  return r;
}

static void test_trust(void **state) {
  (void)state;
  static const struct {
    const char *seen;
    enum trust trust;
  } rows[] = {
      {"tcp=connected", TRUST_NONE},
      {"chain.public=ok", TRUST_GOOD},
      {"chain.public=ok chain.pins=match", TRUST_GOOD},
      {"chain.public=ok chain.pins=no-match", TRUST_PIN_MISMATCH},
      {"chain.public=time", TRUST_TIME},
      {"chain.public=name", TRUST_NAME},
      {"chain.public=untrusted", TRUST_BAD},
      {"chain.public=untrusted chain.system=untrusted chain.chrome=untrusted", TRUST_BAD},
      {"chain.public=untrusted chain.system=ok", TRUST_SYSTEM},
      {"chain.public=untrusted chain.system=time", TRUST_SYSTEM},
      {"chain.public=untrusted chain.system=name", TRUST_SYSTEM},
      {"chain.public=untrusted chain.system=untrusted chain.chrome=ok", TRUST_SYSTEM},
      /* A pin that matches is no trust of its own where public roots are expected. */
      {"chain.public=untrusted chain.expected=public chain.pins=match", TRUST_BAD},
      {"chain.public=untrusted chain.expected=pinned chain.pins=match chain.dates=valid "
       "chain.name=match",
       TRUST_GOOD},
      {"chain.public=untrusted chain.expected=pinned chain.pins=match chain.dates=valid "
       "chain.name=other",
       TRUST_NAME},
      {"chain.public=untrusted chain.expected=pinned chain.pins=match chain.dates=invalid "
       "chain.name=match",
       TRUST_TIME},
      {"chain.public=untrusted chain.expected=pinned chain.pins=no-match chain.system=ok",
       TRUST_SYSTEM},
      /* The last one seen counts. */
      {"chain.public=untrusted chain.public=ok", TRUST_GOOD},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result r = row_with(CHECK_HTTPS, TRANSPORT_TCP, rows[i].seen);
    if (row_trust(&r, "") != rows[i].trust) fail_msg("%s", rows[i].seen);
    assert_int_equal(row_trust(&r, "proxy."), TRUST_NONE);
    evidence_free(&r.evidence);
  }
}

static void test_passes(void **state) {
  (void)state;
  static const struct {
    enum check_kind kind;
    enum check_transport transport;
    const char *seen;
    bool passes;
  } rows[] = {
      {CHECK_HTTPS, TRANSPORT_TCP, "chain.public=ok http=answered", true},
      {CHECK_HTTPS, TRANSPORT_TCP, "chain.public=ok", false},
      {CHECK_HTTPS, TRANSPORT_TCP, "http=answered", false},
      {CHECK_HTTPS, TRANSPORT_TCP, "chain.public=untrusted http=answered", false},
      {CHECK_HTTPS, TRANSPORT_TCP, "chain.public=untrusted chain.system=ok http=answered", false},
      {CHECK_HTTPS, TRANSPORT_TCP, "chain.public=ok http=answered http.page=a", false},
      {CHECK_WSS, TRANSPORT_TCP, "chain.public=ok ws=open", true},
      {CHECK_WSS, TRANSPORT_TCP, "chain.public=ok http=answered ws=refused", false},
      {CHECK_DOWNLOAD, TRANSPORT_TCP, "chain.public=ok download=match", true},
      {CHECK_DOWNLOAD, TRANSPORT_TCP, "chain.public=ok http=answered download=other", false},
      {CHECK_STUN, TRANSPORT_UDP, "stun=answered", true},
      {CHECK_STUN, TRANSPORT_UDP, "stun=answered stun=silent", true},
      {CHECK_STUN, TRANSPORT_UDP, "stun=silent", false},
      {CHECK_TURN, TRANSPORT_UDP, "turn=answered", true},
      {CHECK_TURN, TRANSPORT_UDP, "turn=allocated", true},
      {CHECK_TURN, TRANSPORT_UDP, "stun=answered turn=silent", false},
      {CHECK_TURN, TRANSPORT_TCP, "turn=allocated", true},
      {CHECK_TURN, TRANSPORT_TLS, "turn=allocated", false},
      {CHECK_TURN, TRANSPORT_TLS, "chain.public=ok turn=allocated", true},
      {CHECK_DTLS, TRANSPORT_UDP, "dtls=answered", true},
      {CHECK_DTLS, TRANSPORT_UDP, "dtls=silent", false},
      {CHECK_TCP, TRANSPORT_TCP, "tcp=connected", true},
      {CHECK_TCP, TRANSPORT_TCP, "tcp=connected tcp=reset", false},
      {CHECK_TCP, TRANSPORT_TCP, "", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result r = row_with(rows[i].kind, rows[i].transport, rows[i].seen);
    if (row_passes(&r, "") != rows[i].passes) fail_msg("row %zu: %s", i, rows[i].seen);
    assert_false(row_passes(&r, "proxy."));
    evidence_free(&r.evidence);
  }
}

static void test_through_a_proxy_counts_what_was_seen_through_it(void **state) {
  (void)state;
  struct result r =
      row_with(CHECK_HTTPS, TRANSPORT_TCP, "tcp=timeout proxy.chain.public=ok proxy.http=answered");
  assert_false(row_passes(&r, ""));
  assert_true(row_passes(&r, "proxy."));
  evidence_free(&r.evidence);
}

static void test_any_udp_of_a_row_counts_as_an_answer(void **state) {
  (void)state;
  static const struct {
    const char *seen;
    bool answered;
  } rows[] = {{"stun=silent stun=answered stun=silent", true},
              {"turn=silent turn.binding=answered", true},
              {"dtls=silent udp.control=answered", true},
              {"turn=wrong-credentials", true},
              {"turn=allocated", true},
              {"stun=silent udp.control=silent", false},
              {"turn=refused turn.binding=prohibited", false},
              {"", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result r = row_with(CHECK_TURN, TRANSPORT_UDP, rows[i].seen);
    if (row_udp_answered(&r) != rows[i].answered) fail_msg("%s", rows[i].seen);
    evidence_free(&r.evidence);
  }
}

static void test_what_a_client_hello_may_come_to(void **state) {
  (void)state;
  static const char *const failed[] = {"reset", "fin", "silence", "alert", "odd"};
  static const char *const others[] = {"done", "http", "unreached", ""};
  for (size_t i = 0; i < sizeof failed / sizeof *failed; i++) assert_true(hello_failed(failed[i]));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_false(hello_failed(others[i]));
  assert_false(hello_failed(NULL));
}

static void test_hosts_of_one_owner(void **state) {
  (void)state;
  static const struct {
    const char *a, *b;
    bool same;
  } rows[] = {{"a.senso.test", "b.A.senso.TEST", true},
              {"senso.test", "x.senso.test", true},
              {"a.senso.test", "a.other.test", false},
              {"senso.test", "nosenso.test", false},
              {"localhost", "localhost", true},
              {"", "a", false},
              {"10.1.0.1", "10.2.0.1", false},
              {"10.1.0.1", "10.1.0.1", true},
              {"x.0.1", "10.2.0.1", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(hosts_share_domain(rows[i].a, rows[i].b), rows[i].same);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trust),
      cmocka_unit_test(test_passes),
      cmocka_unit_test(test_through_a_proxy_counts_what_was_seen_through_it),
      cmocka_unit_test(test_any_udp_of_a_row_counts_as_an_answer),
      cmocka_unit_test(test_hosts_of_one_owner),
      cmocka_unit_test(test_what_a_client_hello_may_come_to),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
