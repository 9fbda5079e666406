#ifndef SENSO_BASE_FAULT_H
#define SENSO_BASE_FAULT_H

/*
 * An error a person can act on: a symbolic reason (data.reason of the protocol) and one sentence
 * that names what is wrong and where. Functions take a `struct fault *ret_fault` and fill it when
 * they return negative.
 */
enum fault_reason {
  FAULT_NONE,
  FAULT_PARSE_ERROR,
  FAULT_INVALID_REQUEST,
  FAULT_UNKNOWN_METHOD,
  FAULT_INVALID_PARAMS,
  FAULT_INTERNAL,
  FAULT_OUT_OF_MEMORY,
  FAULT_NOT_HELLO,
  FAULT_UNSUPPORTED_PROTOCOL,
  FAULT_UNKNOWN_PEER,
  FAULT_UNKNOWN_CHANNEL,
  FAULT_INVALID_STATE,
  FAULT_INVALID_SDP,
  FAULT_INVALID_CANDIDATE,
  FAULT_MESSAGE_TOO_LARGE,
  FAULT_OPERATION_ERROR,
  FAULT_TYPE_ERROR,
  FAULT_NOT_ALLOWED,
  FAULT_NOT_SUPPORTED,
  FAULT_TOO_MANY,
};

struct fault {
  enum fault_reason reason;
  char text[256];
};

/* Fills *ret (which may be NULL) and returns -EINVAL, or -ENOMEM for FAULT_OUT_OF_MEMORY: `return
 * fault_set(...)`. */
int fault_set(struct fault *ret, enum fault_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fault_set for a failed allocation. */
int fault_oom(struct fault *ret);

/* The symbolic name: "unknown-peer", "invalid-sdp", ... */
const char *fault_reason_name(enum fault_reason reason);

#endif
