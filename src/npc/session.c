// SPDX-License-Identifier: Apache-2.0
/* Sessions: opening, facts, keys, closing. The synchronous functions are the asynchronous ones plus a wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/m_npc.h"

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

const char *npc_where(struct npc_session *s, char buf[NPC_WHERE])
{
    const struct smb_client *c = &s->client;
    const char *how = c->sealing      ? smb_cipher_name(c->cipher)
                      : c->signing_on ? smb_signing_name(c->sign_alg)
                                      : "unsigned";
    snprintf(buf, NPC_WHERE, "%.100s (%s, SMB %s, %s)", c->server, s->peer, npc_dialect_name(c->dialect),
             how);
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

#define DEFAULT_PORT 445 /* [MS-SMB2] 1.9 */

/* ---- opening ---- */

static void on_ready(void *arg, enum nt_status st)
{
    struct npc_session *s = arg;
    snprintf(s->peer, sizeof s->peer, "%s", io_peer(&s->client.stream));
    if (st != STATUS_SUCCESS) {
        nt_error_set(s->open_error, st, "%s", s->client.err.text);
        s->why = st;
        smb_client_close(&s->client); /* on_closed tells the caller, when nothing is left */
        return;
    }
    npc_session_done *done = s->done;
    s->done = NULL;
    done(s->arg, STATUS_SUCCESS, s);
}

static void on_closed(void *arg)
{
    struct npc_session *s = arg;
    if (s->private_loop && !s->done) { /* npc_session_unref waits for this */
        s->closed = true;
        return;
    }
    npc_session_done *done = s->done;
    void *done_arg = s->arg;
    enum nt_status why = s->why;
    smb_client_done(&s->client);
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

static enum nt_status find_creds(const char *server, const struct npc_options *o, struct sec_creds **ret)
{
    if (o->creds) {
        *ret = sec_creds_ref(o->creds);
        return STATUS_SUCCESS;
    }
    if (!o->auth)
        return nt_error_set(o->error, STATUS_INVALID_PARAMETER,
                            "neither credentials nor a function that gives them");
    enum nt_status st = o->auth(o->auth_arg, server, 0, ret);
    if (st != STATUS_SUCCESS)
        nt_error_set(o->error, st, "no credentials for %s were given", server);
    return st;
}

static enum nt_status start(struct npc_session *s, const char *server, const struct npc_options *o)
{
    struct sec_creds *creds = NULL;
    enum nt_status st = find_creds(server, o, &creds);
    if (st != STATUS_SUCCESS)
        return st;
    uint16_t port = o->port ? o->port : DEFAULT_PORT;
    struct smb_client_options co = {
        .server = server,
        .port = port,
        .target = o->target,
        .creds = creds,
        .protection = o->protection,
        .allow_unsigned = o->allow_unsigned,
        .min_dialect = o->min_dialect,
        .max_dialect = o->max_dialect,
        .ciphers = o->ciphers,
        .signing = o->signing,
        .n_signing = o->n_signing,
        .env = o->env ? o->env : io_loop_env(o->loop),
        .arg = s,
        .on_ready = on_ready,
        .on_closed = on_closed,
    };
    st = smb_client_init(&s->client, &co);
    sec_creds_unref(creds);
    if (st == STATUS_SUCCESS) {
        struct io_addr to = { .host = server, .port = port };
        uint64_t deadline = npc_deadline(s, 0);
        smb_client_start(&s->client, deadline);
        st = io_dial(s->loop, &s->client.stream, &to, deadline);
        if (st != STATUS_SUCCESS)
            nt_error_set(&s->client.err, st, "the address %s cannot be dialled", server);
    }
    if (st != STATUS_SUCCESS) {
        nt_error_set(o->error, st, "%s", s->client.err.text);
        smb_client_done(&s->client);
    }
    return st;
}

static enum nt_status open_send(const char *server, const struct npc_options *o, bool private_loop,
                                npc_session_done *done, void *arg, struct npc_session **ret)
{
    enum nt_status st = check_server(server, o->error);
    if (st != STATUS_SUCCESS)
        return st;
    struct npc_session *s = calloc(1, sizeof *s);
    if (!s)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "no memory");
    s->loop = o->loop;
    s->private_loop = private_loop;
    s->refs = 1;
    s->timeout_ms = o->timeout_ms ? o->timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    s->open_error = o->error;
    s->done = done;
    s->arg = arg;
    st = start(s, server, o);
    if (st != STATUS_SUCCESS)
        free(s);
    else
        *ret = s;
    return st;
}

/* A caller that was built earlier has a shorter structure; what it lacks has its default. */
static enum nt_status take_options(const struct npc_options *from, struct npc_options *ret)
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
    enum nt_status st = take_options(o, &own);
    if (st != STATUS_SUCCESS)
        return st;
    if (!own.loop)
        return nt_error_set(own.error, STATUS_INVALID_PARAMETER, "an asynchronous session needs a loop");
    st = open_send(server, &own, false, done, arg, &s);
    if (st == STATUS_SUCCESS && ret)
        *ret = s;
    return st;
}

void npc_session_give_up(struct npc_session *s)
{
    if (!s->done)
        return;
    s->why = STATUS_CANCELLED;
    smb_client_close(&s->client);
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
    enum nt_status st = open_send(server, o, private_loop, opened, &w, &s);
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
    enum nt_status st = take_options(o, &own);
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
    const struct smb_client *c = &s->client;
    size_t size = ret->size < sizeof *ret ? ret->size : sizeof *ret;
    if (size < sizeof ret->size)
        return STATUS_INVALID_PARAMETER;
    struct npc_facts f = {
        .size = ret->size,
        .dialect = c->dialect,
        .cipher = c->sealing ? c->cipher : NPC_CIPHER_NONE,
        .signing = c->sign_alg,
        .signed_ = c->signing_on,
        .encrypted = c->sealing,
        .guest = c->guest,
        .anonymous = c->anonymous,
        .transact_refused = s->transact_refused,
        .max_transact = c->max_transact,
        .max_read = c->max_read,
        .max_write = c->max_write,
        .mech = c->mech,
        .peer = s->peer,
        .server = c->server,
        .session_key_len = c->have_keys ? (unsigned)c->session_key_len : 0,
        .application_key_len = c->have_keys ? sizeof c->keys.application : 0,
    };
    f.server_guid.a = le32(c->server_guid);
    f.server_guid.b = le16(c->server_guid + 4);
    f.server_guid.c = le16(c->server_guid + 6);
    memcpy(f.server_guid.d, c->server_guid + 8, 8);
    memcpy(ret, &f, size);
    return STATUS_SUCCESS;
}

enum nt_status npc_session_key(const struct npc_session *s, struct nt_blob *ret)
{
    if (!s->client.have_keys)
        return STATUS_NO_USER_SESSION_KEY;
    *ret = (struct nt_blob){ s->client.session_key, s->client.session_key_len };
    return STATUS_SUCCESS;
}

enum nt_status npc_application_key(const struct npc_session *s, struct nt_blob *ret)
{
    if (!s->client.have_keys)
        return STATUS_NO_USER_SESSION_KEY;
    *ret = (struct nt_blob){ s->client.keys.application, sizeof s->client.keys.application };
    return STATUS_SUCCESS;
}

struct nt_loop *npc_session_loop(struct npc_session *s)
{
    return s->loop;
}

struct io_stream *npc_session_stream(struct npc_session *s)
{
    return &s->client.stream;
}

const char *npc_session_error(const struct npc_session *s)
{
    return s->client.err.text;
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
    smb_client_close(&s->client);
    if (!s->private_loop)
        return; /* on_closed frees it */
    struct nt_loop *l = s->loop;
    (void)io_wait(l, is_closed, s, io_loop_now(l) + NPC_CLOSE_NS, NULL);
    smb_client_done(&s->client);
    free(s);
    nt_loop_free(l);
}
