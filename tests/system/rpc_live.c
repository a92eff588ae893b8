// SPDX-License-Identifier: Apache-2.0
/*
 * Generated stubs over one string binding against a real server. Says what was negotiated, then does each
 * operation.
 *
 *   rpc_live [-u USER] [-p PASSWORD] [-k] [-c CCACHE] [-n] [-t MS] [-f FRAGMENT] [-H] [-v] BINDING
 * OPERATION...
 *
 *   -k: Kerberos required; -n: NTLM required; -H: no header signing; -v: trace
 *   operations: server-info, domains, names:N (a lookup of N names: fragments both ways), interfaces (of
 * mgmt), both (mgmt, then samr on the same connection), key, calls:N (N times domains), async:N (N at once),
 * securities:N (N further security contexts, of other levels and providers, and calls under all of them)
 *
 * Exit code 1 and a sentence on standard error when something fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <msrpc/mgmt.h>
#include <msrpc/rpc.h>
#include <msrpc/samr.h>
#include <msrpc/srvsvc.h>
#include <msrpc/unistr.h>

struct live {
    struct rpc_conn *c;
    struct nt_arena *mem;
    const char *binding;
    struct sec_creds *creds;
};

static int failed(const struct live *l, const char *what, enum nt_status st)
{
    const char *name = nt_status_name(st);
    fprintf(stderr, "%s: %s 0x%08x: %s\n", what, name ? name : "", (unsigned)st, rpc_conn_error(l->c));
    return 1;
}

static const char *utf8(const char16_t *s, size_t len, char *buf, size_t size)
{
    size_t n;
    return s && ustr_to_utf8_lossy_buf(s, len, buf, size, &n) == STATUS_SUCCESS ? buf : "";
}

static int server_info(struct live *l)
{
    char name[200];
    struct srvsvc_NetrServerGetInfo r = { .in = { NULL, 101 } };
    enum nt_status st = srvsvc_NetrServerGetInfo(l->c, l->mem, &r);
    if (st != STATUS_SUCCESS)
        return failed(l, "NetrServerGetInfo", st);
    const struct dtyp_SERVER_INFO_101 *i = r.out.InfoStruct.ServerInfo101;
    if (r.out.result != W_ERROR_SUCCESS || !i)
        return failed(l, "NetrServerGetInfo's result", nt_from_werror(r.out.result));
    printf("server %s %u.%u\n", utf8(i->sv101_name, USTR_NUL, name, sizeof name), i->sv101_version_major,
           i->sv101_version_minor);
    return 0;
}

static int close_handle(struct live *l, struct ndr_handle h)
{
    struct samr_SamrCloseHandle cl = { .in = { h } };
    enum nt_status st = samr_SamrCloseHandle(l->c, l->mem, &cl);
    return st == STATUS_SUCCESS ? 0 : failed(l, "SamrCloseHandle", st);
}

static int domains(struct live *l, bool quiet)
{
    char name[200];
    struct samr_SamrConnect2 con = { .in = { u"\\\\server", 0x02000000 } };
    enum nt_status st = samr_SamrConnect2(l->c, l->mem, &con);
    if (st == STATUS_SUCCESS)
        st = con.out.result;
    if (st != STATUS_SUCCESS)
        return failed(l, "SamrConnect2", st);
    struct samr_SamrEnumerateDomainsInSamServer e = { .in = { con.out.ServerHandle, 0, 65536 } };
    st = samr_SamrEnumerateDomainsInSamServer(l->c, l->mem, &e);
    if (st == STATUS_SUCCESS)
        st = e.out.result;
    if (st != STATUS_SUCCESS || !e.out.Buffer)
        return failed(l, "SamrEnumerateDomainsInSamServer", st);
    for (uint32_t i = 0; i < e.out.Buffer->EntriesRead && !quiet; i++) {
        const struct dtyp_RPC_UNICODE_STRING *s = &e.out.Buffer->Buffer[i].Name;
        printf("domain %s\n", utf8(s->Buffer, s->Length / 2, name, sizeof name));
    }
    return close_handle(l, con.out.ServerHandle);
}

/* The Builtin domain, which every server has. */
static enum nt_status open_builtin(struct live *l, struct ndr_handle *server, struct ndr_handle *domain)
{
    struct samr_SamrConnect2 con = { .in = { u"\\\\server", 0x02000000 } };
    enum nt_status st = samr_SamrConnect2(l->c, l->mem, &con);
    if (st == STATUS_SUCCESS)
        st = con.out.result;
    if (st != STATUS_SUCCESS)
        return st;
    *server = con.out.ServerHandle;
    struct samr_SamrOpenDomain o = { .in = { *server, 0x02000000, { .revision = 1 } } };
    st = nt_sid_parse("S-1-5-32", &o.in.DomainId);
    if (st == STATUS_SUCCESS)
        st = samr_SamrOpenDomain(l->c, l->mem, &o);
    *domain = o.out.DomainHandle;
    return st == STATUS_SUCCESS ? o.out.result : st;
}

/* A lookup of many names: request and answer go in several fragments. */
static int names(struct live *l, uint32_t n)
{
    struct ndr_handle server, domain;
    enum nt_status st = open_builtin(l, &server, &domain);
    if (st != STATUS_SUCCESS)
        return failed(l, "SamrOpenDomain", st);
    struct samr_SamrLookupNamesInDomain r = { .in = { domain, n, NULL } };
    r.in.Names = nt_arena_array(l->mem, n, sizeof *r.in.Names);
    for (uint32_t i = 0; i < n; i++) {
        char16_t *s = nt_arena_array(l->mem, 32, sizeof *s);
        char text[32];
        size_t len = (size_t)snprintf(text, sizeof text, i % 2 ? "Users" : "no-such-account-%05u", i);
        for (size_t k = 0; k < len; k++)
            s[k] = (char16_t)text[k];
        r.in.Names[i] = (struct dtyp_RPC_UNICODE_STRING){ (uint16_t)(2 * len), (uint16_t)(2 * len), s };
    }
    st = samr_SamrLookupNamesInDomain(l->c, l->mem, &r);
    if (st != STATUS_SUCCESS)
        return failed(l, "SamrLookupNamesInDomain", st);
    uint32_t found = 0;
    for (uint32_t i = 0; i < r.out.RelativeIds.Count; i++)
        found += r.out.RelativeIds.Element[i] == 545; /* BUILTIN\Users */
    printf("names %u of %u found %u (%s)\n", r.out.RelativeIds.Count, n, found, nt_status_name(r.out.result));
    return close_handle(l, domain) || close_handle(l, server) || r.out.RelativeIds.Count != n ||
           found != n / 2;
}

static int interfaces(struct live *l)
{
    struct mgmt_rpc__mgmt_inq_if_ids r = { 0 };
    enum nt_status st = mgmt_rpc__mgmt_inq_if_ids(l->c, l->mem, &r);
    if (st != STATUS_SUCCESS || !r.out.if_id_vector)
        return failed(l, "inq_if_ids", st);
    printf("interfaces %u\n", r.out.if_id_vector->Count);
    return r.out.if_id_vector->Count == 0;
}

static void counted(void *arg, enum nt_status st)
{
    if (st == STATUS_SUCCESS)
        ++*(unsigned *)arg;
}

/* Many calls at once; the last one is synchronous and, as calls go in order, ends after all others. */
static int async(struct live *l, unsigned n)
{
    unsigned done = 0;
    struct samr_SamrConnect2 *r = nt_arena_array(l->mem, n, sizeof *r);
    for (unsigned i = 0; r && i < n; i++) {
        r[i] = (struct samr_SamrConnect2){ .in = { u"\\\\server", 0x02000000 } };
        enum nt_status st = samr_SamrConnect2_send(l->c, l->mem, &r[i], counted, &done, NULL);
        if (st != STATUS_SUCCESS)
            return failed(l, "SamrConnect2_send", st);
    }
    if (domains(l, true))
        return 1;
    printf("async %u of %u\n", done, n);
    return done != n;
}

static int both(struct live *l)
{
    enum nt_status st = rpc_add_interface(l->c, &mgmt_interface);
    if (st != STATUS_SUCCESS)
        return failed(l, "rpc_add_interface", st);
    return interfaces(l) || domains(l, false);
}

static int key(struct live *l)
{
    struct nt_blob k;
    enum nt_status st = rpc_conn_session_key(l->c, &k);
    printf("key %s %zu\n", nt_status_name(st), st == STATUS_SUCCESS ? k.len : 0);
    return 0;
}

static void facts(struct live *l)
{
    struct rpc_facts f = { .size = sizeof f };
    if (rpc_conn_facts(l->c, &f) == STATUS_SUCCESS)
        printf("facts %s %s[%s] %s level=%d provider=%s header_sign=%d enctype=%u frag=%u/%u\n", f.protseq,
               f.host, f.endpoint, f.peer, f.level, f.provider ? f.provider : "none", f.header_sign,
               f.enctype, f.max_xmit_frag, f.max_recv_frag);
}

/* Names under each, in fragments, and small calls of all of them in turn. */
static int securities(struct live *l, unsigned n)
{
    static const char *const providers[] = { "spnego", NULL, "spnego" };
    uint32_t ids[8] = { 0 };
    for (unsigned i = 1; i <= n && i < 8; i++) {
        struct rpc_security s = RPC_SECURITY_INIT;
        s.creds = l->creds;
        s.level = i % 2 ? SEC_LEVEL_INTEGRITY : SEC_LEVEL_PRIVACY;
        s.provider = providers[i % 3];
        enum nt_status st = rpc_conn_add_security(l->c, &s, &ids[i]);
        if (st != STATUS_SUCCESS)
            return failed(l, "rpc_conn_add_security", st);
    }
    for (unsigned i = 0; i < 4 * (n + 1); i++) {
        struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
        struct rpc_facts f = { .size = sizeof f };
        o.security = ids[i % (n + 1)];
        rpc_conn_set(l->c, &o);
        if (domains(l, true) || (i % 5 == 0 && names(l, 300)))
            return 1;
        enum nt_status st = rpc_conn_facts(l->c, &f);
        if (st != STATUS_SUCCESS)
            return failed(l, "facts", st);
        if (i <= n)
            printf("security %u level=%d provider=%s header_sign=%d key=%u to %s\n", f.security, f.level,
                   f.provider, f.header_sign, f.security_key_len, f.principal);
    }
    return 0;
}

static unsigned number(const char *op)
{
    const char *colon = strchr(op, ':');
    return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 1;
}

static const struct rpc_interface *interface_for(const char *op)
{
    if (strcmp(op, "interfaces") == 0)
        return &mgmt_interface;
    return strcmp(op, "server-info") == 0 ? &srvsvc_interface : &samr_interface;
}

static int operation(struct live *l, const char *op)
{
    int bad = 0;
    if (strcmp(op, "server-info") == 0)
        return server_info(l);
    if (strcmp(op, "domains") == 0)
        return domains(l, false);
    if (strncmp(op, "names", 5) == 0)
        return names(l, number(op));
    if (strcmp(op, "interfaces") == 0)
        return interfaces(l);
    if (strcmp(op, "both") == 0)
        return both(l);
    if (strcmp(op, "key") == 0)
        return key(l);
    if (strncmp(op, "async", 5) == 0)
        return async(l, number(op));
    if (strncmp(op, "securities", 10) == 0)
        return securities(l, number(op));
    if (strncmp(op, "calls", 5) == 0) {
        for (unsigned i = 0; i < number(op) && !bad; i++) {
            bad = domains(l, true);
            nt_arena_reset(l->mem);
        }
        return bad;
    }
    fprintf(stderr, "%s: unknown operation\n", op);
    return 2;
}

static void trace(void *arg, enum nt_trace_level level, const char *line)
{
    (void)arg;
    (void)level;
    fprintf(stderr, "# %s\n", line);
}

static int run(struct live *l, char **ops, const struct sec_creds_options *co, struct rpc_options *o)
{
    struct nt_error err = { "" };
    struct rpc_binding *b;
    if (rpc_binding_parse(l->binding, &b, &err) != STATUS_SUCCESS) {
        fprintf(stderr, "%s: %s\n", l->binding, err.text);
        return 2;
    }
    if (sec_creds_new(co, &o->creds, &err) != STATUS_SUCCESS) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    o->error = &err;
    l->creds = o->creds;
    enum nt_status st = rpc_open(b, interface_for(ops[0]), o, &l->c);
    int bad = st != STATUS_SUCCESS;
    if (bad)
        fprintf(stderr, "open: %s 0x%08x: %s\n", nt_status_name(st), (unsigned)st, err.text);
    else
        facts(l);
    for (; !bad && *ops; ops++)
        bad = operation(l, *ops);
    rpc_close(l->c);
    sec_creds_unref(o->creds);
    rpc_binding_unref(b);
    return bad;
}

int main(int argc, char **argv)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct nt_env env = *nt_env_system();
    struct live l = { NULL, nt_arena_new(0), NULL };
    o.env = &env;
    for (int c; (c = getopt(argc, argv, "u:p:kc:nt:f:Hv")) != -1;)
        switch (c) {
        case 'u':
            co.user = optarg;
            break;
        case 'p':
            co.password = optarg;
            break;
        case 'k':
            co.mech = SEC_MECH_KRB5;
            break;
        case 'n':
            co.mech = SEC_MECH_NTLM;
            break;
        case 'c':
            co.ccache = optarg;
            break;
        case 't':
            o.timeout_ms = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'f':
            o.max_fragment = (uint16_t)strtoul(optarg, NULL, 10);
            break;
        case 'H':
            o.no_header_sign = true;
            break;
        case 'v':
            env.trace = trace;
            env.trace_level = NT_TRACE_STATE;
            break;
        default:
            return 2;
        }
    if (argc - optind < 2 || !l.mem) {
        fprintf(stderr, "rpc_live [options] BINDING OPERATION...\n");
        return 2;
    }
    l.binding = argv[optind];
    int bad = run(&l, argv + optind + 1, &co, &o);
    nt_arena_free(l.mem);
    return bad;
}
