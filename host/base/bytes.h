#ifndef SENSO_BASE_BYTES_H
#define SENSO_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes. p may be NULL when n is 0. Whoever hands it out says how long it stays
 * valid. */
struct bytes {
  const uint8_t *p;
  size_t n;
};

/* The bytes of a NUL-terminated string, without the NUL; a NULL string is empty. */
struct bytes bytes_of(const char *text);

/* Byte-wise equality; two empty runs are equal. Not constant time: see bytes_equal_secret. */
bool bytes_equal(struct bytes a, struct bytes b);

/* Equality in a time that depends on the lengths only; for MACs and fingerprints. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* A NUL-terminated copy on the heap; NULL when out of memory. */
char *bytes_copy_text(struct bytes b);

#endif
