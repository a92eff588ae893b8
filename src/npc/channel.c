// SPDX-License-Identifier: Apache-2.0
/*
 * A pipe as a descriptor. By the muxer it is the connection to the daemon; else one end of a pair of sockets,
 * between whose other end and a pipe of ours the relay goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <msrpc/npc_channel.h>
#include "npc/m_mux.h"
#include "npc/relay.h"

/* Bytes that were received and not yet asked for; then the sender has to wait. */
#define GOT_MAX ((size_t)256 << 10)

struct npc_channel {
    struct nt_loop *loop;
    struct npc_session *session; /* by the muxer: what it knew when the pipe was lent */
    bool private_loop;
    bool waited_for; /* by npc_connect, which frees what failed */
    int fd;          /* -1: `mine` has it */
    unsigned timeout_ms;
    struct nt_cancel *cancel;
    struct nt_error err;
    /* opening */
    npc_connect_done *done;
    void *arg;
    struct nt_error *open_error;
    struct npc_pipe *opening;
    bool given_up;
    char name[NPC_NAME_SIZE];
    /* of one's own */
    struct npc_pipe *pipe;
    struct io_stream local;
    struct npc_relay relay;
    bool relays, over;
    enum nt_status why;
    bool closed;
    /* npc_channel_send, npc_channel_recv */
    struct io_stream mine;
    bool has_mine, ended;
    struct wr got;
    size_t got_at;
    /* copies, for other threads */
    struct npc_facts facts;
    char texts[3][320]; /* mech, peer, principal */
    char server[256];
    uint8_t keys[2][MUX_KEY_MAX];
    struct npc_channel_id id;
    bool has_id;
};

/* ---- the end ---- */

static void free_channel(struct npc_channel *c)
{
    nt_cancel_unref(c->cancel);
    wr_free_secret(&c->got);
    nt_wipe(c, sizeof *c);
    free(c);
}

static void end_pipe(struct npc_channel *c)
{
    struct npc_pipe *p = c->pipe;
    c->pipe = NULL;
    if (c->relays)
        (void)npc_relay_stop(&c->relay);
    if (p)
        p->ops->close(p);
}

static bool is_idle(void *arg)
{
    struct npc_channel *c = arg;
    return !c->relays || npc_relay_stop(&c->relay);
}

void npc_channel_close(struct npc_channel *c)
{
    if (!c)
        return;
    if (c->fd >= 0) {
        (void)shutdown(c->fd, SHUT_RDWR);
        close(c->fd);
    }
    if (c->has_mine) {
        int fd = io_fd(&c->mine);
        if (fd >= 0)
            (void)shutdown(fd, SHUT_RDWR);
        io_stream_done(&c->mine);
    }
    end_pipe(c);
    if (c->relays)
        io_stream_done(&c->local);
    c->closed = true;
    if (c->private_loop)
        (void)io_wait(c->loop, is_idle, c, io_loop_now(c->loop) + NPC_CLOSE_NS, NULL);
    npc_session_unref(c->session); /* frees a private loop */
    if (is_idle(c))
        free_channel(c);
}

/* ---- the relay ---- */

static void relay_ended(void *arg, enum nt_status why)
{
    struct npc_channel *c = arg;
    char words[NPC_WORDS];
    c->why = why;
    nt_error_set(&c->err, why, "pipe \\%.100s of %.100s: %s", c->name, c->server,
                 c->pipe && c->pipe->err.text[0] ? c->pipe->err.text : npc_words(why, words));
}

static void relay_idle(void *arg)
{
    struct npc_channel *c = arg;
    if (c->closed && !c->private_loop)
        free_channel(c);
}

static void local_data(void *engine, uint8_t *data, size_t len)
{
    npc_relay_data(&((struct npc_channel *)engine)->relay, data, len);
}

static void local_closed(void *engine, enum nt_status why)
{
    struct npc_channel *c = engine;
    (void)why; /* the other end was closed, or relay_ended knows */
    c->over = true;
    end_pipe(c);
}

static const struct io_ops local_ops = { NULL, local_data, local_closed };

static enum nt_status begin_relay(struct npc_channel *c, struct npc_pipe *p)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    io_stream_init(&c->local, &local_ops, c, io_loop_env(c->loop));
    enum nt_status st = io_attach(c->loop, &c->local, pair[1]);
    if (st != STATUS_SUCCESS) {
        io_stream_done(&c->local);
        close(pair[0]);
        close(pair[1]);
        return st;
    }
    c->pipe = p;
    c->relay = (struct npc_relay){
        .local = &c->local, .pipe = p, .arg = c, .ended = relay_ended, .idle = relay_idle
    };
    npc_relay_start(&c->relay);
    c->relays = true;
    c->fd = pair[0];
    return STATUS_SUCCESS;
}

/* ---- opening ---- */

static void finish(struct npc_channel *c, enum nt_status st)
{
    npc_connect_done *done = c->done;
    void *arg = c->arg;
    c->done = NULL;
    if (st == STATUS_SUCCESS) {
        done(arg, st, c);
        return;
    }
    if (!c->waited_for) {
        npc_session_unref(c->session);
        free_channel(c);
    }
    done(arg, st, NULL);
}

static const char *keep_text(struct npc_channel *c, int i, const char *from)
{
    snprintf(c->texts[i], sizeof c->texts[i], "%s", from ? from : "");
    return c->texts[i];
}

static void keep_key(uint8_t to[MUX_KEY_MAX], unsigned *len, enum nt_status st, struct nt_blob key)
{
    *len = st == STATUS_SUCCESS && key.len <= MUX_KEY_MAX ? (unsigned)key.len : 0;
    if (*len)
        memcpy(to, key.data, *len);
}

/* What other threads may look at. */
static void keep_facts(struct npc_channel *c)
{
    struct nt_blob key = { NULL, 0 };
    c->facts.size = sizeof c->facts;
    (void)!npc_session_facts(c->session, &c->facts);
    c->facts.mech = keep_text(c, 0, c->facts.mech);
    c->facts.peer = keep_text(c, 1, c->facts.peer);
    c->facts.principal = keep_text(c, 2, c->facts.principal);
    snprintf(c->server, sizeof c->server, "%s", c->facts.server);
    c->facts.server = c->server;
    enum nt_status st = npc_session_key(c->session, &key);
    keep_key(c->keys[0], &c->facts.session_key_len, st, key);
    st = npc_application_key(c->session, &key);
    keep_key(c->keys[1], &c->facts.application_key_len, st, key);
}

static void pipe_opened(void *arg, enum nt_status st, struct npc_pipe *p)
{
    struct npc_channel *c = arg;
    c->opening = NULL;
    if (st != STATUS_SUCCESS) {
        nt_error_set(c->open_error, st, "%s", npc_session_error(c->session));
    } else {
        st = c->given_up ? STATUS_CANCELLED : begin_relay(c, p);
        if (st != STATUS_SUCCESS) {
            nt_error_set(c->open_error, st, "pipe \\%.100s cannot be made a descriptor: %s", c->name,
                         nt_status_text(st));
            p->ops->close(p);
        }
    }
    if (st == STATUS_SUCCESS)
        keep_facts(c);
    finish(c, st);
}

static enum nt_status open_pipe(struct npc_channel *c)
{
    struct npc_create o = NPC_CREATE_INIT;
    o.timeout_ms = c->timeout_ms;
    enum nt_status st = npc_pipe_open_send(c->session, c->name, &o, pipe_opened, c, &c->opening);
    if (st != STATUS_SUCCESS)
        nt_error_set(c->open_error, st, "%s", npc_session_error(c->session));
    return st;
}

static enum nt_status take_from_muxer(struct npc_channel *c)
{
    struct timeval none = { 0, 0 };
    enum nt_status st = npc_mux_take_pipe(c->session, &c->fd, &c->id);
    if (st == STATUS_SUCCESS) {
        int flags = fcntl(c->fd, F_GETFL);
        if (flags < 0 || fcntl(c->fd, F_SETFL, flags & ~O_NONBLOCK) != 0 ||
            setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none) != 0)
            st = STATUS_INVALID_DEVICE_STATE;
    }
    if (st == STATUS_SUCCESS) {
        c->has_id = true;
        keep_facts(c);
        return st;
    }
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    return nt_error_set(c->open_error, st, "what the muxer gave cannot be made a descriptor");
}

static void session_opened(void *arg, enum nt_status st, struct npc_session *s)
{
    struct npc_channel *c = arg;
    c->session = s;
    if (st == STATUS_SUCCESS && c->given_up)
        st = STATUS_CANCELLED;
    bool direct = s && s->route == &npc_route_smb;
    if (st == STATUS_SUCCESS)
        st = direct ? open_pipe(c) : take_from_muxer(c);
    if (st != STATUS_SUCCESS || !direct)
        finish(c, st);
}

static enum nt_status new_channel(const char *protocol, const char *endpoint, const struct npc_options *o,
                                  struct npc_channel **ret)
{
    char plain[NPC_NAME_SIZE];
    if (!protocol || strcmp(protocol, "ncacn_np") != 0)
        return nt_error_set(o->error, STATUS_NOT_SUPPORTED, "\"%.40s\" is no protocol with pipes",
                            protocol ? protocol : "");
    enum nt_status st = npc_pipe_name(endpoint, plain);
    if (st != STATUS_SUCCESS)
        return nt_error_set(o->error, st, "\"%.100s\" is not the name of a pipe", endpoint);
    struct npc_channel *c = calloc(1, sizeof *c);
    if (!c)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "no memory");
    c->fd = -1;
    c->timeout_ms = o->timeout_ms ? o->timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    c->cancel = nt_cancel_ref(o->cancel);
    c->open_error = o->error;
    wr_init(&c->got, 2 * GOT_MAX);
    memcpy(c->name, plain, sizeof plain);
    *ret = c;
    return STATUS_SUCCESS;
}

static enum nt_status start(struct npc_channel *c, const char *address, const struct npc_options *o,
                            npc_connect_done *done, void *arg)
{
    struct npc_session *s;
    c->loop = o->loop;
    c->done = done;
    c->arg = arg;
    enum nt_status st = npc_session_begin(address, o, c->name, c->private_loop, session_opened, c, &s);
    if (st == STATUS_SUCCESS)
        c->session = s; /* being opened: for giving up */
    return st;
}

enum nt_status npc_connect_send(const char *protocol, const char *address, const char *endpoint,
                                const struct npc_options *o, npc_connect_done *done, void *arg,
                                struct npc_channel **ret)
{
    struct npc_options own;
    struct npc_channel *c;
    enum nt_status st = npc_options_take(o, &own);
    if (st != STATUS_SUCCESS)
        return st;
    if (!own.loop)
        return nt_error_set(own.error, STATUS_INVALID_PARAMETER, "an asynchronous channel needs a loop");
    st = new_channel(protocol, endpoint, &own, &c);
    if (st != STATUS_SUCCESS)
        return st;
    st = start(c, address, &own, done, arg);
    if (st != STATUS_SUCCESS)
        free_channel(c);
    else if (ret)
        *ret = c;
    return st;
}

void npc_channel_give_up(struct npc_channel *c)
{
    if (!c->done || c->given_up)
        return;
    c->given_up = true;
    if (c->opening)
        npc_pipe_give_up(c->opening);
    else
        npc_session_give_up(c->session);
}

/* ---- and waiting for it ---- */

struct connecting {
    bool done;
    enum nt_status st;
    struct npc_channel *c;
};

static void connected(void *arg, enum nt_status st, struct npc_channel *c)
{
    *(struct connecting *)arg = (struct connecting){ true, st, c };
}

static bool is_connected(void *arg)
{
    return ((struct connecting *)arg)->done;
}

static enum nt_status connect_wait(const char *address, struct npc_channel *c, const struct npc_options *o)
{
    struct connecting w = { false, STATUS_SUCCESS, NULL };
    enum nt_status st = start(c, address, o, connected, &w);
    if (st != STATUS_SUCCESS)
        return st;
    if (io_wait(o->loop, is_connected, &w, UINT64_MAX, o->cancel) == STATUS_CANCELLED && !w.done) {
        nt_error_set(o->error, STATUS_CANCELLED, "connecting to %s was cancelled", address);
        npc_channel_give_up(c);
        (void)io_wait(o->loop, is_connected, &w, UINT64_MAX, NULL); /* closing has a limit of its own */
    }
    return w.st;
}

enum nt_status npc_connect(const char *protocol, const char *address, const char *endpoint,
                           const struct npc_options *o, struct npc_channel **ret)
{
    struct npc_options own;
    struct npc_channel *c;
    enum nt_status st = npc_options_take(o, &own);
    if (st != STATUS_SUCCESS)
        return st;
    if (own.loop && !npc_may_wait(own.loop))
        return nt_error_set(own.error, STATUS_INVALID_DEVICE_STATE, "not from a callback");
    st = new_channel(protocol, endpoint, &own, &c);
    if (st != STATUS_SUCCESS)
        return st;
    c->waited_for = true;
    c->private_loop = !own.loop;
    if (!own.loop && (st = nt_loop_new(own.env, &own.loop)) != STATUS_SUCCESS)
        nt_error_set(own.error, st, "no loop can be made");
    if (st == STATUS_SUCCESS)
        st = connect_wait(address, c, &own);
    if (st == STATUS_SUCCESS) {
        *ret = c;
        return st;
    }
    if (c->private_loop && !c->session) /* else its last reference frees it */
        nt_loop_free(own.loop);
    npc_session_unref(c->session);
    free_channel(c);
    return st;
}

/* ---- use ---- */

int npc_channel_fd(const struct npc_channel *c)
{
    return c->fd;
}

static bool is_over(void *arg)
{
    return ((struct npc_channel *)arg)->over;
}

enum nt_status npc_channel_run(struct npc_channel *c)
{
    if (c->has_mine)
        return STATUS_INVALID_DEVICE_STATE;
    if (!c->relays || !c->private_loop)
        return STATUS_SUCCESS;
    enum nt_status st = io_wait(c->loop, is_over, c, UINT64_MAX, c->cancel);
    return st == STATUS_SUCCESS ? c->why : st;
}

static void mine_data(void *engine, uint8_t *data, size_t len)
{
    struct npc_channel *c = engine;
    wr_bytes(&c->got, data, len);
    io_hold(&c->mine, c->got.len - c->got_at >= GOT_MAX);
}

static void mine_closed(void *engine, enum nt_status why)
{
    struct npc_channel *c = engine;
    char words[NPC_WORDS];
    c->ended = true;
    if (!c->err.text[0])
        nt_error_set(&c->err, why, "pipe \\%.100s of %.100s has ended%s: %s", c->name, c->server,
                     c->relays ? "" : ", or the muxer has; what was sent may have been carried out",
                     npc_words(why == STATUS_SUCCESS ? STATUS_END_OF_FILE : why, words));
}

static const struct io_ops mine_ops = { NULL, mine_data, mine_closed };

/* The descriptor is ours from now on. */
static enum nt_status take_mine(struct npc_channel *c)
{
    if (!npc_may_wait(c->loop))
        return STATUS_INVALID_DEVICE_STATE;
    if (c->has_mine)
        return STATUS_SUCCESS;
    io_stream_init(&c->mine, &mine_ops, c, io_loop_env(c->loop));
    enum nt_status st = io_attach(c->loop, &c->mine, c->fd);
    if (st != STATUS_SUCCESS) {
        io_stream_done(&c->mine);
        return nt_error_set(&c->err, st, "no memory");
    }
    c->has_mine = true;
    c->fd = -1;
    return STATUS_SUCCESS;
}

static uint64_t deadline_of(const struct npc_channel *c)
{
    return io_loop_now(c->loop) + (uint64_t)c->timeout_ms * 1000000u;
}

static bool is_sent(void *arg)
{
    const struct npc_channel *c = arg;
    return c->ended || c->mine.queued <= IO_LOW_WATER;
}

enum nt_status npc_channel_send(struct npc_channel *c, const void *buf, size_t len)
{
    struct wr w;
    enum nt_status st = take_mine(c);
    if (st != STATUS_SUCCESS)
        return st;
    if (c->ended)
        return STATUS_PIPE_BROKEN;
    wr_init(&w, len);
    wr_bytes(&w, buf, len);
    st = io_queue(&c->mine, &w);
    if (st != STATUS_SUCCESS)
        return nt_error_set(&c->err, st, "%zu bytes cannot be sent: %s", len, nt_status_text(st));
    /* Most of it is on its way in the turn that the next function makes; a long row of bytes has to be. */
    st = io_wait(c->loop, is_sent, c, deadline_of(c), c->cancel);
    return st == STATUS_SUCCESS && c->ended ? STATUS_PIPE_BROKEN : st;
}

static bool has_got(void *arg)
{
    const struct npc_channel *c = arg;
    return c->ended || c->got.len > c->got_at;
}

enum nt_status npc_channel_recv(struct npc_channel *c, void *buf, size_t len, size_t *ret_n)
{
    enum nt_status st = take_mine(c);
    if (st == STATUS_SUCCESS)
        st = io_wait(c->loop, has_got, c, deadline_of(c), c->cancel);
    if (st != STATUS_SUCCESS)
        return st;
    size_t left = c->got.len - c->got_at, n = left < len ? left : len;
    if (c->got.st != STATUS_SUCCESS)
        return c->got.st;
    if (!left)
        return STATUS_END_OF_FILE;
    memcpy(buf, c->got.base + c->got_at, n);
    c->got_at += n;
    if (c->got_at == c->got.len)
        c->got.len = c->got_at = 0;
    io_hold(&c->mine, c->got.len - c->got_at >= GOT_MAX);
    *ret_n = n;
    return STATUS_SUCCESS;
}

/* ---- facts ---- */

enum nt_status npc_channel_facts(const struct npc_channel *c, struct npc_facts *ret)
{
    struct npc_facts f = c->facts;
    size_t size = ret->size < sizeof f ? ret->size : sizeof f;
    if (size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    f.size = ret->size;
    memcpy(ret, &f, size);
    return STATUS_SUCCESS;
}

static enum nt_status lend_key(const uint8_t *key, unsigned len, struct nt_blob *ret)
{
    if (!len)
        return STATUS_NO_USER_SESSION_KEY;
    *ret = (struct nt_blob){ key, len };
    return STATUS_SUCCESS;
}

enum nt_status npc_channel_session_key(const struct npc_channel *c, struct nt_blob *ret)
{
    return lend_key(c->keys[0], c->facts.session_key_len, ret);
}

enum nt_status npc_channel_application_key(const struct npc_channel *c, struct nt_blob *ret)
{
    return lend_key(c->keys[1], c->facts.application_key_len, ret);
}

enum nt_status npc_channel_id(const struct npc_channel *c, struct npc_channel_id *ret)
{
    if (!c->has_id)
        return STATUS_NOT_SUPPORTED;
    *ret = c->id;
    return STATUS_SUCCESS;
}

const char *npc_channel_error(const struct npc_channel *c)
{
    return c->err.text;
}
