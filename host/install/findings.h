#ifndef SENSO_INSTALL_FINDINGS_H
#define SENSO_INSTALL_FINDINGS_H

#include "base/text.h"

/* What is wrong with an installation, a line each: where, what, and the fix. */
struct findings {
  struct text text; /* owned: text_free */
  size_t n;
};

/* Appends "where: what: fix". The sentences have no full stop. */
void findings_add(struct findings *f, const char *where, const char *what, const char *fix);

#endif
