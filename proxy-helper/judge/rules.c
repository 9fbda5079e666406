#include "judge/rules.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_MOST  600 /* seconds that a clock may be wrong */
#define RELAY_LEAST 6   /* allocations that tell of the relays' range */

/* --- the machine --- */

/* Routes of other tables and VPNs are not looked at: what was reached says more. */
static bool no_network(const struct view *v) {
  if (!view_network_is(v, "network", "none")) return false;
  for (size_t i = 0; i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    if (row_is(r, "", "tcp", "connected") || row_udp_answered(r)) return false;
  }
  return true;
}

static bool clock_is_wrong(const struct view *v) {
  const char *offset = evidence_value(&v->report->environment, "clock");
  return offset && labs(strtol(offset, NULL, 10)) > CLOCK_MOST;
}

static bool clock_wrong(const struct view *v) {
  return view_trust(v) == TRUST_TIME && clock_is_wrong(v);
}

/* --- proxies --- */

static bool direct_fails(const struct view *v) {
  const struct view direct = {v->report, v->row, v->signs, false};
  return !view_passes(&direct);
}

static bool proxy_says(const struct view *v, const char *what) {
  return direct_fails(v) && evidence_is(&v->row->evidence, "proxy", what);
}

static bool proxy_auth_required(const struct view *v) {
  return proxy_says(v, "407");
}

static bool proxy_forbidden(const struct view *v) {
  return proxy_says(v, "403") || proxy_says(v, "302") || proxy_says(v, "451");
}

static bool proxy_unreachable(const struct view *v) {
  return proxy_says(v, "unreachable") || proxy_says(v, "odd");
}

/* It answers, and makes no tunnel: any other status. */
static bool proxy_fails(const struct view *v) {
  const char *proxy = evidence_value(&v->row->evidence, "proxy");
  return direct_fails(v) && proxy && strcmp(proxy, "200") != 0;
}

/* The tunnel is there, and the direct way is not. */
static bool proxy_required(const struct view *v) {
  return proxy_says(v, "200");
}

/* --- who answers --- */

static bool sni_blocked(const struct view *v);

/* What leads away for one host alone may be the host's own way, or a block page for its category.
 */
static bool captive_portal(const struct view *v) {
  const char *portal = view_value(v, "portal");
  if (!portal || view_trust(v) == TRUST_SYSTEM || sni_blocked(v)) return false;
  if (strcmp(portal, "redirect") == 0) return view_elsewhere_too(v, "portal.to");
  return strcmp(portal, "511") == 0 || strcmp(portal, "login") == 0;
}

/* Port 80 shows the page of a filter that is known. */
static bool portal_blocks(const struct view *v) {
  return view_is(v, "portal", "block-page");
}

static bool led_away(const struct view *v) {
  return view_is(v, "portal", "redirect") && !view_is(v, "tcp", "connected");
}

static bool answer_is_odd(const struct view *v) {
  const char *kind = view_value(v, "dns.kind");
  /* Of a service on the local network a private address is what is expected. */
  bool expected = v->row->lan && kind && strcmp(kind, "private") == 0;
  bool odd = kind && strcmp(kind, "global") != 0 && !expected;
  const char *name = view_value(v, "dns.canonical");
  return odd || (name && signs_find(v->signs, SIGN_NAME, name));
}

static bool dns_hijack(const struct view *v) {
  bool no = view_is(v, "dns", "nxdomain") || view_is(v, "dns", "refused");
  return (answer_is_odd(v) || no) && view_network_is(v, "dns.nobody", "answered");
}

static bool dns_sinkhole(const struct view *v) {
  return answer_is_odd(v);
}

static bool dns_nxdomain(const struct view *v) {
  return view_is(v, "dns", "nxdomain");
}

static bool dns_refused(const struct view *v) {
  return view_is(v, "dns", "refused");
}

static bool dns_timeout(const struct view *v) {
  return view_is(v, "dns", "timeout");
}

/* --- TCP --- */

static bool tcp_blocked(const struct view *v) {
  return view_is(v, "tcp", "timeout");
}

static bool tcp_reset(const struct view *v) {
  return view_is(v, "tcp", "refused");
}

static bool tcp_prohibited(const struct view *v) {
  return view_is(v, "tcp", "prohibited");
}

/* --- TLS --- */

static bool tls_unanswered(const struct view *v) {
  return view_has_tls(v) && hello_failed(view_value(v, "tls"));
}

/* A server may send an alert to a name that it does not know: that is an answer where the service's
 * own name got none. */
static bool control_is_answered(const struct view *v, const char *id) {
  bool alert = view_is(v, id, "alert") && !view_is(v, "tls", "alert");
  return alert || view_is(v, id, "done") || view_is(v, id, "http");
}

static bool another_name_is_answered(const struct view *v) {
  return control_is_answered(v, "tls.no-name") || control_is_answered(v, "tls.other-name");
}

static bool sni_blocked(const struct view *v) {
  return tls_unanswered(v) && another_name_is_answered(v);
}

static bool tls_blocked(const struct view *v) {
  return tls_unanswered(v) && view_value(v, "tls.no-name");
}

/* Another protocol's words in the place of TLS, whatever name it is asked by. */
static bool tls_odd(const struct view *v) {
  return view_has_tls(v) && view_is(v, "tls", "odd");
}

static bool plain_http(const struct view *v) {
  return view_is(v, "tls", "http");
}

static bool tls_inspection(const struct view *v) {
  return view_trust(v) == TRUST_SYSTEM;
}

static bool inspection_untrusted(const struct view *v) {
  return view_trust(v) == TRUST_BAD && view_same_issuer(v, true) > 0;
}

/* One owner may have sent no intermediate, or have roots of its own, everywhere. */
static bool inspection_of_one_domain(const struct view *v) {
  return view_trust(v) == TRUST_BAD && view_same_issuer(v, false) > 0;
}

static bool certificate_invalid(const struct view *v) {
  enum trust trust = view_trust(v);
  return trust == TRUST_TIME || trust == TRUST_NAME;
}

static bool certificate_of_nobody(const struct view *v) {
  return view_trust(v) == TRUST_BAD;
}

static bool pin_mismatch(const struct view *v) {
  return view_trust(v) == TRUST_PIN_MISMATCH;
}

/* --- above TLS --- */

static bool block_page(const struct view *v) {
  return view_value(v, "http.page") != NULL;
}

static bool websocket_blocked(const struct view *v) {
  const char *ws = view_value(v, "ws");
  return v->row->kind == CHECK_WSS && ws && strcmp(ws, "open") != 0 && strcmp(ws, "silence") != 0;
}

static bool download_altered(const struct view *v) {
  return view_is(v, "download", "mismatch") || view_is(v, "download", "truncated");
}

static bool http_ended(const struct view *v) {
  const char *http = view_value(v, "http");
  return http && strcmp(http, "answered") != 0 && strcmp(http, "silence") != 0;
}

/* The server may be slow. */
static bool http_silent(const struct view *v) {
  return view_is(v, "http", "silence");
}

/* --- UDP, and TURN over anything --- */

static bool is_silent(const struct view *v, const char *id) {
  return view_is(v, id, "silent") && !row_was_answered(v->row, "", id);
}

static bool is_refused(const struct view *v, const char *id) {
  bool refused = view_is(v, id, "refused") || view_is(v, id, "prohibited");
  return refused && !row_was_answered(v->row, "", id);
}

static const char *udp_id(const struct view *v) {
  return v->row->kind == CHECK_STUN ? "stun" : v->row->kind == CHECK_TURN ? "turn" : "dtls";
}

static bool udp_unanswered(const struct view *v) {
  return !view_is_stream(v) && (is_silent(v, udp_id(v)) || is_refused(v, udp_id(v)));
}

static bool turn_auth_failed(const struct view *v) {
  return view_is(v, "turn", "wrong-credentials");
}

/* What is STUN gets no answer, and what is not does. */
static bool stun_unanswered(const struct view *v) {
  bool stun_shaped = v->row->kind == CHECK_STUN || v->row->kind == CHECK_TURN;
  return !view_is_stream(v) && stun_shaped && is_silent(v, udp_id(v)) &&
         !view_is(v, "turn.binding", "answered");
}

static bool stun_dpi(const struct view *v) {
  return stun_unanswered(v) && view_is(v, "udp.control", "answered");
}

/* This server knows nothing but STUN; others that do are reached, and their STUN is not. */
static bool stun_dpi_elsewhere(const struct view *v) {
  bool other = false;
  for (size_t i = 0; i < v->report->n; i++) {
    const struct result *r = &v->report->rows[i];
    const struct view at = {v->report, r, v->signs, false};
    if (row_was_answered(r, "", "stun")) return false;
    other |= stun_dpi(&at);
  }
  return other && stun_unanswered(v);
}

static bool turn_dpi(const struct view *v) {
  if (v->row->kind != CHECK_TURN) return false;
  return !view_is_stream(v) && is_silent(v, "turn") && view_is(v, "turn.binding", "answered");
}

/* What answers is no TURN server, or over a stream, where nothing else was tried, none does: it may
 * be the server that fails. */
static bool turn_unanswered(const struct view *v) {
  bool ended = view_is(v, "turn", "silent") || view_is(v, "turn", "closed");
  bool odd = view_is(v, "turn", "odd");
  return v->row->kind == CHECK_TURN && (odd || (view_is_stream(v) && ended));
}

static bool dtls_dpi(const struct view *v) {
  return v->row->kind == CHECK_DTLS && is_silent(v, "dtls") &&
         view_is(v, "dtls.binding", "answered");
}

static bool udp_port_blocked(const struct view *v) {
  return udp_unanswered(v) && view_other_udp_answered(v);
}

/* One port alone says little of all others. */
static bool udp_blocked(const struct view *v) {
  bool other = false;
  for (size_t i = 0; i < v->report->n; i++) {
    const struct view at = {v->report, &v->report->rows[i], v->signs, false};
    other |= at.row->port != v->row->port && udp_unanswered(&at);
  }
  return other && udp_unanswered(v);
}

/* --- the same elsewhere, or of one host alone: then its server may be what fails --- */

static bool tcp_blocked_elsewhere(const struct view *v) {
  return tcp_blocked(v) && view_elsewhere_too(v, "tcp");
}

static bool tcp_reset_elsewhere(const struct view *v) {
  return tcp_reset(v) && view_elsewhere_too(v, "tcp");
}

const struct rule rules[] = {
    {CAUSE_NO_NETWORK, LAYER_BELOW, VERDICT_BLOCKED, true, no_network},
    {CAUSE_PROXY_AUTH_REQUIRED, LAYER_BELOW, VERDICT_BLOCKED, true, proxy_auth_required},
    {CAUSE_PROXY_FORBIDDEN, LAYER_BELOW, VERDICT_BLOCKED, true, proxy_forbidden},
    {CAUSE_PROXY_UNREACHABLE, LAYER_BELOW, VERDICT_BLOCKED, true, proxy_unreachable},
    {CAUSE_PROXY_UNREACHABLE, LAYER_BELOW, VERDICT_BLOCKED, false, proxy_fails},
    {CAUSE_CAPTIVE_PORTAL, LAYER_BELOW, VERDICT_BLOCKED, true, captive_portal},
    {CAUSE_DNS_HIJACK, LAYER_BELOW, VERDICT_BLOCKED, true, dns_hijack},
    {CAUSE_DNS_SINKHOLE, LAYER_BELOW, VERDICT_BLOCKED, true, dns_sinkhole},
    {CAUSE_DNS_NXDOMAIN, LAYER_BELOW, VERDICT_BLOCKED, true, dns_nxdomain},
    {CAUSE_DNS_REFUSED, LAYER_BELOW, VERDICT_BLOCKED, true, dns_refused},
    {CAUSE_DNS_TIMEOUT, LAYER_BELOW, VERDICT_BLOCKED, true, dns_timeout},
    {CAUSE_HTTP_BLOCKED, LAYER_BELOW, VERDICT_BLOCKED, true, portal_blocks},
    {CAUSE_CAPTIVE_PORTAL, LAYER_BELOW, VERDICT_BLOCKED, false, led_away},
    {CAUSE_TCP_BLOCKED, LAYER_BELOW, VERDICT_BLOCKED, true, tcp_blocked_elsewhere},
    {CAUSE_TCP_RESET, LAYER_BELOW, VERDICT_BLOCKED, true, tcp_reset_elsewhere},
    {CAUSE_TCP_BLOCKED, LAYER_BELOW, VERDICT_BLOCKED, false, tcp_blocked},
    {CAUSE_TCP_RESET, LAYER_BELOW, VERDICT_BLOCKED, false, tcp_reset},
    {CAUSE_TCP_PROHIBITED, LAYER_BELOW, VERDICT_BLOCKED, true, tcp_prohibited},
    {CAUSE_SNI_BLOCKED, LAYER_TLS, VERDICT_BLOCKED, true, sni_blocked},
    {CAUSE_HTTP_BLOCKED, LAYER_TLS, VERDICT_BLOCKED, false, tls_odd},
    {CAUSE_TLS_BLOCKED, LAYER_TLS, VERDICT_BLOCKED, true, tls_blocked},
    {CAUSE_HTTP_BLOCKED, LAYER_TLS, VERDICT_BLOCKED, true, plain_http},
    {CAUSE_TLS_INSPECTION, LAYER_TLS, VERDICT_BLOCKED, true, tls_inspection},
    {CAUSE_CLOCK_WRONG, LAYER_TLS, VERDICT_DEGRADED, true, clock_wrong},
    {CAUSE_CERTIFICATE_INVALID, LAYER_TLS, VERDICT_BLOCKED, true, certificate_invalid},
    {CAUSE_TLS_INSPECTION_UNTRUSTED, LAYER_TLS, VERDICT_BLOCKED, true, inspection_untrusted},
    {CAUSE_TLS_INSPECTION_UNTRUSTED, LAYER_TLS, VERDICT_BLOCKED, false, inspection_of_one_domain},
    {CAUSE_CERTIFICATE_INVALID, LAYER_TLS, VERDICT_BLOCKED, false, certificate_of_nobody},
    {CAUSE_PIN_MISMATCH, LAYER_TLS, VERDICT_BLOCKED, true, pin_mismatch},
    {CAUSE_HTTP_BLOCKED, LAYER_ABOVE, VERDICT_BLOCKED, true, block_page},
    {CAUSE_WEBSOCKET_BLOCKED, LAYER_ABOVE, VERDICT_BLOCKED, true, websocket_blocked},
    {CAUSE_DOWNLOAD_ALTERED, LAYER_ABOVE, VERDICT_BLOCKED, true, download_altered},
    {CAUSE_HTTP_BLOCKED, LAYER_ABOVE, VERDICT_BLOCKED, true, http_ended},
    {CAUSE_HTTP_BLOCKED, LAYER_ABOVE, VERDICT_BLOCKED, false, http_silent},
    {CAUSE_TURN_AUTH_FAILED, LAYER_ABOVE, VERDICT_BLOCKED, true, turn_auth_failed},
    {CAUSE_STUN_DPI, LAYER_BELOW, VERDICT_BLOCKED, true, stun_dpi},
    {CAUSE_STUN_DPI, LAYER_BELOW, VERDICT_BLOCKED, false, stun_dpi_elsewhere},
    {CAUSE_TURN_DPI, LAYER_ABOVE, VERDICT_BLOCKED, true, turn_dpi},
    {CAUSE_TURN_DPI, LAYER_ABOVE, VERDICT_BLOCKED, false, turn_unanswered},
    {CAUSE_DTLS_DPI, LAYER_ABOVE, VERDICT_BLOCKED, true, dtls_dpi},
    {CAUSE_UDP_PORT_BLOCKED, LAYER_BELOW, VERDICT_BLOCKED, false, udp_port_blocked},
    {CAUSE_UDP_BLOCKED, LAYER_BELOW, VERDICT_BLOCKED, true, udp_blocked},
    {CAUSE_UDP_BLOCKED, LAYER_BELOW, VERDICT_BLOCKED, false, udp_unanswered},
    {CAUSE_PROXY_REQUIRED, LAYER_BELOW, VERDICT_BLOCKED, true, proxy_required},
};
const size_t n_rules = sizeof rules / sizeof *rules;

/* --- rows that pass --- */

static bool relay_counts(const struct view *v, long *ret_good, long *ret_all) {
  const char *relay = view_value(v, "relay");
  char *end;
  if (!relay) return false;
  *ret_good = strtol(relay, &end, 10);
  *ret_all = *end == '/' ? strtol(end + 1, NULL, 10) : 0;
  return *ret_all >= RELAY_LEAST;
}

static bool relay_none(const struct view *v) {
  long good, all;
  return relay_counts(v, &good, &all) && good == 0;
}

static bool relay_some(const struct view *v) {
  long good, all;
  return relay_counts(v, &good, &all) && good < all;
}

static bool symmetric_nat(const struct view *v) {
  return v->row->kind == CHECK_STUN &&
         (view_network_is(v, "mapping", "address-dependent") ||
          view_network_is(v, "mapping", "address-and-port-dependent"));
}

/* Of a host whose STUN port is seen beyond the school none of the sampled ports is. */
static bool peer_range_blocked(const struct view *v) {
  const char *ports = view_value(v, "ports");
  return ports && strncmp(ports, "0/", 2) == 0;
}

/* The resolver lies about the address of the family that is not needed. */
static bool dns_lies_besides(const struct view *v) {
  const char *kind = view_value(v, "dns.kind6");
  return kind && strcmp(kind, "global") != 0 && strcmp(kind, "private") != 0;
}

static bool clock_off(const struct view *v) {
  return view_has_tls(v) && clock_is_wrong(v);
}

const struct rule findings[] = {
    {CAUSE_RELAY_RANGE_BLOCKED, LAYER_ABOVE, VERDICT_BLOCKED, true, relay_none},
    {CAUSE_RELAY_RANGE_BLOCKED, LAYER_ABOVE, VERDICT_DEGRADED, true, relay_some},
    {CAUSE_SYMMETRIC_NAT, LAYER_BELOW, VERDICT_DEGRADED, true, symmetric_nat},
    {CAUSE_PEER_RANGE_BLOCKED, LAYER_BELOW, VERDICT_DEGRADED, false, peer_range_blocked},
    {CAUSE_DNS_SINKHOLE, LAYER_BELOW, VERDICT_DEGRADED, true, dns_lies_besides},
    {CAUSE_CLOCK_WRONG, LAYER_BELOW, VERDICT_DEGRADED, true, clock_off},
};
const size_t n_findings = sizeof findings / sizeof *findings;
