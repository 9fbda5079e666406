#ifndef SENSO_NET_ENTROPY_H
#define SENSO_NET_ENTROPY_H

#include "base/rng.h"

/*
 * The machines' randomness: the kernel's, drawn in blocks so that a transaction id costs no system
 * call. Bytes handed out are wiped from the block. Must not move once set up; one thread; not to be
 * used on both sides of a fork.
 */
struct net_entropy {
  struct rng rng; /* what the machines take */
  size_t left;
  uint8_t block[512];
};

/* Sets up the rng; the first draw reads the kernel. Should the kernel refuse randomness the process
 * aborts. */
void net_entropy_init(struct net_entropy *e);

/* Wipes what is left in the block. */
void net_entropy_wipe(struct net_entropy *e);

#endif
