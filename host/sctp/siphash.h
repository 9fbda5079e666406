#ifndef SENSO_SCTP_SIPHASH_H
#define SENSO_SCTP_SIPHASH_H

#include "base/bytes.h"

#define SIPHASH_KEY_SIZE 16

/* SipHash-2-4 (Aumasson and Bernstein, 2012): a 64-bit MAC of the message under a secret key. */
uint64_t siphash(const uint8_t key[SIPHASH_KEY_SIZE], struct bytes message);

#endif
