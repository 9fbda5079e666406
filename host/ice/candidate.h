#ifndef SENSO_ICE_CANDIDATE_H
#define SENSO_ICE_CANDIDATE_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "base/text.h"

/* RFC 8445 section 5.1.2.2 type preferences follow this order. */
enum ice_candidate_type { ICE_HOST, ICE_PRFLX, ICE_SRFLX, ICE_RELAY };

#define ICE_FOUNDATION_MAX 32 /* RFC 8839 section 5.1 */
#define ICE_UFRAG_MAX      256
#define ICE_PWD_MAX        256
#define ICE_NAME_MAX       255

/* One candidate, UDP, component 1. An FQDN candidate (".local" or other) has `name` set and
 * addr.family ADDR_NONE. */
struct ice_candidate {
  enum ice_candidate_type type;
  char foundation[ICE_FOUNDATION_MAX + 1];
  uint32_t priority;
  struct addr addr;
  char name[ICE_NAME_MAX + 1];
  struct addr related; /* raddr/rport; ADDR_NONE if absent */
  uint16_t server;     /* of our own, not host: the owner's number of the server; 0: none */
};

/*
 * Reads a candidate-attribute value ("candidate:1 1 udp ..."; a leading "a=" is accepted), RFC 8839
 * section 5.1. 0 and *ret; -EINVAL with *ret_fault (FAULT_INVALID_CANDIDATE, naming the field) when
 * malformed; -EPROTONOSUPPORT for a well-formed candidate that is not usable here (TCP, component
 * other than 1): ignore it.
 */
int ice_candidate_parse(struct bytes text, struct ice_candidate *ret, struct fault *ret_fault);

/* Appends "candidate:..." with ufrag extension when ufrag is not NULL. */
void ice_candidate_format(const struct ice_candidate *c, const char *ufrag, struct text *to);

/* "host", "prflx", "srflx", "relay". */
const char *ice_candidate_type_name(enum ice_candidate_type type);

#endif
