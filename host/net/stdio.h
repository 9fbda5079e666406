#ifndef SENSO_NET_STDIO_H
#define SENSO_NET_STDIO_H

#include <stdbool.h>

/*
 * The client's two byte streams. They are moved away from descriptors 0 and 1, which become
 * /dev/null: a stray write to stdout cannot break the framing.
 */
struct net_stdio {
  int in, out;
  bool in_own, out_own; /* the open file description is ours alone, see net/watch.h */
};

/*
 * Takes stdin and stdout over. Pipes and terminals are opened anew, non-blocking, so that no other
 * process that holds them is disturbed; where that fails, and for sockets and files, they are
 * duplicated. Pipes are widened to 1 MiB if allowed. 0, or a negative errno with nothing changed
 * that matters.
 */
int net_stdio_take(struct net_stdio *ret);

/* Closes both. */
void net_stdio_close(struct net_stdio *s);

#endif
