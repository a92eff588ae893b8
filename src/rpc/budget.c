// SPDX-License-Identifier: Apache-2.0
/* What one peer can make a server hold: connections, calls, requests and answers, over all of its
 * connections. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "rpc/m_server.h"

/* ---- peers ---- */

uint32_t rpc_peer_hash(const uint8_t key[RPC_PEER_KEY])
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (int i = 0; i < RPC_PEER_KEY; i++)
        h = (h ^ key[i]) * 16777619u;
    return h ^ h >> 16;
}

/* Addresses are theirs to choose, but a chain is no longer than there are addresses with connections. */
static struct rpc_peer **bucket(struct rpc_server *s, const uint8_t key[RPC_PEER_KEY])
{
    return &s->peers[rpc_peer_hash(key) % RPC_PEER_BUCKETS];
}

static struct rpc_peer *peer_get(struct rpc_server *s, const uint8_t key[RPC_PEER_KEY])
{
    struct rpc_peer **b = bucket(s, key), *p = *b;
    while (p && memcmp(p->key, key, RPC_PEER_KEY) != 0)
        p = p->next;
    if (!p) {
        p = calloc(1, sizeof *p);
        if (!p)
            return NULL;
        memcpy(p->key, key, RPC_PEER_KEY);
        p->s = s;
        p->next = *b;
        *b = p;
        s->n_peers++;
    }
    p->refs++;
    return p;
}

static void peer_unref(struct rpc_peer *p)
{
    if (!p || --p->refs)
        return;
    struct rpc_peer **q = bucket(p->s, p->key);
    while (*q != p)
        q = &(*q)->next;
    *q = p->next;
    p->s->n_peers--;
    free(p);
}

static bool refused(const struct rpc_sconn *c, enum rpc_refusal why)
{
    rpc_observe_refused(c->s, why, c->peer);
    return false;
}

static bool may_connect(const struct rpc_sconn *c, const struct rpc_peer *p, bool stranger)
{
    const struct rpc_server *s = c->s;
    if (p->conns >= s->max_peer_conns)
        return refused(c, RPC_REFUSED_PEER_CONNS);
    if (stranger && p->strangers >= s->max_peer_strangers)
        return refused(c, RPC_REFUSED_PEER_STRANGERS);
    return true;
}

enum nt_status rpc_peer_enter(struct rpc_sconn *c, const uint8_t key[RPC_PEER_KEY])
{
    struct rpc_server *s = c->s;
    struct rpc_peer *p = peer_get(s, key);
    /* the kernel has introduced a local user, SMB whoever opened a pipe */
    bool stranger = !c->cred.known && !(c->carried && !(c->token->flags & SEC_TOKEN_ANONYMOUS));
    if (!p) {
        (void)refused(c, RPC_REFUSED_MEMORY);
        return STATUS_NO_MEMORY;
    }
    if (!may_connect(c, p, stranger)) {
        peer_unref(p);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    p->conns++;
    p->strangers += stranger;
    c->stranger = stranger;
    if (stranger)
        io_guest_enter(&s->guests, &c->guest, io_loop_now(s->loop));
    c->from = p;
    if (!c->carried) { /* else the stream is SMB's, and many pipes' */
        c->tp->stream->account[0] = &s->output;
        c->tp->stream->account[1] = &p->output;
    }
    return STATUS_SUCCESS;
}

enum nt_status rpc_peer_key(int fd, uint8_t ret[RPC_PEER_KEY])
{
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } a = { .un = { .sun_path = "" } };
    char text[80];
    struct ucred u;
    socklen_t len = sizeof a, cred_len = sizeof u;
    if (getpeername(fd, &a.sa, &len) != 0)
        return STATUS_CONNECTION_INVALID;
    if (a.sa.sa_family == AF_INET || a.sa.sa_family == AF_INET6) {
        memset(ret, 0, RPC_PEER_KEY);
        io_peer_text(&a.sa, text, sizeof text);
        io_peer_key(text, ret);
        return STATUS_SUCCESS;
    }
    if (a.sa.sa_family != AF_UNIX)
        return STATUS_CONNECTION_INVALID;
    bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &cred_len) == 0 && u.uid != (uid_t)-1;
    memset(ret, 0, RPC_PEER_KEY);
    ret[0] = 'u';
    ret[1] = known;
    if (known)
        memcpy(ret + 2, &u.uid, sizeof u.uid);
    return STATUS_SUCCESS;
}

enum nt_status rpc_peer_enter_text(struct rpc_sconn *c, const char *peer)
{
    uint8_t key[RPC_PEER_KEY] = { 0 };
    _Static_assert(IO_PEER_KEY <= RPC_PEER_KEY, "a key of io does not fit");
    io_peer_key(peer, key);
    return rpc_peer_enter(c, key);
}

void rpc_peer_known(struct rpc_sconn *c)
{
    if (c->stranger)
        c->from->strangers--;
    c->stranger = false;
    io_guest_leave(&c->s->guests, &c->guest);
}

void rpc_peer_leave(struct rpc_sconn *c)
{
    rpc_peer_known(c);
    if (c->from)
        c->from->conns--;
}

void rpc_peer_forget(struct rpc_sconn *c)
{
    peer_unref(c->from);
    c->from = NULL;
}

/* ---- strangers (io/guests.h) ---- */

static void make_go(struct io_guest *g)
{
    struct rpc_sconn *c = io_container(g, struct rpc_sconn, guest);
    (void)refused(c, RPC_REFUSED_CONNS);
    rpc_sconn_close(c);
}

void rpc_budget_part(struct rpc_sconn *c)
{
    struct io_guest *old;
    while ((old = io_guest_holds(&c->s->guests, &c->guest, c->in.base ? c->in.cap : 0)))
        make_go(old);
}

/* Strangers at work that are passed over, to find one that only stands there. */
#define LOOK_AT 64

bool rpc_budget_room(struct rpc_sconn *c, unsigned more)
{
    struct rpc_server *s = c->s;
    struct io_guest *g = s->guests.all.first;
    if (s->n_conns + more <= s->max_conns)
        return true;
    for (int i = 0; g && i < LOOK_AT && io_container(g, struct rpc_sconn, guest)->n_calls; i++)
        g = g->all.next;
    if (!g || !io_guest_may_go(&s->guests, g, s->max_conns, io_loop_now(s->loop)))
        return refused(c, RPC_REFUSED_CONNS);
    make_go(g);
    return true;
}

/* ---- calls and their requests ---- */

bool rpc_budget_call(struct rpc_server_call *call)
{
    struct rpc_sconn *c = call->c;
    struct rpc_server *s = c->s;
    if (s->draining)
        return refused(c, RPC_REFUSED_DRAINING);
    if (s->n_calls > s->max_calls) /* this one included */
        return refused(c, RPC_REFUSED_CALLS);
    if (c->from->calls >= s->max_peer_calls)
        return refused(c, RPC_REFUSED_PEER_CALLS);
    call->from = c->from;
    call->from->refs++;
    call->from->calls++;
    return true;
}

static bool is_stranger(const struct rpc_server_call *call)
{
    return call->level <= SEC_LEVEL_NONE;
}

bool rpc_budget_stub(struct rpc_server_call *call, size_t more, size_t *ret_most)
{
    const struct rpc_sconn *c = call->c;
    for (const struct rpc_server_call *p = c->held_apart ? c->calls : NULL; p; p = p->next)
        more += rpc_spipe_held(p) + rpc_scallback_held(p);
    *ret_most = is_stranger(call) ? RPC_SERVER_STUB_ANONYMOUS : RPC_SERVER_STUBS;
    if (c->stubs + more > *ret_most ||
        (is_stranger(call) && call->from->stubs + more > RPC_SERVER_PEER_STRANGER_STUBS))
        return refused(c, RPC_REFUSED_STUBS);
    return true;
}

void rpc_budget_stub_grown(struct rpc_server_call *call)
{
    size_t more = call->join.cap - call->counted;
    call->counted += more;
    call->c->stubs += more;
    if (is_stranger(call))
        call->from->stubs += more;
}

void rpc_budget_call_end(struct rpc_server_call *call)
{
    if (call->c)
        call->c->stubs -= call->counted;
    if (!call->from)
        return;
    if (is_stranger(call))
        call->from->stubs -= call->counted;
    call->from->calls--;
    peer_unref(call->from);
}

/* ---- answers ---- */

bool rpc_budget_output(struct rpc_sconn *c)
{
    const struct rpc_server *s = c->s;
    if (s->output < s->max_output && c->from->output < s->max_peer_output)
        return true;
    return refused(c, RPC_REFUSED_OUTPUT);
}

void rpc_budget_watch(struct rpc_sconn *c)
{
    struct io_stream *s = c->tp->stream;
    if (s->queued <= IO_LOW_WATER || c->stall.stream || !c->link || c->carried)
        return;
    c->moved = s->moved;
    io_timer(s, &c->stall, io_loop_now(c->s->loop) + c->s->stall_timeout);
}

void rpc_budget_stalled(struct io_item *it)
{
    struct rpc_sconn *c = io_container(it, struct rpc_sconn, stall);
    const struct io_stream *s = c->tp->stream;
    if (s->queued && s->moved == c->moved) {
        (void)refused(c, RPC_REFUSED_STALLED);
        rpc_sconn_close(c);
        return;
    }
    rpc_budget_watch(c);
}
