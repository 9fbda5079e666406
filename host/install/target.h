#ifndef SENSO_INSTALL_TARGET_H
#define SENSO_INSTALL_TARGET_H

#include <stdbool.h>

#include "install/findings.h"

/* What is known of the file that a manifest's "path" names. */
struct install_target {
  const char *path;
  const char *error;   /* why it cannot be looked at, or NULL */
  bool regular;        /* a file, not a folder or device */
  bool executable;     /* by everyone */
  const char *blocked; /* the first folder on its way that not everyone may enter, or NULL */
  bool same;           /* the very program that runs this check */
};

/* Judges it for the manifest `file`. */
void install_target_judge(const char *file, const struct install_target *t, struct findings *f);

#endif
