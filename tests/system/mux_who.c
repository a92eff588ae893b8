// SPDX-License-Identifier: Apache-2.0
/*
 * Who one is through npcmuxd, against a real server.
 *
 *   mux_who tokens SOCKET HOST USER1 USER2 SHARE THREADS <passwords: threads of two tokens at work at once, by connections, a pool
 *                                      and the Net functions; USER1 may change the share's remark; SHARE -: not those
 *   mux_who load SOCKET HOST SECONDS: opens, calls, closes, as fast as it goes, and calls through a pool; says what failed
 *   mux_who lsa BINDING: who the server says we are
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <windows.h>
#include <lm.h>
#include <msrpc/lsarpc.h>
#include <msrpc/netapi.h>
#include <msrpc/npc_mux.h>
#include <msrpc/rpc_pool.h>
#include <msrpc/unistr.h>

#define THREADS 32
#define ROUNDS  25

static char binding_text[400];
static char16_t *host;
static struct rpc_binding *binding;

static void check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void check(bool good, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("%s", good ? "ok " : "not ok ");
    vprintf(fmt, ap);
    putchar('\n');
    va_end(ap);
}

static char16_t *wide(const char *s)
{
    char16_t *w;
    if (ustr_from_utf8(s, USTR_NUL, &w, NULL) != STATUS_SUCCESS)
        abort();
    return w;
}

static const char *name_of(const struct lsarpc_LsarGetUserName *r)
{
    static _Thread_local char buf[200];
    const struct dtyp_RPC_UNICODE_STRING *u = r->out.UserName;
    if (!u || !u->Buffer || ustr_to_utf8_lossy_buf(u->Buffer, u->Length / 2, buf, sizeof buf, NULL) != STATUS_SUCCESS)
        strcpy(buf, "(nobody)");
    return buf;
}

static enum nt_status whoami(struct rpc_conn *c, struct rpc_pool *p, char *ret, size_t size, struct nt_error *err)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct lsarpc_LsarGetUserName r = { 0 };
    enum nt_status st = p ? rpc_pool_run(p, &lsarpc_LsarGetUserName_op, mem, &r, err) :
                            rpc_run(c, &lsarpc_LsarGetUserName_op, mem, &r);
    if (st != STATUS_SUCCESS && c)
        nt_error_set(err, st, "%s", rpc_conn_error(c));
    if (st == STATUS_SUCCESS)
        st = r.out.result;
    if (st == STATUS_SUCCESS)
        snprintf(ret, size, "%s", name_of(&r));
    nt_arena_free(mem);
    return st;
}

static enum nt_status open_lsa(enum rpc_lend lend, struct rpc_conn **ret, struct nt_error *err)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.lend = lend;
    o.error = err;
    return rpc_open(binding, &lsarpc_interface, &o, ret);
}

/* ---- tokens ---- */

struct worker {
    pthread_t thread;
    unsigned number;
    uint64_t tokens[2];
    const char *users[2];
    struct rpc_pool *pool;
    WCHAR *share;
    unsigned good, bad;
    struct nt_error err;
};

static void compare(struct worker *w, const char *what, enum nt_status st, const char *is, unsigned k)
{
    if (st == STATUS_SUCCESS && strcasecmp(is, w->users[k]) == 0) {
        w->good++;
        return;
    }
    if (!w->bad++)
        nt_error_set(&w->err, st, "%s: \"%s\" instead of %s; %s", what, is, w->users[k], w->err.text);
}

/* The second may not; that he is refused shows that it was he who asked. */
static void net(struct worker *w, unsigned k)
{
    SHARE_INFO_1004 i = { .shi1004_remark = (WCHAR *)u"changed" };
    if (!w->share)
        return;
    NET_API_STATUS st = NetShareSetInfo((WCHAR *)host, w->share, 1004, (LPBYTE)&i, NULL);
    if (st == (k == 0 ? NERR_Success : ERROR_ACCESS_DENIED))
        w->good++;
    else if (!w->bad++)
        nt_error_set(&w->err, STATUS_UNSUCCESSFUL, "NetShareSetInfo as %s: %u, %s", w->users[k], st,
                     net_last_error());
}

static void round_of(struct worker *w, unsigned k)
{
    struct rpc_conn *c = NULL;
    char is[200] = "";
    npc_impersonate(w->tokens[k]);
    enum nt_status st = open_lsa((enum rpc_lend)(w->number % 3), &c, &w->err);
    if (st == STATUS_SUCCESS)
        st = whoami(c, NULL, is, sizeof is, &w->err);
    compare(w, "a connection", st, is, k);
    st = whoami(NULL, w->pool, is, sizeof is, &w->err);
    compare(w, "the pool", st, is, k);
    net(w, k);
    npc_impersonate(w->tokens[!k]); /* what is open stays who it was; what is found again is the other's */
    if (c)
        compare(w, "the connection, later", whoami(c, NULL, is, sizeof is, &w->err), is, k);
    compare(w, "the pool, as the other", whoami(NULL, w->pool, is, sizeof is, &w->err), is, !k);
    net(w, !k);
    rpc_close(c);
    npc_revert();
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (unsigned i = 0; i < ROUNDS; i++)
        round_of(w, (w->number + i) % 2);
    return NULL;
}

static uint64_t token_with(struct npc_mux *m, const char *user, const char *password)
{
    struct npc_mux_auth a = NPC_MUX_AUTH_INIT;
    enum nt_status st = npc_mux_create_token(m, &a.token);
    a.pattern = "*";
    a.kind = NPC_MUX_PASSWORD;
    a.user = user;
    a.password = password;
    if (st == STATUS_SUCCESS)
        st = npc_mux_set_auth(m, &a);
    check(st == STATUS_SUCCESS, "a token for %s", user);
    return a.token;
}

static void after(struct worker *w, struct npc_mux *m)
{
    char is[200] = "";
    struct nt_error err = { "" };
    enum nt_status st = whoami(NULL, w->pool, is, sizeof is, &err); /* the uid itself has no credentials there */
    check(st == STATUS_NO_SUCH_LOGON_SESSION, "who has reverted has no share in them: %s", err.text);
    npc_impersonate(w->tokens[1]);
    st = npc_mux_close_token(m, w->tokens[1]);
    struct rpc_conn *c = NULL;
    check(st == STATUS_SUCCESS && open_lsa(RPC_LEND_ONE, &c, &err) == STATUS_NO_TOKEN, "a token that was closed is none: %s",
          err.text);
    npc_impersonate(w->tokens[0]);
    st = whoami(NULL, w->pool, is, sizeof is, &err);
    check(st == STATUS_SUCCESS && strcasecmp(is, w->users[0]) == 0, "the other one still is");
    npc_revert();
}

static int tokens(const char *socket, const char *server, const char *user1, const char *user2, const char *share,
                  unsigned threads)
{
    static struct worker w[THREADS];
    threads = threads < THREADS ? threads : THREADS;
    char password[2][256] = { "", "" };
    struct npc_mux *m;
    struct nt_error err = { "" };
    struct rpc_pool *pool = NULL;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_pool_options p = RPC_POOL_OPTIONS_INIT;
    struct net_options no = NET_OPTIONS_INIT;
    unsigned good = 0, bad = 0;
    for (int i = 0; i < 2; i++)
        if (fgets(password[i], sizeof password[i], stdin))
            password[i][strcspn(password[i], "\n")] = 0;
    host = wide(server);
    no.mux = socket;
    p.max_conns = 3;
    if (net_set_options(NULL, &no) != STATUS_SUCCESS || npc_mux_open(socket, 0, &m, &err) != STATUS_SUCCESS ||
        rpc_pool_new(binding, &lsarpc_interface, &o, &p, &pool) != STATUS_SUCCESS)
        return printf("not ok %s\n", err.text), 1;
    uint64_t t[2] = { token_with(m, user1, password[0]), token_with(m, user2, password[1]) };
    nt_wipe(password, sizeof password);
    for (unsigned i = 0; i < threads; i++) {
        w[i] = (struct worker){ .number = i, .tokens = { t[0], t[1] }, .pool = pool, 
                                .share = strcmp(share, "-") == 0 ? NULL : (WCHAR *)wide(share) };
        w[i].users[0] = user1;
        w[i].users[1] = user2;
        if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(w[i].thread, NULL);
        good += w[i].good;
        bad += w[i].bad;
        if (w[i].bad)
            printf("not ok thread %u: %s\n", i, w[i].err.text);
    }
    unsigned all = threads * ROUNDS * (w[0].share ? 6 : 4);
    check(bad == 0 && good == all, "%u of %u answers are the right one's", good, all);
    after(&w[0], m);
    net_close_idle();
    rpc_pool_close(pool);
    npc_mux_close(m);
    puts("done");
    return 0;
}

/* ---- load ---- */

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What a call may meet while the daemon or the server is away. */
static bool is_known(enum nt_status st)
{
    switch (st) {
    case STATUS_CONNECTION_DISCONNECTED:
    case STATUS_CONNECTION_RESET:
    case STATUS_CONNECTION_REFUSED:
    case STATUS_CONNECTION_ABORTED:
    case STATUS_OBJECT_NAME_NOT_FOUND: /* of the socket */
    case STATUS_NO_SUCH_LOGON_SESSION: /* the new daemon has no credentials yet */
    case STATUS_PIPE_DISCONNECTED:
    case STATUS_PIPE_BROKEN:
    case STATUS_PIPE_CLOSING:
    case STATUS_HOST_UNREACHABLE:
    case STATUS_USER_SESSION_DELETED:
    case STATUS_NETWORK_NAME_DELETED:
        return true;
    default:
        return false;
    }
}

static int load(unsigned seconds)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_pool_options p = RPC_POOL_OPTIONS_INIT;
    struct rpc_pool *pool;
    unsigned good = 0, failed = 0, unknown = 0;
    uint64_t end = now_ms() + seconds * 1000, longest = 0;
    enum nt_status st = STATUS_SUCCESS;
    struct nt_error err = { "" }, odd = { "" };
    o.timeout_ms = 10000;
    if (rpc_pool_new(binding, &lsarpc_interface, &o, &p, &pool) != STATUS_SUCCESS)
        return 1;
    for (unsigned i = 0; now_ms() < end; i++) {
        uint64_t t = now_ms();
        char is[200];
        struct rpc_conn *c = NULL;
        if (i % 2) {
            st = whoami(NULL, pool, is, sizeof is, &err);
        } else {
            st = open_lsa((enum rpc_lend)(i / 2 % 3), &c, &err);
            if (st == STATUS_SUCCESS)
                st = whoami(c, NULL, is, sizeof is, &err);
            rpc_close(c);
        }
        if (now_ms() - t > longest)
            longest = now_ms() - t;
        good += st == STATUS_SUCCESS;
        failed += st != STATUS_SUCCESS;
        if (st != STATUS_SUCCESS && !is_known(st)) {
            unknown++;
            odd = err;
        }
        if (st != STATUS_SUCCESS)
            usleep(20000);
    }
    rpc_pool_close(pool);
    printf("good=%u failed=%u unknown=%u longest=%u last=%s %s\n", good, failed, unknown, (unsigned)longest,
           nt_status_name(st) ? nt_status_name(st) : "?", odd.text);
    return 0;
}

static int lsa(void)
{
    struct nt_error err = { "" };
    struct rpc_conn *c = NULL;
    char is[200];
    enum nt_status st = open_lsa(RPC_LEND_AHEAD, &c, &err);
    if (st == STATUS_SUCCESS)
        st = whoami(c, NULL, is, sizeof is, &err);
    if (st != STATUS_SUCCESS)
        fprintf(stderr, "%s\n", err.text);
    else
        puts(is);
    rpc_close(c);
    return st != STATUS_SUCCESS;
}

int main(int argc, char **argv)
{
    struct nt_error err = { "" };
    bool by_socket = argc >= 5 && strcmp(argv[1], "lsa") != 0;
    if (argc < 3 || (!by_socket && argc != 3))
        return fprintf(stderr, "usage: see the head of mux_who.c\n"), 2;
    if (by_socket)
        snprintf(binding_text, sizeof binding_text, "ncacn_np:%s[,mux=%s]", argv[3], argv[2]);
    else
        snprintf(binding_text, sizeof binding_text, "%s", argv[2]);
    if (rpc_binding_parse(binding_text, &binding, &err) != STATUS_SUCCESS)
        return fprintf(stderr, "%s\n", err.text), 2;
    int rc = !by_socket                                     ? lsa()
             : strcmp(argv[1], "load") == 0                 ? load((unsigned)atoi(argv[4]))
             : strcmp(argv[1], "tokens") == 0 && argc == 8 ? tokens(argv[2], argv[3], argv[4], argv[5], argv[6],
                                                                   (unsigned)atoi(argv[7]))
                                                            : 2;
    rpc_binding_unref(binding);
    free(host);
    return rc;
}
