// SPDX-License-Identifier: Apache-2.0
/* Callers of a realm and the aliases of this machine (daemons/msrpcd/realm.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <msrpc/pac.h>
#include "base/cursor.h"
#include "msrpcd/msrpcd.h"

#define DOMAIN         "S-1-5-21-1-2-3"
#define ADMINISTRATORS 544u
#define USERS          545u

struct world {
    struct nt_arena *mem;
    char dir[64], path[96];
    struct samdb *db;
    struct sec_account a;
};

static struct nt_sid sid(const char *text)
{
    struct nt_sid s;
    assert_int_equal(nt_sid_parse(text, &s), STATUS_SUCCESS);
    return s;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct samdb_init init = {
        .machine = "BOX", .workgroup = "LAB", .admin = "admin", .admin_password = "Secret-1"
    };
    assert_non_null(w);
    w->mem = nt_arena_new(0);
    snprintf(w->dir, sizeof w->dir, "/tmp/test_realm.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/sam.db", w->dir);
    assert_int_equal(samdb_create(w->path, &init, NULL), STATUS_SUCCESS);
    assert_int_equal(samdb_open(w->path, NULL, &w->db), STATUS_SUCCESS);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    struct world *w = *state;
    char name[128];
    samdb_close(w->db);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", w->path, ends[i]);
        unlink(name);
    }
    rmdir(w->dir);
    nt_arena_free(w->mem);
    free(w);
    return 0;
}

/* A PAC with logon information and the client's name ([MS-PAC] 2.3, 2.5, 2.7): alice, in Domain Users and in
 * one group more. */
static void put_pac(struct world *w, uint32_t group, struct wr *ret)
{
    static const uint8_t client[12] = "12345678\2\0a";
    struct nt_sid domain = sid(DOMAIN);
    struct pac_GROUP_MEMBERSHIP groups[] = { { 513, 7 }, { group, 7 } };
    struct pac_KERB_VALIDATION_INFO v = { .EffectiveName = { 10, 10, nt_arena_strdup16(w->mem, u"alice") },
                                          .UserId = 1105,
                                          .PrimaryGroupId = 513,
                                          .GroupCount = 2,
                                          .GroupIds = groups,
                                          .LogonDomainId = &domain,
                                          .KickOffTime = { 0xffffffff, 0x7fffffff } },
                                    *at = &v;
    struct ndr_item item = { &pac_PKERB_VALIDATION_INFO_type, &at };
    struct nt_blob logon;
    assert_int_equal(ndr_encode(NDR_FORM_V1, NULL, &item, 1, w->mem, &logon), STATUS_SUCCESS);
    wr_init(ret, 1 << 20);
    wr_u64(ret, 2);
    wr_u32(ret, 1);
    wr_u32(ret, (uint32_t)logon.len);
    wr_u64(ret, 40);
    wr_u32(ret, 10);
    wr_u32(ret, sizeof client);
    wr_u64(ret, 40 + ((logon.len + 7) & ~(size_t)7));
    wr_bytes(ret, logon.data, logon.len);
    wr_zero(ret, (0 - logon.len) & 7);
    wr_bytes(ret, client, sizeof client);
    wr_zero(ret, 4);
    assert_int_equal(ret->st, STATUS_SUCCESS);
}

static void log_on(struct world *w, uint32_t group)
{
    struct wr pac;
    put_pac(w, group, &pac);
    struct sec_pac p = { sizeof p, { pac.base, pac.len }, "alice@LAB.EXAMPLE", false };
    memset(&w->a, 0, sizeof w->a);
    w->a.size = sizeof w->a;
    assert_int_equal(realm_account(w->db, &p, w->mem, &w->a), STATUS_SUCCESS);
    wr_free(&pac);
}

static unsigned times_in(const struct world *w, const char *text)
{
    struct nt_sid s = sid(text);
    unsigned n = 0;
    for (size_t i = 0; i < w->a.n_groups; i++)
        n += nt_sid_equal(&w->a.groups[i].sid, &s);
    return n;
}

static void add(struct world *w, uint32_t alias, const char *member)
{
    struct nt_sid s = sid(member);
    assert_int_equal(samdb_member_add(w->db, SAMDB_BUILTIN, SAMDB_ALIAS, alias, &s), STATUS_SUCCESS);
}

/* Of a new store nobody of a realm is an administrator. */
static void nobody_by_himself(void **state)
{
    struct world *w = *state;
    log_on(w, 512);
    assert_int_equal(times_in(w, DOMAIN "-512"), 1);
    assert_int_equal(times_in(w, "S-1-5-32-544"), 0);
}

static void by_group(void **state)
{
    struct world *w = *state;
    add(w, ADMINISTRATORS, DOMAIN "-512");
    add(w, USERS, DOMAIN "-513");
    log_on(w, 512);
    assert_int_equal(times_in(w, "S-1-5-32-544"), 1);
    assert_int_equal(times_in(w, "S-1-5-32-545"), 1);
    assert_int_equal(times_in(w, DOMAIN "-512"), 1);
    struct nt_sid user = sid(DOMAIN "-1105");
    assert_true(nt_sid_equal(&w->a.user, &user));
    log_on(w, 514);
    assert_int_equal(times_in(w, "S-1-5-32-544"), 0);
    assert_int_equal(times_in(w, "S-1-5-32-545"), 1);
}

static void by_himself(void **state)
{
    struct world *w = *state;
    add(w, ADMINISTRATORS, DOMAIN "-1105");
    log_on(w, 514);
    assert_int_equal(times_in(w, "S-1-5-32-544"), 1);
}

/* The account 1105 of the realm is not the one of this machine. */
static void other_domain(void **state)
{
    struct world *w = *state;
    add(w, ADMINISTRATORS, "S-1-5-21-1-2-4-1105");
    log_on(w, 514);
    assert_int_equal(times_in(w, "S-1-5-32-544"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_by_himself, setup, teardown),
        cmocka_unit_test_setup_teardown(by_group, setup, teardown),
        cmocka_unit_test_setup_teardown(by_himself, setup, teardown),
        cmocka_unit_test_setup_teardown(other_domain, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
