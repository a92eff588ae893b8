// SPDX-License-Identifier: Apache-2.0
/* Inside of the endpoint mapper: towers, and the map. */
#ifndef SERVE_M_EPM_H
#define SERVE_M_EPM_H

#include <msrpc/serve.h>
#include "base/cursor.h"

/* [MS-RPCE] 2.2.1.2.2: the range of tower_length. */
#define EPM_TOWER_MAX 2000
/* [MS-RPCE] 3.1.3.5.3: towers with more are rejected. */
#define EPM_FLOORS_MAX 6
/* Floors behind the two UUIDs. */
#define EPM_PROTOCOLS_MAX (EPM_FLOORS_MAX - 2)
/* Entries of the map: a few hundred on a busy Windows domain controller. */
#define EPM_ENTRIES_MAX 4096
/* Searches that are not at their end, of all clients: each is a context handle and 80 bytes; [C706] gives a
 * client nothing by which to tell that another should go first. */
#define EPM_SEARCHES_MAX 4096

enum { /* protocol identifiers of floors: [C706] appendix I, [MS-RPCE] 2.1.1 */
       FLOOR_TCP = 0x07,
       FLOOR_IP = 0x09,
       FLOOR_RPC_CO = 0x0b,
       FLOOR_RPC_LOCAL = 0x0c,
       FLOOR_UUID = 0x0d,
       FLOOR_PIPE = 0x0f,
       FLOOR_LOCAL_ENDPOINT = 0x10,
       FLOOR_NETBIOS = 0x11,
};

/* What a tower says, as far as it is compared. */
struct epm_tower {
    struct rpc_syntax iface, transfer;
    uint8_t protocol[EPM_PROTOCOLS_MAX]; /* floors 3 and up */
    unsigned n_protocols;
};

/* STATUS_INVALID_PARAMETER for anything that is no tower of up to six floors. */
enum nt_status epm_tower_read(const uint8_t *p, size_t len, struct epm_tower *ret);
/* Room for the text of an endpoint that a tower has, with its terminator: pipes and sockets are shorter. */
#define EPM_ENDPOINT_MAX 256
/* The endpoint that a tower tells of, as text in `text`; its address is not looked at ([MS-RPCE] 3.1.3.5.3).
 * STATUS_INVALID_PARAMETER for one of other protocols than serve_endpoint has, or without an endpoint. */
enum nt_status epm_tower_endpoint(const uint8_t *p, size_t len, struct serve_endpoint *ret,
                                  char text[EPM_ENDPOINT_MAX]);
/* The tower of an endpoint, with that transfer syntax. host: used where e has none. */
void epm_tower_write(struct wr *w, const struct serve_endpoint *e, const struct rpc_syntax *transfer,
                     const char *host);
bool epm_tower_same_protocols(const struct epm_tower *a, const struct epm_tower *b);

#endif
