#ifndef SENSO_RPC_REQUEST_H
#define SENSO_RPC_REQUEST_H

#include <cjson/cJSON.h>

#include "base/bytes.h"
#include "base/fault.h"

/* Why a call failed, as its reply says it. */
struct rpc_error {
  struct fault fault;
  char path[96];         /* the field at fault, from params on; empty: none */
  int64_t offset;        /* -1: none */
  int64_t limit;         /* -1: none */
  const char *exception; /* the W3C exception where it is not TypeError; NULL: none; a fixed text */
};

/* A frame taken apart. Free with request_clear. */
struct rpc_request {
  cJSON *root;
  struct bytes id; /* raw, borrowed from the frame; "null" where it was there but unreadable; empty:
                      a notification */
  const char *method;  /* NULL if there is none */
  const cJSON *params; /* an object, or NULL */
  bool rewritten;      /* the tree was made of what json_rewrite wrote */
};

/*
 * Takes a frame apart. 0, also for a request of an unknown method; negative with *e
 * (parse-error or invalid-request) and request->id to answer with (never empty then: "null" when
 * unreadable).
 */
int rpc_request_parse(struct bytes frame, struct rpc_request *ret, struct rpc_error *e);
void rpc_request_clear(struct rpc_request *r);

/* A string's bytes, NUL included. Once for each string: the tree's copy is changed. */
struct bytes rpc_request_string(const struct rpc_request *r, cJSON *item);

/* The error code of a reason: the table of manifest/protocol/errors.json. */
int rpc_error_code(enum fault_reason reason);

/* fault_set and a path. Returns negative. */
int rpc_error_set(struct rpc_error *ret, enum fault_reason reason, const char *path,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
