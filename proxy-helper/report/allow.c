#include "report/allow.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One rule: a name, a protocol and ports. */
struct rule {
  const char *host, *protocol, *purpose;
  unsigned from, to;
};

typedef void rule_fn(void *ctx, const struct rule *r);

static bool over_udp(const struct check *c) {
  return check_is_udp(c->kind, c->transport);
}

/* The same port of several checks is one rule. */
static bool is_first(const struct service *s, size_t i) {
  for (size_t k = 0; k < i; k++)
    if (s->checks[k].port == s->checks[i].port &&
        over_udp(&s->checks[k]) == over_udp(&s->checks[i]))
      return false;
  return true;
}

static void rules_of_host(const struct services *all, const struct service *s, const char *host,
                          rule_fn *fn, void *ctx) {
  bool relay = false;
  for (size_t i = 0; i < s->n_checks; i++) {
    const struct check *c = &s->checks[i];
    relay |= c->kind == CHECK_TURN && c->transport == TRANSPORT_UDP;
    if (c->lan) continue; /* what stays on the network passes no filter */
    const struct rule r = {host, over_udp(c) ? "UDP" : "TCP", s->purpose ? s->purpose : s->id,
                           c->port, c->port};
    if (is_first(s, i)) fn(ctx, &r);
  }
  const struct rule range = {host, "UDP", "relayed data", all->relay_ports[0], all->relay_ports[1]};
  if (relay) fn(ctx, &range);
}

/* "*.senso.cloud" has the names that end in ".senso.cloud". */
static bool is_of_pattern(const char *host, const char *pattern) {
  if (!pattern) return false;
  const char *end = strncmp(pattern, "*.", 2) == 0 ? pattern + 1 : pattern;
  size_t n = strlen(host), k = strlen(end);
  return n >= k && strcasecmp(host + n - k, end) == 0 && (*end == '.' || n == k);
}

static void each_rule(const struct services *s, const struct plan_choice *c, rule_fn *fn,
                      void *ctx) {
  for (size_t i = 0; i < s->n; i++) {
    const struct service *one = &s->list[i];
    if (!plan_chooses(s, c, one)) continue;
    if (one->pattern) rules_of_host(s, one, one->pattern, fn, ctx);
    for (size_t h = 0; h < one->n_hosts; h++)
      if (!is_of_pattern(one->hosts[h], one->pattern))
        rules_of_host(s, one, one->hosts[h], fn, ctx);
  }
  const struct rule direct = {"any", "UDP", "direct and server reflexive candidates",
                              s->peer_ports[0], s->peer_ports[1]};
  fn(ctx, &direct);
}

static void add_ports(struct text *to, const struct rule *r) {
  text_addf(to, "%u", r->from);
  if (r->to != r->from) text_addf(to, "-%u", r->to);
}

static void as_text(void *ctx, const struct rule *r) {
  struct text *to = ctx;
  text_addf(to, "  %-52s %s ", r->host, r->protocol);
  add_ports(to, r);
  text_addf(to, "  (%s)\n", r->purpose);
}

static void quoted(struct text *to, const char *text) {
  text_add(to, "\"");
  if (*text && strchr("=+-@", *text)) text_add(to, "'"); /* no spreadsheet takes it for a formula */
  for (; *text; text++) text_addf(to, *text == '"' ? "\"\"" : "%c", *text);
  text_add(to, "\"");
}

static void as_csv(void *ctx, const struct rule *r) {
  struct text *to = ctx;
  quoted(to, r->host);
  text_addf(to, ",%s,", r->protocol);
  add_ports(to, r);
  text_add(to, ",");
  quoted(to, r->purpose);
  text_add(to, "\r\n");
}

static void as_json(void *ctx, const struct rule *r) {
  cJSON *one = cJSON_CreateObject(), *ports = cJSON_AddArrayToObject(one, "ports");
  cJSON_AddStringToObject(one, "host", r->host);
  cJSON_AddStringToObject(one, "protocol", r->protocol);
  cJSON_AddStringToObject(one, "purpose", r->purpose);
  cJSON_AddItemToArray(ports, cJSON_CreateNumber(r->from));
  cJSON_AddItemToArray(ports, cJSON_CreateNumber(r->to));
  cJSON_AddItemToArray(ctx, one);
}

void allow_rules(struct text *to, const struct services *s, const struct plan_choice *c,
                 enum allow_format format) {
  switch (format) {
  case ALLOW_TEXT:
    text_add(to, "Allow from the students' network, without authentication and without TLS "
                 "inspection:\n");
    each_rule(s, c, as_text, to);
    return;
  case ALLOW_CSV:
    text_add(to, "host,protocol,ports,purpose\r\n");
    each_rule(s, c, as_csv, to);
    return;
  case ALLOW_JSON: break;
  }
  cJSON *list = cJSON_CreateArray();
  each_rule(s, c, as_json, list);
  char *text = cJSON_Print(list);
  text_add(to, text ? text : "");
  text_add(to, "\n");
  free(text);
  cJSON_Delete(list);
}
