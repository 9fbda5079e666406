#ifndef SENSO_SCTP_RX_REASSEMBLY_H
#define SENSO_SCTP_RX_REASSEMBLY_H

#include "sctp/packet/forward_tsn.h"
#include "sctp/rx/message.h"

/*
 * Puts fragments together to messages (RFC 9260 section 6.9, RFC 8260 section 2.2.3). A message's
 * fragments have consecutive TSNs, or consecutive FSNs under its stream and MID, so what is
 * incomplete is a sorted row of runs; in order it is one run that grows.
 */

/* Incomplete runs at most; a chunk that would make more is refused like one too far ahead. */
#define REASSEMBLY_RUNS 1024u

struct reassembly {
  struct rx_msg **runs; /* sorted by key, then first fragment */
  size_t n, cap;
  size_t held; /* what the runs hold */
  size_t max_message;
  size_t expected;   /* size of the last message of several fragments: the next one's first room */
  bool gaps_allowed; /* a FORWARD TSN may leave a message without its begin or end */
};

void reassembly_init(struct reassembly *r, size_t max_message);
void reassembly_free(struct reassembly *r);

/*
 * Takes a chunk whose TSN is new; cum: the cumulative TSN before it. On 0 the chunk was taken, and
 * *ret_whole is the message it completed, owned by the caller, or NULL. -ENOMEM, or -ENOBUFS (too
 * many runs): nothing changed. -EPROTO: fragments that contradict each other. -EMSGSIZE: longer
 * than max_message.
 */
int reassembly_add(struct reassembly *r, const struct data_chunk *d, uint64_t tsn, uint64_t cum,
                   struct rx_msg **ret_whole);

/* Looks at the runs again once all up to cum has arrived: 0, or -EPROTO when there are fragments of
 * a message without its begin that no FORWARD TSN explains. */
int reassembly_advance(struct reassembly *r, uint64_t cum);

/* Drops the DATA that can no longer become whole once all up to cum is skipped. */
void reassembly_forward(struct reassembly *r, uint64_t cum);

/* Drops the I-DATA of the messages that the entry names: those of its stream and kind up to its
 * MID.
 */
void reassembly_skip(struct reassembly *r, const struct forward_tsn_entry *e);

#endif
