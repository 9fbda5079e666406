#include "sctp/tsn_set.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tsn_set_reserve(struct tsn_set *s) {
  if (s->n < s->cap) return 0;
  size_t cap = s->cap > 0 ? 2 * s->cap : 8;
  struct tsn_range *ranges = realloc(s->ranges, cap * sizeof *ranges);
  if (!ranges) return -ENOMEM;
  s->ranges = ranges;
  s->cap = cap;
  return 0;
}

size_t tsn_set_find(const struct tsn_set *s, uint64_t tsn) {
  /* What arrives mostly belongs at the end. */
  if (s->n == 0 || tsn > s->ranges[s->n - 1].last) return s->n;
  size_t low = 0, high = s->n - 1;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (s->ranges[mid].last < tsn)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

bool tsn_set_has(const struct tsn_set *s, uint64_t tsn) {
  size_t i = tsn_set_find(s, tsn);
  return i < s->n && s->ranges[i].first <= tsn;
}

static void remove_ranges(struct tsn_set *s, size_t from, size_t count) {
  if (count == 0) return;
  memmove(s->ranges + from, s->ranges + from + count, (s->n - from - count) * sizeof *s->ranges);
  s->n -= count;
}

void tsn_set_add(struct tsn_set *s, uint64_t first, uint64_t last) {
  assert(first <= last && s->n < s->cap);
  size_t i = tsn_set_find(s, first > 0 ? first - 1 : 0);
  size_t joined = i;
  while (joined < s->n && s->ranges[joined].first <= last + 1) {
    if (s->ranges[joined].first < first) first = s->ranges[joined].first;
    if (s->ranges[joined].last > last) last = s->ranges[joined].last;
    joined++;
  }
  if (joined == i) {
    memmove(s->ranges + i + 1, s->ranges + i, (s->n - i) * sizeof *s->ranges);
    s->n++;
  } else {
    remove_ranges(s, i + 1, joined - i - 1);
  }
  s->ranges[i] = (struct tsn_range){first, last};
}

void tsn_set_drop_upto(struct tsn_set *s, uint64_t tsn) {
  size_t i = 0;
  while (i < s->n && s->ranges[i].last <= tsn) i++;
  remove_ranges(s, 0, i);
  if (s->n > 0 && s->ranges[0].first <= tsn) s->ranges[0].first = tsn + 1;
}

void tsn_set_free(struct tsn_set *s) {
  free(s->ranges);
  *s = (struct tsn_set){0};
}
