#ifndef SENSO_INSTALL_MANIFEST_H
#define SENSO_INSTALL_MANIFEST_H

#include "base/bytes.h"
#include "install/findings.h"

/*
 * A native messaging manifest as Chromium reads it. Nearly every mistake in one shows in the
 * browser as "Specified native messaging host not found": here each has its own words.
 */

#define INSTALL_HOST_NAME   "cloud.senso.host"
#define INSTALL_ORIGINS_MAX 32

struct install_manifest {
  char path[4096];                       /* the host's binary; "" if the field is of no use */
  char origins[INSTALL_ORIGINS_MAX][64]; /* "chrome-extension://ID/", the proper ones */
  size_t n_origins;
};

/* Whether the text speaks of this host at all: files of others lie in the same folder. */
bool install_manifest_is_ours(struct bytes json);

/* Judges the text of the file and fills *ret with what of it can be used. */
void install_manifest_judge(const char *file, struct bytes json, struct install_manifest *ret,
                            struct findings *f);

#endif
