#ifndef SENSO_RPC_JSON_PLAIN_H
#define SENSO_RPC_JSON_PLAIN_H

#include "base/bytes.h"

/*
 * How far the bytes stand for themselves in a JSON string: up to the first quote, backslash or
 * control character; `ascii`: or byte above 0x7f. Eight at a time.
 */
size_t json_plain_run(struct bytes b, bool ascii);

#endif
