// SPDX-License-Identifier: Apache-2.0
/* [MS-WKST]: the machine as a client, which it is for nobody here: names, settings, users, membership. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_wks.h"

#define HANDLER(op) static enum nt_status op(struct rpc_server_call *call, struct wkssvc_##op *r)

static const struct serve_host *host_of(const struct rpc_server_call *call)
{
    return rpc_server_arg(call);
}

enum { PLATFORM_NT = 500 };

/* ---- settings ([MS-WKST] 3.2.1, 3.2.4.2) ---- */

static const struct setting {
    const char *name;
    size_t at; /* in WKSTA_INFO_502 */
    uint32_t level, parm, value, min, max;
} settings[] = {
    { "wkssvc.keep_conn", offsetof(struct wkssvc_WKSTA_INFO_502, wki502_keep_conn), 1013, 0x0d, 600, 1,
      65535 },
    { "wkssvc.max_cmds", offsetof(struct wkssvc_WKSTA_INFO_502, wki502_max_cmds), 0, 0, 50, 50, 65535 },
    { "wkssvc.sess_timeout", offsetof(struct wkssvc_WKSTA_INFO_502, wki502_sess_timeout), 1018, 0x12, 60, 60,
      65535 },
    { "wkssvc.dormant_file_limit", offsetof(struct wkssvc_WKSTA_INFO_502, wki502_dormant_file_limit), 1046,
      0x2e, 1023, 1, UINT32_MAX },
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static enum nt_status load(struct samdb *d, struct nt_arena *mem, struct wkssvc_WKSTA_INFO_502 *to)
{
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = 0; st == STATUS_SUCCESS && i < SETTINGS; i++) {
        const char *text = NULL;
        char *end = NULL;
        st = samdb_setting(d, settings[i].name, mem, &text);
        unsigned long v = text ? strtoul(text, &end, 10) : settings[i].value;
        uint32_t kept =
            text && (*end || v < settings[i].min || v > settings[i].max) ? settings[i].value : (uint32_t)v;
        memcpy((uint8_t *)to + settings[i].at, &kept, sizeof kept);
    }
    return st;
}

/* The values that a level has, checked: *ret_parm names the first that cannot be. */
static enum werror values_of(uint32_t level, const void *info, uint32_t value[SETTINGS], bool has[SETTINGS],
                             uint32_t *ret_parm)
{
    bool any = false;
    *ret_parm = 0; /* also for a level that is none: note 31 */
    for (unsigned i = 0; i < SETTINGS; i++) {
        has[i] = level == 502 || level == settings[i].level;
        any |= has[i];
        if (!has[i] || !info)
            continue;
        memcpy(&value[i], (const uint8_t *)info + (level == 502 ? settings[i].at : 0), sizeof value[i]);
        *ret_parm = settings[i].parm;
        if (value[i] < settings[i].min || value[i] > settings[i].max)
            return W_ERROR_INVALID_PARAMETER;
    }
    return !any ? W_ERROR_INVALID_PARAMETER : !info ? W_ERROR_INVALID_PARAMETER : W_ERROR_SUCCESS;
}

struct wanted {
    uint32_t value[SETTINGS];
    bool has[SETTINGS];
};

static enum werror store_settings(struct samdb *d, struct host_change *c)
{
    const struct wanted *w = c->more;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return store_error(st);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < SETTINGS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", w->value[i]);
        if (w->has[i])
            st = samdb_set_setting(d, settings[i].name, text);
    }
    return store_error(samdb_end(d, st));
}

static enum werror plan_settings(struct host_change *c)
{
    c->there = store_settings;
    return W_ERROR_SUCCESS;
}

static enum nt_status finish_settings(struct host_change *c)
{
    struct wkssvc_NetrWkstaSetInfo *r = c->r;
    r->out.result = c->we;
    r->out.ErrorParameter = r->in.ErrorParameter ? nt_arena_obj(rpc_server_mem(c->call), uint32_t) : NULL;
    if (r->out.ErrorParameter)
        *r->out.ErrorParameter = c->we == W_ERROR_INVALID_PARAMETER ? c->parm : 0;
    return r->in.ErrorParameter && !r->out.ErrorParameter ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

HANDLER(NetrWkstaSetInfo)
{
    struct host_change *c = host_change_new(rpc_server_arg(call), call, r);
    struct wanted *w = nt_arena_obj(rpc_server_mem(call), struct wanted);
    if (!c || !w)
        return STATUS_NO_MEMORY;
    c->plan = plan_settings;
    c->finish = finish_settings;
    c->more = w;
    c->we = !may(call, WHO_ADMINISTRATOR)
                ? W_ERROR_ACCESS_DENIED /* all arms are pointers */
                : values_of(r->in.Level, r->in.WkstaInfo.WkstaInfo502, w->value, w->has, &c->parm);
    return c->we == W_ERROR_SUCCESS ? host_change(c) : finish_settings(c);
}

/* ---- information: 3.2.4.1 ---- */

static bool put_names(struct nt_arena *mem, uint32_t level, const char16_t *name, const char16_t *group,
                      uint32_t users, union wkssvc_WKSTA_INFO *u)
{
    const struct machine_version v = machine_version;
    if (level == 100) {
        u->WkstaInfo100 = nt_arena_obj(mem, struct wkssvc_WKSTA_INFO_100);
        if (u->WkstaInfo100)
            *u->WkstaInfo100 = (struct wkssvc_WKSTA_INFO_100){ PLATFORM_NT, name, group, v.major, v.minor };
    } else if (level == 101) {
        u->WkstaInfo101 = nt_arena_obj(mem, struct wkssvc_WKSTA_INFO_101);
        if (u->WkstaInfo101)
            *u->WkstaInfo101 =
                (struct wkssvc_WKSTA_INFO_101){ PLATFORM_NT, name, group, v.major, v.minor, NULL };
    } else {
        u->WkstaInfo102 = nt_arena_obj(mem, struct wkssvc_WKSTA_INFO_102);
        if (u->WkstaInfo102)
            *u->WkstaInfo102 =
                (struct wkssvc_WKSTA_INFO_102){ PLATFORM_NT, name, group, v.major, v.minor, NULL, users };
    }
    return u->WkstaInfo100;
}

HANDLER(NetrWkstaGetInfo)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct samdb *d = host_of(call)->db;
    struct samdb_domain dom;
    const char **users;
    unsigned n = 0;
    uint32_t level = r->in.Level;
    r->out.result = level != 502 && (level < 100 || level > 102)               ? W_ERROR_INVALID_LEVEL
                    : !may(call, level <= 101 ? WHO_KNOWN : WHO_ADMINISTRATOR) ? W_ERROR_ACCESS_DENIED
                                                                               : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    if (level == 502) {
        struct wkssvc_WKSTA_INFO_502 *i = nt_arena_obj(mem, struct wkssvc_WKSTA_INFO_502);
        enum nt_status st = i ? load(d, mem, i) : STATUS_NO_MEMORY;
        if (i)
            i->wki502_dormant_file_limit = 0; /* kept, and not told: note 30 */
        r->out.WkstaInfo.WkstaInfo502 = i;
        return st;
    }
    enum nt_status st = samdb_domain(d, mem, &dom);
    if (st == STATUS_SUCCESS && level == 102)
        st = machine_users(mem, &users, &n);
    if (st != STATUS_SUCCESS)
        return st;
    const char16_t *name = text16(mem, dom.machine), *group = text16(mem, dom.workgroup);
    return name && group && put_names(mem, level, name, group, n, &r->out.WkstaInfo) ? STATUS_SUCCESS
                                                                                     : STATUS_NO_MEMORY;
}

/* ---- who is logged on: 3.2.4.3 ---- */

static bool put_users(struct nt_arena *mem, const char **users, const struct page *p, const char16_t *machine,
                      struct wkssvc_WKSTA_USER_ENUM_STRUCT *out)
{
    union wkssvc_WKSTA_USER_ENUM_UNION *u = &out->WkstaUserInfo;
    bool ok = true;
    if (out->Level == 0) {
        u->Level0 = nt_arena_obj(mem, struct wkssvc_WKSTA_USER_INFO_0_CONTAINER);
        struct wkssvc_WKSTA_USER_INFO_0 *list = nt_arena_array(mem, p->n, sizeof *list);
        if (!u->Level0 || !list)
            return false;
        *u->Level0 = (struct wkssvc_WKSTA_USER_INFO_0_CONTAINER){ (uint32_t)p->n, list };
        for (size_t i = 0; i < p->n; i++)
            ok &= (list[i].wkui0_username = text16(mem, users[p->from + i])) != NULL;
        return ok;
    }
    u->Level1 = nt_arena_obj(mem, struct wkssvc_WKSTA_USER_INFO_1_CONTAINER);
    struct wkssvc_WKSTA_USER_INFO_1 *list = nt_arena_array(mem, p->n, sizeof *list);
    if (!u->Level1 || !list)
        return false;
    *u->Level1 = (struct wkssvc_WKSTA_USER_INFO_1_CONTAINER){ (uint32_t)p->n, list };
    for (size_t i = 0; i < p->n; i++) {
        list[i] = (struct wkssvc_WKSTA_USER_INFO_1){ text16(mem, users[p->from + i]), machine, u"", machine };
        ok &= list[i].wkui1_username != NULL;
    }
    return ok;
}

HANDLER(NetrWkstaUserEnum)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct samdb_domain dom;
    struct page p;
    const char **users;
    unsigned n;
    uint32_t level = r->in.UserInfo.Level;
    r->out.UserInfo = (struct wkssvc_WKSTA_USER_ENUM_STRUCT){ .Level = level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_ADMINISTRATOR) ? W_ERROR_ACCESS_DENIED
                    : level > 1                   ? W_ERROR_INVALID_LEVEL
                                                  : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = samdb_domain(host_of(call)->db, mem, &dom);
    if (st == STATUS_SUCCESS)
        st = machine_users(mem, &users, &n);
    const char16_t *machine = st == STATUS_SUCCESS ? text16(mem, dom.machine) : NULL;
    size_t *sizes = machine ? nt_arena_array(mem, n, sizeof *sizes) : NULL;
    if (st != STATUS_SUCCESS || !sizes)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++)
        sizes[i] = 4 + 2 * (strlen(users[i]) + 1) + (level ? 14 + 2 * text_size(machine) : 0);
    st = page_make(mem, sizes, n, r->in.ResumeHandle, r->in.PreferredMaximumLength, &p);
    if (st == STATUS_SUCCESS && !put_users(mem, users, &p, machine, &r->out.UserInfo))
        st = STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS)
        return st;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result =
        p.we == W_NERR_BufTooSmall ? W_ERROR_MORE_DATA : p.we; /* there is no other word for it here */
    return STATUS_SUCCESS;
}

/* ---- transports: 3.2.4.4 to 3.2.4.6 ---- */

static bool put_transports(struct nt_arena *mem, const struct serve_host *h, const struct page *p,
                           struct wkssvc_WKSTA_TRANSPORT_ENUM_STRUCT *out)
{
    struct wkssvc_WKSTA_TRANSPORT_INFO_0_CONTAINER *to =
        nt_arena_obj(mem, struct wkssvc_WKSTA_TRANSPORT_INFO_0_CONTAINER);
    struct wkssvc_WKSTA_TRANSPORT_INFO_0 *list = nt_arena_array(mem, p->n, sizeof *list);
    bool ok = to && list;
    for (size_t i = 0; ok && i < p->n; i++) {
        const struct serve_transport *t = &h->transports[p->from + i];
        list[i] =
            (struct wkssvc_WKSTA_TRANSPORT_INFO_0){ 0, 0, text16(mem, t->name), text16(mem, t->address), 1 };
        ok = list[i].wkti0_transport_name && list[i].wkti0_transport_address;
    }
    if (ok)
        *to = (struct wkssvc_WKSTA_TRANSPORT_INFO_0_CONTAINER){ (uint32_t)p->n, list };
    out->WkstaTransportInfo.Level0 = to;
    return ok;
}

HANDLER(NetrWkstaTransportEnum)
{
    struct nt_arena *mem = rpc_server_mem(call);
    const struct serve_host *h = host_of(call);
    struct page p;
    r->out.TransportInfo = (struct wkssvc_WKSTA_TRANSPORT_ENUM_STRUCT){ .Level = r->in.TransportInfo.Level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_KNOWN)       ? W_ERROR_ACCESS_DENIED
                    : r->in.TransportInfo.Level ? W_ERROR_INVALID_LEVEL
                                                : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    size_t *sizes = nt_arena_array(mem, h->n_transports, sizeof *sizes);
    for (unsigned i = 0; sizes && i < h->n_transports; i++)
        sizes[i] = 20 + 2 * (strlen(h->transports[i].name) + strlen(h->transports[i].address) + 2);
    enum nt_status st =
        page_make(mem, sizes, h->n_transports, r->in.ResumeHandle, r->in.PreferredMaximumLength, &p);
    if (st == STATUS_SUCCESS && !put_transports(mem, h, &p, &r->out.TransportInfo))
        st = STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS)
        return st;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result = p.we == W_ERROR_MORE_DATA ? W_NERR_BufTooSmall : p.we; /* 3.2.4.4 */
    return STATUS_SUCCESS;
}

/* Notes 41, 43: Windows has an answer for administrators, and it is no. */
HANDLER(NetrWkstaTransportAdd)
{
    r->out.ErrorParameter = r->in.ErrorParameter;
    r->out.result = r->in.Level                     ? W_ERROR_INVALID_LEVEL
                    : !may(call, WHO_ADMINISTRATOR) ? W_ERROR_ACCESS_DENIED
                                                    : W_ERROR_INVALID_FUNCTION;
    return STATUS_SUCCESS;
}

HANDLER(NetrWkstaTransportDel)
{
    r->out.result = r->in.ForceLevel > 2            ? W_ERROR_INVALID_PARAMETER
                    : !may(call, WHO_ADMINISTRATOR) ? W_ERROR_ACCESS_DENIED
                                                    : W_ERROR_INVALID_FUNCTION;
    return STATUS_SUCCESS;
}

/* ---- connections of this machine to others: it makes none (3.2.4.7 to 3.2.4.10) ---- */

HANDLER(NetrUseAdd)
{
    r->out.ErrorParameter =
        r->in.ErrorParameter; /* 3.2.4.7 has level 0, too; Samba's suite wants it refused */
    r->out.result = !may(call, WHO_KNOWN)                ? W_ERROR_ACCESS_DENIED
                    : r->in.Level < 1 || r->in.Level > 3 ? W_ERROR_INVALID_LEVEL
                                                         : W_ERROR_CALL_NOT_IMPLEMENTED;
    return STATUS_SUCCESS;
}

HANDLER(NetrUseGetInfo)
{
    r->out.result = !may(call, WHO_KNOWN) ? W_ERROR_ACCESS_DENIED
                    : r->in.Level > 3     ? W_ERROR_INVALID_LEVEL
                    : !*r->in.UseName     ? W_ERROR_INVALID_PARAMETER
                                          : W_NERR_UseNotFound;
    return STATUS_SUCCESS;
}

HANDLER(NetrUseDel)
{
    r->out.result = !may(call, WHO_KNOWN)  ? W_ERROR_ACCESS_DENIED
                    : r->in.ForceLevel > 2 ? W_ERROR_INVALID_LEVEL
                    : !*r->in.UseName      ? W_ERROR_INVALID_PARAMETER
                                           : W_NERR_UseNotFound;
    return STATUS_SUCCESS;
}

HANDLER(NetrUseEnum)
{
    struct nt_arena *mem = rpc_server_mem(call);
    union wkssvc_USE_ENUM_UNION *u = &r->out.InfoStruct.UseInfo;
    uint32_t level = r->in.InfoStruct.Level;
    r->out.InfoStruct = (struct wkssvc_USE_ENUM_STRUCT){ .Level = level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_KNOWN) ? W_ERROR_ACCESS_DENIED
                    : level > 2           ? W_ERROR_INVALID_LEVEL
                                          : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    u->Level0 = nt_arena_obj(mem, struct wkssvc_USE_INFO_0_CONTAINER); /* empty ones look alike */
    return u->Level0 ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* ---- statistics: 3.2.4.11 ---- */

HANDLER(NetrWorkstationStatisticsGet)
{
    const struct nt_env *env = host_env(host_of(call));
    r->out.result = !may(call, WHO_KNOWN) ? W_ERROR_ACCESS_DENIED /* note 54 */
                    : r->in.Level         ? W_ERROR_INVALID_LEVEL
                    : r->in.Options       ? W_ERROR_INVALID_PARAMETER
                                          : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    r->out.Buffer = nt_arena_obj(rpc_server_mem(call), struct wkssvc_STAT_WORKSTATION_0);
    if (!r->out.Buffer)
        return STATUS_NO_MEMORY;
    /* counted since the machine started; there was nothing to count */
    r->out.Buffer->StatisticsStartTime.QuadPart =
        (int64_t)(env->wall(env->arg) - env->monotonic(env->arg) / 100);
    return STATUS_SUCCESS;
}

/* ---- names and membership: 3.2.4.12 to 3.2.4.28 ---- */

HANDLER(NetrGetJoinInformation)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct samdb_domain dom;
    r->out.BufferType = wkssvc_NetSetupUnknownStatus;
    r->out.result = !over_pipe(call)        ? W_RPC_S_PROTSEQ_NOT_SUPPORTED
                    : !may(call, WHO_KNOWN) ? W_ERROR_ACCESS_DENIED
                                            : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = samdb_domain(host_of(call)->db, mem, &dom);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.NameBuffer = text16(mem, dom.workgroup);
    r->out.BufferType = wkssvc_NetSetupWorkgroupName; /* the store is of a machine by itself */
    return r->out.NameBuffer ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* Whom this machine belongs to, and what it is called in the first place, its own configuration says. */
static enum werror refused(const struct rpc_server_call *call)
{
    return !over_pipe(call)                ? W_RPC_S_PROTSEQ_NOT_SUPPORTED
           : !may(call, WHO_ADMINISTRATOR) ? W_ERROR_ACCESS_DENIED
                                           : W_ERROR_NOT_SUPPORTED;
}
#define REFUSE(op)                                                                                           \
    HANDLER(op)                                                                                              \
    {                                                                                                        \
        r->out.result = refused(call);                                                                       \
        return STATUS_SUCCESS;                                                                               \
    }
REFUSE(NetrJoinDomain2)
REFUSE(NetrUnjoinDomain2)
REFUSE(NetrRenameMachineInDomain2)
REFUSE(NetrSetPrimaryComputerName)
REFUSE(NetrJoinDomain3)
REFUSE(NetrUnjoinDomain3)
REFUSE(NetrRenameMachineInDomain3)
REFUSE(NetrSetPrimaryComputerName2)

/* Windows answers these to nobody from outside (note 89): RPC_E_REMOTE_DISABLED. */
static enum werror local_only(const struct rpc_server_call *call)
{
    return !over_pipe(call)        ? W_RPC_S_PROTSEQ_NOT_SUPPORTED
           : !may(call, WHO_KNOWN) ? W_ERROR_ACCESS_DENIED
                                   : (enum werror)0x8001011c;
}

HANDLER(NetrGetJoinableOUs2)
{
    r->out.result = local_only(call);
    return STATUS_SUCCESS;
}

HANDLER(NetrValidateName2)
{
    r->out.result = local_only(call);
    return STATUS_SUCCESS;
}

HANDLER(NetrValidateName3)
{
    r->out.result = local_only(call);
    return STATUS_SUCCESS;
}

static const struct wkssvc_handlers handlers = {
    .NetrWkstaGetInfo = NetrWkstaGetInfo,
    .NetrWkstaSetInfo = NetrWkstaSetInfo,
    .NetrWkstaUserEnum = NetrWkstaUserEnum,
    .NetrWkstaTransportEnum = NetrWkstaTransportEnum,
    .NetrWkstaTransportAdd = NetrWkstaTransportAdd,
    .NetrWkstaTransportDel = NetrWkstaTransportDel,
    .NetrUseAdd = NetrUseAdd,
    .NetrUseGetInfo = NetrUseGetInfo,
    .NetrUseDel = NetrUseDel,
    .NetrUseEnum = NetrUseEnum,
    .NetrWorkstationStatisticsGet = NetrWorkstationStatisticsGet,
    .NetrGetJoinInformation = NetrGetJoinInformation,
    .NetrJoinDomain2 = NetrJoinDomain2,
    .NetrUnjoinDomain2 = NetrUnjoinDomain2,
    .NetrRenameMachineInDomain2 = NetrRenameMachineInDomain2,
    .NetrValidateName2 = NetrValidateName2,
    .NetrGetJoinableOUs2 = NetrGetJoinableOUs2,
    .NetrAddAlternateComputerName = wks_NetrAddAlternateComputerName,
    .NetrRemoveAlternateComputerName = wks_NetrRemoveAlternateComputerName,
    .NetrSetPrimaryComputerName = NetrSetPrimaryComputerName,
    .NetrEnumerateComputerNames = wks_NetrEnumerateComputerNames,
    .NetrJoinDomain3 = NetrJoinDomain3,
    .NetrUnjoinDomain3 = NetrUnjoinDomain3,
    .NetrRenameMachineInDomain3 = NetrRenameMachineInDomain3,
    .NetrValidateName3 = NetrValidateName3,
    .NetrAddAlternateComputerName2 = wks_NetrAddAlternateComputerName2,
    .NetrRemoveAlternateComputerName2 = wks_NetrRemoveAlternateComputerName2,
    .NetrSetPrimaryComputerName2 = NetrSetPrimaryComputerName2,
};

enum nt_status serve_wkssvc(struct rpc_server *server, struct serve_host *h)
{
    enum nt_status st = wkssvc_register(server, &handlers, h);
    if (st == STATUS_SUCCESS)
        st = rpc_server_require(server, &wkssvc_interface, SEC_LEVEL_INTEGRITY);
    return st == STATUS_SUCCESS ? rpc_server_trust_local(server, &wkssvc_interface, RPC_LOCAL_TRUST_OWNER) : st;
}
