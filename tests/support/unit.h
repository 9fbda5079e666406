#ifndef SENSO_TESTS_UNIT_H
#define SENSO_TESTS_UNIT_H

/* What every unit test includes: cmocka with the headers it wants before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fail_alloc.h"

/* The static analyzer is not told by cmocka's header that a failed assertion does not return. */
#ifdef __clang_analyzer__
#include <stdlib.h>
#undef assert_true
#undef assert_false
#define assert_true(c)                                                                             \
  do {                                                                                             \
    if (!(c)) abort();                                                                             \
  } while (0)
#define assert_false(c) assert_true(!(c))
#endif

#endif
