#ifndef SENSO_INSTALL_RELAXED_H
#define SENSO_INSTALL_RELAXED_H

#include <cjson/cJSON.h>

#include "base/bytes.h"
#include "base/text.h"

/* Appends the text with blanks for comments and for commas before a closing bracket. */
void install_relax(struct bytes json, struct text *to);

/* The one value that the text is, with nothing but blanks behind it; NULL: it is not JSON. */
cJSON *install_parse(struct bytes json);

#endif
