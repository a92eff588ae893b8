// SPDX-License-Identifier: Apache-2.0
/* PACs into accounts: what is in them, and what a hostile one has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msrpc/pac.h>
#include <msrpc/pac_account.h>
#include "base/cursor.h"

struct world {
    struct nt_arena *mem;
    struct pac_KERB_VALIDATION_INFO v;
    struct pac_GROUP_MEMBERSHIP groups[2], resource[1];
    struct pac_KERB_SID_AND_ATTRIBUTES extra[2];
    struct nt_sid domain, other, resource_domain;
    struct wr pac;
    struct sec_account a;
};

static struct nt_sid sid(const char *text)
{
    struct nt_sid s;
    assert_int_equal(nt_sid_parse(text, &s), STATUS_SUCCESS);
    return s;
}

static struct dtyp_RPC_UNICODE_STRING name(struct world *w, const char16_t *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return (struct dtyp_RPC_UNICODE_STRING){ (uint16_t)(2 * n), (uint16_t)(2 * n),
                                             nt_arena_strdup16(w->mem, s) };
}

static void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->mem = nt_arena_new(0);
    w->domain = sid("S-1-5-21-1-2-3");
    w->other = sid("S-1-18-1");
    w->resource_domain = sid("S-1-5-21-7-8-9");
    w->groups[0] = (struct pac_GROUP_MEMBERSHIP){ 513, 7 };
    w->groups[1] = (struct pac_GROUP_MEMBERSHIP){ 512, 7 };
    w->extra[0] = (struct pac_KERB_SID_AND_ATTRIBUTES){ &w->other, 7 };
    w->resource[0] = (struct pac_GROUP_MEMBERSHIP){ 1200, 0x20000007 };
    w->v = (struct pac_KERB_VALIDATION_INFO){ .EffectiveName = name(w, u"alice"),
                                              .FullName = name(w, u"Alice \u00c4"),
                                              .LogonServer = name(w, u"DC1"),
                                              .LogonDomainName = name(w, u"LAB"),
                                              .UserId = 1105,
                                              .PrimaryGroupId = 513,
                                              .GroupCount = 2,
                                              .GroupIds = w->groups,
                                              .UserFlags = 0x220,
                                              .LogonDomainId = &w->domain,
                                              .UserAccountControl = 0x10,
                                              .SidCount = 1,
                                              .ExtraSids = w->extra,
                                              .ResourceGroupDomainSid = &w->resource_domain,
                                              .ResourceGroupCount = 1,
                                              .ResourceGroupIds = w->resource,
                                              .KickOffTime = { 0xffffffff, 0x7fffffff } };
}

static void world_done(struct world *w)
{
    wr_free(&w->pac);
    nt_arena_free(w->mem);
}

struct part {
    uint32_t type;
    struct nt_blob data;
};

static void put_pac(struct world *w, const struct part *parts, uint32_t n)
{
    size_t at = 8 + 16 * n;
    wr_free(&w->pac);
    wr_init(&w->pac, 1 << 20);
    wr_u32(&w->pac, n);
    wr_u32(&w->pac, 0);
    for (uint32_t i = 0; i < n; i++) {
        wr_u32(&w->pac, parts[i].type);
        wr_u32(&w->pac, (uint32_t)parts[i].data.len);
        wr_u64(&w->pac, at);
        at += (parts[i].data.len + 7) & ~(size_t)7;
    }
    for (uint32_t i = 0; i < n; i++) {
        wr_bytes(&w->pac, parts[i].data.data, parts[i].data.len);
        wr_zero(&w->pac, (0 - parts[i].data.len) & 7);
    }
    assert_int_equal(w->pac.st, STATUS_SUCCESS);
}

static const struct part client_info = { 10, { (const uint8_t *)"12345678\2\0a\0", 12 } };

static struct part logon(struct world *w)
{
    struct pac_KERB_VALIDATION_INFO *v = &w->v;
    struct ndr_item item = { &pac_PKERB_VALIDATION_INFO_type, &v };
    struct part p = { 1, { NULL, 0 } };
    assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &item, 1, w->mem, &p.data), STATUS_SUCCESS);
    return p;
}

static enum nt_status decode_from(struct world *w, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1); /* of its exact size, for the sanitizers */
    struct nt_arena *mem = nt_arena_new(0);
    memcpy(copy, data, len);
    struct sec_pac pac = { sizeof pac, { copy, len }, "alice@LAB.EXAMPLE", false };
    memset(&w->a, 0x5a, sizeof w->a);
    w->a.size = sizeof w->a;
    struct sec_account before = w->a;
    enum nt_status st = pac_account(NULL, &pac, mem, &w->a);
    if (st != STATUS_SUCCESS)
        assert_memory_equal(&before, &w->a, sizeof before);
    free(copy);
    if (st == STATUS_SUCCESS) { /* nothing points into the PAC */
        struct sec_group *g = nt_arena_memdup(w->mem, w->a.groups, w->a.n_groups * sizeof *g);
        w->a.groups = g;
        w->a.account = nt_arena_strdup(w->mem, w->a.account);
        w->a.domain = nt_arena_strdup(w->mem, w->a.domain);
        w->a.full_name = nt_arena_strdup(w->mem, w->a.full_name);
        w->a.upn = w->a.upn ? nt_arena_strdup(w->mem, w->a.upn) : NULL;
        w->a.dns_domain = w->a.dns_domain ? nt_arena_strdup(w->mem, w->a.dns_domain) : NULL;
    }
    nt_arena_free(mem);
    return st;
}

static enum nt_status decode(struct world *w)
{
    return decode_from(w, w->pac.base, w->pac.len);
}

static bool in_groups(const struct world *w, const char *text, uint32_t attributes)
{
    struct nt_sid s = sid(text);
    for (size_t i = 0; i < w->a.n_groups; i++)
        if (nt_sid_equal(&w->a.groups[i].sid, &s) && w->a.groups[i].attributes == attributes)
            return true;
    return false;
}

static void put_sid(struct wr *w, const struct nt_sid *s)
{
    wr_u8(w, s->revision);
    wr_u8(w, s->count);
    wr_bytes(w, s->authority, 6);
    for (int i = 0; i < s->count; i++)
        wr_u32(w, s->sub[i]);
}

/* UPN_DNS_INFO with "a@b", "b", and, extended, the SID */
static void put_upn(struct wr *w, const struct nt_sid *s)
{
    wr_init(w, 200);
    wr_u16(w, 6);
    wr_u16(w, 24);
    wr_u16(w, 2);
    wr_u16(w, 30);
    wr_u32(w, s ? 2 : 0);
    wr_u16(w, 0);
    wr_u16(w, 0);
    wr_u16(w, s ? (uint16_t)nt_sid_wire_size(s) : 0);
    wr_u16(w, 32);
    wr_zero(w, 4);
    wr_bytes(w, "a\0@\0b\0b\0", 8);
    if (s)
        put_sid(w, s);
}

static void whole(void **state)
{
    struct world w;
    struct wr upn, requestor;
    (void)state;
    world_init(&w);
    struct nt_sid user = sid("S-1-5-21-1-2-3-1105");
    put_upn(&upn, &user);
    wr_init(&requestor, 100);
    put_sid(&requestor, &user);
    struct part parts[] = { logon(&w),
                            client_info,
                            { 12, { upn.base, upn.len } },
                            { 18, { requestor.base, requestor.len } },
                            { 99, { upn.base, 3 } } };
    put_pac(&w, parts, 5);
    assert_int_equal(decode(&w), STATUS_SUCCESS);
    assert_true(nt_sid_equal(&w.a.user, &user));
    struct nt_sid primary = sid("S-1-5-21-1-2-3-513");
    assert_true(nt_sid_equal(&w.a.primary, &primary));
    assert_int_equal(w.a.n_groups, 4);
    assert_true(in_groups(&w, "S-1-5-21-1-2-3-513", 7));
    assert_true(in_groups(&w, "S-1-5-21-1-2-3-512", 7));
    assert_true(in_groups(&w, "S-1-18-1", 7));
    assert_true(in_groups(&w, "S-1-5-21-7-8-9-1200", 0x20000007));
    assert_string_equal(w.a.account, "alice");
    assert_string_equal(w.a.domain, "LAB");
    assert_string_equal(w.a.full_name, "Alice \u00c4");
    assert_string_equal(w.a.upn, "a@b");
    assert_string_equal(w.a.dns_domain, "b");
    assert_int_equal(w.a.control, 0x10);
    assert_int_equal(w.a.kickoff_time, 0); /* never */
    /* each byte changed, and cut at each place: an answer, and nothing outside is read */
    for (size_t i = 0; i < w.pac.len; i++) {
        w.pac.base[i] ^= 0x81;
        (void)decode(&w);
        w.pac.base[i] ^= 0x81;
        (void)decode_from(&w, w.pac.base, i);
    }
    wr_free(&upn);
    wr_free(&requestor);
    world_done(&w);
}

/* What the flags do not announce is not there. */
static void unannounced(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    w.v.UserFlags = 0;
    struct part parts[] = { logon(&w), client_info };
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_SUCCESS);
    assert_int_equal(w.a.n_groups, 2);
    world_done(&w);
}

static void other_client(void **state)
{
    struct world w;
    struct wr upn, requestor;
    (void)state;
    world_init(&w);
    struct nt_sid mallory = sid("S-1-5-21-1-2-3-500");
    put_upn(&upn, &mallory);
    wr_init(&requestor, 100);
    put_sid(&requestor, &mallory);
    struct part one[] = { logon(&w), client_info, { 12, { upn.base, upn.len } } };
    put_pac(&w, one, 3);
    assert_int_equal(decode(&w), STATUS_ACCESS_DENIED);
    struct part two[] = {
        logon(&w), client_info, { 18, { requestor.base, requestor.len } }, { 11, { upn.base, 0 } }
    };
    put_pac(&w, two, 3);
    assert_int_equal(decode(&w), STATUS_ACCESS_DENIED);
    put_pac(&w, two, 4); /* delegation: the requestor is somebody else */
    assert_int_equal(decode(&w), STATUS_SUCCESS);
    wr_free(&upn);
    wr_free(&requestor);
    world_done(&w);
}

static void refused(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    struct part l = logon(&w), twice[] = { l, client_info, l }, alone[] = { l }, none[] = { client_info };
    put_pac(&w, twice, 3);
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    put_pac(&w, alone, 1);
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    put_pac(&w, none, 1);
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    struct part both[] = { l, client_info };
    put_pac(&w, both, 2);
    put_le32(w.pac.base, 65);
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    put_le32(w.pac.base, 2);
    put_le32(w.pac.base + 4, 1); /* version */
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    put_le32(w.pac.base + 4, 0);
    put_le64(w.pac.base + 16, UINT64_MAX - 7); /* an offset that wraps */
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    world_done(&w);
}

static void odd_users(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    w.v.UserId = 0;
    struct part parts[] = { logon(&w), client_info };
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_SUCCESS);
    assert_true(nt_sid_equal(&w.a.user, &w.other));
    assert_false(in_groups(&w, "S-1-18-1", 7));
    w.v.UserFlags = 0;
    parts[0] = logon(&w);
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_INVALID_SID);
    w.v.UserId = 1000;
    w.v.LogonDomainId = NULL;
    parts[0] = logon(&w);
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_INVALID_SID);
    w.v.LogonDomainId = &w.domain;
    w.domain.count = NT_SID_MAX_SUB; /* no room for a RID */
    parts[0] = logon(&w);
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_INVALID_SID);
    w.domain.count = 4;
    w.v.EffectiveName = name(&w, u"alicexmallory");
    w.v.EffectiveName.Buffer[5] = 0;
    parts[0] = logon(&w);
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_INVALID_NETWORK_RESPONSE);
    world_done(&w);
}

static void too_many(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    struct pac_GROUP_MEMBERSHIP *many = calloc(SEC_GROUPS_MAX + 1, sizeof *many);
    w.v.GroupIds = many;
    w.v.GroupCount = SEC_GROUPS_MAX - 2;
    struct part parts[] = { logon(&w), client_info };
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_SUCCESS);
    w.v.GroupCount++;
    parts[0] = logon(&w);
    put_pac(&w, parts, 2);
    assert_int_equal(decode(&w), STATUS_INVALID_SID);
    free(many);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),   cmocka_unit_test(unannounced), cmocka_unit_test(other_client),
        cmocka_unit_test(refused), cmocka_unit_test(odd_users),   cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
