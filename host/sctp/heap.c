#include "sctp/heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static void put(struct heap *h, size_t at, struct heap_node *node) {
  h->nodes[at - 1] = node;
  node->at = at;
}

static void sift_up(struct heap *h, struct heap_node *node) {
  size_t at = node->at;
  while (at > 1 && h->nodes[at / 2 - 1]->key > node->key) {
    put(h, at, h->nodes[at / 2 - 1]);
    at /= 2;
  }
  put(h, at, node);
}

static void sift_down(struct heap *h, struct heap_node *node) {
  size_t at = node->at;
  for (size_t child; (child = 2 * at) <= h->n; at = child) {
    if (child < h->n && h->nodes[child]->key < h->nodes[child - 1]->key) child++;
    if (h->nodes[child - 1]->key >= node->key) break;
    put(h, at, h->nodes[child - 1]);
  }
  put(h, at, node);
}

int heap_add(struct heap *h, struct heap_node *node, uint64_t key) {
  assert(node->at == 0);
  if (h->n == h->cap) {
    size_t cap = h->cap > 0 ? 2 * h->cap : 4;
    struct heap_node **nodes = realloc(h->nodes, cap * sizeof(struct heap_node *));
    if (!nodes) return -ENOMEM;
    h->nodes = nodes;
    h->cap = cap;
  }
  node->key = key;
  put(h, ++h->n, node);
  sift_up(h, node);
  return 0;
}

void heap_remove(struct heap *h, struct heap_node *node) {
  if (node->at == 0) return;
  struct heap_node *last = h->nodes[--h->n];
  if (last != node) {
    put(h, node->at, last);
    sift_up(h, last);
    sift_down(h, last);
  }
  node->at = 0;
}

void heap_move(struct heap *h, struct heap_node *node, uint64_t key) {
  assert(node->at > 0);
  node->key = key;
  sift_up(h, node);
  sift_down(h, node);
}

struct heap_node *heap_top(const struct heap *h) {
  return h->n > 0 ? h->nodes[0] : NULL;
}

void heap_free(struct heap *h) {
  free(h->nodes);
  *h = (struct heap){0};
}
