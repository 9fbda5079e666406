#ifndef SENSO_SDP_LINES_H
#define SENSO_SDP_LINES_H

#include "base/bytes.h"
#include "base/fault.h"

/* The lines of a description (RFC 8866 section 5) and the words in them. All is borrowed from the
 * text read. */
struct sdp_line {
  char type; /* 'v', 'm', 'a', ... */
  struct bytes value;
  size_t number; /* from 1 */
};

struct sdp_lines {
  struct bytes rest;
  size_t number; /* of the line read last */
};

/* Starts at the first line. */
struct sdp_lines sdp_lines_of(struct bytes sdp);

/* 1 and the next line, ended by LF or CRLF or the end of the text, empty lines passed over; 0 at
 * the end; -EINVAL with the fault. */
int sdp_next_line(struct sdp_lines *lines, struct sdp_line *ret, struct fault *ret_fault);

/* Fills FAULT_INVALID_SDP with "line N: expected ..."; returns -EINVAL. */
int sdp_expected(struct fault *ret_fault, size_t line, const char *what);

/* Takes the next run of bytes up to a `separator` (which is passed over) or the end off *rest. */
struct bytes sdp_take_until(struct bytes *rest, char separator);

/* Takes the next word off *rest, spaces before it passed over; empty at the end. */
struct bytes sdp_take_word(struct bytes *rest);

bool sdp_is(struct bytes word, const char *text);

/* ASCII case ignored. */
bool sdp_is_any_case(struct bytes word, const char *text);

/* Digits only, at most max. False and *ret untouched otherwise. */
bool sdp_number(struct bytes word, uint64_t max, uint64_t *ret);

/* Copies with a NUL; false, nothing written, when it does not fit into cap bytes. */
bool sdp_copy(struct bytes word, char *to, size_t cap);

#endif
