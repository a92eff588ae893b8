// SPDX-License-Identifier: Apache-2.0
/* Connections of captures that we write, by the texts of their addresses; and the security tokens of PDUs,
 * which are in none. */
#ifndef CAPTURE_FLOW_H
#define CAPTURE_FLOW_H

#include "capture/write.h"

#pragma GCC visibility push(default)

struct capture_flow {
    struct capture_flow *next;
    char peer[80], local[80];
    unsigned refs;
    bool shared;
    struct capture_conn c;
};

struct capture_flows {
    struct capture_flow *first;
    uint32_t
        last_isn; /* a port that is used again begins elsewhere, or nobody could tell the connections apart */
    uint16_t last_port; /* of those who have none */
};

/* A connection whose opening is appended to w at `time`, or (shared) the one that there is between the two.
 * peer, local: "192.0.2.1:445", "[2001:db8::1]:445"; a client without an address (NULL) is shown at a
 * loopback address with a port that counts, and so are both ends where one makes no sense. NULL: no memory.
 */
struct capture_flow *capture_flow_get(struct capture_flows *fs, const char *peer, const char *local,
                                      bool shared, const char *comment, uint64_t time, struct wr *w);
/* With the last reference its end is appended. */
void capture_flow_unref(struct capture_flows *fs, struct capture_flow *f, uint64_t time, struct wr *w);
/* Without a word. */
void capture_flows_free(struct capture_flows *fs);

/* Takes the security trailer off a whole PDU that has a token of an authentication in it (bind,
 * alter_context, their answers), and makes its length right: nobody can crack what is not there. Returns the
 * new length; 0: auth3, which is nothing but a token. Other PDUs stay, for their trailers say only how they
 * are protected. */
size_t capture_trim_pdu(uint8_t *pdu, size_t len);

#pragma GCC visibility pop

#endif
