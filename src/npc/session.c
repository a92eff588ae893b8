// SPDX-License-Identifier: Apache-2.0
/* Sessions: opening, facts, keys, closing. The synchronous functions are the asynchronous ones plus a wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_mux.h"

/* A CREDENTIAL_TARGET_INFORMATION marshalled behind a host name makes a resolver see one host and Kerberos
 * another (CVE-2025-33073); its text form begins like this. */
#define MARSHALLED_TARGET "1UWhRCA"

const char *npc_words(enum nt_status st, char buf[NPC_WORDS])
{
    const char *name = nt_status_name(st), *text = nt_status_text(st);
    if (name)
        snprintf(buf, NPC_WORDS, "%s%s%.200s%s", name, text ? " (" : "", text ? text : "", text ? ")" : "");
    else
        snprintf(buf, NPC_WORDS, "status 0x%08x", (unsigned)st);
    return buf;
}

uint64_t npc_deadline(struct npc_session *s, unsigned timeout_ms)
{
    unsigned ms = timeout_ms ? timeout_ms : s->timeout_ms;
    return io_loop_now(s->loop) + (uint64_t)ms * 1000000u;
}

static bool yes(void *arg)
{
    (void)arg;
    return true;
}

bool npc_may_wait(struct nt_loop *l)
{
    return io_wait(l, yes, NULL, UINT64_MAX, NULL) == STATUS_SUCCESS;
}

/* ---- opening ---- */

void npc_session_opened(struct npc_session *s)
{
    npc_session_done *done = s->done;
    s->done = NULL;
    npc_ways_free(s);
    done(s->arg, STATUS_SUCCESS, s);
}

void npc_session_closed(struct npc_session *s)
{
    if (s->private_loop && !s->done) { /* npc_session_unref waits for this */
        s->closed = true;
        return;
    }
    npc_session_done *done = s->done;
    void *done_arg = s->arg;
    s->route->done(s);
    if (done && npc_ways_next(s))
        return;
    enum nt_status why = s->why;
    npc_ways_free(s);
    free(s);
    if (done)
        done(done_arg, why, NULL);
}

static enum nt_status check_server(const char *server, struct nt_error *err)
{
    size_t n = server ? strlen(server) : 0;
    if (n == 0 || n > 255)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "a server name has 1 to 255 bytes");
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)server[i] <= ' ' || server[i] == '\\' || server[i] == '/' || server[i] == 0x7f)
            return nt_error_set(err, STATUS_INVALID_PARAMETER,
                                "the server name \"%s\" has a character that no name has", server);
    if (strstr(server, MARSHALLED_TARGET))
        return nt_error_set(err, STATUS_INVALID_PARAMETER,
                            "the server name \"%s\" carries marshalled target information, which no host has",
                            server);
    return STATUS_SUCCESS;
}

enum nt_status npc_session_begin(const char *server, const struct npc_options *o, const char *pipe,
                                 bool private_loop, npc_session_done *done, void *arg, struct npc_session **ret)
{
    enum nt_status st = check_server(server, o->error);
    if (st != STATUS_SUCCESS)
        return st;
    struct npc_mux_choice choice;
    st = npc_mux_wanted(o, &choice);
    if (st != STATUS_SUCCESS)
        return st;
    struct npc_session *s = calloc(1, npc_ways_size(&choice));
    if (!s)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "no memory");
    s->loop = o->loop;
    s->private_loop = private_loop;
    s->pipe = pipe;
    s->refs = 1;
    s->timeout_ms = o->timeout_ms ? o->timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    s->open_error = o->error;
    s->done = done;
    s->arg = arg;
    st = npc_ways_start(s, server, o, &choice);
    if (st != STATUS_SUCCESS)
        free(s);
    else
        *ret = s;
    return st;
}

/* A caller that was built earlier has a shorter structure; what it lacks has its default. */
enum nt_status npc_options_take(const struct npc_options *from, struct npc_options *ret)
{
    *ret = (struct npc_options)NPC_OPTIONS_INIT;
    if (from->size < offsetof(struct npc_options, target))
        return STATUS_INVALID_PARAMETER;
    memcpy(ret, from, from->size < sizeof *ret ? from->size : sizeof *ret);
    ret->size = sizeof *ret;
    return STATUS_SUCCESS;
}

enum nt_status npc_session_open_send(const char *server, const struct npc_options *o, npc_session_done *done,
                                     void *arg, struct npc_session **ret)
{
    struct npc_session *s;
    struct npc_options own;
    enum nt_status st = npc_options_take(o, &own);
    if (st != STATUS_SUCCESS)
        return st;
    if (!own.loop)
        return nt_error_set(own.error, STATUS_INVALID_PARAMETER, "an asynchronous session needs a loop");
    st = npc_session_begin(server, &own, NULL, false, done, arg, &s);
    if (st == STATUS_SUCCESS && ret)
        *ret = s;
    return st;
}

void npc_session_give_up(struct npc_session *s)
{
    if (!s->done)
        return;
    s->why = STATUS_CANCELLED;
    s->route->close(s);
}

struct opening {
    bool done;
    enum nt_status st;
    struct npc_session *s;
};

static void opened(void *arg, enum nt_status st, struct npc_session *s)
{
    struct opening *w = arg;
    w->done = true;
    w->st = st;
    w->s = s;
}

static bool is_opened(void *arg)
{
    return ((struct opening *)arg)->done;
}

/* Waits for an opening on o->loop; a cancel token ends it by closing what is half open. */
static enum nt_status open_wait(const char *server, const struct npc_options *o, bool private_loop,
                                struct npc_session **ret)
{
    struct opening w = { 0 };
    struct npc_session *s;
    enum nt_status st = npc_session_begin(server, o, NULL, private_loop, opened, &w, &s);
    if (st != STATUS_SUCCESS)
        return st;
    if (io_wait(o->loop, is_opened, &w, UINT64_MAX, o->cancel) == STATUS_CANCELLED && !w.done) {
        nt_error_set(o->error, STATUS_CANCELLED, "connecting to %s was cancelled", server);
        npc_session_give_up(s);
        (void)io_wait(o->loop, is_opened, &w, UINT64_MAX, NULL); /* closing has a limit of its own */
    }
    if (w.st == STATUS_SUCCESS)
        *ret = w.s;
    return w.st;
}

enum nt_status npc_session_open(const char *server, const struct npc_options *o, struct npc_session **ret)
{
    struct npc_options own;
    enum nt_status st = npc_options_take(o, &own);
    if (st != STATUS_SUCCESS)
        return st;
    if (own.loop) {
        if (!npc_may_wait(own.loop))
            return nt_error_set(own.error, STATUS_INVALID_DEVICE_STATE, "not from a callback");
        return open_wait(server, &own, false, ret);
    }
    st = nt_loop_new(own.env, &own.loop);
    if (st != STATUS_SUCCESS)
        return nt_error_set(own.error, st, "no loop can be made");
    st = open_wait(server, &own, true, ret);
    if (st != STATUS_SUCCESS)
        nt_loop_free(own.loop);
    return st;
}

/* ---- facts ---- */

enum nt_status npc_session_facts(const struct npc_session *s, struct npc_facts *ret)
{
    struct npc_facts f;
    size_t size = ret->size < sizeof *ret ? ret->size : sizeof *ret;
    if (size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    s->route->facts(s, &f);
    f.size = ret->size;
    f.peer = s->peer;
    memcpy(ret, &f, size);
    return STATUS_SUCCESS;
}

enum nt_status npc_session_key(const struct npc_session *s, struct nt_blob *ret)
{
    return s->route->key(s, false, ret);
}

enum nt_status npc_application_key(const struct npc_session *s, struct nt_blob *ret)
{
    return s->route->key(s, true, ret);
}

struct nt_loop *npc_session_loop(struct npc_session *s)
{
    return s->loop;
}

struct io_stream *npc_session_stream(struct npc_session *s)
{
    return s->route->stream(s);
}

const char *npc_session_error(const struct npc_session *s)
{
    return s->route->error(s);
}

/* ---- pipes ---- */

/* Where there is no pipe that could tell. */
static enum nt_status refuse(struct npc_session *s, enum nt_status st, const char *what, const char *name)
{
    struct nt_error e;
    nt_error_set(&e, st, what, name);
    s->route->set_error(s, &e);
    return st;
}

enum nt_status npc_pipe_open_send(struct npc_session *s, const char *name, const struct npc_create *o,
                                  npc_pipe_done *done, void *arg, struct npc_pipe **ret)
{
    struct npc_create own = NPC_CREATE_INIT; /* a caller that was built earlier may have a shorter one */
    char plain[NPC_NAME_SIZE];
    struct npc_pipe *p;
    if (o)
        memcpy(&own, o, o->size < sizeof own ? o->size : sizeof own);
    enum nt_status st = npc_pipe_name(name, plain);
    if (st != STATUS_SUCCESS)
        return refuse(s, st, "\"%.100s\" is not the name of a pipe", name);
    st = s->route->open_pipe(s, plain, &own, done, arg, &p);
    if (st == STATUS_SUCCESS && ret)
        *ret = p;
    return st == STATUS_NO_MEMORY ? refuse(s, st, "no memory for pipe %.100s", name) : st;
}

void npc_pipe_give_up(struct npc_pipe *p)
{
    p->ops->give_up(p);
}

/* ---- the end ---- */

struct npc_session *npc_session_ref(struct npc_session *s)
{
    s->refs++;
    return s;
}

static bool is_closed(void *arg)
{
    return ((struct npc_session *)arg)->closed;
}

void npc_session_unref(struct npc_session *s)
{
    if (!s || --s->refs)
        return;
    struct nt_loop *l = s->private_loop ? s->loop : NULL;
    s->route->close(s);
    if (!l)
        return; /* npc_session_closed frees it, perhaps has done so */
    (void)io_wait(l, is_closed, s, io_loop_now(l) + NPC_CLOSE_NS, NULL);
    s->route->done(s);
    free(s);
    nt_loop_free(l);
}
