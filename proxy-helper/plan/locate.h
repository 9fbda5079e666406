#ifndef SENSO_PLAN_LOCATE_H
#define SENSO_PLAN_LOCATE_H

#include <stddef.h>

/* The line (from 1) of a byte of a text. */
unsigned locate_line(const char *text, size_t at);

/* The line of a value in a JSON text that a parser has accepted, by its path:
 * "services[2].hosts[0]". The line of the innermost part that is there when the path goes on past
 * it. */
unsigned locate_path(const char *json, const char *path);

#endif
