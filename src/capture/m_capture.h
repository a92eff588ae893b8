// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the engine, in the order that bytes take: link.c finds TCP in a packet, tcp.c makes two streams
 * of bytes out of a connection, stream.c finds out what they are, framer.c cuts them into messages, smb2.c
 * takes pipes out of SMB, dcerpc.c reads PDUs, calls.c brings requests and answers together.
 */
#ifndef CAPTURE_M_CAPTURE_H
#define CAPTURE_M_CAPTURE_H

#include "base/cursor.h"
#include "capture/capture.h"
#include "rpc/pdu.h"

/* Where in the capture something stands. */
struct cap_at {
    uint64_t frame, time;
};

struct cap_flow;

#define CAP_BUCKETS 4096u /* a chain is short with as many connections as are open at once on a busy server  \
                           */

struct capture {
    struct capture_options o;
    struct capture_totals t;
    size_t used; /* bytes of memory, at most o.memory */
    struct cap_at at;
    uint32_t seed;                    /* so that a file cannot choose what falls into one bucket */
    struct cap_flow **buckets;        /* connections by their addresses */
    struct cap_flow *newest, *oldest; /* in the order of their last packet */
    size_t n_flows;
    unsigned said;    /* bits of enum cap_once */
    unsigned n_notes; /* that belong to no connection */
};

/* What is said once in a capture. */
enum cap_once {
    CAP_ONCE_LINK = 1,
    CAP_ONCE_FRAGMENT = 2,
    CAP_ONCE_CUT = 4,
    CAP_ONCE_FLOWS = 8,
    CAP_ONCE_MEMORY = 16
};

/* ---- memory that counts: capture.c ---- */

/* As realloc; NULL, and the old block stays, above the ceiling. New bytes are not zeroed. */
void *cap_resize(struct capture *c, void *old, size_t old_size, size_t size);
void *cap_zalloc(struct capture *c, size_t size);
void cap_release(struct capture *c, void *p, size_t size);

/* A note on the flow (NULL: on the capture) at `at`. pipe may be NULL. */
void cap_note(struct capture *c, struct cap_flow *f, const char *pipe, const struct cap_at *at,
              const char *fmt, ...) NT_PRINTF(5, 6);
void cap_emit(struct capture *c, struct cap_flow *f, const char *pipe, struct capture_event *e);

/* ---- messages out of bytes: framer.c ---- */

struct cap_framer_ops {
    size_t head;                                 /* bytes that `length` looks at */
    size_t scan_head;                            /* bytes that `scan` looks at */
    size_t max;                                  /* longer messages are passed over */
    size_t (*length)(const uint8_t *p);          /* of the message that starts here; 0: none does */
    bool (*scan)(const uint8_t *p, size_t have); /* does one start here, beyond much doubt? */
    void (*message)(void *owner, const struct cap_at *at, const uint8_t *p, size_t len);
    void (*broken)(void *owner, const struct cap_at *at, const char *how, uint64_t bytes);
};

struct cap_framer {
    const struct cap_framer_ops *ops;
    void *owner;
    struct capture *c;
    uint8_t *buf;
    size_t len, cap;
    uint64_t skip; /* bytes of a message that is passed over */
    bool scanning; /* for the next message */
    bool stop;     /* the owner wants nothing more */
};

void cap_framer_init(struct cap_framer *r, struct capture *c, const struct cap_framer_ops *ops, void *owner);
void cap_framer_done(struct cap_framer *r);
void cap_framer_feed(struct cap_framer *r, const struct cap_at *at, const uint8_t *p, size_t n);
/* n bytes are missing. */
void cap_framer_gap(struct cap_framer *r, const struct cap_at *at, uint64_t n);
/* Bytes may be missing, nobody knows how many. */
void cap_framer_doubt(struct cap_framer *r);

/* ---- associations: dcerpc.c, calls.c ---- */

enum cap_dir { CAP_REQ, CAP_RSP }; /* from the client, from the server */

struct cap_context {
    uint16_t id;
    bool accepted; /* by an answer that was seen */
    struct rpc_syntax iface;
    enum capture_syntax syntax;
};

struct cap_bind {
    struct cap_at at;
    struct capture_bind b;
    struct capture_bind_item items[];
};

struct cap_stub {
    uint8_t *data;
    size_t len, cap;
    bool broken, expect_more;
};

struct cap_call {
    struct cap_call *next;
    struct capture_call v;
    struct cap_stub req, rsp;
};

struct cap_assoc;

/* One direction, for a framer to own. */
struct cap_assoc_end {
    struct cap_assoc *a;
    enum cap_dir dir;
    struct cap_framer framer;
};

struct cap_assoc {
    struct capture *c;
    struct cap_flow *flow;
    const char *pipe; /* NULL: TCP */
    struct cap_assoc_end end[2];
    struct cap_context *contexts;
    size_t n_contexts, cap_contexts;
    struct cap_bind *binds[CAPTURE_BINDS_MAX];
    size_t n_binds;
    struct cap_call *calls, **calls_tail; /* oldest first */
    size_t n_calls;
    bool told_contexts;
};

extern const struct cap_framer_ops cap_pdu_ops;

void cap_assoc_init(struct cap_assoc *a, struct capture *c, struct cap_flow *f, const char *pipe);
void cap_assoc_feed(struct cap_assoc *a, enum cap_dir d, const struct cap_at *at, const uint8_t *p, size_t n);
void cap_assoc_gap(struct cap_assoc *a, enum cap_dir d, const struct cap_at *at, uint64_t n);
/* Messages that may have carried bytes of this direction are lost. */
void cap_assoc_doubt(struct cap_assoc *a, enum cap_dir d);
/* The pipe refused to answer: whole requests that wait are told with this status. */
void cap_assoc_failed(struct cap_assoc *a, uint32_t smb_status);
/* Tells what still waits and frees all. */
void cap_assoc_done(struct cap_assoc *a);
/* Is this the header of a PDU beyond much doubt? RPC_HDR_LEN bytes. *ret_len: of the PDU; *ret_dir: who sends
 * such. */
bool cap_pdu_looks(const uint8_t *p, size_t *ret_len, enum cap_dir *ret_dir);

const struct cap_context *cap_context_find(const struct cap_assoc *a, uint16_t id);
/* A fragment of a request, a response or a fault. */
void cap_call_fragment(struct cap_assoc *a, const struct cap_at *at, const uint8_t *p,
                       const struct rpc_pdu *d);
/* CO_CANCEL or ORPHANED for a call. */
void cap_call_given_up(struct cap_assoc *a, const struct rpc_hdr *h);
/* Fragments of this direction are lost: what is being put together stays incomplete. */
void cap_calls_broken(struct cap_assoc *a, enum cap_dir d);
void cap_calls_failed(struct cap_assoc *a, uint32_t smb_status);
void cap_calls_done(struct cap_assoc *a);

/* ---- SMB: smb2.c ---- */

struct cap_smb;

/* lost[half]: its stream starts somewhere in a message. */
struct cap_smb *cap_smb_new(struct capture *c, struct cap_flow *f, const bool lost[2]);
void cap_smb_feed(struct cap_smb *s, unsigned half, const struct cap_at *at, const uint8_t *p, size_t n);
void cap_smb_gap(struct cap_smb *s, unsigned half, const struct cap_at *at, uint64_t n);
void cap_smb_delete(struct cap_smb *s);
/* Of the last IPC$ that was connected; NULL: none was seen. */
const char *cap_smb_host(const struct cap_smb *s);
/* A frame around an SMB message; CAP_SMB_LOOK bytes. *ret_len: with its own header; *ret_dir: of what SMB 2
 * says itself. */
#define CAP_SMB_LOOK 24u
bool cap_smb_looks(const uint8_t *p, size_t *ret_len, int *ret_dir);

/* ---- connections: tcp.c, stream.c ---- */

struct cap_segment {
    struct cap_segment *next;
    struct cap_at at;
    uint32_t seq;
    size_t len;  /* bytes that are here */
    size_t hole; /* bytes behind them that the capture cut off */
    uint8_t data[];
};

enum cap_protocol { CAP_UNKNOWN, CAP_RPC, CAP_SMB, CAP_OTHER };

/* One direction of a connection. */
struct cap_half {
    bool started;
    bool middle; /* its beginning is not in the capture */
    bool fin;    /* its last byte is known */
    bool acked_any;
    uint32_t isn; /* sequence number of its first packet */
    uint32_t next, fin_seq;
    uint32_t acked; /* by the peer */
    struct cap_segment *pending;
    size_t n_pending, pending_bytes;
    unsigned patience;
    /* stream.c: bytes that do not tell yet what they are */
    uint8_t try[CAP_SMB_LOOK];
    size_t n_try;
    unsigned tries;
};

struct cap_flow {
    struct cap_flow *next_hash, *newer, *older;
    struct capture *c;
    struct capture_peer peer[2]; /* [0] sent the first packet */
    uint32_t stream;
    int client; /* 0, 1, or -1: not known yet */
    bool ended;
    struct cap_half half[2];
    enum cap_protocol protocol;
    struct cap_assoc *rpc;
    struct cap_smb *smb;
    unsigned n_notes;
    unsigned said; /* bits of whoever owns the flow's protocol */
};

enum { CAP_TCP_FIN = 1, CAP_TCP_SYN = 2, CAP_TCP_RST = 4, CAP_TCP_ACK = 16 };

struct cap_tcp {
    struct capture_peer from, to;
    uint32_t seq, ack;
    uint8_t flags;
    const uint8_t *data;
    size_t have; /* bytes of data in the capture */
    size_t len;  /* ... and on the wire */
};

void cap_tcp_segment(struct capture *c, const struct cap_at *at, const struct cap_tcp *t);
/* Ends and forgets every connection. */
void cap_tcp_end(struct capture *c);

void cap_stream_data(struct cap_flow *f, unsigned half, const struct cap_at *at, const uint8_t *p, size_t n);
void cap_stream_gap(struct cap_flow *f, unsigned half, const struct cap_at *at, uint64_t n);
void cap_stream_end(struct cap_flow *f);

#endif
