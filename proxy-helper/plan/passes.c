#include "plan/passes.h"

#include <stdio.h>
#include <string.h>

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

enum trust row_trust(const struct result *r, const char *prefix) {
  const char *public = row_value(r, prefix, "chain.public");
  if (!public) return TRUST_NONE;
  if (row_is(r, prefix, "chain.expected", "pinned") && row_is(r, prefix, "chain.pins", "match"))
    return trust_in_pin(r, prefix);
  if (strcmp(public, "time") == 0) return TRUST_TIME;
  if (strcmp(public, "name") == 0) return TRUST_NAME;
  if (strcmp(public, "ok") == 0)
    return row_is(r, prefix, "chain.pins", "no-match") ? TRUST_PIN_MISMATCH : TRUST_GOOD;
  bool here = row_is(r, prefix, "chain.system", "ok") || row_is(r, prefix, "chain.chrome", "ok");
  return here ? TRUST_SYSTEM : TRUST_BAD;
}

bool row_has_tls(const struct result *r) {
  if (check_is_udp(r->kind, r->transport) || r->kind == CHECK_TCP) return false;
  return r->kind != CHECK_TURN || r->transport == TRANSPORT_TLS;
}

/* One of several tries is enough. */
static bool was_answered(const struct result *r, const char *prefix, const char *id) {
  char name[64];
  (void)snprintf(name, sizeof name, "%s%s", prefix, id);
  return evidence_count(&r->evidence, name, "answered") +
             evidence_count(&r->evidence, name, "allocated") +
             evidence_count(&r->evidence, name, "401") >
         0;
}

bool row_passes(const struct result *r, const char *prefix) {
  if (row_has_tls(r) && row_trust(r, prefix) != TRUST_GOOD) return false;
  switch (r->kind) {
  case CHECK_HTTPS:
    return row_is(r, prefix, "http", "answered") && !row_value(r, prefix, "http.page");
  case CHECK_WSS: return row_is(r, prefix, "ws", "open");
  case CHECK_DOWNLOAD: return row_is(r, prefix, "download", "match");
  case CHECK_STUN: return was_answered(r, prefix, "stun");
  case CHECK_TURN: return was_answered(r, prefix, "turn");
  case CHECK_DTLS: return was_answered(r, prefix, "dtls");
  case CHECK_TCP: return row_is(r, prefix, "tcp", "connected");
  }
  return false;
}
