#ifndef SENSO_DTLS_HANDSHAKE_H
#define SENSO_DTLS_HANDSHAKE_H

#include "dtls/context.h"
#include "dtls/fingerprint.h"
#include "dtls/flight.h"
#include "dtls/identity.h"

/*
 * OpenSSL's part: it reads records and writes flights. Its timer is never used (it would follow
 * gettimeofday and give up after 12 times): the flights it writes are kept as plaintext and sent,
 * and sent again, by the machine. So are the alerts.
 */
struct dtls_alert {
  bool set;
  bool sealed;         /* of epoch 1 */
  uint8_t level, code; /* RFC 5246 section 7.2 */
};

/* The more there is to do about it, the higher. */
enum dtls_progress {
  DTLS_HS_SAME,   /* nothing new */
  DTLS_HS_MOVED,  /* a message was taken */
  DTLS_HS_FLIGHT, /* a new flight of ours is in the flight */
  DTLS_HS_DONE,   /* the same, if it was ours to send the last; the keys may be taken */
  DTLS_HS_FAILED,
};

struct dtls_handshake {
  SSL *ssl;
  enum dtls_role role;
  struct dtls_wire wire;
  struct dtls_check check;
  struct dtls_flight *flight;             /* borrowed: the machine's */
  struct dtls_keys *keys;                 /* made for our Finished */
  struct dtls_alert alert;                /* to be sent */
  uint8_t change[DTLS_RECORD_HEADER + 1]; /* a ChangeCipherSpec before its turn, if any */
  size_t change_n;
  bool flight_open; /* a flight was begun in this run */
  bool oom;
  unsigned long error; /* OpenSSL's first, once failed */
};

struct dtls_handshake_cfg {
  const struct dtls_identity *identity;
  enum dtls_role role;
  size_t mtu;
  const struct dtls_check *check; /* what is expected; copied */
};

/* 0, -ENOMEM or -EIO. */
int dtls_handshake_new(struct dtls_handshake **ret, const struct dtls_handshake_cfg *cfg,
                       struct dtls_flight *flight);
struct dtls_handshake *dtls_handshake_free(struct dtls_handshake *h);

/* Goes on with one more record, or with none (NULL) to begin. A ChangeCipherSpec that comes before
 * its turn is kept until then: OpenSSL would drop it, and wait for the whole flight again. */
enum dtls_progress dtls_handshake_run(struct dtls_handshake *h, const struct dtls_record *record);

/* Why it failed, and a sentence about it. */
enum dtls_failure dtls_handshake_failure(const struct dtls_handshake *h, char *text, size_t cap);

#endif
