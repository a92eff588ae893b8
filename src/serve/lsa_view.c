// SPDX-License-Identifier: Apache-2.0
/*
 * Which names stand for which SIDs on a machine that is in no domain: [MS-LSAT] 3.1.1.1. Well-known ones are
 * in a table, those of Builtin and of the account domain in the store.
 */
#include <string.h>
#include <msrpc/unistr.h>
#include "serve/m_lsa.h"

#define GROUP(domain, name, auth, n, ...)                                                                    \
    {                                                                                                        \
        domain, name, LSA_SID(auth, n, __VA_ARGS__), lsarpc_SidTypeWellKnownGroup                            \
    }
#define LABEL(name, level)                                                                                   \
    {                                                                                                        \
        u"Mandatory Label", name, LSA_SID(16, 1, level), lsarpc_SidTypeLabel                                 \
    }
#define NT u"NT AUTHORITY"

static const struct nt_sid builtin = LSA_SID(5, 1, 32), services = LSA_SID(5, 1, 80);

/* 3.1.1.1.1, spelled as Windows does. A domain has no name in front of its own. */
static const struct known {
    const char16_t *domain, *name;
    struct nt_sid sid;
    enum lsarpc_SID_NAME_USE use;
} table[] = {
    GROUP(u"", u"NULL SID", 0, 1, 0),
    GROUP(u"", u"Everyone", 1, 1, 0),
    GROUP(u"", u"LOCAL", 2, 1, 0),
    GROUP(u"", u"CREATOR OWNER", 3, 1, 0),
    GROUP(u"", u"CREATOR GROUP", 3, 1, 1),
    GROUP(u"", u"CREATOR OWNER SERVER", 3, 1, 2),
    GROUP(u"", u"CREATOR GROUP SERVER", 3, 1, 3),
    GROUP(u"", u"OWNER RIGHTS", 3, 1, 4),
    GROUP(NT, u"DIALUP", 5, 1, 1),
    GROUP(NT, u"NETWORK", 5, 1, 2),
    GROUP(NT, u"BATCH", 5, 1, 3),
    GROUP(NT, u"INTERACTIVE", 5, 1, 4),
    GROUP(NT, u"SERVICE", 5, 1, 6),
    GROUP(NT, u"ANONYMOUS LOGON", 5, 1, 7),
    GROUP(NT, u"PROXY", 5, 1, 8),
    GROUP(NT, u"ENTERPRISE DOMAIN CONTROLLERS", 5, 1, 9),
    GROUP(NT, u"SELF", 5, 1, 10),
    GROUP(NT, u"Authenticated Users", 5, 1, 11),
    GROUP(NT, u"RESTRICTED", 5, 1, 12),
    GROUP(NT, u"TERMINAL SERVER USER", 5, 1, 13),
    GROUP(NT, u"REMOTE INTERACTIVE LOGON", 5, 1, 14),
    GROUP(NT, u"This Organization", 5, 1, 15),
    GROUP(NT, u"SYSTEM", 5, 1, 18),
    GROUP(NT, u"LOCAL SERVICE", 5, 1, 19),
    GROUP(NT, u"NETWORK SERVICE", 5, 1, 20),
    GROUP(NT, u"WRITE RESTRICTED", 5, 1, 33),
    GROUP(NT, u"Other Organization", 5, 1, 1000),
    GROUP(NT, u"NTLM Authentication", 5, 2, 64, 10),
    GROUP(NT, u"Digest Authentication", 5, 2, 64, 21),
    GROUP(NT, u"SChannel Authentication", 5, 2, 64, 14),
    { u"NT Pseudo Domain", u"NT Pseudo Domain", LSA_SID(5, 0, 0), lsarpc_SidTypeDomain },
    { u"BUILTIN", u"BUILTIN", LSA_SID(5, 1, 32), lsarpc_SidTypeDomain },
    { u"Internet$", u"Internet$", LSA_SID(7, 0, 0), lsarpc_SidTypeDomain },
    { u"NT SERVICE", u"NT SERVICE", LSA_SID(5, 1, 80),
      lsarpc_SidTypeDomain }, /* 3.1.1.1.2; there are no services */
    { u"Mandatory Label", u"Mandatory Label", LSA_SID(16, 0, 0), lsarpc_SidTypeDomain },
    LABEL(u"Untrusted Mandatory Level", 0),
    LABEL(u"Low Mandatory Level", 4096),
    LABEL(u"Medium Mandatory Level", 8192),
    LABEL(u"High Mandatory Level", 12288),
    LABEL(u"System Mandatory Level", 16384),
    LABEL(u"Protected Process Mandatory Level", 20480),
};
enum { TABLE = sizeof table / sizeof table[0] };

enum { FLAG_CONFIGURABLE = 4 }; /* found in the view of 3.1.1.1.2 */

enum nt_status lsa_view_open(const struct serve_host *h, struct nt_arena *mem, struct lsa_view *ret)
{
    struct samdb_domain dom;
    enum nt_status st = samdb_domain(h->db, mem, &dom);
    if (st != STATUS_SUCCESS)
        return st;
    char16_t *machine = text16(mem, dom.machine);
    if (!machine)
        return STATUS_NO_MEMORY;
    *ret = (struct lsa_view){ h->db, mem, machine, dom.sid };
    return STATUS_SUCCESS;
}

/* ---- entries ---- */

static struct nt_sid parent(const struct nt_sid *sid)
{
    struct nt_sid dom = *sid;
    uint32_t rid;
    (void)!nt_sid_split(sid, &dom, &rid);
    return dom;
}

static void from_table(const struct known *k, struct lsa_entry *ret)
{
    bool domain = k->use == lsarpc_SidTypeDomain;
    *ret = (struct lsa_entry){ .use = k->use,
                               .flags = nt_sid_equal(&k->sid, &services) ? FLAG_CONFIGURABLE : 0,
                               .name = k->name,
                               .domain = k->domain,
                               .sid = k->sid,
                               .domain_sid = domain ? k->sid : parent(&k->sid) };
}

static void domain_only(const char16_t *name, const struct nt_sid *sid, struct lsa_entry *ret)
{
    *ret = (struct lsa_entry){ .use = lsarpc_SidTypeUnknown, .domain = name, .domain_sid = *sid };
}

static enum lsarpc_SID_NAME_USE use_of(enum samdb_kind kind)
{
    return kind == SAMDB_USER    ? lsarpc_SidTypeUser
           : kind == SAMDB_GROUP ? lsarpc_SidTypeGroup
                                 : lsarpc_SidTypeAlias;
}

static void place_of(const struct lsa_view *v, enum samdb_place place, const char16_t **ret_name,
                     struct nt_sid *ret_sid)
{
    *ret_name = place == SAMDB_BUILTIN ? u"BUILTIN" : v->machine;
    *ret_sid = place == SAMDB_BUILTIN ? builtin : v->sid;
}

static enum nt_status from_store(const struct lsa_view *v, const struct samdb_name *n, struct lsa_entry *ret)
{
    struct lsa_entry e = { .use = use_of(n->kind), .name = text16(v->mem, n->name) };
    place_of(v, n->place, &e.domain, &e.domain_sid);
    enum nt_status st = e.name ? nt_sid_append(&e.domain_sid, n->rid, &e.sid) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        *ret = e;
    return st;
}

/* The account domain by itself: 3.1.1.1.5. */
static void machine_entry(const struct lsa_view *v, struct lsa_entry *ret)
{
    *ret = (struct lsa_entry){ .use = lsarpc_SidTypeDomain,
                               .name = v->machine,
                               .domain = v->machine,
                               .sid = v->sid,
                               .domain_sid = v->sid };
}

/* ---- by SID ---- */

/* *ret stays as it is where the store does not know it. */
static enum nt_status stored_sid(const struct lsa_view *v, enum samdb_place place, uint32_t rid,
                                 struct lsa_entry *ret)
{
    struct samdb_name n;
    enum nt_status st = samdb_find_rid(v->db, place, rid, v->mem, &n);
    if (st == STATUS_NONE_MAPPED)
        return STATUS_SUCCESS;
    return st == STATUS_SUCCESS ? from_store(v, &n, ret) : st;
}

static bool known_domain(const struct nt_sid *dom, struct lsa_entry *ret)
{
    for (int i = 0; i < TABLE; i++) {
        struct lsa_entry e;
        from_table(&table[i], &e);
        if (nt_sid_equal(&e.domain_sid, dom)) {
            domain_only(e.domain, dom, ret);
            return true;
        }
    }
    return false;
}

enum nt_status lsa_by_sid(const struct lsa_view *v, const struct nt_sid *sid, struct lsa_entry *ret)
{
    struct nt_sid dom;
    uint32_t rid = 0;
    for (int i = 0; i < TABLE; i++)
        if (nt_sid_equal(&table[i].sid, sid)) {
            from_table(&table[i], ret);
            return STATUS_SUCCESS;
        }
    if (nt_sid_equal(sid, &v->sid)) {
        machine_entry(v, ret);
        return STATUS_SUCCESS;
    }
    if (nt_sid_split(sid, &dom, &rid) != STATUS_SUCCESS)
        return STATUS_NONE_MAPPED;
    if (nt_sid_equal(&dom, &v->sid)) {
        domain_only(v->machine, &v->sid, ret);
        return stored_sid(v, SAMDB_ACCOUNT, rid, ret);
    }
    if (!known_domain(&dom, ret))
        return STATUS_NONE_MAPPED;
    return nt_sid_equal(&dom, &builtin) ? stored_sid(v, SAMDB_BUILTIN, rid, ret) : STATUS_SUCCESS;
}

/* ---- by name ---- */

static enum nt_status stored_name(const struct lsa_view *v, enum samdb_place place, const char16_t *name,
                                  struct lsa_entry *ret)
{
    struct samdb_name n;
    const char *own = text8(v->mem, name);
    enum nt_status st = own ? samdb_find(v->db, place, own, v->mem, &n) : STATUS_NONE_MAPPED;
    return st == STATUS_SUCCESS ? from_store(v, &n, ret) : st;
}

/* A domain by itself. */
static enum nt_status domain_entry(const struct lsa_view *v, const char16_t *name, size_t len,
                                   struct lsa_entry *ret)
{
    for (int i = 0; i < TABLE; i++)
        if (table[i].use == lsarpc_SidTypeDomain && ustr_len(table[i].name) == len &&
            ustr_ncasecmp(table[i].name, name, len) == 0) {
            from_table(&table[i], ret);
            return STATUS_SUCCESS;
        }
    if (len != ustr_len(v->machine) || ustr_ncasecmp(name, v->machine, len) != 0)
        return STATUS_NONE_MAPPED;
    machine_entry(v, ret);
    return STATUS_SUCCESS;
}

/* In the order of [MS-LSAT] 2.2.16. */
static enum nt_status isolated(const struct lsa_view *v, const char16_t *name, struct lsa_entry *ret)
{
    for (int i = 0; i < TABLE; i++)
        if (ustr_casecmp(table[i].name, name) == 0) {
            from_table(&table[i], ret);
            return STATUS_SUCCESS;
        }
    enum nt_status st = stored_name(v, SAMDB_BUILTIN, name, ret);
    if (st != STATUS_NONE_MAPPED)
        return st;
    if (ustr_casecmp(v->machine, name) == 0) {
        machine_entry(v, ret);
        return STATUS_SUCCESS;
    }
    return stored_name(v, SAMDB_ACCOUNT, name, ret);
}

/* The name in a domain of the table; *ret is at least the domain. STATUS_NONE_MAPPED: there is no such
 * domain. */
static enum nt_status known_name(const char16_t *domain, size_t len, const char16_t *name,
                                 struct lsa_entry *ret)
{
    enum nt_status st = STATUS_NONE_MAPPED;
    for (int i = 0; i < TABLE; i++) {
        const struct known *k = &table[i];
        if (ustr_len(k->domain) != len || ustr_ncasecmp(k->domain, domain, len) != 0)
            continue;
        struct lsa_entry e;
        from_table(k, &e);
        if (ustr_casecmp(k->name, name) == 0) {
            *ret = e;
            return STATUS_SUCCESS;
        }
        if (st != STATUS_SUCCESS && len) /* without a name there is no domain to tell of */
            domain_only(e.domain, &e.domain_sid, ret);
        st = len ? STATUS_SUCCESS : st;
    }
    return st;
}

static enum nt_status qualified(const struct lsa_view *v, const char16_t *domain, size_t len,
                                const char16_t *name, struct lsa_entry *ret)
{
    enum samdb_place place;
    const char16_t *known;
    struct nt_sid sid;
    if (len == ustr_len(v->machine) && ustr_ncasecmp(domain, v->machine, len) == 0)
        place = SAMDB_ACCOUNT;
    else if (len == 7 && ustr_ncasecmp(domain, u"BUILTIN", len) == 0)
        place = SAMDB_BUILTIN;
    else
        return known_name(domain, len, name, ret);
    place_of(v, place, &known, &sid);
    domain_only(known, &sid, ret);
    enum nt_status st = stored_name(v, place, name, ret);
    return st == STATUS_NONE_MAPPED ? STATUS_SUCCESS : st;
}

/* User principal names are of directories; there is none, so a name with an "@" is one like any other. */
enum nt_status lsa_by_name(const struct lsa_view *v, const char16_t *name, struct lsa_entry *ret)
{
    size_t len = 0;
    while (name[len] && name[len] != '\\')
        len++;
    if (!len && !name[len]) /* Windows takes no name for that of Builtin */
        return domain_entry(v, u"BUILTIN", 7, ret);
    if (len && name[len] && !name[len + 1] && domain_entry(v, name, len, ret) == STATUS_SUCCESS)
        return STATUS_SUCCESS; /* "BUILTIN\\" */
    return name[len] ? qualified(v, name, len, name + len + 1, ret) : isolated(v, name, ret);
}
