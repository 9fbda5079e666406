#ifndef SENSO_STUN_FINGERPRINT_H
#define SENSO_STUN_FINGERPRINT_H

#include "base/writer.h"
#include "stun/message.h"

/* FINGERPRINT, RFC 8489 section 14.7: a CRC-32 that tells STUN from other protocols. */

/* True when the attribute is there and right. */
bool stun_check_fingerprint(const struct stun_message *m);

/* Appends it over all that was written; the last attribute of a message. */
void stun_put_fingerprint(struct writer *w);

#endif
