#ifndef SENSO_DTLS_REPLAY_H
#define SENSO_DTLS_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

/* How far back a record may be reordered; RFC 6347 section 4.1.2.6 asks for at least 32. */
#define DTLS_REPLAY_WINDOW 1024

/* The sliding window over the sequence numbers of one epoch. Zero-initialised is empty. */
struct dtls_replay {
  uint64_t next; /* the highest number seen, plus one */
  uint64_t bits[DTLS_REPLAY_WINDOW / 64];
};

/* Whether a record of this number was seen, or is older than the window. */
bool dtls_replay_seen(const struct dtls_replay *r, uint64_t seq);

/* Notes a number; only of records that authenticated. */
void dtls_replay_mark(struct dtls_replay *r, uint64_t seq);

#endif
