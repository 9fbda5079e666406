#ifndef SENSO_TESTS_FAIL_ALLOC_H
#define SENSO_TESTS_FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The allocator of every test program (ld --wrap): counts allocations of the code under test and
 * makes the chosen one fail.
 */

/* The n-th allocation from now (0: the next) fails, once; fail_alloc_never() switches it off. */
void fail_alloc_at(size_t n);
void fail_alloc_never(void);

/* True once the chosen allocation was reached and failed. */
bool fail_alloc_hit(void);

/*
 * Runs scenario(ctx) with its first allocation failing, then its second, and so on, until a run
 * needs no more. A scenario returns 0 when it went through, or a negative error; it frees all it
 * made either way (LeakSanitizer looks), and must return 0 when nothing failed. Asserts with
 * cmocka.
 */
void fail_alloc_each(int (*scenario)(void *ctx), void *ctx);

#endif
