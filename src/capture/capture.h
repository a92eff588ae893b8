// SPDX-License-Identifier: Apache-2.0
/*
 * RPC in a capture of a network: packets in, calls out. Follows connection-oriented RPC on TCP, on any port,
 * and in the named pipes of SMB 2 and 3 that are not encrypted. An engine without I/O: who uses it reads the
 * file and prints what comes.
 *
 * All that a packet holds may be hostile, cut off, or missing. Nothing stops the engine: what it cannot
 * follow it says in a note, and goes on at the next message that it recognises.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <msrpc/rpc.h>

/* ---- limits: what a file can make us hold ---- */

/* All memory of one capture. A gigabit link carries this much in two seconds; nobody waits longer for a lost
 * segment. */
#define CAPTURE_MEMORY_DEFAULT ((size_t)256 << 20)
/* TCP connections that are followed at once; the one that was silent longest gives way. */
#define CAPTURE_FLOWS_MAX 65536u
/* Bytes and segments of one direction that wait for a missing one: the largest usual receive window. */
#define CAPTURE_PENDING_BYTES    ((size_t)4 << 20)
#define CAPTURE_PENDING_SEGMENTS 4096u
/* Packets of a connection after which bytes that the receiver has acknowledged count as lost, not late.
 * Network cards with several queues swap a handful. */
#define CAPTURE_GAP_PATIENCE 16u
/* Messages at the start of a stream, or since the middle of one, that may be of no protocol that we know
 * until we stop looking. */
#define CAPTURE_TRIES_MAX 256u
/* The longest SMB message that is looked into: a pipe's data have 64 KiB; ours are written with up to 1 MiB.
 */
#define CAPTURE_SMB_MAX      ((size_t)2 << 20)
#define CAPTURE_CHAIN_MAX    256u  /* SMB requests chained in one message */
#define CAPTURE_OPS_MAX      1024u /* SMB requests of one connection that wait for their answer */
#define CAPTURE_TREES_MAX    256u  /* shares of one connection */
#define CAPTURE_PIPES_MAX    1024u /* open pipes of one connection */
#define CAPTURE_NAME_MAX     512u /* bytes of a pipe's or a share's name in UTF-16; longer ones are no pipe's */
#define CAPTURE_CONTEXTS_MAX 256u  /* presentation contexts of one association */
#define CAPTURE_BINDS_MAX    8u    /* binds of one association that wait for their answer */
#define CAPTURE_CALLS_MAX    1024u /* calls of one association that wait for their answer */
/* The stub of one request or answer; of a longer one only the length is told. As RPC_STUB_MAX would let one
 * call fill a quarter of the memory, this is less. */
#define CAPTURE_STUB_MAX ((size_t)16 << 20)
/* Notes on one connection; more say the same again. */
#define CAPTURE_NOTES_MAX 32u

/* ---- link types, as capture files and libpcap number them ---- */

enum capture_link {
    CAPTURE_NULL = 0,
    CAPTURE_ETHERNET = 1,
    CAPTURE_RAW_12 = 12, /* raw IP has had three numbers */
    CAPTURE_RAW_14 = 14,
    CAPTURE_RAW = 101,
    CAPTURE_LOOP = 108,
    CAPTURE_LINUX_SLL = 113,
    CAPTURE_IPV4 = 228,
    CAPTURE_IPV6 = 229,
    CAPTURE_LINUX_SLL2 = 276,
};

/* ---- what comes out ---- */

struct capture_peer {
    bool v6;
    uint8_t addr[16]; /* IPv4: the first four */
    uint16_t port;
};

enum capture_syntax { CAPTURE_NDR_UNKNOWN, CAPTURE_NDR20, CAPTURE_NDR64, CAPTURE_NDR_OTHER };

/* One direction of a call. */
struct capture_side {
    bool seen;           /* at least one fragment */
    bool complete;       /* all fragments, in order */
    uint64_t frame;      /* packet that completed its first fragment; 0: not seen */
    uint64_t last_frame; /* ... and its last */
    uint64_t time;       /* of the first, ns since 1970 */
    uint64_t len;        /* of the stub, padding not counted */
    unsigned fragments;
    struct nt_blob stub; /* {NULL, 0} if sealed, incomplete or too long */
    uint8_t drep;        /* first byte of the data representation: 0x10 little endian */
    bool sealed;         /* level privacy: the stub cannot be read */
    bool truncated;      /* longer than CAPTURE_STUB_MAX, or there was no memory */
    bool has_auth;
    uint8_t auth_type, auth_level; /* [MS-RPCE] 2.2.1.1.7, 2.2.1.1.8 */
};

enum capture_outcome {
    CAPTURE_ANSWERED,
    CAPTURE_FAULT,
    CAPTURE_MAYBE,     /* has no answer, by its nature */
    CAPTURE_NO_ANSWER, /* until the end of the connection or the capture */
};

struct capture_call {
    uint32_t call_id;
    uint16_t context, opnum;
    bool opnum_known;
    bool iface_known; /* a bind that defines the context was seen */
    struct rpc_syntax iface;
    enum capture_syntax syntax;
    bool has_object;
    struct nt_guid object;
    struct capture_side req, rsp;
    enum capture_outcome outcome;
    uint32_t fault;      /* code of the fault PDU */
    uint32_t smb_status; /* why a pipe gave no answer, 0: it did not say */
    bool cancelled, orphaned, did_not_execute;
};

struct capture_bind_item {
    uint16_t context;
    struct rpc_syntax iface, transfer; /* transfer: accepted, or the first offered */
    enum capture_syntax syntax;        /* of transfer */
    bool features;                     /* no syntax: bind time features ([MS-RPCE] 3.3.1.5.3) */
    uint16_t feature_bits;             /* those that the server has, with `features` and an answer */
    uint16_t result, reason;           /* p_cont_def_result_t; with an answer */
};

struct capture_bind {
    uint32_t call_id;
    bool alter;             /* alter_context */
    bool answered;          /* items have results */
    bool refused;           /* bind_nak, or a fault */
    uint32_t refuse_reason; /* of bind_nak, or the fault's code */
    bool has_auth;
    uint8_t auth_type, auth_level;
    uint16_t max_fragment;
    uint32_t assoc_group;
    unsigned n;
    const struct capture_bind_item *items;
};

enum capture_kind { CAPTURE_CALL, CAPTURE_BIND, CAPTURE_NOTE };

struct capture_event {
    enum capture_kind kind;
    uint64_t frame, time; /* of the request, of the note; time in ns since 1970 */
    bool has_stream;
    uint32_t stream;                    /* connections in the order of their first packet, from 0 */
    struct capture_peer client, server; /* with has_stream */
    const char *host; /* that the client named when it connected IPC$; NULL: not seen, or TCP */
    const char *pipe; /* UTF-8, without "\pipe\"; "" if its opening was not seen; NULL: TCP */
    const struct capture_call *call;
    const struct capture_bind *bind;
    const char *note;
};

struct capture_totals {
    uint64_t packets, not_ip, not_tcp, malformed, ip_fragments, cut; /* cut: by the capture's snap length */
    uint64_t streams, streams_smb, streams_rpc;
    uint64_t lost_bytes, resent_bytes, skipped_bytes; /* skipped: in search of the next message */
    uint64_t smb_messages, smb_encrypted, smb_compressed;
    uint64_t too_long; /* SMB messages longer than CAPTURE_SMB_MAX */
    uint64_t pdus, bad_pdus;
    uint64_t binds, calls, answered, faults, unanswered, maybe, sealed, unknown_iface;
    uint64_t notes, notes_dropped;
};

struct capture;

struct capture_options {
    size_t memory; /* 0: CAPTURE_MEMORY_DEFAULT */
    void *arg;
    /* What it is given is lent until it returns. */
    void (*event)(void *arg, const struct capture_event *e);
};

/* NULL when memory is short. */
struct capture *capture_new(const struct capture_options *o);
/* A packet: `have` bytes of the `len` that were on the wire. link: enum capture_link, or another (said,
 * once). */
void capture_packet(struct capture *c, int link, uint64_t time, const uint8_t *data, size_t have, size_t len);
/* The file is at its end: what still waits is told. */
void capture_end(struct capture *c);
const struct capture_totals *capture_totals(const struct capture *c);
void capture_delete(struct capture *c);

/* Does this engine know how to find IP in packets of this link type? */
bool capture_link_known(int link);
/* "192.0.2.1:445", "[2001:db8::1]:445"; returns buf. */
#define CAPTURE_PEER_STRLEN 56
char *capture_peer_format(const struct capture_peer *p, char buf[CAPTURE_PEER_STRLEN]);

#endif
