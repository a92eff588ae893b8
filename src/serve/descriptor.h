// SPDX-License-Identifier: Apache-2.0
/* Security descriptors ([MS-DTYP] 2.4.6), self-relative, as peers and files hand them in. */
#ifndef SERVE_DESCRIPTOR_H
#define SERVE_DESCRIPTOR_H

#include <msrpc/token.h>

/* Whether all of it is well-formed, and inside. */
bool sd_valid(const uint8_t *p, size_t len);
/* What the four generic rights stand for with an object of some kind ([MS-DTYP] 2.4.3). */
struct sd_mapping {
    uint32_t read, write, execute, all;
};
extern const struct sd_mapping sd_file_mapping; /* of files, and so of shares */

/* [MS-DTYP] 2.5.3.2 without object types. All that who gets from the descriptor, generic rights mapped; those
 * in a stored one may be or not. An empty blob, or one without a DACL, gives all; an empty DACL nothing.
 * Whoever owns the object may read and write its descriptor. Damage gives nothing. */
uint32_t sd_rights(struct nt_blob sd, const struct sec_token *who, const struct sd_mapping *map);
/* Whether these, generic or not, are among them; MAXIMUM_ALLOWED asks for nothing in particular. */
bool sd_grants(struct nt_blob sd, const struct sec_token *who, uint32_t desired); /* of a file or share */
uint32_t sd_map(uint32_t mask, const struct sd_mapping *map);

#endif
