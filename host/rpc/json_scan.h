#ifndef SENSO_RPC_JSON_SCAN_H
#define SENSO_RPC_JSON_SCAN_H

#include "base/bytes.h"

/*
 * A strict look at a frame before cJSON builds a tree of it (cJSON takes more than RFC 8259 does,
 * cuts strings at \u0000 and knows no positions): is it JSON, where not, and what its top level
 * says.
 */
struct json_scan {
  bool ok;
  size_t at;        /* not ok: offset of what is wrong */
  const char *what; /* not ok: what was expected there; a fixed text */
  char first;       /* the first character of the value: '{', '[', ... */
  struct bytes id;  /* the raw text of the top-level "id", empty if absent */
  bool twice;       /* a top-level member stands twice: jsonrpc, id, method or params */
  bool rewrite;     /* cJSON would misread it: \u0000, a lone surrogate or a very long number */
};

#define JSON_DEPTH_MAX 64

/* cJSON 1.7.15 reads 63 characters of a number; its caller sees the rest as an error. */
#define JSON_NUMBER_MAX 63u

/* frame must be valid UTF-8. id is borrowed from it. */
void json_scan(struct bytes frame, struct json_scan *ret);

/* The value of the four hexadecimal digits at p. */
unsigned json_hex4(const uint8_t *p);

#endif
