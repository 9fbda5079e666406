#include "schema.h"

cJSON *schema_load(const char *name) {
  char path[1024];
  const char *here = __FILE__, *root = strstr(here, "tests/unit/rpc/");
  assert_non_null(root);
  (void)snprintf(path, sizeof path, "%.*smanifest/protocol/%s", (int)(root - here), here, name);
  FILE *f = fopen(path, "rb");
  if (!f) fail_msg("no %s", path);
  char *text = calloc(1, 1 << 20);
  assert_non_null(text);
  size_t n = fread(text, 1, (1 << 20) - 1, f);
  (void)fclose(f);
  cJSON *json = cJSON_ParseWithLength(text, n);
  free(text);
  if (!json) fail_msg("%s is no JSON", path);
  return json;
}

const cJSON *schema_get(const cJSON *o, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(o, key);
}

static bool schema_is_type(const cJSON *v, const char *type) {
  if (strcmp(type, "integer") == 0)
    return cJSON_IsNumber(v) && floor(v->valuedouble) == v->valuedouble;
  return (strcmp(type, "number") == 0 && cJSON_IsNumber(v)) ||
         (strcmp(type, "string") == 0 && cJSON_IsString(v)) ||
         (strcmp(type, "boolean") == 0 && cJSON_IsBool(v)) ||
         (strcmp(type, "null") == 0 && cJSON_IsNull(v)) ||
         (strcmp(type, "array") == 0 && cJSON_IsArray(v)) ||
         (strcmp(type, "object") == 0 && cJSON_IsObject(v));
}

static bool schema_type_holds(const cJSON *type, const cJSON *v) {
  if (!type) return true;
  if (cJSON_IsString(type)) return schema_is_type(v, type->valuestring);
  for (const cJSON *t = type->child; t; t = t->next)
    if (schema_is_type(v, t->valuestring)) return true;
  return false;
}

static bool schema_values_hold(const cJSON *s, const cJSON *v) {
  const cJSON *c = schema_get(s, "const"), *e = schema_get(s, "enum");
  const cJSON *low = schema_get(s, "minimum"), *high = schema_get(s, "maximum");
  if (c && !cJSON_Compare(c, v, true)) return false;
  bool any = e == NULL;
  for (const cJSON *item = e ? e->child : NULL; item; item = item->next)
    any = any || cJSON_Compare(item, v, true);
  if (!any) return false;
  if (!cJSON_IsNumber(v)) return true;
  return !(low && v->valuedouble < low->valuedouble) &&
         !(high && v->valuedouble > high->valuedouble);
}

static bool schema_object_holds(const cJSON *root, const cJSON *s, const cJSON *v) {
  const cJSON *properties = schema_get(s, "properties"), *required = schema_get(s, "required");
  const cJSON *other = schema_get(s, "additionalProperties");
  for (const cJSON *r = required ? required->child : NULL; r; r = r->next)
    if (!schema_get(v, r->valuestring)) return false;
  for (const cJSON *p = v->child; p; p = p->next) {
    const cJSON *known = properties ? schema_get(properties, p->string) : NULL;
    if (known && !schema_holds(root, known, p)) return false;
    if (known || !other) continue;
    if (cJSON_IsFalse(other) || (cJSON_IsObject(other) && !schema_holds(root, other, p)))
      return false;
  }
  return true;
}

static size_t schema_count(const cJSON *root, const cJSON *list, const cJSON *v) {
  size_t n = 0;
  for (const cJSON *s = list->child; s; s = s->next) n += schema_holds(root, s, v);
  return n;
}

static bool schema_logic_holds(const cJSON *root, const cJSON *s, const cJSON *v) {
  const cJSON *all = schema_get(s, "allOf"), *any = schema_get(s, "anyOf");
  const cJSON *one = schema_get(s, "oneOf"), *no = schema_get(s, "not"), *iff = schema_get(s, "if");
  if (all && schema_count(root, all, v) != (size_t)cJSON_GetArraySize(all)) return false;
  if (any && schema_count(root, any, v) == 0) return false;
  if (one && schema_count(root, one, v) != 1) return false;
  if (no && schema_holds(root, no, v)) return false;
  const cJSON *next = iff ? schema_get(s, schema_holds(root, iff, v) ? "then" : "else") : NULL;
  return !next || schema_holds(root, next, v);
}

bool schema_holds(const cJSON *root, const cJSON *s, const cJSON *v) {
  if (cJSON_IsBool(s)) return cJSON_IsTrue(s);
  const cJSON *ref = schema_get(s, "$ref"), *items = schema_get(s, "items");
  if (ref) {
    const cJSON *defs = schema_get(root, "$defs");
    const cJSON *target = schema_get(defs, ref->valuestring + strlen("#/$defs/"));
    if (!target) fail_msg("no %s", ref->valuestring);
    if (!schema_holds(root, target, v)) return false;
  }
  if (!schema_type_holds(schema_get(s, "type"), v) || !schema_values_hold(s, v)) return false;
  for (const cJSON *item = items && cJSON_IsArray(v) ? v->child : NULL; item; item = item->next)
    if (!schema_holds(root, items, item)) return false;
  if (cJSON_IsObject(v) && !schema_object_holds(root, s, v)) return false;
  return schema_logic_holds(root, s, v);
}
