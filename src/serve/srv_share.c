// SPDX-License-Identifier: Apache-2.0
/*
 * Shares: [MS-SRVS] 3.1.4.7 to 3.1.4.16, 3.1.4.47. Those that last are in the store, temporary ones here. Of
 * all shares this server itself serves IPC$ only; the others are kept for whoever serves files on this
 * machine.
 */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/descriptor.h"
#include "serve/m_host.h"
#include "serve/names.h"

enum { /* [MS-SRVS] 2.2.2.4 */
       STYPE_DISKTREE = 0,
       STYPE_PRINTQ = 1,
       STYPE_IPC = 3,
       STYPE_BASE = 0xff,
       STYPE_CLUSTER = 0x0e000000,
       STYPE_TEMPORARY = 0x40000000,
};
#define STYPE_SPECIAL UINT32_C(0x80000000)
enum { PARM_NAME = 1, PARM_TYPE = 3, PARM_REMARK = 4, PARM_PATH = 8, PARM_SD = 501 }; /* 2.2.2.11 */
enum {                                                                                /* 2.2.4.29 */
       FLAGS_ENABLE_HASH = 0x2000,
       /* without the two of DFS, which are not a client's to set, and without ENABLE_CA: this is no cluster
        */
       FLAGS_KNOWN = 0x30 | 0x100 | 0x200 | 0x400 | 0x800 | 0x1000 | 0x8000 | 0x100000,
};
enum { NAME_SHARE = 9 }; /* 2.2.2.8 */

/* ---- the list ---- */

static bool same_name(const char *a, const char16_t *b)
{
    char16_t wide[SRV_SHARE_NAME_MAX * 2 + 1];
    size_t n;
    return ustr_from_utf8_wtf_buf(a, strlen(a), wide, sizeof wide / sizeof wide[0], &n) == STATUS_SUCCESS &&
           ustr_casecmp(wide, b) == 0;
}

static struct srv_temporary **temporary_find(struct serve_srvsvc *s, const char16_t *name)
{
    struct srv_temporary **t = &s->temporary;
    while (*t && !same_name((*t)->share.name, name))
        t = &(*t)->next;
    return t;
}

static void temporary_free(struct serve_srvsvc *s, struct srv_temporary **t)
{
    struct srv_temporary *x = *t;
    *t = x->next;
    s->n_temporary--;
    nt_arena_free(x->mem); /* it is in there itself */
}

/* In the order in which they were added. */
static enum nt_status temporary_add(struct serve_srvsvc *s, const struct samdb_share *share)
{
    struct nt_arena *mem = s->n_temporary < SRV_TEMPORARY_MAX ? nt_arena_new(0) : NULL;
    struct srv_temporary *x = mem ? nt_arena_obj(mem, struct srv_temporary) : NULL, **end = &s->temporary;
    if (x) {
        x->mem = mem;
        x->share = *share;
        x->share.name = nt_arena_strdup(mem, share->name);
        x->share.path = nt_arena_strdup(mem, share->path);
        x->share.comment = nt_arena_strdup(mem, share->comment);
        x->share.sd.data = nt_arena_memdup(mem, share->sd.data, share->sd.len);
    }
    if (!x || !x->share.name || !x->share.path || !x->share.comment || !x->share.sd.data) {
        nt_arena_free(mem);
        return STATUS_NO_MEMORY;
    }
    while (*end)
        end = &(*end)->next;
    *end = x;
    s->n_temporary++;
    return STATUS_SUCCESS;
}

/* STATUS_OBJECT_NAME_NOT_FOUND. */
static enum nt_status find(struct serve_srvsvc *s, const char16_t *name, struct nt_arena *mem,
                           struct samdb_share *ret, bool *ret_persistent)
{
    struct srv_temporary *t = *temporary_find(s, name);
    const char *own = text8(mem, name);
    *ret_persistent = !t;
    if (t) {
        *ret = t->share;
        return STATUS_SUCCESS;
    }
    return own ? samdb_share_get(s->h->db, own, mem, ret) : STATUS_OBJECT_NAME_NOT_FOUND;
}

static enum nt_status list_all(struct serve_srvsvc *s, struct nt_arena *mem, bool sticky,
                               struct samdb_share **ret, unsigned *ret_n)
{
    struct samdb_share *stored;
    unsigned n;
    enum nt_status st = samdb_shares(s->h->db, mem, &stored, &n);
    if (st != STATUS_SUCCESS)
        return st;
    struct samdb_share *all = nt_arena_array(mem, n + s->n_temporary, sizeof *all);
    if (!all)
        return STATUS_NO_MEMORY;
    if (n)
        memcpy(all, stored, n * sizeof *all);
    for (const struct srv_temporary *t = s->temporary; t && !sticky; t = t->next)
        all[n++] = t->share;
    *ret = all;
    *ret_n = n;
    return STATUS_SUCCESS;
}

bool srv_shares_printers(struct serve_srvsvc *s)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct samdb_share *list = NULL;
    unsigned n = 0;
    bool any = false;
    if (mem && list_all(s, mem, false, &list, &n) == STATUS_SUCCESS)
        for (unsigned i = 0; i < n && !any; i++)
            any = (list[i].type & STYPE_BASE) == STYPE_PRINTQ;
    nt_arena_free(mem);
    return any;
}

/* ---- telling of one ---- */

struct share_text {
    const struct samdb_share *s;
    char16_t *name, *remark, *path;
    uint32_t type, uses;
};

static uint32_t uses_of(struct serve_srvsvc *s, struct nt_arena *mem, const char *name)
{
    struct serve_connection *list;
    unsigned n, uses = 0;
    if (!s->h->ops || s->h->ops->connections(s->h->ops_arg, mem, &list, &n) != STATUS_SUCCESS)
        return 0;
    for (unsigned i = 0; i < n; i++)
        uses += strcasecmp(list[i].share, name) == 0;
    return uses;
}

static enum nt_status texts_of(struct serve_srvsvc *s, struct nt_arena *mem, const struct samdb_share *list,
                               unsigned n, struct share_text **ret)
{
    struct share_text *t = nt_arena_array(mem, n, sizeof *t);
    if (!t)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++) {
        t[i] = (struct share_text){ &list[i],
                                    text16(mem, list[i].name),
                                    text16(mem, list[i].comment),
                                    text16(mem, list[i].path),
                                    list[i].type & ~(uint32_t)STYPE_CLUSTER,
                                    (list[i].type & STYPE_BASE) == STYPE_IPC ? uses_of(s, mem, list[i].name)
                                                                             : 0 };
        if (!t[i].name || !t[i].remark || !t[i].path)
            return STATUS_NO_MEMORY;
    }
    *ret = t;
    return STATUS_SUCCESS;
}

static const char16_t no_password[] = u""; /* shi*_passwd, [MS-SMB2] 3.3.4.16 */

static size_t size_of(uint32_t level, const struct share_text *t)
{
    size_t n = text_size(t->name);
    if (level == 0)
        return n + 4;
    n += text_size(t->remark);
    if (level == 1)
        return n + 12;
    if (level == 501)
        return n + 16;
    n += text_size(t->path) + text_size(no_password);
    return level == 2 ? n + 32 : n + 44 + t->s->sd.len;
}

static uint8_t *sd_copy(const struct samdb_share *s)
{
    return s->sd.len ? (uint8_t *)(uintptr_t)s->sd.data : NULL; /* lent: the answer is sent before it goes */
}

static void put_2(const struct share_text *t, struct srvsvc_SHARE_INFO_2 *to)
{
    *to = (struct srvsvc_SHARE_INFO_2){ t->name,        t->type, t->remark, 0,
                                        t->s->max_uses, t->uses, t->path,   no_password };
}

static void put_502(const struct share_text *t, struct srvsvc_SHARE_INFO_502_I *to)
{
    *to = (struct srvsvc_SHARE_INFO_502_I){ t->name,
                                            t->type,
                                            t->remark,
                                            0,
                                            t->s->max_uses,
                                            t->uses,
                                            t->path,
                                            no_password,
                                            (uint32_t)t->s->sd.len,
                                            sd_copy(t->s) };
}

static void put_503(const struct share_text *t, struct srvsvc_SHARE_INFO_503_I *to)
{
    static const char16_t any[] = u"*"; /* 3.1.1.7: the machine's own name */
    *to = (struct srvsvc_SHARE_INFO_503_I){ t->name,      t->type, t->remark,   0,   t->s->max_uses,
                                            t->uses,      t->path, no_password, any, (uint32_t)t->s->sd.len,
                                            sd_copy(t->s) };
}

#define NEW_CONTAINER(to, type, count)                                                                       \
    ((to) = nt_arena_obj(mem, __typeof__(*(to))),                                                            \
     (to) && ((to)->EntriesRead = (uint32_t)(count),                                                         \
              (to)->Buffer = nt_arena_array(mem, (count), sizeof(struct srvsvc_##type)), (to)->Buffer))

static enum nt_status fill(struct nt_arena *mem, const struct share_text *t, size_t n,
                           struct srvsvc_SHARE_ENUM_STRUCT *out)
{
    union srvsvc_SHARE_ENUM_UNION *u = &out->ShareInfo;
    bool ok = out->Level == 0     ? NEW_CONTAINER(u->Level0, SHARE_INFO_0, n)
              : out->Level == 1   ? NEW_CONTAINER(u->Level1, SHARE_INFO_1, n)
              : out->Level == 2   ? NEW_CONTAINER(u->Level2, SHARE_INFO_2, n)
              : out->Level == 501 ? NEW_CONTAINER(u->Level501, SHARE_INFO_501, n)
              : out->Level == 502 ? NEW_CONTAINER(u->Level502, SHARE_INFO_502_I, n)
                                  : NEW_CONTAINER(u->Level503, SHARE_INFO_503_I, n);
    for (size_t i = 0; ok && i < n; i++)
        if (out->Level == 0)
            u->Level0->Buffer[i].shi0_netname = t[i].name;
        else if (out->Level == 1)
            u->Level1->Buffer[i] = (struct srvsvc_SHARE_INFO_1){ t[i].name, t[i].type, t[i].remark };
        else if (out->Level == 2)
            put_2(&t[i], &u->Level2->Buffer[i]);
        else if (out->Level == 501)
            u->Level501->Buffer[i] =
                (struct srvsvc_SHARE_INFO_501){ t[i].name, t[i].type, t[i].remark, t[i].s->flags };
        else if (out->Level == 502)
            put_502(&t[i], &u->Level502->Buffer[i]);
        else
            put_503(&t[i], &u->Level503->Buffer[i]);
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static bool level_ok(uint32_t level)
{
    return level <= 2 || (level >= 501 && level <= 503);
}

/* Paths and descriptors are not for everybody: notes 61, 62. The list is asked as one share is: note 58 would
 * leave it to administrators, but browsers of all times read names of shares as plain users. */
static enum who who_sees(uint32_t level)
{
    return level == 2 || level == 502 || level == 503 || level == 1501 ? WHO_POWER : WHO_KNOWN;
}

/* The body of both lists. */
static enum nt_status enumerate(struct rpc_server_call *call, bool sticky, uint32_t preferred,
                                const uint32_t *resume, struct srvsvc_SHARE_ENUM_STRUCT *out,
                                struct page *ret)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct samdb_share *list = NULL;
    struct share_text *t = NULL;
    unsigned n = 0;
    enum nt_status st = list_all(s, mem, sticky, &list, &n);
    if (st == STATUS_SUCCESS)
        st = texts_of(s, mem, list, n, &t);
    size_t *sizes = st == STATUS_SUCCESS ? nt_arena_array(mem, n, sizeof *sizes) : NULL;
    for (unsigned i = 0; sizes && i < n; i++)
        sizes[i] = size_of(out->Level, &t[i]);
    if (st == STATUS_SUCCESS)
        st = page_make(mem, sizes, n, resume, preferred, ret);
    return st == STATUS_SUCCESS ? fill(mem, t + ret->from, ret->n, out) : st;
}

/* Both operations have the same shape, in structures of two names. */
#define ENUMERATE(call, r, sticky, who)                                                                      \
    do {                                                                                                     \
        struct page p = { .we = W_ERROR_SUCCESS };                                                           \
        uint32_t level = (r)->in.InfoStruct.Level;                                                           \
        (r)->out.InfoStruct = (struct srvsvc_SHARE_ENUM_STRUCT){ .Level = level };                           \
        (r)->out.ResumeHandle = (r)->in.ResumeHandle;                                                        \
        (r)->out.result = !level_ok(level) || (sticky && level == 501) ? W_ERROR_INVALID_LEVEL               \
                          : !may(call, who)                            ? W_ERROR_ACCESS_DENIED               \
                                                                       : W_ERROR_SUCCESS;                                               \
        if ((r)->out.result != W_ERROR_SUCCESS)                                                              \
            return STATUS_SUCCESS;                                                                           \
        enum nt_status st = enumerate(call, sticky, (r)->in.PreferedMaximumLength, (r)->in.ResumeHandle,     \
                                      &(r)->out.InfoStruct, &p);                                             \
        (r)->out.TotalEntries = p.total;                                                                     \
        (r)->out.ResumeHandle = p.resume;                                                                    \
        (r)->out.result = p.we;                                                                              \
        return st;                                                                                           \
    } while (0)

enum nt_status srv_NetrShareEnum(struct rpc_server_call *call, struct srvsvc_NetrShareEnum *r)
{
    ENUMERATE(call, r, false, who_sees(level));
}

enum nt_status srv_NetrShareEnumSticky(struct rpc_server_call *call, struct srvsvc_NetrShareEnumSticky *r)
{
    ENUMERATE(call, r, true, WHO_ADMIN);
}

/* ---- one ---- */

static bool put_one(struct nt_arena *mem, uint32_t level, const struct share_text *t,
                    union srvsvc_SHARE_INFO *u)
{
#define PUT(arm, ...)                                                                                        \
    (u->arm = nt_arena_obj(mem, __typeof__(*u->arm)),                                                        \
     u->arm && (*u->arm = (__typeof__(*u->arm)){ __VA_ARGS__ }, true))
    switch (level) {
    case 0:
        return PUT(ShareInfo0, t->name);
    case 1:
        return PUT(ShareInfo1, t->name, t->type, t->remark);
    case 2:
        u->ShareInfo2 = nt_arena_obj(mem, struct srvsvc_SHARE_INFO_2);
        if (u->ShareInfo2)
            put_2(t, u->ShareInfo2);
        return u->ShareInfo2;
    case 501:
        return PUT(ShareInfo501, t->name, t->type, t->remark, t->s->flags);
    case 502:
        u->ShareInfo502 = nt_arena_obj(mem, struct srvsvc_SHARE_INFO_502_I);
        if (u->ShareInfo502)
            put_502(t, u->ShareInfo502);
        return u->ShareInfo502;
    case 503:
        u->ShareInfo503 = nt_arena_obj(mem, struct srvsvc_SHARE_INFO_503_I);
        if (u->ShareInfo503)
            put_503(t, u->ShareInfo503);
        return u->ShareInfo503;
    case 1004:
        return PUT(ShareInfo1004, t->remark);
    case 1005:
        return PUT(ShareInfo1005, t->s->flags);
    case 1006:
        return PUT(ShareInfo1006, t->s->max_uses);
    default: /* 1501 */
        return PUT(ShareInfo1501, (uint32_t)t->s->sd.len, sd_copy(t->s));
    }
#undef PUT
}

static enum werror find_error(enum nt_status st)
{
    return st == STATUS_OBJECT_NAME_NOT_FOUND ? W_NERR_NetNameNotFound : store_error(st);
}

/* The levels of NetrShareSetInfo that have a member of their own are told, too, as Windows and Samba do. */
enum nt_status srv_NetrShareGetInfo(struct rpc_server_call *call, struct srvsvc_NetrShareGetInfo *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct samdb_share *share = nt_arena_obj(mem, struct samdb_share);
    struct share_text *t;
    bool persistent;
    uint32_t level = r->in.Level;
    bool known = level_ok(level) || level == 1004 || level == 1005 || level == 1006 || level == 1501;
    r->out.result = !known                        ? W_ERROR_INVALID_LEVEL
                    : !may(call, who_sees(level)) ? W_ERROR_ACCESS_DENIED
                    : !*r->in.NetName             ? W_ERROR_INVALID_PARAMETER
                                                  : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS || !share)
        return share ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    enum nt_status st = find(s, r->in.NetName, mem, share, &persistent);
    if (st != STATUS_SUCCESS) {
        r->out.result = find_error(st);
        return STATUS_SUCCESS;
    }
    st = texts_of(s, mem, share, 1, &t);
    if (st == STATUS_SUCCESS && !put_one(mem, level, t, &r->out.InfoStruct))
        st = STATUS_NO_MEMORY;
    return st;
}

/* ---- adding ---- */

/* What a caller gives of a new share, whatever the level. */
struct wanted {
    const char16_t *name, *remark, *path;
    uint32_t type, max_uses;
    const uint8_t *sd;
    uint32_t sd_len;
};

static bool take_wanted(uint32_t level, const union srvsvc_SHARE_INFO *u, struct wanted *w)
{
    if (level == 2 && u->ShareInfo2) {
        const struct srvsvc_SHARE_INFO_2 *i = u->ShareInfo2;
        *w = (struct wanted){
            i->shi2_netname, i->shi2_remark, i->shi2_path, i->shi2_type, i->shi2_max_uses, NULL, 0
        };
        return true;
    }
    if (level == 502 && u->ShareInfo502) {
        const struct srvsvc_SHARE_INFO_502_I *i = u->ShareInfo502;
        *w = (struct wanted){ i->shi502_netname, i->shi502_remark,   i->shi502_path,
                              i->shi502_type,    i->shi502_max_uses, i->shi502_security_descriptor,
                              i->shi502_reserved };
        return true;
    }
    if (level == 503 && u->ShareInfo503) {
        const struct srvsvc_SHARE_INFO_503_I *i = u->ShareInfo503;
        *w = (struct wanted){ i->shi503_netname, i->shi503_remark,   i->shi503_path,
                              i->shi503_type,    i->shi503_max_uses, i->shi503_security_descriptor,
                              i->shi503_reserved };
        return true;
    }
    return false;
}

static bool dots(const char16_t *path)
{
    for (const char16_t *p = path; *p; p++) {
        size_t n = p[0] == '.' ? 1 + (p[1] == '.') : 0;
        bool starts = p == path || p[-1] == '\\' || p[-1] == '/';
        if (n && starts && (!p[n] || p[n] == '\\' || p[n] == '/'))
            return true;
    }
    return false;
}

static bool named(const struct wanted *w, const char16_t *name)
{
    return ustr_casecmp(w->name, name) == 0;
}

static bool remark_ok(const char16_t *s)
{
    return !s || ustr_nlen(s, SRV_REMARK_MAX + 1) <= SRV_REMARK_MAX;
}

/* [MS-SRVS] 3.1.4.7, in its order: the name, whether it is taken, the rest. *ret_parm is set with
 * W_ERROR_INVALID_PARAMETER. */
static enum werror check_name(struct serve_srvsvc *s, struct nt_arena *mem, const struct wanted *w,
                              uint32_t *ret_parm)
{
    struct samdb_share old;
    bool persistent;
    *ret_parm = PARM_NAME;
    if (!text_given(w->name) || ustr_nlen(w->name, SRV_SHARE_NAME_MAX + 1) > SRV_SHARE_NAME_MAX)
        return W_ERROR_INVALID_PARAMETER;
    if (named(w, u"pipe") || named(w, u"mailslot"))
        return W_ERROR_ACCESS_DENIED;
    if (names_validate(w->name, NAME_SHARE, 0) != W_ERROR_SUCCESS || !text8(mem, w->name))
        return W_ERROR_INVALID_NAME;
    return find(s, w->name, mem, &old, &persistent) == STATUS_SUCCESS ? W_NERR_DuplicateShare
                                                                      : W_ERROR_SUCCESS;
}

static enum werror check_rest(struct nt_arena *mem, const struct wanted *w, uint32_t *ret_parm)
{
    bool special = named(w, u"IPC$") || named(w, u"ADMIN$");
    *ret_parm = PARM_TYPE;
    if ((w->type & STYPE_BASE) > STYPE_IPC ||
        (w->type & ~(STYPE_BASE | STYPE_CLUSTER | STYPE_TEMPORARY | STYPE_SPECIAL)))
        return W_ERROR_INVALID_PARAMETER;
    *ret_parm = PARM_REMARK;
    if (!remark_ok(w->remark) || (w->remark && !text8(mem, w->remark)))
        return W_ERROR_INVALID_PARAMETER;
    *ret_parm = PARM_PATH;
    if (special ? text_given(w->path) : !text_given(w->path) || dots(w->path) || !text8(mem, w->path))
        return W_ERROR_INVALID_PARAMETER;
    *ret_parm = PARM_SD;
    if (w->sd && w->sd_len && !sd_valid(w->sd, w->sd_len))
        return W_ERROR_INVALID_PARAMETER;
    *ret_parm = PARM_PATH;
    uint32_t type;
    if (special || (w->type & STYPE_BASE) != STYPE_DISKTREE)
        return W_ERROR_SUCCESS;
    if (names_path_type(w->path, 0, &type) != W_ERROR_SUCCESS || type != PATH_ABSD || w->path[1] != ':' ||
        w->path[2] != '\\') /* "C:a" is one of that type, and not absolute */
        return W_ERROR_INVALID_PARAMETER;
    return machine_has_directory(text8(mem, w->path)) ? W_ERROR_SUCCESS : W_NERR_UnknownDevDir;
}

static enum werror store_new(struct samdb *d, struct host_change *c)
{
    enum nt_status st = samdb_share_add(d, c->more);
    return st == STATUS_OBJECT_NAME_COLLISION ? W_NERR_DuplicateShare : store_error(st);
}

static enum werror plan_add(struct host_change *c)
{
    struct serve_srvsvc *s = rpc_server_arg(c->call);
    struct nt_arena *mem = rpc_server_mem(c->call);
    const struct wanted *w = c->more;
    struct samdb_share old, *share = nt_arena_obj(mem, struct samdb_share);
    bool persistent;
    enum nt_status st = find(s, w->name, mem, &old, &persistent);
    if (st == STATUS_SUCCESS)
        return W_NERR_DuplicateShare;
    if (st != STATUS_OBJECT_NAME_NOT_FOUND)
        return store_error(st);
    if (!share)
        return W_ERROR_NOT_ENOUGH_MEMORY;
    *share = (struct samdb_share){ .name = text8(mem, w->name),
                                   .path = text_given(w->path) ? text8(mem, w->path) : "",
                                   .comment = w->remark ? text8(mem, w->remark) : "",
                                   .type = w->type & ~(uint32_t)STYPE_CLUSTER,
                                   .max_uses = w->max_uses ? w->max_uses : 0xffff,
                                   .sd = { w->sd, w->sd ? w->sd_len : 0 } };
    if (!share->name || !share->path || !share->comment)
        return W_ERROR_NOT_ENOUGH_MEMORY;
    if (w->type & STYPE_TEMPORARY)
        return store_error(temporary_add(s, share));
    c->more = share;
    c->there = store_new;
    return W_ERROR_SUCCESS;
}

/* Notes 56, 57. */
static bool may_share(const struct rpc_server_call *call, uint32_t type)
{
    return may(call, (type & STYPE_BASE) == STYPE_PRINTQ ? WHO_POWER : WHO_SHARER);
}

/* Where ParmErr is told; the caller may not want it. */
static enum nt_status tell_parm(struct rpc_server_call *call, const uint32_t *in, enum werror we,
                                uint32_t parm, uint32_t **ret)
{
    *ret = NULL;
    if (!in)
        return STATUS_SUCCESS;
    *ret = nt_arena_obj(rpc_server_mem(call), uint32_t);
    if (!*ret)
        return STATUS_NO_MEMORY;
    **ret = we == W_ERROR_INVALID_PARAMETER ? parm : 0;
    return STATUS_SUCCESS;
}

static enum nt_status finish_add(struct host_change *c)
{
    struct srvsvc_NetrShareAdd *r = c->r;
    r->out.result = c->we;
    return tell_parm(c->call, r->in.ParmErr, c->we, c->parm, &r->out.ParmErr);
}

enum nt_status srv_NetrShareAdd(struct rpc_server_call *call, struct srvsvc_NetrShareAdd *r)
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct nt_arena *mem = rpc_server_mem(call);
    struct host_change *c = host_change_new(s->h, call, r);
    struct wanted *w = nt_arena_obj(mem, struct wanted);
    uint32_t level = r->in.Level;
    if (!c || !w)
        return STATUS_NO_MEMORY;
    c->plan = plan_add;
    c->finish = finish_add;
    c->more = w;
    c->we = W_ERROR_INVALID_PARAMETER;
    if (level != 2 && level != 502 && level != 503)
        c->we = W_ERROR_INVALID_LEVEL;
    else if (take_wanted(level, &r->in.InfoStruct, w))
        c->we = may_share(call, w->type) ? check_name(s, mem, w, &c->parm) : W_ERROR_ACCESS_DENIED;
    if (c->we == W_ERROR_SUCCESS)
        c->we = check_rest(mem, w, &c->parm);
    return c->we == W_ERROR_SUCCESS ? host_change(c) : finish_add(c);
}

/* ---- changing ---- */

/* Puts what the level has into the share. */
static enum werror change(struct nt_arena *mem, uint32_t level, const union srvsvc_SHARE_INFO *u,
                          struct samdb_share *s, uint32_t *ret_parm)
{
    struct wanted w = { .remark = NULL };
    bool remark = level == 1 || level == 1004, uses = level == 1006, sd = level == 1501;
    if (take_wanted(level, u, &w)) {
        remark = uses = true;
        sd = level != 2;
    } else if (level == 1 && u->ShareInfo1) {
        w.remark = u->ShareInfo1->shi1_remark;
    } else if (level == 1004 && u->ShareInfo1004) {
        w.remark = u->ShareInfo1004->shi1004_remark;
    } else if (level == 1006 && u->ShareInfo1006) {
        w.max_uses = u->ShareInfo1006->shi1006_max_uses;
    } else if (level == 1501 && u->ShareInfo1501) {
        w.sd = u->ShareInfo1501->shi1501_security_descriptor;
        w.sd_len = u->ShareInfo1501->shi1501_reserved;
    } else if (level == 1005 && u->ShareInfo1005) {
        uint32_t flags = u->ShareInfo1005->shi1005_flags;
        if ((s->type & STYPE_BASE) != STYPE_DISKTREE || (flags & FLAGS_ENABLE_HASH)) /* notes 63, 65 */
            return W_ERROR_NOT_SUPPORTED;
        s->flags = flags & FLAGS_KNOWN;
    } else {
        return W_ERROR_INVALID_PARAMETER;
    }
    *ret_parm = PARM_REMARK;
    if (remark && (!remark_ok(w.remark) || (w.remark && !text8(mem, w.remark))))
        return W_ERROR_INVALID_PARAMETER;
    *ret_parm = PARM_SD;
    if (sd && w.sd && ((s->type & STYPE_SPECIAL && level == 502) || !sd_valid(w.sd, w.sd_len)))
        return W_ERROR_INVALID_PARAMETER;
    if (remark)
        s->comment = w.remark ? text8(mem, w.remark) : "";
    if (uses)
        s->max_uses = w.max_uses;
    if (sd && (w.sd || level == 1501))
        s->sd = (struct nt_blob){ w.sd, w.sd ? w.sd_len : 0 };
    return W_ERROR_SUCCESS;
}

/* A temporary share is replaced by the changed one, in its place: lists have the order in which shares were
 * added (3.1.4.8). */
static enum nt_status keep(struct serve_srvsvc *s, const char16_t *name, const struct samdb_share *share)
{
    enum nt_status st =
        temporary_add(s, share); /* first: share lends from the old one, which is found first, too */
    if (st != STATUS_SUCCESS)
        return st;
    struct srv_temporary **old = temporary_find(s, name), **last = old, *changed;
    while ((*last)->next)
        last = &(*last)->next;
    changed = *last;
    *last = NULL;
    temporary_free(s, old);
    changed->next = *old;
    *old = changed;
    return STATUS_SUCCESS;
}

/* Read, changed and written in one: another program may change the share, too. */
static enum werror store_changed(struct samdb *d, struct host_change *c)
{
    const struct srvsvc_NetrShareSetInfo *r = c->r;
    struct nt_arena *mem = rpc_server_mem(c->call);
    struct samdb_share share;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return store_error(st);
    enum werror we = find_error(samdb_share_get(d, c->more, mem, &share));
    if (we == W_ERROR_SUCCESS)
        we = change(mem, r->in.Level, &r->in.ShareInfo, &share, &c->parm);
    if (we == W_ERROR_SUCCESS)
        we = find_error(samdb_share_set(d, &share));
    st = samdb_end(d, we == W_ERROR_SUCCESS ? STATUS_SUCCESS : STATUS_CANCELLED);
    return we == W_ERROR_SUCCESS ? store_error(st) : we;
}

static enum werror plan_set(struct host_change *c)
{
    const struct srvsvc_NetrShareSetInfo *r = c->r;
    struct serve_srvsvc *s = rpc_server_arg(c->call);
    struct nt_arena *mem = rpc_server_mem(c->call);
    struct samdb_share share;
    bool persistent;
    enum werror we = find_error(find(s, r->in.NetName, mem, &share, &persistent));
    if (we != W_ERROR_SUCCESS)
        return we;
    if (persistent) {
        c->more = (void *)(uintptr_t)share.name;
        c->there = store_changed;
        return W_ERROR_SUCCESS;
    }
    we = change(mem, r->in.Level, &r->in.ShareInfo, &share, &c->parm);
    return we == W_ERROR_SUCCESS ? find_error(keep(s, r->in.NetName, &share)) : we;
}

static enum nt_status finish_set(struct host_change *c)
{
    struct srvsvc_NetrShareSetInfo *r = c->r;
    r->out.result = c->we;
    return tell_parm(c->call, r->in.ParmErr, c->we, c->parm, &r->out.ParmErr);
}

static bool set_level(uint32_t level)
{
    return level == 1 || level == 2 || level == 502 || level == 503 || (level >= 1004 && level <= 1006) ||
           level == 1501;
}

enum nt_status srv_NetrShareSetInfo(struct rpc_server_call *call, struct srvsvc_NetrShareSetInfo *r)
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct host_change *c = host_change_new(s->h, call, r);
    if (!c)
        return STATUS_NO_MEMORY;
    c->plan = plan_set;
    c->finish = finish_set;
    c->we = !may(call, WHO_ADMIN)     ? W_ERROR_ACCESS_DENIED
            : !set_level(r->in.Level) ? W_ERROR_INVALID_LEVEL
            : !*r->in.NetName         ? W_ERROR_INVALID_PARAMETER
                                      : W_ERROR_SUCCESS;
    return c->we == W_ERROR_SUCCESS ? host_change(c) : finish_set(c);
}

/* ---- removing ---- */

/* A share that is marked for deletion (NetrShareDelStart), by its name as the client had it. */
struct srv_deletion {
    struct srv_deletion *next;
    struct serve_srvsvc *s;
    char16_t *name;
    bool gone; /* somebody was faster: what has the name now is another share */
};

/* As soon as it is to go; should the store then say no, the mark is lost all the same. */
static void deletions_gone(struct serve_srvsvc *s, const char16_t *name)
{
    for (struct srv_deletion *d = s->deletions; d; d = d->next)
        d->gone |= ustr_casecmp(d->name, name) == 0;
}

/* IPC$ stays: it is the way in for whoever would like it back. Windows forgets it until it starts anew. */
static enum werror may_remove(struct rpc_server_call *call, const char16_t *name, struct samdb_share *ret,
                              bool *ret_persistent)
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    if (!may(call, WHO_POWER))
        return W_ERROR_ACCESS_DENIED;
    if (!text_given(name))
        return W_ERROR_INVALID_PARAMETER;
    enum nt_status st = find(s, name, rpc_server_mem(call), ret, ret_persistent);
    if (st != STATUS_SUCCESS)
        return find_error(st);
    return may_share(call, ret->type) && strcasecmp(ret->name, "IPC$") != 0 ? W_ERROR_SUCCESS
                                                                            : W_ERROR_ACCESS_DENIED;
}

static enum werror store_without(struct samdb *d, struct host_change *c)
{
    return find_error(samdb_share_delete(d, c->more));
}

/* c->more: the name as the client has it; then as the store has it. */
static enum werror plan_remove(struct host_change *c)
{
    struct samdb_share share;
    const char16_t *name = c->more;
    bool persistent;
    enum werror we = may_remove(c->call, name, &share, &persistent);
    if (we == W_ERROR_SUCCESS)
        deletions_gone(rpc_server_arg(c->call), name);
    if (we == W_ERROR_SUCCESS && persistent) {
        c->more = (void *)(uintptr_t)share.name;
        c->there = store_without;
    } else if (we == W_ERROR_SUCCESS) {
        struct serve_srvsvc *s = rpc_server_arg(c->call);
        temporary_free(s, temporary_find(s, name));
    }
    return we;
}

static enum nt_status remove_share(struct rpc_server_call *call, void *r, const char16_t *name,
                                   enum nt_status (*finish)(struct host_change *c))
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct host_change *c = host_change_new(s->h, call, r);
    if (!c)
        return STATUS_NO_MEMORY;
    c->plan = plan_remove;
    c->finish = finish;
    c->more = (void *)(uintptr_t)name;
    return host_change(c);
}

static enum nt_status finish_del(struct host_change *c)
{
    ((struct srvsvc_NetrShareDel *)c->r)->out.result = c->we;
    return STATUS_SUCCESS;
}

enum nt_status srv_NetrShareDel(struct rpc_server_call *call, struct srvsvc_NetrShareDel *r)
{
    return remove_share(call, r, r->in.NetName, finish_del);
}

static enum nt_status finish_del_ex(struct host_change *c)
{
    ((struct srvsvc_NetrShareDelEx *)c->r)->out.result = c->we;
    return STATUS_SUCCESS;
}

enum nt_status srv_NetrShareDelEx(struct rpc_server_call *call, struct srvsvc_NetrShareDelEx *r)
{
    const struct srvsvc_SHARE_INFO_503_I *i = r->in.Level == 503 ? r->in.ShareInfo.ShareInfo503 : NULL;
    if (i)
        return remove_share(call, r, i->shi503_netname, finish_del_ex);
    r->out.result = r->in.Level != 503 ? W_ERROR_INVALID_LEVEL : W_ERROR_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* The share stays until the server ends, and is then forgotten. */
static enum werror plan_del_sticky(struct host_change *c)
{
    const struct srvsvc_NetrShareDelSticky *r = c->r;
    struct samdb_share share;
    bool persistent = false;
    enum werror we = may_remove(c->call, r->in.NetName, &share, &persistent);
    if (we == W_ERROR_SUCCESS && !persistent)
        we = W_NERR_NetNameNotFound;
    if (we == W_ERROR_SUCCESS)
        we = store_error(temporary_add(rpc_server_arg(c->call), &share));
    if (we == W_ERROR_SUCCESS) {
        c->more = (void *)(uintptr_t)share.name;
        c->there = store_without;
    }
    return we;
}

static enum nt_status finish_del_sticky(struct host_change *c)
{
    struct srvsvc_NetrShareDelSticky *r = c->r;
    struct serve_srvsvc *s = rpc_server_arg(c->call);
    if (c->we != W_ERROR_SUCCESS && c->there)
        temporary_free(s, temporary_find(s, r->in.NetName));
    r->out.result = c->we;
    return STATUS_SUCCESS;
}

enum nt_status srv_NetrShareDelSticky(struct rpc_server_call *call, struct srvsvc_NetrShareDelSticky *r)
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct host_change *c = host_change_new(s->h, call, r);
    if (!c)
        return STATUS_NO_MEMORY;
    c->plan = plan_del_sticky;
    c->finish = finish_del_sticky;
    return host_change(c);
}

/* ---- removing in two steps ---- */

static void deletion_free(void *p)
{
    struct srv_deletion *d = p, **at = &d->s->deletions;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    free(d->name);
    free(d);
}

static const struct rpc_handle_type deletion = { .name = "SHARE_DEL_HANDLE", .rundown = deletion_free };

static struct srv_deletion *deletion_new(struct serve_srvsvc *s, const char16_t *name)
{
    struct srv_deletion *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    *d = (struct srv_deletion){ .next = s->deletions, .s = s, .name = ustr_dup(name) };
    if (!d->name) {
        free(d);
        return NULL;
    }
    return s->deletions = d;
}

enum nt_status srv_NetrShareDelStart(struct rpc_server_call *call, struct srvsvc_NetrShareDelStart *r)
{
    struct samdb_share share;
    bool persistent;
    r->out.result = may_remove(call, r->in.NetName, &share, &persistent);
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    struct srv_deletion *d = deletion_new(rpc_server_arg(call), r->in.NetName);
    enum nt_status st = d ? rpc_handle_new(call, &deletion, d, &r->out.ContextHandle) : STATUS_NO_MEMORY;
    if (d && st != STATUS_SUCCESS)
        deletion_free(d);
    return st;
}

static enum nt_status finish_del_commit(struct host_change *c)
{
    ((struct srvsvc_NetrShareDelCommit *)c->r)->out.result =
        c->we == W_NERR_NetNameNotFound ? W_ERROR_INVALID_PARAMETER : c->we; /* 3.1.4.15 */
    return STATUS_SUCCESS;
}

/* Who holds the handle is asked again: much may have changed. */
enum nt_status srv_NetrShareDelCommit(struct rpc_server_call *call, struct srvsvc_NetrShareDelCommit *r)
{
    void *object;
    struct ndr_handle h = r->in.ContextHandle;
    enum nt_status st = rpc_handle_close(call, &h, &deletion, &object);
    if (st != STATUS_SUCCESS)
        return st;
    struct srv_deletion *d = object;
    const char16_t *copy = nt_arena_strdup16(rpc_server_mem(call), d->name);
    bool gone = d->gone;
    deletion_free(d);
    r->out.ContextHandle = h;
    r->out.result = W_ERROR_INVALID_PARAMETER;
    if (gone)
        return STATUS_SUCCESS;
    return copy ? remove_share(call, r, copy, finish_del_commit) : STATUS_NO_MEMORY;
}

/* ---- devices ---- */

/* The same device, by its letter or as the directory at its root: "C:", "c:\\". What has no path, IPC$, is found by none
 * ([MS-SRVS] 3.1.4.16 compares with Share.LocalPath; two of rpc.srvsvc's tests ask so). */
static bool same_device(const char16_t *path, const char16_t *device)
{
    size_t n = ustr_len(path), m = ustr_len(device);
    if (!n || !m)
        return n == m;
    n -= n && path[n - 1] == '\\';
    m -= m && device[m - 1] == '\\';
    return n && n == m && ustr_ncasecmp(path, device, n) == 0;
}

enum nt_status srv_NetrShareCheck(struct rpc_server_call *call, struct srvsvc_NetrShareCheck *r)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct samdb_share *list = NULL;
    unsigned n = 0;
    r->out.result = W_ERROR_ACCESS_DENIED;
    if (!may(call, WHO_KNOWN))
        return STATUS_SUCCESS;
    r->out.result = W_NERR_DeviceNotShared;
    enum nt_status st = list_all(rpc_server_arg(call), mem, false, &list, &n);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < n; i++) {
        char16_t *path = text16(mem, list[i].path);
        if (!path || !same_device(path, r->in.Device))
            continue;
        r->out.Type = list[i].type & ~(STYPE_SPECIAL | (uint32_t)STYPE_CLUSTER);
        r->out.result = W_ERROR_SUCCESS;
        break;
    }
    return st;
}

/* ---- obeying ---- */

bool serve_share_connect(void *host, const char *share, const struct sec_token *token)
{
    enum { FILE_READ_DATA = 1 };
    const struct serve_host *h = host;
    struct samdb_share found;
    struct nt_arena *mem = nt_arena_new(0);
    bool yes = mem && samdb_share_get(h->db, share, mem, &found) == STATUS_SUCCESS &&
               sd_grants(found.sd, token, FILE_READ_DATA);
    nt_arena_free(mem);
    return yes;
}
