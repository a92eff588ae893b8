// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the n-th allocation fail. A test program that links fail_malloc.c with fail_malloc_args (see
 * tests/common/meson.build) has all allocations of Tern's static libraries go through here.
 */
#ifndef TESTS_FAIL_MALLOC_H
#define TESTS_FAIL_MALLOC_H

#include <stdbool.h>

/* The n-th allocation from now on fails, once (0: none does). */
void fail_malloc_at(unsigned long n);
/* True if it has happened. */
bool fail_malloc_fired(void);

#endif
