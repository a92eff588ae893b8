// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the server: server.c holds interfaces and listeners, assoc.c one connection (bind, contexts,
 * fragments), sauth.c its security contexts, scall.c the calls, scalls.c their lists, handle.c association groups and context
 * handles, peer.c who is at the other end, budget.c what that may make us hold, drain.c the orderly end,
 * front.c one listener for several, observe.c what an observer is told.
 */
#ifndef RPC_M_SERVER_H
#define RPC_M_SERVER_H

#include <stdatomic.h>
#include <msrpc/rpc_server.h>
#include "io/guests.h"
#include "ndr/ndr.h"
#include "rpc/m_eerr.h"
#include "rpc/carry.h"
#include "rpc/m_frag.h"
#include "rpc/m_pipes.h"
#include "rpc/m_sectrailer.h"
#include "rpc/m_transport.h"
#include "rpc/m_vt.h"

/* Handlers for the objects of one type. */
struct rpc_manager {
    struct rpc_manager *next;
    struct nt_guid type;
    const void *handlers;
    void *arg;
};

struct rpc_object {
    struct rpc_object *next;
    struct nt_guid object, type;
};
#define RPC_OBJECT_BUCKETS 64

struct rpc_served {
    struct rpc_served *next;
    const struct rpc_interface *iface;
    const struct rpc_op *const *ops;
    rpc_dispatch_fn *dispatch;
    const void *handlers;
    void *arg;
    bool *streams; /* by opnum: rpc_server_stream; NULL: none */
    enum sec_level min_level; /* DEFAULT: the server's */
    enum rpc_local_trust local;
    bool local_only;
    enum nt_status (*check)(void *arg, const struct rpc_server_call *call, uint32_t opnum);
    void *check_arg;
    struct rpc_manager *managers;
    unsigned n_calls; /* that refer to it */
    bool gone;        /* unregistered: freed after the last one */
    void (*done)(void *arg);
    void *done_arg;
};

struct rpc_listener {
    struct io_listener l;
    struct rpc_listener *next;
    struct rpc_server *s;
    uint16_t port;
};

/* What the kernel says about the other end of a unix socket. */
struct rpc_cred {
    bool known;
    uint32_t uid, gid;
    int32_t pid;
};

/* Names of local callers, "uid:1000"; no provider may give such a name to anybody. */
#define RPC_UID_PREFIX    "uid:"

#define RPC_GROUP_BUCKETS 64
#define RPC_GROUP_TABLE   1024

/* Connections of one client that share context handles ([C706] 9.3.3). */
struct rpc_group {
    struct rpc_group *next;
    struct rpc_server *s;
    uint32_t id;
    char host[80]; /* the client's address, without a port */
    bool carried;  /* by pipes: groups are of one kind of transport, as on Windows */
    unsigned refs; /* connections and calls */
    struct rpc_handle **handles; /* RPC_GROUP_BUCKETS of them, once there are any */
    unsigned n_handles;
};

#define RPC_PEER_KEY     20
#define RPC_PEER_BUCKETS 256

/* All that comes from one address or local user, and what it makes us hold. */
struct rpc_peer {
    struct rpc_peer *next;
    struct rpc_server *s;
    uint8_t key[RPC_PEER_KEY];
    unsigned refs; /* connections, until they are destroyed, and calls */
    unsigned conns, strangers, calls;
    size_t stubs;  /* of strangers */
    size_t output; /* waiting in all its streams */
};

struct rpc_server {
    unsigned refs; /* the user's, and one for each group and connection */
    struct nt_loop *loop;
    const struct nt_env *env;
    enum sec_level min_level;
    struct sec_acceptor acceptor;
    char *strings[6]; /* that acceptor points at */
    char *principal;
    uint16_t max_frag;
    unsigned max_conns, n_conns, n_calls, n_handles;
    uint64_t bind_timeout, idle_timeout; /* ns; 0: none */
    struct nt_error *error;
    enum rpc_extended_errors extended_errors;
    struct rpc_served *served;
    struct rpc_object *objects[RPC_OBJECT_BUCKETS];
    struct rpc_listener *listeners;
    struct rpc_sconn *conns;
    struct io_guests guests; /* strangers among them */
    struct rpc_group *groups[RPC_GROUP_TABLE];
    uint64_t accepted, refused, dispatched, faults, packets_in, packets_out, bytes_in, bytes_out;
    uint64_t refusals[RPC_REFUSED_CAUSES];
    struct rpc_server_call *spare; /* memory of one that has ended */
    struct rpc_server_observer observer;
    void *observer_arg;
    uint64_t last_conn; /* number of the newest */
    struct rpc_peer *peers[RPC_PEER_BUCKETS];
    unsigned n_peers, max_peer_conns, max_peer_strangers, max_peer_calls, max_calls;
    size_t output, max_peer_output, max_output; /* bytes that wait for their readers */
    uint64_t stall_timeout;
    struct io_stream own; /* no transport: timers of the server itself; only while it drains */
    struct io_item drain_step, drain_end;
    bool draining;
    rpc_server_drained_fn *drained;
    void *drained_arg;
};

enum rpc_sconn_state {
    RPC_SC_NEW,   /* a bind is awaited */
    RPC_SC_BOUND, /* requests are taken; security contexts may still be in the making */
    RPC_SC_CLOSED,
};

struct rpc_scontext {
    uint16_t id;
    struct rpc_served *served; /* NULL: unregistered since */
    bool ndr64;
};

/* A security context of a connection; established or on its way. */
struct rpc_ssec {
    struct rpc_sec sec;
    bool failed;
    unsigned legs;
    struct sec_params params;
    struct nt_error err;
    char mech[32];
    struct sec_claim *claim;       /* for the observer, until it is established */
    const struct sec_token *token; /* once established */
};

struct rpc_sconn {
    struct rpc_sconn *next, **link;
    struct rpc_server *s;
    enum rpc_sconn_state state;
    struct rpc_transport *tp;
    struct rpc_group *group;
    uint16_t max_xmit, max_recv;
    bool mpx; /* several calls at a time were agreed on */
    struct rpc_scontext ctx[RPC_CONTEXTS_MAX];
    unsigned n_ctx;
    bool plain;       /* the bind was without security: so may requests be */
    bool header_sign; /* for all security contexts, from a bind or alter_context on */
    struct rpc_ssec *sec[RPC_SECURITY_CONTEXTS_MAX];
    unsigned n_sec;
    struct rpc_ssec *by_default; /* carried: whose requests without a trailer are; NULL: the pipe's caller's */
    bool connect_named;          /* carried: a context of level connect was named by a request */
    struct rpc_server_call *calls, *last; /* in the order of arrival */
    struct rpc_server_call **by_id;       /* chains by id; NULL: there are few */
    struct rpc_server_call *due, *walk;   /* the first that may have to run; where rpc_scall_run_ready is */
    bool look;                            /* any of them may have to run */
    bool held_apart;                      /* one has, or had, a pipe or a callback */
    unsigned n_calls;
    struct wr in;            /* a PDU that has come in part */
    char peer[80], here[80]; /* the addresses of both ends */
    bool local;              /* ncalrpc */
    bool carried;            /* ncacn_np: the pipe's caller is known, as token, with this protection */
    enum sec_level carried_level;
    char carried_mech[16];
    struct rpc_cred cred; /* of a local one */
    struct sec_token *token; /* of that; made when first asked for */
    struct nt_blob bindings; /* of a TLS channel around it; owned; empty: none */
    char *endpoint;          /* where it came in, the secondary address of its bind_ack; NULL: unknown */
    struct rpc_peer *from;   /* NULL: not counted yet */
    bool stranger;           /* and counted as one */
    struct io_guest guest;
    bool asked_to_leave;
    size_t stubs;   /* held by its calls */
    uint64_t moved; /* at the last look of the stall timer */
    uint64_t number, bytes_in, bytes_out, n_requests;
    uint64_t opened; /* for the observer, as the next two */
    void *tag;
    bool seen;
    struct io_item ready, timer, stall, destroy;
};

enum rpc_scall_state {
    RPC_SCALL_ARRIVING,
    RPC_SCALL_DRAINING, /* over, but the client has not sent all of its request */
    RPC_SCALL_READY,
    RPC_SCALL_WAITING, /* decoded; another call uses one of its context handles */
    RPC_SCALL_RUNNING,
    RPC_SCALL_PENDING,
    RPC_SCALL_SENDING, /* answered: the pipes of the answer are on their way */
};

/* What an observer wants to know of a call when it is over. */
struct rpc_scall_seen {
    uint64_t began;
    size_t bytes_out;
    enum nt_status st;
    uint32_t fault, result;
    bool executed, answered, has_result, ended;
};

/* That a call uses a context handle. */
struct rpc_hold {
    struct rpc_hold *next; /* of the call */
    struct rpc_handle *h;
};

struct rpc_server_call {
    struct rpc_server_call *next, *prev;
    struct rpc_server_call *chain; /* of those whose ids meet */
    struct rpc_sconn *c; /* NULL: the client has gone */
    struct rpc_group *group;
    struct rpc_served *served;
    const void *handlers; /* the manager's */
    void *arg;
    struct rpc_peer *from;
    size_t counted; /* of its stub */
    const struct rpc_op *op;
    struct nt_arena *mem;
    void *r;
    enum rpc_scall_state state;
    atomic_bool cancelled; /* a worker may look at it */
    bool has_object, ndr64, decoded;
    bool receiving; /* fragments of its request are to come */
    bool orphaned; /* the client awaits no answer, but the call still counts among its connection's */
    uint8_t drep;
    uint16_t ctx, opnum;
    uint32_t id;
    struct rpc_ssec *sec; /* NULL: none; lives as long as c */
    struct rpc_cred cred;
    bool local, carried;
    const struct sec_token *token; /* a reference of its own */
    enum sec_level level;
    struct nt_guid object;
    struct rpc_join join;
    struct ndr_pull pull;              /* of the request: the answer's full pointers know its */
    struct ndr_handles named;          /* context handles in the request */
    struct rpc_hold *holds, *hold_mem; /* in use; room for as many as are named */
    uint32_t n_holds;
    struct rpc_scallback *callback; /* a call of ours to the client; NULL: none */
    unsigned n_inner;               /* calls whose outer this is */
    struct rpc_server_call *outer;     /* this one came inside of a callback of that one */
    struct rpc_handle *waits_for;      /* with RPC_SCALL_WAITING */
    struct rpc_server_call *wait_next; /* in the handle's queue */
    rpc_server_cancel_fn *on_cancel;   /* NULL: nobody asked */
    void *on_cancel_arg;
    rpc_server_work_fn *work; /* on a worker now */
    enum nt_status worked;
    uint8_t told; /* on_cancel was: 1 of a wish, 2 that the client awaits nothing any more */
    struct rpc_spipe *pipe; /* NULL: none, or moved as a whole */
    size_t probe_at;        /* length of the stub at which its head is looked for again */
    char *peer, *here, *mech; /* copies in mem, since c may go */
    struct rpc_error_list extended;  /* what its handler has to say if it fails */
    struct rpc_scall_seen seen;
    struct io_item later;            /* of rpc_server_later */
    void (*later_fn)(struct rpc_server_call *call, void *arg);
    void *later_arg;
};

/* ---- server.c ---- */
void rpc_server_unref(struct rpc_server *s);
void rpc_server_stop_listening(struct rpc_server *s);

/* ---- assoc.c ---- */
/* A connection over a transport that is open or about to be; takes nothing over on failure. peer NULL:
 * rpc_sconn_identify is to say. */
enum nt_status rpc_sconn_new(struct rpc_server *s, const char *peer, struct rpc_sconn **ret);
/* A connection over somebody's pipe, within the server's ceilings. */
enum nt_status rpc_sconn_carry(struct rpc_server *s, struct rpc_transport *tp, const struct rpc_carried_caller *who,
                               struct rpc_sconn **ret);
/* Ends it: calls that run lose their client, the memory goes when no callback is on the stack. */
void rpc_sconn_close(struct rpc_sconn *c);
/* Ends it once what is queued, such as a fault that says why, has gone. */
void rpc_sconn_hang_up(struct rpc_sconn *c);
size_t rpc_sconn_writer(struct rpc_sconn *c, struct wr *w, size_t limit);
/* Counts what is about to be sent: the PDU behind the transport's headroom. */
static inline void rpc_sconn_sends(struct rpc_sconn *c, const struct wr *w)
{
    size_t len = w->len - c->tp->ops->headroom;
    c->s->packets_out++;
    c->s->bytes_out += len;
    c->bytes_out += len;
}
void rpc_sconn_put(struct rpc_sconn *c, struct wr *w);
void rpc_sconn_send(struct rpc_sconn *c, struct wr *w); /* the same, seen by the observer as it is */
void rpc_sconn_fault(struct rpc_sconn *c, uint32_t call_id, uint16_t ctx, enum nt_status st, bool ran);
void rpc_sconn_touch(struct rpc_sconn *c); /* the time-out counts anew */
struct rpc_served *rpc_server_find(const struct rpc_server *s, const struct rpc_syntax *syntax);

/* The least level that calls of an interface need. */
static inline enum sec_level rpc_served_level(const struct rpc_server *s, const struct rpc_served *served)
{
    return served->min_level ? served->min_level : s->min_level;
}

/* ---- peer.c ---- */
/* Takes down where an attached connection comes from and came in. */
enum nt_status rpc_sconn_identify(struct rpc_sconn *c, int fd);
/* The level that an unauthenticated call of this connection has for an interface. */
enum sec_level rpc_local_level(const struct rpc_sconn *c, const struct rpc_served *served);

/* ---- budget.c ---- */
/* Counts a connection under the peer with that key. STATUS_INSUFFICIENT_RESOURCES when it has too many. */
enum nt_status rpc_peer_enter(struct rpc_sconn *c, const uint8_t key[RPC_PEER_KEY]);
/* The same for a peer that only has a text. */
enum nt_status rpc_peer_enter_text(struct rpc_sconn *c, const char *peer);
/* The key of whoever is at the other end of a socket. */
enum nt_status rpc_peer_key(int fd, uint8_t ret[RPC_PEER_KEY]);
uint32_t rpc_peer_hash(const uint8_t key[RPC_PEER_KEY]);
void rpc_peer_known(struct rpc_sconn *c);  /* it is no stranger any more */
void rpc_peer_leave(struct rpc_sconn *c);  /* it is going; what it queued still counts */
void rpc_peer_forget(struct rpc_sconn *c); /* when its stream has been freed */
/* Part of a PDU has come: of strangers, no more than all of them together may leave with us is kept. */
void rpc_budget_part(struct rpc_sconn *c);
/* Is there room for c, which counts already (more 0) or not (1)? The oldest stranger may have to go for it. */
bool rpc_budget_room(struct rpc_sconn *c, unsigned more);
/* Counts a call. False: too many of the server's or the peer's. */
bool rpc_budget_call(struct rpc_server_call *call);
void rpc_budget_call_end(struct rpc_server_call *call);
/* May the call's stub grow by so much? */
bool rpc_budget_stub(struct rpc_server_call *call, size_t more, size_t *ret_most);
void rpc_budget_stub_grown(struct rpc_server_call *call);
/* Is there room for a further answer? */
bool rpc_budget_output(struct rpc_sconn *c);
/* After an answer: who does not read is given up. */
void rpc_budget_watch(struct rpc_sconn *c);
void rpc_budget_stalled(struct io_item *it);

/* ---- drain.c ---- */
void rpc_drain_check(struct rpc_server *s); /* a connection or a call has gone */
void rpc_drain_conn(struct rpc_sconn *c);   /* it may have no calls any more */
void rpc_drain_free(struct rpc_server *s);

/* ---- observe.c ---- */
void rpc_observe_opened(struct rpc_sconn *c);
void rpc_observe_closed(struct rpc_sconn *c);
/* These where the observer has that function: */
void rpc_observe_bind(struct rpc_sconn *c, const struct rpc_pdu *d, bool ok, uint32_t reason);
void rpc_observe_auth(struct rpc_sconn *c, const struct rpc_ssec *x, enum nt_status st);
void rpc_observe_pdu(struct rpc_sconn *c, bool out, const uint8_t *head, size_t head_len, struct nt_blob body);
void rpc_observe_begin(struct rpc_server_call *call);
void rpc_observe_stillborn(struct rpc_sconn *c, const struct rpc_pdu *d, enum nt_status st);
/* Counts it, too. peer NULL: unknown. */
void rpc_observe_refused(struct rpc_server *s, enum rpc_refusal why, const char *peer);
/* Once, however often it is called. */
void rpc_observe_end(struct rpc_server_call *call);
/* A fragment of an answer's stub; last: with it the answer is queued. */
void rpc_observe_answer(struct rpc_server_call *call, const uint8_t *stub, size_t len, bool last);
/* A PDU in the clear, and the same for one with a security trailer that is to be left out. */
void rpc_observe_plain(struct rpc_sconn *c, bool out, const uint8_t *pdu, size_t len);
static inline void rpc_tap(struct rpc_sconn *c, bool out, const uint8_t *head, size_t head_len, struct nt_blob body)
{
    if (c->s->observer.pdu)
        rpc_observe_pdu(c, out, head, head_len, body);
}

/* ---- sauth.c ---- */
struct rpc_ssec *rpc_ssec_find(const struct rpc_sconn *c, uint32_t ctx_id);
/* A security context for the trailer of a bind or alter_context. STATUS_SUCCESS with *ret;
 * RPC_NT_UNKNOWN_AUTHN_SERVICE, RPC_NT_UNKNOWN_AUTHN_LEVEL, STATUS_INSUFFICIENT_RESOURCES. */
enum nt_status rpc_ssec_new(struct rpc_sconn *c, const struct rpc_pdu *d, struct rpc_ssec **ret);
/* Gives the client's token to the provider; the answer is appended to token. STATUS_SUCCESS (established),
 * STATUS_MORE_PROCESSING_REQUIRED, or why not. */
enum nt_status rpc_ssec_step(struct rpc_sconn *c, struct rpc_ssec *x, const uint8_t *pdu,
                             const struct rpc_pdu *d, struct wr *token);
/* Headers are signed from now on, by those contexts that can. */
void rpc_ssec_sign_headers(struct rpc_sconn *c);
void rpc_ssec_free_all(struct rpc_sconn *c);
/* A reference to the token of whoever calls under x; x NULL: of the process at the other end of a local
 * transport, or of nobody. NULL when memory is short. */
const struct sec_token *rpc_caller_token(struct rpc_sconn *c, const struct rpc_ssec *x);

/* ---- scalls.c ---- */
void rpc_scalls_put(struct rpc_sconn *c, struct rpc_server_call *call);
void rpc_scalls_del(struct rpc_sconn *c, struct rpc_server_call *call);
/* The calls with that id, in the order of arrival; after NULL: the first. */
struct rpc_server_call *rpc_scalls_next(const struct rpc_sconn *c, struct rpc_server_call *after, uint32_t id);
/* Calls rpc_scall_run_ready soon, to look at all calls. */
void rpc_sconn_look(struct rpc_sconn *c);

/* ---- scall.c ---- */
void rpc_scall_on_request(struct rpc_sconn *c, uint8_t *pdu, const struct rpc_pdu *d);
void rpc_scall_on_cancel(struct rpc_sconn *c, uint32_t call_id, bool orphaned);
void rpc_scall_run_ready(struct rpc_sconn *c); /* dispatches what is whole, tells about cancels */
void rpc_scall_lose_client(struct rpc_sconn *c);

size_t rpc_scall_room(const struct rpc_server_call *call); /* stub bytes of one fragment of its answer */
enum nt_status rpc_scall_send(struct rpc_server_call *call, struct nt_blob stub, unsigned flags,
                              uint32_t hint);
/* What is left of a request behind its parameters may be a verification trailer ([MS-RPCE] 2.2.2.13). */
enum nt_status rpc_scall_trailer(const struct rpc_server_call *call, struct nt_blob rest);
void rpc_scall_tell(struct rpc_server_call *call); /* its on_cancel, if there is something new */
/* Answers, with the pipes of the answer later, and forgets the call. */
void rpc_scall_complete(struct rpc_server_call *call, enum nt_status st);
void rpc_scall_free(struct rpc_server_call *call);
/* Of what rpc_scall_free has kept; accepts NULL. */
void rpc_scall_memory_free(struct rpc_server_call *call);

bool rpc_scall_may_hold(struct rpc_server_call *call, size_t more); /* within what its connection may */

/* ---- scallback.c: callbacks ---- */
bool rpc_scallback_waits(const struct rpc_server_call *call); /* for the client's answer */
bool rpc_scallback_due(const struct rpc_server_call *call);
void rpc_scallback_run(struct rpc_server_call *call);
void rpc_scallback_cut(struct rpc_server_call *call); /* no answer will come */
size_t rpc_scallback_held(const struct rpc_server_call *call);
void rpc_scallback_free(struct rpc_server_call *call);
/* A response or fault from the client; false: it has no place. */
bool rpc_scallback_on_answer(struct rpc_sconn *c, uint8_t *pdu, const struct rpc_pdu *d);

/* ---- spipe.c: pipes ---- */
/* Dispatched as soon as what comes before its first pipe is here: is that so for this call, and has it come? */
bool rpc_spipe_streams(const struct rpc_server_call *call);
bool rpc_spipe_head_here(struct rpc_server_call *call);
/* The head has been decoded: the rest is pipes. */
enum nt_status rpc_spipe_start(struct rpc_server_call *call);
/* The next fragment of such a call. */
void rpc_spipe_add(struct rpc_server_call *call, struct nt_blob stub, bool last);
/* The answer's pipes. STATUS_PENDING: on their way. */
enum nt_status rpc_spipe_answer(struct rpc_server_call *call);
void rpc_spipe_reply(struct rpc_server_call *call, enum nt_status st); /* the handler's answer */
bool rpc_spipe_due(const struct rpc_server_call *call);
void rpc_spipe_run(struct rpc_server_call *call);
void rpc_spipe_room(struct rpc_sconn *c); /* more can be sent */
bool rpc_spipe_lose_client(struct rpc_server_call *call); /* true: spipe.c frees the call */
size_t rpc_spipe_held(const struct rpc_server_call *call);
void rpc_spipe_free(struct rpc_server_call *call);

/* ---- sfault.c ---- */
/* The fault of a call that ran, with what its handler said and its caller may know. */
void rpc_scall_fault(struct rpc_server_call *call, enum nt_status st);

/* ---- policy.c ---- */
enum nt_status rpc_policy_level(const struct rpc_server_call *call); /* whether the caller may at all */
enum nt_status rpc_policy_check(struct rpc_server_call *call);       /* whether this operation */
/* The manager for the call's object. */
enum nt_status rpc_policy_choose(struct rpc_server_call *call);
void rpc_served_release(struct rpc_served *p); /* a call has ended */
void rpc_served_free(struct rpc_served *p);
void rpc_objects_free(struct rpc_server *s);

/* ---- later.c ---- */
void rpc_later_stop(struct rpc_server_call *call);

/* ---- handle.c ---- */
/* The group that a bind names (0: a new one); NULL if there is none, if it is another machine's than `peer`'s
 * ([MS-RPCE] 3.3.1.5.7), or if memory is short. */
struct rpc_group *rpc_group_get(struct rpc_server *s, uint32_t id, const char *peer, bool carried);
void rpc_group_unref(struct rpc_group *g);
/* Takes the context handles that the call names, all or none. False: one of them is in use, and the call,
 * RPC_SCALL_WAITING now, becomes RPC_SCALL_READY when its turn has come. */
bool rpc_handles_take(struct rpc_server_call *call);
/* The call is over, or waits no more. Those that waited for it are made ready. */
void rpc_handles_drop(struct rpc_server_call *call);

#endif
