#ifndef SENSO_STUN_ATTRIBUTES_H
#define SENSO_STUN_ATTRIBUTES_H

#include "base/addr.h"
#include "stun/message.h"

/* Attribute types: RFC 8489 section 18.3, RFC 8656 section 18, RFC 8445 section 16.1, RFC 7982,
 * RFC 5780. */
enum stun_attr_type {
  STUN_ATTR_MAPPED_ADDRESS = 0x0001,
  STUN_ATTR_USERNAME = 0x0006,
  STUN_ATTR_MESSAGE_INTEGRITY = 0x0008,
  STUN_ATTR_ERROR_CODE = 0x0009,
  STUN_ATTR_UNKNOWN_ATTRIBUTES = 0x000a,
  STUN_ATTR_CHANNEL_NUMBER = 0x000c,
  STUN_ATTR_LIFETIME = 0x000d,
  STUN_ATTR_XOR_PEER_ADDRESS = 0x0012,
  STUN_ATTR_DATA = 0x0013,
  STUN_ATTR_REALM = 0x0014,
  STUN_ATTR_NONCE = 0x0015,
  STUN_ATTR_XOR_RELAYED_ADDRESS = 0x0016,
  STUN_ATTR_REQUESTED_ADDRESS_FAMILY = 0x0017,
  STUN_ATTR_EVEN_PORT = 0x0018,
  STUN_ATTR_REQUESTED_TRANSPORT = 0x0019,
  STUN_ATTR_DONT_FRAGMENT = 0x001a,
  STUN_ATTR_MESSAGE_INTEGRITY_SHA256 = 0x001c,
  STUN_ATTR_PASSWORD_ALGORITHM = 0x001d,
  STUN_ATTR_USERHASH = 0x001e,
  STUN_ATTR_XOR_MAPPED_ADDRESS = 0x0020,
  STUN_ATTR_RESERVATION_TOKEN = 0x0022,
  STUN_ATTR_PRIORITY = 0x0024,
  STUN_ATTR_USE_CANDIDATE = 0x0025,
  STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
  STUN_ATTR_ADDRESS_ERROR_CODE = 0x8001,
  STUN_ATTR_PASSWORD_ALGORITHMS = 0x8002,
  STUN_ATTR_ALTERNATE_DOMAIN = 0x8003,
  STUN_ATTR_ICMP = 0x8004,
  STUN_ATTR_SOFTWARE = 0x8022,
  STUN_ATTR_ALTERNATE_SERVER = 0x8023,
  STUN_ATTR_TRANSACTION_TRANSMIT_COUNTER = 0x8025,
  STUN_ATTR_FINGERPRINT = 0x8028,
  STUN_ATTR_ICE_CONTROLLED = 0x8029,
  STUN_ATTR_ICE_CONTROLLING = 0x802a,
  STUN_ATTR_RESPONSE_ORIGIN = 0x802b,
  STUN_ATTR_OTHER_ADDRESS = 0x802c,
};

/* Error codes: RFC 8489 section 18.4, RFC 8656 section 19, RFC 8445 section 16.2. */
enum stun_error_code {
  STUN_ERR_TRY_ALTERNATE = 300,
  STUN_ERR_BAD_REQUEST = 400,
  STUN_ERR_UNAUTHENTICATED = 401,
  STUN_ERR_FORBIDDEN = 403,
  STUN_ERR_UNKNOWN_ATTRIBUTE = 420,
  STUN_ERR_ALLOCATION_MISMATCH = 437,
  STUN_ERR_STALE_NONCE = 438,
  STUN_ERR_ROLE_CONFLICT = 487,
  STUN_ERR_SERVER_ERROR = 500,
};

/* Password algorithms, RFC 8489 section 18.5. */
enum stun_password_algorithm { STUN_PASSWORD_MD5 = 1, STUN_PASSWORD_SHA256 = 2 };

/* Readers of a value: true and *ret, or false with *ret untouched when the attribute is absent or
 * malformed. */
bool stun_get_u32(const struct stun_message *m, uint16_t type, uint32_t *ret);
bool stun_get_u64(const struct stun_message *m, uint16_t type, uint64_t *ret);

/* MAPPED-ADDRESS and its like (section 14.1) / XOR-MAPPED-ADDRESS and its like (14.2). scope is
 * 0. */
bool stun_get_address(const struct stun_message *m, uint16_t type, struct addr *ret);
bool stun_get_xor_address(const struct stun_message *m, uint16_t type, struct addr *ret);
/* The first of several XOR-MAPPED-ADDRESS and its like that has this family: an allocation of both
 * brings two (RFC 8656 section 7.3). */
bool stun_get_xor_address_of(const struct stun_message *m, uint16_t type, uint8_t family,
                             struct addr *ret);

/* ERROR-CODE (section 14.8): 300 to 699; reason is borrowed text, not necessarily UTF-8. */
struct stun_error {
  unsigned code;
  struct bytes reason;
};
bool stun_get_error(const struct stun_message *m, struct stun_error *ret);

/* PASSWORD-ALGORITHMS or PASSWORD-ALGORITHM (sections 14.11, 14.12): at most cap of the numbers in
 * order; returns how many, 0 when absent or malformed. */
size_t stun_get_password_algorithms(const struct stun_message *m, uint16_t type, uint16_t *ret,
                                    size_t cap);

/* The security feature bits a nonce carries (section 9.2): true when it starts with the cookie. Bit
 * 0 of the 24 is the left-most: password algorithms 0x800000, username anonymity 0x400000. */
#define STUN_FEATURE_PASSWORD_ALGORITHMS 0x800000u
#define STUN_FEATURE_USERNAME_ANONYMITY  0x400000u
bool stun_nonce_features(struct bytes nonce, uint32_t *ret);

/* RFC 7982: the request's transmission number that the response echoes; 0 when it says nothing. */
unsigned stun_get_transmit_count(const struct stun_message *m);

#endif
