// SPDX-License-Identifier: Apache-2.0
/*
 * Path names and names of LAN Manager's kinds: what the Netpr* operations of [MS-SRVS] say about them. These
 * look at text only, never at a file system. Strings are terminated.
 */
#ifndef SERVE_NAMES_H
#define SERVE_NAMES_H

#include <msrpc/nt.h>
#include <msrpc/status.h>

/* [MS-SRVS] 3.1.4.29: a longer path is no path. */
#define NAMES_PATH_MAX 260u
/* [MS-SRVS] 2.2.2.8: no name is longer. */
#define NAMES_MAX 260u

enum { /* [MS-SRVS] 2.2.2.9, as far as the algorithm of 3.1.1.9 tells them */
       PATH_UNC = 4096,
       PATH_UNC_WC = 4097,
       PATH_UNC_COMPUTER = 4144,
       PATH_UNC_COMPUTER_WC = 4145,
       PATH_RELND = 8192,
       PATH_RELND_WC = 8193,
       PATH_ABSND = 8194,
       PATH_ABSND_WC = 8195,
       PATH_ABSD = 8198,
       PATH_ABSD_WC = 8199,
       PATH_DISK = 16384,
       PATH_LPT = 16400,
       PATH_COM = 16416,
};

/* [MS-SRVS] 3.1.4.29. flags: 0, or 1 for names of MS-DOS. W_ERROR_INVALID_NAME, W_ERROR_INVALID_PARAMETER. */
enum werror names_path_type(const char16_t *path, uint32_t flags, uint32_t *ret_type);
/* [MS-SRVS] 3.1.4.30: the path without "." and "..", with backslashes, behind a prefix if that is not empty.
 * cap: room at ret in units, with the terminator. W_ERROR_INVALID_NAME also for one that leads out of its
 * root; W_NERR_BufTooSmall. Nothing is written on failure. */
enum werror names_path_canonicalize(const char16_t *path, const char16_t *prefix, uint32_t flags,
                                    char16_t *ret, size_t cap, uint32_t *ret_type);
/* [MS-SRVS] 3.1.4.31: -1, 0, 1, or an error code. */
int32_t names_path_compare(const char16_t *a, const char16_t *b, uint32_t flags);

/* [MS-SRVS] 3.1.4.32 to 3.1.4.34; type: 1 to 13 (2.2.2.8). cap as above. */
enum werror names_validate(const char16_t *name, uint32_t type, uint32_t flags);
enum werror names_canonicalize(const char16_t *name, uint32_t type, uint32_t flags, char16_t *ret,
                               size_t cap);
int32_t names_compare(const char16_t *a, const char16_t *b, uint32_t type, uint32_t flags);

#endif
