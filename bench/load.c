// SPDX-License-Identifier: Apache-2.0
/*
 * Tern's side of the benchmarks: one workload per run, one line of figures.
 *
 *     load HOST USER PASSWORD WORKLOAD [N]     USER may be DOMAIN\user; -k: the Kerberos cache
 *
 *     none         starts and ends
 *     getinfo      one NetServerGetInfo
 *     loop         N times NetServerGetInfo on a warm connection
 *     connloop     N times: connect, log on, bind samr, SamrConnect2, close
 *     enumdomains  N times SamrEnumerateDomainsInSamServer on one pipe
 *     pipeseal     the same on an encrypted pipe
 *     tcpseal      the same over TCP, sealed
 *     tcpcancel    the same with a cancel token, which is never fired
 *     userenum     all users by NetUserEnum level 0
 *     querydisp    all users by NetQueryDisplayInformation level 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <msrpc/netapi.h>
#include <msrpc/samr.h>
#include <msrpc/win/windows.h>
#include <msrpc/win/lm.h>
#include "clock.h"

#define MAXIMUM_ALLOWED_ACCESS 0x02000000u

static const char *host;
static char16_t whost[260];
static struct sec_creds *creds;
static struct nt_error error;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "load: %s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, enum nt_status st)
{
    if (!nt_ok(st))
        die(what, error.text[0] ? error.text : nt_status_name(st));
}

static void check_net(const char *what, NET_API_STATUS st)
{
    if (st != NERR_Success)
        die(what, net_last_error());
}

static void getinfo(void)
{
    LPBYTE buf;
    check_net("NetServerGetInfo", NetServerGetInfo((LPWSTR)whost, 101, &buf));
    NetApiBufferFree(buf);
}

static unsigned loop(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        getinfo();
    return n;
}

static struct rpc_conn *open_samr(const char *protseq, enum npc_protection protection)
{
    struct rpc_binding *b;
    struct rpc_conn *c;
    struct npc_options npc = NPC_OPTIONS_INIT;
    npc.protection = protection;
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.creds = creds;
    o.npc = &npc;
    o.error = &error;
    check("binding", rpc_binding_new(protseq, host, NULL, &b, &error));
    check("open", rpc_open(b, &samr_interface, &o, &c));
    rpc_binding_unref(b);
    return c;
}

static struct ndr_handle connect2(struct rpc_conn *c)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct samr_SamrConnect2 r = { .in = { .DesiredAccess = MAXIMUM_ALLOWED_ACCESS } };
    check("SamrConnect2", samr_SamrConnect2(c, mem, &r));
    check("SamrConnect2", r.out.result);
    struct ndr_handle h = r.out.ServerHandle;
    nt_arena_free(mem);
    return h;
}

static unsigned connloop(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct rpc_conn *c = open_samr("ncacn_np", NPC_PROTECT_SIGN); /* as the peer */
        connect2(c);
        rpc_close(c);
    }
    return n;
}

static unsigned enumdomains(struct rpc_conn *c, unsigned n)
{
    struct ndr_handle h = connect2(c);
    struct nt_arena *mem = nt_arena_new(0);
    for (unsigned i = 0; i < n; i++) {
        struct samr_SamrEnumerateDomainsInSamServer r = { .in = { .ServerHandle = h,
                                                                  .PreferedMaximumLength = 0xffff } };
        check("SamrEnumerateDomainsInSamServer", samr_SamrEnumerateDomainsInSamServer(c, mem, &r));
        check("SamrEnumerateDomainsInSamServer", r.out.result);
        nt_arena_reset(mem);
    }
    nt_arena_free(mem);
    return n;
}

static unsigned userenum(void)
{
    DWORD read = 0, total, resume = 0;
    unsigned n = 0;
    NET_API_STATUS st;
    do {
        LPBYTE buf = NULL;
        st = NetUserEnum((LPCWSTR)whost, 0, 0, &buf, MAX_PREFERRED_LENGTH, &read, &total, &resume);
        if (st != ERROR_MORE_DATA)
            check_net("NetUserEnum", st);
        n += read;
        NetApiBufferFree(buf);
    } while (st == ERROR_MORE_DATA);
    return n;
}

static unsigned querydisp(void)
{
    DWORD index = 0, n = 0, count;
    NET_API_STATUS st;
    do {
        NET_DISPLAY_USER *users = NULL;
        st = NetQueryDisplayInformation((LPCWSTR)whost, 1, index, 1000, 0xffff, &count, (PVOID *)&users);
        if (st != ERROR_MORE_DATA)
            check_net("NetQueryDisplayInformation", st);
        n += count;
        if (count)
            index = users[count - 1].usri1_next_index;
        NetApiBufferFree(users);
    } while (st == ERROR_MORE_DATA && count);
    return n;
}

static void set_credentials(const char *user, const char *password)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    if (strcmp(user, "-k") == 0) {
        o.mech = SEC_MECH_KRB5;
    } else {
        o.mech = SEC_MECH_NTLM;
        o.user = user;
        o.password = password;
    }
    check("credentials", sec_creds_new(&o, &creds, &error));
    struct npc_options npc = NPC_OPTIONS_INIT;
    npc.protection = NPC_PROTECT_SIGN;
    struct net_options n = NET_OPTIONS_INIT;
    n.creds = creds;
    n.npc = &npc;
    check("options", net_set_options(host, &n));
}

static unsigned run(const char *what, unsigned n, double *c0, double *t0)
{
    if (strcmp(what, "none") == 0)
        return 0;
    if (strcmp(what, "getinfo") == 0)
        return loop(1);
    struct rpc_conn *c = NULL;
    if (strcmp(what, "enumdomains") == 0)
        c = open_samr("ncacn_np", NPC_PROTECT_SIGN);
    else if (strcmp(what, "pipeseal") == 0)
        c = open_samr("ncacn_np", NPC_PROTECT_ENCRYPT);
    else if (strcmp(what, "tcpseal") == 0 || strcmp(what, "tcpcancel") == 0)
        c = open_samr("ncacn_ip_tcp", NPC_PROTECT_DEFAULT);
    else if (strcmp(what, "connloop") != 0)
        getinfo(); /* connects */
    struct nt_cancel *token = NULL;
    if (c && strcmp(what, "tcpcancel") == 0) {
        struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
        check("token", nt_cancel_new(&token));
        o.cancel = token;
        rpc_conn_set(c, &o);
        nt_cancel_unref(token); /* the connection has it */
    }
    *c0 = cpu();
    *t0 = wall();
    unsigned done = 0;
    if (c) {
        done = enumdomains(c, n);
        rpc_close(c);
    } else if (strcmp(what, "connloop") == 0) {
        done = connloop(n);
    } else if (strcmp(what, "loop") == 0) {
        done = loop(n);
    } else if (strcmp(what, "userenum") == 0) {
        done = userenum();
    } else if (strcmp(what, "querydisp") == 0) {
        done = querydisp();
    } else {
        die(what, "no such workload");
    }
    return done;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        die("usage", "load HOST USER PASSWORD WORKLOAD [N]");
    host = argv[1];
    for (size_t i = 0; host[i] && i < 255; i++)
        whost[i] = (unsigned char)host[i];
    double c0 = cpu(), t0 = wall();
    set_credentials(argv[2], argv[3]);
    unsigned done = run(argv[4], argc > 5 ? (unsigned)atoi(argv[5]) : 1, &c0, &t0);
    double c = cpu() - c0, t = wall() - t0;
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    printf("tern %s items=%u wall=%.6f cpu=%.6f rss_kib=%ld\n", argv[4], done, t, c, r.ru_maxrss);
    net_close_idle();
    sec_creds_unref(creds);
    return 0;
}
