#ifndef SENSO_SCTP_COOKIE_H
#define SENSO_SCTP_COOKIE_H

#include "base/mono.h"
#include "base/writer.h"
#include "sctp/siphash.h"

/*
 * The state cookie (RFC 9260 section 5.1.3): all that is needed to set up an association, given to
 * the peer instead of kept, under a MAC whose key only we know.
 */
struct cookie {
  mono_us made_at;
  uint32_t local_tag, peer_tag;
  uint32_t local_tsn, peer_tsn;         /* initial TSNs */
  uint32_t local_tie_tag, peer_tie_tag; /* section 5.2.2; 0: no association when it was made */
  uint32_t peer_rwnd;
  uint16_t streams_out, streams_in;                        /* as negotiated */
  bool forward_tsn, reconfig, zero_checksum, interleaving; /* what the peer can */
};

#define COOKIE_SIZE 60u

/* Valid.Cookie.Life, RFC 9260 section 16. */
#define COOKIE_LIFE (60 * MONO_S)

enum cookie_fault { COOKIE_OK, COOKIE_FORGED, COOKIE_STALE };

void cookie_write(struct writer *w, const uint8_t key[SIPHASH_KEY_SIZE], const struct cookie *c);

/* On COOKIE_OK and on COOKIE_STALE fills *ret; COOKIE_FORGED covers anything not made by us. */
enum cookie_fault cookie_read(struct bytes b, const uint8_t key[SIPHASH_KEY_SIZE], mono_us now,
                              struct cookie *ret);

#endif
