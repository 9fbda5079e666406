#include "judge/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *view_value(const struct view *v, const char *id) {
  char name[64];
  if (!v->proxied) return evidence_value(&v->row->evidence, id);
  (void)snprintf(name, sizeof name, "proxy.%s", id);
  return evidence_value(&v->row->evidence, name);
}

bool view_is(const struct view *v, const char *id, const char *value) {
  const char *is = view_value(v, id);
  return is && strcmp(is, value) == 0;
}

bool view_network_is(const struct view *v, const char *id, const char *value) {
  return evidence_is(&v->report->environment, id, value);
}

enum trust view_trust(const struct view *v) {
  const char *public = view_value(v, "chain.public"), *pins = view_value(v, "chain.pins");
  bool expected = view_is(v, "chain.expected", "pinned");
  if (!public) return TRUST_NONE;
  if (pins && strcmp(pins, "match") == 0) {
    bool dated = view_is(v, "chain.dates", "valid"), named = view_is(v, "chain.name", "match");
    if (expected && dated && named) return TRUST_GOOD;
    if (expected && !dated) return TRUST_TIME;
    if (expected) return TRUST_NAME;
  }
  if (strcmp(public, "time") == 0) return TRUST_TIME;
  if (strcmp(public, "name") == 0) return TRUST_NAME;
  if (strcmp(public, "ok") == 0) {
    bool other = pins && strcmp(pins, "no-match") == 0;
    return other ? TRUST_PIN_MISMATCH : TRUST_GOOD;
  }
  bool here = view_is(v, "chain.system", "ok") || view_is(v, "chain.chrome", "ok");
  return here ? TRUST_SYSTEM : TRUST_BAD;
}

bool view_is_stream(const struct view *v) {
  switch (v->row->kind) {
  case CHECK_HTTPS:
  case CHECK_WSS:
  case CHECK_DOWNLOAD:
  case CHECK_TCP: return true;
  case CHECK_TURN: return v->row->transport != TRANSPORT_UDP;
  case CHECK_STUN:
  case CHECK_DTLS: break;
  }
  return false;
}

bool view_has_tls(const struct view *v) {
  return view_is_stream(v) && v->row->kind != CHECK_TCP &&
         (v->row->kind != CHECK_TURN || v->row->transport == TRANSPORT_TLS);
}

static bool turn_passes(const struct view *v) {
  const char *turn = view_value(v, "turn");
  if (view_has_tls(v) && view_trust(v) != TRUST_GOOD) return false;
  return turn && (strcmp(turn, "allocated") == 0 || strcmp(turn, "401") == 0);
}

bool view_passes(const struct view *v) {
  switch (v->row->kind) {
  case CHECK_HTTPS:
    return view_trust(v) == TRUST_GOOD && view_is(v, "http", "answered") &&
           !view_value(v, "http.page");
  case CHECK_WSS: return view_trust(v) == TRUST_GOOD && view_is(v, "ws", "open");
  case CHECK_DOWNLOAD: return view_trust(v) == TRUST_GOOD && view_is(v, "download", "match");
  case CHECK_STUN: return view_is(v, "stun", "answered");
  case CHECK_TURN: return turn_passes(v);
  case CHECK_DTLS: return view_is(v, "dtls", "answered");
  case CHECK_TCP: return view_is(v, "tcp", "connected");
  }
  return false;
}

static bool udp_answered(const struct result *r) {
  static const char *const ids[] = {"stun",        "turn",         "dtls",
                                    "udp.control", "turn.binding", "dtls.binding"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    const char *is = evidence_value(&r->evidence, ids[i]);
    if (!is) continue;
    if (strcmp(is, "answered") == 0 || strcmp(is, "allocated") == 0 || strcmp(is, "401") == 0)
      return true;
  }
  return false;
}

bool view_other_udp_answered(const struct view *v) {
  for (size_t i = 0; i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    const struct view at = {v->report, r, v->signs, false};
    bool same = r->port == v->row->port && strcmp(r->host, v->row->host) == 0;
    if (!view_is_stream(&at) && !same && udp_answered(r)) return true;
  }
  return view_network_is(v, "udp.beyond", "reached");
}

size_t view_same_issuer(const struct view *v) {
  const char *issuer = view_value(v, "chain.issuer");
  size_t n = 0;
  for (size_t i = 0; issuer && i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    const struct view at = {v->report, r, v->signs, v->proxied};
    if (strcmp(r->host, v->row->host) == 0 || !view_is(&at, "chain.issuer", issuer)) continue;
    n += view_trust(&at) == TRUST_BAD;
  }
  return n;
}
