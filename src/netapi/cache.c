// SPDX-License-Identifier: Apache-2.0
/*
 * The process's options, uses and idle servers: one of the two places where Tern keeps global state, because
 * the Windows API has no handle. A thread takes a server out of the cache for a call, so no lock is held
 * while anything is sent.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "netapi/m_netapi.h"
#include "npc/npc.h"

/* Idle servers kept: enough for a tool that walks the domain controllers of a site and comes back. */
#define MAX_IDLE 16
/* A connection idle for longer is looked at for a hang-up before use (one poll); a busy loop of calls does
 * not pay. */
#define CHECK_AFTER (UINT64_C(1000000000))
/* An arena that served an answer larger than this is not kept: programs list all users once and then sit. */
#define KEEP_ARENA ((size_t)1 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct net_server *idle; /* newest first */
static struct net_entry *entries;
static struct net_use *uses;
static uint64_t generations;

/* ---- which process this is ----
 * The number of a process changes by fork, and then the connections are the parent's. Asking the kernel in
 * each call would cost a system call of three; a page that the kernel empties in a child costs none. */

static uint64_t *own_page; /* NULL: not made yet */
static uint64_t processes;
static bool no_page;

static uint64_t this_process(void) /* caller holds the lock */
{
#ifdef MADV_WIPEONFORK
    if (!own_page && !no_page) {
        void *p = mmap(NULL, sizeof *own_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p != MAP_FAILED && madvise(p, sizeof *own_page, MADV_WIPEONFORK) != 0) {
            munmap(p, sizeof *own_page);
            p = MAP_FAILED;
        }
        if (p == MAP_FAILED)
            no_page = true;
        else
            own_page = p;
    }
    if (own_page) {
        if (!*own_page)
            *own_page = ++processes;
        return *own_page;
    }
#endif
    return (uint64_t)getpid();
}

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
    free((char *)(uintptr_t)e->o.mux);
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
    /* a program built with an older, shorter struct has not set the rest */
    memcpy(&e->o, o, o->size < sizeof e->o ? o->size : sizeof e->o);
    o = &(const struct net_options){ .protseq = e->o.protseq,
                                     .provider = e->o.provider,
                                     .target = e->o.target,
                                     .mux = e->o.mux };
    e->o.creds = sec_creds_ref(e->o.creds);
    e->o.cancel = nt_cancel_ref(e->o.cancel);
    e->o.protseq = e->o.provider = e->o.target = e->o.mux = NULL;
    if (e->o.npc) {
        size_t size = e->o.npc->size < sizeof e->npc ? e->o.npc->size : sizeof e->npc;
        memcpy(&e->npc, e->o.npc, size);
        e->npc.size = sizeof e->npc;
        e->o.npc = &e->npc;
    }
    if (!dup_into(&e->o.protseq, o->protseq) || !dup_into(&e->o.provider, o->provider) ||
        !dup_into(&e->o.target, o->target) || !dup_into(&e->o.mux, o->mux) || (server && !(e->server = strdup(server)))) {
        entry_unref(e);
        return STATUS_NO_MEMORY;
    }
    *ret = e;
    return STATUS_SUCCESS;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Names of hosts, without regard to case and to the program's locale. */
static bool same_server(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ---- idle servers ---- */

void net_server_free(struct net_server *s)
{
    if (!s)
        return;
    net_server_reset(s);
    nt_loop_free(s->loop);
    nt_arena_free(s->mem);
    entry_unref(s->entry);
    sec_creds_unref(s->use_creds);
    free(s->name);
    free(s->wide);
    free(s);
}

static void close_list(struct net_server *s)
{
    while (s) {
        struct net_server *next = s->next;
        net_server_free(s);
        s = next;
    }
}

/* Takes the idle servers of this process that `pick` chooses out of the cache. Caller holds the lock. What a
 * parent process left behind is its own affair: closing it here would end the parent's sessions. */
static struct net_server *take_idle(bool (*pick)(const struct net_server *s, const void *arg),
                                    const void *arg, bool first)
{
    struct net_server *out = NULL;
    uint64_t process = this_process();
    for (struct net_server **p = &idle; *p && !(first && out);) {
        struct net_server *s = *p;
        if (s->process != process || !pick(s, arg)) {
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
    struct net_server *drop = take_idle(pick_name, server, false);
    pthread_mutex_unlock(&lock);
    entry_unref(old);
    close_list(drop);
}

static bool mux_ok(const char *s)
{
    return strcmp(s, "auto") == 0 || strcmp(s, "on") == 0 || strcmp(s, "off") == 0 || s[0] == '/';
}

enum nt_status net_set_options(const char *server, const struct net_options *o)
{
    struct net_entry *e = NULL;
    if (o) {
        if (o->protseq && strcmp(o->protseq, "ncacn_np") != 0 && strcmp(o->protseq, "ncacn_ip_tcp") != 0)
            return STATUS_INVALID_PARAMETER;
        enum nt_status st = entry_new(server, o, &e);
        if (st == STATUS_SUCCESS && e->o.mux && !mux_ok(e->o.mux)) {
            entry_unref(e);
            st = STATUS_INVALID_PARAMETER;
        }
        if (st != STATUS_SUCCESS)
            return st;
    }
    entry_set(server, e);
    return STATUS_SUCCESS;
}

/* The entry for a server, or that for all, or NULL. Caller holds the lock. */
static struct net_entry *entry_find(const char *server)
{
    struct net_entry *common = NULL;
    for (struct net_entry *e = entries; e; e = e->next) {
        if (!e->server)
            common = e;
        else if (same_server(e->server, server))
            return e;
    }
    return common;
}

/* ---- uses: credentials of NetUseAdd, laid over whatever net_set_options says of the server ---- */

static struct net_use *use_find(const char *server) /* caller holds the lock */
{
    struct net_use *u = uses;
    while (u && !same_server(u->server, server))
        u = u->next;
    return u;
}

static void use_free(struct net_use *u)
{
    if (!u)
        return;
    sec_creds_unref(u->creds);
    free(u->server);
    free(u);
}

enum nt_status net_use_set(const char *server, struct sec_creds *creds, struct sec_creds **ret_there)
{
    struct net_use *u = calloc(1, sizeof *u);
    if (!u || !(u->server = strdup(server))) {
        free(u);
        return STATUS_NO_MEMORY;
    }
    u->creds = sec_creds_ref(creds);
    pthread_mutex_lock(&lock);
    struct net_use *there = use_find(server);
    if (there) {
        *ret_there = sec_creds_ref(there->creds);
    } else {
        u->generation = ++generations;
        u->next = uses;
        uses = u;
    }
    pthread_mutex_unlock(&lock);
    if (there)
        use_free(u);
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
    struct net_server *drop = gone ? take_idle(pick_name, server, false) : NULL;
    pthread_mutex_unlock(&lock);
    bool found = gone != NULL;
    use_free(gone);
    close_list(drop);
    return found;
}

/* ---- servers ---- */

struct key {
    const char *name;
    uint64_t generation, use;
    uint64_t token;
    uid_t euid;
};

static struct key key_of(const struct net_server *s)
{
    return (struct key){ s->name, s->entry ? s->entry->generation : 0, s->use, s->token, s->euid };
}

static bool same_key(const struct key *a, const struct key *b)
{
    return a->euid == b->euid && a->token == b->token && a->generation == b->generation && a->use == b->use &&
           same_server(a->name, b->name);
}

/* The key under which a server of this name is looked for now, by who has this token and user. Caller holds
 * the lock. */
static struct key key_now(const char *name, uint64_t token, uid_t euid)
{
    const struct net_entry *e = entry_find(name);
    const struct net_use *u = use_find(name);
    return (struct key){ name, e ? e->generation : 0, u ? u->generation : 0, token, euid };
}

static bool pick_key(const struct net_server *s, const void *arg)
{
    struct key k = key_of(s);
    return same_key(&k, arg);
}

/* "\\\\name" as operations want it. */
static enum nt_status wide_name(const char *name, char16_t **ret)
{
    size_t n;
    enum nt_status st = ustr_utf16_size(name, USTR_NUL, NULL, &n);
    if (st != STATUS_SUCCESS)
        return st;
    char16_t *s = malloc((n + 3) * sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s[0] = s[1] = u'\\';
    st = ustr_from_utf8_buf(name, USTR_NUL, s + 2, n + 1, NULL);
    if (st != STATUS_SUCCESS) {
        free(s);
        return st;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

/* A server of its own for this call; it connects when the first interface is needed. */
static enum nt_status server_new(const char *name, struct net_server **ret)
{
    struct net_server *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    enum nt_status st = nt_loop_new(NULL, &s->loop);
    if (st == STATUS_SUCCESS)
        st = wide_name(name, &s->wide);
    s->name = strdup(name);
    s->mem = nt_arena_new(0);
    if (st == STATUS_SUCCESS && (!s->name || !s->mem))
        st = STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS) {
        net_server_free(s);
        return st;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

/* Gives a new server what its key stands for. Caller holds the lock. */
static void server_adopt(struct net_server *s, uint64_t token, uid_t euid)
{
    s->process = this_process();
    s->euid = euid;
    s->token = token;
    s->entry = entry_find(s->name);
    if (s->entry)
        atomic_fetch_add(&s->entry->refs, 1);
    const struct net_use *u = use_find(s->name);
    if (u) {
        s->use = u->generation;
        s->use_creds = sec_creds_ref(u->creds);
    }
}

enum nt_status net_server_take(const char *name, struct net_server **ret)
{
    uid_t euid = geteuid();
    uint64_t token = npc_mux_token();
    pthread_mutex_lock(&lock);
    struct key k = key_now(name, token, euid);
    struct net_server *s = take_idle(pick_key, &k, true);
    pthread_mutex_unlock(&lock);
    if (s) {
        s->next = NULL;
        if (io_loop_now(s->loop) - s->idle_since > CHECK_AFTER)
            net_server_look(s);
        *ret = s;
        return STATUS_SUCCESS;
    }
    enum nt_status st = server_new(name, &s);
    if (st != STATUS_SUCCESS)
        return st;
    pthread_mutex_lock(&lock);
    server_adopt(s, token, euid);
    pthread_mutex_unlock(&lock);
    *ret = s;
    return STATUS_SUCCESS;
}

/* The oldest idle server if there are too many; what is a parent's does not count. Caller holds the lock. */
static struct net_server *surplus(uint64_t process)
{
    struct net_server **oldest = NULL;
    unsigned n = 0;
    for (struct net_server **p = &idle; *p; p = &(*p)->next)
        if ((*p)->process == process) {
            oldest = p;
            n++;
        }
    if (n <= MAX_IDLE)
        return NULL;
    struct net_server *s = *oldest;
    *oldest = s->next;
    s->next = NULL;
    return s;
}

void net_server_put(struct net_server *s)
{
    if (nt_arena_used(s->mem) > KEEP_ARENA) {
        nt_arena_free(s->mem);
        s->mem = nt_arena_new(0);
    } else {
        nt_arena_reset(s->mem);
    }
    if (!s->mem || !net_server_connected(s)) { /* nothing worth keeping */
        net_server_free(s);
        return;
    }
    s->idle_since = io_loop_now(s->loop);
    pthread_mutex_lock(&lock);
    struct key now = key_now(s->name, s->token, s->euid), was = key_of(s);
    struct net_server *drop = s;
    if (same_key(&now, &was)) { /* else options or uses changed while it was away */
        s->next = idle;
        idle = s;
        drop = surplus(s->process);
    }
    pthread_mutex_unlock(&lock);
    net_server_free(drop);
}

void net_cache_close(void)
{
    pthread_mutex_lock(&lock);
    struct net_server *drop = take_idle(pick_all, NULL, false);
    pthread_mutex_unlock(&lock);
    close_list(drop);
}
