#ifndef SENSO_NET_CHECK_INSTALL_H
#define SENSO_NET_CHECK_INSTALL_H

#include "base/text.h"

/*
 * --check-install: looks where browsers look for the native messaging manifest, and says of every
 * mistake where it is and what mends it.
 */
struct net_check_install {
  const char *root; /* put before every path: "" for this machine, else the folder of another one */
  const char *home; /* the user's home folder; NULL: users' own manifests are not looked at */
  unsigned owner;   /* who must own the host's list of origins: 0, root */
};

/* Appends what to print. The number of mistakes found; negative when out of memory. */
int net_check_install(const struct net_check_install *cfg, struct text *ret);

#endif
