#ifndef SENSO_RPC_JSON_WRITER_H
#define SENSO_RPC_JSON_WRITER_H

#include "base/text.h"

/* Appends JSON to a text; commas come by themselves. Check the text's `failed` at the end. */
struct json_writer {
  struct text *to;
  bool comma; /* a value stands before the next one */
};

void json_open(struct json_writer *w, char bracket);  /* '{' or '[' */
void json_close(struct json_writer *w, char bracket); /* '}' or ']' */
/* The next value's name; fixed texts that need no escaping. */
void json_key(struct json_writer *w, const char *key);
void json_uint(struct json_writer *w, uint64_t v);
void json_int(struct json_writer *w, int64_t v);
/* With up to six decimals, no exponent. */
void json_real(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
/* UTF-8, escaped, NUL included; what is ill-formed becomes U+FFFD, as a peer may have sent it. */
void json_string(struct json_writer *w, struct bytes utf8);
void json_text(struct json_writer *w, const char *utf8);
/* A value that is JSON already. */
void json_raw(struct json_writer *w, struct bytes json);

/* Bytes of the UTF-8 in `b` when escaped, without quotes; and the longest prefix between code
 * points that takes at most max. */
size_t json_escaped_size(struct bytes b);
size_t json_escaped_cut(struct bytes b, size_t max);
/* Writes b escaped, without quotes and NUL: json_escaped_size(b) bytes. */
void json_escape(struct bytes b, char *to);

#endif
