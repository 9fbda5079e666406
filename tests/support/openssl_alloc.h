#ifndef SENSO_TESTS_OPENSSL_ALLOC_H
#define SENSO_TESTS_OPENSSL_ALLOC_H

/*
 * Sends OpenSSL's own allocations through the failing allocator (support/fail_alloc.h) as well.
 * Call it first in main: OpenSSL accepts it only before its first allocation. Asserts that it was
 * accepted.
 */
void openssl_alloc_install(void);

#endif
