// SPDX-License-Identifier: Apache-2.0
/*
 * DCE/RPC client: string bindings, connections, calls. Generated stubs stand on rpc_run and rpc_send.
 *
 * A connection belongs to one thread at a time. Synchronous functions are the asynchronous ones plus a wait;
 * from inside a callback they return STATUS_INVALID_DEVICE_STATE.
 */
#ifndef MSRPC_RPC_H
#define MSRPC_RPC_H

#include <msrpc/loop.h>
#include <msrpc/ndr.h>
#include <msrpc/npc.h>
#include <msrpc/rpc_error.h>
#include <msrpc/sec.h>
#include <msrpc/token.h>

NT_BEGIN_DECLS

struct rpc_binding; /* parsed string binding; immutable, atomic count */
struct rpc_conn;    /* client side of one association */
struct rpc_call;    /* one request */

/* ---- tables that generated code hands to the runtime ---- */

#define RPC_TABLE_VERSION 1 /* first member of each table, so that built stubs outlive a newer runtime */

struct rpc_interface {
    uint32_t table_version;
    uint32_t n_ops;   /* operation numbers 0 .. n_ops - 1 */
    const char *name; /* "srvsvc" */
    struct rpc_syntax syntax;
    const char *const
        *endpoints; /* default endpoints, "ncacn_np:[\\pipe\\srvsvc]"; NULL-terminated, or NULL */
    const struct rpc_interface *base; /* that it inherits from, or NULL: calls of it may use this one */
};

enum rpc_op_flags {
    RPC_OP_IDEMPOTENT = 1,
    RPC_OP_MAYBE = 2,
    RPC_OP_PIPES = 4,
    RPC_OP_BROADCAST = 8,
    /* What its return value, the last 4 octets of the answer, says: one of these, or nothing that is known. */
    RPC_OP_NTSTATUS = 0x10,
    RPC_OP_WIN32 = 0x20,
    RPC_OP_HRESULT = 0x30,
    RPC_OP_RESULT = 0x30, /* mask */
};

/* A pipe among an operation's parameters. */
struct rpc_op_pipe {
    uint32_t offset; /* of its struct ndr_pipe in the operation's structure */
    bool out;
    const struct ndr_type *element; /* NULL: the end of the list */
};

struct rpc_op {
    uint32_t table_version;
    uint16_t opnum;
    uint16_t flags; /* enum rpc_op_flags */
    const struct rpc_interface *iface;
    const char *name;    /* "NetrShareDel" */
    uint32_t size;       /* of the operation's structure { in; out; } */
    uint32_t out_offset; /* of its member out */
    void (*push_in)(struct ndr_push *n, const void *r);
    void (*pull_in)(struct ndr_pull *n, void *r);
    void (*push_out)(struct ndr_push *n, const void *r);
    void (*pull_out)(struct ndr_pull *n, void *r); /* may look at in */
    /* Only with RPC_OP_PIPES: the pipes, those of the request first, in the order of the wire. push_in and
     * its kin move them with the rest. */
    const struct rpc_op_pipe *pipes;
};

/* ---- bindings ([C706] 3.1, [MS-RPCE] 2.1) ---- */

/* "ncacn_np:host[\\pipe\\srvsvc]", "ncacn_ip_tcp:host[49152,seal,krb5]", "ncalrpc:[/run/x.sock]" (a unix
 * socket of this machine, by its absolute path), object UUID in front with '@'. Host:
 * name, IPv4, IPv6 with or without brackets and zone id. Options after the endpoint, comma separated: sign,
 * seal, connect, none; krb5, ntlm, spnego; smb2.02 ... smb3.11; ndr64; target=HOST; for pipes mux=auto, on,
 * off or the path of npcmuxd's socket (rpc_options.mux).
 * STATUS_INVALID_PARAMETER with a sentence. */
NT_PUBLIC enum nt_status rpc_binding_parse(const char *s, struct rpc_binding **ret,
                                           struct nt_error *err) NT_CHECKED;
/* protseq "ncacn_np", "ncacn_ip_tcp" or "ncalrpc"; endpoint NULL: the interface's default pipe, or the
 * endpoint mapper; ncalrpc has no host (NULL) and must have an endpoint. */
NT_PUBLIC enum nt_status rpc_binding_new(const char *protseq, const char *host, const char *endpoint,
                                         struct rpc_binding **ret, struct nt_error *err) NT_CHECKED;
NT_PUBLIC struct rpc_binding *rpc_binding_ref(struct rpc_binding *b);
NT_PUBLIC void rpc_binding_unref(struct rpc_binding *b);
NT_PUBLIC const char *rpc_binding_protseq(const struct rpc_binding *b);
NT_PUBLIC const char *rpc_binding_host(const struct rpc_binding *b);
NT_PUBLIC const char *rpc_binding_endpoint(const struct rpc_binding *b); /* NULL: none */
/* Canonical text; written like snprintf: the length it has, whatever fits in buf. */
NT_PUBLIC size_t rpc_binding_format(const struct rpc_binding *b, char *buf, size_t size);

typedef void rpc_done_fn(void *arg, enum nt_status st); /* how something that was started ended */

/* ---- endpoint mapper cache ---- */

/* Ports that endpoint mappers have told, by host, interface, object and mapper, for rpc_options.epm_cache.
 * One may be used by any number of connections in any threads. An answer is kept for max_age_s seconds (0:
 * 300) once an interface was bound there; it is dropped when the port refuses or does not have the interface
 * any more, and the mapper is asked once again. */
struct rpc_epm_cache;
NT_PUBLIC enum nt_status rpc_epm_cache_new(unsigned max_age_s, struct rpc_epm_cache **ret) NT_CHECKED;
NT_PUBLIC struct rpc_epm_cache *rpc_epm_cache_ref(struct rpc_epm_cache *c);
NT_PUBLIC void rpc_epm_cache_unref(struct rpc_epm_cache *c);
/* The port of an interface at a host, from a source that is trusted more than the mapper, which is then never
 * asked for it. host: as bindings have it. STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES. */
NT_PUBLIC enum nt_status rpc_epm_cache_pin(struct rpc_epm_cache *c, const char *host,
                                           const struct rpc_interface *i, uint16_t port) NT_CHECKED;
/* All about a host, pins too; NULL: all. */
NT_PUBLIC void rpc_epm_cache_forget(struct rpc_epm_cache *c, const char *host);

/* Ways for "ncacn:host". Whichever is taken, level, provider and the host of the principal are the same;
 * where no level is asked for, the pipe's SMB session has to be encrypted, as TCP has privacy. A second way
 * is tried only when nobody was there by the first (refused, no such pipe, not registered, no answer in
 * time), never when a server refused us. */
enum rpc_route {
    RPC_ROUTE_PIPE_FIRST = 0, /* with level none or connect: the pipe only, TCP would have less protection */
    RPC_ROUTE_TCP_FIRST = 1,
    RPC_ROUTE_PIPE = 2, /* what needs the transport's session key (passwords inside samr and lsarpc) */
    RPC_ROUTE_TCP = 3,
};

/* ---- connections ---- */

enum rpc_lend {
    RPC_LEND_NEVER = 0, /* a connection that can all there is to one */
    /* No other interface (rpc_add_interface), further security context, IDL pipe or callback, which are
     * STATUS_NOT_SUPPORTED on it. */
    RPC_LEND_ONE = 1,
    /* The same, and opening does not wait: the first call goes with the request for the pipe, and what would
     * have failed in opening fails then, with rpc_conn_not_run. */
    RPC_LEND_AHEAD = 2,
};

struct rpc_facts;

struct rpc_options {
    size_t size;
    struct sec_creds *creds; /* for RPC security and, through the SMB session, for the pipe */
    enum sec_level level;    /* DEFAULT: privacy on TCP; on a pipe no RPC security (the SMB session protects),
                              * nor    with ncalrpc (the kernel tells the server who we are) */
    const char *provider;    /* "krb5", "ntlm", "spnego", "schannel"; NULL: "spnego" where a level asks for security */
    const char *target;      /* host part of the service principal; NULL: the host dialled */
    const char *service;     /* NULL: "host" on TCP, "cifs" on a pipe */
    struct npc_session *session; /* ncacn_np: open the pipe in this session instead of a new one */
    const struct npc_options
        *npc;              /* ncacn_np: how to open a session (creds, cancel, loop, error come from here) */
    uint16_t tcp_port;     /* ncacn_ip_tcp: port of the endpoint mapper, 0: 135 */
    bool no_header_sign;   /* do not offer header signing */
    uint16_t max_fragment; /* 0: 5840; 1432 .. 65535 */
    unsigned timeout_ms;   /* connect + bind, and default of each call; 0: 30 000 */
    struct nt_cancel *cancel;
    struct nt_loop *loop; /* NULL: a private one */
    const struct nt_env *env;
    struct nt_error *error; /* sentence when opening fails */
    bool ndr64; /* offer NDR64 beside NDR20, and use it where the server takes it ([MS-RPCE] 3.3.1.5.6) */
    struct rpc_epm_cache *epm_cache; /* ncacn_ip_tcp without endpoint: NULL: the mapper is asked each time */
    bool no_mapper; /* the endpoint mapper is never asked: an endpoint in the binding, or a pinned port */
    enum rpc_route route; /* with a binding "ncacn:host" */
    const struct sec_schannel_key *schannel; /* for provider "schannel", instead of creds */
    /* Application data of the bindings (RFC 5929) of a TLS channel that the connection runs in, for NTLM and
     * Kerberos to be bound to; NULL: none. At most 128 bytes. */
    const void *channel_bindings;
    size_t channel_bindings_len;
    /* Join the association group of another connection to the same server, as its rpc_facts have it, so that
     * their context handles are good on both; 0: a new one. A server that puts us elsewhere, or that has no
     * such group any more, is refused. */
    uint32_t assoc_group;
    /* Facts of an earlier connection that this one must not fall behind: level, provider with what SPNEGO
     * chose, principal, header signing, length of the key; dialect, signing, encryption and mechanism of the
     * SMB session. Copied. Less is STATUS_DOWNGRADE_DETECTED, before any call. NULL: none. */
    const struct rpc_facts *no_less;
    /* ncacn_np without `session`: whose pipe it is. "on", or the path of its socket: npcmuxd's, in a session
     * with the credentials that it has for the server; `creds` are for RPC security only then. "off": one of
     * our own. "auto": npcmuxd's if that is there, has credentials for the server, and no others are given.
     * NULL: what the binding says, else TERN_NPC, else auto. */
    const char *mux;
    /* How much of a connection is needed. Without RPC security and NDR64, a program that calls one interface,
     * one call after the other, may borrow a pipe that npcmuxd keeps bound, where the pipe is npcmuxd's: then
     * nothing goes to the server but the calls. Without npcmuxd it says nothing. */
    enum rpc_lend lend;
};
#define RPC_OPTIONS_INIT                                                                                     \
    {                                                                                                        \
        .size = sizeof(struct rpc_options)                                                                   \
    }

/* Connects and binds. With no endpoint on ncacn_ip_tcp the endpoint mapper of the host is asked; the host
 * that the caller named is dialled with the mapped port, whatever address the answer holds. Never falls back
 * to a lower level, another provider or another principal. A bind_ack with less than was asked for is
 * STATUS_ACCESS_DENIED; a bind_nak or a rejected context RPC_NT_UNKNOWN_IF, RPC_NT_PROTOCOL_ERROR ...;
 * transport errors as npc_session_open. */
NT_PUBLIC enum nt_status rpc_open(const struct rpc_binding *b, const struct rpc_interface *i,
                                  const struct rpc_options *o, struct rpc_conn **ret) NT_CHECKED;
typedef void rpc_open_fn(void *arg, enum nt_status st, struct rpc_conn *c);
/* The same, asynchronously; o->loop must be set; done comes once, later. o->error must live until then. */
NT_PUBLIC enum nt_status rpc_open_send(const struct rpc_binding *b, const struct rpc_interface *i,
                                       const struct rpc_options *o, rpc_open_fn *done, void *arg) NT_CHECKED;
/* A second interface on the same association and security context (alter_context). */
NT_PUBLIC enum nt_status rpc_add_interface(struct rpc_conn *c, const struct rpc_interface *i) NT_CHECKED;
/* Calls in flight end with STATUS_CONNECTION_ABORTED... from their callbacks before this returns to the loop.
 */
NT_PUBLIC void rpc_close(struct rpc_conn *c);
/* What went wrong last, for people; "" if nothing did. */
NT_PUBLIC const char *rpc_conn_error(const struct rpc_conn *c);
/* The raw code of the last fault PDU, 0 if there was none. */
NT_PUBLIC uint32_t rpc_conn_fault(const struct rpc_conn *c);
/* What the server said beyond that code ([MS-EERR]): the number of records, the root cause last; 0: nothing.
 * Lent until the next call starts. On a connection with signatures only what was signed is there; else
 * anybody on the way may have written it: it is for people to read. */
NT_PUBLIC size_t rpc_conn_extended_error(const struct rpc_conn *c, const struct rpc_error_record **ret);
/* The call that ended last certainly has not been executed: it was not sent, or the server says so, under its
 * signature where signatures were agreed on. */
NT_PUBLIC bool rpc_conn_not_run(const struct rpc_conn *c);
/* False once the connection is beyond use (then rpc_open another). */
NT_PUBLIC bool rpc_conn_alive(const struct rpc_conn *c);

struct rpc_call_options {
    size_t size;
    unsigned timeout_ms;      /* 0: the connection's */
    struct nt_cancel *cancel; /* NULL: none */
    const struct nt_guid *object;
    uint32_t security; /* a context that rpc_conn_add_security made; 0: the connection's own */
};
#define RPC_CALL_OPTIONS_INIT                                                                                \
    {                                                                                                        \
        .size = sizeof(struct rpc_call_options)                                                              \
    }
/* A further security context on the same association ([MS-RPCE] 3.3.1.5.4): another user, or another level,
 * for the calls that choose it. */
struct rpc_security {
    size_t size;
    struct sec_creds *creds;
    enum sec_level level; /* DEFAULT: privacy; integrity at least */
    const char *provider; /* NULL: "spnego" */
    const char *target;   /* as in rpc_options */
    const char *service;
};
#define RPC_SECURITY_INIT                                                                                    \
    {                                                                                                        \
        .size = sizeof(struct rpc_security)                                                                  \
    }
/* *ret_id is for rpc_call_options; eight contexts at most, the connection's own included. The connection
 * itself must have integrity or privacy, else nobody could tell whose a request is: STATUS_INVALID_PARAMETER.
 * STATUS_NOT_SUPPORTED when the server does not know of several contexts; STATUS_INSUFFICIENT_RESOURCES. When
 * the server refuses the new context the connection ends. */
NT_PUBLIC enum nt_status rpc_conn_add_security(struct rpc_conn *c, const struct rpc_security *s,
                                               uint32_t *ret_id) NT_CHECKED;
/* The same, asynchronously: *ret_id is set at once and of use after done came with success. */
NT_PUBLIC enum nt_status rpc_conn_add_security_send(struct rpc_conn *c, const struct rpc_security *s,
                                                    rpc_done_fn *done, void *arg,
                                                    uint32_t *ret_id) NT_CHECKED;
/* For the calls that start from now on. */
NT_PUBLIC void rpc_conn_set(struct rpc_conn *c, const struct rpc_call_options *o);

struct rpc_facts {
    size_t size;
    const char *protseq, *endpoint, *host, *peer;
    const char *provider; /* NULL: none; else what SPNEGO chose, too: "spnego/krb5" */
    enum sec_level level;
    bool header_sign;
    bool ndr64;
    uint32_t enctype; /* Kerberos, else 0 */
    uint16_t max_xmit_frag, max_recv_frag;
    uint32_t assoc_group;
    struct npc_session *session; /* ncacn_np, else NULL */
    /* of the security context that calls use now (rpc_call_options.security) */
    uint32_t security;         /* its number on the wire; 0: none */
    const char *principal;     /* "host/srv1.example.org": who the server has to be; NULL: no security */
    unsigned security_key_len; /* octets of its session key */
    /* of the association */
    const char *transfer;            /* "NDR 2.0", "NDR64": of the first interface */
    unsigned interfaces, securities; /* how many it has */
    bool concurrent;                 /* several calls may be on the wire at a time */
    bool keeps_on_orphan;            /* a call can be given up without losing it */
    bool many_securities;            /* the server knows several security contexts */
    /* of the SMB session below a pipe, else zeros */
    enum npc_dialect dialect;
    enum npc_cipher cipher; /* NONE: not encrypted */
    enum npc_signing_alg signing;
    bool session_signed, session_encrypted;
    const char *session_mech; /* "krb5", "ntlm" */
    unsigned session_key_len,
        transport_key_len; /* octets; the latter is the application key, for samr and lsarpc */
    bool muxer; /* the session is one of npcmuxd's */
    bool warm;  /* and was there already */
    bool lent;  /* the pipe was borrowed (rpc_options.lend) */
    bool bound; /* and was bound already */
    const char *session_principal; /* who we are to the server by it: "alice@LAB.EXAMPLE", "LAB\\alice"; "": nobody */
};
NT_PUBLIC enum nt_status rpc_conn_facts(const struct rpc_conn *c, struct rpc_facts *ret) NT_CHECKED;
/* The transport session key that keys samr and lsarpc payloads: ncacn_np without RPC security: the SMB
 * application key. With RPC security or on TCP: STATUS_NO_USER_SESSION_KEY (see docs/rpc.md). Lent as long as
 * the connection. On a borrowed pipe (rpc_options.lend) it is asked for, and waited for. */
NT_PUBLIC enum nt_status rpc_conn_session_key(const struct rpc_conn *c, struct nt_blob *ret) NT_CHECKED;

/* ---- calls ---- */

/* r is the operation's structure: `in` filled by the caller, `out` by the call, everything in `out` lives in
 * mem. The status says whether the call happened; the operation's own answer is in out.result. On failure out
 * is zeroed. Faults: nt_from_rpc_fault, with the raw code in rpc_conn_fault. */
NT_PUBLIC enum nt_status rpc_run(struct rpc_conn *c, const struct rpc_op *op, struct nt_arena *mem,
                                 void *r) NT_CHECKED;
/* Until done the runtime owns mem and r, cancelled or not. ret_call (NULL: not wanted) is valid until done.
 */
NT_PUBLIC enum nt_status rpc_send(struct rpc_conn *c, const struct rpc_op *op, struct nt_arena *mem, void *r,
                                  rpc_done_fn *done, void *arg, struct rpc_call **ret_call) NT_CHECKED;
/* A producer or consumer of a pipe of this call that returned STATUS_PENDING can go on. Not from inside of one. */
NT_PUBLIC void rpc_call_resume(struct rpc_call *call);
/* ---- callbacks ([MS-RPCE] 2.2.4.2): the server's calls inside of ours ---- */

struct rpc_callback;
/* A handler gets the operation's structure with `in` filled, and fills `out`. STATUS_SUCCESS answers, STATUS_PENDING
 * means that rpc_callback_reply will, anything else is a fault. */
typedef enum nt_status rpc_callback_dispatch_fn(const void *handlers, struct rpc_callback *cb, uint32_t opnum,
                                                void *r);
/* Used by the generated IFACE_serve: ops is IFACE_callbacks. Without it the server gets a fault. Once for each
 * interface: STATUS_OBJECT_NAME_COLLISION. STATUS_REVISION_MISMATCH, STATUS_NO_MEMORY. */
NT_PUBLIC enum nt_status rpc_conn_serve(struct rpc_conn *c, const struct rpc_interface *i,
                                        const struct rpc_op *const *ops, uint32_t n_ops,
                                        rpc_callback_dispatch_fn *dispatch, const void *handlers,
                                        void *arg) NT_CHECKED;
NT_PUBLIC void *rpc_callback_arg(const struct rpc_callback *cb); /* as given to IFACE_serve */
/* Until the answer is sent. */
NT_PUBLIC struct nt_arena *rpc_callback_mem(const struct rpc_callback *cb);
/* Ends a callback whose handler returned STATUS_PENDING; once; also where nobody awaits it any more. */
NT_PUBLIC void rpc_callback_reply(struct rpc_callback *cb, enum nt_status st);
/* A call to the server inside of the callback, before its answer; of the interface that calls back. As rpc_send.
 * STATUS_INVALID_DEVICE_STATE while another request's pipes go out, and for operations with pipes of their own. */
NT_PUBLIC enum nt_status rpc_callback_send(struct rpc_callback *cb, const struct rpc_op *op, struct nt_arena *mem,
                                           void *r, rpc_done_fn *done, void *arg) NT_CHECKED;

/* Asks for the end of a call; done comes with STATUS_CANCELLED or with the answer if that was faster. */
NT_PUBLIC void rpc_call_cancel(struct rpc_call *call);

NT_END_DECLS

#endif
