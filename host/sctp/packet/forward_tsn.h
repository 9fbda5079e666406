#ifndef SENSO_SCTP_PACKET_FORWARD_TSN_H
#define SENSO_SCTP_PACKET_FORWARD_TSN_H

#include "sctp/packet/packet.h"

/* FORWARD TSN, RFC 3758 section 3.2. */
struct forward_tsn_chunk {
  uint32_t cum;         /* the new cumulative TSN */
  struct bytes entries; /* 4 bytes each: stream and the last SSN skipped in it */
};

struct forward_tsn_entry {
  uint16_t stream, ssn;
};

bool forward_tsn_read(struct bytes value, struct forward_tsn_chunk *ret);

static inline size_t forward_tsn_entries(const struct forward_tsn_chunk *f) {
  return f->entries.n / 4;
}
/* The i-th entry, i < forward_tsn_entries. */
static inline struct forward_tsn_entry forward_tsn_at(const struct forward_tsn_chunk *f, size_t i) {
  return (struct forward_tsn_entry){load_be16(f->entries.p + 4 * i),
                                    load_be16(f->entries.p + 4 * i + 2)};
}

void forward_tsn_write(struct writer *w, uint32_t cum, const struct forward_tsn_entry *entries,
                       size_t n);

#endif
