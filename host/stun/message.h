#ifndef SENSO_STUN_MESSAGE_H
#define SENSO_STUN_MESSAGE_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/rng.h"

/* STUN messages, RFC 8489 section 5 (and 5389; RFC 3489 without the cookie is refused). */

#define STUN_MAGIC       0x2112A442u
#define STUN_HEADER_SIZE 20
#define STUN_TID_SIZE    12

enum stun_class { STUN_REQUEST = 0, STUN_INDICATION = 1, STUN_SUCCESS = 2, STUN_ERROR = 3 };

/* RFC 8489 section 18.2, RFC 8656 section 17. */
enum stun_method {
  STUN_BINDING = 0x001,
  STUN_ALLOCATE = 0x003,
  STUN_REFRESH = 0x004,
  STUN_SEND = 0x006,
  STUN_DATA = 0x007,
  STUN_CREATE_PERMISSION = 0x008,
  STUN_CHANNEL_BIND = 0x009,
};

struct stun_tid {
  uint8_t b[STUN_TID_SIZE];
};

/* A message that was read; all runs are borrowed from the datagram. */
struct stun_message {
  enum stun_class cls;
  uint16_t method; /* an enum stun_method or one we do not know */
  struct stun_tid tid;
  struct bytes raw;
  struct bytes attrs; /* those that count: what follows a MESSAGE-INTEGRITY is left out */
  /* Offsets of the attribute headers in raw, and their values; 0 and empty when absent. */
  size_t integrity_at, sha256_at, fingerprint_at;
  struct bytes integrity, sha256, fingerprint;
};

struct stun_attr {
  uint16_t type;
  struct bytes value;
};

/* Reads a whole datagram. 0 and *ret, or -EINVAL when it is not one well-formed STUN message. */
int stun_parse(struct bytes datagram, struct stun_message *ret);

/* The next attribute of m->attrs, in order: start with cursor_of(m->attrs). False at the end. */
bool stun_next(struct cursor *at, struct stun_attr *ret);

/* The value of the first attribute of this type; false and *ret untouched when there is none. */
bool stun_find(const struct stun_message *m, uint16_t type, struct bytes *ret);

/* A set of attribute types. */
struct stun_types {
  const uint16_t *types;
  size_t n;
};

/*
 * The comprehension-required attributes (types below 0x8000) that are not among the known ones: at
 * most cap of them go to ret; returns how many.
 */
size_t stun_unknown(const struct stun_message *m, struct stun_types known, uint16_t *ret,
                    size_t cap);

/* A random transaction id. */
struct stun_tid stun_tid_make(const struct rng *rng);
bool stun_tid_equal(const struct stun_tid *a, const struct stun_tid *b);

#endif
