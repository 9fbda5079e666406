#ifndef SENSO_DTLS_FLIGHT_H
#define SENSO_DTLS_FLIGHT_H

#include "dtls/keys.h"

/*
 * The last flight of ours, as plaintext records, so that it can be sent again with new record
 * numbers (RFC 6347 section 4.2.4) at the machine's own times. It numbers all our records of epoch
 * 0. Zero-initialised is empty.
 */
struct dtls_flight {
  uint8_t *p;
  size_t n, cap;
  size_t at;     /* what is sent of it; n: all */
  bool complete; /* was sent as a whole at least once */
  uint64_t seq;  /* of the next record of epoch 0 */
};

/* Begins a new flight: forgets the old one. */
void dtls_flight_begin(struct dtls_flight *f);

/* Appends a plaintext record; its number is of no account. 0, -ENOMEM, -ENOBUFS past 64 KiB. */
int dtls_flight_add(struct dtls_flight *f, const struct dtls_record *record);

/* To be sent again from the start. */
void dtls_flight_rewind(struct dtls_flight *f);

/* Whether records wait to be sent. */
bool dtls_flight_pending(const struct dtls_flight *f);

/* Writes as many records as fit as one datagram, sealing those of epoch 1 with keys. Returns its
 * bytes; 0 when the next record does not fit or could not be sealed: the flight is given up then.
 */
size_t dtls_flight_emit(struct dtls_flight *f, struct dtls_keys *keys, uint8_t *buf, size_t cap);

/* One plaintext record of epoch 0 outside of the flight: an alert. Returns its bytes, 0 if it does
 * not fit. */
size_t dtls_flight_single(struct dtls_flight *f, uint8_t type, struct bytes body, uint8_t *buf,
                          size_t cap);

/* Frees the records, keeps the numbering. */
void dtls_flight_clear(struct dtls_flight *f);

#endif
