#include "mdns/responder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "mdns/message.h"

#define TTL           120    /* seconds, RFC 6762 section 10 */
#define APART         MONO_S /* between two multicasts of a record, section 6 */
#define QUESTIONS_MAX 64     /* of a packet that are looked at: anybody sends them */
#define AT_ONCE       8      /* names in one packet */

struct record {
  struct list node;
  uint32_t owner;
  struct addr addr;
  bool asked, leaving;
  mono_us said_at; /* 0: never */
  char name[];
};

struct mdns_responder {
  struct list records;
  size_t n;
};

int mdns_responder_new(struct mdns_responder **ret) {
  struct mdns_responder *r = calloc(1, sizeof *r);
  if (!r) return -ENOMEM;
  list_init(&r->records);
  *ret = r;
  return 0;
}

static void drop(struct mdns_responder *r, struct record *it) {
  list_remove(&it->node);
  r->n--;
  free(it);
}

struct mdns_responder *mdns_responder_free(struct mdns_responder *r) {
  if (!r) return NULL;
  LIST_EACH_SAFE(it, tmp, &r->records) drop(r, LIST_ENTRY(it, struct record, node));
  free(r);
  return NULL;
}

int mdns_responder_add(struct mdns_responder *r, uint32_t owner, const char *name,
                       const struct addr *addr) {
  size_t n = strlen(name);
  if (!mdns_is_usable(name)) return -EINVAL;
  if (r->n >= MDNS_NAMES_MAX) return -ENOSPC;
  struct record *it = calloc(1, sizeof *it + n + 1);
  if (!it) return -ENOMEM;
  memcpy(it->name, name, n);
  it->owner = owner;
  it->addr = *addr;
  list_push_back(&r->records, &it->node);
  r->n++;
  return 0;
}

/* Of a name that nobody has heard of nobody has to hear the end. */
void mdns_responder_remove(struct mdns_responder *r, uint32_t owner) {
  LIST_EACH_SAFE(at, tmp, &r->records) {
    struct record *it = LIST_ENTRY(at, struct record, node);
    if (it->owner != owner || it->leaving) continue;
    it->leaving = true;
    if (it->said_at == 0) drop(r, it);
  }
}

bool mdns_responder_busy(const struct mdns_responder *r) {
  return r->n > 0;
}

static bool is_meant(const struct record *it, const struct mdns_question *q) {
  if (it->leaving || strcasecmp(it->name, q->name) != 0) return false;
  return q->v4 || q->v6; /* of the other family there is none, which the NSEC says */
}

static void note(struct mdns_responder *r, mono_us now, const struct mdns_question *q) {
  LIST_EACH(at, &r->records) {
    struct record *it = LIST_ENTRY(at, struct record, node);
    bool again = it->said_at == 0 || now >= mono_add(it->said_at, APART);
    if (is_meant(it, q) && again) it->asked = true;
  }
}

void mdns_responder_recv(struct mdns_responder *r, mono_us now, struct bytes packet) {
  struct mdns_questions questions;
  struct mdns_question q;
  if (!mdns_questions_begin(packet, &questions)) return;
  for (unsigned n = 0; n < QUESTIONS_MAX && mdns_questions_next(&questions, &q); n++)
    note(r, now, &q);
}

static size_t due(const struct mdns_responder *r, bool leaving, struct record **ret) {
  size_t n = 0;
  LIST_EACH(at, &r->records) {
    struct record *it = LIST_ENTRY(at, struct record, node);
    bool wanted = leaving ? it->leaving : it->asked && !it->leaving;
    if (wanted && n < AT_ONCE) ret[n++] = it;
  }
  return n;
}

static size_t say_goodbye(struct mdns_responder *r, struct record **all, size_t n,
                          struct writer *w) {
  mdns_put_response(w, (unsigned)n, 0);
  for (size_t i = 0; i < n; i++) {
    mdns_put_address(w, all[i]->name, &all[i]->addr, 0);
    drop(r, all[i]);
  }
  return w->failed ? 0 : w->n;
}

size_t mdns_responder_poll(struct mdns_responder *r, mono_us now, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  struct record *all[AT_ONCE];
  size_t n = due(r, true, all);
  if (n > 0) return say_goodbye(r, all, n, &w);
  n = due(r, false, all);
  if (n == 0) return 0;
  mdns_put_response(&w, (unsigned)n, (unsigned)n);
  for (size_t i = 0; i < n; i++) mdns_put_address(&w, all[i]->name, &all[i]->addr, TTL);
  for (size_t i = 0; i < n; i++)
    mdns_put_nsec(&w, all[i]->name, (enum addr_family)all[i]->addr.family, TTL);
  for (size_t i = 0; i < n; i++) {
    all[i]->asked = false;
    all[i]->said_at = now;
  }
  return w.failed ? 0 : w.n;
}
