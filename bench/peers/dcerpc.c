// SPDX-License-Identifier: Apache-2.0
/* Samba's libdcerpc under the same workloads as load.c. Built by bench/run when samba-dev is installed; never
 * linked with anything of ours.   dcerpc BINDING DOMAIN USER PASSWORD WORKLOAD [N] */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <util/time.h>
#include <core/ntstatus.h>
#include <util/data_blob.h>
#include <talloc.h>
#include <tevent.h>
#include <param.h>
#include <credentials.h>
#include <dcerpc.h>
#include <gen_ndr/ndr_samr_c.h>

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void check(const char *what, NTSTATUS st)
{
    if (NT_STATUS_IS_ERR(st)) {
        fprintf(stderr, "dcerpc: %s: 0x%08x\n", what, NT_STATUS_V(st));
        exit(1);
    }
}

static struct dcerpc_pipe *connect_pipe(TALLOC_CTX *mem, const char *binding, struct cli_credentials *cred,
                                        struct loadparm_context *lp, struct policy_handle *ret)
{
    struct tevent_context *ev = tevent_context_init(mem);
    struct dcerpc_pipe *p;
    NTSTATUS result;
    tevent_loop_allow_nesting(ev);
    check("connect", dcerpc_pipe_connect(mem, &p, binding, &ndr_table_samr, cred, ev, lp));
    check("Connect2", dcerpc_samr_Connect2(p->binding_handle, mem, NULL, 0x02000000, ret, &result));
    check("Connect2", result);
    return p;
}

static struct policy_handle open_domain(struct dcerpc_pipe *p, TALLOC_CTX *mem, struct policy_handle *server)
{
    uint32_t resume = 0, n;
    struct samr_SamArray *domains;
    struct lsa_String name = { 0 };
    struct dom_sid2 *sid;
    struct policy_handle h;
    NTSTATUS result;
    check("EnumDomains",
          dcerpc_samr_EnumDomains(p->binding_handle, mem, server, &resume, &domains, 0xffff, &n, &result));
    for (uint32_t i = 0; i < domains->count; i++)
        if (strcasecmp(domains->entries[i].name.string, "builtin"))
            name.string = domains->entries[i].name.string;
    check("LookupDomain", dcerpc_samr_LookupDomain(p->binding_handle, mem, server, &name, &sid, &result));
    check("OpenDomain", dcerpc_samr_OpenDomain(p->binding_handle, mem, server, 0x02000000, sid, &h, &result));
    check("OpenDomain", result);
    return h;
}

static unsigned enumdomains(struct dcerpc_pipe *p, struct policy_handle *h, int n)
{
    for (int i = 0; i < n; i++) {
        TALLOC_CTX *f = talloc_new(NULL);
        uint32_t resume = 0, count;
        struct samr_SamArray *domains;
        NTSTATUS result;
        check("EnumDomains",
              dcerpc_samr_EnumDomains(p->binding_handle, f, h, &resume, &domains, 0xffff, &count, &result));
        check("EnumDomains", result);
        talloc_free(f);
    }
    return n;
}

static unsigned enumusers(struct dcerpc_pipe *p, struct policy_handle *d)
{
    uint32_t resume = 0, count;
    unsigned total = 0;
    NTSTATUS result;
    do {
        TALLOC_CTX *f = talloc_new(NULL);
        struct samr_SamArray *users;
        check("EnumDomainUsers", dcerpc_samr_EnumDomainUsers(p->binding_handle, f, d, &resume, 0, &users,
                                                             0xffff, &count, &result));
        total += users->count;
        talloc_free(f);
    } while (NT_STATUS_V(result) == 0x105);
    return total;
}

static unsigned querydisp(struct dcerpc_pipe *p, struct policy_handle *d)
{
    uint32_t size, returned;
    unsigned total = 0;
    NTSTATUS result;
    do {
        TALLOC_CTX *f = talloc_new(NULL);
        union samr_DispInfo info;
        check("QueryDisplayInfo", dcerpc_samr_QueryDisplayInfo(p->binding_handle, f, d, 1, total, 1000,
                                                               0xffff, &size, &returned, &info, &result));
        total += info.info1.count;
        talloc_free(f);
    } while (NT_STATUS_V(result) == 0x105);
    return total;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    TALLOC_CTX *mem = talloc_new(NULL);
    const char *what = argv[5];
    int n = argc > 6 ? atoi(argv[6]) : 1;
    struct loadparm_context *lp = loadparm_init(mem);
    lpcfg_load_default(lp);
    struct cli_credentials *cred = cli_credentials_init(mem);
    cli_credentials_guess(cred, lp);
    bool kerberos = !strcmp(argv[2], "-k");
    cli_credentials_set_kerberos_state(
        cred, kerberos ? CRED_USE_KERBEROS_REQUIRED : CRED_USE_KERBEROS_DISABLED, CRED_SPECIFIED);
    if (kerberos)
        cli_credentials_set_realm(cred, getenv("LAB_DC_REALM"), CRED_SPECIFIED);
    else
        cli_credentials_set_domain(cred, argv[2], CRED_SPECIFIED);
    cli_credentials_set_username(cred, argv[3], CRED_SPECIFIED);
    cli_credentials_set_password(cred, argv[4], CRED_SPECIFIED);
    dcerpc_init();
    struct policy_handle h;
    double c0, t0;
    unsigned done = 0;
    if (!strcmp(what, "connloop")) {
        c0 = cpu();
        t0 = wall();
        for (int i = 0; i < n; i++, done++) {
            TALLOC_CTX *f = talloc_new(mem);
            connect_pipe(f, argv[1], cred, lp, &h);
            talloc_free(f);
        }
    } else {
        struct dcerpc_pipe *p = connect_pipe(mem, argv[1], cred, lp, &h);
        bool users = !strcmp(what, "userenum") || !strcmp(what, "querydisp");
        struct policy_handle d = users ? open_domain(p, mem, &h) : h;
        c0 = cpu();
        t0 = wall();
        done = !strcmp(what, "userenum") ? enumusers(p, &d)
               : users                   ? querydisp(p, &d)
                                         : enumdomains(p, &h, n);
    }
    double c = cpu() - c0, t = wall() - t0;
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    printf("libdcerpc %s items=%u wall=%.6f cpu=%.6f rss_kib=%ld\n", what, done, t, c, r.ru_maxrss);
    return 0;
}
