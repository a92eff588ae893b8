// SPDX-License-Identifier: Apache-2.0
/*
 * Clients of msrpcd that write down what they were told, and measure: tests/system/29_msrpcd_store.t.
 *
 *   store_load HOST write N FILE     N processes add and remove shares and change settings until the server
 * goes away; each line of FILE says what was tried, or acknowledged store_load HOST verify FILE      is all
 * that was acknowledged there? store_load HOST tod N SECONDS    N processes ask for the time; prints p50, p99
 * and the longest, in ms store_load HOST set VALUE        one change of a setting; prints its code and how
 * long it took
 *
 * Credentials come from NA_USER, NA_PASSWORD.
 */
#include "netapi_check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <msrpc/srvsvc.h>

#define SAMPLES 100000u /* of one process */
#define SHARES  100000u

static void set_options(void)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct net_options o = NET_OPTIONS_INIT;
    struct nt_error err = { { 0 } };
    co.user = getenv("NA_USER");
    co.password = getenv("NA_PASSWORD");
    if (sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS || net_set_options(NULL, &o) != STATUS_SUCCESS) {
        printf("not ok credentials: %s\n", err.text);
        exit(1);
    }
    sec_creds_unref(o.creds);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- changes ---- */

/* Settings, one for each process with an odd number. */
enum { SETTINGS = 4 };
static const struct {
    uint32_t level, max;
} settings[SETTINGS] = { { 1005, 1000000 }, { 1010, 1000000 }, { 1017, 65535 }, { 1018, 65535 } };

/* NetServerSetInfo is not in our NetAPI. The connection is kept until the process ends. */
static struct rpc_conn *connection(void)
{
    static struct rpc_conn *conn;
    static struct nt_error err;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b;
    char text[96];
    snprintf(text, sizeof text, "ncacn_np:%s[srvsvc]", narrow(host));
    co.user = getenv("NA_USER");
    co.password = getenv("NA_PASSWORD");
    o.error = &err;
    if (!conn && (rpc_binding_parse(text, &b, &err) != STATUS_SUCCESS ||
                  sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS ||
                  rpc_open(b, &srvsvc_interface, &o, &conn) != STATUS_SUCCESS))
        return NULL;
    return conn;
}

static uint32_t set_setting(unsigned which, unsigned value)
{
    char text[32];
    struct rpc_conn *conn = connection();
    struct nt_arena *mem = nt_arena_new(0);
    struct srvsvc_SERVER_INFO_1005 comment;
    struct srvsvc_SERVER_INFO_1010 number = { (int32_t)value };
    struct srvsvc_NetrServerSetInfo r = { .in = { .Level = settings[which].level } };
    snprintf(text, sizeof text, "comment %u", value);
    comment.sv1005_comment = wide(text);
    if (which) /* all have one number */
        r.in.ServerInfo.ServerInfo1010 = &number;
    else
        r.in.ServerInfo.ServerInfo1005 = &comment;
    enum nt_status st = conn && mem ? srvsvc_NetrServerSetInfo(conn, mem, &r) : STATUS_UNSUCCESSFUL;
    nt_arena_free(mem);
    free((char16_t *)(uintptr_t)comment.sv1005_comment);
    return st == STATUS_SUCCESS ? (uint32_t)r.out.result : (uint32_t)st;
}

static NET_API_STATUS add_share(const char *name)
{
    DWORD parm;
    char16_t *w = wide(name);
    SHARE_INFO_2 i = { .shi2_netname = w,
                       .shi2_remark = (char16_t *)(uintptr_t)u"",
                       .shi2_max_uses = (DWORD)-1,
                       .shi2_path = (char16_t *)(uintptr_t)u"C:\\tmp" };
    NET_API_STATUS st = NetShareAdd(host, 2, (LPBYTE)&i, &parm);
    free(w);
    return st;
}

static NET_API_STATUS delete_share(const char *name)
{
    char16_t *w = wide(name);
    NET_API_STATUS st = NetShareDel(host, w, 0);
    free(w);
    return st;
}

static void line(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(int fd, const char *fmt, ...)
{
    char buf[128];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    if (write(fd, buf, (size_t)n) != n)
        abort();
}

/* Adds two shares, removes the first of them, and so on. */
static void write_shares(unsigned who, int fd)
{
    char name[32];
    for (unsigned k = 0;; k++) {
        bool add = k % 3 != 2;
        snprintf(name, sizeof name, "w%u-%u", who, add ? k : k - 2);
        line(fd, "try %s %s\n", add ? "add" : "del", name);
        NET_API_STATUS st = add ? add_share(name) : delete_share(name);
        if (st != NERR_Success)
            break;
        line(fd, "ack %s %s\n", add ? "add" : "del", name);
    }
}

static void write_settings(unsigned which, int fd)
{
    for (unsigned k = 1; k < settings[which].max; k++) {
        line(fd, "try set %u %u\n", which, k);
        if (set_setting(which, k) != NERR_Success)
            break;
        line(fd, "ack set %u %u\n", which, k);
    }
}

static int write_all(unsigned n, const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (unsigned i = 0; i < n; i++)
        if (fork() == 0) {
            if (i % 2)
                write_settings(i / 2 % SETTINGS, fd);
            else
                write_shares(i, fd);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}

/* ---- what is there ---- */

struct known {
    char name[24];
    bool must, must_not, there;
};

static struct known *shares;
static unsigned n_shares;

static struct known *share_named(const char *name)
{
    for (unsigned i = n_shares; i--;) /* the last ones are asked for most */
        if (strcmp(shares[i].name, name) == 0)
            return &shares[i];
    if (n_shares == SHARES)
        abort();
    snprintf(shares[n_shares].name, sizeof shares[0].name, "%s", name);
    return &shares[n_shares++];
}

static unsigned acked[SETTINGS], tried[SETTINGS];

static unsigned read_file(const char *file)
{
    char verb[8], what[8], name[24];
    unsigned which, value, acks = 0;
    char buf[128];
    FILE *f = fopen(file, "re");
    while (f && fgets(buf, sizeof buf, f)) {
        if (sscanf(buf, "%7s set %u %u", verb, &which, &value) == 3 && which < SETTINGS) {
            *(*verb == 'a' ? &acked[which] : &tried[which]) = value;
        } else if (sscanf(buf, "%7s %7s %23s", verb, what, name) == 3) {
            struct known *s = share_named(name);
            s->must = *verb == 'a' && *what == 'a';
            s->must_not = *verb == 'a' && *what == 'd';
        }
        acks += *buf == 'a';
    }
    if (f)
        fclose(f);
    return acks;
}

static void look_at_shares(void)
{
    LPBYTE buf;
    DWORD n, total;
    unsigned missing = 0, too_many = 0;
    if (!gives(NetShareEnum(host, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL), NERR_Success, "shares"))
        return;
    const SHARE_INFO_0 *s = (const void *)buf;
    for (DWORD i = 0; i < n; i++)
        for (unsigned k = 0; k < n_shares; k++)
            if (strcmp(narrow(s[i].shi0_netname), shares[k].name) == 0)
                shares[k].there = true;
    NetApiBufferFree(buf);
    for (unsigned k = 0; k < n_shares; k++) {
        missing += shares[k].must && !shares[k].there;
        too_many += shares[k].must_not && shares[k].there;
    }
    check(missing == 0 && too_many == 0, "of %u shares %u are missing and %u too many", n_shares, missing,
          too_many);
}

static int verify(const char *file)
{
    LPBYTE buf;
    shares = calloc(SHARES, sizeof *shares);
    unsigned acks = read_file(file), comment = 0;
    check(acks >= 50, "%u changes were acknowledged", acks);
    look_at_shares();
    if (!gives(NetServerGetInfo(host, 102, &buf), NERR_Success, "settings"))
        return 1;
    const SERVER_INFO_102 *i = (const void *)buf;
    sscanf(narrow(i->sv102_comment), "comment %u", &comment);
    const unsigned is[SETTINGS] = { comment, (unsigned)i->sv102_disc, i->sv102_announce, i->sv102_anndelta };
    for (unsigned k = 0; k < SETTINGS; k++)
        if (tried[k])
            check(is[k] == acked[k] || is[k] == tried[k], "setting %u is %u: %u was acknowledged, %u tried",
                  k, is[k], acked[k], tried[k]);
    NetApiBufferFree(buf);
    puts("done");
    return failures != 0;
}

/* ---- how long it takes ---- */

struct samples {
    unsigned n, failed;
    float ms[SAMPLES];
};

static void ask(struct samples *s, double end)
{
    while (now_ms() < end && s->n < SAMPLES) {
        LPBYTE buf;
        double begin = now_ms();
        if (NetRemoteTOD(host, &buf) == NERR_Success)
            NetApiBufferFree(buf);
        else
            s->failed++;
        s->ms[s->n++] = (float)(now_ms() - begin);
        usleep(2000); /* a client, not a bench */
    }
}

static int by_length(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int tod(unsigned n, unsigned seconds)
{
    struct samples *s = mmap(NULL, n * sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    float *all = malloc(n * SAMPLES * sizeof *all);
    unsigned count = 0, failed = 0;
    if (s == MAP_FAILED || !all)
        abort();
    for (unsigned i = 0; i < n; i++)
        if (fork() == 0) {
            LPBYTE buf;
            if (NetRemoteTOD(host, &buf) == NERR_Success) /* the connection; not measured */
                NetApiBufferFree(buf);
            ask(&s[i], now_ms() + seconds * 1e3);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    for (unsigned i = 0; i < n; i++) {
        memcpy(all + count, s[i].ms, s[i].n * sizeof *all);
        count += s[i].n;
        failed += s[i].failed;
    }
    qsort(all, count, sizeof *all, by_length);
    if (count)
        printf("calls=%u failed=%u p50=%.1f p99=%.1f max=%.1f\n", count, failed, (double)all[count / 2],
               (double)all[count * 99 / 100], (double)all[count - 1]);
    return count == 0;
}

static int set_one(unsigned value, unsigned seconds)
{
    if (!connection())
        return 1;
    sleep(seconds);
    double begin = now_ms();
    uint32_t st = set_setting(1, value);
    printf("code=%u ms=%.0f\n", st, now_ms() - begin);
    return st != NERR_Success;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    host = wide(argv[1]);
    set_options();
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(argv[2], "write") == 0 && argc == 5)
        return write_all((unsigned)atoi(argv[3]), argv[4]);
    if (strcmp(argv[2], "verify") == 0)
        return verify(argv[3]);
    if (strcmp(argv[2], "tod") == 0 && argc == 5)
        return tod((unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
    return strcmp(argv[2], "set") == 0
               ? set_one((unsigned)atoi(argv[3]), argc > 4 ? (unsigned)atoi(argv[4]) : 0)
               : 2;
}
