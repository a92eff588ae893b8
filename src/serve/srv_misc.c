// SPDX-License-Identifier: Apache-2.0
/* The rest of [MS-SRVS]: time, statistics, disks, names, aliases; what is refused; and the table of all. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <msrpc/unistr.h>
#include "serve/m_host.h"
#include "serve/names.h"

#define HANDLER(op) static enum nt_status op(struct rpc_server_call *call, struct srvsvc_##op *r)

static const struct serve_srvsvc *state_of(const struct rpc_server_call *call)
{
    return rpc_server_arg(call);
}

/* ---- time: [MS-SRVS] 3.1.4.21, 2.2.4.105 ---- */

HANDLER(NetrRemoteTOD)
{
    const struct nt_env *env = host_env(state_of(call)->h);
    uint64_t now = env->wall(env->arg);
    int64_t seconds = nt_time_to_unix(now);
    time_t t = (time_t)seconds;
    struct tm utc;
    r->out.result = W_ERROR_ACCESS_DENIED;
    if (!may(call, WHO_KNOWN))
        return STATUS_SUCCESS;
    r->out.BufferPtr = nt_arena_obj(rpc_server_mem(call), struct srvsvc_TIME_OF_DAY_INFO);
    if (!r->out.BufferPtr || !gmtime_r(&t, &utc))
        return STATUS_NO_MEMORY;
    *r->out.BufferPtr = (struct srvsvc_TIME_OF_DAY_INFO){
        .tod_elapsedt = (uint32_t)seconds,
        .tod_msecs =
            (uint32_t)(env->monotonic(env->arg) / 1000000), /* since some point: of the machine's start */
        .tod_hours = (uint32_t)utc.tm_hour,
        .tod_mins = (uint32_t)utc.tm_min,
        .tod_secs = (uint32_t)utc.tm_sec,
        .tod_hunds = (uint32_t)(now % NT_TIME_PER_SECOND / (NT_TIME_PER_SECOND / 100)),
        .tod_timezone = machine_zone(seconds),
        .tod_tinterval = 310, /* tenths of milliseconds between clock ticks, as Windows says */
        .tod_day = (uint32_t)utc.tm_mday,
        .tod_month = (uint32_t)utc.tm_mon + 1,
        .tod_year = (uint32_t)utc.tm_year + 1900,
        .tod_weekday = (uint32_t)utc.tm_wday,
    };
    r->out.result = W_ERROR_SUCCESS;
    return STATUS_SUCCESS;
}

/* ---- statistics: 3.1.4.20, 2.2.4.39 ---- */

static uint32_t capped(uint64_t v)
{
    return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

HANDLER(NetrServerStatisticsGet)
{
    const struct serve_srvsvc *s = state_of(call);
    struct serve_counters c = { .start = s->start };
    r->out.result = !may(call, WHO_ADMIN) ? W_ERROR_ACCESS_DENIED
                    : r->in.Level         ? W_ERROR_INVALID_LEVEL
                    : r->in.Options       ? W_ERROR_INVALID_PARAMETER
                                          : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    if (s->h->ops)
        s->h->ops->counters(s->h->ops_arg, &c);
    r->out.InfoStruct = nt_arena_obj(rpc_server_mem(call), struct srvsvc_STAT_SERVER_0);
    if (!r->out.InfoStruct)
        return STATUS_NO_MEMORY;
    *r->out.InfoStruct = (struct srvsvc_STAT_SERVER_0){
        .sts0_start = (uint32_t)nt_time_to_unix(s->start),
        .sts0_fopens = capped(c.opens),
        .sts0_sopens = capped(c.sessions),
        .sts0_stimedout = capped(c.timed_out),
        .sts0_pwerrors = capped(c.bad_passwords),
        .sts0_permerrors = capped(c.refused),
        .sts0_bytessent_low = (uint32_t)c.bytes_out,
        .sts0_bytessent_high = (uint32_t)(c.bytes_out >> 32),
        .sts0_bytesrcvd_low = (uint32_t)c.bytes_in,
        .sts0_bytesrcvd_high = (uint32_t)(c.bytes_in >> 32),
    };
    return STATUS_SUCCESS;
}

/* ---- disks: 3.1.4.19 ---- */

HANDLER(NetrServerDiskEnum)
{
    char letters[26];
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_ADMIN) ? W_ERROR_ACCESS_DENIED
                    : r->in.Level         ? W_ERROR_INVALID_LEVEL
                                          : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    unsigned n = machine_disks(letters);
    struct srvsvc_DISK_INFO *list = nt_arena_array(rpc_server_mem(call), n + 1, sizeof *list);
    if (!list)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++) {
        list[i].Disk[0] = (uint8_t)letters[i];
        list[i].Disk[1] = ':';
    }
    r->out.DiskInfoStruct.EntriesRead = n + 1; /* one more, which is empty */
    r->out.DiskInfoStruct.Buffer = list;
    r->out.TotalEntries = n;
    return STATUS_SUCCESS;
}

/* ---- names: 3.1.4.29 to 3.1.4.34; anybody may ask (notes 109 to 127) ---- */

HANDLER(NetprPathType)
{
    r->out.result = may(call, WHO_KNOWN) ? names_path_type(r->in.PathName, r->in.Flags, &r->out.PathType)
                                         : W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

HANDLER(NetprPathCanonicalize)
{
    struct nt_arena *mem = rpc_server_mem(call);
    size_t units = r->in.OutbufLen / 2;
    char16_t *text = nt_arena_array(mem, units + 1, sizeof *text);
    r->out.Outbuf = nt_arena_alloc(mem, r->in.OutbufLen, 1);
    r->out.PathType = r->in.PathType;
    if (!text || !r->out.Outbuf)
        return STATUS_NO_MEMORY;
    r->out.result = may(call, WHO_KNOWN)
                        ? names_path_canonicalize(r->in.PathName, r->in.Prefix ? r->in.Prefix : u"",
                                                  r->in.Flags, text, units, &r->out.PathType)
                        : W_ERROR_ACCESS_DENIED;
    if (r->out.result == W_ERROR_SUCCESS)
        for (size_t i = 0; text[i]; i++) { /* octets, little endian */
            r->out.Outbuf[2 * i] = (uint8_t)text[i];
            r->out.Outbuf[2 * i + 1] = (uint8_t)(text[i] >> 8);
        }
    return STATUS_SUCCESS;
}

HANDLER(NetprPathCompare)
{
    r->out.result = may(call, WHO_KNOWN) ? names_path_compare(r->in.PathName1, r->in.PathName2, r->in.Flags)
                                         : (int32_t)W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

HANDLER(NetprNameValidate)
{
    r->out.result = may(call, WHO_KNOWN) ? names_validate(r->in.Name, r->in.NameType, r->in.Flags)
                                         : W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

HANDLER(NetprNameCanonicalize)
{
    r->out.Outbuf = nt_arena_array(rpc_server_mem(call), r->in.OutbufLen, sizeof *r->out.Outbuf);
    if (!r->out.Outbuf)
        return STATUS_NO_MEMORY;
    r->out.result = may(call, WHO_KNOWN) ? names_canonicalize(r->in.Name, r->in.NameType, r->in.Flags,
                                                              r->out.Outbuf, r->in.OutbufLen)
                                         : W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

HANDLER(NetprNameCompare)
{
    r->out.result = may(call, WHO_KNOWN)
                        ? names_compare(r->in.Name1, r->in.Name2, r->in.NameType, r->in.Flags)
                        : (int32_t)W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* ---- aliases: 3.1.4.44 to 3.1.4.46; one setting holds all: "alias\ttarget\tdefault\n" ---- */

#define ALIASES     "srvsvc.aliases"
#define ALIASES_MAX 64u /* a machine has a few names */

struct alias {
    const char16_t *name, *target;
    bool standard;
};

/* The list, in mem; room for one more. */
static enum nt_status aliases_read(struct samdb *d, struct nt_arena *mem, struct alias **ret, unsigned *ret_n)
{
    const char *text = NULL;
    struct alias *list = nt_arena_array(mem, ALIASES_MAX + 1, sizeof *list);
    unsigned n = 0;
    enum nt_status st = list ? samdb_setting(d, ALIASES, mem, &text) : STATUS_NO_MEMORY;
    char *copy = text ? nt_arena_strdup(mem, text) : NULL, *rest = NULL;
    for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line && n < ALIASES_MAX;
         line = strtok_r(NULL, "\n", &rest)) {
        char *target = strchr(line, '\t'), *standard = target ? strchr(target + 1, '\t') : NULL;
        if (!standard)
            return STATUS_INTERNAL_DB_CORRUPTION;
        *target++ = 0;
        *standard++ = 0;
        list[n] = (struct alias){ text16(mem, line), text16(mem, target), *standard == '1' };
        if (!list[n].name || !list[n].target)
            return STATUS_NO_MEMORY;
        n++;
    }
    if (st != STATUS_SUCCESS)
        return st;
    *ret = list;
    *ret_n = n;
    return STATUS_SUCCESS;
}

static enum nt_status aliases_write(struct samdb *d, struct nt_arena *mem, const struct alias *list,
                                    unsigned n)
{
    struct ustr_builder b;
    char *text = NULL;
    ustr_builder_init(&b, 0);
    for (unsigned i = 0; i < n; i++) {
        ustr_builder_append(&b, list[i].name, ustr_len(list[i].name));
        ustr_builder_unit(&b, '\t');
        ustr_builder_append(&b, list[i].target, ustr_len(list[i].target));
        ustr_builder_append(&b, list[i].standard ? u"\t1\n" : u"\t0\n", 3);
    }
    text = text8(mem, ustr_builder_str(&b));
    ustr_builder_free(&b);
    return text ? samdb_set_setting(d, ALIASES, text) : STATUS_INVALID_PARAMETER;
}

static unsigned alias_at(const struct alias *list, unsigned n, const char16_t *name)
{
    unsigned i = 0;
    while (i < n && ustr_casecmp(list[i].name, name) != 0)
        i++;
    return i;
}

/* The target has to be a name of ours: the machine's, or the address of a transport (3.1.1.2). */
static bool is_ours(const struct serve_srvsvc *s, struct nt_arena *mem, const char16_t *target)
{
    bool is = ustr_casecmp(target, s->c103.sv103_name) == 0;
    for (unsigned i = 0; !is && i < s->h->n_transports; i++) {
        const char16_t *address = text16(mem, s->h->transports[i].address);
        is = address && ustr_casecmp(target, address) == 0;
    }
    return is;
}

enum { NAME_COMPUTER = 4 };

/* The list is read, changed and written in one transaction. */
static enum werror alias_change(struct samdb *d, struct host_change *c,
                                enum werror (*change)(const struct srvsvc_SERVER_ALIAS_INFO_0 *i,
                                                      struct alias *list, unsigned *n))
{
    struct nt_arena *mem = rpc_server_mem(c->call);
    struct alias *list;
    unsigned n;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return store_error(st);
    enum werror we = store_error(aliases_read(d, mem, &list, &n));
    if (we == W_ERROR_SUCCESS)
        we = change(c->more, list, &n);
    if (we == W_ERROR_SUCCESS)
        we = store_error(aliases_write(d, mem, list, n));
    st = samdb_end(d, we == W_ERROR_SUCCESS ? STATUS_SUCCESS : STATUS_CANCELLED);
    return we == W_ERROR_SUCCESS ? store_error(st) : we;
}

static enum werror with(const struct srvsvc_SERVER_ALIAS_INFO_0 *i, struct alias *list, unsigned *n)
{
    if (alias_at(list, *n, i->srvai0_alias) < *n)
        return W_ERROR_INVALID_PARAMETER;
    if (*n == ALIASES_MAX)
        return W_ERROR_NOT_ENOUGH_MEMORY;
    list[(*n)++] = (struct alias){ i->srvai0_alias, i->srvai0_target, false };
    return W_ERROR_SUCCESS;
}

static enum werror without(const struct srvsvc_SERVER_ALIAS_INFO_0 *i, struct alias *list, unsigned *n)
{
    unsigned at = alias_at(list, *n, i->srvai0_alias);
    if (at == *n)
        return W_NERR_NetNameNotFound;
    memmove(&list[at], &list[at + 1], (*n - at - 1) * sizeof *list);
    (*n)--;
    return W_ERROR_SUCCESS;
}

static enum werror store_with(struct samdb *d, struct host_change *c)
{
    return alias_change(d, c, with);
}

static enum werror store_without(struct samdb *d, struct host_change *c)
{
    return alias_change(d, c, without);
}

static enum nt_status finish_add(struct host_change *c)
{
    ((struct srvsvc_NetrServerAliasAdd *)c->r)->out.result = c->we;
    return STATUS_SUCCESS;
}

static enum nt_status finish_del(struct host_change *c)
{
    ((struct srvsvc_NetrServerAliasDel *)c->r)->out.result = c->we;
    return STATUS_SUCCESS;
}

static enum nt_status change_aliases(struct rpc_server_call *call, void *r,
                                     const struct srvsvc_SERVER_ALIAS_INFO_0 *i,
                                     enum werror (*there)(struct samdb *d, struct host_change *c),
                                     enum nt_status (*finish)(struct host_change *c))
{
    struct host_change *c = host_change_new(state_of(call)->h, call, r);
    if (!c)
        return STATUS_NO_MEMORY;
    c->there = there;
    c->finish = finish;
    c->more = (void *)(uintptr_t)i;
    return host_change(c);
}

HANDLER(NetrServerAliasAdd)
{
    const struct serve_srvsvc *s = state_of(call);
    struct nt_arena *mem = rpc_server_mem(call);
    const struct srvsvc_SERVER_ALIAS_INFO_0 *i = r->in.Level ? NULL : r->in.InfoStruct.ServerAliasInfo0;
    r->out.result = !may(call, WHO_ADMIN) ? W_ERROR_ACCESS_DENIED
                    : r->in.Level         ? W_ERROR_INVALID_LEVEL
                                          : W_ERROR_INVALID_PARAMETER;
    /* a default alias has no name of its own; none of those is kept, for no share is scoped here */
    if (r->out.result != W_ERROR_INVALID_PARAMETER || !i || !text_given(i->srvai0_alias) ||
        i->srvai0_default || !text_given(i->srvai0_target) || !is_ours(s, mem, i->srvai0_target) ||
        names_validate(i->srvai0_alias, NAME_COMPUTER, 0) != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    return change_aliases(call, r, i, store_with, finish_add);
}

HANDLER(NetrServerAliasEnum)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct alias *list;
    size_t sizes[ALIASES_MAX];
    struct page p;
    unsigned n;
    r->out.InfoStruct = (struct srvsvc_SERVER_ALIAS_ENUM_STRUCT){ .Level = r->in.InfoStruct.Level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_ADMIN)    ? W_ERROR_ACCESS_DENIED /* notes 173, 174 */
                    : r->in.InfoStruct.Level ? W_ERROR_INVALID_LEVEL
                                             : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = aliases_read(state_of(call)->h->db, mem, &list, &n);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < n; i++)
        sizes[i] = 16 + text_size(list[i].name) + text_size(list[i].target);
    if (st == STATUS_SUCCESS)
        st = page_make(mem, sizes, n, r->in.ResumeHandle, r->in.PreferedMaximumLength, &p);
    struct srvsvc_SERVER_ALIAS_INFO_0_CONTAINER *to =
        st == STATUS_SUCCESS ? nt_arena_obj(mem, struct srvsvc_SERVER_ALIAS_INFO_0_CONTAINER) : NULL;
    if (!to)
        return st == STATUS_SUCCESS ? STATUS_NO_MEMORY : st;
    to->EntriesRead = (uint32_t)p.n;
    to->Buffer = nt_arena_array(mem, p.n, sizeof *to->Buffer);
    for (size_t i = 0; to->Buffer && i < p.n; i++)
        to->Buffer[i] = (struct srvsvc_SERVER_ALIAS_INFO_0){ list[p.from + i].name, list[p.from + i].target,
                                                             list[p.from + i].standard, 0 };
    r->out.InfoStruct.ServerAliasInfo.Level0 = to;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result = p.we;
    return to->Buffer ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

HANDLER(NetrServerAliasDel)
{
    const struct srvsvc_SERVER_ALIAS_INFO_0 *i = r->in.Level ? NULL : r->in.InfoStruct.ServerAliasInfo0;
    /* a name, or the default, which has none and which nobody can have set */
    r->out.result = !may(call, WHO_ADMIN) ? W_ERROR_ACCESS_DENIED
                    : r->in.Level         ? W_ERROR_INVALID_LEVEL
                    : !i || text_given(i->srvai0_alias) == (i->srvai0_default != 0)
                        ? W_ERROR_INVALID_PARAMETER
                    : i->srvai0_default ? W_NERR_NetNameNotFound
                                        : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    return change_aliases(call, r, i, store_without, finish_del);
}

/* ---- what is refused ---- */

/* Transports are what the program listens at: its own configuration says, not a client. What a client asks
 * for is looked at all the same (3.1.4.22, 3.1.4.23, 3.1.4.25, 3.1.4.26); all levels begin alike. */
static bool transport_ok(const struct srvsvc_SERVER_TRANSPORT_INFO_0 *i)
{
    return i && i->svti0_transportname && i->svti0_transportaddress && i->svti0_transportaddresslength;
}

static bool domain_ok(const char16_t *domain)
{
    return !domain || ustr_nlen(domain, 16) < 16;
}

static enum werror no_transport(const struct rpc_server_call *call, uint32_t level, uint32_t max, bool ok)
{
    return !may(call, WHO_ADMIN) ? W_ERROR_ACCESS_DENIED
           : level > max         ? W_ERROR_INVALID_LEVEL
           : !ok                 ? W_ERROR_INVALID_PARAMETER
                                 : W_ERROR_NOT_SUPPORTED;
}

HANDLER(NetrServerTransportAdd)
{
    r->out.result = no_transport(call, r->in.Level, 0, transport_ok(&r->in.Buffer));
    return STATUS_SUCCESS;
}

HANDLER(NetrServerTransportAddEx)
{
    enum { REMAP_PIPE_NAMES = 2, SCOPED_NAME = 4 };
    const union srvsvc_TRANSPORT_INFO *u = &r->in.Buffer;
    uint32_t level = r->in.Level, flags = level == 2   ? u->Transport2.svti2_flags
                                          : level == 3 ? u->Transport3.svti3_flags
                                                       : 0;
    const char16_t *domain = level >= 1 && level <= 3 ? u->Transport1.svti1_domain : NULL;
    bool ok = level <= 3 && transport_ok(&u->Transport0) && domain_ok(domain) &&
              !(flags & ~(uint32_t)(REMAP_PIPE_NAMES | SCOPED_NAME));
    r->out.result = no_transport(call, level, 3, ok);
    return STATUS_SUCCESS;
}

/* Is it one of ours? */
static bool has_transport(const struct rpc_server_call *call, const char16_t *name)
{
    const struct serve_host *h = state_of(call)->h;
    bool has = false;
    for (unsigned i = 0; i < h->n_transports && !has; i++) {
        const char16_t *own = text16(rpc_server_mem(call), h->transports[i].name);
        has = own && ustr_casecmp(own, name) == 0;
    }
    return has;
}

/* "Return 0 even when the transport that is being deleted does not exist" (note 100). */
static enum werror del_transport(const struct rpc_server_call *call, uint32_t level,
                                 const struct srvsvc_SERVER_TRANSPORT_INFO_0 *i)
{
    enum werror we = no_transport(call, level, 1, level <= 1 && transport_ok(i));
    return we == W_ERROR_NOT_SUPPORTED && !has_transport(call, i->svti0_transportname) ? W_ERROR_SUCCESS : we;
}

HANDLER(NetrServerTransportDel) /* the level is ignored */
{
    r->out.result = del_transport(call, 0, &r->in.Buffer);
    return STATUS_SUCCESS;
}

HANDLER(NetrServerTransportDelEx)
{
    r->out.result = del_transport(call, r->in.Level, &r->in.Buffer.Transport0);
    return STATUS_SUCCESS;
}

/* There are no files: whatever is asked for does not exist (note 104). */
HANDLER(NetrpGetFileSecurity)
{
    r->out.result = may(call, WHO_KNOWN) ? W_ERROR_INVALID_PARAMETER : W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

HANDLER(NetrpSetFileSecurity)
{
    r->out.result = may(call, WHO_KNOWN) ? W_ERROR_INVALID_PARAMETER : W_ERROR_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* Of Windows 2000 and XP; all later ones refuse them (notes 129 to 170). */
HANDLER(NetrDfsGetVersion)
{
    (void)call;
    r->out.result = W_ERROR_FILE_NOT_FOUND;
    return STATUS_SUCCESS;
}
#define REFUSE_DFS(op)                                                                                       \
    HANDLER(op)                                                                                              \
    {                                                                                                        \
        (void)call;                                                                                          \
        r->out.result = W_ERROR_NOT_SUPPORTED;                                                               \
        return STATUS_SUCCESS;                                                                               \
    }
REFUSE_DFS(NetrDfsCreateLocalPartition)
REFUSE_DFS(NetrDfsDeleteLocalPartition)
REFUSE_DFS(NetrDfsSetLocalVolumeState)
REFUSE_DFS(NetrDfsDeleteExitPoint)
REFUSE_DFS(NetrDfsModifyPrefix)
REFUSE_DFS(NetrDfsFixLocalVolume)
REFUSE_DFS(NetrDfsManagerReportSiteInfo)

HANDLER(NetrDfsCreateExitPoint)
{
    r->out.ShortPrefix =
        nt_arena_array(rpc_server_mem(call), r->in.ShortPrefixLen, sizeof *r->out.ShortPrefix);
    r->out.result = W_ERROR_NOT_SUPPORTED;
    return r->out.ShortPrefix ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* ---- the table ---- */

static const struct srvsvc_handlers handlers = {
    .NetrConnectionEnum = srv_NetrConnectionEnum,
    .NetrFileEnum = srv_NetrFileEnum,
    .NetrFileGetInfo = srv_NetrFileGetInfo,
    .NetrFileClose = srv_NetrFileClose,
    .NetrSessionEnum = srv_NetrSessionEnum,
    .NetrSessionDel = srv_NetrSessionDel,
    .NetrShareAdd = srv_NetrShareAdd,
    .NetrShareEnum = srv_NetrShareEnum,
    .NetrShareGetInfo = srv_NetrShareGetInfo,
    .NetrShareSetInfo = srv_NetrShareSetInfo,
    .NetrShareDel = srv_NetrShareDel,
    .NetrShareDelSticky = srv_NetrShareDelSticky,
    .NetrShareCheck = srv_NetrShareCheck,
    .NetrServerGetInfo = srv_NetrServerGetInfo,
    .NetrServerSetInfo = srv_NetrServerSetInfo,
    .NetrServerDiskEnum = NetrServerDiskEnum,
    .NetrServerStatisticsGet = NetrServerStatisticsGet,
    .NetrServerTransportAdd = NetrServerTransportAdd,
    .NetrServerTransportEnum = srv_NetrServerTransportEnum,
    .NetrServerTransportDel = NetrServerTransportDel,
    .NetrRemoteTOD = NetrRemoteTOD,
    .NetprPathType = NetprPathType,
    .NetprPathCanonicalize = NetprPathCanonicalize,
    .NetprPathCompare = NetprPathCompare,
    .NetprNameValidate = NetprNameValidate,
    .NetprNameCanonicalize = NetprNameCanonicalize,
    .NetprNameCompare = NetprNameCompare,
    .NetrShareEnumSticky = srv_NetrShareEnumSticky,
    .NetrShareDelStart = srv_NetrShareDelStart,
    .NetrShareDelCommit = srv_NetrShareDelCommit,
    .NetrpGetFileSecurity = NetrpGetFileSecurity,
    .NetrpSetFileSecurity = NetrpSetFileSecurity,
    .NetrServerTransportAddEx = NetrServerTransportAddEx,
    .NetrDfsGetVersion = NetrDfsGetVersion,
    .NetrDfsCreateLocalPartition = NetrDfsCreateLocalPartition,
    .NetrDfsDeleteLocalPartition = NetrDfsDeleteLocalPartition,
    .NetrDfsSetLocalVolumeState = NetrDfsSetLocalVolumeState,
    .NetrDfsCreateExitPoint = NetrDfsCreateExitPoint,
    .NetrDfsDeleteExitPoint = NetrDfsDeleteExitPoint,
    .NetrDfsModifyPrefix = NetrDfsModifyPrefix,
    .NetrDfsFixLocalVolume = NetrDfsFixLocalVolume,
    .NetrDfsManagerReportSiteInfo = NetrDfsManagerReportSiteInfo,
    .NetrServerTransportDelEx = NetrServerTransportDelEx,
    .NetrServerAliasAdd = NetrServerAliasAdd,
    .NetrServerAliasEnum = NetrServerAliasEnum,
    .NetrServerAliasDel = NetrServerAliasDel,
    .NetrShareDelEx = srv_NetrShareDelEx,
};

enum nt_status serve_srvsvc(struct rpc_server *server, struct serve_host *h)
{
    struct serve_srvsvc *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->h = h;
    s->start = host_env(h)->wall(host_env(h)->arg);
    s->mem = nt_arena_new(0);
    enum nt_status st = s->mem ? srv_config_load(s) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = srvsvc_register(server, &handlers, s);
    if (st == STATUS_SUCCESS) /* a signed pipe will do; who may do what is decided call by call */
        st = rpc_server_require(server, &srvsvc_interface, SEC_LEVEL_INTEGRITY);
    if (st == STATUS_SUCCESS) /* may() takes them for administrators */
        st = rpc_server_trust_local(server, &srvsvc_interface, RPC_LOCAL_TRUST_OWNER);
    h->srvsvc = s;
    if (st != STATUS_SUCCESS)
        serve_srvsvc_free(h);
    return st;
}

void serve_srvsvc_free(struct serve_host *h)
{
    struct serve_srvsvc *s = h->srvsvc;
    if (!s)
        return;
    while (s->temporary) {
        struct srv_temporary *next = s->temporary->next;
        nt_arena_free(s->temporary->mem);
        s->temporary = next;
    }
    nt_arena_free(s->mem);
    free(s);
    h->srvsvc = NULL;
}
