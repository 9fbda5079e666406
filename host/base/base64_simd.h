#ifndef SENSO_BASE_BASE64_SIMD_H
#define SENSO_BASE_BASE64_SIMD_H

#include "base/bytes.h"

/*
 * The whole groups of base64 that vector instructions take; base64.c does the rest. On a processor
 * without them nothing is taken.
 */

/* Encodes a multiple of 3 bytes from the start of `in`. Returns how many; out gets 4 / 3 of them.
 */
size_t base64_simd_encode(struct bytes in, char *out);

/* Decodes a multiple of 4 characters from the start of `in`, up to a block in which one is not of
 * the alphabet. Returns how many; out gets 3 / 4 of them. `in` holds at least 16 characters more
 * than are taken, so that a padded end is left over. */
size_t base64_simd_decode(struct bytes in, uint8_t *out);

#endif
