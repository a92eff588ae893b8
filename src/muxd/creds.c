// SPDX-License-Identifier: Apache-2.0
/* Credentials and tokens of one owner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "muxd/m_muxd.h"
#include "sec/sec.h"

#define NS_PER_S UINT64_C(1000000000)
/* After a logon that was refused the next one waits, and after that twice as long: five in a quarter of an hour,
 * which is less than what usual lockout policies want. */
#define REFUSED_FIRST (60 * NS_PER_S)
#define REFUSED_MOST  (3600 * NS_PER_S)
/* Sixty-four bits do not come twice; where they do they are not random. */
#define RANDOM_TRIES 8u
/* Servers that refusals are remembered of: more of them at a time are a mistake of the pattern. */
#define REFUSALS_MAX 256u

struct cred *cred_ref(struct cred *c)
{
    c->refs++;
    return c;
}

void cred_unref(struct cred *c)
{
    if (!c || --c->refs)
        return;
    sec_creds_unref(c->creds);
    while (c->refusals) {
        struct refusal *r = c->refusals;
        c->refusals = r->next;
        free(r);
    }
    nt_wipe(c, sizeof *c);
    free(c);
}

void cred_tell(const struct conn *c, const struct mux_auth *a, enum nt_status st, const char *why)
{
    const struct muxd_event e = { .kind = MUXD_CRED_SET,
                                  .st = st,
                                  .uid = c->owner->uid,
                                  .pid = c->pid,
                                  .program = c->program,
                                  .pattern = a->pattern,
                                  .domain = a->domain,
                                  .user = a->user,
                                  .cred_kind = a->kind,
                                  .token = a->token != 0,
                                  .why = why };
    muxd_tell(c->d, &e);
}

static void tell_cleared(const struct owner *o, const struct cred *c)
{
    const struct muxd_event e = { .kind = MUXD_CRED_CLEARED,
                                  .uid = o->uid,
                                  .pattern = c->pattern,
                                  .domain = c->domain,
                                  .user = c->user,
                                  .cred_kind = c->kind,
                                  .token = c->token != 0 };
    muxd_tell(o->d, &e);
}

static void unlink_cred(struct owner *o, struct cred **at)
{
    struct cred *c = *at;
    *at = c->next;
    c->next = NULL;
    c->replaced = true; /* sessions made with it take no new pipes */
    io_cancel(&c->expiry);
    o->n_creds--;
    o->d->n_creds--;
    o->d->n_contents -= c->content;
    tell_cleared(o, c);
    link_drop_cred(o, c);
    cred_unref(c);
}

unsigned cred_clear(struct owner *o, uint64_t token, const char *pattern)
{
    unsigned n = 0;
    struct cred **at = &o->creds;
    while (*at) {
        if ((*at)->token == token && (!*pattern || strcasecmp((*at)->pattern, pattern) == 0)) {
            unlink_cred(o, at);
            n++;
        } else {
            at = &(*at)->next;
        }
    }
    return n;
}

void cred_forget(struct owner *o)
{
    while (o->creds)
        unlink_cred(o, &o->creds);
}

static void drop_expired(struct owner *o)
{
    uint64_t now = io_loop_now(o->d->loop);
    struct cred **at = &o->creds;
    while (*at) {
        if ((*at)->expires <= now)
            unlink_cred(o, at);
        else
            at = &(*at)->next;
    }
}

/* Nobody has to ask for anything that day. */
static void expired(struct io_item *it)
{
    struct owner *o = io_container(it, struct cred, expiry)->owner;
    drop_expired(o);
    muxd_owner_release(o);
}

/* The beginning of an IPv4 address. */
static bool is_dotted(const char *s, size_t len)
{
    bool dot = false;
    for (size_t i = 0; i < len; i++) {
        dot = dot || s[i] == '.';
        if (s[i] != '.' && (s[i] < '0' || s[i] > '9'))
            return false;
    }
    return dot;
}

/* Stars are for names of one kind: 192.0.2.* is not meant for 192.0.2.7.example.net, nor *.lab.example for an address
 * whose zone ends so. */
static bool other_kind(const char *core, size_t len, bool head, const char *server)
{
    if (!head)
        return is_dotted(core, len) && !is_dotted(server, strlen(server));
    return len && strchr(server, '%') && !memchr(core, '%', len);
}

/* A star at the beginning, at the end, or both. */
bool cred_fits(const char *pattern, const char *server)
{
    size_t n = strlen(pattern), len = strlen(server);
    bool head = n && pattern[0] == '*', tail = n > 1 && pattern[n - 1] == '*';
    const char *core = pattern + head;
    size_t core_len = n - head - tail;
    if (core_len > len || ((head || tail) && other_kind(core, core_len, head, server)))
        return false;
    if (!head)
        return strncasecmp(core, server, core_len) == 0 && (tail || core_len == len);
    if (!tail)
        return strncasecmp(core, server + len - core_len, core_len) == 0;
    for (size_t i = 0; i + core_len <= len; i++)
        if (strncasecmp(core, server + i, core_len) == 0)
            return true;
    return false;
}

static bool is_pattern(const char *p)
{
    size_t n = strlen(p);
    for (size_t i = 0; i < n; i++)
        if ((p[i] == '*' && i != 0 && i != n - 1) || (unsigned char)p[i] <= ' ' || p[i] == '\\' ||
            p[i] == '/')
            return false;
    return n > 0;
}

/* ---- files that change ---- */

static struct stamp stamp_of(const char *file)
{
    struct stat st;
    struct stamp s = { 0 };
    if (stat(file, &st) == 0)
        s = (struct stamp){ (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size, st.st_mtim.tv_sec,
                            st.st_mtim.tv_nsec };
    return s;
}

/* Tickets may have been renewed, or be another user's: a session is made anew with them. */
static void look_at_file(struct cred *c)
{
    if (!c->file)
        return;
    struct stamp now = stamp_of(c->file);
    if (memcmp(&now, &c->stamp, sizeof now) != 0)
        c->generation++;
    c->stamp = now;
}

/* Caches and keytabs of other types are looked at by libkrb5 only. */
static void remember_file(struct cred *c)
{
    if (c->name[0] == '/')
        c->file = c->name;
    else if (strncmp(c->name, "FILE:/", 6) == 0)
        c->file = c->name + 5;
    if (c->file)
        c->stamp = stamp_of(c->file);
}

/* ---- logons that were refused ---- */

static bool is_refusal(enum nt_status st)
{
    switch (st) {
    case STATUS_LOGON_FAILURE:
    case STATUS_WRONG_PASSWORD:
    case STATUS_NO_SUCH_USER:
    case STATUS_ACCOUNT_LOCKED_OUT:
    case STATUS_ACCOUNT_DISABLED:
    case STATUS_ACCOUNT_EXPIRED:
    case STATUS_ACCOUNT_RESTRICTION:
    case STATUS_PASSWORD_EXPIRED:
    case STATUS_PASSWORD_MUST_CHANGE:
        return true;
    default:
        return false;
    }
}

static struct refusal **find_refusal(struct cred *c, const char *server, unsigned *ret_n)
{
    struct refusal **at = &c->refusals;
    for (*ret_n = 0; *at && strcasecmp((*at)->server, server) != 0; ++*ret_n)
        at = &(*at)->next;
    return at;
}

void cred_logon(struct cred *c, const char *server, enum nt_status st, const char *why, uint64_t now)
{
    unsigned n;
    struct refusal **at = find_refusal(c, server, &n), *r = *at;
    size_t len = strlen(server) + 1;
    if (st == STATUS_SUCCESS && r) {
        *at = r->next;
        free(r);
    }
    if (!is_refusal(st) || c->kind == MUX_CCACHE) /* with tickets nothing is guessed */
        return;
    if (!r && n < REFUSALS_MAX && (r = calloc(1, sizeof *r + len))) {
        memcpy(r->server, server, len);
        *at = r;
    }
    if (!r)
        return;
    r->st = st;
    r->wait = !r->wait ? REFUSED_FIRST : r->wait < REFUSED_MOST / 2 ? 2 * r->wait : REFUSED_MOST;
    r->until = now + r->wait;
    nt_error_set(&r->err, st, "%s", why);
}

enum nt_status cred_may_log_on(const struct cred *c, const char *server, uint64_t now, struct nt_error *err)
{
    for (const struct refusal *r = c->refusals; r; r = r->next)
        if (strcasecmp(r->server, server) == 0 && now < r->until)
            return nt_error_set(err, r->st,
                                "%.300s; it is not tried again for %u s, or until the credentials are set anew",
                                r->err.text, (unsigned)((r->until - now + NS_PER_S - 1) / NS_PER_S));
    return STATUS_SUCCESS;
}

void cred_forgive(struct owner *o, const char *server)
{
    for (struct cred *c = o->creds; c; c = c->next)
        for (struct refusal *r = c->refusals; r; r = r->next)
            if (!*server || strcasecmp(r->server, server) == 0)
                r->until = 0;
}

struct cred *cred_find(struct owner *o, uint64_t token, const char *server)
{
    struct cred *best = NULL;
    drop_expired(o);
    for (struct cred *c = o->creds; c; c = c->next)
        if (c->token == token && cred_fits(c->pattern, server) &&
            (!best || strlen(c->pattern) > strlen(best->pattern)))
            best = c;
    if (!best)
        return NULL;
    look_at_file(best);
    return cred_ref(best);
}

/* ---- setting ---- */

/* A cache or keytab that was sent lives in memory without a name; libkrb5 reads it by its descriptor, perhaps in a thread
 * that is still at it when the session has been given up. So the number is not free for another content, which may be
 * somebody else's, before the last user of the credentials has gone. It is mapped so that it stays out of swap, and can be
 * zeroed. */
struct content {
    int fd;
    void *held; /* mapped; MAP_FAILED: not */
    size_t len;
};

static void content_free(void *arg)
{
    struct content *x = arg;
    if (x->held != MAP_FAILED) {
        nt_wipe(x->held, x->len);
        munmap(x->held, x->len);
    }
    if (x->fd >= 0)
        close(x->fd);
    free(x);
}

static enum nt_status fill(struct content *x, struct nt_blob from)
{
    x->fd = memfd_create("npcmux", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (x->fd < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t done = 0; done < from.len;) {
        ssize_t n = write(x->fd, from.data + done, from.len - done);
        if (n <= 0)
            return STATUS_NO_MEMORY;
        done += (size_t)n;
    }
    if (fcntl(x->fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    x->held = mmap(NULL, x->len, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd, 0);
    if (x->held == MAP_FAILED)
        return STATUS_NO_MEMORY;
    (void)!mlock(x->held, x->len); /* where RLIMIT_MEMLOCK has room */
    return STATUS_SUCCESS;
}

static enum nt_status keep_content(struct nt_blob from, char *ret_name, size_t size, struct content **ret)
{
    struct content *x = malloc(sizeof *x);
    if (!x)
        return STATUS_NO_MEMORY;
    *x = (struct content){ -1, MAP_FAILED, from.len };
    enum nt_status st = fill(x, from);
    if (st != STATUS_SUCCESS) {
        content_free(x);
        return st;
    }
    snprintf(ret_name, size, "FILE:/proc/self/fd/%d", x->fd);
    *ret = x;
    return STATUS_SUCCESS;
}

static enum nt_status name_of(struct owner *o, const struct mux_auth *a, char *ret, size_t size,
                              struct content **ret_content, struct nt_error *err)
{
    if (a->secret.len) {
        enum nt_status st = keep_content(a->secret, ret, size, ret_content);
        return st == STATUS_SUCCESS ? st : nt_error_set(err, st, "the content cannot be kept");
    }
    if (!o->d->o.may_name || !o->d->o.may_name(o->d->o.may_name_arg, o->uid, a->name))
        return nt_error_set(err, STATUS_ACCESS_DENIED,
                            "\"%.100s\" is not read with the muxer's rights; send its content", a->name);
    snprintf(ret, size, "%s", a->name);
    return STATUS_SUCCESS;
}

static enum nt_status make_creds(struct owner *o, struct cred *c, const struct mux_auth *a,
                                 struct nt_error *err)
{
    struct sec_creds_options so = SEC_CREDS_OPTIONS_INIT;
    struct content *content = NULL;
    char password[1024];
    enum nt_status st = STATUS_SUCCESS;
    so.user = *a->user ? a->user : NULL;
    so.domain = *a->domain ? a->domain : NULL;
    if (a->kind == MUX_PASSWORD) {
        if (a->secret.len >= sizeof password ||
            memchr(a->secret.data ? a->secret.data : (const uint8_t *)"", 0, a->secret.len))
            return nt_error_set(err, STATUS_INVALID_PARAMETER,
                                "a password has no zero and at most 1 023 octets");
        if (a->secret.len)
            memcpy(password, a->secret.data, a->secret.len);
        password[a->secret.len] = '\0';
        so.password = password;
    } else if (a->kind == MUX_ANONYMOUS) {
        so.mech = SEC_MECH_ANONYMOUS;
    } else {
        st = name_of(o, a, c->name, sizeof c->name, &content, err);
        if (!content)
            remember_file(c);
        if (a->kind == MUX_CCACHE)
            so.ccache = c->name;
        else
            so.keytab = c->name;
    }
    if (st == STATUS_SUCCESS)
        st = sec_creds_new(&so, &c->creds, err);
    c->content = content;
    if (content && st == STATUS_SUCCESS)
        sec_creds_at_end(c->creds, content_free, content);
    else if (content)
        content_free(content);
    if (so.password)
        nt_wipe(password, sizeof password);
    return st;
}

static bool replaces(const struct owner *o, const struct cred *c)
{
    const struct cred *x = o->creds;
    while (x && (x->token != c->token || strcasecmp(x->pattern, c->pattern) != 0))
        x = x->next;
    return x;
}

/* Among those of all users. */
static enum nt_status room_for(const struct owner *o, const struct cred *c, struct nt_error *err)
{
    const struct muxd *d = o->d;
    if (o->uid == 0 || replaces(o, c) || (d->n_creds < d->o.max_creds && (!c->content || d->n_contents < d->o.max_contents)))
        return STATUS_SUCCESS;
    return nt_error_set(err, STATUS_QUOTA_EXCEEDED, "all users together have %u credentials already, %u of them sent as a file",
                        d->n_creds, d->n_contents);
}

enum nt_status cred_set(struct owner *o, const struct mux_auth *a, struct nt_error *err)
{
    if (!is_pattern(a->pattern))
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "\"%.100s\" is no pattern for servers",
                            a->pattern);
    if (a->token && !token_known(o, a->token))
        return nt_error_set(err, STATUS_NO_TOKEN, "there is no such token");
    drop_expired(o);
    struct cred *c = calloc(1, sizeof *c);
    if (!c)
        return STATUS_NO_MEMORY;
    c->refs = 1;
    c->owner = o;
    io_item_init(&c->expiry, expired);
    c->token = a->token;
    c->kind = a->kind;
    c->expires = a->lifetime ? io_loop_now(o->d->loop) + a->lifetime * NS_PER_S : UINT64_MAX;
    memcpy(c->pattern, a->pattern, sizeof c->pattern);
    memcpy(c->domain, a->domain, sizeof c->domain);
    memcpy(c->user, a->user, sizeof c->user);
    enum nt_status st = make_creds(o, c, a, err);
    if (st == STATUS_SUCCESS)
        st = room_for(o, c, err);
    if (st == STATUS_SUCCESS && o->n_creds >= o->d->o.max_creds_per_uid &&
        !cred_clear(o, a->token, a->pattern))
        st =
            nt_error_set(err, STATUS_QUOTA_EXCEEDED, "uid %u has %u credentials already", o->uid, o->n_creds);
    if (st != STATUS_SUCCESS) {
        cred_unref(c);
        return st;
    }
    (void)cred_clear(o, a->token, a->pattern);
    c->next = o->creds;
    o->creds = c;
    o->n_creds++;
    o->d->n_creds++;
    o->d->n_contents += c->content;
    if (c->expires != UINT64_MAX)
        io_timer(&o->d->timers, &c->expiry, c->expires);
    return STATUS_SUCCESS;
}

/* ---- tokens ---- */

enum nt_status token_new(struct conn *c, uint64_t *ret)
{
    struct owner *o = c->owner;
    const struct nt_env *env = o->d->env;
    if (c->n_tokens >= MUXD_TOKENS_PER_CONN || o->n_tokens >= MUXD_TOKENS_PER_UID)
        return STATUS_QUOTA_EXCEEDED;
    struct token *t = calloc(1, sizeof *t);
    if (!t)
        return STATUS_NO_MEMORY;
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned tries = 0; st == STATUS_SUCCESS && (t->id == 0 || token_known(o, t->id)); tries++)
        st = tries < RANDOM_TRIES ? env->random(env->arg, (uint8_t *)&t->id, sizeof t->id) : STATUS_INTERNAL_ERROR;
    if (st != STATUS_SUCCESS) {
        free(t);
        return st;
    }
    t->maker = c;
    t->next = o->tokens;
    o->tokens = t;
    c->n_tokens++;
    o->n_tokens++;
    *ret = t->id;
    return STATUS_SUCCESS;
}

bool token_known(const struct owner *o, uint64_t id)
{
    const struct token *t = o->tokens;
    while (t && t->id != id)
        t = t->next;
    return t;
}

bool token_made_by(const struct conn *c, uint64_t id)
{
    const struct token *t = c->owner->tokens;
    while (t && (t->id != id || t->maker != c))
        t = t->next;
    return t;
}

static void drop_token(struct owner *o, struct token **at)
{
    struct token *t = *at;
    *at = t->next;
    t->maker->n_tokens--;
    o->n_tokens--;
    (void)cred_clear(o, t->id, "");
    free(t);
}

bool token_close(struct owner *o, uint64_t id)
{
    for (struct token **at = &o->tokens; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            drop_token(o, at);
            return true;
        }
    return false;
}

void token_close_of(struct owner *o, const struct conn *maker)
{
    struct token **at = &o->tokens;
    while (maker->n_tokens && *at)
        if ((*at)->maker == maker)
            drop_token(o, at);
        else
            at = &(*at)->next;
}
