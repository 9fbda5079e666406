#ifndef SENSO_NET_PROCESS_H
#define SENSO_NET_PROCESS_H

/*
 * What the process does once at its start: SIGPIPE is ignored (a write says EPIPE), no_new_privs is
 * set, the limit of open files is raised as far as it may be (a socket for each address of each
 * peer), and descriptors 0 to 2 are made sure to exist so that no socket can become one of them.
 * Failures are harmless and ignored, except that -errno is returned when 0 to 2 cannot be opened.
 */
int net_process_prepare(void);

#endif
