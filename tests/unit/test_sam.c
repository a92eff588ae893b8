// SPDX-License-Identifier: Apache-2.0
/*
 * The account functions against a server that lives in this file: it stands in for net_run, so it can lie as
 * no real one does, lack operations, and count the handles that are left open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <msrpc/lsarpc.h>
#include "msrpc/samr_password.h"
#include "netapi/m_user.h"

enum lie {
    HONEST,
    COUNT_WITHOUT_BUFFER, /* entries are counted, but there is no array */
    COUNTS_DIFFER,        /* CountReturned and EntriesRead */
    NAME_WITHOUT_BUFFER,  /* a string with a length and no characters */
    EMPTY_AND_MORE,       /* MORE_ENTRIES with nothing, for ever */
    STANDS_STILL,         /* MORE_ENTRIES with entries and the same context, for ever */
    NOTHING_AT_ALL,       /* success with null pointers */
    WRONG_NUMBER,         /* lookups with another number of answers */
    MANY_ALIASES,         /* more local groups than anybody can be in */
};

/* What the server is, and what it saw. */
static struct {
    enum lie lie;
    bool no_connect5, no_connect4, no_change4, no_level_25, pages;
    enum nt_status connect, set_user;
    uint32_t features;
    int open, level, calls, deleted, created;
    bool has_key;
} srv;

static struct net_options options;
static char server_name[] = "fake";
static struct net_server server = { .name = server_name };
static struct nt_arena *arena;
static char last_error[sizeof(struct nt_error)];

/* ---- what call.c would be: the linker puts these in place of the real ones ---- */

enum nt_status __wrap_net_begin(struct net_call *c, const WCHAR *servername, const char *name);
NET_API_STATUS __wrap_net_end(struct net_call *c, enum nt_status st);
enum nt_status __wrap_net_rpc(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret);
enum nt_status __wrap_net_answer_nt(struct net_call *c, enum nt_status st);
const char16_t *__wrap_net_server_name(struct net_call *c);
const struct net_options *__wrap_net_call_options(const struct net_call *c);
enum nt_status __wrap_net_caller(struct net_call *c, char16_t **ret);
enum nt_status __wrap_rpc_conn_session_key(const struct rpc_conn *c, struct nt_blob *ret);
enum nt_status __wrap_net_run(struct net_call *c, const struct rpc_interface *i, const struct rpc_op *op,
                              void *r);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static long allocations_left = -1; /* -1: any number; the server's own never fail */
static bool inside_server;

static bool fails_now(void)
{
    return !inside_server && allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

enum nt_status __wrap_net_begin(struct net_call *c, const WCHAR *servername, const char *name)
{
    (void)servername;
    memset(c, 0, sizeof *c);
    c->name = name;
    c->srv = &server;
    c->mem = arena;
    return STATUS_SUCCESS;
}

NET_API_STATUS __wrap_net_end(struct net_call *c, enum nt_status st)
{
    memcpy(last_error, c->err.text, sizeof last_error);
    nt_arena_reset(arena);
    return nt_to_net_api(st);
}

enum nt_status __wrap_net_rpc(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret)
{
    (void)c;
    (void)i;
    *ret = NULL;
    return STATUS_SUCCESS;
}

enum nt_status __wrap_net_answer_nt(struct net_call *c, enum nt_status st)
{
    return nt_ok(st) ? st : nt_error_set(&c->err, st, "refused");
}

const char16_t *__wrap_net_server_name(struct net_call *c)
{
    (void)c;
    return u"\\\\fake";
}

const struct net_options *__wrap_net_call_options(const struct net_call *c)
{
    (void)c;
    return &options;
}

enum nt_status __wrap_net_caller(struct net_call *c, char16_t **ret)
{
    (void)c;
    *ret = NULL;
    return STATUS_INVALID_PARAMETER;
}

enum nt_status __wrap_rpc_conn_session_key(const struct rpc_conn *c, struct nt_blob *ret)
{
    static const uint8_t key[16] = { 1, 2, 3 };
    (void)c;
    if (!srv.has_key)
        return STATUS_NO_USER_SESSION_KEY;
    *ret = (struct nt_blob){ key, sizeof key };
    return STATUS_SUCCESS;
}

/* ---- the server ---- */

static struct ndr_handle opened(void)
{
    static uint32_t number;
    srv.open++;
    return (struct ndr_handle){ .uuid.a = ++number };
}

static struct dtyp_RPC_UNICODE_STRING text(const char16_t *s)
{
    uint16_t n = (uint16_t)(2 * ustr_len(s));
    return (struct dtyp_RPC_UNICODE_STRING){ n, n,
                                             srv.lie == NAME_WITHOUT_BUFFER ? NULL
                                                                            : (char16_t *)(uintptr_t)s };
}

static const struct nt_sid domain_sid = { 1, 4, { 0, 0, 0, 0, 0, 5 }, { 21, 1, 2, 3 } };

static struct samr_SAMPR_ENUMERATION_BUFFER *names(struct net_call *c, uint32_t n,
                                                   const char16_t *const *name)
{
    struct samr_SAMPR_ENUMERATION_BUFFER *b = nt_arena_obj(c->mem, struct samr_SAMPR_ENUMERATION_BUFFER);
    b->EntriesRead = n;
    b->Buffer = srv.lie == COUNT_WITHOUT_BUFFER ? NULL : nt_arena_array(c->mem, n, sizeof *b->Buffer);
    for (uint32_t i = 0; b->Buffer && i < n; i++) {
        b->Buffer[i].RelativeId = 1000 + i;
        b->Buffer[i].Name = text(name[i]);
    }
    return b;
}

/* Three users: at once, or one to a page. */
static void enum_users(struct net_call *c, struct samr_SamrEnumerateUsersInDomain *r)
{
    static const char16_t *const all[] = { u"anna", u"bert", u"cæsar" };
    uint32_t at = r->in.EnumerationContext, n = srv.pages ? 1 : 3 - at;
    if (r->in.UserAccountControl & ~(uint32_t)samr_USER_NORMAL_ACCOUNT) { /* nobody is two things at once */
        r->out.result = STATUS_SUCCESS;
        r->out.Buffer = names(c, 0, NULL);
        return;
    }
    r->out.EnumerationContext = at + n;
    r->out.result = at + n < 3 ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
    if (srv.lie == EMPTY_AND_MORE || srv.lie == STANDS_STILL) {
        n = srv.lie == STANDS_STILL;
        at = 0;
        r->out.EnumerationContext =
            srv.lie == STANDS_STILL ? r->in.EnumerationContext : (uint32_t)srv.calls + 1;
        r->out.result = STATUS_MORE_ENTRIES;
    }
    r->out.Buffer = srv.lie == NOTHING_AT_ALL ? NULL : names(c, n, all + at);
    r->out.CountReturned = srv.lie == NOTHING_AT_ALL ? 3 : srv.lie == COUNTS_DIFFER ? n + 1 : n;
}

static void display(struct net_call *c, struct samr_SamrQueryDisplayInformation3 *r)
{
    struct samr_SAMPR_DOMAIN_DISPLAY_USER_BUFFER *b = &r->out.Buffer.UserInformation;
    r->out.result = STATUS_SUCCESS;
    b->EntriesRead = 1;
    if (srv.lie == EMPTY_AND_MORE || srv.lie == STANDS_STILL) {
        b->EntriesRead = srv.lie == STANDS_STILL;
        r->out.result = STATUS_MORE_ENTRIES;
    }
    if (srv.lie == COUNT_WITHOUT_BUFFER || srv.lie == NOTHING_AT_ALL)
        return;
    b->Buffer = nt_arena_array(c->mem, 1, sizeof *b->Buffer);
    b->Buffer[0] =
        (struct samr_SAMPR_DOMAIN_DISPLAY_USER){ .Index = srv.lie == STANDS_STILL ? r->in.Index : 1,
                                                 .Rid = 1000,
                                                 .AccountControl = samr_USER_NORMAL_ACCOUNT,
                                                 .AccountName = text(u"anna") };
}

static void lookup(struct net_call *c, struct samr_SamrLookupNamesInDomain *r)
{
    uint32_t n = r->in.Count;
    r->out.result = STATUS_SUCCESS;
    r->out.RelativeIds.Count = srv.lie == WRONG_NUMBER ? n + 1 : n;
    r->out.Use.Count = n;
    if (srv.lie == NOTHING_AT_ALL || srv.lie == COUNT_WITHOUT_BUFFER)
        return;
    r->out.RelativeIds.Element = nt_arena_array(c->mem, n, 4);
    r->out.Use.Element = nt_arena_array(c->mem, n, 4);
    for (uint32_t i = 0; i < n; i++) {
        char16_t first = r->in.Names[i].Buffer[0];
        r->out.RelativeIds.Element[i] = 1000;
        r->out.Use.Element[i] = first == u'g'   ? samr_SidTypeGroup
                                : first == u'l' ? samr_SidTypeAlias
                                                : samr_SidTypeUser;
    }
}

static void query_user(struct net_call *c, struct samr_SamrQueryInformationUser2 *r)
{
    r->out.result = STATUS_SUCCESS;
    if (srv.lie == NOTHING_AT_ALL)
        return;
    r->out.Buffer = nt_arena_obj(c->mem, union samr_SAMPR_USER_INFO_BUFFER);
    r->out.Buffer->All.UserName = text(u"anna");
    r->out.Buffer->All.UserAccountControl = samr_USER_NORMAL_ACCOUNT;
    r->out.Buffer->All.PasswordLastSet = (struct samr_OLD_LARGE_INTEGER){ 1, -1 }; /* in the far future */
    r->out.Buffer->All.LogonHours.UnitsPerWeek = 65535;                            /* and no array */
}

static void members(struct net_call *c, struct samr_SamrGetMembersInAlias *r)
{
    r->out.result = STATUS_SUCCESS;
    r->out.Members.Count = 2;
    if (srv.lie == COUNT_WITHOUT_BUFFER)
        return;
    r->out.Members.Sids = nt_arena_array(c->mem, 2, sizeof *r->out.Members.Sids);
    for (int i = 0; i < 2 && srv.lie != NOTHING_AT_ALL; i++) {
        struct nt_sid *s = nt_arena_obj(c->mem, struct nt_sid);
        assert_int_equal(nt_sid_append(&domain_sid, 1000 + (uint32_t)i, s), STATUS_SUCCESS);
        r->out.Members.Sids[i].SidPointer = s;
    }
}

static void rids_to_names(struct net_call *c, struct samr_SamrLookupIdsInDomain *r)
{
    uint32_t n = r->in.Count;
    r->out.result = STATUS_SUCCESS;
    r->out.Names.Count = r->out.Use.Count = srv.lie == WRONG_NUMBER ? n + 1 : n;
    r->out.Names.Element = nt_arena_array(c->mem, n + 1, sizeof *r->out.Names.Element);
    r->out.Use.Element = nt_arena_array(c->mem, n + 1, 4);
    for (uint32_t i = 0; i < n; i++) {
        r->out.Names.Element[i] = text(u"anna");
        r->out.Use.Element[i] = r->in.RelativeIds[i] == 1001 ? samr_SidTypeUnknown : samr_SidTypeUser;
    }
}

static enum nt_status connections(struct net_call *c, const struct rpc_op *op, void *p)
{
    if (op == &samr_SamrConnect5_op) {
        struct samr_SamrConnect5 *r = p;
        if (srv.no_connect5)
            return RPC_NT_PROCNUM_OUT_OF_RANGE;
        r->out.OutVersion = 1;
        r->out.OutRevisionInfo.V1.SupportedFeatures = srv.features;
        r->out.result = srv.connect;
        if (srv.connect == STATUS_SUCCESS)
            r->out.ServerHandle = opened();
    } else if (op == &samr_SamrConnect4_op) {
        if (srv.no_connect4)
            return RPC_NT_PROCNUM_OUT_OF_RANGE;
        ((struct samr_SamrConnect4 *)p)->out.ServerHandle = opened();
    } else if (op == &samr_SamrConnect2_op) {
        ((struct samr_SamrConnect2 *)p)->out.ServerHandle = opened();
    } else if (op == &samr_SamrEnumerateDomainsInSamServer_op) {
        static const char16_t *const both[] = { u"BUILTIN", u"FAKE" };
        struct samr_SamrEnumerateDomainsInSamServer *r = p;
        r->out.Buffer = srv.lie == NOTHING_AT_ALL ? NULL : names(c, 2, both);
    } else if (op == &samr_SamrLookupDomainInSamServer_op) {
        struct samr_SamrLookupDomainInSamServer *r = p;
        r->out.DomainId = nt_arena_memdup(c->mem, &domain_sid, sizeof domain_sid);
    } else if (op == &samr_SamrOpenDomain_op) {
        ((struct samr_SamrOpenDomain *)p)->out.DomainHandle = opened();
    } else {
        return STATUS_PENDING; /* something else */
    }
    return STATUS_SUCCESS;
}

static enum nt_status accounts(struct net_call *c, const struct rpc_op *op, void *p)
{
    if (op == &samr_SamrOpenUser_op)
        ((struct samr_SamrOpenUser *)p)->out.UserHandle = opened();
    else if (op == &samr_SamrOpenGroup_op)
        ((struct samr_SamrOpenGroup *)p)->out.GroupHandle = opened();
    else if (op == &samr_SamrOpenAlias_op)
        ((struct samr_SamrOpenAlias *)p)->out.AliasHandle = opened();
    else if (op == &samr_SamrCloseHandle_op)
        srv.open--;
    else if (op == &samr_SamrEnumerateUsersInDomain_op)
        enum_users(c, p);
    else if (op == &samr_SamrQueryDisplayInformation3_op)
        display(c, p);
    else if (op == &samr_SamrLookupNamesInDomain_op)
        lookup(c, p);
    else if (op == &samr_SamrLookupIdsInDomain_op)
        rids_to_names(c, p);
    else if (op == &samr_SamrQueryInformationUser2_op)
        query_user(c, p);
    else if (op == &samr_SamrGetMembersInAlias_op)
        members(c, p);
    else if (op == &samr_SamrAddMemberToAlias_op)
        ((struct samr_SamrAddMemberToAlias *)p)->out.result = STATUS_SUCCESS;
    else if (op == &samr_SamrQuerySecurityObject_op)
        ((struct samr_SamrQuerySecurityObject *)p)->out.result = STATUS_ACCESS_DENIED;
    else
        return STATUS_PENDING;
    return STATUS_SUCCESS;
}

static void aliases_of_user(struct net_call *c, struct samr_SamrGetAliasMembership *r)
{
    r->out.Membership.Count = srv.lie == COUNT_WITHOUT_BUFFER;
    if (srv.lie != MANY_ALIASES)
        return;
    r->out.Membership.Count = 20000;
    uint32_t *rids = nt_arena_array(c->mem, 20000, sizeof *rids);
    for (uint32_t i = 0; rids && i < 20000; i++)
        rids[i] = 1000 + i;
    r->out.Membership.Element = rids;
}

static void groups_of_user(struct net_call *c, struct samr_SamrGetGroupsForUser *r)
{
    if (srv.lie == NOTHING_AT_ALL)
        return;
    r->out.Groups = nt_arena_obj(c->mem, struct samr_SAMPR_GET_GROUPS_BUFFER);
    r->out.Groups->MembershipCount = 1;
    if (srv.lie == COUNT_WITHOUT_BUFFER)
        return;
    r->out.Groups->Groups = nt_arena_array(c->mem, 1, sizeof *r->out.Groups->Groups);
    r->out.Groups->Groups[0].RelativeId = 513;
}

static enum nt_status changes(struct net_call *c, const struct rpc_op *op, void *p)
{
    if (op == &samr_SamrCreateUser2InDomain_op) {
        srv.created++;
        ((struct samr_SamrCreateUser2InDomain *)p)->out.UserHandle = opened();
        ((struct samr_SamrCreateUser2InDomain *)p)->out.RelativeId = 1000;
    } else if (op == &samr_SamrDeleteUser_op) {
        srv.deleted++;
        srv.open--;
    } else if (op == &samr_SamrSetInformationUser2_op) {
        struct samr_SamrSetInformationUser2 *r = p;
        srv.level = (int)r->in.UserInformationClass;
        r->out.result = srv.no_level_25 && srv.level == 25 ? STATUS_INVALID_INFO_CLASS : srv.set_user;
    } else if (op == &samr_SamrUnicodeChangePasswordUser4_op) {
        const struct samr_SamrUnicodeChangePasswordUser4 *r = p;
        assert_true(r->in.EncryptedPassword.PBKDF2Iterations >= SAMR_PBKDF2_MIN);
        srv.level = 4;
        return srv.no_change4 ? RPC_NT_PROCNUM_OUT_OF_RANGE : STATUS_SUCCESS;
    } else if (op == &samr_SamrUnicodeChangePasswordUser2_op) {
        assert_int_equal(((struct samr_SamrUnicodeChangePasswordUser2 *)p)->in.LmPresent, 0);
        srv.level = 2;
    } else if (op == &samr_SamrGetGroupsForUser_op) {
        groups_of_user(c, p);
    } else if (op == &samr_SamrGetAliasMembership_op) {
        aliases_of_user(c, p);
    } else {
        return RPC_NT_PROCNUM_OUT_OF_RANGE;
    }
    return STATUS_SUCCESS;
}

enum nt_status __wrap_net_run(struct net_call *c, const struct rpc_interface *i, const struct rpc_op *op,
                              void *r)
{
    assert_ptr_equal(i, op->iface);
    assert_true(++srv.calls < 1000); /* an endless list would come here */
    inside_server = true;
    enum nt_status st = connections(c, op, r);
    if (st == STATUS_PENDING)
        st = accounts(c, op, r);
    if (st == STATUS_PENDING)
        st = changes(c, op, r);
    inside_server = false;
    if (!nt_ok(st))
        nt_error_set(&c->err, st, "no such operation");
    return st;
}

/* ---- tests ---- */

static int start(void **state)
{
    (void)state;
    memset(&srv, 0, sizeof srv);
    options = (struct net_options)NET_OPTIONS_INIT;
    srv.has_key = true;
    srv.features = SAMR_FEATURE_AES;
    arena = nt_arena_new_secret(0);
    return arena ? 0 : -1;
}

static void forget(void)
{
    if (server.sam_free)
        server.sam_free(server.sam);
    server.sam = NULL;
    server.sam_free = NULL;
}

static int stop(void **state)
{
    (void)state;
    forget();
    nt_arena_free(arena);
    return 0;
}

static DWORD n, total;
static LPBYTE buf;

static NET_API_STATUS list(DWORD level, DWORD len, DWORD *resume)
{
    return NetUserEnum(u"x", level, FILTER_NORMAL_ACCOUNT, &buf, len, &n, &total, resume);
}

static void honest(void **state)
{
    (void)state;
    DWORD resume = 0;
    assert_int_equal(list(0, MAX_PREFERRED_LENGTH, &resume), NERR_Success);
    assert_int_equal(n, 3);
    assert_int_equal(total, 3);
    assert_int_equal(ustr_cmp(((USER_INFO_0 *)(void *)buf)[2].usri0_name, u"cæsar"), 0);
    NetApiBufferFree(buf);
    assert_int_equal(srv.open, 2); /* server and account domain, kept */
    int before = srv.calls;
    srv.pages = true;
    assert_int_equal(list(0, MAX_PREFERRED_LENGTH, &resume), NERR_Success);
    assert_int_equal(n, 3);
    NetApiBufferFree(buf);
    assert_int_equal(srv.calls - before, 3); /* the handles were kept */
    for (DWORD i = 0; i < 3; i++) {
        assert_int_equal(list(0, 1, &resume), i < 2 ? ERROR_MORE_DATA : NERR_Success);
        assert_int_equal(n, 1);
        assert_int_equal(resume, i < 2 ? i + 1 : 0);
        assert_true(total >= (i < 2 ? 2 : 1));
        NetApiBufferFree(buf);
    }
    /* several kinds of account are several lists, also in parts */
    DWORD kinds = FILTER_TEMP_DUPLICATE_ACCOUNT | FILTER_NORMAL_ACCOUNT | FILTER_WORKSTATION_TRUST_ACCOUNT,
          seen = 0;
    assert_int_equal(NetUserEnum(u"x", 0, kinds, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume),
                     NERR_Success);
    assert_int_equal(n, 3);
    NetApiBufferFree(buf);
    NET_API_STATUS st;
    do {
        st = NetUserEnum(u"x", 0, kinds, &buf, 1, &n, &total, &resume);
        assert_true(st == NERR_Success || st == ERROR_MORE_DATA);
        seen += n;
        NetApiBufferFree(buf);
    } while (st == ERROR_MORE_DATA && seen < 10);
    assert_int_equal(seen, 3);
    assert_int_equal(resume, 0);
    assert_int_equal(NetUserEnum(u"x", 0, 4, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume),
                     ERROR_INVALID_PARAMETER);
    assert_int_equal(list(3, MAX_PREFERRED_LENGTH, &resume), NERR_Success);
    const USER_INFO_3 *u = (const void *)buf;
    assert_int_equal(n, 3);
    assert_int_equal(u->usri3_password_age, 0);
    assert_int_equal(u->usri3_priv, USER_PRIV_USER);
    assert_int_equal(u->usri3_units_per_week, UNITS_PER_WEEK);
    assert_int_equal(u->usri3_logon_hours[20], 0xff);
    NetApiBufferFree(buf);
    assert_int_equal(srv.open, 3); /* and the built-in domain: no user is left open */
}

/* Every lie in every list ends with an error, without a result and without an open handle. */
static void lies(void **state)
{
    (void)state;
    static const enum lie all[] = { COUNT_WITHOUT_BUFFER, COUNTS_DIFFER, NAME_WITHOUT_BUFFER,
                                    EMPTY_AND_MORE,       STANDS_STILL,  NOTHING_AT_ALL };
    DWORD resume;
    PVOID shown;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        srv.lie = HONEST;
        assert_int_equal(list(0, MAX_PREFERRED_LENGTH, NULL), NERR_Success); /* the domain is open */
        NetApiBufferFree(buf);
        int open = srv.open;
        srv.lie = all[i];
        srv.calls = 0;
        resume = 1;
        assert_int_equal(list(0, MAX_PREFERRED_LENGTH, &resume), ERROR_BAD_NET_RESP);
        assert_null(buf);
        assert_int_equal(resume, 1);
        assert_true(strlen(last_error) > 0);
        if (all[i] != COUNTS_DIFFER) {
            srv.calls = 0;
            assert_int_equal(
                NetQueryDisplayInformation(u"x", 1, 0, 0xffffffff, MAX_PREFERRED_LENGTH, &n, &shown),
                ERROR_BAD_NET_RESP);
            assert_null(shown);
        }
        assert_int_equal(srv.open, open);
    }
}

static void lies_about_domains(void **state)
{
    (void)state;
    static const enum lie all[] = { COUNT_WITHOUT_BUFFER, NAME_WITHOUT_BUFFER, NOTHING_AT_ALL };
    for (size_t i = 0; i < 3; i++) {
        srv.lie = all[i];
        assert_int_equal(list(0, MAX_PREFERRED_LENGTH, NULL), ERROR_BAD_NET_RESP);
        assert_null(buf);
    }
}

static void lies_about_one(void **state)
{
    (void)state;
    static const enum lie all[] = { NOTHING_AT_ALL, NAME_WITHOUT_BUFFER, COUNT_WITHOUT_BUFFER, WRONG_NUMBER };
    DWORD_PTR resume = 0;
    for (size_t i = 0; i < 4; i++) {
        srv.lie = HONEST;
        assert_int_equal(NetUserGetInfo(u"x", u"anna", 3, &buf), NERR_Success);
        NetApiBufferFree(buf);
        int open = srv.open;
        srv.lie = all[i];
        assert_int_equal(NetUserGetInfo(u"x", u"anna", 3, &buf), ERROR_BAD_NET_RESP);
        assert_null(buf);
        assert_int_equal(
            NetLocalGroupGetMembers(u"x", u"lokal", 1, &buf, MAX_PREFERRED_LENGTH, &n, &total, &resume),
            ERROR_BAD_NET_RESP);
        assert_null(buf);
        assert_int_equal(srv.open, open);
    }
}

static void deleted_member(void **state)
{
    (void)state;
    assert_int_equal(NetLocalGroupGetMembers(u"x", u"lokal", 2, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL),
                     NERR_Success);
    const LOCALGROUP_MEMBERS_INFO_2 *m = (const void *)buf;
    assert_int_equal(n, 2);
    assert_int_equal(ustr_cmp(m[0].lgrmi2_domainandname, u"FAKE\\anna"), 0);
    assert_int_equal(m[1].lgrmi2_sidusage, SidTypeUnknown);
    assert_int_equal(ustr_cmp(m[1].lgrmi2_domainandname, u"S-1-5-21-1-2-3-1001"), 0);
    NetApiBufferFree(buf);
}

static void wrong_kind(void **state)
{
    (void)state;
    assert_int_equal(NetUserGetInfo(u"x", u"gruppe", 0, &buf), NERR_UserNotFound);
    assert_int_equal(NetGroupGetInfo(u"x", u"anna", 0, &buf), NERR_GroupNotFound);
    assert_int_equal(NetLocalGroupGetInfo(u"x", u"anna", 0, &buf), ERROR_NO_SUCH_ALIAS);
}

static void old_servers(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        forget();
        srv.no_connect5 = true;
        srv.no_connect4 = k;
        assert_int_equal(list(0, MAX_PREFERRED_LENGTH, NULL), NERR_Success);
        assert_int_equal(n, 3);
        NetApiBufferFree(buf);
    }
    forget();
    memset(&srv, 0, sizeof srv); /* a refusal is not a lack */
    srv.connect = STATUS_ACCESS_DENIED;
    assert_int_equal(list(0, MAX_PREFERRED_LENGTH, NULL), ERROR_ACCESS_DENIED);
    assert_int_equal(srv.calls, 1);
    assert_int_equal(srv.open, 0);
}

static NET_API_STATUS set_password(void)
{
    USER_INFO_1003 p = { (WCHAR[]){ u"secret" } };
    DWORD parm;
    srv.level = 0;
    return NetUserSetInfo(u"x", u"anna", 1003, (LPBYTE)&p, &parm);
}

static void password_forms(void **state)
{
    (void)state;
    assert_int_equal(set_password(), NERR_Success);
    assert_int_equal(srv.level, 32);
    srv.set_user = STATUS_INVALID_INFO_CLASS; /* it announced AES: nothing weaker follows */
    assert_int_equal(set_password(), ERROR_INVALID_LEVEL);
    assert_int_equal(srv.level, 32);
    forget();
    srv.set_user = STATUS_SUCCESS;
    srv.features = 0;
    assert_int_equal(set_password(), NERR_Success);
    assert_int_equal(srv.level, 25);
    srv.set_user = STATUS_PASSWORD_RESTRICTION; /* an answer, not a lack */
    assert_int_equal(set_password(), NERR_PasswordTooShort);
    assert_int_equal(srv.level, 25);
    srv.set_user = STATUS_SUCCESS;
    srv.no_level_25 = true;
    assert_int_equal(set_password(), NERR_Success);
    assert_int_equal(srv.level, 23);
    srv.has_key = false;
    assert_int_equal(set_password(), ERROR_NO_USER_SESSION_KEY);
    assert_int_equal(srv.level, 0);
    assert_non_null(strstr(last_error, "named pipe"));
}

static void change_forms(void **state)
{
    (void)state;
    assert_int_equal(NetUserChangePassword(u"x", u"anna", u"old", u"new"), NERR_Success);
    assert_int_equal(srv.level, 4);
    srv.no_change4 = true;
    srv.has_key = false; /* not needed here */
    assert_int_equal(NetUserChangePassword(u"x", u"anna", u"old", u"new"), NERR_Success);
    assert_int_equal(srv.level, 2);
    options.protseq = "ncacn_ip_tcp"; /* sealed */
    assert_int_equal(NetUserChangePassword(u"x", u"anna", u"old", u"new"), NERR_Success);
    assert_int_equal(srv.level, 2);
    options.level = SEC_LEVEL_INTEGRITY; /* readable, and the fault that asks for it can be anybody's */
    assert_int_not_equal(NetUserChangePassword(u"x", u"anna", u"old", u"new"), NERR_Success);
    assert_int_equal(srv.level, 4);
    assert_non_null(strstr(last_error, "AES"));
}

static void too_many_aliases(void **state)
{
    (void)state;
    srv.lie = MANY_ALIASES;
    assert_int_not_equal(NetUserGetLocalGroups(u"x", u"anna", 0, 0, &buf, MAX_PREFERRED_LENGTH, &n, &total),
                         NERR_Success);
    assert_non_null(strstr(last_error, "contradicts"));
}

static void half_made(void **state)
{
    (void)state;
    USER_INFO_1 u = { .usri1_name = (WCHAR[]){ u"ny" },
                      .usri1_password = (WCHAR[]){ u"x" },
                      .usri1_priv = 1 };
    DWORD parm = 7;
    srv.set_user = STATUS_PASSWORD_RESTRICTION;
    assert_int_equal(NetUserAdd(u"x", 1, (LPBYTE)&u, &parm), NERR_PasswordTooShort);
    assert_int_equal(srv.created, 1);
    assert_int_equal(srv.deleted, 1);
    assert_int_equal(parm, 0);
    srv.set_user = STATUS_SUCCESS;
    srv.has_key = false;
    assert_int_equal(NetUserAdd(u"x", 1, (LPBYTE)&u, &parm), ERROR_NO_USER_SESSION_KEY);
    assert_int_equal(srv.deleted, 2);
    srv.has_key = true;
    assert_int_equal(NetUserAdd(u"x", 1, (LPBYTE)&u, &parm), NERR_Success);
    assert_int_equal(srv.deleted, 2);
    assert_int_equal(srv.open, 2);
}

static void flags(void **state)
{
    (void)state;
    for (uint32_t bit = 1; bit <= 0x00200000; bit <<= 1)
        assert_int_equal(sam_flags_from_uf(sam_flags_to_uf(bit)),
                         bit); /* [MS-SAMR] 3.1.5.14.2 leaves none out */
    assert_int_equal(sam_flags_to_uf(0), UF_SCRIPT);
    assert_int_equal(sam_flags_from_uf(UF_SCRIPT | UF_PASSWD_CANT_CHANGE), 0);
}

/* Access lists cut anywhere are read without going beyond them. */
static void access_lists(void **state)
{
    (void)state;
    static const uint8_t sd[] = { 1,    0, 4, 0x80, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0,
                                  20,   0, 0, 0,    2, 0, 28, 0, 1, 0, 0, 0, 0, 0, 20, 0,
                                  0x5b, 3, 2, 0,    1, 1, 0,  0, 0, 0, 0, 1, 0, 0, 0,  0 };
    uint8_t copy[sizeof sd];
    struct nt_sid self = { 1, 1, { 0, 0, 0, 0, 0, 5 }, { 7 } };
    memcpy(copy, sd, sizeof sd);
    assert_false(user_dacl_forbids_change(copy, sizeof copy, &self)); /* Everyone has 0x40 */
    copy[32] = 0x1b;
    assert_true(user_dacl_forbids_change(copy, sizeof copy, &self));
    copy[32] = 0x5b;
    copy[28] = 1; /* denied */
    assert_true(user_dacl_forbids_change(copy, sizeof copy, &self));
    for (size_t len = 0; len < sizeof sd; len++) {
        uint8_t *cut = malloc(len ? len : 1);
        assert_non_null(cut);
        memcpy(cut, sd, len);
        (void)user_dacl_forbids_change(cut, len, &self);
        free(cut);
    }
    for (size_t i = 0; i < sizeof sd; i++) {
        uint8_t *odd = malloc(sizeof sd);
        assert_non_null(odd);
        memcpy(odd, sd, sizeof sd);
        odd[i] = 0xff;
        (void)user_dacl_forbids_change(odd, sizeof sd, &self);
        free(odd);
    }
}

/* The N-th allocation fails, for every N: an error, no result, no user left open. */
static NET_API_STATUS some_call(int which)
{
    LOCALGROUP_MEMBERS_INFO_3 m = { (WCHAR[]){ u"FAKE\\anna" } };
    USER_INFO_1003 p = { (WCHAR[]){ u"secret" } };
    switch (which) {
    case 0:
        return list(3, MAX_PREFERRED_LENGTH, NULL);
    case 1:
        return list(20, MAX_PREFERRED_LENGTH, NULL);
    case 2:
        return NetUserSetInfo(u"x", u"anna", 1003, (LPBYTE)&p, NULL);
    case 3:
        return NetLocalGroupGetMembers(u"x", u"lokal", 2, &buf, MAX_PREFERRED_LENGTH, &n, &total, NULL);
    case 4:
        return NetLocalGroupAddMembers(u"x", u"lokal", 3, (LPBYTE)&m, 1);
    default:
        return NetUserGetLocalGroups(u"x", u"anna", 0, LG_INCLUDE_INDIRECT, &buf, MAX_PREFERRED_LENGTH, &n,
                                     &total);
    }
}

static void short_memory(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        NET_API_STATUS st = ERROR_NOT_ENOUGH_MEMORY;
        for (long k = 0; st == ERROR_NOT_ENOUGH_MEMORY; k++) {
            assert_true(k < 1000);
            forget();
            nt_arena_free(arena);
            arena = nt_arena_new_secret(0);
            assert_non_null(arena);
            srv.open = srv.calls = 0;
            buf = NULL;
            allocations_left = k;
            st = some_call(which);
            allocations_left = -1;
            assert_true(st == ERROR_NOT_ENOUGH_MEMORY || st == NERR_Success);
            assert_true(st == NERR_Success || !buf);
            assert_true(srv.open <= 3); /* server, account domain, built-in domain */
            NetApiBufferFree(buf);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(honest, start, stop),
        cmocka_unit_test_setup_teardown(lies, start, stop),
        cmocka_unit_test_setup_teardown(lies_about_domains, start, stop),
        cmocka_unit_test_setup_teardown(lies_about_one, start, stop),
        cmocka_unit_test_setup_teardown(deleted_member, start, stop),
        cmocka_unit_test_setup_teardown(wrong_kind, start, stop),
        cmocka_unit_test_setup_teardown(old_servers, start, stop),
        cmocka_unit_test_setup_teardown(password_forms, start, stop),
        cmocka_unit_test_setup_teardown(change_forms, start, stop),
        cmocka_unit_test_setup_teardown(too_many_aliases, start, stop),
        cmocka_unit_test_setup_teardown(half_made, start, stop),
        cmocka_unit_test_setup_teardown(flags, start, stop),
        cmocka_unit_test_setup_teardown(access_lists, start, stop),
        cmocka_unit_test_setup_teardown(short_memory, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
