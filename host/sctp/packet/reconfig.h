#ifndef SENSO_SCTP_PACKET_RECONFIG_H
#define SENSO_SCTP_PACKET_RECONFIG_H

#include "sctp/packet/packet.h"

/* The parameters of RE-CONFIG, RFC 6525 section 4. Which fields count depends on the type. */
struct reconfig_param {
  uint16_t type;         /* enum param_type */
  uint32_t request_seq;  /* all requests */
  uint32_t response_seq; /* OUTGOING_RESET, RECONFIG_RESPONSE */
  uint32_t last_tsn;     /* OUTGOING_RESET: the sender's last assigned TSN */
  uint32_t result;       /* RECONFIG_RESPONSE: enum reset_result */
  struct bytes streams;  /* OUTGOING_RESET, INCOMING_RESET: 2 bytes each; none means all */
};

/* False when the parameter is malformed or of no type above. */
bool reconfig_param_read(const struct param *p, struct reconfig_param *ret);

static inline size_t reconfig_streams(const struct reconfig_param *p) {
  return p->streams.n / 2;
}
/* The i-th stream, i < reconfig_streams. */
static inline uint16_t reconfig_stream_at(const struct reconfig_param *p, size_t i) {
  return load_be16(p->streams.p + 2 * i);
}

/* An outgoing SSN reset request with its n streams. */
void reconfig_write_outgoing(struct writer *w, const struct reconfig_param *p,
                             const uint16_t *streams, size_t n);
void reconfig_write_response(struct writer *w, uint32_t response_seq, enum reset_result result);

#endif
