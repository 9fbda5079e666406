#ifndef SENSO_DTLS_INBOX_H
#define SENSO_DTLS_INBOX_H

#include "dtls/record.h"

/*
 * Records that wait in their order: what outran the signalling or the handshake, and the datagram
 * whose records the owner is reading. Zero-initialised is empty.
 */
struct dtls_inbox {
  uint8_t *p;
  size_t at, n, cap;
  size_t datagrams; /* taken since it was empty */
};

struct dtls_inbox_limit {
  size_t datagrams, bytes;
};

/* Appends well-formed records as one datagram. 0, -ENOBUFS past the limit, -ENOMEM. */
int dtls_inbox_add(struct dtls_inbox *inbox, struct bytes records,
                   const struct dtls_inbox_limit *limit);

/* Takes the oldest record, borrowed until the next call; false when empty. Its bytes may be
 * decrypted in place. */
bool dtls_inbox_next(struct dtls_inbox *inbox, struct dtls_record *ret);

/* Frees all. */
void dtls_inbox_clear(struct dtls_inbox *inbox);

#endif
