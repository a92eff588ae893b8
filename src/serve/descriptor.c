// SPDX-License-Identifier: Apache-2.0
#include "serve/descriptor.h"
#include "base/cursor.h"

enum {
    SD_HEADER = 20,
    ACL_HEADER = 8,
    ACE_HEADER = 4,
    DACL_PRESENT = 0x4,
    SELF_RELATIVE = 0x8000,
    ACE_ALLOWED = 0,
    ACE_DENIED = 1,
    ACE_INHERIT_ONLY = 0x8,
    READ_CONTROL = 0x20000,
    WRITE_DAC = 0x40000,
    MAXIMUM_ALLOWED = 0x2000000,
};

/* A SID at `off`; false: there is none. */
static bool sid_at(const uint8_t *p, size_t len, size_t off, struct nt_sid *ret)
{
    struct nt_sid sid = { 0 };
    if (off > len || len - off < 8)
        return false;
    sid.revision = p[off];
    sid.count = p[off + 1];
    if (sid.revision != 1 || sid.count > NT_SID_MAX_SUB || len - off < 8 + 4u * sid.count)
        return false;
    memcpy(sid.authority, p + off + 2, 6);
    for (unsigned i = 0; i < sid.count; i++)
        sid.sub[i] = le32(p + off + 8 + 4 * i);
    *ret = sid;
    return true;
}

struct acl {
    const uint8_t *p;
    size_t len;
    unsigned n;
};

/* The ACL at `off`, all of whose entries are inside. */
static bool acl_at(const uint8_t *p, size_t len, size_t off, struct acl *ret)
{
    if (off > len || len - off < ACL_HEADER)
        return false;
    size_t size = le16(p + off + 2), at = ACL_HEADER;
    unsigned n = le16(p + off + 4);
    if ((p[off] != 2 && p[off] != 4) || size < ACL_HEADER || size > len - off)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (size - at < ACE_HEADER)
            return false;
        size_t one = le16(p + off + at + 2);
        struct nt_sid sid;
        if (one < ACE_HEADER || one % 4 || one > size - at)
            return false;
        if (p[off + at] <= 3 && !sid_at(p + off + at, one, 8, &sid)) /* the plain kinds: mask and SID */
            return false;
        at += one;
    }
    *ret = (struct acl){ p + off, size, n };
    return true;
}

bool sd_valid(const uint8_t *p, size_t len)
{
    struct nt_sid sid;
    struct acl acl;
    if (len < SD_HEADER || p[0] != 1)
        return false;
    uint32_t control = le16(p + 2), owner = le32(p + 4), group = le32(p + 8), sacl = le32(p + 12),
             dacl = le32(p + 16);
    return (control & SELF_RELATIVE) && (!owner || (owner >= SD_HEADER && sid_at(p, len, owner, &sid))) &&
           (!group || (group >= SD_HEADER && sid_at(p, len, group, &sid))) &&
           (!sacl || (sacl >= SD_HEADER && acl_at(p, len, sacl, &acl))) &&
           (!dacl || (dacl >= SD_HEADER && acl_at(p, len, dacl, &acl)));
}

/* [MS-SMB2] 2.2.13.1.1 */
const struct sd_mapping sd_file_mapping = { 0x120089, 0x120116, 0x1200a0, 0x1f01ff };

uint32_t sd_map(uint32_t mask, const struct sd_mapping *map)
{
    uint32_t m = mask & 0x0fffffff;
    m |= mask & 0x80000000 ? map->read : 0;
    m |= mask & 0x40000000 ? map->write : 0;
    m |= mask & 0x20000000 ? map->execute : 0;
    m |= mask & 0x10000000 ? map->all : 0;
    return m;
}

/* A deny counts also for groups that are in the token only to be denied. */
static bool matches(const struct sec_token *who, const struct nt_sid *sid, bool deny)
{
    if (sec_token_has(who, sid))
        return true;
    for (size_t i = 0; deny && i < who->n_groups; i++)
        if ((who->groups[i].attributes & SEC_GROUP_DENY_ONLY) && nt_sid_equal(&who->groups[i].sid, sid))
            return true;
    return false;
}

/* The first entry that has a bit decides on it. */
static uint32_t walk(const struct acl *acl, const struct sec_token *who, const struct sd_mapping *map)
{
    uint32_t allowed = 0, denied = 0;
    size_t at = ACL_HEADER;
    for (unsigned i = 0; i < acl->n; i++) {
        const uint8_t *e = acl->p + at;
        size_t one = le16(e + 2);
        struct nt_sid sid;
        at += one;
        if ((e[0] != ACE_ALLOWED && e[0] != ACE_DENIED) || (e[1] & ACE_INHERIT_ONLY) ||
            !sid_at(e, one, 8, &sid) || !matches(who, &sid, e[0] == ACE_DENIED))
            continue;
        uint32_t mask = sd_map(le32(e + 4), map);
        if (e[0] == ACE_DENIED)
            denied |= mask & ~allowed;
        else
            allowed |= mask & ~denied;
    }
    return allowed;
}

uint32_t sd_rights(struct nt_blob sd, const struct sec_token *who, const struct sd_mapping *map)
{
    struct nt_sid owner;
    struct acl acl;
    if (sd.len == 0)
        return UINT32_MAX;
    if (!sd_valid(sd.data, sd.len))
        return 0;
    if (!(le16(sd.data + 2) & DACL_PRESENT) || !le32(sd.data + 16))
        return UINT32_MAX;
    if (!acl_at(sd.data, sd.len, le32(sd.data + 16), &acl))
        return 0;
    uint32_t rights = walk(&acl, who, map);
    if (le32(sd.data + 4) && sid_at(sd.data, sd.len, le32(sd.data + 4), &owner) && sec_token_has(who, &owner))
        rights |= READ_CONTROL | WRITE_DAC;
    return rights;
}

bool sd_grants(struct nt_blob sd, const struct sec_token *who, uint32_t desired)
{
    uint32_t wanted = sd_map(desired, &sd_file_mapping) & ~(uint32_t)MAXIMUM_ALLOWED;
    return !(wanted & ~sd_rights(sd, who, &sd_file_mapping)) && (sd.len == 0 || sd_valid(sd.data, sd.len));
}
