// SPDX-License-Identifier: Apache-2.0
/*
 * pcapng files (draft-ietf-opsawg-pcapng) to packets, for who has no libpcap: sections in either byte order,
 * interfaces with their link types and resolutions, enhanced packet blocks. Other blocks are passed over.
 */
#ifndef CAPTURE_READ_H
#define CAPTURE_READ_H

#include "capture/capture.h"

#pragma GCC visibility push(default)

/* A packet of the longest kind that capture programs take (256 KiB), with its options. */
#define CAPTURE_BLOCK_MAX ((size_t)1 << 20)
/* Interfaces of a section; programs that listen everywhere have some dozen. */
#define CAPTURE_IFACES_MAX 256u

struct capture_file;

/* Packets go to c. NULL: no memory. */
struct capture_file *capture_file_new(struct capture *c);
/* The next octets, cut anywhere. STATUS_FILE_INVALID: this is no pcapng file, or not from here on;
 * STATUS_NO_MEMORY. */
enum nt_status capture_file_feed(struct capture_file *f, const uint8_t *data, size_t len) NT_CHECKED;
/* False: the file ends within a block, or has none. */
bool capture_file_whole(const struct capture_file *f);
void capture_file_free(struct capture_file *f);

#pragma GCC visibility pop

#endif
