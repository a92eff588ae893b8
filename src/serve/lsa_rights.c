// SPDX-License-Identifier: Apache-2.0
/* Privileges, and accounts that hold rights: [MS-LSAD] 3.1.4.5, 3.1.4.8. Both are fixed here. */
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_lsa.h"

#define LANGUAGE_ENGLISH 0x0409

/* ---- privileges: 3.1.1.2.1; the LUID is the place + 2 ---- */

enum { PRIVILEGE_FIRST = 2, SE_SECURITY = 8, SE_TAKE_OWNERSHIP = 9, SE_CHANGE_NOTIFY = 23 };

static const struct {
    const char16_t *name, *text;
} privileges[] = {
    { u"SeCreateTokenPrivilege", u"Create a token object" },
    { u"SeAssignPrimaryTokenPrivilege", u"Replace a process-level token" },
    { u"SeLockMemoryPrivilege", u"Lock pages in memory" },
    { u"SeIncreaseQuotaPrivilege", u"Adjust memory quotas for a process" },
    { u"SeMachineAccountPrivilege", u"Add workstations to domain" },
    { u"SeTcbPrivilege", u"Act as part of the operating system" },
    { u"SeSecurityPrivilege", u"Manage auditing and security log" },
    { u"SeTakeOwnershipPrivilege", u"Take ownership of files or other objects" },
    { u"SeLoadDriverPrivilege", u"Load and unload device drivers" },
    { u"SeSystemProfilePrivilege", u"Profile system performance" },
    { u"SeSystemtimePrivilege", u"Change system time" },
    { u"SeProfileSingleProcessPrivilege", u"Profile single process" },
    { u"SeIncreaseBasePriorityPrivilege", u"Increase scheduling priority" },
    { u"SeCreatePagefilePrivilege", u"Create a page file" },
    { u"SeCreatePermanentPrivilege", u"Create permanent shared objects" },
    { u"SeBackupPrivilege", u"Back up files and directories" },
    { u"SeRestorePrivilege", u"Restore files and directories" },
    { u"SeShutdownPrivilege", u"Shut down the system" },
    { u"SeDebugPrivilege", u"Debug programs" },
    { u"SeAuditPrivilege", u"Generate security audits" },
    { u"SeSystemEnvironmentPrivilege", u"Modify firmware environment values" },
    { u"SeChangeNotifyPrivilege", u"Bypass traverse checking" },
    { u"SeRemoteShutdownPrivilege", u"Force shutdown from a remote system" },
    { u"SeUndockPrivilege", u"Remove computer from docking station" },
    { u"SeSyncAgentPrivilege", u"Synchronize directory service data" },
    { u"SeEnableDelegationPrivilege", u"Enable computer and user accounts to be trusted for delegation" },
    { u"SeManageVolumePrivilege", u"Manage the files on a volume" },
    { u"SeImpersonatePrivilege", u"Impersonate a client after authentication" },
    { u"SeCreateGlobalPrivilege", u"Create global objects" },
    { u"SeTrustedCredManAccessPrivilege", u"Access Credential Manager as a trusted caller" },
    { u"SeRelabelPrivilege", u"Modify an object label" },
    { u"SeIncreaseWorkingSetPrivilege", u"Increase a process working set" },
    { u"SeTimeZonePrivilege", u"Change time zone" },
    { u"SeCreateSymbolicLinkPrivilege", u"Create symbolic links" },
};
enum { PRIVILEGES = sizeof privileges / sizeof privileges[0] };

/* The LUID's lower half; 0: none of ours. */
static uint32_t privilege_of(const char16_t *name)
{
    for (uint32_t i = 0; i < PRIVILEGES; i++)
        if (ustr_casecmp(privileges[i].name, name) == 0)
            return i + PRIVILEGE_FIRST;
    return 0;
}

static const char16_t *privilege_name(uint32_t luid)
{
    return luid >= PRIVILEGE_FIRST && luid - PRIVILEGE_FIRST < PRIVILEGES
               ? privileges[luid - PRIVILEGE_FIRST].name
               : NULL;
}

/* ---- a page: at least one more than would fit, so that even a client that wants nothing gets on ---- */

static enum nt_status page(const size_t *sizes, uint32_t n_all, uint32_t from, uint32_t preferred,
                           uint32_t *ret_n)
{
    size_t sum = 0;
    uint32_t n = 0;
    while (from < n_all && n < n_all - from && (n == 0 || sum < preferred))
        sum += sizes[from + n++];
    *ret_n = n;
    return n == 0 ? STATUS_NO_MORE_ENTRIES : n < n_all - from ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
}

enum nt_status lsa_LsarEnumeratePrivileges(struct rpc_server_call *call,
                                           struct lsarpc_LsarEnumeratePrivileges *r)
{
    const struct lsa_object *o;
    struct lsarpc_LSAPR_PRIVILEGE_ENUM_BUFFER *to = &r->out.EnumerationBuffer;
    size_t sizes[PRIVILEGES];
    uint32_t from = r->in.EnumerationContext;
    r->out.EnumerationContext = from;
    enum nt_status st = lsa_use(call, &r->in.PolicyHandle, LSA_POLICY, lsarpc_POLICY_VIEW_LOCAL_INFORMATION,
                                &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    for (int i = 0; i < PRIVILEGES; i++)
        sizes[i] = sizeof *to->Privileges + text_size(privileges[i].name);
    r->out.result = page(sizes, PRIVILEGES, from, r->in.PreferedMaximumLength, &to->Entries);
    to->Privileges = nt_arena_array(rpc_server_mem(call), to->Entries, sizeof *to->Privileges);
    if (!to->Privileges)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < to->Entries; i++)
        to->Privileges[i] = (struct lsarpc_LSAPR_POLICY_PRIVILEGE_DEF){ lsa_string(privileges[from + i].name),
                                                                        { from + i + PRIVILEGE_FIRST, 0 } };
    if (!to->Entries)
        to->Privileges = NULL;
    r->out.EnumerationContext = from + to->Entries;
    return STATUS_SUCCESS;
}

/* The privilege of a name, for those whose handle lets them look names up; 0: none, and the result says why.
 */
static enum nt_status named_privilege(struct rpc_server_call *call, const struct ndr_handle *h,
                                      const struct dtyp_RPC_UNICODE_STRING *s, uint32_t *ret_luid,
                                      enum nt_status *ret_result)
{
    const struct lsa_object *o;
    bool valid;
    *ret_luid = 0;
    enum nt_status st = lsa_use(call, h, LSA_POLICY, lsarpc_POLICY_LOOKUP_NAMES, &o, ret_result);
    if (st != STATUS_SUCCESS || *ret_result != STATUS_SUCCESS)
        return st;
    const char16_t *name = lsa_text(rpc_server_mem(call), s, &valid);
    if (valid && !name)
        return STATUS_NO_MEMORY;
    *ret_luid = valid ? privilege_of(name) : 0;
    *ret_result = !valid ? STATUS_INVALID_PARAMETER : !*ret_luid ? STATUS_NO_SUCH_PRIVILEGE : STATUS_SUCCESS;
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarLookupPrivilegeValue(struct rpc_server_call *call,
                                            struct lsarpc_LsarLookupPrivilegeValue *r)
{
    return named_privilege(call, &r->in.PolicyHandle, &r->in.Name, &r->out.Value.LowPart, &r->out.result);
}

enum nt_status lsa_LsarLookupPrivilegeName(struct rpc_server_call *call,
                                           struct lsarpc_LsarLookupPrivilegeName *r)
{
    const struct lsa_object *o;
    enum nt_status st =
        lsa_use(call, &r->in.PolicyHandle, LSA_POLICY, lsarpc_POLICY_LOOKUP_NAMES, &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    const char16_t *name = r->in.Value.HighPart ? NULL : privilege_name(r->in.Value.LowPart);
    r->out.result = name ? STATUS_SUCCESS : STATUS_NO_SUCH_PRIVILEGE;
    return name ? lsa_put_string(call, name, &r->out.Name) : STATUS_SUCCESS;
}

/* In English, whatever language the client speaks. */
enum nt_status lsa_LsarLookupPrivilegeDisplayName(struct rpc_server_call *call,
                                                  struct lsarpc_LsarLookupPrivilegeDisplayName *r)
{
    uint32_t luid;
    enum nt_status st = named_privilege(call, &r->in.PolicyHandle, &r->in.Name, &luid, &r->out.result);
    if (st != STATUS_SUCCESS || !luid)
        return st;
    r->out.LanguageReturned = LANGUAGE_ENGLISH;
    return lsa_put_string(call, privileges[luid - PRIVILEGE_FIRST].text, &r->out.DisplayName);
}

/* ---- accounts: what this server does indeed let whom do ---- */

static const struct {
    const char16_t *name;
    uint32_t flag;
} logons[] = {
    /* 3.1.1.2.2 */
    { u"SeInteractiveLogonRight", lsarpc_POLICY_MODE_INTERACTIVE },
    { u"SeNetworkLogonRight", lsarpc_POLICY_MODE_NETWORK },
    { u"SeBatchLogonRight", lsarpc_POLICY_MODE_BATCH },
    { u"SeServiceLogonRight", lsarpc_POLICY_MODE_SERVICE },
    { u"SeDenyInteractiveLogonRight", lsarpc_POLICY_MODE_DENY_INTERACTIVE },
    { u"SeDenyNetworkLogonRight", lsarpc_POLICY_MODE_DENY_NETWORK },
    { u"SeDenyBatchLogonRight", lsarpc_POLICY_MODE_DENY_BATCH },
    { u"SeDenyServiceLogonRight", lsarpc_POLICY_MODE_DENY_SERVICE },
    { u"SeRemoteInteractiveLogonRight", lsarpc_POLICY_MODE_REMOTE_INTERACTIVE },
    { u"SeDenyRemoteInteractiveLogonRight", lsarpc_POLICY_MODE_DENY_REMOTE_INTERACTIVE },
};
enum { LOGONS = sizeof logons / sizeof logons[0] };

/* Whoever has an account may log on from the network, and what is not there need not be traversed;
 * administrators also read system access lists. */
static const struct account {
    struct nt_sid sid;
    uint64_t privileges; /* a bit for each LUID */
    uint32_t logons;
} accounts[] = {
    { LSA_SID(1, 1, 0), 1u << SE_CHANGE_NOTIFY, lsarpc_POLICY_MODE_NETWORK },
    { LSA_SID(5, 2, 32, 544), 1u << SE_SECURITY | 1u << SE_TAKE_OWNERSHIP | 1u << SE_CHANGE_NOTIFY,
      lsarpc_POLICY_MODE_NETWORK },
};
enum { ACCOUNTS = sizeof accounts / sizeof accounts[0] };

static const struct account *account_of(const struct nt_sid *sid)
{
    for (int i = 0; i < ACCOUNTS; i++)
        if (nt_sid_equal(&accounts[i].sid, sid))
            return &accounts[i];
    return NULL;
}

/* Accounts which: a list of places in the table. */
static enum nt_status put_accounts(struct rpc_server_call *call, const uint32_t *which, uint32_t n,
                                   struct lsarpc_LSAPR_ACCOUNT_ENUM_BUFFER *to)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct lsarpc_LSAPR_ACCOUNT_INFORMATION *list = nt_arena_array(mem, n, sizeof *list);
    bool ok = list;
    for (uint32_t i = 0; ok && i < n; i++) {
        list[i].Sid = nt_arena_memdup(mem, &accounts[which[i]].sid, sizeof accounts[0].sid);
        ok = list[i].Sid;
    }
    *to = (struct lsarpc_LSAPR_ACCOUNT_ENUM_BUFFER){ n, n ? list : NULL };
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status lsa_LsarEnumerateAccounts(struct rpc_server_call *call, struct lsarpc_LsarEnumerateAccounts *r)
{
    const struct lsa_object *o;
    size_t sizes[ACCOUNTS];
    uint32_t which[ACCOUNTS], n, from = r->in.EnumerationContext;
    r->out.EnumerationContext = from;
    enum nt_status st = lsa_use(call, &r->in.PolicyHandle, LSA_POLICY, lsarpc_POLICY_VIEW_LOCAL_INFORMATION,
                                &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    for (int i = 0; i < ACCOUNTS; i++)
        sizes[i] = sizeof(struct lsarpc_LSAPR_ACCOUNT_INFORMATION) + nt_sid_wire_size(&accounts[i].sid);
    r->out.result = page(sizes, ACCOUNTS, from, r->in.PreferedMaximumLength, &n);
    for (uint32_t i = 0; i < n; i++)
        which[i] = from + i;
    r->out.EnumerationContext = from + n;
    return put_accounts(call, which, n, &r->out.EnumerationBuffer);
}

/* Windows also asks for an administrator (note 73): a handle to the policy with this right is one's. */
enum nt_status lsa_LsarEnumerateAccountsWithUserRight(struct rpc_server_call *call,
                                                      struct lsarpc_LsarEnumerateAccountsWithUserRight *r)
{
    const struct lsa_object *o;
    bool valid = false;
    uint32_t which[ACCOUNTS], n = 0, luid = 0, flag = 0;
    enum nt_status st = lsa_use(call, &r->in.PolicyHandle, LSA_POLICY, lsarpc_POLICY_VIEW_LOCAL_INFORMATION,
                                &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    if (!may(call, WHO_ADMIN)) {
        r->out.result = STATUS_ACCESS_DENIED;
        return STATUS_SUCCESS;
    }
    const char16_t *name = r->in.UserRight ? lsa_text(rpc_server_mem(call), r->in.UserRight, &valid) : NULL;
    if (valid && !name)
        return STATUS_NO_MEMORY;
    for (int i = 0; valid && i < LOGONS; i++)
        flag |= ustr_casecmp(logons[i].name, name) == 0 ? logons[i].flag : 0;
    luid = valid ? privilege_of(name) : 0;
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        if ((accounts[i].logons & flag) || (luid && (accounts[i].privileges >> luid & 1)))
            which[n++] = i;
    r->out.result = !valid           ? STATUS_INVALID_PARAMETER
                    : !luid && !flag ? STATUS_NO_SUCH_PRIVILEGE
                    : !n             ? STATUS_NO_MORE_ENTRIES
                                     : STATUS_SUCCESS;
    return put_accounts(call, which, n, &r->out.EnumerationBuffer);
}

/* The access check is that of the account: who may not view it does not learn its rights. */
enum nt_status lsa_LsarEnumerateAccountRights(struct rpc_server_call *call,
                                              struct lsarpc_LsarEnumerateAccountRights *r)
{
    const struct lsa_object *o;
    enum nt_status st =
        lsa_use(call, &r->in.PolicyHandle, LSA_POLICY, lsarpc_ACCOUNT_VIEW, &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    const struct account *a = account_of(&r->in.AccountSid);
    struct dtyp_RPC_UNICODE_STRING *list =
        nt_arena_array(rpc_server_mem(call), PRIVILEGES + LOGONS, sizeof *list);
    uint32_t n = 0;
    if (!list)
        return STATUS_NO_MEMORY;
    r->out.result = a ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    for (uint32_t i = 0; a && i < PRIVILEGES; i++)
        if (a->privileges >> (i + PRIVILEGE_FIRST) & 1)
            list[n++] = lsa_string(privileges[i].name);
    for (uint32_t i = 0; a && i < LOGONS; i++)
        if (a->logons & logons[i].flag)
            list[n++] = lsa_string(logons[i].name);
    r->out.UserRights = (struct lsarpc_LSAPR_USER_RIGHT_SET){ n, n ? list : NULL };
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarOpenAccount(struct rpc_server_call *call, struct lsarpc_LsarOpenAccount *r)
{
    const struct lsa_object *o;
    enum nt_status st = lsa_use(call, &r->in.PolicyHandle, LSA_POLICY, 0, &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    if (!account_of(&r->in.AccountSid)) {
        r->out.result = STATUS_OBJECT_NAME_NOT_FOUND;
        return STATUS_SUCCESS;
    }
    return lsa_open(call, LSA_ACCOUNT, &r->in.AccountSid, r->in.DesiredAccess, &r->out.AccountHandle,
                    &r->out.result);
}

enum nt_status lsa_LsarEnumeratePrivilegesAccount(struct rpc_server_call *call,
                                                  struct lsarpc_LsarEnumeratePrivilegesAccount *r)
{
    const struct lsa_object *o;
    struct nt_arena *mem = rpc_server_mem(call);
    enum nt_status st =
        lsa_use(call, &r->in.AccountHandle, LSA_ACCOUNT, lsarpc_ACCOUNT_VIEW, &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    const struct account *a = account_of(&o->sid);
    struct lsarpc_LSAPR_PRIVILEGE_SET *set = nt_arena_obj(mem, struct lsarpc_LSAPR_PRIVILEGE_SET);
    struct lsarpc_LSAPR_LUID_AND_ATTRIBUTES *list = nt_arena_array(mem, PRIVILEGES, sizeof *list);
    if (!set || !list)
        return STATUS_NO_MEMORY;
    set->Privilege = list;
    for (uint32_t i = PRIVILEGE_FIRST; a && i < PRIVILEGE_FIRST + PRIVILEGES; i++)
        if (a->privileges >> i & 1)
            list[set->PrivilegeCount++] = (struct lsarpc_LSAPR_LUID_AND_ATTRIBUTES){ { i, 0 }, 0 };
    r->out.Privileges = set;
    return STATUS_SUCCESS;
}

enum nt_status lsa_LsarGetSystemAccessAccount(struct rpc_server_call *call,
                                              struct lsarpc_LsarGetSystemAccessAccount *r)
{
    const struct lsa_object *o;
    enum nt_status st =
        lsa_use(call, &r->in.AccountHandle, LSA_ACCOUNT, lsarpc_ACCOUNT_VIEW, &o, &r->out.result);
    if (st != STATUS_SUCCESS || r->out.result != STATUS_SUCCESS)
        return st;
    const struct account *a = account_of(&o->sid);
    r->out.SystemAccess = a ? a->logons : 0;
    return STATUS_SUCCESS;
}
