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

bool view_other_udp_answered(const struct view *v) {
  for (size_t i = 0; i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    const struct view at = {v->report, r, v->signs, false};
    bool same = r->port == v->row->port && strcmp(r->host, v->row->host) == 0;
    if (!view_is_stream(&at) && !same && row_udp_answered(r)) return true;
  }
  return false;
}

/* Of one service: what is wrong with one of its hosts may be with all, and nobody on the way. */
static bool is_related(const struct result *a, const struct result *b) {
  bool same = a->service_id && b->service_id && strcmp(a->service_id, b->service_id) == 0;
  return same || strcmp(a->host, b->host) == 0;
}

size_t view_same_issuer(const struct view *v, bool other_domain) {
  const char *issuer = view_value(v, "chain.issuer");
  size_t n = 0;
  for (size_t i = 0; issuer && i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    const struct view at = {v->report, r, v->signs, v->proxied};
    if (is_related(r, v->row) || !view_is(&at, "chain.issuer", issuer)) continue;
    if (other_domain && hosts_share_domain(r->host, v->row->host)) continue;
    n += view_trust(&at) == TRUST_BAD;
  }
  return n;
}

bool view_elsewhere_too(const struct view *v, const char *id) {
  const char *value = view_value(v, id);
  for (size_t i = 0; value && i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    const struct view at = {v->report, r, v->signs, v->proxied};
    if (strcmp(r->host, v->row->host) != 0 && view_is(&at, id, value)) return true;
  }
  return false;
}
