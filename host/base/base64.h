#ifndef SENSO_BASE_BASE64_H
#define SENSO_BASE_BASE64_H

#include "base/bytes.h"

/* RFC 4648 section 4, padded. Encoded size of n bytes, without a NUL. */
size_t base64_encoded_size(size_t n);

/* Encodes into out, which holds base64_encoded_size(in.n) bytes; no NUL. Returns the bytes written.
 */
size_t base64_encode(struct bytes in, char *out);

/*
 * Decodes in.n characters into out, which holds at least in.n / 4 * 3 bytes. Strict: padding
 * required, no white space, unused bits zero. Returns true and *ret_n; false when malformed, with
 * *ret_at the offset of the first bad character.
 */
bool base64_decode(struct bytes in, uint8_t *out, size_t *ret_n, size_t *ret_at);

#endif
