#ifndef SENSO_SCTP_PACKET_FORWARD_TSN_H
#define SENSO_SCTP_PACKET_FORWARD_TSN_H

#include "sctp/packet/packet.h"

/* FORWARD TSN (RFC 3758 section 3.2) and I-FORWARD-TSN (RFC 8260 section 2.3.1). */
struct forward_tsn_chunk {
  bool interleaved;     /* I-FORWARD-TSN */
  uint32_t cum;         /* the new cumulative TSN */
  struct bytes entries; /* 4 bytes each: stream and SSN; or 8: stream, flags and MID */
};

struct forward_tsn_entry {
  uint16_t stream;
  bool unordered; /* I-FORWARD-TSN only */
  uint32_t mid;   /* the last message skipped in the stream: SSN, or MID */
};

/* Reads either, by the chunk's type. */
bool forward_tsn_read(const struct chunk *c, struct forward_tsn_chunk *ret);

size_t forward_tsn_entries(const struct forward_tsn_chunk *f);
/* The i-th entry, i < forward_tsn_entries. */
struct forward_tsn_entry forward_tsn_at(const struct forward_tsn_chunk *f, size_t i);

/* Bytes of one entry, and of the chunk without them. */
static inline size_t forward_tsn_entry_size(bool interleaved) {
  return interleaved ? 8 : 4;
}
#define FORWARD_TSN_HEADER_SIZE 8u

struct forward_tsn_list {
  const struct forward_tsn_entry *entries;
  size_t n;
};

void forward_tsn_write(struct writer *w, bool interleaved, uint32_t cum,
                       const struct forward_tsn_list *list);

#endif
