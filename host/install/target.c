#include "install/target.h"

#include <stdio.h>

static void add(struct findings *f, const char *file, const struct install_target *t,
                const char *what, const char *fix) {
  char words[4400];
  (void)snprintf(words, sizeof words, "\"path\" %s %s", t->path, what);
  findings_add(f, file, words, fix);
}

void install_target_judge(const char *file, const struct install_target *t, struct findings *f) {
  if (t->blocked) {
    char fix[4200];
    (void)snprintf(fix, sizeof fix, "chmod o+x %s", t->blocked);
    add(f, file, t, "lies in a folder that users may not enter", fix);
  } else if (t->error) {
    char what[200];
    (void)snprintf(what, sizeof what, "cannot be started: %s", t->error);
    add(f, file, t, what, "install senso-host there, or mend the path");
  } else if (!t->regular) {
    add(f, file, t, "is no file", "name the program itself");
  } else if (!t->executable) {
    add(f, file, t, "is not executable for everyone", "chmod 755");
  } else if (!t->same) {
    add(f, file, t, "is another program than this senso-host",
        "name this one, or run the other's --check-install");
  }
}
