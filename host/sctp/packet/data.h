#ifndef SENSO_SCTP_PACKET_DATA_H
#define SENSO_SCTP_PACKET_DATA_H

#include "sctp/packet/packet.h"

/* DATA (RFC 9260 section 3.3.1) and I-DATA (RFC 8260 section 2.1). */
struct data_chunk {
  bool interleaved; /* I-DATA */
  uint32_t tsn;
  uint16_t stream;
  uint32_t mid;  /* the message in its stream: DATA's SSN, 16 bits, or I-DATA's MID */
  uint32_t fsn;  /* I-DATA: the fragment in the message; 0 is the first and has the ppid */
  uint32_t ppid; /* I-DATA: 0 but in the first fragment */
  bool begin, end, unordered, immediate;
  struct bytes data;
};

/* Bytes before the data, chunk header included. */
static inline size_t data_header_size(bool interleaved) {
  return interleaved ? I_DATA_HEADER_SIZE : DATA_HEADER_SIZE;
}

/* Reads either, by the chunk's type. False when it is too short for its header, or an I-DATA chunk
 * that does not begin a message says that it is the first. An empty run of data is the caller's
 * matter. */
bool data_chunk_read(const struct chunk *c, struct data_chunk *ret);

/* Writes the chunk with its padding: the one copy of the data on the way out. */
void data_chunk_write(struct writer *w, const struct data_chunk *d);

#endif
