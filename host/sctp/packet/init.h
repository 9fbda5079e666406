#ifndef SENSO_SCTP_PACKET_INIT_H
#define SENSO_SCTP_PACKET_INIT_H

#include "sctp/packet/packet.h"

/* INIT and INIT ACK, RFC 9260 sections 3.3.2 and 3.3.3. */
struct init_chunk {
  uint32_t tag, a_rwnd, tsn;
  uint16_t streams_out, streams_in; /* what the sender of the chunk asks for and takes */
  bool forward_tsn;                 /* RFC 3758 */
  bool reconfig;                    /* RFC 6525 */
  bool interleaving;                /* RFC 8260: I-DATA, and I-FORWARD-TSN with forward_tsn */
  bool zero_checksum;  /* RFC 9653: packets may come without a checksum, as DTLS protects them */
  struct bytes cookie; /* INIT ACK */
};

/* Room for reports of parameters we do not know; what does not fit is not reported. */
#define INIT_REPORT_MAX 512

/*
 * Reads either chunk. Parameters to be reported (their type says so) are appended whole to *report,
 * which the caller made over INIT_REPORT_MAX bytes. False when malformed.
 */
bool init_chunk_read(struct bytes value, struct init_chunk *ret, struct writer *report);

/* Writes either chunk; the cookie when there is one, and each parameter of `unknown` (a run of
 * whole, padded parameters) as unrecognized. */
void init_chunk_write(struct writer *w, enum chunk_type type, const struct init_chunk *c,
                      struct bytes unknown);

#endif
