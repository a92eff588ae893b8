// SPDX-License-Identifier: Apache-2.0
/* Sessions, connections, open pipes and transports: [MS-SRVS] 3.1.4.1 to 3.1.4.6, 3.1.4.24. */
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_host.h"

static bool too_long(const char16_t *s)
{
    return s && ustr_nlen(s, SRV_QUALIFIER_MAX) >= SRV_QUALIFIER_MAX;
}

/* Does the text have that name, in any case? An empty name, or none, fits all. */
static bool fits(struct nt_arena *mem, const char *text, const char16_t *name)
{
    const char16_t *own = text_given(name) ? text16(mem, text) : NULL;
    return !text_given(name) || (own && ustr_casecmp(own, name) == 0);
}

/* "\\192.0.2.1", as sessions are named. */
static char16_t *client_name(struct nt_arena *mem, const char *address)
{
    size_t n = strlen(address);
    char *s = nt_arena_raw(mem, n + 3, 1);
    if (!s)
        return NULL;
    memcpy(s, "\\\\", 2);
    memcpy(s + 2, address, n + 1);
    return text16(mem, s);
}

#define NEW_CONTAINER(to, type, count)                                                                       \
    ((to) = nt_arena_obj(mem, __typeof__(*(to))),                                                            \
     (to) && ((to)->EntriesRead = (uint32_t)(count),                                                         \
              (to)->Buffer = nt_arena_array(mem, (count), sizeof(struct srvsvc_##type)), (to)->Buffer))

/* ---- sessions ---- */

struct session_text {
    const struct serve_session *s;
    uint32_t at; /* in the list of all */
    char16_t *client, *user, *transport;
};
/* sesi502_cltype_name: an SMB 2 server has none ([MS-SMB2] 3.3.4.18) */
static const char16_t no_type[] = u"";

/* Those that a caller asks for, with their text. */
static enum nt_status sessions_of(struct rpc_server_call *call, const char16_t *client, const char16_t *user,
                                  struct session_text **ret, unsigned *ret_n)
{
    struct nt_arena *mem = rpc_server_mem(call);
    const struct serve_host *h = ((struct serve_srvsvc *)rpc_server_arg(call))->h;
    struct serve_session *list = NULL;
    unsigned n = 0, k = 0;
    enum nt_status st = h->ops ? h->ops->sessions(h->ops_arg, mem, &list, &n) : STATUS_SUCCESS;
    struct session_text *t = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *t) : NULL;
    if (!t)
        return st == STATUS_SUCCESS ? STATUS_NO_MEMORY : st;
    for (unsigned i = 0; i < n; i++) {
        t[k] = (struct session_text){ &list[i], i, client_name(mem, list[i].client),
                                      text16(mem, list[i].user), text16(mem, list[i].transport) };
        if (!t[k].client || !t[k].user || !t[k].transport)
            return STATUS_NO_MEMORY;
        if ((!text_given(client) || ustr_casecmp(t[k].client, client) == 0) &&
            (!text_given(user) || ustr_casecmp(t[k].user, user) == 0))
            k++;
    }
    *ret = t;
    *ret_n = k;
    return STATUS_SUCCESS;
}

static enum nt_status fill_sessions(struct nt_arena *mem, const struct session_text *t, size_t n,
                                    struct srvsvc_SESSION_ENUM_STRUCT *out)
{
    union srvsvc_SESSION_ENUM_UNION *u = &out->SessionInfo;
    bool ok = out->Level == 0    ? NEW_CONTAINER(u->Level0, SESSION_INFO_0, n)
              : out->Level == 1  ? NEW_CONTAINER(u->Level1, SESSION_INFO_1, n)
              : out->Level == 2  ? NEW_CONTAINER(u->Level2, SESSION_INFO_2, n)
              : out->Level == 10 ? NEW_CONTAINER(u->Level10, SESSION_INFO_10, n)
                                 : NEW_CONTAINER(u->Level502, SESSION_INFO_502, n);
    for (size_t i = 0; ok && i < n; i++) {
        const struct serve_session *s = t[i].s;
        uint32_t flags = s->guest ? 1 : 0; /* SESS_GUEST, [MS-SRVS] 2.2.2.3 */
        switch (out->Level) {
        case 0:
            u->Level0->Buffer[i].sesi0_cname = t[i].client;
            break;
        case 1:
            u->Level1->Buffer[i] =
                (struct srvsvc_SESSION_INFO_1){ t[i].client, t[i].user, s->opens, s->age, s->idle, flags };
            break;
        case 2:
            u->Level2->Buffer[i] = (struct srvsvc_SESSION_INFO_2){ t[i].client, t[i].user, s->opens, s->age,
                                                                   s->idle,     flags,     no_type };
            break;
        case 10:
            u->Level10->Buffer[i] =
                (struct srvsvc_SESSION_INFO_10){ t[i].client, t[i].user, s->age, s->idle };
            break;
        default:
            u->Level502->Buffer[i] =
                (struct srvsvc_SESSION_INFO_502){ t[i].client, t[i].user, s->opens, s->age,
                                                  s->idle,     flags,     no_type,  t[i].transport };
        }
    }
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static size_t session_size(uint32_t level, const struct session_text *t)
{
    size_t n = text_size(t->client);
    if (level != 0)
        n += text_size(t->user);
    if (level == 2 || level == 502)
        n += text_size(no_type);
    switch (level) {
    case 0:
        return n + 4;
    case 1:
        return n + 24;
    case 2:
        return n + 28;
    case 10:
        return n + 16;
    default:
        return n + 32 + text_size(t->transport);
    }
}

static enum werror session_question(const struct srvsvc_NetrSessionEnum *r)
{
    uint32_t level = r->in.InfoStruct.Level;
    if (level != 0 && level != 1 && level != 2 && level != 10 && level != 502)
        return W_ERROR_INVALID_LEVEL;
    if (too_long(r->in.ClientName) || too_long(r->in.UserName))
        return W_ERROR_INVALID_PARAMETER;
    if (text_given(r->in.ClientName) && ustr_ncmp(r->in.ClientName, u"\\\\", 2) != 0)
        return W_NERR_InvalidComputer;
    return W_ERROR_SUCCESS;
}

/* Today's Windows asks for an administrator at every level (notes 52, 53). */
enum nt_status srv_NetrSessionEnum(struct rpc_server_call *call, struct srvsvc_NetrSessionEnum *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct session_text *t;
    struct page p;
    unsigned n;
    r->out.InfoStruct = (struct srvsvc_SESSION_ENUM_STRUCT){ .Level = r->in.InfoStruct.Level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = may(call, WHO_ADMIN) ? session_question(r) : W_ERROR_ACCESS_DENIED;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = sessions_of(call, r->in.ClientName, r->in.UserName, &t, &n);
    if (st != STATUS_SUCCESS)
        return st;
    if (n == 0 && (text_given(r->in.ClientName) || text_given(r->in.UserName))) {
        r->out.result = text_given(r->in.ClientName) ? W_NERR_ClientNameNotFound : W_NERR_UserNotFound;
        return STATUS_SUCCESS;
    }
    size_t *sizes = nt_arena_array(mem, n, sizeof *sizes);
    uint32_t *at = nt_arena_array(mem, n, sizeof *at);
    for (unsigned i = 0; sizes && at && i < n; i++) {
        sizes[i] = session_size(r->in.InfoStruct.Level, &t[i]);
        at[i] = t[i].at;
    }
    st = at ? page_make_at(mem, sizes, at, n, r->in.ResumeHandle, r->in.PreferedMaximumLength, &p)
            : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = fill_sessions(mem, t + p.from, p.n, &r->out.InfoStruct);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result = p.we;
    return STATUS_SUCCESS;
}

enum nt_status srv_NetrSessionDel(struct rpc_server_call *call, struct srvsvc_NetrSessionDel *r)
{
    const struct serve_host *h = ((struct serve_srvsvc *)rpc_server_arg(call))->h;
    struct session_text *t;
    unsigned n;
    r->out.result = W_ERROR_ACCESS_DENIED;
    if (!may(call, WHO_ADMIN))
        return STATUS_SUCCESS;
    r->out.result = W_ERROR_INVALID_PARAMETER;
    if (too_long(r->in.ClientName) || too_long(r->in.UserName))
        return STATUS_SUCCESS;
    r->out.result = W_NERR_ClientNameNotFound;
    if ((!text_given(r->in.ClientName) && !text_given(r->in.UserName)) ||
        (text_given(r->in.ClientName) && ustr_ncmp(r->in.ClientName, u"\\\\", 2) != 0))
        return STATUS_SUCCESS;
    enum nt_status st = sessions_of(call, r->in.ClientName, r->in.UserName, &t, &n);
    if (st != STATUS_SUCCESS)
        return st;
    for (unsigned i = 0; i < n; i++)
        if (h->ops->end_session(h->ops_arg, t[i].s->id) == STATUS_SUCCESS)
            r->out.result = W_ERROR_SUCCESS;
    return STATUS_SUCCESS;
}

/* ---- connections ---- */

static enum nt_status connections_of(struct rpc_server_call *call, const char16_t *qualifier,
                                     struct serve_connection **ret, uint32_t **ret_at, unsigned *ret_n)
{
    struct nt_arena *mem = rpc_server_mem(call);
    const struct serve_host *h = ((struct serve_srvsvc *)rpc_server_arg(call))->h;
    struct serve_connection *list = NULL;
    unsigned n = 0, k = 0;
    bool computer = ustr_ncmp(qualifier, u"\\\\", 2) == 0;
    enum nt_status st = h->ops ? h->ops->connections(h->ops_arg, mem, &list, &n) : STATUS_SUCCESS;
    uint32_t *at = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *at) : NULL;
    if (!at)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++)
        if (computer ? fits(mem, list[i].client, qualifier + 2) : fits(mem, list[i].share, qualifier)) {
            at[k] = i;
            list[k++] = list[i];
        }
    *ret = list;
    *ret_at = at;
    *ret_n = k;
    return STATUS_SUCCESS;
}

/* coni1_netname: "the name that is not specified in the Qualifier", the share's or the client's (2.2.4.2). */
static const char *other_name(const struct serve_connection *c, const char16_t *qualifier)
{
    return ustr_ncmp(qualifier, u"\\\\", 2) == 0 ? c->share : c->client;
}

static enum nt_status fill_connections(struct nt_arena *mem, const struct serve_connection *list, size_t n,
                                       const char16_t *qualifier, struct srvsvc_CONNECT_ENUM_STRUCT *out)
{
    static const uint32_t type_of_ipc = UINT32_C(0x80000003); /* TreeConnect.Share.Type: STYPE_IPC, SPECIAL */
    union srvsvc_CONNECT_ENUM_UNION *u = &out->ConnectInfo;
    bool ok = out->Level ? NEW_CONTAINER(u->Level1, CONNECTION_INFO_1, n)
                         : NEW_CONTAINER(u->Level0, CONNECTION_INFO_0, n);
    for (size_t i = 0; ok && i < n; i++) {
        if (!out->Level) {
            u->Level0->Buffer[i].coni0_id = list[i].id;
            continue;
        }
        struct srvsvc_CONNECTION_INFO_1 *c = &u->Level1->Buffer[i];
        *c = (struct srvsvc_CONNECTION_INFO_1){ .coni1_id = list[i].id,
                                                .coni1_type = type_of_ipc,
                                                .coni1_num_opens = list[i].opens,
                                                .coni1_num_users = 1,
                                                .coni1_time = list[i].age,
                                                .coni1_username = text16(mem, list[i].user),
                                                .coni1_netname =
                                                    text16(mem, other_name(&list[i], qualifier)) };
        ok = c->coni1_username && c->coni1_netname;
    }
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status srv_NetrConnectionEnum(struct rpc_server_call *call, struct srvsvc_NetrConnectionEnum *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct serve_connection *list;
    uint32_t *at;
    struct page p;
    unsigned n;
    uint32_t level = r->in.InfoStruct.Level;
    r->out.InfoStruct = (struct srvsvc_CONNECT_ENUM_STRUCT){ .Level = level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_POWER)                                       ? W_ERROR_ACCESS_DENIED
                    : level > 1                                                 ? W_ERROR_INVALID_LEVEL
                    : !text_given(r->in.Qualifier) || too_long(r->in.Qualifier) ? W_ERROR_INVALID_PARAMETER
                                                                                : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = connections_of(call, r->in.Qualifier, &list, &at, &n);
    size_t *sizes = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *sizes) : NULL;
    for (unsigned i = 0; sizes && i < n; i++)
        sizes[i] =
            level ? 28 + 2 * (strlen(list[i].user) + strlen(other_name(&list[i], r->in.Qualifier)) + 2) : 4;
    if (st == STATUS_SUCCESS)
        st = page_make_at(mem, sizes, at, n, r->in.ResumeHandle, r->in.PreferedMaximumLength, &p);
    if (st == STATUS_SUCCESS)
        st = fill_connections(mem, list + p.from, p.n, r->in.Qualifier, &r->out.InfoStruct);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result = p.we;
    return STATUS_SUCCESS;
}

/* ---- open pipes ---- */

enum { PERM_FILE_READ = 1, PERM_FILE_WRITE = 2 }; /* [MS-SRVS] 2.2.4.7 */

/* "A prefix is the path component up to a backslash." */
static bool below(struct nt_arena *mem, const char *path, const char16_t *base)
{
    const char16_t *own = text_given(base) ? text16(mem, path) : NULL;
    size_t n = text_given(base) ? ustr_len(base) : 0;
    if (!n)
        return true;
    return own && ustr_len(own) >= n && ustr_ncasecmp(own, base, n) == 0 &&
           (!own[n] || own[n] == '\\' || base[n - 1] == '\\');
}

static enum nt_status opens_of(struct rpc_server_call *call, const char16_t *base, const char16_t *user,
                               struct serve_open **ret, uint32_t **ret_at, unsigned *ret_n)
{
    struct nt_arena *mem = rpc_server_mem(call);
    const struct serve_host *h = ((struct serve_srvsvc *)rpc_server_arg(call))->h;
    struct serve_open *list = NULL;
    unsigned n = 0, k = 0;
    enum nt_status st = h->ops ? h->ops->opens(h->ops_arg, mem, &list, &n) : STATUS_SUCCESS;
    uint32_t *at = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *at) : NULL;
    if (!at)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++)
        if (below(mem, list[i].path, base) && fits(mem, list[i].user, user)) {
            at[k] = i;
            list[k++] = list[i];
        }
    *ret = list;
    *ret_at = at;
    *ret_n = k;
    return STATUS_SUCCESS;
}

static bool file_info(struct nt_arena *mem, const struct serve_open *o, struct srvsvc_FILE_INFO_3 *ret)
{
    *ret = (struct srvsvc_FILE_INFO_3){ .fi3_id = o->id,
                                        .fi3_permissions = PERM_FILE_READ | PERM_FILE_WRITE,
                                        .fi3_pathname = text16(mem, o->path),
                                        .fi3_username = text16(mem, o->user) };
    return ret->fi3_pathname && ret->fi3_username;
}

static enum nt_status fill_opens(struct nt_arena *mem, const struct serve_open *list, size_t n,
                                 struct srvsvc_FILE_ENUM_STRUCT *out)
{
    union srvsvc_FILE_ENUM_UNION *u = &out->FileInfo;
    bool ok =
        out->Level == 2 ? NEW_CONTAINER(u->Level2, FILE_INFO_2, n) : NEW_CONTAINER(u->Level3, FILE_INFO_3, n);
    for (size_t i = 0; ok && i < n; i++)
        if (out->Level == 2)
            u->Level2->Buffer[i].fi2_id = list[i].id;
        else
            ok = file_info(mem, &list[i], &u->Level3->Buffer[i]);
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status srv_NetrFileEnum(struct rpc_server_call *call, struct srvsvc_NetrFileEnum *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct serve_open *list;
    uint32_t *at;
    struct page p;
    unsigned n;
    uint32_t level = r->in.InfoStruct.Level;
    r->out.InfoStruct = (struct srvsvc_FILE_ENUM_STRUCT){ .Level = level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_ADMIN)                                  ? W_ERROR_ACCESS_DENIED
                    : level != 2 && level != 3                             ? W_ERROR_INVALID_LEVEL
                    : too_long(r->in.BasePath) || too_long(r->in.UserName) ? W_ERROR_INVALID_PARAMETER
                                                                           : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = opens_of(call, r->in.BasePath, r->in.UserName, &list, &at, &n);
    size_t *sizes = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *sizes) : NULL;
    for (unsigned i = 0; sizes && i < n; i++)
        sizes[i] = level == 3 ? 20 + 2 * (strlen(list[i].path) + strlen(list[i].user) + 2) : 4;
    if (st == STATUS_SUCCESS)
        st = page_make_at(mem, sizes, at, n, r->in.ResumeHandle, r->in.PreferedMaximumLength, &p);
    if (st == STATUS_SUCCESS)
        st = fill_opens(mem, list + p.from, p.n, &r->out.InfoStruct);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result = p.we;
    return STATUS_SUCCESS;
}

enum nt_status srv_NetrFileGetInfo(struct rpc_server_call *call, struct srvsvc_NetrFileGetInfo *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct serve_open *list;
    uint32_t *at;
    unsigned n;
    r->out.result = !may(call, WHO_ADMIN)                  ? W_ERROR_ACCESS_DENIED
                    : r->in.Level != 2 && r->in.Level != 3 ? W_ERROR_INVALID_LEVEL
                                                           : W_ERROR_FILE_NOT_FOUND;
    if (r->out.result != W_ERROR_FILE_NOT_FOUND)
        return STATUS_SUCCESS;
    enum nt_status st = opens_of(call, NULL, NULL, &list, &at, &n);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < n; i++) {
        if (list[i].id != r->in.FileId)
            continue;
        r->out.result = W_ERROR_SUCCESS;
        if (r->in.Level == 2) {
            r->out.InfoStruct.FileInfo2 = nt_arena_obj(mem, struct srvsvc_FILE_INFO_2);
            if (!r->out.InfoStruct.FileInfo2)
                return STATUS_NO_MEMORY;
            r->out.InfoStruct.FileInfo2->fi2_id = list[i].id;
        } else {
            r->out.InfoStruct.FileInfo3 = nt_arena_obj(mem, struct srvsvc_FILE_INFO_3);
            if (!r->out.InfoStruct.FileInfo3 || !file_info(mem, &list[i], r->out.InfoStruct.FileInfo3))
                return STATUS_NO_MEMORY;
        }
    }
    return st;
}

enum nt_status srv_NetrFileClose(struct rpc_server_call *call, struct srvsvc_NetrFileClose *r)
{
    const struct serve_host *h = ((struct serve_srvsvc *)rpc_server_arg(call))->h;
    r->out.result = W_ERROR_ACCESS_DENIED;
    if (may(call, WHO_ADMIN))
        r->out.result = h->ops && h->ops->end_open(h->ops_arg, r->in.FileId) == STATUS_SUCCESS
                            ? W_ERROR_SUCCESS
                            : W_NERR_FileIdNotFound;
    return STATUS_SUCCESS;
}

/* ---- transports ---- */

struct transport_text {
    char16_t *name, *network, *domain;
    uint8_t *address; /* octets: the address as text */
    uint32_t address_len;
};

static enum nt_status transport_texts(const struct serve_srvsvc *s, struct nt_arena *mem,
                                      struct transport_text **ret)
{
    const struct serve_host *h = s->h;
    struct samdb_domain dom;
    enum nt_status st = samdb_domain(h->db, mem, &dom);
    struct transport_text *t = nt_arena_array(mem, h->n_transports, sizeof *t);
    if (st != STATUS_SUCCESS || !t)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (unsigned i = 0; i < h->n_transports; i++) {
        t[i] = (struct transport_text){ text16(mem, h->transports[i].name),
                                        text16(mem, h->transports[i].address), text16(mem, dom.workgroup),
                                        (uint8_t *)nt_arena_strdup(mem, dom.machine),
                                        (uint32_t)strlen(dom.machine) };
        if (!t[i].name || !t[i].network || !t[i].domain || !t[i].address)
            return STATUS_NO_MEMORY;
    }
    *ret = t;
    return STATUS_SUCCESS;
}

/* Connections, which all came by the first: what a client's address tells is not by which. */
static uint32_t n_connections(const struct serve_host *h, struct nt_arena *mem)
{
    struct serve_session *list;
    unsigned n = 0;
    if (!h->ops || h->ops->sessions(h->ops_arg, mem, &list, &n) != STATUS_SUCCESS)
        return 0;
    return n;
}

static enum nt_status fill_transports(struct nt_arena *mem, const struct transport_text *t, size_t n,
                                      uint32_t vcs, struct srvsvc_SERVER_XPORT_ENUM_STRUCT *out)
{
    union srvsvc_SERVER_XPORT_ENUM_UNION *u = &out->XportInfo;
    bool ok = out->Level == 0   ? NEW_CONTAINER(u->Level0, SERVER_TRANSPORT_INFO_0, n)
              : out->Level == 1 ? NEW_CONTAINER(u->Level1, SERVER_TRANSPORT_INFO_1, n)
                                : NEW_CONTAINER(u->Level2, SERVER_TRANSPORT_INFO_2, n);
    for (size_t i = 0; ok && i < n; i++, vcs = 0)
        if (out->Level == 0)
            u->Level0->Buffer[i] = (struct srvsvc_SERVER_TRANSPORT_INFO_0){ vcs, t[i].name, t[i].address,
                                                                            t[i].address_len, t[i].network };
        else if (out->Level == 1)
            u->Level1->Buffer[i] = (struct srvsvc_SERVER_TRANSPORT_INFO_1){ vcs,          t[i].name,
                                                                            t[i].address, t[i].address_len,
                                                                            t[i].network, t[i].domain };
        else
            u->Level2->Buffer[i] = (struct srvsvc_SERVER_TRANSPORT_INFO_2){
                vcs, t[i].name, t[i].address, t[i].address_len, t[i].network, t[i].domain, 0
            };
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status srv_NetrServerTransportEnum(struct rpc_server_call *call,
                                           struct srvsvc_NetrServerTransportEnum *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    const struct serve_srvsvc *s = rpc_server_arg(call);
    struct transport_text *t = NULL;
    struct page p;
    uint32_t level = r->in.InfoStruct.Level;
    unsigned n = s->h->n_transports;
    r->out.InfoStruct = (struct srvsvc_SERVER_XPORT_ENUM_STRUCT){ .Level = level };
    r->out.ResumeHandle = r->in.ResumeHandle;
    r->out.result = !may(call, WHO_SHARER) ? W_ERROR_ACCESS_DENIED /* notes 96, 97 */
                    : level > 2            ? W_ERROR_INVALID_LEVEL
                                           : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    enum nt_status st = transport_texts(s, mem, &t);
    size_t *sizes = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *sizes) : NULL;
    for (unsigned i = 0; sizes && i < n; i++)
        sizes[i] = 20 + 4 * level + t[i].address_len + text_size(t[i].name) + text_size(t[i].network) +
                   (level ? text_size(t[i].domain) : 0);
    if (st == STATUS_SUCCESS)
        st = page_make(mem, sizes, n, r->in.ResumeHandle, r->in.PreferedMaximumLength, &p);
    if (st == STATUS_SUCCESS)
        st = fill_transports(mem, t + p.from, p.n, n_connections(s->h, mem), &r->out.InfoStruct);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.TotalEntries = p.total;
    r->out.ResumeHandle = p.resume;
    r->out.result = p.we;
    return STATUS_SUCCESS;
}
