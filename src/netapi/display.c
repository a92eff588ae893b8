// SPDX-License-Identifier: Apache-2.0
/* NetQueryDisplayInformation: the server's own sorted lists, [MS-SAMR] 3.1.5.3. */
#include <string.h>

#include "netapi/m_sam.h"

struct shown {
    DWORD level, start;
    const struct sam_list *list;
};

static void fill(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct shown *s = from;
    const struct sam_item *it = &s->list->v[i];
    DWORD next =
        it->index ? it->index : s->start + (DWORD)i + 1; /* servers that give no index count from the start */
    if (s->level == 1) {
        NET_DISPLAY_USER *u = to;
        u->usri1_name = sam_put(b, &it->name);
        u->usri1_comment = sam_put(b, &it->comment);
        u->usri1_flags = sam_flags_to_uf(it->flags);
        u->usri1_full_name = sam_put(b, &it->full_name);
        u->usri1_user_id = it->rid;
        u->usri1_next_index = next;
    } else if (s->level == 2) {
        NET_DISPLAY_MACHINE *m = to;
        m->usri2_name = sam_put(b, &it->name);
        m->usri2_comment = sam_put(b, &it->comment);
        m->usri2_flags = sam_flags_to_uf(it->flags);
        m->usri2_user_id = it->rid;
        m->usri2_next_index = next;
    } else {
        NET_DISPLAY_GROUP *g = to;
        g->grpi3_name = sam_put(b, &it->name);
        g->grpi3_comment = sam_put(b, &it->comment);
        g->grpi3_group_id = it->rid;
        g->grpi3_attributes = it->flags;
        g->grpi3_next_index = next;
    }
}

static enum nt_status query(struct net_call *c, DWORD level, DWORD index, DWORD entries, DWORD prefmaxlen,
                            LPDWORD ret_count, LPBYTE *ret)
{
    static const size_t sizes[] = { sizeof(NET_DISPLAY_USER), sizeof(NET_DISPLAY_MACHINE),
                                    sizeof(NET_DISPLAY_GROUP) };
    struct sam_domain d;
    struct sam_list list = { 0 };
    uint32_t at = index;
    bool more = false;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &d);
    if (nt_ok(st))
        st = sam_display(c, &d, (enum samr_DOMAIN_DISPLAY_INFORMATION)level, entries, prefmaxlen, &at, &list,
                         &more);
    if (!nt_ok(st))
        return st;
    struct shown from = { level, index, &list };
    return sam_result(&list, sizes[level - 1], fill, &from, more, 0, ret, ret_count, NULL);
}

NET_API_STATUS NET_API_FUNCTION NetQueryDisplayInformation(LPCWSTR ServerName, DWORD Level, DWORD Index,
                                                           DWORD EntriesRequested,
                                                           DWORD PreferredMaximumLength,
                                                           LPDWORD ReturnedEntryCount, PVOID *SortedBuffer)
{
    struct net_call c;
    LPBYTE block = NULL;
    enum nt_status st = net_begin(&c, ServerName, "NetQueryDisplayInformation");
    if (nt_ok(st) && (!ReturnedEntryCount || !SortedBuffer || EntriesRequested == 0))
        st = STATUS_INVALID_PARAMETER;
    if (nt_ok(st) && (Level < 1 || Level > 3))
        st = STATUS_INVALID_LEVEL;
    if (nt_ok(st)) {
        *ReturnedEntryCount = 0;
        *SortedBuffer = NULL;
        st = query(&c, Level, Index, EntriesRequested, PreferredMaximumLength, ReturnedEntryCount, &block);
    }
    if (nt_ok(st))
        *SortedBuffer = block;
    return net_end(&c, st);
}
