// SPDX-License-Identifier: Apache-2.0
/*
 * The server's settings: [MS-SRVS] 3.1.4.17, 3.1.4.18. Most are of servers for files; they are checked, kept
 * and told, and mean nothing here. SERVER_INFO_502 and 503 are the front of SERVER_INFO_599, which is the one
 * kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_host.h"

/* MAXCOMMENTSZ of LAN Manager. */
#define COMMENT_MAX 256u

enum mode {
    KEPT,    /* set and told */
    CHECKED, /* "the server MUST validate this value; it does not store it" */
    IGNORED, /* told only */
};

struct field {
    const char *name;
    size_t at;
    uint32_t parm; /* [MS-SRVS] 2.2.2.12; the level of its own is 1000 more */
    enum mode mode;
    uint32_t value, min, max; /* by default (note 41), and what is allowed (2.2.4.46) */
};
#define F(name, parm, mode, value, min, max)                                                                 \
    {                                                                                                        \
#name, offsetof(struct srvsvc_SERVER_INFO_599, sv599_##name), parm, mode, value, min, max            \
    }

static const struct field fields[] = {
    F(sessopens, 501, KEPT, 2048, 1, 16384),
    F(sessvcs, 502, CHECKED, 1, 1, 1),
    F(opensearch, 503, KEPT, 2048, 1, 2048),
    F(sizreqbuf, 504, IGNORED, 4356, 1024, 65535),
    F(initworkitems, 505, IGNORED, 4, 1, 512),
    F(maxworkitems, 506, KEPT, 16, 1, 65535),
    F(rawworkitems, 507, IGNORED, 4, 1, 512),
    F(irpstacksize, 508, IGNORED, 11, 11, 50),
    F(maxrawbuflen, 509, CHECKED, 65535, 65535, 65535),
    F(sessusers, 510, KEPT, 2048, 1, 2048),
    F(sessconns, 511, KEPT, 2048, 1, 2048),
    F(maxpagedmemoryusage, 513, KEPT, UINT32_MAX, 0x100000, UINT32_MAX), /* notes 24, 25 */
    F(maxnonpagedmemoryusage, 512, KEPT, UINT32_MAX, 0x100000, UINT32_MAX),
    F(enablesoftcompat, 514, KEPT, 1, 0, 1),
    F(enableforcedlogoff, 515, KEPT, 1, 0, 1),
    F(timesource, 516, KEPT, 0, 0, 1),
    F(acceptdownlevelapis, 517, IGNORED, 1, 0, 1),
    F(lmannounce, 518, KEPT, 0, 0, 1),
    F(maxcopyreadlen, 520, CHECKED, 8192, 0, UINT32_MAX),
    F(maxcopywritelen, 521, CHECKED, 0, 0, UINT32_MAX),
    F(minkeepsearch, 522, CHECKED, 480, 5, 5000),
    F(maxkeepsearch, 523, KEPT, 3600, 10, 10000),
    F(minkeepcomplsearch, 524, CHECKED, 240, 1, 1000),
    F(maxkeepcomplsearch, 525, CHECKED, 600, 2, 10000),
    F(threadcountadd, 526, IGNORED, 2, 0, UINT32_MAX),
    F(numblockthreads, 527, IGNORED, 2, 0, UINT32_MAX),
    F(scavtimeout, 528, KEPT, 30, 1, 300),
    F(minrcvqueue, 529, KEPT, 2, 0, 10),
    F(minfreeworkitems, 530, KEPT, 2, 0, 10),
    F(xactmemsize, 531, IGNORED, 0x100000, 0x10000, 0x1000000),
    F(threadpriority, 532, IGNORED, 1, 0, 15),
    F(maxmpxct, 533, KEPT, 50, 1, 65535),
    F(oplockbreakwait, 534, KEPT, 35, 10, 180),
    F(oplockbreakresponsewait, 535, KEPT, 35, 10, 180),
    F(enableoplocks, 536, KEPT, 1, 0, 1),
    F(enableoplockforceclose, 537, IGNORED, 0, 0, 1),
    F(enablefcbopens, 538, KEPT, 1, 0, 1),
    F(enableraw, 539, KEPT, 1, 0, 1),
    F(enablesharednetdrives, 540, KEPT, 0, 0, 1),
    F(minfreeconnections, 541, KEPT, 2, 2, 1024),
    F(maxfreeconnections, 542, KEPT, 2, 2, 16384),
    F(initsesstable, 543, KEPT, 4, 1, 64),
    F(initconntable, 544, KEPT, 8, 1, 128),
    F(initfiletable, 545, KEPT, 16, 1, 256),
    F(initsearchtable, 546, KEPT, 8, 1, 2048),
    F(alertschedule, 547, KEPT, 5, 1, 65535),
    F(errorthreshold, 548, KEPT, 10, 1, 65535),
    F(networkerrorthreshold, 549, KEPT, 5, 1, 100),
    F(diskspacethreshold, 550, KEPT, 10, 0, 99),
    F(maxlinkdelay, 552, KEPT, 60, 0, 0x10000000),
    F(minlinkthroughput, 553, KEPT, 0, 0, UINT32_MAX),
    F(linkinfovalidtime, 554, KEPT, 60, 0, 0x10000000),
    F(scavqosinfoupdatetime, 555, KEPT, 300, 0, 0x10000000),
    F(maxworkitemidletime, 556, KEPT, 30, 10, 1800),
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* What the three levels share. */
_Static_assert(offsetof(struct srvsvc_SERVER_INFO_502, sv502_lmannounce) ==
                   offsetof(struct srvsvc_SERVER_INFO_599, sv599_lmannounce),
               "502 is the front of 599");
_Static_assert(offsetof(struct srvsvc_SERVER_INFO_503, sv503_maxfreeconnections) ==
                   offsetof(struct srvsvc_SERVER_INFO_599, sv599_maxfreeconnections),
               "503 is the front of 599");
/* Up to its last member: what the compiler puts behind that is nobody's. */
static size_t level_size(uint32_t level)
{
#define END(type, member) (offsetof(struct srvsvc_SERVER_INFO_##type, sv##type##_##member) + sizeof(uint32_t))
    return level == 502   ? END(502, lmannounce)
           : level == 503 ? END(503, maxfreeconnections)
                          : END(599, maxworkitemidletime);
#undef END
}

static uint32_t get(const void *base, const struct field *f)
{
    uint32_t v;
    memcpy(&v, (const uint8_t *)base + f->at, sizeof v);
    return v;
}

static void put(void *base, const struct field *f, uint32_t v)
{
    memcpy((uint8_t *)base + f->at, &v, sizeof v);
}

/* The members of SERVER_INFO_102 that can be set. */
enum { USERS, DISC, HIDDEN, ANNOUNCE, ANNDELTA, NUMBERS };
static const struct {
    const char *name;
    uint32_t parm, level, value, min, max;
} numbers[NUMBERS] = {
    [USERS] = { "users", 107, 1107, UINT32_MAX, 1, UINT32_MAX },
    [DISC] = { "disc", 10, 1010, 15, 1, UINT32_MAX }, /* minutes; SV_NODISC is UINT32_MAX */
    [HIDDEN] = { "hidden", 16, 1016, 0, 0, 1 },
    [ANNOUNCE] = { "announce", 17, 1017, 240, 1, 65535 },
    [ANNDELTA] = { "anndelta", 18, 1018, 3000, 0, 65535 },
};
enum { PARM_COMMENT = 5, PARM_USERPATH = 112 };

/* ---- the store ---- */

static char *key_of(char buf[64], const char *name)
{
    snprintf(buf, 64, "srvsvc.%s", name);
    return buf;
}

/* A number that was kept, if it is one and still allowed. */
static enum nt_status load_number(struct serve_srvsvc *s, const char *name, uint32_t value, uint32_t min,
                                  uint32_t max, uint32_t *ret)
{
    char key[64], *end;
    const char *text;
    struct nt_arena *mem = nt_arena_new(0);
    enum nt_status st = mem ? samdb_setting(s->h->db, key_of(key, name), mem, &text) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS) {
        unsigned long v = text ? strtoul(text, &end, 10) : value;
        *ret = text && (*end || v < min || v > max) ? value : (uint32_t)v;
    }
    nt_arena_free(mem);
    return st;
}

static enum nt_status load_text(struct serve_srvsvc *s, const char *name, const char *value,
                                const char16_t **ret)
{
    char key[64];
    const char *text = NULL;
    enum nt_status st = samdb_setting(s->h->db, key_of(key, name), s->mem, &text);
    if (st == STATUS_SUCCESS)
        *ret = text16(s->mem, text ? text : value);
    return st == STATUS_SUCCESS && !*ret ? STATUS_NO_MEMORY : st;
}

static uint32_t *number_of(struct srvsvc_SERVER_INFO_103 *c, int which)
{
    return which == USERS      ? &c->sv103_users
           : which == DISC     ? (uint32_t *)&c->sv103_disc
           : which == HIDDEN   ? (uint32_t *)&c->sv103_hidden
           : which == ANNOUNCE ? &c->sv103_announce
                               : &c->sv103_anndelta;
}

enum nt_status srv_config_load(struct serve_srvsvc *s)
{
    enum { PLATFORM_NT = 500 };
    struct samdb_domain dom;
    enum nt_status st =
        samdb_version(s->h->db, &s->version); /* first: what comes later is seen the next time */
    if (st == STATUS_SUCCESS)
        st = samdb_domain(s->h->db, s->mem, &dom);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < FIELDS; i++) {
        uint32_t v = fields[i].value;
        if (fields[i].mode == KEPT)
            st = load_number(s, fields[i].name, v, fields[i].min, fields[i].max, &v);
        put(&s->c599, &fields[i], v);
    }
    for (int i = 0; st == STATUS_SUCCESS && i < NUMBERS; i++)
        st = load_number(s, numbers[i].name, numbers[i].value, numbers[i].min, numbers[i].max,
                         number_of(&s->c103, i));
    if (st == STATUS_SUCCESS)
        st = load_text(s, "comment", "", &s->c103.sv103_comment);
    if (st == STATUS_SUCCESS)
        st = load_text(s, "userpath", "c:\\", &s->c103.sv103_userpath);
    if (st != STATUS_SUCCESS)
        return st;
    s->c103.sv103_platform_id = PLATFORM_NT;
    s->c103.sv103_version_major = machine_version.major;
    s->c103.sv103_version_minor = machine_version.minor;
    s->c103.sv103_name = text16(s->mem, dom.machine);
    s->c599.sv599_domain = text16(s->mem, dom.workgroup);
    return s->c103.sv103_name && s->c599.sv599_domain ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* ---- telling ---- */

/* GlobalServerAnnounce: what this machine is (2.2.2.7). */
static uint32_t announce(struct serve_srvsvc *s)
{
    enum { WORKSTATION = 1, SERVER = 2, PRINTQ_SERVER = 0x200, NT = 0x1000, SERVER_NT = 0x8000 };
    return WORKSTATION | SERVER | NT | SERVER_NT | (srv_shares_printers(s) ? PRINTQ_SERVER : 0);
}

/* The name that the caller uses for us, else our own. */
static const char16_t *own_name(const struct serve_srvsvc *s, const char16_t *server)
{
    while (server && *server == '\\')
        server++;
    return text_given(server) ? server : s->c103.sv103_name;
}

static enum who who_asks(uint32_t level) /* notes 80, 81 */
{
    return level == 503 ? WHO_ADMIN : level >= 102 ? WHO_SHARER : WHO_KNOWN;
}

static bool tell(struct nt_arena *mem, struct serve_srvsvc *s, uint32_t level, const char16_t *name,
                 union srvsvc_SERVER_INFO *u)
{
    const struct srvsvc_SERVER_INFO_103 *c = &s->c103;
    if (level == 100) {
        u->ServerInfo100 = nt_arena_obj(mem, struct dtyp_SERVER_INFO_100);
        if (u->ServerInfo100)
            *u->ServerInfo100 = (struct dtyp_SERVER_INFO_100){ c->sv103_platform_id, name };
    } else if (level == 101) {
        u->ServerInfo101 = nt_arena_obj(mem, struct dtyp_SERVER_INFO_101);
        if (u->ServerInfo101)
            *u->ServerInfo101 =
                (struct dtyp_SERVER_INFO_101){ c->sv103_platform_id,   name,        c->sv103_version_major,
                                               c->sv103_version_minor, announce(s), c->sv103_comment };
    } else if (level == 102) {
        u->ServerInfo102 = nt_arena_obj(mem, struct srvsvc_SERVER_INFO_102);
        if (u->ServerInfo102)
            *u->ServerInfo102 = (struct srvsvc_SERVER_INFO_102){ c->sv103_platform_id,
                                                                 name,
                                                                 c->sv103_version_major,
                                                                 c->sv103_version_minor,
                                                                 announce(s),
                                                                 c->sv103_comment,
                                                                 c->sv103_users,
                                                                 c->sv103_disc,
                                                                 c->sv103_hidden,
                                                                 c->sv103_announce,
                                                                 c->sv103_anndelta,
                                                                 0,
                                                                 c->sv103_userpath };
    } else if (level == 103) {
        u->ServerInfo103 = nt_arena_memdup(mem, c, sizeof *c);
        if (u->ServerInfo103) {
            u->ServerInfo103->sv103_name = name;
            u->ServerInfo103->sv103_type = announce(s);
        }
    } else { /* all arms are pointers */
        u->ServerInfo599 = nt_arena_memdup(mem, &s->c599, level_size(level));
    }
    return u->ServerInfo599;
}

/* What is on the disk is read again: whole, into new memory, and only then put in the place of the old.
 */
static enum nt_status reload(struct serve_srvsvc *s)
{
    struct serve_srvsvc fresh = { .h = s->h, .mem = nt_arena_new(0) };
    enum nt_status st = fresh.mem ? srv_config_load(&fresh) : STATUS_NO_MEMORY;
    if (st != STATUS_SUCCESS) {
        nt_arena_free(fresh.mem);
        return st;
    }
    nt_arena_free(s->mem);
    s->mem = fresh.mem;
    s->version = fresh.version;
    s->c103 = fresh.c103;
    s->c599 = fresh.c599;
    return STATUS_SUCCESS;
}

/* Another program may have changed the store. Where that cannot be told, or read, what was read last has to
 * do. */
static void refresh(struct serve_srvsvc *s)
{
    uint32_t version;
    if (samdb_version(s->h->db, &version) == STATUS_SUCCESS && version != s->version)
        (void)!reload(s);
}

enum nt_status srv_NetrServerGetInfo(struct rpc_server_call *call, struct srvsvc_NetrServerGetInfo *r)
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    uint32_t level = r->in.Level;
    r->out.result = (level < 100 || level > 103) && level != 502 && level != 503 ? W_ERROR_INVALID_LEVEL
                    : !may(call, who_asks(level))                                ? W_ERROR_ACCESS_DENIED
                    : r->in.ServerName && ustr_nlen(r->in.ServerName, 1024) >= 1024
                        ? W_ERROR_INVALID_PARAMETER
                        : W_ERROR_SUCCESS;
    if (r->out.result != W_ERROR_SUCCESS)
        return STATUS_SUCCESS;
    refresh(s);
    /* text is lent: the answer is made before anything else runs */
    return tell(rpc_server_mem(call), s, level, own_name(s, r->in.ServerName), &r->out.InfoStruct)
               ? STATUS_SUCCESS
               : STATUS_NO_MEMORY;
}

/* ---- setting ---- */

/* What is to change; collected and checked before anything does. */
struct change {
    const struct field *field[FIELDS];
    uint32_t value[FIELDS], number[NUMBERS];
    bool has_number[NUMBERS];
    unsigned n;
    const char16_t *comment, *userpath; /* NULL: as it is */
    uint32_t parm;                      /* of the first that cannot be */
};

static bool want_field(struct change *c, const struct field *f, uint32_t v)
{
    if (f->mode == IGNORED)
        return true;
    if (v < f->min || v > f->max) {
        c->parm = f->parm;
        return false;
    }
    if (f->mode == KEPT) {
        c->field[c->n] = f;
        c->value[c->n++] = v;
    }
    return true;
}

static bool want_number(struct change *c, int which, uint32_t v)
{
    c->parm = numbers[which].parm;
    c->number[which] = v;
    c->has_number[which] = true;
    return v >= numbers[which].min && v <= numbers[which].max;
}

static bool want_text(struct change *c, const char16_t *text, uint32_t parm, const char16_t **to)
{
    c->parm = parm;
    *to = text ? text : u"";
    return ustr_nlen(*to, COMMENT_MAX + 1) <= COMMENT_MAX;
}

static bool want_102(struct change *c, const struct srvsvc_SERVER_INFO_102 *i)
{
    return want_text(c, i->sv102_comment, PARM_COMMENT, &c->comment) &&
           want_number(c, USERS, i->sv102_users) && want_number(c, DISC, (uint32_t)i->sv102_disc) &&
           want_number(c, HIDDEN, (uint32_t)i->sv102_hidden) && want_number(c, ANNOUNCE, i->sv102_announce) &&
           want_number(c, ANNDELTA, i->sv102_anndelta) &&
           want_text(c, i->sv102_userpath, PARM_USERPATH, &c->userpath);
}

static bool want_599(struct change *c, uint32_t level, const void *info)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < FIELDS; i++)
        if (fields[i].at + 4 <= level_size(level))
            ok = want_field(c, &fields[i], get(info, &fields[i]));
    return ok;
}

/* Levels with one member; it is at the front of the structure. */
static bool want_single(struct change *c, uint32_t level, const void *info)
{
    uint32_t v;
    memcpy(&v, info, sizeof v);
    for (int i = 0; i < NUMBERS; i++)
        if (numbers[i].level == level)
            return want_number(c, i, v);
    for (unsigned i = 0; i < FIELDS; i++)
        if (fields[i].parm + 1000 == level)
            return want_field(c, &fields[i], v);
    return false;
}

static bool can_set(uint32_t level)
{
    static const uint16_t list[] = { 101,  102,  502,  503,  599,  1005, 1107, 1010, 1016, 1017,
                                     1018, 1501, 1502, 1503, 1506, 1510, 1511, 1512, 1513, 1514,
                                     1515, 1516, 1518, 1523, 1528, 1529, 1530, 1533, 1534, 1535,
                                     1536, 1538, 1539, 1540, 1541, 1542, 1543, 1544, 1545, 1546,
                                     1547, 1548, 1549, 1550, 1552, 1553, 1554, 1555, 1556 };
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
        if (list[i] == level)
            return true;
    return false;
}

static enum werror collect(uint32_t level, const union srvsvc_SERVER_INFO *u, struct change *c)
{
    const void *info = u->ServerInfo599;
    bool ok = false;
    if (!info)
        return W_ERROR_INVALID_PARAMETER;
    if (level == 101)
        ok = want_text(c, u->ServerInfo101->sv101_comment, PARM_COMMENT, &c->comment);
    else if (level == 102)
        ok = want_102(c, u->ServerInfo102);
    else if (level == 1005)
        ok = want_text(c, u->ServerInfo1005->sv1005_comment, PARM_COMMENT, &c->comment);
    else
        ok = level <= 599 ? want_599(c, level, info) : want_single(c, level, info);
    return ok ? W_ERROR_SUCCESS : W_ERROR_INVALID_PARAMETER;
}

static enum nt_status store_number(struct samdb *d, const char *name, uint32_t v)
{
    char key[64], text[16];
    snprintf(text, sizeof text, "%u", v);
    return samdb_set_setting(d, key_of(key, name), text);
}

static enum nt_status store_text(struct samdb *d, struct nt_arena *mem, const char *name,
                                 const char16_t *text)
{
    char key[64];
    const char *own = text ? text8(mem, text) : NULL;
    if (!text)
        return STATUS_SUCCESS;
    return own ? samdb_set_setting(d, key_of(key, name), own) : STATUS_INVALID_PARAMETER;
}

static enum nt_status store(struct samdb *d, struct nt_arena *mem, const struct change *c)
{
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    for (unsigned i = 0; st == STATUS_SUCCESS && i < c->n; i++)
        st = store_number(d, c->field[i]->name, c->value[i]);
    for (int i = 0; st == STATUS_SUCCESS && i < NUMBERS; i++)
        if (c->has_number[i])
            st = store_number(d, numbers[i].name, c->number[i]);
    if (st == STATUS_SUCCESS)
        st = store_text(d, mem, "comment", c->comment);
    if (st == STATUS_SUCCESS)
        st = store_text(d, mem, "userpath", c->userpath);
    return samdb_end(d, st);
}

static enum werror store_settings(struct samdb *d, struct host_change *c)
{
    return store_error(store(d, rpc_server_mem(c->call), c->more));
}

static enum werror plan_settings(struct host_change *c)
{
    c->there = store_settings;
    return W_ERROR_SUCCESS;
}

static enum nt_status finish_settings(struct host_change *c)
{
    struct srvsvc_NetrServerSetInfo *r = c->r;
    struct nt_arena *mem = rpc_server_mem(c->call);
    const struct change *change = c->more;
    if (c->we == W_ERROR_SUCCESS)
        c->we = store_error(reload(rpc_server_arg(c->call)));
    r->out.result = c->we;
    r->out.ParmErr = r->in.ParmErr ? nt_arena_obj(mem, uint32_t) : NULL;
    if (r->in.ParmErr && !r->out.ParmErr)
        return STATUS_NO_MEMORY;
    if (r->out.ParmErr)
        *r->out.ParmErr = c->we == W_ERROR_INVALID_PARAMETER ? change->parm : 0;
    return STATUS_SUCCESS;
}

enum nt_status srv_NetrServerSetInfo(struct rpc_server_call *call, struct srvsvc_NetrServerSetInfo *r)
{
    struct serve_srvsvc *s = rpc_server_arg(call);
    struct host_change *c = host_change_new(s->h, call, r);
    struct change *change = nt_arena_obj(rpc_server_mem(call), struct change);
    if (!c || !change)
        return STATUS_NO_MEMORY;
    c->plan = plan_settings;
    c->finish = finish_settings;
    c->more = change;
    c->we = !may(call, WHO_ADMIN)   ? W_ERROR_ACCESS_DENIED
            : !can_set(r->in.Level) ? W_ERROR_INVALID_LEVEL
                                    : collect(r->in.Level, &r->in.ServerInfo, change);
    return c->we == W_ERROR_SUCCESS ? host_change(c) : finish_settings(c);
}
