#include "install/findings.h"

void findings_add(struct findings *f, const char *where, const char *what, const char *fix) {
  text_addf(&f->text, "%s: %s: %s\n", where, what, fix);
  f->n++;
}
