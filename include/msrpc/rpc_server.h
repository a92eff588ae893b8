// SPDX-License-Identifier: Apache-2.0
/*
 * DCE/RPC server: interfaces that idlc made handlers for, served over ncacn_ip_tcp and ncalrpc from one loop.
 *
 * A server and all that hangs on it belong to the thread that runs its loop. Handlers run there, one after
 * the other, never inside the parsing of a request; one that has to wait returns STATUS_PENDING and answers
 * later with rpc_server_reply. Authentication, levels and signatures are checked before a handler sees
 * anything.
 */
#ifndef MSRPC_RPC_SERVER_H
#define MSRPC_RPC_SERVER_H

#include <msrpc/rpc.h>
#include <msrpc/rpc_observe.h>
#include <msrpc/token.h>

NT_BEGIN_DECLS

struct rpc_server;
struct rpc_server_call;

enum rpc_extended_errors {
    RPC_EXTENDED_NONE = 0,
    RPC_EXTENDED_CALLERS = 1, /* callers whose answers are signed or sealed */
    RPC_EXTENDED_ALL = 2,
};

/* What a server may want; strings are copied. */
struct rpc_server_options {
    size_t size;
    const struct nt_env *env; /* NULL: the loop's */
    /* Calls with less protection than this are refused with "access denied": clients of any interface for
     * which rpc_server_require says nothing else. DEFAULT: SEC_LEVEL_PRIVACY. SEC_LEVEL_NONE lets strangers
     * in. */
    enum sec_level min_level;
    /* Kerberos: keys of the service ("FILE:/etc/krb5.keytab"); NULL: no Kerberos. */
    const char *keytab;
    /* NTLM: the NT hash of an account. STATUS_NO_SUCH_USER, STATUS_ACCOUNT_LOCKED_OUT and kin end the bind;
     * names are as the client sent them. NULL: no NTLM. */
    enum nt_status (*nt_hash)(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret_hash[16]);
    void *nt_hash_arg;
    const char *netbios_name, *netbios_domain; /* told to NTLM clients; NULL: "SERVER", "WORKGROUP" */
    const char *dns_name, *dns_domain;         /* likewise; NULL: empty */
    uint16_t max_fragment;                     /* 0: 5840; 1432 .. 65535 */
    unsigned max_conns;                        /* connections at a time; 0: 10 000 */
    unsigned bind_timeout_ms;                  /* until a connection has bound and authenticated; 0: 30 000 */
    unsigned idle_timeout_ms;                  /* without calls; 0: never */
    struct nt_error *error;                    /* sentence when a listener fails */
    /* Who gets what handlers say with rpc_server_explain. Strangers are told nothing unless ALL. */
    enum rpc_extended_errors extended_errors;
    /* NTLM: all there is to know of an account, instead of nt_hash: its token then has SIDs and groups. */
    sec_account_fn *account;
    void *account_arg;
    bool no_ntlm; /* no NTLM, neither alone nor inside SPNEGO, whatever accounts there are */
    /* Kerberos: makes SIDs and groups out of a ticket's PAC: pac_account() of libmsrpc. NULL: tokens have a
     * name only. */
    sec_pac_fn *pac;
    void *pac_arg;
    /* Netlogon secure channels (provider "schannel"): finds the key of a client that names itself; libmsrpc's
     * nl_verifier has one. NULL: none. Its callers have the tokens of computers. */
    sec_schannel_fn *schannel;
    void *schannel_arg;
    /* Kerberos: a keytab with krbtgt's key; PACs then need the KDC's signature, too. NULL: not looked at. */
    const char *kdc_keytab;
    const char *principal; /* under which it authenticates, for clients that ask by mgmt; NULL: empty */
    /* Ceilings, beside max_conns; 0: as src/rpc/limits.h says. For each peer, that is, an IPv4 address, the
     * first 64 bits of an IPv6 address, or a local user: connections (a quarter of max_conns), those of them
     * that have not authenticated (256), calls until they are answered, also when their connection has gone
     * (4 096), and bytes of answers that wait to be read (64 MiB). For the whole server: calls (65 536),
     * answers (512 MiB). */
    unsigned max_peer_conns, max_peer_strangers, max_peer_calls, max_calls;
    size_t max_peer_output, max_output;
    unsigned stall_timeout_ms; /* a connection with answers waiting has to take some; 0: 60 000 */
    const struct rpc_server_observer *observer; /* told what happens; NULL: nobody; copied */
    void *observer_arg;
};
#define RPC_SERVER_OPTIONS_INIT                                                                              \
    {                                                                                                        \
        .size = sizeof(struct rpc_server_options)                                                            \
    }

/* o NULL: defaults. STATUS_INVALID_PARAMETER for sizes that are out of range. */
NT_PUBLIC enum nt_status rpc_server_new(struct nt_loop *loop, const struct rpc_server_options *o,
                                        struct rpc_server **ret) NT_CHECKED;
/* Ends all connections and listeners and runs down the context handles. Calls whose handlers have not
 * answered yet stay valid until rpc_server_reply, which then only frees them. Not from inside a handler.
 * Accepts NULL. */
NT_PUBLIC void rpc_server_free(struct rpc_server *s);

/* Takes from o what may change while the server runs: keytab, kdc_keytab, no_ntlm, extended_errors, all ceilings and
 * time-outs, where 0 is the default again; other members are not looked at. For what comes from then on: nobody is
 * closed or logged off for it. STATUS_NO_MEMORY, and nothing has changed but perhaps the keytab. */
NT_PUBLIC enum nt_status rpc_server_reconfigure(struct rpc_server *s,
                                                const struct rpc_server_options *o) NT_CHECKED;

/* The orderly end: stops listening, asks clients to leave (SHUTDOWN PDU, [C706] 12.6.4.11) as soon as they
 * await no answer, refuses further calls as not executed, and lets those that run end. done comes once, from
 * the loop: STATUS_SUCCESS when all have gone, STATUS_IO_TIMEOUT after timeout_ms (0: no limit), when the
 * connections left have been closed; calls that are still running then have lost their client.
 * rpc_server_free comes next, also from done; before, it takes done back. STATUS_INVALID_DEVICE_STATE the
 * second time. */
typedef void rpc_server_drained_fn(void *arg, enum nt_status st);
NT_PUBLIC enum nt_status rpc_server_drain(struct rpc_server *s, unsigned timeout_ms,
                                          rpc_server_drained_fn *done, void *arg) NT_CHECKED;

/* Used by the generated IFACE_register. STATUS_REVISION_MISMATCH for tables of another version,
 * STATUS_OBJECT_NAME_COLLISION for an interface that is there already. */
typedef enum nt_status rpc_dispatch_fn(const void *handlers, struct rpc_server_call *call, uint32_t opnum,
                                       void *r);
NT_PUBLIC enum nt_status rpc_server_register(struct rpc_server *s, const struct rpc_interface *i,
                                             const struct rpc_op *const *ops, rpc_dispatch_fn *dispatch,
                                             const void *handlers, void *arg) NT_CHECKED;
/* Takes an interface away: nobody can bind to it or call it any more. Calls that arrive or run end first, and
 * the handlers have to be there until then: STATUS_SUCCESS, there are none; STATUS_PENDING, done(arg), which
 * may be NULL, comes after the last one. Not from inside a handler of the interface. STATUS_NOT_FOUND. */
NT_PUBLIC enum nt_status rpc_server_unregister(struct rpc_server *s, const struct rpc_interface *i,
                                               void (*done)(void *arg), void *arg) NT_CHECKED;

/* What an interface asks of its callers. */
struct rpc_server_policy {
    size_t size;
    enum sec_level level; /* least protection; DEFAULT: the server's; NONE lets strangers in */
    bool local_only;      /* over ncalrpc only */
    /* Whether the caller (rpc_server_caller, rpc_server_token) may call this operation: STATUS_SUCCESS, or
     * what it gets as a fault. Asked with the first fragment, before anything of the request is decoded;
     * NULL: all. */
    enum nt_status (*check)(void *arg, const struct rpc_server_call *call, uint32_t opnum);
    void *arg;
};
#define RPC_SERVER_POLICY_INIT                                                                               \
    {                                                                                                        \
        .size = sizeof(struct rpc_server_policy)                                                             \
    }
/* STATUS_NOT_FOUND. */
NT_PUBLIC enum nt_status rpc_server_set_policy(struct rpc_server *s, const struct rpc_interface *i,
                                               const struct rpc_server_policy *policy) NT_CHECKED;

/* Objects ([C706] 3.1.20): a call that names an object with a type goes to the manager of that type, one that
 * names none, or one without a type, to the handlers that were registered with the interface. A type for
 * which the interface has no manager is RPC_NT_UNSUPPORTED_TYPE for the client. */
/* A manager is a further set of IFACE_handlers. STATUS_NOT_FOUND without the interface,
 * STATUS_OBJECT_NAME_COLLISION for a type that it has already. */
NT_PUBLIC enum nt_status rpc_server_register_manager(struct rpc_server *s, const struct rpc_interface *i,
                                                     const struct nt_guid *type, const void *handlers,
                                                     void *arg) NT_CHECKED;
/* Gives an object a type, or with the nil UUID takes it away (STATUS_NOT_FOUND if it has none). */
NT_PUBLIC enum nt_status rpc_server_object_set_type(struct rpc_server *s, const struct nt_guid *object,
                                                    const struct nt_guid *type) NT_CHECKED;
/* Least protection for calls of one interface, instead of the server's. STATUS_NOT_FOUND. */
NT_PUBLIC enum nt_status rpc_server_require(struct rpc_server *s, const struct rpc_interface *i,
                                            enum sec_level level) NT_CHECKED;

/* The interfaces that are registered, one by one: NULL for an index past the last. */
NT_PUBLIC const struct rpc_interface *rpc_server_interface(const struct rpc_server *s, unsigned index);
/* The option `principal`, for an authentication type ([MS-RPCE] 2.2.1.1.7) that the server accepts; else
 * NULL. */
NT_PUBLIC const char *rpc_server_principal(const struct rpc_server *s, uint32_t authn_type);
/* Calls of this operation, which has [in] pipes, are dispatched as soon as what comes before the pipes is here; the
 * handler returns STATUS_PENDING, and its consumers (struct ndr_pipe) get the elements as they come: see docs/rpc.md.
 * Without this a handler finds the pipes whole. STATUS_NOT_FOUND, STATUS_INVALID_PARAMETER. */
NT_PUBLIC enum nt_status rpc_server_stream(struct rpc_server *s, const struct rpc_interface *i,
                                           uint32_t opnum) NT_CHECKED;

/* Listens for ncacn_ip_tcp at a numeric address (NULL: all, IPv6 and IPv4) and port (0: a free one); ret_port
 * may be NULL. STATUS_ADDRESS_ALREADY_ASSOCIATED, STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER;
 * STATUS_NOT_SUPPORTED on a loop without descriptors. */
NT_PUBLIC enum nt_status rpc_server_listen(struct rpc_server *s, const char *host, uint16_t port,
                                           uint16_t *ret_port) NT_CHECKED;
/* Listens on a socket that listens already, which the server owns from then on; on failure it is left to the caller. TCP
 * (as systemd hands over, or bound before a program gave up its privileges; ret_port, may be NULL, tells the port) or
 * unix (0), whose file stays where it is. STATUS_INVALID_PARAMETER for what is no listening stream socket,
 * STATUS_NOT_SUPPORTED as above. */
NT_PUBLIC enum nt_status rpc_server_listen_fd(struct rpc_server *s, int fd, uint16_t *ret_port) NT_CHECKED;
/* Listens for ncalrpc on a unix stream socket: an absolute path of at most 107 bytes, made with the
 * permission bits of `mode` (0666: every process of the machine may connect) and taken away by
 * rpc_server_free. A socket file that a dead server left is replaced. The directory must be writable for none
 * but those who may take the server's place. STATUS_ADDRESS_ALREADY_ASSOCIATED where a server listens or
 * something else is in the way, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER;
 * STATUS_NOT_SUPPORTED as above.
 */
NT_PUBLIC enum nt_status rpc_server_listen_local(struct rpc_server *s, const char *path,
                                                 unsigned mode) NT_CHECKED;

/* Whom an interface takes at the kernel's word. A caller over ncalrpc without RPC security has the name
 * "uid:1000" and the provider "unix", told by the kernel (SO_PEERCRED, unix(7)) as of its connect(2). To the
 * interface's least level that counts as SEC_LEVEL_PRIVACY for those named here, for all others as
 * SEC_LEVEL_NONE. */
enum rpc_local_trust {
    RPC_LOCAL_TRUST_NOBODY, /* the default: a local account is none of the accounts that a level is about */
    RPC_LOCAL_TRUST_OWNER, /* root and the effective user of this process, who could read its memory anyway */
    RPC_LOCAL_TRUST_ALL,   /* every local user; the handlers look at the uid */
};
/* STATUS_NOT_FOUND without the interface. */
NT_PUBLIC enum nt_status rpc_server_trust_local(struct rpc_server *s, const struct rpc_interface *i,
                                                enum rpc_local_trust who) NT_CHECKED;
/* Serves a connected socket, TCP or unix, which the server then owns, also on failure. */
NT_PUBLIC enum nt_status rpc_server_accept(struct rpc_server *s, int fd) NT_CHECKED;

/* The same for a connection that comes out of a TLS channel: clients have to be bound to it (RFC 5929; the
 * application data, at most 128 bytes) in whatever authentication they make. */
NT_PUBLIC enum nt_status rpc_server_accept_bound(struct rpc_server *s, int fd, const void *channel_bindings,
                                                 size_t len) NT_CHECKED;

struct rpc_server_stats {
    size_t size;
    unsigned conns, calls, handles; /* at this moment */
    uint64_t accepted, refused, dispatched, faults;
    uint64_t packets_in, packets_out; /* PDUs */
    uint64_t refusals[RPC_REFUSED_CAUSES];
    unsigned peers;
    size_t output; /* bytes of answers that wait to be read */
    uint64_t bytes_in, bytes_out; /* of PDUs */
};
NT_PUBLIC enum nt_status rpc_server_stats(const struct rpc_server *s,
                                          struct rpc_server_stats *ret) NT_CHECKED;

/* ---- several servers behind one address ----
 *
 * One server runs on one loop, so on one core. A front listens and hands each connection to one of several servers,
 * each on a loop that a thread of the program's runs; all connections of a peer (an IPv4 address, the first 64 bits of
 * an IPv6 address, a local user) go to the same one, for association groups, context handles and ceilings are a
 * server's own. */
struct rpc_front;
/* error (NULL: none) gets the sentence when a listener fails, and has to live as long. */
NT_PUBLIC enum nt_status rpc_front_new(struct nt_loop *loop, struct nt_error *error,
                                       struct rpc_front **ret) NT_CHECKED;
/* Before anything listens and before the servers' threads run; calls nt_loop_share for the server's loop, which may be
 * the front's own. STATUS_INVALID_DEVICE_STATE when something listens, STATUS_INSUFFICIENT_RESOURCES above 256. */
NT_PUBLIC enum nt_status rpc_front_add(struct rpc_front *f, struct rpc_server *s) NT_CHECKED;
/* As rpc_server_listen and rpc_server_listen_local; STATUS_INVALID_DEVICE_STATE without a server. */
NT_PUBLIC enum nt_status rpc_front_listen(struct rpc_front *f, const char *host, uint16_t port,
                                          uint16_t *ret_port) NT_CHECKED;
NT_PUBLIC enum nt_status rpc_front_listen_local(struct rpc_front *f, const char *path, unsigned mode) NT_CHECKED;
/* In the front's thread, before the servers end: what was handed over stands in front of what is posted
 * (nt_loop_post) to their loops afterwards, such as the request to end. Accepts NULL. */
NT_PUBLIC void rpc_front_free(struct rpc_front *f);

/* ---- in handlers ---- */

/* As given to IFACE_register. */
NT_PUBLIC void *rpc_server_arg(const struct rpc_server_call *call);
/* Memory of the call: `in` lives there, and what a handler puts into `out` may; until the answer is sent. */
NT_PUBLIC struct nt_arena *rpc_server_mem(const struct rpc_server_call *call);
/* Answers a call whose handler returned STATUS_PENDING; once; frees it. Not from inside the handler.
 * STATUS_SUCCESS sends `out`, anything else a fault. Also for calls whose client has gone: then nothing is
 * sent. */
NT_PUBLIC void rpc_server_reply(struct rpc_server_call *call, enum nt_status st);
/* Adds a record to the fault that the call will end with, behind those that are there: the root cause comes
 * last. A record with time 0 gets the present one. Copied; lost where the call succeeds or extended_errors
 * keeps it back. STATUS_INSUFFICIENT_RESOURCES after 32 records, STATUS_INVALID_PARAMETER for one that cannot
 * be sent. */
NT_PUBLIC enum nt_status rpc_server_explain(struct rpc_server_call *call,
                                            const struct rpc_error_record *rec) NT_CHECKED;
/* For a handler that returns STATUS_PENDING: fn(call, arg) comes after that time, or as soon as the call is
 * cancelled, so that nothing sleeps for nobody; it is to reply or to wait again. It takes the place of
 * rpc_server_on_cancel, and a second one that of the first. False, and nothing comes, when the client has gone;
 * never so inside the handler. */
NT_PUBLIC bool rpc_server_later(struct rpc_server_call *call, unsigned ms,
                                void (*fn)(struct rpc_server_call *call, void *arg), void *arg) NT_CHECKED;
/* The client has gone, has given the call up or would like it to end. */
NT_PUBLIC bool rpc_server_cancelled(const struct rpc_server_call *call);
/* Has fn called, from the loop, when that happens to a call that is being answered later: once when the client
 * wants an end, once when it awaits no answer any more. fn, or whoever it tells, ends the call with
 * rpc_server_reply: with STATUS_CANCELLED for the fault nca_s_fault_cancel, or with the answer. fn NULL: no more.
 * STATUS_CANCELLED when it has happened already; then fn is not called.
 * Where pipes move, this is how their ends here learn that nothing will move any more, also while the answer goes
 * out: then the call frees itself, and rpc_server_reply does nothing. */
typedef void rpc_server_cancel_fn(struct rpc_server_call *call, void *arg);
NT_PUBLIC enum nt_status rpc_server_on_cancel(struct rpc_server_call *call, rpc_server_cancel_fn *fn,
                                              void *arg) NT_CHECKED;

/* For a handler's part that blocks: `return rpc_server_work(call, fn);`. fn gets the operation's structure on a thread
 * that is in nt_loop_worker_run of the server's loop, and returns as a handler does; the answer goes out from the
 * loop. Without such a thread fn runs in place. In fn: rpc_server_arg, rpc_server_mem, rpc_server_caller and
 * rpc_server_cancelled; objects behind context handles that were looked up before (no other call that names the
 * handle runs meanwhile). Everything else is the loop's, and so is the call if fn returns STATUS_PENDING. */
typedef enum nt_status rpc_server_work_fn(struct rpc_server_call *call, void *r);
NT_PUBLIC enum nt_status rpc_server_work(struct rpc_server_call *call, rpc_server_work_fn *fn) NT_CHECKED;

/* Calls the client back, in a call that is being answered later and whose request is whole: op is one of
 * IFACE_callbacks of the call's interface, r its structure, whose `out` lives in the call's memory. done comes from
 * the loop, once, unless this fails; the call is not to be answered before. One at a time:
 * STATUS_INVALID_DEVICE_STATE. STATUS_CONNECTION_DISCONNECTED, here or in done, when the client has gone (then
 * rpc_server_on_cancel is not called). A client without handlers answers with a fault. */
typedef void rpc_server_callback_fn(struct rpc_server_call *call, void *arg, enum nt_status st);
NT_PUBLIC enum nt_status rpc_server_callback(struct rpc_server_call *call, const struct rpc_op *op, void *r,
                                             rpc_server_callback_fn *done, void *arg) NT_CHECKED;

/* A consumer or producer of a pipe of this call that returned STATUS_PENDING can go on. Not from inside of one. */
NT_PUBLIC void rpc_server_resume(struct rpc_server_call *call);

struct rpc_server_caller {
    size_t size;
    const char *peer;     /* "192.0.2.1:49152", "uid:1000,pid:4711"; "" when unknown */
    const char *provider; /* "ntlm", "spnego/krb5", "unix"; NULL: not authenticated */
    const char *name;     /* UTF-8 principal or DOMAIN\user; "uid:1000" from "unix" alone; "" when not
                             authenticated */
    enum sec_level level;
    bool ndr64;
    const struct nt_guid *object; /* UUID that the call names, or NULL */
    const char *protseq;          /* "ncacn_ip_tcp", "ncalrpc" */
    bool has_cred;                /* ncalrpc: of the process that connected, whoever else authenticated */
    uint32_t uid, gid;
    int32_t pid; /* for logs: it may be another process by now */
    const char *local;            /* our end: "192.0.2.7:135"; "" when unknown */
};
/* Lent as long as the call. */
NT_PUBLIC enum nt_status rpc_server_caller(const struct rpc_server_call *call,
                                           struct rpc_server_caller *ret) NT_CHECKED;

/* Who calls: SIDs, groups, session key. Never NULL: strangers and null sessions have the anonymous token.
 * Lent as long as the call; sec_token_ref keeps it. */
NT_PUBLIC const struct sec_token *rpc_server_token(const struct rpc_server_call *call);

/* Context handles ([C706] 6.1.6). A handle is bound to its type, the association group that made it, and the
 * authenticated name of its caller; all else is RPC_NT_SS_CONTEXT_MISMATCH. When the last connection of the
 * group has gone, and no call of it runs, rundown gets what is left.
 *
 * Calls whose requests name the same handle run one after the other, in the order in which they became whole,
 * so that no object is closed under a call; those of a `shared` type run at the same time. */
struct rpc_handle_type {
    const char *name;
    void (*rundown)(void *object); /* NULL: nothing to do */
    bool shared;                   /* context_handle_noserialize: the object looks after itself */
};
/* STATUS_INSUFFICIENT_RESOURCES when the group has too many. */
NT_PUBLIC enum nt_status rpc_handle_new(struct rpc_server_call *call, const struct rpc_handle_type *type,
                                        void *object, struct ndr_handle *ret) NT_CHECKED;
NT_PUBLIC enum nt_status rpc_handle_get(const struct rpc_server_call *call, const struct ndr_handle *h,
                                        const struct rpc_handle_type *type, void **ret_object) NT_CHECKED;
/* Ends the handle, and zeroes *h, which is how the client learns of it. With ret_object the caller takes the
 * object over, and there is no run-down; NULL: rundown gets it when the last call that uses it, this one
 * included, has ended. For a shared type only the latter: else STATUS_INVALID_PARAMETER. Nor can a call inside
 * of a callback take over what the call around it uses: STATUS_INVALID_DEVICE_STATE. */
NT_PUBLIC enum nt_status rpc_handle_close(struct rpc_server_call *call, struct ndr_handle *h,
                                          const struct rpc_handle_type *type, void **ret_object) NT_CHECKED;

NT_END_DECLS

#endif
