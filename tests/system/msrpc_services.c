// SPDX-License-Identifier: Apache-2.0
/*
 * Operations of winreg, svcctl, dssetup, eventlog and netlogon on a real server: its answers decode and say
 * what is known of the server. Each check is a line "ok TEXT" or "not ok TEXT"; the last line is "done".
 *
 *   msrpc_services SUITE BINDING USER PASSWORD [ARGUMENT...]
 *
 *   registry; services; role ROLE DOMAIN [DNS-DOMAIN]; events LOG; locator DOMAIN DNS-DOMAIN SERVER ADDRESS
 */
#include <arpa/inet.h>
#include <msrpc/dssetup.h>
#include <msrpc/eventlog.h>
#include <msrpc/netlogon.h>
#include <msrpc/svcctl.h>
#include <msrpc/winreg.h>
#include "msrpc_check.h"

enum {
    NO_MORE_ITEMS = 259, /* [MS-ERREF] 2.2 */
    INSUFFICIENT_BUFFER = 122,
    MORE_DATA = 234,
    MAXIMUM_ALLOWED = 0x02000000, /* [MS-DTYP] 2.4.3 */
};

static const char *counted(const struct dtyp_RPC_UNICODE_STRING *s)
{
    size_t len = s->Buffer ? s->Length / 2U : 0;
    while (len && !s->Buffer[len - 1]) /* registry names have a terminator, counted or not */
        len--;
    return s->Buffer ? text(s->Buffer, len) : "";
}

/* A counted string; `terminated` counts its terminator too. */
static struct dtyp_RPC_UNICODE_STRING string(const char16_t *s, bool terminated)
{
    size_t n = 0;
    while (s[n])
        n++;
    uint16_t bytes = (uint16_t)(2 * (n + terminated));
    return (struct dtyp_RPC_UNICODE_STRING){ bytes, bytes, (char16_t *)(uintptr_t)s };
}

static struct dtyp_RPC_UNICODE_STRING room(size_t chars)
{
    char16_t *to = nt_arena_alloc(mem, 2 * chars, 2);
    return (struct dtyp_RPC_UNICODE_STRING){ 0, (uint16_t)(2 * chars), to };
}

static bool same_text(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

/* ---- winreg ---- */

static void close_key(struct ndr_handle key)
{
    struct winreg_BaseRegCloseKey r = { .in = { key } };
    if (CALLED(r, winreg_BaseRegCloseKey, 0))
        check(nt_guid_is_null(&r.out.hKey.uuid), "a closed handle is null");
}

static bool open_key(struct ndr_handle parent, const char16_t *name, struct ndr_handle *ret)
{
    struct winreg_BaseRegOpenKey r = {
        .in = { .hKey = parent, .lpSubKey = string(name, true), .samDesired = MAXIMUM_ALLOWED }
    };
    if (!CALLED(r, winreg_BaseRegOpenKey, 0))
        return false;
    *ret = r.out.phkResult;
    return true;
}

static void subkeys(struct ndr_handle key, uint32_t n)
{
    uint32_t i;
    for (i = 0; i <= n; i++) {
        struct dtyp_RPC_UNICODE_STRING class = room(64);
        struct dtyp_FILETIME when = { 0 };
        struct winreg_BaseRegEnumKey r = { .in = { key, i, room(256), &class, &when } };
        enum nt_status st = winreg_BaseRegEnumKey(conn, mem, &r);
        if (st != STATUS_SUCCESS || r.out.result) {
            gave(st, r.out.result, NO_MORE_ITEMS, "BaseRegEnumKey ends");
            break;
        }
        if (!*counted(&r.out.lpNameOut))
            check(false, "subkey %u has a name", i);
    }
    check(i == n, "BaseRegEnumKey gives %u of %u subkeys", i, n);
}

/* Sets values of two types, reads them back by name and by index, removes them. */
static void values(struct ndr_handle key)
{
    static const uint8_t word[4] = { 0x78, 0x56, 0x34, 0x12 };
    uint8_t data[64] = { 0 };
    struct winreg_BaseRegSetValue set = { .in = { key, string(u"Tern", true), winreg_REG_DWORD,
                                                  (uint8_t *)(uintptr_t)word, sizeof word } };
    CALLED(set, winreg_BaseRegSetValue, 0);
    uint32_t type = 0, size = sizeof data, len = 0;
    struct winreg_BaseRegQueryValue q = { .in = { key, string(u"Tern", true), &type, data, &size, &len } };
    if (CALLED(q, winreg_BaseRegQueryValue, 0))
        check(*q.out.lpType == winreg_REG_DWORD && *q.out.lpcbLen == 4 && memcmp(q.out.lpData, word, 4) == 0,
              "the value is the one that was set");
    struct winreg_BaseRegQueryValue ask = { .in = { key, string(u"Tern", true), &type, NULL, &size, &len } };
    size = 0;
    if (CALLED(ask, winreg_BaseRegQueryValue, 0))
        check(!ask.out.lpData && *ask.out.lpcbData == 4, "its size can be asked for alone");
    uint32_t small = 1, none = 0;
    struct winreg_BaseRegQueryValue few = { .in = { key, string(u"Tern", true), &type, data, &small,
                                                    &none } };
    if (CALLED(few, winreg_BaseRegQueryValue, MORE_DATA))
        check(*few.out.lpcbData == 4, "a buffer that is too small is told the size");
    size = sizeof data;
    struct winreg_BaseRegEnumValue e = { .in = { key, 0, room(64), &type, data, &size, &len } };
    if (CALLED(e, winreg_BaseRegEnumValue, 0))
        check(strcmp(counted(&e.out.lpValueNameOut), "Tern") == 0 && *e.out.lpcbLen == 4, "value 0 is it: %s",
              counted(&e.out.lpValueNameOut));
    struct winreg_BaseRegDeleteValue del = { .in = { key, string(u"Tern", true) } };
    CALLED(del, winreg_BaseRegDeleteValue, 0);
    struct winreg_BaseRegDeleteValue gone = { .in = { key, string(u"Tern", true) } };
    CALLED(gone, winreg_BaseRegDeleteValue, 2);
}

static void key_security(struct ndr_handle key)
{
    struct winreg_BaseRegGetKeySecurity r = { .in = { key, 7, { .cbInSecurityDescriptor = 4096 } } };
    if (!CALLED(r, winreg_BaseRegGetKeySecurity, 0))
        return;
    const struct winreg_RPC_SECURITY_DESCRIPTOR *sd = &r.out.pRpcSecurityDescriptorOut;
    check(sd->lpSecurityDescriptor && sd->cbOutSecurityDescriptor >= 20 && sd->lpSecurityDescriptor[0] == 1,
          "a security descriptor of %u octets", sd->cbOutSecurityDescriptor);
}

static void registry(char **args)
{
    (void)args;
    struct winreg_OpenLocalMachine o = { .in = { NULL, MAXIMUM_ALLOWED } };
    struct ndr_handle software;
    if (!CALLED(o, winreg_OpenLocalMachine, 0))
        return;
    struct winreg_BaseRegGetVersion v = { .in = { o.out.phKey } };
    if (CALLED(v, winreg_BaseRegGetVersion, 0))
        check(v.out.lpdwVersion >= 5, "version %u", v.out.lpdwVersion);
    if (open_key(o.out.phKey, u"SOFTWARE", &software)) {
        struct winreg_BaseRegQueryInfoKey i = { .in = { software, string(u"", true) } };
        if (CALLED(i, winreg_BaseRegQueryInfoKey, 0)) {
            check(i.out.lpcSubKeys >= 1, "SOFTWARE has %u subkeys", i.out.lpcSubKeys);
            subkeys(software, i.out.lpcSubKeys);
        }
        key_security(software);
        uint32_t disposition = 0;
        struct winreg_BaseRegCreateKey c = { .in = { .hKey = software,
                                                     .lpSubKey = string(u"TernTest", true),
                                                     .lpClass = string(u"", true),
                                                     .samDesired = MAXIMUM_ALLOWED,
                                                     .lpdwDisposition = &disposition } };
        if (CALLED(c, winreg_BaseRegCreateKey, 0)) {
            check(c.out.lpdwDisposition && *c.out.lpdwDisposition == winreg_REG_CREATED_NEW_KEY, "a new key");
            values(c.out.phkResult);
            close_key(c.out.phkResult);
            struct winreg_BaseRegDeleteKey d = { .in = { software, string(u"TernTest", true) } };
            CALLED(d, winreg_BaseRegDeleteKey, 0);
        }
        close_key(software);
    }
    struct winreg_BaseRegOpenKey none = {
        .in = { .hKey = o.out.phKey, .lpSubKey = string(u"NoSuchKey", true), .samDesired = MAXIMUM_ALLOWED }
    };
    CALLED(none, winreg_BaseRegOpenKey, 2);
    close_key(o.out.phKey);
    struct winreg_OpenUsers u = { .in = { NULL, MAXIMUM_ALLOWED } };
    if (CALLED(u, winreg_OpenUsers, 0))
        close_key(u.out.phKey);
    struct winreg_BaseRegGetVersion stale = { .in = { o.out.phKey } };
    enum nt_status st = winreg_BaseRegGetVersion(conn, mem, &stale);
    check(st != STATUS_SUCCESS || stale.out.result == 6, "a closed handle is refused: 0x%08x %u",
          (unsigned)st, stale.out.result);
}

/* ---- svcctl ---- */

/* A string that an enumeration's buffer has at an offset; NULL if it runs out of the buffer. */
static const char *at_offset(const uint8_t *buf, size_t size, uint32_t offset)
{
    size_t n = 0;
    if (offset % 2 || offset >= size)
        return NULL;
    const char16_t *s = (const void *)(buf + offset);
    while (offset + 2 * n + 1 < size && s[n])
        n++;
    return offset + 2 * n + 1 < size ? text(s, n) : NULL;
}

static uint32_t word_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void list_services(struct ndr_handle scm)
{
    uint32_t resume = 0;
    struct svcctl_REnumServicesStatusW ask = { .in = { scm, svcctl_SERVICE_WIN32_OWN_PROCESS,
                                                       svcctl_SERVICE_STATE_ALL, 0, &resume } };
    if (!CALLED(ask, svcctl_REnumServicesStatusW, MORE_DATA))
        return;
    uint32_t size = ask.out.pcbBytesNeeded;
    struct svcctl_REnumServicesStatusW r = { .in = { scm, svcctl_SERVICE_WIN32_OWN_PROCESS,
                                                     svcctl_SERVICE_STATE_ALL, size, &resume } };
    if (!CALLED(r, svcctl_REnumServicesStatusW, 0))
        return;
    check(r.out.lpServicesReturned > 0, "%u services", r.out.lpServicesReturned);
    bool found = false;
    for (uint32_t i = 0; i < r.out.lpServicesReturned && 36 * (i + 1) <= size; i++) {
        const uint8_t *e = r.out.lpBuffer + 36 * i; /* ENUM_SERVICE_STATUSW: two offsets, seven numbers */
        const char *name = at_offset(r.out.lpBuffer, size, word_at(e));
        if (!name || !at_offset(r.out.lpBuffer, size, word_at(e + 4)))
            check(false, "service %u has names inside of the buffer", i);
        else
            found |= same_text(name, "NETLOGON");
    }
    check(found, "NETLOGON is one of them");
}

static void one_service(struct ndr_handle scm)
{
    struct svcctl_ROpenServiceW o = { .in = { scm, u"NETLOGON", MAXIMUM_ALLOWED } };
    if (!CALLED(o, svcctl_ROpenServiceW, 0))
        return;
    struct ndr_handle svc = o.out.lpServiceHandle;
    struct svcctl_RQueryServiceStatus s = { .in = { svc } };
    if (CALLED(s, svcctl_RQueryServiceStatus, 0))
        check(s.out.lpServiceStatus.dwCurrentState >= svcctl_SERVICE_STOPPED &&
                  s.out.lpServiceStatus.dwCurrentState <= svcctl_SERVICE_PAUSED,
              "state %u", s.out.lpServiceStatus.dwCurrentState);
    struct svcctl_RQueryServiceStatusEx x = { .in = { svc, svcctl_SC_STATUS_PROCESS_INFO, 36 } };
    if (CALLED(x, svcctl_RQueryServiceStatusEx, 0))
        check(word_at(x.out.lpBuffer + 4) == s.out.lpServiceStatus.dwCurrentState, "the same state");
    struct svcctl_RQueryServiceConfigW few = { .in = { svc, 0 } };
    if (CALLED(few, svcctl_RQueryServiceConfigW, INSUFFICIENT_BUFFER)) {
        struct svcctl_RQueryServiceConfigW q = { .in = { svc, few.out.pcbBytesNeeded } };
        if (CALLED(q, svcctl_RQueryServiceConfigW, 0))
            check(q.out.lpServiceConfig.lpBinaryPathName && q.out.lpServiceConfig.lpDisplayName,
                  "it is %s, %s", text(q.out.lpServiceConfig.lpDisplayName, USTR_NUL),
                  text(q.out.lpServiceConfig.lpBinaryPathName, USTR_NUL));
    }
    struct svcctl_RQueryServiceConfig2W d = { .in = { svc, svcctl_SERVICE_CONFIG_DESCRIPTION, 4096 } };
    if (CALLED(d, svcctl_RQueryServiceConfig2W, 0))
        check(at_offset(d.out.lpBuffer, 4096, word_at(d.out.lpBuffer)) != NULL, "described as: %s",
              at_offset(d.out.lpBuffer, 4096, word_at(d.out.lpBuffer)));
    struct svcctl_RQueryServiceObjectSecurity sd = { .in = { svc, 4, 4096 } };
    if (CALLED(sd, svcctl_RQueryServiceObjectSecurity, 0))
        check(sd.out.lpSecurityDescriptor[0] == 1, "a security descriptor of %u octets",
              sd.out.pcbBytesNeeded);
    struct svcctl_RControlService c = { .in = { svc, svcctl_SERVICE_CONTROL_INTERROGATE } };
    enum nt_status st = svcctl_RControlService(conn, mem, &c);
    check(st == STATUS_SUCCESS, "RControlService answers: %u", c.out.result);
    struct svcctl_RCloseServiceHandle close = { .in = { svc } };
    CALLED(close, svcctl_RCloseServiceHandle, 0);
}

static void services(char **args)
{
    (void)args;
    struct svcctl_ROpenSCManagerW o = { .in = { u"\\\\server", u"ServicesActive", MAXIMUM_ALLOWED } };
    if (!CALLED(o, svcctl_ROpenSCManagerW, 0))
        return;
    list_services(o.out.lpScHandle);
    one_service(o.out.lpScHandle);
    struct svcctl_ROpenServiceW none = { .in = { o.out.lpScHandle, u"NoSuchService", MAXIMUM_ALLOWED } };
    CALLED(none, svcctl_ROpenServiceW, 1060);
    struct svcctl_RCloseServiceHandle c = { .in = { o.out.lpScHandle } };
    CALLED(c, svcctl_RCloseServiceHandle, 0);
}

/* ---- dssetup ---- */

static void role(char **args)
{
    struct dssetup_DsRolerGetPrimaryDomainInformation r = { .in = { dssetup_DsRolePrimaryDomainInfoBasic } };
    if (CALLED(r, dssetup_DsRolerGetPrimaryDomainInformation, 0) && r.out.DomainInfo) {
        const struct dssetup_DSROLER_PRIMARY_DOMAIN_INFO_BASIC *i = &r.out.DomainInfo->DomainInfoBasic;
        check((uint32_t)i->MachineRole == (uint32_t)atoi(args[0]), "role %u", (unsigned)i->MachineRole);
        check(same_text(text(i->DomainNameFlat, USTR_NUL), args[1]), "of %s",
              text(i->DomainNameFlat, USTR_NUL));
        if (args[2])
            check(same_text(text(i->DomainNameDns, USTR_NUL), args[2]) &&
                      i->Flags & dssetup_DSROLE_PRIMARY_DOMAIN_GUID_PRESENT &&
                      !nt_guid_is_null(&i->DomainGuid),
                  "which is %s", text(i->DomainNameDns, USTR_NUL));
    }
    const uint32_t want = args[2] ? 0 : 124; /* ERROR_INVALID_LEVEL: Samba's smbd has one level only */
    struct dssetup_DsRolerGetPrimaryDomainInformation u = { .in = { dssetup_DsRoleUpgradeStatus } };
    if (CALLED(u, dssetup_DsRolerGetPrimaryDomainInformation, want) && u.out.DomainInfo)
        check(u.out.DomainInfo->UpgradStatusInfo.OperationState == 0, "no upgrade");
    struct dssetup_DsRolerGetPrimaryDomainInformation s = { .in = { dssetup_DsRoleOperationState } };
    if (CALLED(s, dssetup_DsRolerGetPrimaryDomainInformation, want) && s.out.DomainInfo)
        check(s.out.DomainInfo->OperationStateInfo.OperationState == dssetup_DsRoleOperationIdle, "idle");
}

/* ---- eventlog ---- */

static bool report(struct ndr_handle log)
{
    struct dtyp_RPC_UNICODE_STRING words = string(u"Grüße von Tern", false), *strings[] = { &words };
    uint8_t data[] = { 1, 2, 3 };
    struct eventlog_ElfrReportEventW r = { .in = { .LogHandle = log,
                                                   .Time = 1700000000,
                                                   .EventType = eventlog_EVENTLOG_INFORMATION_TYPE,
                                                   .EventCategory = 7,
                                                   .EventID = 4711,
                                                   .NumStrings = 1,
                                                   .DataSize = sizeof data,
                                                   .ComputerName = string(u"TERN", false),
                                                   .Strings = strings,
                                                   .Data = data } };
    return CALLED(r, eventlog_ElfrReportEventW, 0);
}

static void read_back(struct ndr_handle log)
{
    struct eventlog_ElfrReadELW r = {
        .in = { log, eventlog_EVENTLOG_SEQUENTIAL_READ | eventlog_EVENTLOG_FORWARDS_READ, 0, 4096 }
    };
    if (!CALLED(r, eventlog_ElfrReadELW, 0))
        return;
    const uint8_t *e = r.out.Buffer; /* EVENTLOGRECORD, [MS-EVEN] 2.2.3 */
    check(r.out.NumberOfBytesRead >= 56 && word_at(e) <= r.out.NumberOfBytesRead &&
              word_at(e + 4) == eventlog_ELF_LOG_SIGNATURE,
          "a record of %u octets in %u", word_at(e), r.out.NumberOfBytesRead);
    check(word_at(e + 20) == 4711 && e[26] == 1, "the event that was reported");
    const char *words = at_offset(e, word_at(e), word_at(e + 36));
    check(words && strcmp(words, "Grüße von Tern") == 0, "with its words: %s", words ? words : "");
}

static void events(char **args)
{
    const char16_t *name = wide(args[0]);
    struct eventlog_ElfrOpenELW o = { .in = { NULL, string(name, false), string(u"", false), 1, 1 } };
    if (!CALLED(o, eventlog_ElfrOpenELW, STATUS_SUCCESS))
        return;
    struct ndr_handle log = o.out.LogHandle;
    struct eventlog_ElfrClearELFW clear = { .in = { log, NULL } };
    CALLED(clear, eventlog_ElfrClearELFW, STATUS_SUCCESS);
    if (report(log)) {
        struct eventlog_ElfrNumberOfRecords n = { .in = { log } };
        if (CALLED(n, eventlog_ElfrNumberOfRecords, STATUS_SUCCESS))
            check(n.out.NumberOfRecords == 1, "%u records", n.out.NumberOfRecords);
        struct eventlog_ElfrOldestRecord f = { .in = { log } };
        CALLED(f, eventlog_ElfrOldestRecord, STATUS_SUCCESS);
        read_back(log);
    }
    struct eventlog_ElfrGetLogInformation i = { .in = { log, eventlog_EVENTLOG_FULL_INFO, 4 } };
    if (CALLED(i, eventlog_ElfrGetLogInformation, STATUS_SUCCESS))
        check(i.out.pcbBytesNeeded == 4 && word_at(i.out.lpBuffer) == 0, "which is not full");
    struct eventlog_ElfrOpenELW none = { .in = { NULL, string(u"", false), string(u"", false), 1, 1 } };
    enum nt_status st = eventlog_ElfrOpenELW(conn, mem, &none);
    check(st == STATUS_SUCCESS && none.out.result != STATUS_SUCCESS, "a log without a name: 0x%08x",
          (unsigned)none.out.result);
    struct eventlog_ElfrCloseEL c = { .in = { log } };
    CALLED(c, eventlog_ElfrCloseEL, STATUS_SUCCESS);
    free((void *)(uintptr_t)name);
}

/* ---- netlogon ---- */

static void find_controller(char **args)
{
    const char16_t *dns = wide(args[1]);
    struct netlogon_DsrGetDcNameEx2 r = { .in = { .DomainName = dns,
                                                  .Flags = netlogon_DS_RETURN_DNS_NAME |
                                                           netlogon_DS_DIRECTORY_SERVICE_REQUIRED } };
    if (CALLED(r, netlogon_DsrGetDcNameEx2, 0) && r.out.DomainControllerInfo) {
        const struct netlogon_DOMAIN_CONTROLLER_INFOW *i = r.out.DomainControllerInfo;
        check(strcasestr(text(i->DomainControllerName, USTR_NUL), args[2]) != NULL, "%s",
              text(i->DomainControllerName, USTR_NUL));
        check(strstr(text(i->DomainControllerAddress, USTR_NUL), args[3]) != NULL, "at %s",
              text(i->DomainControllerAddress, USTR_NUL));
        check(same_text(text(i->DomainName, USTR_NUL), args[1]) && !nt_guid_is_null(&i->DomainGuid), "of %s",
              text(i->DomainName, USTR_NUL));
        check((i->Flags & netlogon_DS_LDAP_FLAG) && (i->Flags & netlogon_DS_KDC_FLAG), "flags 0x%08x",
              i->Flags);
    }
    struct netlogon_DsrGetDcName n = { .in = { .DomainName = dns, .Flags = netlogon_DS_RETURN_DNS_NAME } };
    CALLED(n, netlogon_DsrGetDcName, 0);
    free((void *)(uintptr_t)dns);
}

static void sites(char **args)
{
    struct netlogon_DsrGetSiteName s = { .in = { NULL } };
    if (CALLED(s, netlogon_DsrGetSiteName, 0))
        check(s.out.SiteName && s.out.SiteName[0], "site %s", text(s.out.SiteName, USTR_NUL));
    struct netlogon_DsrGetDcSiteCoverageW c = { .in = { NULL } };
    if (CALLED(c, netlogon_DsrGetDcSiteCoverageW, 0) && c.out.SiteNames)
        check(c.out.SiteNames->EntryCount >= 1, "%u sites are covered", c.out.SiteNames->EntryCount);
    uint8_t address[16] = { 2 }; /* [MS-NRPC] 2.2.1.2.4.1: family, port, address, nothing */
    if (inet_pton(AF_INET, args[3], address + 4) != 1)
        abort();
    struct netlogon_NL_SOCKET_ADDRESS a = { address, sizeof address };
    struct netlogon_DsrAddressToSiteNamesExW n = { .in = { NULL, 1, &a } };
    if (CALLED(n, netlogon_DsrAddressToSiteNamesExW, 0) && n.out.SiteNames)
        check(n.out.SiteNames->EntryCount == 1, "its site: %s",
              n.out.SiteNames->EntryCount ? counted(&n.out.SiteNames->SiteNames[0]) : "");
}

static void locator(char **args)
{
    const char16_t *flat = wide(args[0]);
    find_controller(args);
    sites(args);
    struct netlogon_NetrGetDCName primary = { .in = { u"\\\\server", flat } };
    if (CALLED(primary, netlogon_NetrGetDCName, 0))
        check(strcasestr(text(primary.out.Buffer, USTR_NUL), args[2]) != NULL, "the primary: %s",
              text(primary.out.Buffer, USTR_NUL));
    struct netlogon_NetrGetDCName other = { .in = { u"\\\\server", u"NOSUCH" } };
    CALLED(other, netlogon_NetrGetDCName, W_ERROR_NO_SUCH_DOMAIN);
    struct netlogon_DsrEnumerateDomainTrusts t = { .in = { NULL, netlogon_DS_DOMAIN_IN_FOREST |
                                                                     netlogon_DS_DOMAIN_PRIMARY } };
    if (CALLED(t, netlogon_DsrEnumerateDomainTrusts, 0)) {
        bool found = false;
        for (uint32_t i = 0; i < t.out.Domains.DomainCount; i++)
            found |= same_text(text(t.out.Domains.Domains[i].NetbiosDomainName, USTR_NUL), args[0]) &&
                     t.out.Domains.Domains[i].DomainSid;
        check(found, "%u domains, %s among them", t.out.Domains.DomainCount, args[0]);
    }
    struct netlogon_NetrServerReqChallenge ch = { .in = {
                                                      NULL, u"TERNWKS", { { 1, 2, 3, 4, 5, 6, 7, 8 } } } };
    if (CALLED(ch, netlogon_NetrServerReqChallenge, STATUS_SUCCESS))
        check(memcmp(ch.out.ServerChallenge.data, (char[8]){ 0 }, 8) != 0, "a challenge");
    struct netlogon_NetrServerAuthenticate3 bad = { .in = { NULL,
                                                            u"TERNWKS$",
                                                            netlogon_WorkstationSecureChannel,
                                                            u"TERNWKS",
                                                            { { 9 } },
                                                            netlogon_NETLOGON_NEG_SUPPORTS_AES |
                                                                netlogon_NETLOGON_NEG_STRONG_KEYS |
                                                                netlogon_NETLOGON_NEG_AUTHENTICATED_RPC } };
    CALLED(bad, netlogon_NetrServerAuthenticate3, STATUS_ACCESS_DENIED);
    struct netlogon_NetrLogonControl2Ex ctl = { .in = { .FunctionCode = netlogon_NETLOGON_CONTROL_QUERY,
                                                        .QueryLevel = 1 } };
    if (CALLED(ctl, netlogon_NetrLogonControl2Ex, 0))
        check(ctl.out.Buffer.NetlogonInfo1 != NULL, "the state of its service");
    free((void *)(uintptr_t)flat);
}

/* ---- */

static const struct suite suites[] = {
    { "registry", 0, &winreg_interface, registry }, { "services", 0, &svcctl_interface, services },
    { "role", 2, &dssetup_interface, role },        { "events", 1, &eventlog_interface, events },
    { "locator", 4, &netlogon_interface, locator },
};

int main(int argc, char **argv)
{
    return run_suite(suites, sizeof suites / sizeof suites[0], argc, argv);
}
