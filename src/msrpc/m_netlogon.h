// SPDX-License-Identifier: Apache-2.0
/* Shared by the client's and the server's side of the Netlogon secure channel. */
#ifndef MSRPC_M_NETLOGON_H
#define MSRPC_M_NETLOGON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A NetBIOS name without its type byte ([MS-NBTE] 2.2.1). */
#define NL_NETBIOS_MAX 15u

/* [MS-NRPC] 3.1.4.1: none of the first five bytes is unique. With AES in CFB8 and a vector of zeros such a
 * challenge has, for one key in 256, a credential that anybody can guess (CVE-2020-1472). */
static inline bool nl_too_simple(const uint8_t challenge[8])
{
    for (int i = 0; i < 5; i++) {
        bool unique = true;
        for (int k = 0; k < 5; k++)
            unique = unique && (k == i || challenge[k] != challenge[i]);
        if (unique)
            return false;
    }
    return true;
}

/* n characters, ASCII letters in upper case, and an end. */
static inline void nl_upper(const char *from, size_t n, char *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] >= 'a' && from[i] <= 'z' ? (char)(from[i] - 'a' + 'A') : from[i];
    to[n] = '\0';
}

#endif
