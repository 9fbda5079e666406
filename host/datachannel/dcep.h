#ifndef SENSO_DATACHANNEL_DCEP_H
#define SENSO_DATACHANNEL_DCEP_H

#include "datachannel/datachannel.h"

/* Payload protocol identifiers, RFC 8831 section 8 (52 and 54 are deprecated there). */
enum dcep_ppid {
  DCEP_PPID_CONTROL = 50,
  DCEP_PPID_TEXT = 51,
  DCEP_PPID_BINARY = 53,
  DCEP_PPID_TEXT_EMPTY = 56,
  DCEP_PPID_BINARY_EMPTY = 57,
};

/* Message types, RFC 8832 section 8.2.1. */
enum dcep_type { DCEP_ACK = 2, DCEP_OPEN = 3 };

/*
 * Reads a DATA_CHANNEL_OPEN (RFC 8832 section 5.1). 0 and *ret, whose label and protocol are
 * borrowed from the message, id -1; -EINVAL with the fault (FAULT_OPERATION_ERROR) that names what
 * is wrong.
 */
int dcep_parse_open(struct bytes message, struct dc_init *ret, struct fault *ret_fault);

/* A DATA_CHANNEL_OPEN or DATA_CHANNEL_ACK, owned by the caller; NULL when out of memory. */
struct payload *dcep_open(const struct dc_init *init);
struct payload *dcep_ack(void);

#endif
