// SPDX-License-Identifier: Apache-2.0
/* Lists of accounts, page by page; see m_sam.h. */
#include <string.h>

#include "netapi/m_sam.h"

static enum nt_status bad_page(struct net_call *c, const char *what)
{
    return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE, "%s: a page of its list of accounts %s",
                        c->srv->name, what);
}

struct sam_item *sam_list_add(struct net_call *c, struct sam_list *list)
{
    if (list->n == list->cap) {
        /* not zeroed, and in big steps: what is not used is not even touched */
        size_t cap = list->cap ? list->cap * 4 : 64;
        struct sam_item *v = nt_arena_raw(c->mem, cap * sizeof *v, _Alignof(struct sam_item));
        if (!v)
            return NULL;
        if (list->n)
            memcpy(v, list->v, list->n * sizeof *v);
        list->v = v;
        list->cap = cap;
    }
    struct sam_item *it = &list->v[list->n++];
    memset(it, 0, sizeof *it);
    return it;
}

/* ---- enumerations, [MS-SAMR] 3.1.5.2 ---- */

struct page {
    const struct samr_SAMPR_ENUMERATION_BUFFER *b;
    uint32_t context, count;
};

static enum nt_status fetch(struct net_call *c, enum sam_kind kind, const struct sam_domain *d,
                            uint32_t filter, uint32_t len, struct page *p)
{
    enum nt_status st;
    if (kind == SAM_USERS) {
        struct samr_SamrEnumerateUsersInDomain r = { .in.DomainHandle = d->h,
                                                     .in.EnumerationContext = p->context,
                                                     .in.UserAccountControl = filter,
                                                     .in.PreferedMaximumLength = len };
        st = sam_run(c, &samr_SamrEnumerateUsersInDomain_op, &r, &r.out.result);
        *p = (struct page){ r.out.Buffer, r.out.EnumerationContext, r.out.CountReturned };
    } else if (kind == SAM_GROUPS) {
        struct samr_SamrEnumerateGroupsInDomain r = { .in.DomainHandle = d->h,
                                                      .in.EnumerationContext = p->context,
                                                      .in.PreferedMaximumLength = len };
        st = sam_run(c, &samr_SamrEnumerateGroupsInDomain_op, &r, &r.out.result);
        *p = (struct page){ r.out.Buffer, r.out.EnumerationContext, r.out.CountReturned };
    } else {
        struct samr_SamrEnumerateAliasesInDomain r = { .in.DomainHandle = d->h,
                                                       .in.EnumerationContext = p->context,
                                                       .in.PreferedMaximumLength = len };
        st = sam_run(c, &samr_SamrEnumerateAliasesInDomain_op, &r, &r.out.result);
        *p = (struct page){ r.out.Buffer, r.out.EnumerationContext, r.out.CountReturned };
    }
    return st;
}

static enum nt_status append_page(struct net_call *c, const struct page *p, struct sam_list *list)
{
    uint32_t n = p->b ? p->b->EntriesRead : 0;
    if (n != p->count || (n && !p->b->Buffer))
        return bad_page(c, "has another number of entries than it says");
    for (uint32_t i = 0; i < n; i++) {
        const struct samr_SAMPR_RID_ENUMERATION *e = &p->b->Buffer[i];
        if (!sam_string_ok(&e->Name))
            return bad_page(c, "has a name without characters");
        struct sam_item *it = sam_list_add(c, list);
        if (!it)
            return STATUS_NO_MEMORY;
        it->rid = e->RelativeId;
        it->name = e->Name;
    }
    return STATUS_SUCCESS;
}

enum nt_status sam_enum(struct net_call *c, enum sam_kind kind, const struct sam_domain *d, uint32_t filter,
                        uint32_t max_len, uint32_t *context, struct sam_list *list, bool *ret_more)
{
    for (;;) {
        struct page p = { .context = *context };
        enum nt_status st = fetch(c, kind, d, filter, max_len, &p);
        if (st == STATUS_NO_MORE_ENTRIES) {
            c->err.text[0] = 0;
            *ret_more = false;
            return STATUS_SUCCESS;
        }
        if (!nt_ok(st))
            return st;
        bool more = st == STATUS_MORE_ENTRIES;
        st = append_page(c, &p, list);
        if (!nt_ok(st))
            return st;
        if (more && p.count == 0)
            return bad_page(c, "is empty, but more is said to follow");
        if (more && p.context == *context)
            return bad_page(c, "does not move on");
        *context = p.context;
        *ret_more = more;
        if (!more || max_len != SAM_ALL)
            return STATUS_SUCCESS;
    }
}

/* ---- display lists, [MS-SAMR] 3.1.5.3 ---- */

#define COPY_COMMON(it, e)                                                                                   \
    do {                                                                                                     \
        (it)->rid = (e)->Rid;                                                                                \
        (it)->index = (e)->Index;                                                                            \
        (it)->name = (e)->AccountName;                                                                       \
        (it)->comment = (e)->AdminComment;                                                                   \
    } while (0)

static uint32_t display_count(enum samr_DOMAIN_DISPLAY_INFORMATION kind,
                              const union samr_SAMPR_DISPLAY_INFO_BUFFER *b, const void **ret_array)
{
    switch (kind) {
    case samr_DomainDisplayUser:
        *ret_array = b->UserInformation.Buffer;
        return b->UserInformation.EntriesRead;
    case samr_DomainDisplayMachine:
        *ret_array = b->MachineInformation.Buffer;
        return b->MachineInformation.EntriesRead;
    default:
        *ret_array = b->GroupInformation.Buffer;
        return b->GroupInformation.EntriesRead;
    }
}

static void copy_entry(enum samr_DOMAIN_DISPLAY_INFORMATION kind, const void *array, uint32_t i,
                       struct sam_item *it)
{
    if (kind == samr_DomainDisplayUser) {
        const struct samr_SAMPR_DOMAIN_DISPLAY_USER *e =
            (const struct samr_SAMPR_DOMAIN_DISPLAY_USER *)array + i;
        COPY_COMMON(it, e);
        it->flags = e->AccountControl;
        it->full_name = e->FullName;
    } else if (kind == samr_DomainDisplayMachine) {
        const struct samr_SAMPR_DOMAIN_DISPLAY_MACHINE *e =
            (const struct samr_SAMPR_DOMAIN_DISPLAY_MACHINE *)array + i;
        COPY_COMMON(it, e);
        it->flags = e->AccountControl;
    } else {
        const struct samr_SAMPR_DOMAIN_DISPLAY_GROUP *e =
            (const struct samr_SAMPR_DOMAIN_DISPLAY_GROUP *)array + i;
        COPY_COMMON(it, e);
        it->flags = e->Attributes;
    }
}

static enum nt_status append_display(struct net_call *c, enum samr_DOMAIN_DISPLAY_INFORMATION kind,
                                     const union samr_SAMPR_DISPLAY_INFO_BUFFER *b, struct sam_list *list,
                                     uint32_t *ret_n)
{
    const void *array;
    uint32_t n = display_count(kind, b, &array);
    if (n && !array)
        return bad_page(c, "has a number of entries, but no entries");
    for (uint32_t i = 0; i < n; i++) {
        struct sam_item *it = sam_list_add(c, list);
        if (!it)
            return STATUS_NO_MEMORY;
        copy_entry(kind, array, i, it);
        if (!sam_string_ok(&it->name) || !sam_string_ok(&it->comment) || !sam_string_ok(&it->full_name))
            return bad_page(c, "has a string without characters");
    }
    *ret_n = n;
    return STATUS_SUCCESS;
}

/* SamrQueryDisplayInformation3 knows all kinds; servers before Windows 2000 have only the second form, which
 * does not know groups in the oldest. */
static enum nt_status fetch_display(struct net_call *c, const struct sam_domain *d,
                                    enum samr_DOMAIN_DISPLAY_INFORMATION kind, uint32_t index,
                                    uint32_t max_entries, uint32_t max_len,
                                    struct samr_SamrQueryDisplayInformation3 *r3)
{
    *r3 = (struct samr_SamrQueryDisplayInformation3){ .in.DomainHandle = d->h,
                                                      .in.DisplayInformationClass = kind,
                                                      .in.Index = index,
                                                      .in.EntryCount = max_entries,
                                                      .in.PreferredMaximumLength = max_len };
    enum nt_status st = sam_run(c, &samr_SamrQueryDisplayInformation3_op, r3, &r3->out.result);
    if (st != RPC_NT_PROCNUM_OUT_OF_RANGE)
        return st;
    c->err.text[0] = 0;
    struct samr_SamrQueryDisplayInformation2 r2 = { .in.DomainHandle = d->h,
                                                    .in.DisplayInformationClass = kind,
                                                    .in.Index = index,
                                                    .in.EntryCount = max_entries,
                                                    .in.PreferredMaximumLength = max_len };
    st = sam_run(c, &samr_SamrQueryDisplayInformation2_op, &r2, &r2.out.result);
    r3->out.Buffer = r2.out.Buffer;
    return st;
}

/* Where the list goes on. The index of an entry is a cookie ([MS-SAMR] 3.1.5.3.1) that stands for its place;
 * servers that leave it 0 count from the start. */
static uint32_t next_index(uint32_t index, uint32_t n, const struct sam_list *list)
{
    uint32_t last = list->v[list->n - 1].index;
    return last ? last : index + n;
}

enum nt_status sam_display(struct net_call *c, const struct sam_domain *d,
                           enum samr_DOMAIN_DISPLAY_INFORMATION kind, uint32_t max_entries, uint32_t max_len,
                           uint32_t *index, struct sam_list *list, bool *ret_more)
{
    for (;;) {
        struct samr_SamrQueryDisplayInformation3 r;
        uint32_t n = 0;
        enum nt_status st = fetch_display(c, d, kind, *index, max_entries, max_len, &r);
        if (st == STATUS_NO_MORE_ENTRIES) {
            c->err.text[0] = 0;
            *ret_more = false;
            return STATUS_SUCCESS;
        }
        if (!nt_ok(st))
            return st;
        bool more = st == STATUS_MORE_ENTRIES;
        st = append_display(c, kind, &r.out.Buffer, list, &n);
        if (!nt_ok(st))
            return st;
        if (more && n == 0)
            return bad_page(c, "is empty, but more is said to follow");
        uint32_t next = n ? next_index(*index, n, list) : *index;
        if (more && next == *index)
            return bad_page(c, "does not move on");
        *index = next;
        *ret_more = more;
        if (!more || max_entries != SAM_ALL || max_len != SAM_ALL)
            return STATUS_SUCCESS;
    }
}

/* ---- results ---- */

enum nt_status sam_list_add_rid(struct net_call *c, struct sam_list *list, uint32_t rid, uint32_t flags)
{
    struct sam_item *it = sam_list_add(c, list);
    if (!it)
        return STATUS_NO_MEMORY;
    it->rid = rid;
    it->flags = flags;
    return STATUS_SUCCESS;
}

enum nt_status sam_list_names(struct net_call *c, const struct sam_domain *d, struct sam_list *list)
{
    uint32_t *rids = nt_arena_array(c->mem, list->n, sizeof *rids),
             *use = nt_arena_array(c->mem, list->n, sizeof *use);
    struct dtyp_RPC_UNICODE_STRING *names = nt_arena_array(c->mem, list->n, sizeof *names);
    size_t kept = 0;
    if (!rids || !use || !names)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < list->n; i++)
        rids[i] = list->v[i].rid;
    enum nt_status st = sam_lookup_rids(c, d, rids, list->n, names, use);
    for (size_t i = 0; nt_ok(st) && i < list->n; i++) {
        if (use[i] == samr_SidTypeUnknown || names[i].Length == 0)
            continue;
        list->v[kept] = list->v[i];
        list->v[kept++].name = names[i];
    }
    if (nt_ok(st))
        list->n = kept;
    return st;
}

size_t sam_count(struct net_call *c, enum sam_kind kind, const struct sam_domain *d)
{
    struct samr_SamrQueryInformationDomain2 r = { .in.DomainHandle = d->h,
                                                  .in.DomainInformationClass =
                                                      samr_DomainGeneralInformation };
    enum nt_status st = sam_run(c, &samr_SamrQueryInformationDomain2_op, &r, &r.out.result);
    if (!nt_ok(st) || !r.out.Buffer) {
        c->err.text[0] = 0;
        return 0;
    }
    const struct samr_SAMPR_DOMAIN_GENERAL_INFORMATION *g = &r.out.Buffer->General;
    return kind == SAM_USERS ? g->UserCount : kind == SAM_GROUPS ? g->GroupCount : g->AliasCount;
}

#define SHORT_NAME 32 /* bytes: 16 characters, to guess how long entries become */

size_t sam_cut(DWORD prefmaxlen, size_t elem, size_t n)
{
    size_t fit = prefmaxlen / (elem + SHORT_NAME);
    if (prefmaxlen == MAX_PREFERRED_LENGTH || fit >= n)
        return n;
    return fit ? fit : 1;
}

/* Bytes that servers count for one entry of a page: about the fixed part and a short name. */
#define WIRE_ENTRY 54

uint32_t sam_page_size(DWORD prefmaxlen, size_t elem)
{
    if (prefmaxlen == MAX_PREFERRED_LENGTH)
        return SAM_ALL;
    uint64_t entries = prefmaxlen / (elem + SHORT_NAME);
    uint64_t size = (entries ? entries : 1) * WIRE_ENTRY;
    return size < SAM_ALL ? (uint32_t)size : SAM_ALL - 1;
}

enum nt_status sam_result(const struct sam_list *list, size_t elem, net_fill_fn *fill, const void *from,
                          bool more, size_t total, LPBYTE *ret, LPDWORD ret_entries, LPDWORD ret_total)
{
    uint8_t *block;
    if (list->n > UINT32_MAX)
        return STATUS_NO_MEMORY;
    enum nt_status st = net_fill(list->n, elem, fill, from, &block);
    if (st != STATUS_SUCCESS)
        return st;
    *ret = block;
    *ret_entries = (DWORD)list->n;
    if (ret_total)
        *ret_total = (DWORD)(total > list->n ? total : list->n + more);
    return more ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
}
