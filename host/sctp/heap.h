#ifndef SENSO_SCTP_HEAP_H
#define SENSO_SCTP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An intrusive binary heap, least key first; a zeroed node is in none. */
struct heap_node {
  uint64_t key;
  size_t at; /* place in the heap from 1; 0: not in it */
};

struct heap {
  struct heap_node **nodes;
  size_t n, cap;
};

#define HEAP_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* 0 or -ENOMEM. The node must be in no heap. */
int heap_add(struct heap *h, struct heap_node *node, uint64_t key);

/* Harmless on a node that is in no heap. Keeps the node's key. */
void heap_remove(struct heap *h, struct heap_node *node);

/* Changes the key of a node in the heap. */
void heap_move(struct heap *h, struct heap_node *node, uint64_t key);

/* The node with the least key, or NULL. */
struct heap_node *heap_top(const struct heap *h);

void heap_free(struct heap *h);

#endif
