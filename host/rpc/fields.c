#include "rpc/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a kind is called in an error. */
static const char *kind_name(enum field_kind kind) {
  switch (kind) {
  case FIELD_UINT: return "an integer";
  case FIELD_BOOL: return "true or false";
  case FIELD_STRING:
  case FIELD_NAME: return "a string";
  case FIELD_STRING_NULL: return "a string or null";
  case FIELD_OBJECT: return "an object";
  case FIELD_OBJECT_NULL: return "an object or null";
  case FIELD_ARRAY: return "an array";
  case FIELD_ANY: return "a value";
  }
  return "a value";
}

static bool has_kind(enum field_kind kind, const cJSON *item) {
  switch (kind) {
  case FIELD_UINT: return cJSON_IsNumber(item) && floor(item->valuedouble) == item->valuedouble;
  case FIELD_BOOL: return cJSON_IsBool(item);
  case FIELD_STRING:
  case FIELD_NAME: return cJSON_IsString(item);
  case FIELD_STRING_NULL: return cJSON_IsString(item) || cJSON_IsNull(item);
  case FIELD_OBJECT: return cJSON_IsObject(item);
  case FIELD_OBJECT_NULL: return cJSON_IsObject(item) || cJSON_IsNull(item);
  case FIELD_ARRAY: return cJSON_IsArray(item);
  case FIELD_ANY: return true;
  }
  return false;
}

static int wrong(const struct field *f, const char *path, const char *what, struct rpc_error *e) {
  (void)f;
  return rpc_error_set(e, FAULT_INVALID_PARAMS, path, "%s %s", path, what);
}

static int out_of_range(const struct field *f, const char *path, const char *unit,
                        struct rpc_error *e) {
  int r = rpc_error_set(e, FAULT_INVALID_PARAMS, path, "%s must have from %llu to %llu%s", path,
                        (unsigned long long)f->min, (unsigned long long)f->max, unit);
  e->limit = (int64_t)f->max;
  return r;
}

static bool in_range(const struct field *f, double v) {
  return v >= (double)f->min && (f->max == 0 || v <= (double)f->max);
}

static int read_uint(const struct field *f, const cJSON *item, const char *path, void *at,
                     struct rpc_error *e) {
  if (item->valuedouble < (double)f->min || (f->max && item->valuedouble > (double)f->max)) {
    int r = rpc_error_set(e, FAULT_INVALID_PARAMS, path, "%s must be from %llu to %llu", path,
                          (unsigned long long)f->min, (unsigned long long)f->max);
    e->limit = (int64_t)f->max;
    return r;
  }
  *(uint64_t *)at = (uint64_t)item->valuedouble;
  return 0;
}

static int read_name(const struct field *f, const cJSON *item, const char *path, void *at,
                     struct rpc_error *e) {
  char known[128] = "";
  size_t n = 0;
  for (int i = 0; f->names[i]; i++) {
    if (strcmp(f->names[i], item->valuestring) == 0) {
      *(int *)at = i;
      return 0;
    }
    if (n < sizeof known)
      n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", f->names[i]);
  }
  return rpc_error_set(e, FAULT_INVALID_PARAMS, path, "%s must be one of %s", path, known);
}

static int read_string(const struct rpc_request *r, const struct field *f, cJSON *item,
                       const char *path, void *at, struct rpc_error *e) {
  struct bytes b = rpc_request_string(r, item);
  if (!in_range(f, (double)b.n)) return out_of_range(f, path, " bytes", e);
  *(struct bytes *)at = b;
  return 0;
}

static int read_value(const struct rpc_request *r, const struct field *f, cJSON *item,
                      const char *path, void *at, struct rpc_error *e) {
  switch (f->kind) {
  case FIELD_UINT: return read_uint(f, item, path, at, e);
  case FIELD_BOOL: *(bool *)at = cJSON_IsTrue(item); return 0;
  case FIELD_STRING:
  case FIELD_STRING_NULL: return read_string(r, f, item, path, at, e);
  case FIELD_NAME: return read_name(f, item, path, at, e);
  case FIELD_ARRAY:
    if (!in_range(f, cJSON_GetArraySize(item))) return out_of_range(f, path, " items", e);
    *(cJSON **)at = item;
    return 0;
  case FIELD_OBJECT_NULL: *(cJSON **)at = cJSON_IsNull(item) ? NULL : item; return 0;
  case FIELD_OBJECT:
  case FIELD_ANY: *(cJSON **)at = item; return 0;
  }
  return 0;
}

static int read_field(const struct rpc_request *r, const struct field *f, cJSON *item,
                      const char *path, void *to, struct rpc_error *e) {
  if (!has_kind(f->kind, item)) {
    char what[48];
    (void)snprintf(what, sizeof what, "must be %s", kind_name(f->kind));
    return wrong(f, path, what, e);
  }
  return read_value(r, f, item, path, (char *)to + f->offset, e);
}

int fields_read(const struct rpc_request *r, const cJSON *object, const struct field *table,
                size_t n, const char *prefix, void *to, struct rpc_error *e) {
  struct fields_present *present = to;
  for (size_t i = 0; i < n; i++) {
    char path[96];
    cJSON *item = object ? cJSON_GetObjectItemCaseSensitive(object, table[i].name) : NULL;
    (void)snprintf(path, sizeof path, "%s%s%s", prefix ? prefix : "", prefix ? "." : "",
                   table[i].name);
    if (!item && table[i].required) return wrong(&table[i], path, "is missing", e);
    if (!item || (table[i].kind == FIELD_STRING_NULL && cJSON_IsNull(item))) continue;
    int result = read_field(r, &table[i], item, path, to, e);
    if (result < 0) return result;
    present->bits |= 1u << i;
  }
  return 0;
}
