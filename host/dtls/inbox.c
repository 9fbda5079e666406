#include "dtls/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEEP 2048 /* bytes of storage an empty inbox keeps */

static int reserve(struct dtls_inbox *inbox, size_t need) {
  if (need <= inbox->cap) return 0;
  size_t cap = inbox->cap < KEEP ? KEEP : inbox->cap * 2;
  if (cap < need) cap = need;
  uint8_t *p = realloc(inbox->p, cap);
  if (!p) return -ENOMEM;
  inbox->p = p;
  inbox->cap = cap;
  return 0;
}

static void emptied(struct dtls_inbox *inbox) {
  if (inbox->cap > KEEP) {
    dtls_inbox_clear(inbox);
    return;
  }
  inbox->at = inbox->n = inbox->datagrams = 0;
}

int dtls_inbox_add(struct dtls_inbox *inbox, struct bytes records,
                   const struct dtls_inbox_limit *limit) {
  if (records.n == 0) return 0;
  if (inbox->at == inbox->n) emptied(inbox);
  if (inbox->datagrams >= limit->datagrams || records.n > limit->bytes ||
      inbox->n > limit->bytes - records.n)
    return -ENOBUFS;
  int r = reserve(inbox, inbox->n + records.n);
  if (r != 0) return r;
  memcpy(inbox->p + inbox->n, records.p, records.n);
  inbox->n += records.n;
  inbox->datagrams++;
  return 0;
}

bool dtls_inbox_next(struct dtls_inbox *inbox, struct dtls_record *ret) {
  if (inbox->n == 0) return false;
  struct cursor c = cursor_of((struct bytes){inbox->p + inbox->at, inbox->n - inbox->at});
  if (!dtls_record_take(&c, ret)) {
    emptied(inbox);
    return false;
  }
  inbox->at += ret->whole.n;
  return true;
}

void dtls_inbox_clear(struct dtls_inbox *inbox) {
  free(inbox->p);
  *inbox = (struct dtls_inbox){0};
}
