#include "judge/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/methods.h"
#include "judge/rules.h"

const char *verdict_name(enum verdict v) {
  static const char *const names[] = {[VERDICT_NOT_TESTED] = "not-tested",
                                      [VERDICT_PASS] = "pass",
                                      [VERDICT_BLOCKED] = "blocked",
                                      [VERDICT_DEGRADED] = "degraded",
                                      [VERDICT_INCONCLUSIVE] = "inconclusive"};
  return names[v];
}

struct unknown {
  bool (*holds)(const struct report *r);
  const char *text;
};

static bool always(const struct report *r) {
  (void)r;
  return true;
}

static bool has_unnamed(const struct report *r) {
  for (size_t i = 0; i < r->n; i++)
    if (r->rows[i].unnamed) return true;
  return false;
}

static bool has_turn(const struct report *r, bool relayed) {
  for (size_t i = 0; i < r->n; i++)
    if (r->rows[i].kind == CHECK_TURN &&
        (evidence_value(&r->rows[i].evidence, "relay") != NULL) == relayed)
      return true;
  return false;
}

static bool range_not_tried(const struct report *r) {
  return has_turn(r, false) && !has_turn(r, true);
}

static bool range_sampled(const struct report *r) {
  return has_turn(r, true);
}

/* "4/5" of too few allocations, or "unknown": the addresses of a NAT's pool were not to be told. */
static bool range_unknown(const struct report *r) {
  for (size_t i = 0; i < r->n; i++) {
    const char *relay = evidence_value(&r->rows[i].evidence, "relay");
    const char *all = relay ? strchr(relay, '/') : NULL;
    if (relay && (!all || strtol(all + 1, NULL, 10) < 6)) return true;
  }
  return false;
}

static bool ports_sampled(const struct report *r) {
  for (size_t i = 0; i < r->n; i++)
    if (evidence_value(&r->rows[i].evidence, "ports")) return true;
  return false;
}

static bool no_mapping(const struct report *r) {
  return evidence_is(&r->environment, "mapping", "unknown");
}

static const struct unknown unknowns[] = {
    {always, "filters that live in a Chromebook's extensions or policy cannot be seen from here"},
    {always, "exemptions by device, user or VLAN hold for this machine and may not for another"},
    {always, "whether two devices of one network reach each other is for two of them to try"},
    {has_unnamed, "a name behind a pattern (*.example) that nobody gave was not tested"},
    {range_not_tried, "the relays' port range was not tried: that needs TURN credentials in the "
                      "services file"},
    {range_sampled, "of the relays' port range six ports a server were tried at most, not all"},
    {range_unknown, "of a server fewer than six relayed ports could be tried (each TURN check says "
                    "how many), which says nothing of the range"},
    {ports_sampled,
     "of the ports for direct data four were sampled; silence of one proves nothing"},
    {no_mapping,
     "the NAT's mapping is not known: fewer than two addresses of STUN servers answered"},
};

const char *judge_not_provable(const struct report *r, size_t *at) {
  while (*at < sizeof unknowns / sizeof *unknowns) {
    const struct unknown *u = &unknowns[(*at)++];
    if (u->holds(r)) return u->text;
  }
  return NULL;
}

/* --- one row --- */

static void clear(struct result *r) {
  r->verdict = VERDICT_NOT_TESTED;
  r->cause = NULL;
  r->n_also = 0;
  r->proven = false;
  r->hop = 0;
  r->vendor[0] = r->fix[0] = '\0';
}

static void add_also(struct result *r, const char *id) {
  if (r->cause == id) return;
  for (size_t i = 0; i < r->n_also; i++)
    if (r->also[i] == id) return;
  if (r->n_also < RESULT_ALSO) r->also[r->n_also++] = id;
}

/* What else a row may say once a cause is known: what lies below explains what lies above, but TLS
 * that is read on the way may be meddled with besides. */
static bool is_besides(const struct rule *rule, const struct rule *first) {
  return first->layer == LAYER_TLS && rule->layer == LAYER_ABOVE;
}

static const struct rule *first_of(const struct view *v, const struct rule *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (list[i].holds(v)) return &list[i];
  return NULL;
}

static void blame(struct result *r, const struct view *v) {
  const struct rule *first = first_of(v, rules, n_rules);
  if (!first) return;
  r->cause = cause_id(first->cause);
  r->verdict = first->verdict;
  r->proven = first->proven;
  for (const struct rule *more = first + 1; more < rules + n_rules; more++) {
    if (!is_besides(more, first) || !more->holds(v)) continue;
    add_also(r, cause_id(more->cause));
    if (more->verdict == VERDICT_BLOCKED) r->verdict = VERDICT_BLOCKED;
    return;
  }
}

/* What is wrong with the path of a row that passes: all of it. */
static void find_faults(struct result *r, const struct view *v) {
  for (size_t i = 0; i < n_findings; i++) {
    const struct rule *f = &findings[i];
    if (!f->holds(v)) continue;
    if (r->cause) {
      add_also(r, cause_id(f->cause));
      continue;
    }
    r->cause = cause_id(f->cause);
    r->verdict = f->verdict;
    r->proven = f->proven;
  }
}

static void note_transparent(struct result *r, const struct view *v) {
  bool near = view_network_is(v, "hop1.tcp", "connected");
  bool there = view_is_stream(v) && r->port == 443; /* where it was looked for */
  if (near && there && view_network_is(v, "testnet.tcp", "connected"))
    add_also(r, cause_id(CAUSE_TRANSPARENT_PROXY));
}

/* A box that answers before the first router: what it does to TLS it does there. */
static void find_hop(struct result *r, const struct view *v) {
  static const enum cause near[] = {CAUSE_TLS_INSPECTION, CAUSE_TLS_INSPECTION_UNTRUSTED,
                                    CAUSE_SNI_BLOCKED,    CAUSE_TLS_BLOCKED,
                                    CAUSE_HTTP_BLOCKED,   CAUSE_TRANSPARENT_PROXY};
  bool box = view_network_is(v, "hop1.tcp", "connected") &&
             view_network_is(v, "testnet.tcp", "connected") && view_is_stream(v) && r->port == 443;
  const char *what = r->cause ? r->cause : r->n_also ? r->also[0] : NULL;
  for (size_t i = 0; box && what && !v->proxied && i < sizeof near / sizeof *near; i++)
    if (what == cause_id(near[i])) r->hop = 1;
}

/* Pages and headers were known by their signs when they were seen; names and addresses are now. */
static void find_vendor(struct result *r, const struct view *v) {
  static const struct {
    const char *id;
    enum sign_where where;
  } places[] = {{"chain.issuer", SIGN_ISSUER},
                {"chain.top", SIGN_ISSUER},
                {"dns.address", SIGN_ADDRESS},
                {"dns.canonical", SIGN_NAME}};
  static const char *const known[] = {"http.page", "portal.page", "http.header"};
  const char *found = NULL;
  for (size_t i = 0; !found && i < sizeof known / sizeof *known; i++)
    found = view_value(v, known[i]);
  for (size_t i = 0; !found && i < sizeof places / sizeof *places; i++) {
    const char *text = view_value(v, places[i].id);
    if (text) found = signs_find(v->signs, places[i].where, text);
  }
  bool of_proxy = r->cause && strncmp(r->cause, "proxy-", 6) == 0;
  if (!found && of_proxy) found = evidence_value(&r->evidence, "proxy.header");
  (void)snprintf(r->vendor, sizeof r->vendor, "%s", found ? found : "");
}

struct filling {
  const char *name, *value;
};

static void fill(char *to, size_t cap, const char *from, const struct filling *with, size_t n) {
  size_t at = 0;
  while (*from && at + 1 < cap) {
    const struct filling *f = NULL;
    for (size_t i = 0; *from == '{' && i < n; i++)
      if (strncmp(from + 1, with[i].name, strlen(with[i].name)) == 0 &&
          from[1 + strlen(with[i].name)] == '}')
        f = &with[i];
    if (!f) {
      to[at++] = *from++;
      continue;
    }
    int more = snprintf(to + at, cap - at, "%s", f->value && *f->value ? f->value : "?");
    at += (size_t)more < cap - at ? (size_t)more : cap - at - 1;
    from += strlen(f->name) + 2;
  }
  to[at] = '\0';
}

static void say_fix(struct result *r, const struct view *v) {
  char port[8], range[24];
  const struct evidence_list *env = &v->report->environment;
  (void)snprintf(port, sizeof port, "%u", r->port);
  (void)snprintf(range, sizeof range, "%u-%u", v->report->relay_ports[0],
                 v->report->relay_ports[1]);
  const struct filling with[] = {{"host", r->host},
                                 {"port", port},
                                 {"issuer", view_value(v, "chain.issuer")},
                                 {"address", evidence_value(&r->evidence, "dns.address")},
                                 {"portal", view_value(v, "portal.to")},
                                 {"scheme", evidence_value(&r->evidence, "proxy.scheme")},
                                 {"proxy", evidence_value(env, "proxy")},
                                 {"range", range},
                                 {"clock", evidence_value(env, "clock")}};
  if (r->cause)
    fill(r->fix, sizeof r->fix, cause_remedy(r->cause), with, sizeof with / sizeof *with);
  evidence_make_harmless(r->fix); /* it may have been cut within a character */
}

static bool is_tunnelled(const struct result *r) {
  return evidence_is(&r->evidence, "proxy", "200");
}

/* The way through the proxy, when the direct one does not work: what is wrong with it comes first.
 */
static void judge_tunnel(struct result *r, struct view *v) {
  const char *required = cause_id(CAUSE_PROXY_REQUIRED);
  v->proxied = true;
  if (view_passes(v)) {
    r->verdict = VERDICT_DEGRADED;
    r->cause = required;
    r->proven = true;
    return;
  }
  blame(r, v);
  if (r->cause) add_also(r, required);
}

static void judge_row(const struct report *report, struct result *r, const struct signs *signs) {
  struct view v = {report, r, signs, false};
  clear(r);
  if (r->unnamed) {
    (void)snprintf(r->fix, sizeof r->fix,
                   "Not tested: give a host name of %s in the services file.", r->host);
    return;
  }
  if (view_passes(&v)) {
    r->verdict = VERDICT_PASS;
    r->proven = true;
    find_faults(r, &v);
  } else if (is_tunnelled(r)) {
    judge_tunnel(r, &v);
  } else {
    blame(r, &v);
  }
  bool cut = evidence_is(&r->evidence, "deadline", "reached") && r->verdict != VERDICT_PASS;
  if (r->verdict == VERDICT_NOT_TESTED || cut) r->verdict = VERDICT_INCONCLUSIVE;
  if (r->verdict == VERDICT_INCONCLUSIVE) r->proven = false;
  if (r->verdict == VERDICT_PASS || v.proxied) note_transparent(r, &v);
  if (r->cause) find_vendor(r, &v);
  find_hop(r, &v);
  say_fix(r, &v);
}

/* --- the whole --- */

static size_t count(const struct report *r, enum verdict v) {
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++) n += r->rows[i].verdict == v;
  return n;
}

static enum verdict worst(const struct report *r) {
  static const enum verdict order[] = {VERDICT_BLOCKED, VERDICT_DEGRADED, VERDICT_INCONCLUSIVE};
  for (size_t k = 0; k < sizeof order / sizeof *order; k++)
    for (size_t i = 0; i < r->n; i++)
      if (r->rows[i].required && r->rows[i].verdict == order[k]) return order[k];
  /* Nothing is proven where nothing was tested. */
  return count(r, VERDICT_NOT_TESTED) == r->n ? VERDICT_NOT_TESTED : VERDICT_PASS;
}

static void sum_up(struct report *r) {
  r->verdict = worst(r);
  (void)snprintf(
      r->summary, sizeof r->summary,
      "%zu of %zu checks pass; %zu blocked, %zu degraded, %zu inconclusive, %zu not "
      "tested%s",
      count(r, VERDICT_PASS), r->n, count(r, VERDICT_BLOCKED), count(r, VERDICT_DEGRADED),
      count(r, VERDICT_INCONCLUSIVE), count(r, VERDICT_NOT_TESTED),
      r->verdict == VERDICT_PASS ? ": every required path that can be tested is proven" : "");
}

void judge(struct report *r, const struct signs *signs) {
  for (size_t i = 0; i < r->n; i++) judge_row(r, &r->rows[i], signs);
  judge_methods(r);
  sum_up(r);
}

int judge_exit_status(const struct report *r, bool strict) {
  switch (r->verdict) {
  case VERDICT_BLOCKED: return 1;
  case VERDICT_DEGRADED: return 2;
  case VERDICT_INCONCLUSIVE:
  case VERDICT_NOT_TESTED: return 3;
  case VERDICT_PASS: break;
  }
  for (size_t i = 0; strict && i < r->n; i++)
    if (r->rows[i].required && r->rows[i].verdict == VERDICT_NOT_TESTED) return 3;
  return 0;
}
