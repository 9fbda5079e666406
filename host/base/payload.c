#include "base/payload.h"

#include <stdlib.h>
#include <string.h>

struct payload *payload_new(size_t cap) {
  if (cap > SIZE_MAX - sizeof(struct payload)) return NULL;
  struct payload *p = malloc(sizeof *p + cap);
  if (!p) return NULL;
  list_init(&p->link);
  p->n = 0;
  p->cap = cap;
  return p;
}

struct payload *payload_copy(struct bytes b) {
  struct payload *p = payload_new(b.n);
  if (!p) return NULL;
  if (b.n > 0) memcpy(p->data, b.p, b.n);
  p->n = b.n;
  return p;
}

struct payload *payload_grow(struct payload *p, size_t cap) {
  if (cap <= p->cap) return p;
  if (cap > SIZE_MAX - sizeof(struct payload)) return NULL;
  struct payload *grown = realloc(p, sizeof *p + cap);
  if (!grown) return NULL;
  list_init(&grown->link);
  grown->cap = cap;
  return grown;
}

struct payload *payload_free(struct payload *p) {
  free(p);
  return NULL;
}
