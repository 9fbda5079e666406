#ifndef SENSO_SCTP_PACKET_SACK_H
#define SENSO_SCTP_PACKET_SACK_H

#include "sctp/packet/packet.h"

/* SACK, RFC 9260 section 3.3.4. */
struct sack_chunk {
  uint32_t cum; /* cumulative TSN ack */
  uint32_t a_rwnd;
  struct bytes gaps; /* 4 bytes a block */
  struct bytes dups; /* 4 bytes a TSN */
};

/* A gap ack block: offsets from the cumulative TSN, both included. */
struct sack_gap {
  uint16_t first, last;
};

#define SACK_HEADER_SIZE 16u /* with the chunk header */

bool sack_chunk_read(struct bytes value, struct sack_chunk *ret);

static inline size_t sack_gaps(const struct sack_chunk *s) {
  return s->gaps.n / 4;
}
static inline size_t sack_dups(const struct sack_chunk *s) {
  return s->dups.n / 4;
}

/* The i-th block, i < sack_gaps. */
static inline struct sack_gap sack_gap_at(const struct sack_chunk *s, size_t i) {
  return (struct sack_gap){load_be16(s->gaps.p + 4 * i), load_be16(s->gaps.p + 4 * i + 2)};
}
/* The i-th duplicate TSN, i < sack_dups. */
static inline uint32_t sack_dup_at(const struct sack_chunk *s, size_t i) {
  return load_be32(s->dups.p + 4 * i);
}

/* Writes a SACK of n_gaps blocks and n_dups duplicates. */
void sack_chunk_write(struct writer *w, const struct sack_chunk *s, const struct sack_gap *gaps,
                      size_t n_gaps, const uint32_t *dups, size_t n_dups);

#endif
