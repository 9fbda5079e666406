#ifndef SENSO_BASE_LIST_H
#define SENSO_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* An intrusive, circular, doubly linked list. A head and a detached node point at themselves. */
struct list {
  struct list *prev, *next;
};

#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/* NOLINTBEGIN(bugprone-macro-parentheses): `it` and `tmp` are names to declare, not expressions. */
#define LIST_EACH(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* The current node may be removed and freed in the body. */
#define LIST_EACH_SAFE(it, tmp, head)                                                              \
  for (struct list *it = (head)->next, *tmp = it->next; it != (head); it = tmp, tmp = it->next)
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void list_init(struct list *l) {
  l->prev = l->next = l;
}

static inline bool list_empty(const struct list *l) {
  return l->next == l;
}

/* Inserts node before `at`; before the head means last. */
static inline void list_insert_before(struct list *at, struct list *node) {
  node->prev = at->prev;
  node->next = at;
  at->prev->next = node;
  at->prev = node;
}

static inline void list_push_back(struct list *head, struct list *node) {
  list_insert_before(head, node);
}

static inline void list_push_front(struct list *head, struct list *node) {
  list_insert_before(head->next, node);
}

/* Detaches the node; harmless on a detached one. */
static inline void list_remove(struct list *node) {
  node->prev->next = node->next;
  node->next->prev = node->prev;
  list_init(node);
}

/* Detaches and returns the first node, or NULL. */
static inline struct list *list_pop_front(struct list *head) {
  struct list *first = head->next;
  if (first == head) return NULL;
  head->next = first->next;
  head->next->prev = head;
  list_init(first);
  return first;
}

#endif
