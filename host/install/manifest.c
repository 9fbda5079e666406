#include "install/manifest.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "install/relaxed.h"

#define ORIGIN_SCHEME "chrome-extension://"
#define ID_SIZE       32u
#define ANEW          "write it anew from manifest/native-messaging"

bool install_manifest_is_ours(struct bytes json) {
  static const char name[] = "\"" INSTALL_HOST_NAME "\"";
  size_t n = sizeof name - 1;
  for (size_t i = 0; i + n <= json.n; i++)
    if (memcmp(json.p + i, name, n) == 0) return true;
  return false;
}

/* Says in which line and column the text stops being JSON. */
static void not_json(const char *file, struct bytes json, const char *end, struct findings *f) {
  char what[80];
  size_t at = end ? (size_t)(end - (const char *)json.p) : json.n, line = 1, column = 1;
  for (size_t i = 0; i < at && i < json.n; i++) {
    column++;
    if (json.p[i] != '\n') continue;
    line++;
    column = 1;
  }
  (void)snprintf(what, sizeof what, "line %zu, column %zu: not JSON", line, column);
  findings_add(f, file, what, ANEW);
}

/* Browsers take the last of two; whoever reads the file sees the first. */
static void judge_doubles(const char *file, const cJSON *o, struct findings *f) {
  char what[100];
  for (const cJSON *a = o->child; a; a = a->next)
    for (const cJSON *b = a->next; b; b = b->next) {
      if (strcmp(a->string, b->string) != 0 || strlen(a->string) > 40) continue;
      (void)snprintf(what, sizeof what, "\"%s\" stands there twice", a->string);
      findings_add(f, file, what, "remove one of them");
    }
}

static bool has_control_characters(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f) return true;
  return false;
}

static const char *string_of(const cJSON *o, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
  return cJSON_IsString(v) ? v->valuestring : NULL;
}

static void judge_name(const char *file, const cJSON *o, struct findings *f) {
  const char *name = string_of(o, "name"), *slash = strrchr(file, '/');
  const char *base = slash ? slash + 1 : file;
  if (!name || strcmp(name, INSTALL_HOST_NAME) != 0)
    findings_add(f, file, "\"name\" is not " INSTALL_HOST_NAME,
                 "set \"name\": \"" INSTALL_HOST_NAME "\"");
  if (strcmp(base, INSTALL_HOST_NAME ".json") != 0)
    findings_add(f, file, "browsers look for a file named after \"name\"",
                 "rename it to " INSTALL_HOST_NAME ".json");
}

static void judge_words(const char *file, const cJSON *o, struct findings *f) {
  const char *description = string_of(o, "description"), *type = string_of(o, "type");
  if (!description || *description == '\0')
    findings_add(f, file, "\"description\" is missing or empty", "give it any text");
  if (!type || strcmp(type, "stdio") != 0)
    findings_add(f, file, "\"type\" is not stdio", "set \"type\": \"stdio\"");
}

static void judge_path(const char *file, const cJSON *o, struct install_manifest *ret,
                       struct findings *f) {
  const char *path = string_of(o, "path");
  if (!path || *path != '/')
    findings_add(f, file, "\"path\" is not an absolute path",
                 "set it to where senso-host is, such as /usr/bin/senso-host");
  else if (has_control_characters(path))
    findings_add(f, file, "\"path\" has control characters", "set it to where senso-host is");
  else if (strlen(path) >= sizeof ret->path)
    findings_add(f, file, "\"path\" is too long", "set it to where senso-host is");
  else
    memcpy(ret->path, path, strlen(path) + 1);
}

/* Why a browser takes the whole file for broken, or NULL. */
static const char *origin_fault(const char *origin) {
  if (strncmp(origin, ORIGIN_SCHEME, strlen(ORIGIN_SCHEME)) != 0)
    return "an entry of \"allowed_origins\" does not begin with chrome-extension://";
  const char *id = origin + strlen(ORIGIN_SCHEME);
  if (strchr(id, '*')) return "\"allowed_origins\" has a wildcard, which browsers do not take";
  if (strspn(id, "abcdefghijklmnop") != ID_SIZE)
    return "an entry of \"allowed_origins\" has no extension ID of 32 letters from a to p";
  if (strcmp(id + ID_SIZE, "/") != 0)
    return "an entry of \"allowed_origins\" does not end with a slash";
  return NULL;
}

static void judge_origin(const char *file, const cJSON *item, struct install_manifest *ret,
                         struct findings *f) {
  static const char fix[] =
      "write it as chrome-extension://ID/ with the ID from chrome://extensions";
  const char *fault = cJSON_IsString(item) ? origin_fault(item->valuestring)
                                           : "an entry of \"allowed_origins\" is no string";
  if (fault)
    findings_add(f, file, fault, fix);
  else if (ret->n_origins < INSTALL_ORIGINS_MAX)
    memcpy(ret->origins[ret->n_origins++], item->valuestring, strlen(item->valuestring) + 1);
}

static void judge_origins(const char *file, const cJSON *o, struct install_manifest *ret,
                          struct findings *f) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "allowed_origins");
  if (!cJSON_IsArray(list) || !list->child) {
    findings_add(f, file, "\"allowed_origins\" is missing or empty",
                 "list the extension: [\"chrome-extension://ID/\"]");
    return;
  }
  for (const cJSON *item = list->child; item; item = item->next) judge_origin(file, item, ret, f);
}

void install_manifest_judge(const char *file, struct bytes json, struct install_manifest *ret,
                            struct findings *f) {
  const char *end = NULL;
  *ret = (struct install_manifest){0};
  cJSON *o = cJSON_ParseWithLengthOpts((const char *)json.p, json.n, &end, false);
  if (!o) {
    not_json(file, json, end, f);
    return;
  }
  if (!cJSON_IsObject(o)) {
    findings_add(f, file, "it is JSON, but no object", ANEW);
    cJSON_Delete(o);
    return;
  }
  cJSON *whole = install_parse(json);
  if (!whole) findings_add(f, file, "something follows the JSON object", "remove it");
  cJSON_Delete(whole);
  judge_doubles(file, o, f);
  judge_name(file, o, f);
  judge_words(file, o, f);
  judge_path(file, o, ret, f);
  judge_origins(file, o, ret, f);
  cJSON_Delete(o);
}
