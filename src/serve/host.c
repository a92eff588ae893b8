// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>
#include <msrpc/unistr.h>
#include "serve/m_host.h"

/* ---- text ---- */

char16_t *text16(struct nt_arena *mem, const char *s)
{
    size_t len = s ? strlen(s) : 0, n;
    char16_t *to = s ? nt_arena_array(mem, len + 1, sizeof *to) : NULL;
    return to && ustr_from_utf8_wtf_buf(s, len, to, len + 1, &n) == STATUS_SUCCESS ? to : NULL;
}

char *text8(struct nt_arena *mem, const char16_t *s)
{
    size_t len = s ? ustr_len(s) : 0, n;
    char *to = s ? nt_arena_raw(mem, 3 * len + 1, 1) : NULL;
    return to && ustr_to_utf8_wtf_buf(s, len, to, 3 * len + 1, &n) == STATUS_SUCCESS ? to : NULL;
}

size_t text_size(const char16_t *s)
{
    return s ? 2 * (ustr_len(s) + 1) : 0;
}

/* ---- who may ---- */

static bool in_builtin(const struct sec_token *t, uint32_t rid)
{
    const struct nt_sid sid = { 1, 2, { 0, 0, 0, 0, 0, 5 }, { 32, rid } };
    return sec_token_has(t, &sid);
}

/* [MS-SRVS] appendix B, notes 44 and on: the groups that Windows looks for. A process of this machine that is
 * root, or runs as we do, could do all of it without us. */
bool may(const struct rpc_server_call *call, enum who who)
{
    enum { ADMINISTRATORS = 544, POWER_USERS = 547, SERVER_OPERATORS = 549, PRINT_OPERATORS = 550 };
    const struct sec_token *t = rpc_server_token(call);
    if (t->flags & SEC_TOKEN_ANONYMOUS)
        return false;
    if (who == WHO_KNOWN || ((t->flags & SEC_TOKEN_LOCAL) && (t->uid == 0 || t->uid == geteuid())))
        return true;
    if (in_builtin(t, ADMINISTRATORS) || (who != WHO_ADMINISTRATOR && in_builtin(t, SERVER_OPERATORS)))
        return true;
    return who != WHO_ADMIN && who != WHO_ADMINISTRATOR &&
           (in_builtin(t, POWER_USERS) || (who == WHO_POWER && in_builtin(t, PRINT_OPERATORS)));
}

bool over_pipe(const struct rpc_server_call *call)
{
    struct rpc_server_caller c = { .size = sizeof c };
    return rpc_server_caller(call, &c) == STATUS_SUCCESS && strcmp(c.protseq, "ncacn_np") == 0;
}

/* ---- pages ---- */

enum nt_status page_make(struct nt_arena *mem, const size_t *sizes, size_t n_all, const uint32_t *resume,
                         uint32_t preferred, struct page *ret)
{
    struct page p = { .we = W_ERROR_SUCCESS };
    size_t sum = 0;
    if (!sizes)
        return STATUS_NO_MEMORY;
    if (resume) /* behind the end there is nothing */
        p.from = *resume < n_all ? *resume : n_all;
    p.total = (uint32_t)(n_all - p.from);
    while (p.from + p.n < n_all &&
           (preferred == MAX_PREFERRED_LENGTH || sum + sizes[p.from + p.n] <= preferred))
        sum += sizes[p.from + p.n++];
    if (p.n < p.total)
        p.we = p.n ? W_ERROR_MORE_DATA : W_NERR_BufTooSmall;
    if (resume) {
        p.resume = nt_arena_obj(mem, uint32_t);
        if (!p.resume)
            return STATUS_NO_MEMORY;
        *p.resume = p.n < p.total ? (uint32_t)(p.from + p.n) : 0;
    }
    *ret = p;
    return STATUS_SUCCESS;
}

enum nt_status page_make_at(struct nt_arena *mem, const size_t *sizes, const uint32_t *at, size_t n_all,
                            const uint32_t *resume, uint32_t preferred, struct page *ret)
{
    uint32_t first = 0;
    while (resume && first < n_all && at[first] < *resume)
        first++;
    enum nt_status st = page_make(mem, sizes, n_all, resume ? &first : NULL, preferred, ret);
    if (st == STATUS_SUCCESS && ret->resume && ret->n < ret->total)
        *ret->resume = ret->n ? at[ret->from + ret->n - 1] + 1 : *resume;
    return st;
}

enum werror store_error(enum nt_status st)
{
    switch (st) {
    case STATUS_IO_TIMEOUT:
        return W_ERROR_BUSY;
    case STATUS_INTERNAL_DB_CORRUPTION:
    case STATUS_INTERNAL_DB_ERROR:
    case STATUS_IO_DEVICE_ERROR:
        return W_NERR_InternalError;
    default:
        return nt_to_werror(st);
    }
}
