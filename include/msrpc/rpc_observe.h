// SPDX-License-Identifier: Apache-2.0
/*
 * What happens in an RPC server, for logs, metrics and captures: rpc_server_options.observer.
 *
 * All callbacks come from the server's loop, in the middle of its work: they must not block, nor call
 * anything of the server, nor change what they are shown. All that they are shown is lent for the callback.
 * Texts that come from clients (accounts, peers) are UTF-8 or empty, and hostile: who prints them escapes
 * them.
 */
#ifndef MSRPC_RPC_OBSERVE_H
#define MSRPC_RPC_OBSERVE_H

#include <msrpc/rpc.h>

NT_BEGIN_DECLS

/* Why something was refused: connections, then calls, then connections that were given up. */
enum rpc_refusal {
    RPC_REFUSED_CONNS,          /* max_conns */
    RPC_REFUSED_PEER_CONNS,     /* max_peer_conns */
    RPC_REFUSED_PEER_STRANGERS, /* max_peer_strangers */
    RPC_REFUSED_MEMORY,         /* no memory or descriptor for a connection */
    RPC_REFUSED_CONN_CALLS,     /* 1 024 calls of a connection */
    RPC_REFUSED_CALLS,          /* max_calls */
    RPC_REFUSED_PEER_CALLS,     /* max_peer_calls */
    RPC_REFUSED_STUBS,          /* bytes of requests */
    RPC_REFUSED_OUTPUT,         /* max_output, max_peer_output */
    RPC_REFUSED_DRAINING,       /* calls that came after rpc_server_drain */
    RPC_REFUSED_STALLED,        /* connections that did not read their answers */
    RPC_REFUSED_CAUSES
};

/* A connection, or an open pipe. */
struct rpc_seen_conn {
    uint64_t id;          /* from 1, of this server, never used twice; `opened` may give it another, not 0 */
    void *tag;            /* the observer's own, NULL at first; lasts as long as the connection */
    const char *protseq;  /* "ncacn_ip_tcp", "ncacn_np", "ncalrpc" */
    const char *peer;     /* "192.0.2.1:49152", "uid:1000,pid:4711"; "" unknown */
    const char *local;    /* our end: "192.0.2.7:135"; "" unknown */
    const char *endpoint; /* "135", "\\pipe\\srvsvc", path of a socket; "" unknown */
    /* Whom the transport has introduced (pipes, ncalrpc), and how well it protects; else NULL, "", NONE. */
    const char *provider, *account;
    enum sec_level level;
    uint64_t duration_ns, bytes_in, bytes_out, calls; /* so far; bytes of PDUs as they are on the wire */
};

/* A bind or alter_context and what became of it. */
struct rpc_seen_bind {
    bool alter;
    bool ok;                           /* answered with an ack */
    uint32_t reason;                   /* else that of the bind_nak, or the fault's code */
    unsigned offered, accepted;        /* presentation contexts, bind time features not counted */
    struct rpc_syntax first;           /* the first that was offered; zero if there is none */
    const struct rpc_interface *iface; /* ... which is served here; else NULL */
};

/* The end of an authentication, for better or worse. */
struct rpc_seen_auth {
    enum nt_status st;
    const char *provider; /* "ntlm", "spnego/krb5"; of one that failed perhaps "spnego" alone */
    enum sec_level level; /* asked for */
    const char *account; /* DOMAIN\user or principal: who it is; of one that failed, who it said it was; "" */
    bool anonymous;
    const char *why; /* a sentence, "" if there is none; names no secrets */
};

enum rpc_seen_outcome {
    RPC_SEEN_ANSWERED,
    RPC_SEEN_FAULT,     /* with `fault`; also what was refused before it ran */
    RPC_SEEN_MAYBE,     /* ran, and has no answer by its nature */
    RPC_SEEN_CANCELLED, /* the client gave it up: nobody awaits an answer */
    RPC_SEEN_LOST,      /* the connection went before there was an answer */
};

/* What a return value is, where the interface says so. */
enum rpc_seen_result { RPC_SEEN_NONE, RPC_SEEN_NTSTATUS, RPC_SEEN_WIN32, RPC_SEEN_HRESULT };

struct rpc_seen_call {
    uint32_t call_id;
    struct rpc_syntax syntax;          /* zero when the presentation context is unknown */
    const struct rpc_interface *iface; /* NULL: none of ours */
    uint16_t opnum;
    const struct rpc_op *op; /* its name is in there; NULL: the interface has no such operation */
    bool ndr64;
    const struct nt_guid *object;   /* NULL: none */
    const char *provider, *account; /* who calls, by whatever means: RPC's own, the pipe's, the kernel's */
    enum sec_level level;
    size_t bytes_in; /* of the request's stub */
    /* Known at the end only: */
    enum rpc_seen_outcome outcome;
    bool executed;             /* the handler was called */
    bool cancelled;            /* the client wanted an end at some time */
    enum nt_status status;     /* of a fault: what it was made of */
    uint32_t fault;            /* its code on the wire */
    enum rpc_seen_result kind; /* of result; NONE: not known */
    uint32_t result;
    size_t bytes_out;     /* of the answer's stub */
    uint64_t duration_ns; /* since the first fragment was read, until the answer was queued */
};

/* What a server tells; any may be NULL, and then costs nothing. Copied. */
struct rpc_server_observer {
    size_t size;
    void (*opened)(void *arg, struct rpc_seen_conn *c);
    void (*closed)(void *arg, struct rpc_seen_conn *c);
    void (*bind)(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_bind *b);
    void (*auth)(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_auth *a);
    /* A request is whole, or its handler is about to run on its head; what is refused earlier has no begin.
     */
    void (*call_begin)(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_call *call);
    /* Once for each call, also where no begin came. c has no tag and no numbers when the connection has gone.
     */
    void (*call_end)(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_call *call);
    /* A ceiling was in the way. peer: "" where it is not known yet. */
    void (*refused)(void *arg, enum rpc_refusal why, const char *peer);
    /* A PDU in the clear, as it was before it was protected (out) or after that was taken off: header and
     * body without security trailer, whose lengths still stand in the header. auth3 PDUs and tokens do not
     * come. */
    void (*pdu)(void *arg, struct rpc_seen_conn *c, bool out, const uint8_t *head, size_t head_len,
                const uint8_t *body, size_t body_len);
};

NT_END_DECLS

#endif
