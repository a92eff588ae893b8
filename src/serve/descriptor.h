// SPDX-License-Identifier: Apache-2.0
/* Security descriptors ([MS-DTYP] 2.4.6), self-relative, as peers and files hand them in. */
#ifndef SERVE_DESCRIPTOR_H
#define SERVE_DESCRIPTOR_H

#include <msrpc/token.h>

/* Whether all of it is well-formed, and inside. */
bool sd_valid(const uint8_t *p, size_t len);
/* [MS-DTYP] 2.5.3.2 without generic rights, which a stored descriptor of a share has mapped or not: they are
 * mapped as a file's here. An empty blob, or one without a DACL, grants all; an empty DACL nothing. Whoever
 * owns the object may read and write its descriptor. Damage grants nothing. */
bool sd_grants(struct nt_blob sd, const struct sec_token *who, uint32_t desired);

#endif
