#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const char *text) {
  return (struct bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

bool bytes_equal(struct bytes a, struct bytes b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_equal_secret(struct bytes a, struct bytes b) {
  if (a.n != b.n) return false;
  unsigned char diff = 0;
  for (size_t i = 0; i < a.n; i++) diff |= (unsigned char)(a.p[i] ^ b.p[i]);
  return diff == 0;
}

char *bytes_copy_text(struct bytes b) {
  char *s = malloc(b.n + 1);
  if (!s) return NULL;
  if (b.n > 0) memcpy(s, b.p, b.n);
  s[b.n] = '\0';
  return s;
}
