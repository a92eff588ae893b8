// SPDX-License-Identifier: Apache-2.0
/* Inside of the client: client.c opens and closes, auth.c builds the security context, call.c runs the calls,
 * inflight.c knows where they are. */
#ifndef RPC_M_CLIENT_H
#define RPC_M_CLIENT_H

#include "rpc/m_binding.h"
#include "rpc/m_eerr.h"
#include "rpc/m_frag.h"
#include "rpc/m_lent.h"
#include "rpc/m_pin.h"
#include "rpc/m_pipes.h"
#include "rpc/m_sectrailer.h"
#include "rpc/m_transport.h"
#include "rpc/m_vt.h"

/* Client side of [MS-RPCE] 3.3.2; the waiting for a response is the calls' own state. */
enum rpc_state {
    RPC_ST_NEW,
    RPC_ST_MAPPING, /* the endpoint mapper is asked for the port */
    RPC_ST_SESSION, /* an SMB session is being set up */
    RPC_ST_PIPE,    /* the pipe is being opened */
    RPC_ST_DIALING, /* TCP */
    RPC_ST_AUTH,    /* the provider makes our next token */
    RPC_ST_BIND,    /* bind_ack is awaited */
    RPC_ST_LEG,     /* alter_context_resp with a token is awaited */
    RPC_ST_READY,
    RPC_ST_CLOSED,
};

/* A presentation context: an interface by a number. */
struct rpc_context {
    const struct rpc_interface *iface;
    bool accepted;
    bool ndr64; /* the transfer syntax of the two that was taken */
};

/* The second offer for an interface, with NDR64, has a number of its own. */
#define RPC_NDR64_IDS RPC_CONTEXTS_MAX
static inline uint16_t rpc_context_id(const struct rpc_context *x, unsigned number)
{
    return (uint16_t)(x->ndr64 ? number + RPC_NDR64_IDS : number);
}

enum rpc_call_state { RPC_CALL_QUEUED, RPC_CALL_SENT, RPC_CALL_CANCELLING, RPC_CALL_FINISHED };

/* A request and its answer, or (op NULL) an alter_context for a further interface or security context. */
struct rpc_call {
    struct rpc_call *next, *prev; /* in the one list that its state says */
    struct rpc_call *chain;       /* on the wire: others in the same bucket of the table */
    struct rpc_conn *c;
    const struct rpc_op *op;
    struct nt_arena *mem;
    void *r;
    rpc_done_fn *done;
    void *arg;
    enum rpc_call_state state;
    enum nt_status st;
    uint32_t id;
    uint32_t fault;
    uint16_t ctx;
    bool answered;           /* the first fragment has come */
    struct nt_blob extended; /* what its fault said more, in mem */
    bool not_run;            /* it certainly has not been executed: not sent, or the server says so */
    uint8_t drep;
    bool has_object;
    struct nt_guid object;
    struct rpc_sec *sec;     /* under which it goes */
    struct rpc_xsec *adding; /* the security context that it makes */
    struct rpc_join join;
    uint64_t deadline;
    struct io_item timer;
    struct io_watch watch; /* its cancel token */
    struct rpc_callback *callback; /* the server's call inside of this one; NULL: none */
    bool inside;                   /* of a callback: its id is the outer call's */
    struct rpc_cpipe *pipe; /* NULL: none, or moved as a whole */
    struct nt_error *said; /* why it failed, where another call's failure may come before anybody reads it */
};

struct rpc_list {
    struct rpc_call *head, *tail;
};

/* The calls on the wire, in the order in which they were sent, and by id. */
#define RPC_SENT_FEW 8u /* so many need no table of their own; a power of two */
struct rpc_sent {
    struct rpc_list list;
    unsigned n;
    struct rpc_call **table; /* mask + 1 chains; NULL: few */
    unsigned mask;
    struct rpc_call *few[RPC_SENT_FEW];
};

/* Calls given up whose answers may still come, oldest first. */
struct rpc_orphans {
    uint32_t ids[RPC_ORPHANS_MAX];
    unsigned n;
    bool any_forgotten;
    uint32_t forgotten; /* the youngest that did not fit any more */
};

struct rpc_auth_job;
struct rpc_xsec;

struct rpc_conn {
    enum rpc_state state;
    enum nt_status why; /* once closed */
    struct rpc_transport *tp;
    struct nt_loop *loop;
    const struct nt_env *env;
    struct rpc_binding *binding;
    char *endpoint; /* the one in use */

    /* what was asked for */
    struct sec_creds *creds;
    struct sec_schannel_key *schannel; /* NULL: none */
    uint8_t *bindings;                 /* NULL: none */
    size_t bindings_len;
    enum sec_level level;
    const struct sec_provider *provider;
    char *target, *service;
    bool no_header_sign;
    bool want_ndr64;
    uint16_t max_frag;
    uint16_t mapper_port;
    unsigned timeout_ms;
    uint32_t want_assoc;
    struct rpc_pin *pin;
    struct nt_cancel *open_cancel;

    /* the association */
    struct rpc_sec sec;
    struct rpc_auth_job *job;
    unsigned legs; /* tokens sent */
    uint16_t max_xmit, max_recv;
    uint32_t assoc;
    uint8_t features;
    struct rpc_lent *lent; /* the pipe is borrowed, and bound by who lends it; NULL: it is ours */
    bool ahead;            /* calls may start before it is there */
    bool mpx; /* both sides want several calls on the wire ([MS-RPCE] 3.3.1.5.8) */
    uint32_t next_id, leg_id;
    struct rpc_context ctx[RPC_CONTEXTS_MAX];
    unsigned n_ctx;
    struct npc_session *session;
    char mech[32];                                        /* "spnego/krb5", for the facts */
    struct rpc_xsec *xsec[RPC_SECURITY_CONTEXTS_MAX - 1]; /* further security contexts */
    unsigned n_xsec;
    uint32_t next_sec_id;
    char peer[64];

    struct wr in; /* a PDU that has come in part */

    /* calls */
    struct rpc_list queue, finished;
    struct rpc_sent sent;
    unsigned n_queued, n_midway; /* waiting; answered in part */
    struct rpc_call *sending;    /* its request goes out as its pipes are filled: nothing is sent in between */
    struct rpc_serving *serving; /* handlers of callbacks */
    unsigned n_callbacks;
    unsigned n_pipes;            /* calls with pipes that move */
    bool full;                   /* and what has come of one is not taken */
    bool altering;               /* an alter_context is on the wire: nothing is sent behind it */
    size_t held;                 /* memory for answers that have come in part */
    struct rpc_call *spare;
    struct rpc_orphans orphans;
    unsigned call_timeout_ms;
    uint32_t call_security; /* 0: the connection's own */
    struct nt_cancel *call_cancel;
    bool has_object;
    struct nt_guid object;
    uint32_t fault;
    bool not_run;                   /* of the call that ended last: it certainly has not been executed */
    struct rpc_error_list extended; /* what the server said beyond the fault's code, in extended_mem */
    struct nt_arena *extended_mem;

    /* opening */
    rpc_open_fn *open_done;
    void *open_arg;
    struct nt_error *open_error; /* the caller's, copied to at the end */
    uint64_t open_deadline;
    void *mapping;                       /* request to the endpoint mapper */
    unsigned npc_pending;                /* callbacks from npc that will come */
    struct npc_session *opening_session; /* of the one or the other */
    struct npc_pipe *opening_pipe;

    struct io_item ready, timer, destroy;
    struct io_watch watch; /* the cancel token of opening */
    bool own_loop;         /* the loop is ours */
    bool waiting;          /* a synchronous call runs the loop */
    bool closing;          /* rpc_close was called */
    bool deferred;         /* `destroy` waits in the loop */
    bool destroyed_later;  /* by the synchronous call that runs the loop */
    struct nt_error err;
};

/* The answer to what is being sent may come behind those of others. */
static inline enum rpc_tp_then rpc_conn_then(const struct rpc_conn *c)
{
    return c->sent.n || c->orphans.n ? RPC_TP_AMONG : RPC_TP_ALONE;
}

/* ---- client.c ---- */
/* rpc_open and rpc_open_send for one way: neither a choice of protocol sequences nor a cache (route.c). The
 * latter also gives the connection, only to close it before it is open; then done is not called. */
enum nt_status rpc_open_now(const struct rpc_binding *b, const struct rpc_interface *i,
                            const struct rpc_options *o, struct rpc_conn **ret);
enum nt_status rpc_open_start(const struct rpc_binding *b, const struct rpc_interface *i,
                              const struct rpc_options *o, rpc_open_fn *done, void *arg,
                              struct rpc_conn **ret);
/* Of a caller who was built with fewer or more members; NULL: defaults. */
struct rpc_options rpc_options_of(const struct rpc_options *o);
void rpc_conn_state(struct rpc_conn *c, enum rpc_state st);
/* Ends the connection; calls end with `st`. The sentence: what we did, over what, what happened, what helps.
 */
void rpc_conn_fail(struct rpc_conn *c, enum nt_status st, const char *doing, const char *fmt, ...)
    NT_PRINTF(4, 5);
/* Only the sentence. */
void rpc_conn_explain(struct rpc_conn *c, enum nt_status st, const char *doing, const char *fmt, ...)
    NT_PRINTF(4, 5);
/* Takes extended error information from a fault or bind_nak, or forgets what there was (empty). Gives, in
 * buf, a clause for the sentence, or "". */
void rpc_conn_extended(struct rpc_conn *c, struct nt_blob data, char *buf, size_t size);
void rpc_conn_bound(struct rpc_conn *c); /* the association is complete */
/* A writer with the transport's headroom; where the PDU starts. */
size_t rpc_conn_writer(struct rpc_conn *c, struct wr *w, size_t limit);
void rpc_conn_wake(struct rpc_conn *c); /* finished calls, or the end of opening, are to be told */
/* Runs the connection's loop until done(arg); all that is waited for has a deadline. */
void rpc_conn_wait(struct rpc_conn *c, bool (*done)(void *arg), void *arg);
/* After that the connection may have been closed: then it goes now, and this is true. */
bool rpc_conn_leave(struct rpc_conn *c);
enum nt_status rpc_conn_may_wait(struct rpc_conn *c);

/* The provider counts both directions with one counter: a request may go only after the answer before it. */
static inline bool rpc_one_call(const struct rpc_conn *c)
{
    return c->provider && (c->provider->caps & SEC_CAP_ONE_CALL);
}

/* ---- auth.c ---- */
/* One step of a provider, which may talk to a KDC and so run elsewhere. While it does, the job owns the
 * context. */
struct rpc_auth_job {
    struct io_item item;
    void (*stepped)(void *owner);
    void *owner; /* NULL: nobody waits any more; not looked at by the work */
    const struct sec_provider *provider;
    struct sec_ctx *ctx;
    struct sec_params params;
    struct sec_creds *creds;
    char *host, *service, *principal;
    struct sec_schannel_key schannel;
    uint8_t bindings[SEC_BINDINGS_MAX];
    struct wr in, out;
    enum nt_status st;
    struct nt_error err;
};
/* What an authentication goes by. */
struct rpc_auth_want {
    const struct sec_provider *provider;
    enum sec_level level;
    struct sec_creds *creds;
    const char *target, *service; /* NULL: the binding's host, what the protocol sequence has */
    bool offer_header_sign;
};
enum nt_status rpc_job_new(struct rpc_conn *c, const struct rpc_auth_want *w, void (*stepped)(void *owner),
                           void *owner, struct rpc_auth_job **ret);
void rpc_job_drop(struct rpc_auth_job *j); /* accepts NULL; the work may still run */
/* Gives the provider the peer's token. False: stepped() will be called; true: done, and it will not. */
bool rpc_job_step(struct rpc_conn *c, struct rpc_auth_job *j, struct nt_blob token);
/* The context of a job that has ended well stands: it must be able to do what the level promises. Names its
 * mechanism. */
bool rpc_job_complete(struct rpc_auth_job *j, struct rpc_sec *sec, char *mech, size_t size);
/* Why an ack's trailer is not what has to be there now; NULL if it is. *ret_st is the status for that. */
const char *rpc_ack_trailer(const struct rpc_pdu *d, const struct rpc_sec *sec, enum nt_status *ret_st);
enum nt_status rpc_check_leg(struct rpc_conn *c, const struct rpc_pdu *d, const char *doing);
/* An alter_context with a token, of the security context, that repeats the first interface. */
enum nt_status rpc_put_alter(struct rpc_conn *c, const struct rpc_sec *sec, uint32_t id, unsigned flags,
                             struct nt_blob token);
enum nt_status rpc_send_auth3(struct rpc_conn *c, const struct rpc_sec *sec, uint32_t id,
                              struct nt_blob token);
enum nt_status rpc_auth_new(struct rpc_conn *c);
void rpc_auth_free(struct rpc_conn *c);
/* Gives the provider the peer's token; goes on with bind, alter_context, auth3 or ready. */
void rpc_auth_step(struct rpc_conn *c, struct nt_blob token);
void rpc_send_bind(struct rpc_conn *c, struct nt_blob token);
void rpc_on_bind_ack(struct rpc_conn *c, const uint8_t *pdu, const struct rpc_pdu *d);
void rpc_on_bind_nak(struct rpc_conn *c, const struct rpc_pdu *d);
/* The offers for the interface with this number: one, or two where NDR64 is wanted. Gives how many. */
unsigned rpc_offer(const struct rpc_conn *c, unsigned number, struct rpc_ctx_elem elems[2]);
/* The results of these offers, read from list: takes NDR64 where the server has it. */
enum nt_status rpc_check_results(struct rpc_conn *c, struct rpc_rd *list, unsigned number, const char *doing);

/* ---- inflight.c ---- */
void rpc_list_put(struct rpc_list *l, struct rpc_call *call);
void rpc_list_del(struct rpc_list *l, struct rpc_call *call);
void rpc_sent_put(struct rpc_sent *t, struct rpc_call *call);
void rpc_sent_del(struct rpc_sent *t, struct rpc_call *call);
struct rpc_call *rpc_sent_find(struct rpc_sent *t, uint32_t id);
void rpc_sent_done(struct rpc_sent *t);
void rpc_orphans_add(struct rpc_orphans *o, uint32_t id);
bool rpc_orphans_have(const struct rpc_orphans *o, uint32_t id);
void rpc_orphans_del(struct rpc_orphans *o, uint32_t id);

/* ---- cpipe.c ---- */
/* Takes a request with pipes into its care, as the next that is sent. */
enum nt_status rpc_cpipe_begin(struct rpc_call *call);
/* Is this answer taken fragment by fragment? It is where its pipes have consumers. */
bool rpc_cpipe_takes(const struct rpc_call *call);
enum nt_status rpc_cpipe_add(struct rpc_call *call, struct nt_blob stub, bool last);
void rpc_cpipe_end(struct rpc_call *call); /* the call is over */
void rpc_cpipes_run(struct rpc_conn *c);   /* where users may be called */

/* ---- callback.c ---- */
void rpc_callback_on_request(struct rpc_conn *c, uint8_t *pdu, const struct rpc_pdu *d);
void rpc_callbacks_run(struct rpc_conn *c);    /* where users may be called */
void rpc_callback_end(struct rpc_call *call); /* the call is over */
void rpc_serving_free(struct rpc_conn *c);

/* ---- call.c ---- */
/* A call inside of the server's callback in `outer`. */
enum nt_status rpc_send_inside(struct rpc_call *outer, const struct rpc_op *op, struct nt_arena *mem, void *r,
                               rpc_done_fn *done, void *arg);
void rpc_call_finish(struct rpc_call *call, enum nt_status st);
/* The same in the middle of a request or an answer: the server is told, or the connection goes. */
void rpc_call_abandon(struct rpc_call *call, enum nt_status st);
size_t rpc_call_room(const struct rpc_call *call); /* stub bytes of one fragment */
enum nt_status rpc_call_send_stub(struct rpc_call *call, struct nt_blob stub, unsigned flags, uint32_t hint);
void rpc_on_answer(struct rpc_conn *c, uint8_t *pdu, const struct rpc_pdu *d);
void rpc_on_alter_resp(struct rpc_conn *c, const uint8_t *pdu, const struct rpc_pdu *d);
void rpc_call_end(struct rpc_call *call, enum nt_status st); /* and lets others go on */
/* A security context to be added (then op is NULL). */
enum nt_status rpc_call_adding(struct rpc_conn *c, struct rpc_xsec *x, rpc_done_fn *done, void *arg);
void rpc_calls_fail(struct rpc_conn *c, enum nt_status st);
void rpc_calls_unsent(struct rpc_conn *c); /* what was sent certainly has not come through */
void rpc_calls_tell(struct rpc_conn *c);              /* calls the finished ones' callbacks */
void rpc_clear_out(const struct rpc_op *op, void *r); /* [out] as before the call: nothing half done */
void rpc_calls_pump(struct rpc_conn *c);              /* sends what waits and may be sent */
enum nt_status rpc_add_interface_send(struct rpc_conn *c, const struct rpc_interface *i, rpc_done_fn *done,
                                      void *arg);

/* ---- addsec.c ---- */
/* The first token and the alter_context with it. A failure is the call's; nothing was sent then. */
enum nt_status rpc_xsec_start(struct rpc_call *call);
void rpc_xsec_on_ack(struct rpc_call *call, const uint8_t *pdu, const struct rpc_pdu *d);
void rpc_xsec_left(struct rpc_xsec *x); /* its call has ended */
void rpc_xsec_free_all(struct rpc_conn *c);
/* The context that calls are to use from now on; NULL: there is none of that number. */
struct rpc_sec *rpc_conn_sec(struct rpc_conn *c);
const char *rpc_conn_mech(const struct rpc_conn *c);
const char *rpc_conn_principal(const struct rpc_conn *c);
/* The one that an answer to nobody names in its trailer. */
struct rpc_sec *rpc_sec_of(struct rpc_conn *c, const struct rpc_pdu *d);

/* ---- epm.c ---- */
/* Asks the endpoint mapper at c's host; then rpc_conn_mapped. */
enum nt_status rpc_map(struct rpc_conn *c);
void rpc_map_cancel(struct rpc_conn *c);
void rpc_conn_mapped(struct rpc_conn *c, enum nt_status st, uint16_t port, const char *why);
/* Tower codec ([C706] appendix L): writes an interface's tower; finds the port in one that came back, 0 if it
 * is not for TCP. */
size_t rpc_tower_put(struct wr *w, const struct rpc_syntax *iface);
uint16_t rpc_tower_port(const uint8_t *p, size_t len, const struct rpc_syntax *iface);

#endif
