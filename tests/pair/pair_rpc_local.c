// SPDX-License-Identifier: Apache-2.0
/* ncalrpc over real sockets: whom an interface takes at the kernel's word, and whose socket file it is. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/rpc_server.h>
#include <msrpc/rpcecho.h>

#define OTHER_UID 65534

static const uint8_t hash[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

struct world {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct nt_arena *mem;
    struct nt_error err;
    char dir[64], path[96], binding[128];
    struct rpc_server_caller caller;
    char name[64], provider[32], peer[80];
};

static enum nt_status add_one(struct rpc_server_call *call, struct rpcecho_echo_AddOne *r)
{
    struct world *w = rpc_server_arg(call);
    w->caller = (struct rpc_server_caller){ .size = sizeof w->caller };
    assert_int_equal(rpc_server_caller(call, &w->caller), STATUS_SUCCESS);
    snprintf(w->name, sizeof w->name, "%s", w->caller.name);
    snprintf(w->peer, sizeof w->peer, "%s", w->caller.peer);
    snprintf(w->provider, sizeof w->provider, "%s", w->caller.provider ? w->caller.provider : "(none)");
    r->out.out_data = r->in.in_data + 1;
    return STATUS_SUCCESS;
}

static const struct rpcecho_handlers handlers = { .echo_AddOne = add_one };

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret_hash[16])
{
    (void)arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memcpy(ret_hash, hash, 16);
    return STATUS_SUCCESS;
}

static void server_init(struct world *w, enum sec_level least)
{
    struct rpc_server_options o = RPC_SERVER_OPTIONS_INIT;
    o.nt_hash = nt_hash;
    o.min_level = least;
    o.error = &w->err;
    assert_int_equal(nt_loop_new(NULL, &w->loop), STATUS_SUCCESS);
    assert_int_equal(rpc_server_new(w->loop, &o, &w->s), STATUS_SUCCESS);
    assert_int_equal(rpcecho_register(w->s, &handlers, w), STATUS_SUCCESS);
}

static void dir_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    strcpy(w->dir, "/tmp/tern-local-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    assert_int_equal(chmod(w->dir, 0755), 0);
    snprintf(w->path, sizeof w->path, "%s/echo", w->dir);
    snprintf(w->binding, sizeof w->binding, "ncalrpc:[%s]", w->path);
    w->mem = nt_arena_new(0);
    assert_non_null(w->mem);
}

static void world_init(struct world *w, enum sec_level least)
{
    dir_init(w);
    server_init(w, least);
    assert_int_equal(rpc_server_listen_local(w->s, w->path, 0666), STATUS_SUCCESS);
}

static void turn(struct world *w, int n)
{
    while (n--) {
        enum nt_status st = nt_loop_run(w->loop, 0);
        (void)st;
    }
}

static void server_done(struct world *w)
{
    turn(w, 20);
    rpc_server_free(w->s);
    nt_loop_free(w->loop);
}

static void world_done(struct world *w)
{
    server_done(w);
    assert_int_equal(access(w->path, F_OK), -1); /* the file goes with the server */
    assert_int_equal(rmdir(w->dir), 0);
    nt_arena_free(w->mem);
}

/* One call; loop NULL: from another process. */
static enum nt_status call(struct world *w, struct nt_loop *loop, const char *user)
{
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpcecho_echo_AddOne r = { .in.in_data = 41 };
    struct rpc_binding *b;
    struct rpc_conn *c = NULL;
    assert_int_equal(rpc_binding_parse(w->binding, &b, NULL), STATUS_SUCCESS);
    if (user) {
        struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
        co.mech = SEC_MECH_NTLM;
        co.user = user;
        co.nt_hash = hash;
        assert_int_equal(sec_creds_new(&co, &o.creds, NULL), STATUS_SUCCESS);
        o.level = SEC_LEVEL_PRIVACY;
        o.provider = "ntlm";
    }
    o.loop = loop;
    o.timeout_ms = 5000;
    o.error = &w->err;
    enum nt_status st = rpc_open(b, &rpcecho_interface, &o, &c);
    if (st == STATUS_SUCCESS)
        st = rpcecho_echo_AddOne(c, w->mem, &r);
    if (st == STATUS_SUCCESS)
        assert_int_equal(r.out.out_data, 42);
    rpc_close(c);
    sec_creds_unref(o.creds);
    rpc_binding_unref(b);
    return st;
}

/* One call of a process of another user, while the server runs here. */
static enum nt_status call_as(struct world *w, uid_t uid)
{
    int fds[2], status;
    enum nt_status st = STATUS_PENDING;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (setresuid(uid, uid, uid) != 0)
            _exit(2);
        st = call(w, NULL, NULL);
        _exit(write(fds[1], &st, sizeof st) == sizeof st ? 0 : 1);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        enum nt_status ran = nt_loop_run(w->loop, 10);
        (void)ran;
    }
    assert_int_equal(status, 0);
    assert_int_equal(read(fds[0], &st, sizeof st), sizeof st);
    close(fds[0]);
    close(fds[1]);
    return st;
}

static const char *own_name(char *buf, size_t size)
{
    snprintf(buf, size, "uid:%u", (unsigned)getuid());
    return buf;
}

/* ---- who is let in ---- */

static void check_caller(struct world *w, const char *name, const char *provider, enum sec_level level)
{
    char peer[80];
    snprintf(peer, sizeof peer, "uid:%u,pid:%d", (unsigned)getuid(), (int)getpid());
    assert_string_equal(w->name, name);
    assert_string_equal(w->provider, provider);
    assert_string_equal(w->peer, peer);
    assert_int_equal(w->caller.level, level);
    assert_string_equal(w->caller.protseq, "ncalrpc");
    assert_true(w->caller.has_cred);
    assert_int_equal(w->caller.uid, getuid());
    assert_int_equal(w->caller.gid, getgid());
    assert_int_equal(w->caller.pid, getpid());
}

static void test_trust(void **state)
{
    struct world w;
    char name[32];
    (void)state;
    world_init(&w, SEC_LEVEL_PRIVACY);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_ACCESS_DENIED); /* nobody, unless told otherwise */
    assert_int_equal(rpc_server_trust_local(w.s, &rpcecho_interface, RPC_LOCAL_TRUST_OWNER), STATUS_SUCCESS);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_SUCCESS);
    check_caller(&w, own_name(name, sizeof name), "unix", SEC_LEVEL_PRIVACY);
    assert_int_equal(rpc_server_trust_local(w.s, &rpcecho_interface, RPC_LOCAL_TRUST_NOBODY), STATUS_SUCCESS);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_ACCESS_DENIED);
    struct rpc_interface other = rpcecho_interface;
    other.syntax.major++;
    assert_int_equal(rpc_server_trust_local(w.s, &other, RPC_LOCAL_TRUST_ALL), STATUS_NOT_FOUND);
    world_done(&w);
}

/* An interface for strangers takes everybody, and knows a local one by name still. */
static void test_stranger(void **state)
{
    struct world w;
    char name[32];
    (void)state;
    world_init(&w, SEC_LEVEL_NONE);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_SUCCESS);
    check_caller(&w, own_name(name, sizeof name), "unix", SEC_LEVEL_NONE);
    world_done(&w);
}

static void test_authenticated(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, SEC_LEVEL_PRIVACY);
    assert_int_equal(call(&w, w.loop, "LAB\\alice"), STATUS_SUCCESS);
    check_caller(&w, "LAB\\alice", "ntlm", SEC_LEVEL_PRIVACY);
    /* an account whose name is what the kernel calls root */
    assert_int_equal(call(&w, w.loop, "uid:0"), STATUS_ACCESS_DENIED);
    world_done(&w);
}

static void test_other_user(void **state)
{
    struct world w;
    (void)state;
    if (geteuid() != 0) {
        print_message("another user's call needs root: not tried\n");
        skip();
    }
    world_init(&w, SEC_LEVEL_PRIVACY);
    assert_int_equal(rpc_server_trust_local(w.s, &rpcecho_interface, RPC_LOCAL_TRUST_OWNER), STATUS_SUCCESS);
    assert_int_equal(call_as(&w, OTHER_UID), STATUS_ACCESS_DENIED);
    assert_int_equal(call_as(&w, 0), STATUS_SUCCESS);
    assert_int_equal(rpc_server_trust_local(w.s, &rpcecho_interface, RPC_LOCAL_TRUST_ALL), STATUS_SUCCESS);
    assert_int_equal(call_as(&w, OTHER_UID), STATUS_SUCCESS);
    assert_string_equal(w.name, "uid:65534");
    assert_int_equal(w.caller.uid, OTHER_UID);
    assert_int_equal(chmod(w.path, 0600), 0);
    assert_int_equal(call_as(&w, OTHER_UID), STATUS_ACCESS_DENIED); /* by the file */
    world_done(&w);
}

/* ---- the file ---- */

static void test_mode(void **state)
{
    struct world w;
    struct stat st;
    (void)state;
    dir_init(&w);
    server_init(&w, SEC_LEVEL_NONE);
    mode_t mask = umask(0777);
    assert_int_equal(rpc_server_listen_local(w.s, w.path, 0640), STATUS_SUCCESS);
    umask(mask);
    assert_int_equal(lstat(w.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    world_done(&w);
}

static void leave_dead(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd);
}

static void test_replaced(void **state)
{
    struct world w, v;
    (void)state;
    dir_init(&w);
    leave_dead(w.path);
    assert_int_equal(call(&w, NULL, NULL), STATUS_CONNECTION_REFUSED);
    assert_non_null(strstr(w.err.text, w.path));
    server_init(&w, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_listen_local(w.s, w.path, 0666), STATUS_SUCCESS);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_SUCCESS);
    v = w;
    server_init(&v, SEC_LEVEL_NONE); /* a live one is not replaced */
    assert_int_equal(rpc_server_listen_local(v.s, v.path, 0666), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    assert_non_null(strstr(v.err.text, v.path));
    server_done(&v);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_SUCCESS);
    world_done(&w);
}

/* As systemd hands sockets over: the file is not the server's to take away. */
static void test_handed_over(void **state)
{
    struct world w;
    uint16_t port = 1;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    (void)state;
    dir_init(&w);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", w.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    server_init(&w, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_listen_fd(w.s, fd, &port), STATUS_INVALID_PARAMETER); /* it does not listen */
    assert_non_null(strstr(w.err.text, "descriptor"));
    assert_int_equal(port, 1);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(rpc_server_listen_fd(w.s, fd, &port), STATUS_SUCCESS);
    assert_int_equal(port, 0);
    assert_int_equal(call(&w, w.loop, NULL), STATUS_SUCCESS);
    server_done(&w);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(unlink(w.path), 0);
    assert_int_equal(rmdir(w.dir), 0);
    nt_arena_free(w.mem);
}

/* Somebody took the file away and made another one: that one is not ours to remove. */
static void test_not_ours(void **state)
{
    struct world w, v;
    (void)state;
    world_init(&w, SEC_LEVEL_NONE);
    assert_int_equal(unlink(w.path), 0);
    v = w;
    server_init(&v, SEC_LEVEL_NONE);
    assert_int_equal(rpc_server_listen_local(v.s, v.path, 0666), STATUS_SUCCESS);
    server_done(&w);
    assert_int_equal(call(&v, v.loop, NULL), STATUS_SUCCESS);
    world_done(&v);
}

static void test_bad_paths(void **state)
{
    struct world w;
    char path[200], file[] = "x";
    (void)state;
    dir_init(&w);
    server_init(&w, SEC_LEVEL_NONE);
    FILE *f = fopen(w.path, "w");
    assert_non_null(f);
    fputs(file, f);
    fclose(f);
    assert_int_equal(rpc_server_listen_local(w.s, w.path, 0666), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    struct stat st;
    assert_int_equal(lstat(w.path, &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size == 1);
    assert_int_equal(unlink(w.path), 0);
    assert_int_equal(symlink("/nonexistent", w.path), 0);
    assert_int_equal(rpc_server_listen_local(w.s, w.path, 0666), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    assert_int_equal(unlink(w.path), 0);
    assert_int_equal(rpc_server_listen_local(w.s, "relative", 0666), STATUS_INVALID_PARAMETER);
    assert_int_equal(rpc_server_listen_local(w.s, "", 0666), STATUS_INVALID_PARAMETER);
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[108] = 0;
    assert_int_equal(rpc_server_listen_local(w.s, path, 0666), STATUS_INVALID_PARAMETER);
    snprintf(path, sizeof path, "%s/none/echo", w.dir);
    assert_int_equal(rpc_server_listen_local(w.s, path, 0666), STATUS_OBJECT_PATH_NOT_FOUND);
    world_done(&w);
}

/* Of several servers that find the same dead socket, one takes its place. */
static void test_race(void **state)
{
    enum { SERVERS = 6, ROUNDS = 10 };
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct world w;
        int go[2], done[2], status;
        char byte = 0;
        dir_init(&w);
        leave_dead(w.path);
        assert_int_equal(pipe(go), 0);
        assert_int_equal(pipe(done), 0);
        for (int i = 0; i < SERVERS; i++)
            if (fork() == 0) {
                close(go[1]);
                close(done[0]);
                server_init(&w, SEC_LEVEL_NONE);
                if (read(go[0], &byte, 1) != 0) /* all start when the pipe is closed */
                    _exit(9);
                enum nt_status st = rpc_server_listen_local(w.s, w.path, 0666);
                byte = (char)(st == STATUS_SUCCESS ? 1 : st == STATUS_ADDRESS_ALREADY_ASSOCIATED ? 0 : 9);
                if (write(done[1], &byte, 1) != 1)
                    _exit(9);
                sleep(byte == 1 ? 60 : 0); /* killed below */
                _exit(byte);
            }
        close(go[0]);
        close(go[1]);
        int winners = 0;
        for (int i = 0; i < SERVERS; i++) {
            assert_int_equal(read(done[0], &byte, 1), 1);
            assert_true(byte == 0 || byte == 1);
            winners += byte;
        }
        assert_int_equal(winners, 1);
        close(done[0]);
        close(done[1]);
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        struct ucred u = { 0 };
        socklen_t len = sizeof u;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* and it can be reached */
        snprintf(a.sun_path, sizeof a.sun_path, "%s", w.path);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len), 0);
        close(fd);
        assert_int_equal(kill(u.pid, SIGKILL), 0);
        for (int i = 0; i < SERVERS; i++)
            assert_true(wait(&status) > 0);
        assert_int_equal(unlink(w.path), 0);
        assert_int_equal(rmdir(w.dir), 0);
        nt_arena_free(w.mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trust),      cmocka_unit_test(test_stranger),  cmocka_unit_test(test_authenticated),
        cmocka_unit_test(test_other_user), cmocka_unit_test(test_mode),      cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_not_ours),   cmocka_unit_test(test_bad_paths), cmocka_unit_test(test_race),
        cmocka_unit_test(test_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
