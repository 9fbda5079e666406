#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *ret, enum fault_reason reason, const char *format, ...) {
  if (ret) {
    va_list args;
    va_start(args, format);
    ret->reason = reason;
    (void)vsnprintf(ret->text, sizeof ret->text, format, args);
    va_end(args);
  }
  return reason == FAULT_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

int fault_oom(struct fault *ret) {
  return fault_set(ret, FAULT_OUT_OF_MEMORY, "out of memory");
}

const char *fault_reason_name(enum fault_reason reason) {
  switch (reason) {
  case FAULT_NONE: return "none";
  case FAULT_PARSE_ERROR: return "parse-error";
  case FAULT_INVALID_REQUEST: return "invalid-request";
  case FAULT_UNKNOWN_METHOD: return "unknown-method";
  case FAULT_INVALID_PARAMS: return "invalid-params";
  case FAULT_INTERNAL: return "internal-error";
  case FAULT_OUT_OF_MEMORY: return "out-of-memory";
  case FAULT_NOT_HELLO: return "not-hello";
  case FAULT_UNSUPPORTED_PROTOCOL: return "unsupported-protocol";
  case FAULT_UNKNOWN_PEER: return "unknown-peer";
  case FAULT_UNKNOWN_CHANNEL: return "unknown-channel";
  case FAULT_INVALID_STATE: return "invalid-state";
  case FAULT_INVALID_SDP: return "invalid-sdp";
  case FAULT_INVALID_CANDIDATE: return "invalid-candidate";
  case FAULT_MESSAGE_TOO_LARGE: return "message-too-large";
  case FAULT_OPERATION_ERROR: return "operation-error";
  case FAULT_TYPE_ERROR: return "type-error";
  case FAULT_NOT_ALLOWED: return "not-allowed";
  case FAULT_NOT_SUPPORTED: return "not-supported";
  case FAULT_TOO_MANY: return "too-many";
  }
  return "internal-error";
}
