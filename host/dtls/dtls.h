#ifndef SENSO_DTLS_DTLS_H
#define SENSO_DTLS_DTLS_H

#include "base/bytes.h"
#include "base/mono.h"
#include "base/out.h"

/*
 * One DTLS association (RFC 6347, through OpenSSL), with a BIO of our own where one write is one
 * datagram. Peers are known by their certificate's fingerprint only (RFC 8122, 8827 section 6.5).
 * OpenSSL makes the handshake; retransmission, alerts and the records of epoch 1 are the machine's
 * own, so that no timer of OpenSSL's is used and its SSL object is freed once connected. OpenSSL's
 * RAND is the only input that does not come in through this interface.
 */
struct dtls;

/* A key and its self-signed certificate, shared by many associations (reference counted, one
 * thread). */
struct dtls_identity;

#define DTLS_SHA256_SIZE     32
#define DTLS_FINGERPRINT_MAX 64 /* bytes of the longest hash */
#define DTLS_FINGERPRINTS    8  /* a=fingerprint lines read */

enum dtls_hash { DTLS_SHA256, DTLS_SHA384, DTLS_SHA512, DTLS_SHA1, DTLS_SHA224 };

struct dtls_fingerprint {
  enum dtls_hash hash;
  size_t n;
  uint8_t value[DTLS_FINGERPRINT_MAX];
};

enum dtls_role { DTLS_CLIENT, DTLS_SERVER };
enum dtls_state { DTLS_NEW, DTLS_CONNECTING, DTLS_CONNECTED, DTLS_CLOSED, DTLS_FAILED };

/* Why it failed, for the error a person reads. */
enum dtls_failure {
  DTLS_OK,
  DTLS_FINGERPRINT_MISMATCH,
  DTLS_NO_CERTIFICATE,
  DTLS_TIMED_OUT, /* no answer to the last flight within 30 s */
  DTLS_ALERT,     /* the peer sent a fatal alert: dtls_failure_text names it */
  DTLS_PROTOCOL,  /* OpenSSL refused what the peer sent */
  DTLS_OUT_OF_MEMORY,
};

struct dtls_cfg {
  struct dtls_identity *identity; /* a reference is taken */
  size_t mtu;                     /* UDP payload bytes a flight's datagram may have; 0: 1200 */
};

enum dtls_event_kind { DTLS_EV_STATE };

struct dtls_out {
  enum out_kind kind; /* OUT_IDLE, OUT_TX, OUT_EVENT */
  union {
    mono_us wake_at;
    size_t tx_n;           /* bytes of one datagram in the caller's buffer */
    enum dtls_state state; /* OUT_EVENT: the state changed to this */
  } u;
};

/* Makes an ECDSA P-256 key and certificate valid from a day before unix_now to 30 days after it. 0,
 * -ENOMEM or -EIO (OpenSSL). */
int dtls_identity_new(struct dtls_identity **ret, int64_t unix_now);
struct dtls_identity *dtls_identity_ref(struct dtls_identity *id);
struct dtls_identity *dtls_identity_unref(struct dtls_identity *id);

/* SHA-256 of the certificate's DER. */
void dtls_identity_fingerprint(const struct dtls_identity *id, struct dtls_fingerprint *ret);

/* The certificate's DER, borrowed for the identity's life; for getStats. */
struct bytes dtls_identity_der(const struct dtls_identity *id);

/* Unix seconds the certificate expires at. */
int64_t dtls_identity_expires(const struct dtls_identity *id);

/*
 * A new association in DTLS_NEW. Until dtls_start it only keeps what comes: at most 16 datagrams
 * and 20 kB, so that a ClientHello that outruns the signalling is not lost; what does not fit is
 * dropped.
 */
int dtls_new(struct dtls **ret, const struct dtls_cfg *cfg, mono_us now);
struct dtls *dtls_free(struct dtls *d);

/* Starts the handshake. Of several hash functions the strongest listed counts (RFC 8122 section
 * 5.1), of several fingerprints by it one must match; lines past DTLS_FINGERPRINTS are not read.
 * -EINVAL without one, -EALREADY if started, -ENOMEM. */
int dtls_start(struct dtls *d, mono_us now, enum dtls_role role,
               const struct dtls_fingerprint *expected, size_t n);

/* The path's RTT: the first retransmission comes after max(50 ms, 2 x rtt + 20 ms), then doubles up
 * to 3 s, RFC 6347 section 4.2.4.1 with the measured RTT in the place of its 1 s. Unknown (0): 400
 * ms. */
void dtls_set_rtt(struct dtls *d, mono_us rtt);

/* Whether datagrams may be sent now; false at first. Until a path exists flights wait, and no timer
 * runs: the 30 s begin anew with true. */
void dtls_set_writable(struct dtls *d, mono_us now, bool writable);

/* A datagram whose first byte is 20 to 63 (RFC 7983). Bad records are dropped and counted. 0 or
 * -ENOMEM. After it, call dtls_read until it gives 0, then poll. The datagram is copied. A fatal
 * alert that nothing authenticates is believed only if the handshake does not go on after it. */
int dtls_recv(struct dtls *d, mono_us now, struct bytes datagram);

/* The next record of application data: decrypts it into buf (cap >= 16384 never truncates), returns
 * its size, 0 if none. What of buf is past that size may have been written to. */
size_t dtls_read(struct dtls *d, mono_us now, uint8_t *buf, size_t cap);

/*
 * Seals plaintext as one record in one datagram into out. Returns 0 and *ret_n; -ENOTCONN when not
 * connected, -EMSGSIZE when cap is too small (plaintext.n + DTLS_OVERHEAD always suffices) or the
 * plaintext exceeds 16384 bytes, -EOVERFLOW after 2^48 records, -EIO when OpenSSL failed. plaintext
 * and out must not overlap.
 */
int dtls_seal(struct dtls *d, mono_us now, struct bytes plaintext, uint8_t *out, size_t cap,
              size_t *ret_n);
#define DTLS_OVERHEAD 64

/* What a sealed record really adds, for the MTU: 37 for AES-GCM; DTLS_OVERHEAD until connected. */
size_t dtls_overhead(const struct dtls *d);

/* Sends close_notify (on the next poll) and goes to DTLS_CLOSED. The peer's close_notify is
 * answered, and does the same. */
void dtls_close(struct dtls *d, mono_us now);

int dtls_wake(struct dtls *d, mono_us now);
void dtls_poll(struct dtls *d, mono_us now, uint8_t *buf, size_t cap, struct dtls_out *ret);

enum dtls_state dtls_state(const struct dtls *d);
enum dtls_failure dtls_failure(const struct dtls *d);
/* A sentence about the failure: "the peer's certificate has fingerprint sha-256 AA:.., the
 * description says BB:..". Borrowed. */
const char *dtls_failure_text(const struct dtls *d);
/* "DTLS 1.2", "ECDHE-ECDSA-AES128-GCM-SHA256" or NULL before connected; the peer's certificate DER
 * or empty. Borrowed. */
const char *dtls_version(const struct dtls *d);
const char *dtls_cipher(const struct dtls *d);
struct bytes dtls_remote_der(const struct dtls *d);
/* Records dropped as malformed or not authentic, and flights sent again. */
uint64_t dtls_bad_records(const struct dtls *d);
uint64_t dtls_retransmissions(const struct dtls *d);

#endif
