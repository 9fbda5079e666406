#include "plan/passes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"

const char *row_value(const struct result *r, const char *prefix, const char *id) {
  char name[64];
  (void)snprintf(name, sizeof name, "%s%s", prefix, id);
  return evidence_value(&r->evidence, name);
}

bool row_is(const struct result *r, const char *prefix, const char *id, const char *value) {
  const char *is = row_value(r, prefix, id);
  return is && strcmp(is, value) == 0;
}

/* A pin that matches replaces the roots where a private one is expected. */
static enum trust trust_in_pin(const struct result *r, const char *prefix) {
  if (!row_is(r, prefix, "chain.dates", "valid")) return TRUST_TIME;
  return row_is(r, prefix, "chain.name", "match") ? TRUST_GOOD : TRUST_NAME;
}

/* Whatever else is wrong with the certificate: a root of that store has signed it. */
static bool leads_to_root(const char *store) {
  return store && strcmp(store, "untrusted") != 0;
}

enum trust row_trust(const struct result *r, const char *prefix) {
  const char *public = row_value(r, prefix, "chain.public");
  if (!public) return TRUST_NONE;
  if (row_is(r, prefix, "chain.expected", "pinned") && row_is(r, prefix, "chain.pins", "match"))
    return trust_in_pin(r, prefix);
  if (strcmp(public, "time") == 0) return TRUST_TIME;
  if (strcmp(public, "name") == 0) return TRUST_NAME;
  if (strcmp(public, "ok") == 0)
    return row_is(r, prefix, "chain.pins", "no-match") ? TRUST_PIN_MISMATCH : TRUST_GOOD;
  bool here = leads_to_root(row_value(r, prefix, "chain.system")) ||
              leads_to_root(row_value(r, prefix, "chain.chrome"));
  return here ? TRUST_SYSTEM : TRUST_BAD;
}

bool hello_failed(const char *tls) {
  static const char *const ends[] = {"reset", "fin", "silence", "alert", "odd"};
  for (size_t i = 0; tls && i < sizeof ends / sizeof *ends; i++)
    if (strcmp(tls, ends[i]) == 0) return true;
  return false;
}

static const char *domain_of(const char *host) {
  const char *at = host + strlen(host);
  unsigned dots = 0;
  while (at > host && (at[-1] != '.' || ++dots < 2)) at--;
  return at;
}

bool hosts_share_domain(const char *a, const char *b) {
  struct addr literal;
  bool named = !addr_parse_ip(a, 0, &literal) && !addr_parse_ip(b, 0, &literal);
  return named ? strcasecmp(domain_of(a), domain_of(b)) == 0 : strcasecmp(a, b) == 0;
}

bool row_has_tls(const struct result *r) {
  if (check_is_udp(r->kind, r->transport) || r->kind == CHECK_TCP) return false;
  return r->kind != CHECK_TURN || r->transport == TRANSPORT_TLS;
}

bool row_was_answered(const struct result *r, const char *prefix, const char *id) {
  char name[64];
  (void)snprintf(name, sizeof name, "%s%s", prefix, id);
  return evidence_count(&r->evidence, name, "answered") +
             evidence_count(&r->evidence, name, "allocated") >
         0;
}

bool row_udp_answered(const struct result *r) {
  static const char *const ids[] = {"stun",        "turn",         "dtls",
                                    "udp.control", "turn.binding", "dtls.binding"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    if (row_was_answered(r, "", ids[i])) return true;
  return row_is(r, "", "turn", "wrong-credentials");
}

bool row_passes(const struct result *r, const char *prefix) {
  if (row_has_tls(r) && row_trust(r, prefix) != TRUST_GOOD) return false;
  switch (r->kind) {
  case CHECK_HTTPS:
    return row_is(r, prefix, "http", "answered") && !row_value(r, prefix, "http.page");
  case CHECK_WSS: return row_is(r, prefix, "ws", "open");
  case CHECK_DOWNLOAD: return row_is(r, prefix, "download", "match");
  case CHECK_STUN: return row_was_answered(r, prefix, "stun");
  case CHECK_TURN: return row_was_answered(r, prefix, "turn");
  case CHECK_DTLS: return row_was_answered(r, prefix, "dtls");
  case CHECK_TCP: return row_is(r, prefix, "tcp", "connected");
  }
  return false;
}
