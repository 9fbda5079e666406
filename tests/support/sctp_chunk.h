#ifndef SENSO_TESTS_SCTP_CHUNK_H
#define SENSO_TESTS_SCTP_CHUNK_H

#include "sctp/packet/packet.h"
#include "support/unit.h"

/* The first chunk of what a codec wrote. */
static inline struct chunk first_chunk(struct bytes b) {
  struct cursor c = cursor_of(b);
  struct chunk k = {0};
  assert_true(chunk_next(&c, &k));
  return k;
}

#endif
