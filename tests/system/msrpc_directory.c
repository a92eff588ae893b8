// SPDX-License-Identifier: Apache-2.0
/*
 * Operations of DnsServer and drsuapi on a real domain controller: its answers decode and say what is known
 * of the domain. Each check is a line "ok TEXT" or "not ok TEXT"; the last line is "done".
 *
 *   msrpc_directory dns|directory BINDING USER PASSWORD DNS-DOMAIN
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <msrpc/dnsserver.h>
#include <msrpc/drsuapi.h>
#include <msrpc/rpc.h>
#include <msrpc/unistr.h>

static struct rpc_conn *conn;
static struct nt_arena *mem;

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

/* The call went through and its result is 0. */
static bool gave(enum nt_status st, uint32_t result, const char *what)
{
    if (st != STATUS_SUCCESS)
        check(false, "%s: 0x%08x (%s)", what, (unsigned)st, rpc_conn_error(conn));
    else
        check(result == 0, "%s: result %u", what, result);
    return st == STATUS_SUCCESS && result == 0;
}

static const char16_t *wide(const char *s)
{
    char16_t *w;
    size_t n;
    if (ustr_from_utf8_wtf(s, USTR_NUL, &w, &n) != STATUS_SUCCESS)
        abort();
    return w;
}

static bool is_text(const char16_t *s, const char *want)
{
    char buf[512];
    return s && ustr_to_utf8_lossy_buf(s, USTR_NUL, buf, sizeof(buf), NULL) == STATUS_SUCCESS &&
           strcasecmp(buf, want) == 0;
}

/* ---- DnsServer ---- */

enum { NEW = 0x00070000, ANY_TYPE = 255 };

static void server_info(void)
{
    struct DnsServer_R_DnssrvQuery2 r = {
        .in = { .dwClientVersion = NEW, .pwszServerName = u"server", .pszOperation = "ServerInfo" }
    };
    if (!gave(DnsServer_R_DnssrvQuery2(conn, mem, &r), (uint32_t)r.out.result, "ServerInfo"))
        return;
    check(r.out.pdwTypeId == DnsServer_DNSSRV_TYPEID_SERVER_INFO, "the newest form of it: type %u",
          r.out.pdwTypeId);
    if (r.out.pdwTypeId != DnsServer_DNSSRV_TYPEID_SERVER_INFO || !r.out.ppData.ServerInfo)
        return;
    const struct DnsServer_DNS_RPC_SERVER_INFO_LONGHORN *s = r.out.ppData.ServerInfo;
    check(s->pszServerName && s->pszDsContainer, "it has its name, %s",
          s->pszServerName ? s->pszServerName : "(null)");
    check(s->aipServerAddrs && s->aipServerAddrs->AddrCount > 0, "and addresses");
}

static void zones(const char *domain)
{
    struct DnsServer_R_DnssrvComplexOperation2 r = {
        .in = { .dwClientVersion = NEW,
                .pwszServerName = u"server",
                .pszOperation = "EnumZones",
                .dwTypeIn = DnsServer_DNSSRV_TYPEID_DWORD,
                .pDataIn.Dword = DnsServer_ZONE_REQUEST_PRIMARY | DnsServer_ZONE_REQUEST_FORWARD }
    };
    if (!gave(DnsServer_R_DnssrvComplexOperation2(conn, mem, &r), (uint32_t)r.out.result, "EnumZones"))
        return;
    bool found = false;
    const struct DnsServer_DNS_RPC_ZONE_LIST_DOTNET *l =
        r.out.pdwTypeOut == DnsServer_DNSSRV_TYPEID_ZONE_LIST ? r.out.ppDataOut.ZoneList : NULL;
    for (uint32_t i = 0; l && i < l->dwZoneCount; i++)
        found |= l->ZoneArray[i] && is_text(l->ZoneArray[i]->pszZoneName, domain);
    check(found, "the zone of the domain is among %u", l ? l->dwZoneCount : 0);
}

static void records(const char *domain)
{
    struct DnsServer_R_DnssrvEnumRecords2 r = { .in = { .dwClientVersion = NEW,
                                                        .pwszServerName = u"server",
                                                        .pszZone = domain,
                                                        .pszNodeName = "@",
                                                        .wRecordType = ANY_TYPE,
                                                        .fSelectFlag =
                                                            DnsServer_DNS_RPC_VIEW_AUTHORITY_DATA } };
    if (!gave(DnsServer_R_DnssrvEnumRecords2(conn, mem, &r), (uint32_t)r.out.result, "EnumRecords2"))
        return;
    /* DNS_RPC_NODE, [MS-DNSP] 2.2.2.2.3: length, number of records, flags, number of children, name */
    const uint8_t *n = r.out.ppBuffer;
    check(n && r.out.pdwBufferLength > 16 && (n[2] | n[3] << 8) > 0, "records of the zone: %u bytes",
          r.out.pdwBufferLength);
}

static void dns(const char *domain)
{
    server_info();
    zones(domain);
    records(domain);
    struct DnsServer_R_DnssrvQuery2 r = { .in = { .dwClientVersion = NEW,
                                                  .pwszServerName = u"server",
                                                  .pszZone = "no.such.zone",
                                                  .pszOperation = "Zone" } };
    enum nt_status st = DnsServer_R_DnssrvQuery2(conn, mem, &r);
    check(st == STATUS_SUCCESS && r.out.result != 0, "a zone that is not there: %d", r.out.result);
}

/* ---- drsuapi ---- */

static struct ndr_handle bind_directory(void)
{
    /* DRS_EXTENSIONS_INT, [MS-DRSR] 5.39: flags first */
    static const uint32_t flags = drsuapi_DRS_EXT_BASE | drsuapi_DRS_EXT_DCINFO_V2 |
                                  drsuapi_DRS_EXT_GETCHGREQ_V8 | drsuapi_DRS_EXT_GETCHGREPLY_V6 |
                                  drsuapi_DRS_EXT_STRONG_ENCRYPTION | drsuapi_DRS_EXT_GETCHGREQ_V5 |
                                  drsuapi_DRS_EXT_GET_REPL_INFO | drsuapi_DRS_EXT_LINKED_VALUE_REPLICATION;
    uint8_t rgb[28] = { flags & 0xff, flags >> 8 & 0xff, flags >> 16 & 0xff, flags >> 24 & 0xff };
    struct drsuapi_DRS_EXTENSIONS client = { sizeof(rgb), rgb };
    struct nt_guid dsa; /* what clients that are no domain controllers give (NTDSAPI_CLIENT_GUID, 5.140) */
    if (nt_guid_parse("e24d201a-4fd6-11d1-a3da-0000f875ae0d", &dsa) != STATUS_SUCCESS)
        abort();
    struct drsuapi_IDL_DRSBind r = { .in = { &dsa, &client } };
    if (gave(drsuapi_IDL_DRSBind(conn, mem, &r), r.out.result, "DRSBind"))
        check(r.out.ppextServer && r.out.ppextServer->cb >= 24 && (r.out.ppextServer->rgb[0] & 1),
              "the server says what it can do");
    return r.out.phDrs;
}

static const char16_t *crack(struct ndr_handle h, const char *domain)
{
    char name[256];
    snprintf(name, sizeof(name), "%s/", domain);
    const char16_t *names[2] = { wide(name), u"no.such.domain/" };
    struct drsuapi_IDL_DRSCrackNames r = { .in = { .hDrs = h, .dwInVersion = 1 } };
    r.in.pmsgIn.V1 = (struct drsuapi_DRS_MSG_CRACKREQ_V1){ .formatOffered = drsuapi_DS_CANONICAL_NAME,
                                                           .formatDesired = drsuapi_DS_FQDN_1779_NAME,
                                                           .cNames = 2,
                                                           .rpNames = names };
    if (!gave(drsuapi_IDL_DRSCrackNames(conn, mem, &r), r.out.result, "DRSCrackNames"))
        return NULL;
    const struct drsuapi_DS_NAME_RESULTW *l = r.out.pmsgOut.V1.pResult;
    check(l && l->cItems == 2, "two names, two results");
    if (!l || l->cItems != 2)
        return NULL;
    check(l->rItems[0].status == drsuapi_DS_NAME_NO_ERROR && is_text(l->rItems[0].pDomain, domain),
          "the domain has a name");
    check(l->rItems[1].status != drsuapi_DS_NAME_NO_ERROR, "another has not: %u", l->rItems[1].status);
    return l->rItems[0].pName;
}

static void controllers(struct ndr_handle h, const char *domain)
{
    struct drsuapi_IDL_DRSDomainControllerInfo r = { .in = { .hDrs = h, .dwInVersion = 1 } };
    r.in.pmsgIn.V1.Domain = wide(domain);
    r.in.pmsgIn.V1.InfoLevel = 2;
    if (!gave(drsuapi_IDL_DRSDomainControllerInfo(conn, mem, &r), r.out.result, "DRSDomainControllerInfo"))
        return;
    const struct drsuapi_DRS_MSG_DCINFOREPLY_V2 *l = &r.out.pmsgOut.V2;
    check(r.out.pdwOutVersion == 2 && l->cItems == 1 && l->rItems[0].fIsPdc,
          "one domain controller, which is the PDC");
}

static void changes(struct ndr_handle h, const char16_t *nc)
{
    uint32_t len = 0;
    while (nc[len])
        len++;
    struct drsuapi_DSNAME name = { .structLen = 58 + 2 * len,
                                   .NameLen = len,
                                   .StringName = (char16_t *)(uintptr_t)nc };
    struct drsuapi_IDL_DRSGetNCChanges r = { .in = { .hDrs = h, .dwInVersion = 8 } };
    r.in.pmsgIn.V8 =
        (struct drsuapi_DRS_MSG_GETCHGREQ_V8){ .pNC = &name,
                                               .ulFlags = drsuapi_DRS_INIT_SYNC | drsuapi_DRS_WRIT_REP |
                                                          drsuapi_DRS_GET_NC_SIZE,
                                               .cMaxObjects = 1000,
                                               .cMaxBytes = 10 << 20 };
    if (!gave(drsuapi_IDL_DRSGetNCChanges(conn, mem, &r), r.out.result, "DRSGetNCChanges"))
        return;
    const struct drsuapi_DRS_MSG_GETCHGREPLY_V6 *v = &r.out.pmsgOut.V6;
    check(r.out.pdwOutVersion == 6, "reply of version %u", r.out.pdwOutVersion);
    if (r.out.pdwOutVersion != 6)
        return;
    uint32_t n = 0, named = 0;
    for (const struct drsuapi_REPLENTINFLIST *e = v->pObjects; e; e = e->pNextEntInf, n++)
        named += e->Entinf.pName && e->Entinf.pName->NameLen > 0 && e->Entinf.AttrBlock.attrCount > 0;
    check(n == v->cNumObjects && named == n, "%u of %u objects, all with names and attributes", n,
          v->cNumObjects);
    check(n > 128, "more than a type may be nested");
    check(v->PrefixTableSrc.PrefixCount > 10, "%u prefixes", v->PrefixTableSrc.PrefixCount);
}

static void directory(const char *domain)
{
    struct ndr_handle h = bind_directory();
    const char16_t *nc = crack(h, domain);
    controllers(h, domain);
    if (nc)
        changes(h, nc);
    struct drsuapi_IDL_DRSUnbind r = { .in = { h } };
    if (gave(drsuapi_IDL_DRSUnbind(conn, mem, &r), r.out.result, "DRSUnbind"))
        check(nt_guid_is_null(&r.out.phDrs.uuid), "a closed handle is null");
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("msrpc_directory dns|directory BINDING USER PASSWORD DNS-DOMAIN\n", stderr);
        return 2;
    }
    bool is_dns = strcmp(argv[1], "dns") == 0;
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct nt_error err = { "" };
    struct rpc_binding *b = NULL;
    mem = nt_arena_new(0);
    co.user = argv[3];
    co.password = argv[4];
    o.error = &err;
    if (!mem || rpc_binding_parse(argv[2], &b, &err) != STATUS_SUCCESS ||
        sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS ||
        rpc_open(b, is_dns ? &DnsServer_interface : &drsuapi_interface, &o, &conn) != STATUS_SUCCESS) {
        fprintf(stderr, "%s: %s\n", argv[2], err.text);
        return 1;
    }
    (is_dns ? dns : directory)(argv[5]);
    rpc_close(conn);
    sec_creds_unref(o.creds);
    rpc_binding_unref(b);
    nt_arena_free(mem);
    puts("done");
    return 0;
}
