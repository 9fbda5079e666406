#include "sctp/stream_map.h"

#include <stdlib.h>
#include <string.h>

#define PER_PAGE 16u

static size_t page_of(uint16_t stream) {
  return (size_t)stream / PER_PAGE / 2 * 2 + (stream & 1u);
}

static void *item_at(const struct stream_map *m, size_t page, size_t slot) {
  return m->pages[page] ? (char *)m->pages[page] + slot * m->item_size : NULL;
}

void *stream_map_get(const struct stream_map *m, uint16_t stream) {
  size_t page = page_of(stream);
  return page < m->n_pages ? item_at(m, page, stream / 2u % PER_PAGE) : NULL;
}

static int grow_to(struct stream_map *m, size_t n_pages) {
  if (n_pages <= m->n_pages) return 0;
  void **pages = realloc(m->pages, n_pages * sizeof *pages);
  if (!pages) return -1;
  memset(pages + m->n_pages, 0, (n_pages - m->n_pages) * sizeof *pages);
  m->pages = pages;
  m->n_pages = n_pages;
  return 0;
}

void *stream_map_make(struct stream_map *m, uint16_t stream) {
  size_t page = page_of(stream);
  if (grow_to(m, page + 1) < 0) return NULL;
  if (!m->pages[page]) m->pages[page] = calloc(PER_PAGE, m->item_size);
  return item_at(m, page, stream / 2u % PER_PAGE);
}

void stream_map_free(struct stream_map *m) {
  for (size_t i = 0; i < m->n_pages; i++) free(m->pages[i]);
  free(m->pages);
  m->pages = NULL;
  m->n_pages = 0;
}

void *stream_map_each(const struct stream_map *m, size_t *at) {
  for (; *at < m->n_pages * PER_PAGE; *at += PER_PAGE - *at % PER_PAGE) {
    void *item = item_at(m, *at / PER_PAGE, *at % PER_PAGE);
    if (!item) continue;
    ++*at;
    return item;
  }
  return NULL;
}
