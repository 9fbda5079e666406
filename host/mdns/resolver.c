#include "mdns/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "mdns/message.h"

/* RFC 6762 section 5.2: a second at least between the first two queries, then twice as long each.
 */
#define FIRST_WAIT MONO_S
#define GIVE_UP    (5 * MONO_S)

struct question {
  struct list node;
  uint64_t id;
  mono_us due, wait, until;
  size_t n;
  struct addr addrs[MDNS_ADDRS];
  char name[];
};

struct mdns_resolver {
  struct list questions;
  size_t n;
};

int mdns_resolver_new(struct mdns_resolver **ret) {
  struct mdns_resolver *r = calloc(1, sizeof *r);
  if (!r) return -ENOMEM;
  list_init(&r->questions);
  *ret = r;
  return 0;
}

static void drop(struct mdns_resolver *r, struct question *q) {
  list_remove(&q->node);
  r->n--;
  free(q);
}

struct mdns_resolver *mdns_resolver_free(struct mdns_resolver *r) {
  if (!r) return NULL;
  LIST_EACH_SAFE(it, tmp, &r->questions) drop(r, LIST_ENTRY(it, struct question, node));
  free(r);
  return NULL;
}

int mdns_resolver_ask(struct mdns_resolver *r, mono_us now, uint64_t id, const char *name) {
  size_t n = strlen(name);
  if (!mdns_is_usable(name)) return -EINVAL;
  if (r->n >= MDNS_QUESTIONS_MAX) return -ENOSPC;
  struct question *q = calloc(1, sizeof *q + n + 1);
  if (!q) return -ENOMEM;
  memcpy(q->name, name, n);
  if (q->name[n - 1] == '.') q->name[n - 1] = '\0';
  q->id = id;
  q->due = now;
  q->wait = FIRST_WAIT;
  q->until = mono_add(now, GIVE_UP);
  list_push_back(&r->questions, &q->node);
  r->n++;
  return 0;
}

static void take(struct question *q, const struct mdns_answer *a) {
  if (a->ttl == 0 || strcasecmp(a->name, q->name) != 0 || q->n >= MDNS_ADDRS) return;
  if (addr_is_any(&a->addr) || addr_is_multicast(&a->addr)) return;
  for (size_t i = 0; i < q->n; i++)
    if (addr_ip_equal(&q->addrs[i], &a->addr)) return;
  q->addrs[q->n++] = a->addr;
}

void mdns_resolver_recv(struct mdns_resolver *r, struct bytes packet) {
  struct mdns_answers answers;
  struct mdns_answer a;
  if (!mdns_answers_begin(packet, &answers)) return;
  while (mdns_answers_next(&answers, &a))
    LIST_EACH(it, &r->questions) take(LIST_ENTRY(it, struct question, node), &a);
}

static bool answered(struct mdns_resolver *r, struct question *q, mono_us now,
                     struct mdns_out *ret) {
  if (q->n == 0 && now < q->until) return false;
  ret->kind = MDNS_RESOLVED;
  ret->id = q->id;
  ret->n_addrs = q->n;
  memcpy(ret->addrs, q->addrs, sizeof ret->addrs);
  drop(r, q);
  return true;
}

static bool send_query(struct question *q, mono_us now, uint8_t *buf, size_t cap,
                       struct mdns_out *ret) {
  struct writer w = writer_of(buf, cap);
  if (now < q->due) return false;
  q->due = mono_add(now, q->wait);
  q->wait *= 2;
  mdns_put_query(&w, q->name);
  ret->kind = MDNS_TX;
  ret->n = w.n;
  return !w.failed;
}

void mdns_resolver_poll(struct mdns_resolver *r, mono_us now, uint8_t *buf, size_t cap,
                        struct mdns_out *ret) {
  mono_us at = MONO_NEVER;
  LIST_EACH_SAFE(it, tmp, &r->questions) {
    struct question *q = LIST_ENTRY(it, struct question, node);
    if (answered(r, q, now, ret) || send_query(q, now, buf, cap, ret)) return;
    at = mono_min(at, mono_min(q->due, q->until));
  }
  ret->kind = MDNS_IDLE;
  ret->wake_at = at;
}
