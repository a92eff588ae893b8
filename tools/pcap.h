// SPDX-License-Identifier: Apache-2.0
/* tern-rpc-pcap: what its files share. */
#ifndef PCAP_H
#define PCAP_H

#include <stdio.h>
#include <msrpc/info.h>
#include "capture/capture.h"

#define PCAP_JSON_VERSION 1 /* of the objects that --json prints: docs/rpc-decode.md */

enum pcap_form { PCAP_LINES, PCAP_FULL, PCAP_JSON };

/* ---- names and arguments: pcap_describe.c ---- */

/* NULL where no description has it. */
const char *describe_iface(const struct rpc_syntax *iface);
const char *describe_op(const struct rpc_syntax *iface, uint16_t opnum);
/* Does a name, or a UUID, given by the user mean this interface? */
bool describe_matches(const char *name, const struct rpc_syntax *iface);

/* A call with its stubs taken apart. */
struct described {
    const struct rpc_info_interface *iface; /* NULL: no description */
    const struct rpc_info_op *op;
    void *r;            /* the operation's structure */
    const char *why[2]; /* why request and response are not in r; NULL: they are */
};

/* What d holds lives in mem, or in the call. */
void describe_call(struct described *d, const struct capture_call *c, struct nt_arena *mem);
/* One side of a call in words, in mem; lines have at most `max` bytes. NULL if it is not decoded. */
const char *describe_side(const struct described *d, bool response, enum pcap_form form, size_t max,
                          struct nt_arena *mem);
/* What the operation returned ("ERROR_ACCESS_DENIED", "0"); NULL if that is not known. */
const char *describe_result(const struct described *d, struct nt_arena *mem);

/* ---- output: pcap_out.c ---- */

struct pcap_out {
    FILE *f;
    enum pcap_form form;
    bool binds;           /* also those that were accepted */
    struct nt_arena *mem; /* of one event */
};

void pcap_out_event(struct pcap_out *o, const struct capture_event *e);
void pcap_out_totals(FILE *f, const struct capture_totals *t);

#endif
