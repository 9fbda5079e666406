#include "plan/signs.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool where_of(const char *name, enum sign_where *ret) {
  static const char *const names[] = {"issuer", "page", "header", "address", "name"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *ret = (enum sign_where)i;
    return true;
  }
  return false;
}

static int read_sign(struct sign *to, const cJSON *from) {
  const cJSON *vendor = cJSON_GetObjectItemCaseSensitive(from, "vendor");
  const cJSON *match = cJSON_GetObjectItemCaseSensitive(from, "match");
  const cJSON *where = cJSON_GetObjectItemCaseSensitive(from, "where");
  if (!cJSON_IsString(vendor) || !cJSON_IsString(match) || !cJSON_IsString(where)) return -EINVAL;
  if (!*match->valuestring || !where_of(where->valuestring, &to->where)) return -EINVAL;
  to->vendor = strdup(vendor->valuestring);
  to->match = strdup(match->valuestring);
  return to->vendor && to->match ? 0 : -ENOMEM;
}

int signs_parse(struct signs *ret, const char *json) {
  struct signs s = {0};
  cJSON *top = cJSON_Parse(json);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(top, "signs"), *item;
  int n = cJSON_GetArraySize(list), r = cJSON_IsArray(list) ? 0 : -EINVAL;
  if (r == 0) s.list = calloc((size_t)n + 1, sizeof *s.list);
  if (r == 0 && !s.list) r = -ENOMEM;
  cJSON_ArrayForEach(item, list) if (r == 0) r = read_sign(&s.list[s.n++], item);
  cJSON_Delete(top);
  if (r == 0)
    *ret = s;
  else
    signs_free(&s);
  return r;
}

void signs_free(struct signs *s) {
  for (size_t i = 0; s->list && i < s->n; i++) {
    free(s->list[i].vendor);
    free(s->list[i].match);
  }
  free(s->list);
  *s = (struct signs){0};
}

/* The name itself, or one below it. */
static bool ends_with(const char *text, const char *ending) {
  size_t n = strlen(text), m = strlen(ending);
  if (n > 0 && text[n - 1] == '.') n--;
  if (n < m || strncasecmp(text + n - m, ending, m) != 0) return false;
  return n == m || text[n - m - 1] == '.';
}

static bool matches(const struct sign *s, const char *text) {
  switch (s->where) {
  case SIGN_ISSUER:
  case SIGN_PAGE:
  case SIGN_HEADER: return strcasestr(text, s->match) != NULL;
  case SIGN_ADDRESS: return strcmp(text, s->match) == 0;
  case SIGN_NAME: return ends_with(text, s->match);
  }
  return false;
}

const char *signs_find(const struct signs *s, enum sign_where where, const char *text) {
  for (size_t i = 0; i < s->n; i++)
    if (s->list[i].where == where && matches(&s->list[i], text)) return s->list[i].vendor;
  return NULL;
}
