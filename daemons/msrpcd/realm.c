// SPDX-License-Identifier: Apache-2.0
/*
 * Callers with tickets of a realm: their SIDs and groups are those of the ticket's PAC, and they are in the
 * aliases of this machine that these are members of, as on a Windows that is in a domain.
 */
#include <string.h>
#include <msrpc/pac_account.h>
#include "msrpcd.h"

/* Everyone, NETWORK, Authenticated Users: aliases may have them as members, as for accounts of the store. */
static const struct nt_sid well_known[] = { { 1, 1, { 0, 0, 0, 0, 0, 1 }, { 0 } },
                                            { 1, 1, { 0, 0, 0, 0, 0, 5 }, { 2 } },
                                            { 1, 1, { 0, 0, 0, 0, 0, 5 }, { 11 } } };
#define N_KNOWN (sizeof well_known / sizeof well_known[0])

static enum nt_status all_sids(const struct sec_account *a, struct nt_arena *mem, struct nt_sid **ret,
                               unsigned *ret_n)
{
    struct nt_sid *sids = nt_arena_array(mem, a->n_groups + 2 + N_KNOWN, sizeof *sids);
    unsigned n = 0;
    if (!sids)
        return STATUS_NO_MEMORY;
    if (a->user.count)
        sids[n++] = a->user;
    if (a->primary.count)
        sids[n++] = a->primary;
    for (size_t i = 0; i < a->n_groups; i++)
        if (!(a->groups[i].attributes & SEC_GROUP_DENY_ONLY))
            sids[n++] = a->groups[i].sid;
    memcpy(sids + n, well_known, sizeof well_known);
    *ret = sids;
    *ret_n = n + N_KNOWN;
    return STATUS_SUCCESS;
}

static bool is_in(const struct sec_account *a, const struct nt_sid *sid)
{
    for (size_t i = 0; i < a->n_groups; i++)
        if (nt_sid_equal(&a->groups[i].sid, sid))
            return true;
    return false;
}

static enum nt_status add_groups(struct sec_account *a, const struct nt_sid *sids, unsigned n,
                                 struct nt_arena *mem)
{
    if (a->n_groups + n > SEC_GROUPS_MAX)
        return STATUS_TOO_MANY_CONTEXT_IDS; /* what Windows says where a token would have too many */
    struct sec_group *all = nt_arena_array(mem, a->n_groups + n + 1, sizeof *all);
    if (!all)
        return STATUS_NO_MEMORY;
    size_t n_all = a->n_groups;
    if (n_all)
        memcpy(all, a->groups, n_all * sizeof *all);
    for (unsigned i = 0; i < n; i++)
        if (!is_in(a, &sids[i]))
            all[n_all++] = (struct sec_group){ sids[i], SEC_GROUP_USUAL };
    a->groups = all;
    a->n_groups = n_all;
    return STATUS_SUCCESS;
}

enum nt_status realm_account(void *samdb, const struct sec_pac *pac, struct nt_arena *mem,
                             struct sec_account *ret)
{
    struct nt_sid *sids, *in;
    unsigned n, n_in;
    enum nt_status st = pac_account(NULL, pac, mem, ret);
    if (st == STATUS_SUCCESS)
        st = all_sids(ret, mem, &sids, &n);
    if (st == STATUS_SUCCESS)
        st = samdb_memberships(samdb, sids, n, mem, &in, &n_in);
    return st == STATUS_SUCCESS ? add_groups(ret, in, n_in, mem) : st;
}
