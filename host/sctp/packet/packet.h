#ifndef SENSO_SCTP_PACKET_PACKET_H
#define SENSO_SCTP_PACKET_PACKET_H

#include "base/cursor.h"
#include "base/writer.h"
#include "sctp/packet/wire.h"

/* The common header (RFC 9260 section 3.1), chunks and parameters as type, length, value. */

#define PACKET_HEADER_SIZE 12u

struct packet_header {
  uint16_t source, destination; /* ports */
  uint32_t tag;                 /* verification tag */
};

enum packet_fault { PACKET_OK, PACKET_SHORT, PACKET_CHECKSUM };

/* What the checksum field of a packet has to hold. */
enum packet_integrity {
  PACKET_CRC32C,          /* RFC 9260 appendix A */
  PACKET_ZERO_ACCEPTABLE, /* or zero, but with INIT and COOKIE ECHO (RFC 9653 section 5.2) */
};

/* Reads the header and checks the checksum. On PACKET_OK fills *ret and *ret_chunks (borrowed from
 * packet). */
enum packet_fault packet_open(struct bytes packet, enum packet_integrity integrity,
                              struct packet_header *ret, struct cursor *ret_chunks);

/* Writes the header with a zero checksum. The packet is complete so where the peer accepts zero;
 * else packet_finish fills in the CRC32c. */
void packet_begin(struct writer *w, const struct packet_header *h);
void packet_finish(struct writer *w);

/* The CRC32c of a packet of at least PACKET_HEADER_SIZE bytes, its checksum field taken as zero. */
uint32_t packet_checksum(struct bytes packet);

/* Stores the checksum of the packet in its header (for tests and packet_finish). */
void packet_set_checksum(uint8_t *packet, size_t n);

struct chunk {
  uint8_t type, flags;
  struct bytes value;
};

/* The next chunk, borrowed. False at the end, or, with c->failed, where the framing is broken. */
bool chunk_next(struct cursor *c, struct chunk *ret);

/* Starts a chunk and returns where; chunk_end writes its length and pads it. */
size_t chunk_begin(struct writer *w, uint8_t type, uint8_t flags);
void chunk_end(struct writer *w, size_t at);

struct param {
  uint16_t type;
  struct bytes value;
  struct bytes whole; /* with its header, without padding */
};

/* The next parameter or error cause, borrowed. False at the end, or with c->failed. */
bool param_next(struct cursor *c, struct param *ret);

/* Starts a parameter or error cause, behind the padding of the one before, and returns where;
 * param_end writes its length. The last one's padding is the chunk's (RFC 9260 section 3.2.1). */
size_t param_begin(struct writer *w, uint16_t type);
void param_end(struct writer *w, size_t at);
void param_write(struct writer *w, uint16_t type, struct bytes value);

/* n rounded up to the 4 bytes everything is padded to. */
static inline size_t padded(size_t n) {
  return (n + 3) & ~(size_t)3;
}

/* Big-endian loads from runs whose size a cursor has checked. */
static inline uint16_t load_be16(const uint8_t *p) {
  return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}
static inline uint32_t load_be32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void store_be16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}
static inline void store_be32(uint8_t *p, uint32_t v) {
  store_be16(p, (uint16_t)(v >> 16));
  store_be16(p + 2, (uint16_t)v);
}

#endif
