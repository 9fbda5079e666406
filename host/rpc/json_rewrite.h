#ifndef SENSO_RPC_JSON_REWRITE_H
#define SENSO_RPC_JSON_REWRITE_H

#include "base/text.h"

/*
 * What cJSON 1.7.15 cannot read, in words it can. NUL becomes JSON_NUL_MARK and '0', a mark that
 * was there already the mark and '1' (json_restore takes both back); a lone surrogate becomes
 * U+FFFD, as in a USVString (Web IDL section 3.2.12); a number of more than JSON_NUMBER_MAX
 * characters is cut to the precision that a double has.
 */
#define JSON_NUL_MARK "\xee\x80\x80" /* U+E000, the first of the private use area */

/* frame passed json_scan. False when out of memory. */
bool json_rewrite(struct bytes frame, struct text *to);

/* Takes the marks in the n bytes at p back, in place. Returns the size that is left. */
size_t json_restore(uint8_t *p, size_t n);

/* That size; nothing is changed. */
size_t json_restored_size(const uint8_t *p, size_t n);

#endif
