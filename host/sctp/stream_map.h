#ifndef SENSO_SCTP_STREAM_MAP_H
#define SENSO_SCTP_STREAM_MAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * State of up to 65536 streams, made page by page when first touched and zeroed. An item never
 * moves. The pages hold streams of one parity: one end's data channels are all even or all odd (RFC
 * 8832 section 6).
 */
struct stream_map {
  void **pages;
  size_t n_pages;
  size_t item_size;
};

/* The stream's item, or NULL when its page was never made. */
void *stream_map_get(const struct stream_map *m, uint16_t stream);

/* The stream's item; NULL when out of memory. */
void *stream_map_make(struct stream_map *m, uint16_t stream);

/* Calls nothing on the items; frees the pages and leaves the map empty. */
void stream_map_free(struct stream_map *m);

/* Walks the items of all pages made: start with *at = 0; NULL at the end. */
void *stream_map_each(const struct stream_map *m, size_t *at);

#endif
