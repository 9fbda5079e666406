#ifndef SENSO_SCTP_PACKET_WIRE_H
#define SENSO_SCTP_PACKET_WIRE_H

/* Numbers on the wire, with where they come from. */

/* RFC 9260 section 3.2 unless noted. */
enum chunk_type {
  CHUNK_DATA = 0,
  CHUNK_INIT = 1,
  CHUNK_INIT_ACK = 2,
  CHUNK_SACK = 3,
  CHUNK_HEARTBEAT = 4,
  CHUNK_HEARTBEAT_ACK = 5,
  CHUNK_ABORT = 6,
  CHUNK_SHUTDOWN = 7,
  CHUNK_SHUTDOWN_ACK = 8,
  CHUNK_ERROR = 9,
  CHUNK_COOKIE_ECHO = 10,
  CHUNK_COOKIE_ACK = 11,
  CHUNK_SHUTDOWN_COMPLETE = 14,
  CHUNK_I_DATA = 64,          /* RFC 8260 section 2.1 */
  CHUNK_RE_CONFIG = 130,      /* RFC 6525 section 3.1 */
  CHUNK_PAD = 132,            /* RFC 4820 section 3 */
  CHUNK_FORWARD_TSN = 0xc0,   /* RFC 3758 section 3.2 */
  CHUNK_I_FORWARD_TSN = 0xc2, /* RFC 8260 section 2.3.1 */
};

/* What to do with a chunk or parameter type we do not know: its two highest bits (sections 3.2 and
 * 3.2.1). */
#define UNKNOWN_SKIP_CHUNK   0x80u
#define UNKNOWN_REPORT_CHUNK 0x40u
#define UNKNOWN_SKIP_PARAM   0x8000u
#define UNKNOWN_REPORT_PARAM 0x4000u

#define CHUNK_HEADER_SIZE 4u
#define DATA_HEADER_SIZE  16u /* with the chunk header, section 3.3.1 */

#define I_DATA_HEADER_SIZE 20u /* with the chunk header, RFC 8260 section 2.1 */

/* DATA flags, section 3.3.1 */
#define DATA_FLAG_END       0x01u
#define DATA_FLAG_BEGIN     0x02u
#define DATA_FLAG_UNORDERED 0x04u
#define DATA_FLAG_IMMEDIATE 0x08u

/* ABORT and SHUTDOWN COMPLETE: the tag is the sender's own, section 8.5.1 */
#define FLAG_T 0x01u

enum param_type {
  PARAM_HEARTBEAT_INFO = 1,
  PARAM_STATE_COOKIE = 7,
  PARAM_UNRECOGNIZED = 8,
  PARAM_OUTGOING_RESET = 13, /* RFC 6525 section 4 */
  PARAM_INCOMING_RESET = 14,
  PARAM_SSN_TSN_RESET = 15,
  PARAM_RECONFIG_RESPONSE = 16,
  PARAM_ADD_OUTGOING = 17,
  PARAM_ADD_INCOMING = 18,
  PARAM_ZERO_CHECKSUM = 0x8001,        /* RFC 9653 section 4 */
  PARAM_SUPPORTED_EXTENSIONS = 0x8008, /* RFC 5061 section 4.2.7 */
  PARAM_FORWARD_TSN = 0xc000,          /* RFC 3758 section 3.1 */
};

/* Parameters that SCTP over DTLS has no use for but must not call unknown: addresses are ignored
 * (RFC 8261 section 3). */
#define PARAM_IPV4_ADDRESS        5
#define PARAM_IPV6_ADDRESS        6
#define PARAM_COOKIE_PRESERVATIVE 9
#define PARAM_HOST_NAME           11
#define PARAM_ADDRESS_TYPES       12
#define PARAM_ECN                 0x8000

/* Error Detection Method Identifier: SCTP over DTLS (RFC 9653 section 6). */
#define EDMID_DTLS 1u

/* RFC 9260 section 3.3.10 */
enum cause_code {
  CAUSE_INVALID_STREAM = 1,
  CAUSE_MISSING_PARAMETER = 2,
  CAUSE_STALE_COOKIE = 3,
  CAUSE_OUT_OF_RESOURCE = 4,
  CAUSE_UNRECOGNIZED_CHUNK = 6,
  CAUSE_INVALID_PARAMETER = 7,
  CAUSE_UNRECOGNIZED_PARAMETERS = 8,
  CAUSE_NO_USER_DATA = 9,
  CAUSE_COOKIE_WHILE_SHUTTING_DOWN = 10,
  CAUSE_RESTART_NEW_ADDRESS = 11,
  CAUSE_USER_ABORT = 12,
  CAUSE_PROTOCOL_VIOLATION = 13,
};

/* RFC 6525 section 4.4 */
enum reset_result {
  RESET_NOTHING_TO_DO = 0,
  RESET_PERFORMED = 1,
  RESET_DENIED = 2,
  RESET_WRONG_SSN = 3,
  RESET_ALREADY_IN_PROGRESS = 4,
  RESET_BAD_SEQUENCE = 5,
  RESET_IN_PROGRESS = 6,
};

#endif
