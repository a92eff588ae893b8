// SPDX-License-Identifier: Apache-2.0
/* Conversion vectors written by gen_unistr_vectors.py. */
#ifndef UNISTR_VECTORS_H
#define UNISTR_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

struct vector8 {
    const uint8_t *in;
    size_t in_n;
    int bad; /* where strict fails, or -1 */
    const char16_t *strict;
    size_t strict_n;
    const char16_t *lossy;
    size_t lossy_n;
};

struct vector16 {
    const char16_t *in;
    size_t in_n;
    int bad;
    const uint8_t *strict;
    size_t strict_n;
    const uint8_t *lossy;
    size_t lossy_n;
    const uint8_t *wtf;
    size_t wtf_n;
};

extern const struct vector8 vectors8[];
extern const struct vector16 vectors16[];
extern const size_t vectors8_n, vectors16_n;

#endif
