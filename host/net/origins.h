#ifndef SENSO_NET_ORIGINS_H
#define SENSO_NET_ORIGINS_H

#include <stdbool.h>

#include <sys/types.h>

#include "base/text.h"

/* Where a package or an administrator lists the extensions that may start the host: one origin
 * ("chrome-extension://ID/") a line, empty lines and lines that begin with # left out. */
#define NET_ORIGINS_FILE "/etc/senso-host/origins"

/*
 * Whether the file allows the origin. A file that is missing, not owned by root (or `owner` in
 * tests), or writable by others allows nothing; then, and when it does not name the origin, a
 * sentence for stderr is appended to why.
 */
bool net_origins_allow(const char *file, uid_t owner, const char *origin, struct text *why);

/* "chrome-extension://", 32 letters of a to p, "/". */
bool net_origin_valid(const char *origin);

#endif
