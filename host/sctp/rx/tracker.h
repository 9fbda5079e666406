#ifndef SENSO_SCTP_RX_TRACKER_H
#define SENSO_SCTP_RX_TRACKER_H

#include "sctp/packet/sack.h"
#include "sctp/tsn_set.h"

/* Which TSNs have arrived (RFC 9260 section 6.2), unwrapped. */

#define TRACKER_RANGES                                                                             \
  512u                   /* islands above the cumulative TSN; a chunk that makes more is refused */
#define TRACKER_DUPS 16u /* duplicates reported in one SACK */

struct tracker {
  uint64_t cum; /* all up to this one have arrived */
  struct tsn_set above;
  size_t n_dups;
  uint32_t dups[TRACKER_DUPS];
};

enum tracker_answer { TRACKER_NEW, TRACKER_DUPLICATE, TRACKER_REFUSED };

void tracker_init(struct tracker *t, uint32_t initial_tsn);
void tracker_free(struct tracker *t);

/* The unwrapped form of a TSN from the wire. */
uint64_t tracker_unwrap(const struct tracker *t, uint32_t tsn);

/* What tracker_add would make of it. REFUSED: too far ahead to be reported, or too many islands. */
enum tracker_answer tracker_ask(const struct tracker *t, uint64_t tsn);

/* Notes a duplicate for the next SACK. */
void tracker_note_duplicate(struct tracker *t, uint64_t tsn);

/* Room for one more TSN; tracker_add of a NEW one then cannot fail. 0 or -ENOMEM. */
int tracker_reserve(struct tracker *t, uint64_t tsn);
void tracker_add(struct tracker *t, uint64_t tsn);

/* FORWARD TSN (RFC 3758 section 3.6): everything up to cum counts as arrived. */
void tracker_forward(struct tracker *t, uint64_t cum);

/* True while something above the cumulative TSN has arrived. */
static inline bool tracker_has_gap(const struct tracker *t) {
  return t->above.n > 0;
}

/* Writes a SACK with as many gap blocks and duplicates as fit; forgets the duplicates. */
void tracker_write_sack(struct tracker *t, struct writer *w, uint32_t a_rwnd);

#endif
