#include "report/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"

/* --- out --- */

static void add_evidence(cJSON *to, const char *name, const struct evidence_list *l) {
  cJSON *list = cJSON_AddArrayToObject(to, name);
  for (size_t i = 0; i < l->n; i++) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "id", l->list[i].id);
    cJSON_AddStringToObject(one, "value", l->list[i].value);
    cJSON_AddStringToObject(one, "saw", l->list[i].saw);
    cJSON_AddItemToArray(list, one);
  }
}

static void add_text(cJSON *to, const char *name, const char *text) {
  if (text)
    cJSON_AddStringToObject(to, name, text);
  else
    cJSON_AddNullToObject(to, name);
}

static void add_schemes(cJSON *to, const struct result *r) {
  const char *list = evidence_value(&r->evidence, "proxy.scheme");
  if (!list) return;
  cJSON *schemes = cJSON_AddArrayToObject(to, "scheme");
  while (*list) {
    char one[32];
    size_t n = strcspn(list, ", ");
    (void)snprintf(one, sizeof one, "%.*s", (int)(n < 31 ? n : 31), list);
    if (n) cJSON_AddItemToArray(schemes, cJSON_CreateString(one));
    list += n + strspn(list + n, ", ");
  }
}

static cJSON *row_json(const struct result *r) {
  cJSON *row = cJSON_CreateObject();
  cJSON_AddStringToObject(row, "service", r->service_id);
  cJSON_AddStringToObject(row, "host", r->host);
  add_text(row, "address", r->address);
  cJSON_AddStringToObject(row, "check", check_kind_name(r->kind));
  cJSON_AddStringToObject(row, "transport", check_transport_name(r->transport));
  cJSON_AddNumberToObject(row, "port", r->port);
  cJSON_AddBoolToObject(row, "required", r->required);
  if (r->unnamed) cJSON_AddBoolToObject(row, "unnamed", true);
  if (r->lan) cJSON_AddStringToObject(row, "scope", "lan");
  cJSON_AddStringToObject(row, "verdict", verdict_name(r->verdict));
  add_text(row, "cause", r->cause);
  cJSON *also = cJSON_AddArrayToObject(row, "also");
  for (size_t i = 0; i < r->n_also; i++) cJSON_AddItemToArray(also, cJSON_CreateString(r->also[i]));
  cJSON_AddStringToObject(row, "confidence", r->proven ? "proven" : "likely");
  add_evidence(row, "evidence", &r->evidence);
  if (r->hop) cJSON_AddNumberToObject(row, "hop", r->hop);
  if (r->vendor[0]) cJSON_AddStringToObject(row, "vendor", r->vendor);
  if (r->fix[0]) cJSON_AddStringToObject(row, "fix", r->fix);
  add_schemes(row, r);
  return row;
}

static void add_list(cJSON *to, const char *name, const struct evidence_list *l, const char *id) {
  cJSON *list = cJSON_AddArrayToObject(to, name);
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->list[i].id, id) == 0)
      cJSON_AddItemToArray(list, cJSON_CreateString(l->list[i].saw));
}

static void add_environment(cJSON *top, const struct report *r) {
  const struct evidence_list *l = &r->environment;
  const char *mtu = evidence_value(l, "mtu"), *clock = evidence_value(l, "clock");
  cJSON *env = cJSON_AddObjectToObject(top, "environment");
  add_list(env, "interfaces", l, "interface");
  add_text(env, "gateway", evidence_value(l, "gateway"));
  cJSON_AddNumberToObject(env, "mtu", mtu ? (double)strtol(mtu, NULL, 10) : 0);
  add_list(env, "resolvers", l, "resolver");
  cJSON *proxy = cJSON_AddObjectToObject(env, "proxy");
  add_text(proxy, "source", evidence_value(l, "proxy.source"));
  add_text(proxy, "url", evidence_value(l, "proxy"));
  cJSON_AddNullToObject(proxy, "pac");
  if (clock)
    cJSON_AddNumberToObject(env, "clock_offset_s", (double)strtol(clock, NULL, 10));
  else
    cJSON_AddNullToObject(env, "clock_offset_s");
  add_evidence(env, "evidence", l);
}

static void add_methods(cJSON *top, const struct report *r) {
  static const char *const names[] = {"host", "srflx", "relay"};
  cJSON *methods = cJSON_AddObjectToObject(top, "methods");
  for (size_t i = 0; i < METHOD_COUNT; i++) {
    cJSON *one = cJSON_AddObjectToObject(methods, names[i]);
    cJSON_AddStringToObject(one, "verdict", verdict_name(r->methods[i]));
    if (i == METHOD_SRFLX) add_text(one, "mapping", r->mapping);
    if (i != METHOD_RELAY) continue;
    cJSON *via = cJSON_AddArrayToObject(one, "via");
    for (size_t t = 0; t < 3; t++)
      if (r->via[t])
        cJSON_AddItemToArray(via,
                             cJSON_CreateString(check_transport_name((enum check_transport)t)));
  }
}

static void add_rest(cJSON *top, const struct report *r) {
  cJSON *list = cJSON_AddArrayToObject(top, "not_provable");
  const char *text;
  for (size_t at = 0; (text = judge_not_provable(r, &at));)
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
  cJSON *summary = cJSON_AddObjectToObject(top, "summary");
  cJSON_AddStringToObject(summary, "verdict", verdict_name(r->verdict));
  cJSON_AddStringToObject(summary, "text", r->summary);
}

char *report_to_json(const struct report *r, const char *tool) {
  cJSON *top = cJSON_CreateObject();
  cJSON_AddNumberToObject(top, "version", 1);
  cJSON_AddStringToObject(top, "tool", tool);
  cJSON_AddStringToObject(top, "started", r->started);
  cJSON_AddNumberToObject(top, "duration_ms", r->duration_ms);
  cJSON *ports = cJSON_AddArrayToObject(top, "relayPorts");
  for (int i = 0; i < 2; i++) cJSON_AddItemToArray(ports, cJSON_CreateNumber(r->relay_ports[i]));
  add_environment(top, r);
  cJSON *results = cJSON_AddArrayToObject(top, "results");
  for (size_t i = 0; i < r->n; i++) cJSON_AddItemToArray(results, row_json(&r->rows[i]));
  add_methods(top, r);
  add_rest(top, r);
  char *text = cJSON_Print(top);
  cJSON_Delete(top);
  return text;
}

/* --- in --- */

struct reading {
  char *why;
  size_t cap;
  int r; /* 0, or the first failure */
};

static void wrong(struct reading *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void wrong(struct reading *in, const char *format, ...) {
  va_list args;
  if (in->r != 0) return;
  in->r = -EINVAL;
  va_start(args, format);
  (void)vsnprintf(in->why, in->cap, format, args);
  va_end(args);
}

static const char *text_of(struct reading *in, const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!item || !cJSON_IsString(item)) {
    wrong(in, "\"%s\": expected a text", name);
    return "";
  }
  evidence_make_harmless(item->valuestring);
  return item->valuestring;
}

static unsigned number_of(struct reading *in, const cJSON *object, const char *name, double most) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= most)
    return (unsigned)item->valuedouble;
  wrong(in, "\"%s\": expected a number from 0 to %.0f", name, most);
  return 0;
}

static void read_evidence(struct reading *in, struct evidence_list *to, const cJSON *object) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "evidence"), *one;
  if (!cJSON_IsArray(list)) wrong(in, "\"evidence\": expected a list");
  cJSON_ArrayForEach(one, list) evidence_add(to, text_of(in, one, "id"), text_of(in, one, "value"),
                                             "%s", text_of(in, one, "saw"));
  if (to->failed && in->r == 0) in->r = -ENOMEM;
}

static void read_row(struct reading *in, struct result *row, const cJSON *object) {
  const cJSON *address = cJSON_GetObjectItemCaseSensitive(object, "address");
  const cJSON *required = cJSON_GetObjectItemCaseSensitive(object, "required");
  row->service_id = strdup(text_of(in, object, "service"));
  row->host = strdup(text_of(in, object, "host"));
  if (cJSON_IsString(address)) row->address = strdup(text_of(in, object, "address"));
  if (!row->service_id || !row->host) in->r = -ENOMEM;
  if (!check_kind_of(text_of(in, object, "check"), &row->kind))
    wrong(in, "\"check\": there is no such check");
  if (!check_transport_of(text_of(in, object, "transport"), &row->transport))
    wrong(in, "\"transport\": there is no such transport");
  row->port = (uint16_t)number_of(in, object, "port", 65535);
  row->required = !required || cJSON_IsTrue(required);
  if (required && !cJSON_IsBool(required)) wrong(in, "\"required\": expected true or false");
  row->unnamed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "unnamed"));
  row->lan = cJSON_GetObjectItemCaseSensitive(object, "scope") != NULL;
  read_evidence(in, &row->evidence, object);
}

static void read_rows(struct reading *in, struct report *r, const cJSON *top) {
  const cJSON *results = cJSON_GetObjectItemCaseSensitive(top, "results"), *row;
  if (!cJSON_IsArray(results) || cJSON_GetArraySize(results) == 0) {
    wrong(in, "\"results\": expected a list that is not empty");
    return;
  }
  r->rows = calloc((size_t)cJSON_GetArraySize(results) + 1, sizeof *r->rows);
  if (!r->rows) in->r = -ENOMEM;
  cJSON_ArrayForEach(row, results) if (in->r == 0) read_row(in, &r->rows[r->n++], row);
}

static void read_top(struct reading *in, struct report *r, const cJSON *top) {
  const cJSON *ports = cJSON_GetObjectItemCaseSensitive(top, "relayPorts");
  if (number_of(in, top, "version", 1) != 1) wrong(in, "\"version\": expected 1");
  r->relay_ports[0] = 49152; /* what reports of other programs leave out */
  r->relay_ports[1] = 65535;
  for (int i = 0; ports && i < 2; i++) {
    const cJSON *port = cJSON_GetArrayItem(ports, i);
    bool good = cJSON_IsNumber(port) && port->valuedouble >= 0 && port->valuedouble <= 65535;
    if (!good) wrong(in, "\"relayPorts\": expected two ports");
    if (good) r->relay_ports[i] = (uint16_t)port->valuedouble;
  }
  (void)snprintf(r->started, sizeof r->started, "%s", text_of(in, top, "started"));
  evidence_make_harmless(r->started);
  r->duration_ms = number_of(in, top, "duration_ms", 1e9);
  read_evidence(in, &r->environment, cJSON_GetObjectItemCaseSensitive(top, "environment"));
  read_rows(in, r, top);
}

int report_from_json(struct report *ret, const char *json, char *why, size_t cap) {
  struct reading in = {.why = why, .cap = cap};
  if (cap > 0) why[0] = '\0';
  cJSON *top = cJSON_ParseWithOpts(json, NULL, true);
  *ret = (struct report){0};
  if (cJSON_IsObject(top))
    read_top(&in, ret, top);
  else
    wrong(&in, "this is not a JSON object");
  cJSON_Delete(top);
  if (in.r != 0) report_clear(ret);
  return in.r;
}
