#ifndef SENSO_RPC_FIELDS_H
#define SENSO_RPC_FIELDS_H

#include "rpc/request.h"

/* Reading a JSON object by a table: which fields there are, of what type and range, and where their
 * values go. */
enum field_kind {
  FIELD_UINT,        /* uint64_t: an integer from min to max */
  FIELD_BOOL,        /* bool */
  FIELD_STRING,      /* struct bytes: UTF-8, NUL included; min to max bytes */
  FIELD_STRING_NULL, /* the same, or null, which counts as absent */
  FIELD_NAME,        /* int: the index in names */
  FIELD_OBJECT,      /* cJSON * */
  FIELD_OBJECT_NULL, /* cJSON *, or null: present with a NULL value */
  FIELD_ARRAY,       /* cJSON *: an array of min to max items */
  FIELD_ANY,         /* cJSON * */
};

struct field {
  const char *name;
  enum field_kind kind;
  bool required;
  uint64_t min, max;        /* max 0: no limit */
  const char *const *names; /* FIELD_NAME: ended by NULL */
  size_t offset;
};

/* The structs that are filled begin with this: bit i is set when field i was there (and not null).
 */
struct fields_present {
  uint32_t bits;
};

/*
 * Reads `object` (NULL: an empty one) by the table into `to`, which is zeroed by the caller. prefix
 * is put before the names in the error's path ("init" gives "init.credit"); NULL: none. 0, or
 * negative with FAULT_INVALID_PARAMS.
 */
int fields_read(const struct rpc_request *r, const cJSON *object, const struct field *table,
                size_t n, const char *prefix, void *to, struct rpc_error *e);

#define FIELDS_COUNT(table) (sizeof(table) / sizeof *(table))

static inline bool fields_has(const struct fields_present *present, unsigned i) {
  return present->bits >> i & 1;
}

#endif
