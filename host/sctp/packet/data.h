#ifndef SENSO_SCTP_PACKET_DATA_H
#define SENSO_SCTP_PACKET_DATA_H

#include "sctp/packet/packet.h"

/* DATA, RFC 9260 section 3.3.1. */
struct data_chunk {
  uint32_t tsn;
  uint16_t stream, ssn;
  uint32_t ppid;
  bool begin, end, unordered, immediate;
  struct bytes data;
};

/* False when it is too short for its header. An empty run of data is the caller's matter. */
bool data_chunk_read(const struct chunk *c, struct data_chunk *ret);

/* Writes the chunk with its padding: the one copy of the data on the way out. */
void data_chunk_write(struct writer *w, const struct data_chunk *d);

#endif
