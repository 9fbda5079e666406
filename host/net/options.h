#ifndef SENSO_NET_OPTIONS_H
#define SENSO_NET_OPTIONS_H

#include "base/text.h"

/* How the host was started. */
enum net_mode {
  NET_MODE_BROWSER, /* by a browser, for the origin */
  NET_MODE_STDIO,   /* the browser's frames without an origin */
  NET_MODE_LINES,   /* one JSON text a line */
  NET_MODE_CHECK_INSTALL,
  NET_MODE_VERSION,
  NET_MODE_HELP,
};

struct net_options {
  enum net_mode mode;
  const char *root;   /* of --check-install: "" or the folder that was named; borrowed */
  const char *origin; /* "chrome-extension://ID/", borrowed from argv; NULL unless by a browser */
};

#define NET_EXIT_USAGE 64 /* EX_USAGE */

/* Reads the command line. 0, or -EINVAL with a sentence for stderr appended to why. */
int net_options_read(int argc, char *const argv[], struct net_options *ret, struct text *why);

/* What --help prints. */
const char *net_options_usage(void);

#endif
