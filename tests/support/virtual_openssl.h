#ifndef SENSO_TESTS_VIRTUAL_OPENSSL_H
#define SENSO_TESTS_VIRTUAL_OPENSSL_H

#include <stdint.h>

/*
 * OpenSSL's hidden inputs in the tests' hands: its RAND becomes a repeatable generator, and
 * gettimeofday (interposed: the test programs are linked with -rdynamic) tells virtual time once it
 * was set. Key generation, ECDSA nonces, randoms and serials all follow from the seed.
 */

/* Installs the generator, or starts it anew. Not for secrets. */
void virtual_openssl_seed(uint64_t seed);

/* What gettimeofday tells from now on: Unix microseconds. */
void virtual_openssl_time(uint64_t unix_us);

/* gettimeofday tells the true time again, RAND is OpenSSL's own. */
void virtual_openssl_end(void);

/* How many bytes OpenSSL has drawn since the last seed. */
uint64_t virtual_openssl_drawn(void);

#endif
