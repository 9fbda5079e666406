#include "sctp/events.h"

#include <stdlib.h>

struct reset_event *reset_event_new(enum sctp_event_kind kind, size_t n) {
  struct reset_event *e = malloc(sizeof *e + n * sizeof *e->streams);
  if (!e) return NULL;
  list_init(&e->item.link);
  e->item.kind = kind;
  e->err = 0;
  e->n = n;
  return e;
}
