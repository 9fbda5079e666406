#ifndef SENSO_STUN_BUILDER_H
#define SENSO_STUN_BUILDER_H

#include "base/addr.h"
#include "base/writer.h"
#include "stun/message.h"

/*
 * Writes one STUN message into an empty writer: stun_begin, attributes in order, then
 * stun_put_integrity (stun/integrity.h) and stun_put_fingerprint. The length in the header is right
 * after each call. What does not fit sets w->failed: test it once at the end.
 */
void stun_begin(struct writer *w, enum stun_class cls, uint16_t method, const struct stun_tid *tid);

/* Any attribute; the value is padded with zeros. */
void stun_put(struct writer *w, uint16_t type, struct bytes value);
void stun_put_u32(struct writer *w, uint16_t type, uint32_t v);
void stun_put_u64(struct writer *w, uint16_t type, uint64_t v);

/* The address plain (RFC 8489 section 14.1) or XORed (14.2). Not for ADDR_NONE. */
void stun_put_address(struct writer *w, uint16_t type, const struct addr *a);
void stun_put_xor_address(struct writer *w, uint16_t type, const struct addr *a);

/* ERROR-CODE with the reason phrase of the RFCs. code 300 to 699. */
void stun_put_error(struct writer *w, unsigned code);

/* UNKNOWN-ATTRIBUTES, section 14.9. */
void stun_put_unknown(struct writer *w, struct stun_types types);

/* One number: PASSWORD-ALGORITHM; several: PASSWORD-ALGORITHMS. Without parameters. */
void stun_put_password_algorithms(struct writer *w, uint16_t type, struct stun_types algorithms);

/* TRANSACTION_TRANSMIT_COUNTER, RFC 7982 section 3.1. */
void stun_put_transmit_count(struct writer *w, unsigned request, unsigned response);

#endif
