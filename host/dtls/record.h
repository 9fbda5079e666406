#ifndef SENSO_DTLS_RECORD_H
#define SENSO_DTLS_RECORD_H

#include "base/bytes.h"
#include "base/cursor.h"

/* The DTLS 1.2 record (RFC 6347 section 4.1). */
#define DTLS_RECORD_HEADER    13
#define DTLS_PLAINTEXT_MAX    16384          /* RFC 5246 section 6.2.1 */
#define DTLS_CIPHERTEXT_MAX   (16384 + 2048) /* RFC 5246 section 6.2.3 */
#define DTLS_VERSION_1_2      0xfefd
#define DTLS_SEQ_MAX          ((UINT64_C(1) << 48) - 1)
#define DTLS_HANDSHAKE_HEADER 12 /* RFC 6347 section 4.2.2 */

/* ContentType, RFC 5246 section 6.2.1. */
enum {
  DTLS_CHANGE_CIPHER_SPEC = 20,
  DTLS_ALERT_RECORD = 21,
  DTLS_HANDSHAKE = 22,
  DTLS_APPLICATION_DATA = 23,
};

/* HandshakeType, RFC 5246 section 7.4. */
enum {
  DTLS_HELLO_REQUEST = 0,
  DTLS_CLIENT_HELLO = 1,
  DTLS_FINISHED = 20,
};

struct dtls_record {
  uint8_t type;
  uint16_t version;
  uint16_t epoch;
  uint64_t seq; /* 48 bits */
  struct bytes body;
  struct bytes whole; /* header and body */
};

/* The next record, borrowed from the cursor's bytes. False, and the cursor failed, at anything that
 * is not one; false and not failed at the end. */
bool dtls_record_take(struct cursor *c, struct dtls_record *ret);

/* The bytes of the well-formed records a datagram begins with; what follows them is junk. */
struct bytes dtls_record_span(struct bytes datagram);

/* The type of the handshake message in a plaintext record, or -1. */
int dtls_record_handshake_type(struct bytes body);

#endif
