#include "judge/view.h"

#include <string.h>

static const char *prefix(const struct view *v) {
  return v->proxied ? "proxy." : "";
}

const char *view_value(const struct view *v, const char *id) {
  return row_value(v->row, prefix(v), id);
}

bool view_is(const struct view *v, const char *id, const char *value) {
  return row_is(v->row, prefix(v), id, value);
}

bool view_network_is(const struct view *v, const char *id, const char *value) {
  return evidence_is(&v->report->environment, id, value);
}

enum trust view_trust(const struct view *v) {
  return row_trust(v->row, prefix(v));
}

bool view_is_stream(const struct view *v) {
  return !check_is_udp(v->row->kind, v->row->transport);
}

bool view_has_tls(const struct view *v) {
  return row_has_tls(v->row);
}

bool view_passes(const struct view *v) {
  return row_passes(v->row, prefix(v));
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
  return false;
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
