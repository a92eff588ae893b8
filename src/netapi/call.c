// SPDX-License-Identifier: Apache-2.0
/*
 * The frame of Net* calls and the process's cache of idle servers: one of the two places where Tern keeps global
 * state, because the Windows API has no handle. A thread takes a server out of the cache for a call, so no lock is
 * held while anything is sent.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "netapi/m_netapi.h"

/* Idle servers kept: enough for a tool that walks the domain controllers of a site and comes back. */
#define MAX_IDLE 16
/* A connection idle for longer is looked at for a hang-up before use (one poll); a busy loop of calls does not pay. */
#define CHECK_AFTER (UINT64_C(1000000000))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct net_server *idle; /* newest first */
static struct net_entry *entries;
static struct net_use *uses;
static uint64_t generations;

static _Thread_local struct {
    struct nt_error err;
    enum nt_status st;
} last;

/* ---- options ---- */

static void entry_unref(struct net_entry *e)
{
    if (!e || atomic_fetch_sub(&e->refs, 1) != 1)
        return;
    sec_creds_unref(e->o.creds);
    nt_cancel_unref(e->o.cancel);
    free((char *)(uintptr_t)e->o.protseq);
    free((char *)(uintptr_t)e->o.provider);
    free((char *)(uintptr_t)e->o.target);
    free(e->server);
    free(e);
}

static bool dup_into(const char **to, const char *s)
{
    *to = s ? strdup(s) : NULL;
    return !s || *to;
}

static enum nt_status entry_new(const char *server, const struct net_options *o, struct net_entry **ret)
{
    struct net_entry *e = calloc(1, sizeof *e);
    if (!e)
        return STATUS_NO_MEMORY;
    atomic_init(&e->refs, 1);
    e->o = *o;
    e->o.creds = sec_creds_ref(o->creds);
    e->o.cancel = nt_cancel_ref(o->cancel);
    e->o.protseq = e->o.provider = e->o.target = NULL;
    if (o->npc) {
        e->npc = *o->npc;
        e->o.npc = &e->npc;
    }
    if (!dup_into(&e->o.protseq, o->protseq) || !dup_into(&e->o.provider, o->provider) ||
        !dup_into(&e->o.target, o->target) || (server && !(e->server = strdup(server)))) {
        entry_unref(e);
        return STATUS_NO_MEMORY;
    }
    *ret = e;
    return STATUS_SUCCESS;
}

static bool same_server(const char *a, const char *b)
{
    return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static void close_list(struct net_server *s)
{
    while (s) {
        struct net_server *next = s->next;
        net_server_free(s);
        s = next;
    }
}

/* Takes the idle servers of this process that `pick` chooses out of the cache. Caller holds the lock. What a parent
 * process left behind is its own affair: closing it here would end the parent's sessions. */
static struct net_server *take_idle(bool (*pick)(const struct net_server *s, const void *arg), const void *arg)
{
    struct net_server *out = NULL;
    for (struct net_server **p = &idle; *p;) {
        struct net_server *s = *p;
        if (s->pid != getpid() || !pick(s, arg)) {
            p = &s->next;
            continue;
        }
        *p = s->next;
        s->next = out;
        out = s;
    }
    return out;
}

static bool pick_all(const struct net_server *s, const void *arg)
{
    (void)s;
    (void)arg;
    return true;
}

static bool pick_name(const struct net_server *s, const void *arg)
{
    return !arg || same_server(s->name, arg);
}

/* Puts an entry in place of the one for its server; e NULL removes. */
static void entry_set(const char *server, struct net_entry *e)
{
    struct net_entry *old = NULL;
    pthread_mutex_lock(&lock);
    for (struct net_entry **p = &entries; *p; p = &(*p)->next)
        if (same_server((*p)->server, server)) {
            old = *p;
            *p = old->next;
            break;
        }
    if (e) {
        e->next = entries;
        e->generation = ++generations;
        entries = e;
    }
    struct net_server *drop = take_idle(pick_name, server);
    pthread_mutex_unlock(&lock);
    entry_unref(old);
    close_list(drop);
}

enum nt_status net_set_options(const char *server, const struct net_options *o)
{
    struct net_entry *e = NULL;
    if (o) {
        if (o->protseq && strcmp(o->protseq, "ncacn_np") && strcmp(o->protseq, "ncacn_ip_tcp"))
            return STATUS_INVALID_PARAMETER;
        enum nt_status st = entry_new(server, o, &e);
        if (st != STATUS_SUCCESS)
            return st;
    }
    entry_set(server, e);
    return STATUS_SUCCESS;
}

/* The entry for a server, or that for all, or NULL; referenced. Caller holds the lock. */
static struct net_entry *entry_find(const char *server)
{
    struct net_entry *common = NULL, *found = NULL;
    for (struct net_entry *e = entries; e; e = e->next) {
        if (!e->server)
            common = e;
        else if (same_server(e->server, server))
            found = e;
    }
    found = found ? found : common;
    if (found)
        atomic_fetch_add(&found->refs, 1);
    return found;
}

/* ---- uses: credentials of NetUseAdd, laid over whatever net_set_options says of the server ---- */

struct sec_creds *net_use_creds(const char *server)
{
    struct sec_creds *creds = NULL;
    pthread_mutex_lock(&lock);
    for (struct net_use *u = uses; u && !creds; u = u->next)
        if (same_server(u->server, server))
            creds = sec_creds_ref(u->creds);
    pthread_mutex_unlock(&lock);
    return creds;
}

static void use_free(struct net_use *u)
{
    if (!u)
        return;
    sec_creds_unref(u->creds);
    free(u->server);
    free(u);
}

enum nt_status net_use_set(const char *server, struct sec_creds *creds)
{
    struct net_use *u = calloc(1, sizeof *u);
    if (!u || !(u->server = strdup(server))) {
        free(u);
        return STATUS_NO_MEMORY;
    }
    u->creds = sec_creds_ref(creds);
    pthread_mutex_lock(&lock);
    u->generation = ++generations;
    u->next = uses;
    uses = u;
    pthread_mutex_unlock(&lock);
    return STATUS_SUCCESS;
}

bool net_use_drop(const char *server)
{
    struct net_use *gone = NULL;
    pthread_mutex_lock(&lock);
    for (struct net_use **p = &uses; *p; p = &(*p)->next)
        if (same_server((*p)->server, server)) {
            gone = *p;
            *p = gone->next;
            break;
        }
    struct net_server *drop = gone ? take_idle(pick_name, server) : NULL;
    pthread_mutex_unlock(&lock);
    bool found = gone != NULL;
    use_free(gone);
    close_list(drop);
    return found;
}

static uint64_t use_generation(const char *server) /* caller holds the lock */
{
    for (const struct net_use *u = uses; u; u = u->next)
        if (same_server(u->server, server))
            return u->generation;
    return 0;
}

/* ---- servers ---- */

void net_server_free(struct net_server *s)
{
    if (!s)
        return;
    if (s->sam_free)
        s->sam_free(s->sam);
    for (size_t i = 0; i < NET_MAX_CONNS; i++)
        if (s->conns[i].conn)
            rpc_close(s->conns[i].conn);
    npc_session_unref(s->session);
    nt_loop_free(s->loop);
    entry_unref(s->entry);
    free(s->name);
    free(s);
}

/* "\\\\host", "host" or NULL (this machine) to UTF-8 without backslashes. */
static enum nt_status server_from_wide(const WCHAR *servername, char **ret, struct nt_error *err)
{
    const char16_t *s = (const char16_t *)servername;
    if (!s || !s[0]) {
        *ret = strdup("localhost");
        return *ret ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    }
    if (s[0] == u'\\' && s[1] == u'\\')
        s += 2;
    size_t n = ustr_len(s), len;
    if (n == 0 || n > NET_MAX_SERVER)
        return nt_error_set(err, STATUS_INVALID_COMPUTER_NAME, "the server name is empty or longer than %d characters",
                            NET_MAX_SERVER);
    char *utf8;
    enum nt_status st = ustr_to_utf8(s, n, &utf8, &len);
    if (st == STATUS_NO_MEMORY)
        return st;
    if (st != STATUS_SUCCESS || strpbrk(utf8, "\\/ \t\n\"<>|")) {
        if (st == STATUS_SUCCESS)
            free(utf8);
        return nt_error_set(err, STATUS_INVALID_COMPUTER_NAME, "the server name is not a name or an address");
    }
    *ret = utf8;
    return STATUS_SUCCESS;
}

struct key {
    const char *name;
    uint64_t generation, use;
    uid_t euid;
};

static bool pick_key(const struct net_server *s, const void *arg)
{
    const struct key *k = arg;
    return s->euid == k->euid && (s->entry ? s->entry->generation : 0) == k->generation && s->use == k->use && same_server(s->name, k->name);
}

/* An idle server, or a new one that connects when the first interface is needed. */
static enum nt_status server_take(char *name, struct net_server **ret)
{
    pthread_mutex_lock(&lock);
    struct net_entry *e = entry_find(name);
    struct key k = { name, e ? e->generation : 0, use_generation(name), geteuid() };
    struct net_server *all = take_idle(pick_key, &k), *s = all;
    if (s) { /* the rest goes back */
        struct net_server *rest = s->next;
        while (rest) {
            struct net_server *next = rest->next;
            rest->next = idle;
            idle = rest;
            rest = next;
        }
        s->next = NULL;
    }
    pthread_mutex_unlock(&lock);
    if (s) {
        entry_unref(e);
        free(name);
        if (io_loop_now(s->loop) - s->idle_since > CHECK_AFTER)
            while (nt_loop_run(s->loop, 0) == STATUS_SUCCESS) /* a hang-up that waits is seen here */
                ;
        *ret = s;
        return STATUS_SUCCESS;
    }
    s = calloc(1, sizeof *s);
    enum nt_status st = s ? nt_loop_new(NULL, &s->loop) : STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS) {
        free(s);
        entry_unref(e);
        free(name);
        return st;
    }
    s->entry = e;
    s->name = name;
    s->pid = getpid();
    s->euid = k.euid;
    s->use = k.use;
    *ret = s;
    return STATUS_SUCCESS;
}

static void server_put(struct net_server *s)
{
    if (!s->session && !s->conns[0].conn) { /* never connected: nothing worth keeping */
        net_server_free(s);
        return;
    }
    s->idle_since = io_loop_now(s->loop);
    pthread_mutex_lock(&lock);
    s->next = idle;
    idle = s;
    struct net_server **p = &idle, *drop = NULL;
    for (unsigned n = 0; *p; n++) {
        if (n >= MAX_IDLE && (*p)->pid == getpid()) {
            drop = *p;
            *p = drop->next;
            drop->next = NULL;
            break;
        }
        p = &(*p)->next;
    }
    pthread_mutex_unlock(&lock);
    net_server_free(drop);
}

void net_close_idle(void)
{
    pthread_mutex_lock(&lock);
    struct net_server *drop = take_idle(pick_all, NULL);
    pthread_mutex_unlock(&lock);
    close_list(drop);
    last.err.text[0] = 0;
    last.st = STATUS_SUCCESS;
}

/* ---- calls ---- */

enum nt_status net_begin(struct net_call *c, const WCHAR *servername, const char *name)
{
    memset(c, 0, sizeof *c);
    c->name = name;
    c->mem = nt_arena_new_secret(0);
    if (!c->mem)
        return STATUS_NO_MEMORY;
    char *server;
    enum nt_status st = server_from_wide(servername, &server, &c->err);
    if (st != STATUS_SUCCESS)
        return st;
    return server_take(server, &c->srv);
}

NET_API_STATUS net_end(struct net_call *c, enum nt_status st)
{
    NET_API_STATUS result = nt_to_net_api(st);
    last.st = st;
    last.err.text[0] = 0;
    if (!nt_ok(st) && result != ERROR_MORE_DATA) {
        const char *text = nt_status_text(st);
        if (c->err.text[0])
            nt_error_set(&last.err, st, "%s: %.480s", c->name, c->err.text);
        else
            nt_error_set(&last.err, st, "%s on %s: %s", c->name, c->srv ? c->srv->name : "(no server)",
                         text ? text : "the server gave an error without a text");
    }
    if (c->srv)
        server_put(c->srv);
    nt_arena_free(c->mem);
    c->srv = NULL;
    c->mem = NULL;
    return result;
}

const char *net_last_error(void)
{
    return last.err.text;
}

enum nt_status net_last_status(void)
{
    return last.st;
}

static const struct net_options no_options = NET_OPTIONS_INIT;

const struct net_options *net_call_options(const struct net_call *c)
{
    return c->srv->entry ? &c->srv->entry->o : &no_options;
}

static struct net_conn *slot(struct net_server *s, const struct rpc_interface *i)
{
    struct net_conn *free_slot = NULL;
    for (size_t k = 0; k < NET_MAX_CONNS; k++) {
        if (s->conns[k].conn && s->conns[k].iface == i)
            return &s->conns[k];
        if (!s->conns[k].conn && !free_slot)
            free_slot = &s->conns[k];
    }
    return free_slot;
}

/* Everything of a server goes when one connection of it is dead: pipes share the session, handles the connection. */
static void server_reset(struct net_server *s)
{
    if (s->sam_free)
        s->sam_free(s->sam);
    s->sam = NULL;
    s->sam_free = NULL;
    for (size_t k = 0; k < NET_MAX_CONNS; k++) {
        if (s->conns[k].conn)
            rpc_close(s->conns[k].conn);
        s->conns[k].conn = NULL;
    }
    npc_session_unref(s->session);
    s->session = NULL;
}

static bool wants_tcp(const struct net_options *o)
{
    return o->protseq && strcmp(o->protseq, "ncacn_ip_tcp") == 0;
}

static enum nt_status open_session(struct net_call *c, const struct net_options *o, struct sec_creds *creds)
{
    struct npc_options n = NPC_OPTIONS_INIT;
    if (o->npc)
        n = *o->npc;
    n.creds = creds;
    n.target = o->target;
    n.port = o->smb_port;
    n.timeout_ms = o->timeout_ms;
    n.cancel = o->cancel;
    n.loop = c->srv->loop;
    n.error = &c->err;
    return npc_session_open(c->srv->name, &n, &c->srv->session);
}

/* NetUseAdd's credentials come before those of the options: they were given later, and for this server. */
static enum nt_status call_creds(struct net_call *c, struct sec_creds **ret)
{
    const struct net_options *o = net_call_options(c);
    struct sec_creds *creds = net_use_creds(c->srv->name);
    if (!creds && o->creds)
        creds = sec_creds_ref(o->creds);
    if (!creds)
        return net_default_creds(ret, &c->err);
    *ret = creds;
    return STATUS_SUCCESS;
}

enum nt_status net_connect(struct net_call *c)
{
    const struct net_options *o = net_call_options(c);
    if (wants_tcp(o) || c->srv->session)
        return STATUS_SUCCESS; /* TCP proves credentials with each bind */
    struct sec_creds *creds;
    enum nt_status st = call_creds(c, &creds);
    if (st != STATUS_SUCCESS)
        return st;
    st = open_session(c, o, creds);
    sec_creds_unref(creds);
    return st;
}

static enum nt_status open_conn(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret)
{
    const struct net_options *o = net_call_options(c);
    struct sec_creds *creds = NULL;
    enum nt_status st;
    if ((st = call_creds(c, &creds)) != STATUS_SUCCESS)
        return st;
    struct rpc_options ro = RPC_OPTIONS_INIT;
    ro.creds = creds;
    ro.level = o->level;
    ro.provider = o->provider;
    ro.target = o->target;
    ro.tcp_port = o->epm_port;
    ro.timeout_ms = o->timeout_ms;
    ro.cancel = o->cancel;
    ro.loop = c->srv->loop;
    ro.error = &c->err;
    struct rpc_binding *b = NULL;
    st = rpc_binding_new(wants_tcp(o) ? "ncacn_ip_tcp" : "ncacn_np", c->srv->name, NULL, &b, &c->err);
    if (st == STATUS_SUCCESS && !wants_tcp(o) && !c->srv->session)
        st = open_session(c, o, creds);
    ro.session = c->srv->session;
    if (st == STATUS_SUCCESS)
        st = rpc_open(b, i, &ro, ret);
    rpc_binding_unref(b);
    sec_creds_unref(creds);
    return st;
}

enum nt_status net_rpc(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret)
{
    struct net_conn *s = slot(c->srv, i);
    if (s && s->conn && !rpc_conn_alive(s->conn)) {
        server_reset(c->srv);
        s = slot(c->srv, i);
    }
    if (!s)
        return STATUS_INTERNAL_ERROR; /* NET_MAX_CONNS is the number of interfaces that netapi uses */
    if (!s->conn) {
        s->iface = i;
        enum nt_status st = open_conn(c, i, &s->conn);
        if (st != STATUS_SUCCESS) {
            s->conn = NULL;
            return st;
        }
    }
    *ret = s->conn;
    return STATUS_SUCCESS;
}

enum nt_status net_run(struct net_call *c, const struct rpc_interface *i, const struct rpc_op *op, void *r)
{
    struct rpc_conn *conn;
    enum nt_status st = net_rpc(c, i, &conn);
    if (st != STATUS_SUCCESS)
        return st;
    st = rpc_run(conn, op, c->mem, r);
    if (!nt_ok(st))
        nt_error_set(&c->err, st, "%s", rpc_conn_error(conn));
    return st;
}

const char16_t *net_server_name(struct net_call *c)
{
    char16_t *wide;
    size_t n;
    if (ustr_from_utf8(c->srv->name, SIZE_MAX, &wide, &n) != STATUS_SUCCESS)
        return NULL;
    char16_t *s = nt_arena_array(c->mem, n + 3, sizeof *s);
    if (s) {
        s[0] = s[1] = u'\\';
        memcpy(s + 2, wide, n * sizeof *s);
    }
    free(wide);
    return s;
}
