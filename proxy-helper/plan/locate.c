#include "plan/locate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

unsigned locate_line(const char *text, size_t at) {
  unsigned line = 1;
  for (size_t i = 0; i < at && text[i]; i++) line += text[i] == '\n';
  return line;
}

static const char *skip_space(const char *p) {
  return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p) {
  for (p++; *p && *p != '"'; p++)
    if (*p == '\\' && p[1]) p++;
  return *p ? p + 1 : p;
}

/* Past a value: brackets are counted, as the text is known to be well-formed. */
static const char *skip_value(const char *p) {
  unsigned depth = 0;
  do {
    p = skip_space(p);
    if (*p == '"') {
      p = skip_string(p);
    } else if (*p == '{' || *p == '[') {
      depth++;
      p++;
    } else if (*p == '}' || *p == ']') {
      depth--;
      p++;
    } else if (*p == ',' || *p == ':') {
      p++;
    } else {
      p += strcspn(p, ",:{}[]\" \t\r\n");
    }
  } while (*p && depth > 0);
  return p;
}

/* The value of a member of the object at p, or NULL. */
static const char *member(const char *p, const char *name, size_t n) {
  if (*p != '{') return NULL;
  for (p = skip_space(p + 1); *p == '"';) {
    bool found = strncmp(p + 1, name, n) == 0 && p[1 + n] == '"';
    p = skip_space(skip_string(p));
    if (*p != ':') return NULL;
    p = skip_space(p + 1);
    if (found) return p;
    p = skip_space(skip_value(p));
    if (*p == ',') p = skip_space(p + 1);
  }
  return NULL;
}

static const char *element(const char *p, unsigned long index) {
  if (*p != '[') return NULL;
  for (p = skip_space(p + 1); *p && *p != ']'; index--) {
    if (index == 0) return p;
    p = skip_space(skip_value(p));
    if (*p == ',') p = skip_space(p + 1);
  }
  return NULL;
}

unsigned locate_path(const char *json, const char *path) {
  const char *at = skip_space(json);
  while (*path) {
    const char *next;
    if (*path == '[') {
      char *end;
      unsigned long index = strtoul(path + 1, &end, 10);
      next = element(at, index);
      path = *end == ']' ? end + 1 : end;
    } else {
      path += *path == '.';
      size_t n = strcspn(path, ".[");
      next = member(at, path, n);
      path += n;
    }
    if (!next) break;
    at = next;
  }
  return locate_line(json, (size_t)(at - json));
}
