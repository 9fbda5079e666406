#ifndef SENSO_BASE_UTF8_H
#define SENSO_BASE_UTF8_H

#include "base/bytes.h"
#include "base/text.h"

/* True when b is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
 * NUL is allowed. */
bool utf8_valid(struct bytes b);

/* Length of the longest prefix of b of at most `max` bytes that does not cut a code point. */
size_t utf8_cut(struct bytes b, size_t max);

/* Appends b with each maximal ill-formed part replaced by U+FFFD (WHATWG "decode with
 * replacement"). */
void utf8_add_repaired(struct text *t, struct bytes b);

#endif
