// SPDX-License-Identifier: Apache-2.0
/* Extended error information ([MS-EERR] 2.2): a list that is linked by pointers, in type serialization
 * version 1. See m_eerr.h. */
#include <stdio.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "ndr/ndr.h"
#include "rpc/limits.h"
#include "rpc/m_eerr.h"

#define COMPUTER_PRESENT 1 /* [MS-EERR] 2.2.1.6 */
#define COMPUTER_ABSENT  2
/* The counts of strings and blobs are 16 bits with a sign. */
#define COUNT_MAX INT16_MAX
/* Of the parameter's element on the wire: enumeration and tag. */
#define PARAM_WIRE 4
#define TEXT_SHOWN 80 /* of a text in a sentence, which has 512 bytes in all */

const char *rpc_error_component(uint32_t component)
{
    static const char *const names[] = { /* as RpcErrorGetNextRecord's documentation numbers them */
                                         [1] = "application",         [2] = "RPC runtime",
                                         [3] = "security provider",   [4] = "named pipe file system",
                                         [5] = "redirector",          [6] = "named pipe provider",
                                         [7] = "I/O manager",         [8] = "Winsock",
                                         [9] = "authorization",       [10] = "LPC",
                                         [14] = "RPC over HTTP proxy"
    };
    return component < sizeof names / sizeof names[0] ? names[component] : NULL;
}

/* ---- the parts of a record that stand behind pointers ---- */

/* A counted array on its way: its elements are behind a pointer, after the fixed part of everything. */
struct counted {
    int16_t count;
    void *p; /* pull: a place-holder; push: the elements */
};

struct raw {
    bool named;
    struct counted computer;
    struct counted params[RPC_ERROR_PARAMS_MAX];
};

/* What a pull fills and a push takes. */
struct whole {
    struct rpc_error_list l;
    struct raw *raw; /* push: one for each record */
};

static bool is_counted(unsigned kind)
{
    return kind == RPC_ERROR_ANSI || kind == RPC_ERROR_TEXT || kind == RPC_ERROR_BINARY;
}

/* ---- decoding ---- */

static void pull_counted(struct ndr_pull *n, struct counted *c)
{
    ndr_pull_align(n, NDR_PTR);
    c->count = (int16_t)ndr_pull_u16(n);
    ndr_pull_range(n, c->count, 0, COUNT_MAX);
    c->p = ndr_pull_unique(n, 0);
    if (!c->p && c->count)
        ndr_pull_fail(n, RPC_NT_NULL_REF_POINTER);
}

static void pull_param(struct ndr_pull *n, struct rpc_error_param *p, struct counted *c)
{
    ndr_pull_align(n, NDR_8);
    unsigned kind = ndr_pull_enum(n);
    ndr_pull_tag(n, NDR_TAG_16, kind, NDR_8);
    if (is_counted(kind))
        pull_counted(n, c);
    else if (kind == RPC_ERROR_LONG)
        p->number = (int32_t)ndr_pull_u32(n);
    else if (kind == RPC_ERROR_SHORT)
        p->number = (int16_t)ndr_pull_u16(n);
    else if (kind == RPC_ERROR_INT64)
        p->number = (int64_t)ndr_pull_u64(n);
    else if (kind != RPC_ERROR_NONE)
        ndr_pull_bad_tag(n);
    ndr_pull_end(n, NDR_8);
    p->kind = (enum rpc_error_param_kind)kind;
}

static void pull_computer(struct ndr_pull *n, struct raw *raw)
{
    ndr_pull_align(n, NDR_PTR);
    unsigned present = ndr_pull_enum(n);
    ndr_pull_tag(n, NDR_TAG_16, present, NDR_PTR);
    raw->named = present == COMPUTER_PRESENT;
    if (raw->named)
        pull_counted(n, &raw->computer);
    else if (present != COMPUTER_ABSENT)
        ndr_pull_bad_tag(n);
    ndr_pull_end(n, NDR_PTR);
}

/* The fixed part of a record; the place-holder of the next one. */
static void *pull_record(struct ndr_pull *n, struct rpc_error_record *r, struct raw *raw)
{
    size_t size = ndr_pull_size(n);
    ndr_pull_align(n, NDR_8);
    void *next = ndr_pull_unique(n, 0);
    pull_computer(n, raw);
    r->pid = ndr_pull_u32(n);
    r->time = ndr_pull_u64(n);
    r->component = ndr_pull_u32(n);
    r->status = ndr_pull_u32(n);
    r->location = ndr_pull_u16(n);
    r->flags = ndr_pull_u16(n);
    int count = (int16_t)ndr_pull_u16(n);
    ndr_pull_range(n, count, 0, RPC_ERROR_PARAMS_MAX);
    ndr_pull_match(n, size, (size_t)count);
    if (!ndr_pull_ok(n))
        return NULL;
    r->n_params = (unsigned)count;
    for (unsigned i = 0; i < r->n_params; i++)
        pull_param(n, &r->params[i], &raw->params[i]);
    ndr_pull_end(n, NDR_8);
    return next;
}

/* Texts are terminated, says [MS-EERR] 2.2.1.1; that they are is not relied on. */
static const char *pull_wide(struct ndr_pull *n, const struct counted *c)
{
    if (!c->p)
        return "";
    const char16_t *s = ndr_pull_conformant(n, (size_t)c->count, 2);
    size_t len = s ? ustr_nlen(s, (size_t)c->count) : 0, size = s ? ustr_utf8_size_lossy(s, len) : 0;
    char *text = ndr_pull_new(n, size + 1);
    if (text && ustr_to_utf8_lossy_buf(s, len, text, size + 1, NULL) != STATUS_SUCCESS)
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    return text;
}

static const char *pull_narrow(struct ndr_pull *n, const struct counted *c)
{
    if (!c->p)
        return "";
    const uint8_t *s = ndr_pull_conformant(n, (size_t)c->count, 1);
    size_t len = s ? strnlen((const char *)s, (size_t)c->count) : 0, k = 0;
    char *text = ndr_pull_new(n, 2 * len + 1);
    for (size_t i = 0; text && i < len; i++) { /* ISO 8859-1: the first 256 characters */
        if (s[i] >= 0x80)
            text[k++] = (char)(0xc0 | s[i] >> 6);
        text[k++] = (char)(s[i] >= 0x80 ? 0x80 | (s[i] & 0x3f) : s[i]);
    }
    return text;
}

static void pull_pointees(struct ndr_pull *n, struct rpc_error_record *r, const struct raw *raw)
{
    if (raw->named)
        r->computer = pull_wide(n, &raw->computer);
    for (unsigned i = 0; i < r->n_params; i++) {
        struct rpc_error_param *p = &r->params[i];
        const struct counted *c = &raw->params[i];
        if (p->kind == RPC_ERROR_TEXT)
            p->text = pull_wide(n, c);
        else if (p->kind == RPC_ERROR_ANSI)
            p->text = pull_narrow(n, c);
        else if (p->kind == RPC_ERROR_BINARY && c->p)
            p->blob = (struct nt_blob){ ndr_pull_conformant(n, (size_t)c->count, 1), (size_t)c->count };
    }
}

/* A record's pointees come behind the whole rest of the list, since Next is its first pointer. */
static void pull_whole(struct ndr_pull *n, void *p)
{
    struct whole *w = p;
    struct raw raw[RPC_ERROR_RECORDS_MAX] = { { 0 } };
    struct rpc_error_record *rec = ndr_pull_new(n, sizeof *rec * RPC_ERROR_RECORDS_MAX);
    size_t k = 0;
    void *next = ndr_pull_unique(n, 0);
    while (next && ndr_pull_ok(n)) {
        if (k == RPC_ERROR_RECORDS_MAX) {
            ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
            break;
        }
        next = pull_record(n, &rec[k], &raw[k]);
        k++;
    }
    for (size_t i = k; i-- && ndr_pull_ok(n);)
        pull_pointees(n, &rec[i], &raw[i]);
    w->l = (struct rpc_error_list){ rec, k };
}

/* ---- encoding ---- */

static void push_counted(struct ndr_push *n, const struct counted *c)
{
    ndr_push_align(n, NDR_PTR);
    ndr_push_u16(n, (uint16_t)c->count);
    ndr_push_unique(n, c->p);
}

static void push_param(struct ndr_push *n, const struct rpc_error_param *p, const struct counted *c)
{
    ndr_push_align(n, NDR_8);
    ndr_push_enum(n, p->kind);
    ndr_push_tag(n, NDR_TAG_16, p->kind, NDR_8);
    if (is_counted(p->kind))
        push_counted(n, c);
    else if (p->kind == RPC_ERROR_LONG)
        ndr_push_u32(n, (uint32_t)p->number);
    else if (p->kind == RPC_ERROR_SHORT)
        ndr_push_u16(n, (uint16_t)p->number);
    else if (p->kind == RPC_ERROR_INT64)
        ndr_push_u64(n, (uint64_t)p->number);
    else if (p->kind != RPC_ERROR_NONE)
        ndr_push_bad_tag(n);
    ndr_push_end(n, NDR_8);
}

static void push_record(struct ndr_push *n, const struct rpc_error_record *r, const struct raw *raw,
                        const void *next)
{
    unsigned present = raw->named ? COMPUTER_PRESENT : COMPUTER_ABSENT;
    ndr_push_size(n, r->n_params);
    ndr_push_align(n, NDR_8);
    ndr_push_unique(n, next);
    ndr_push_align(n, NDR_PTR);
    ndr_push_enum(n, present);
    ndr_push_tag(n, NDR_TAG_16, present, NDR_PTR);
    if (raw->named)
        push_counted(n, &raw->computer);
    ndr_push_end(n, NDR_PTR);
    ndr_push_u32(n, r->pid);
    ndr_push_u64(n, r->time);
    ndr_push_u32(n, r->component);
    ndr_push_u32(n, r->status);
    ndr_push_u16(n, r->location);
    ndr_push_u16(n, r->flags);
    ndr_push_u16(n, (uint16_t)r->n_params);
    for (unsigned i = 0; i < r->n_params; i++)
        push_param(n, &r->params[i], &raw->params[i]);
    ndr_push_end(n, NDR_8);
}

static void push_pointees(struct ndr_push *n, const struct rpc_error_record *r, const struct raw *raw)
{
    if (raw->named)
        ndr_push_conformant(n, raw->computer.p, (size_t)raw->computer.count, 2);
    for (unsigned i = 0; i < r->n_params; i++)
        if (is_counted(r->params[i].kind) && raw->params[i].p)
            ndr_push_conformant(n, raw->params[i].p, (size_t)raw->params[i].count,
                                r->params[i].kind == RPC_ERROR_TEXT ? 2 : 1);
}

static void push_whole(struct ndr_push *n, const void *p)
{
    const struct whole *w = p;
    ndr_push_unique(n, w->l.n ? w->l.rec : NULL);
    for (size_t i = 0; i < w->l.n; i++)
        push_record(n, &w->l.rec[i], &w->raw[i], i + 1 < w->l.n ? &w->l.rec[i + 1] : NULL);
    for (size_t i = w->l.n; i--;)
        push_pointees(n, &w->l.rec[i], &w->raw[i]);
}

/* Our text as the wire has it, with its terminator. */
static enum nt_status wide_of(struct nt_arena *mem, const char *text, struct counted *ret)
{
    size_t bytes = strlen(text), units = ustr_utf16_size_lossy(text, bytes) + 1;
    char16_t *s = units <= COUNT_MAX ? nt_arena_array(mem, units, sizeof *s) : NULL;
    if (!s)
        return units <= COUNT_MAX ? STATUS_NO_MEMORY : STATUS_INVALID_PARAMETER;
    *ret = (struct counted){ (int16_t)units, s };
    return ustr_from_utf8_lossy_buf(text, bytes, s, units, NULL);
}

static enum nt_status narrow_of(struct nt_arena *mem, const char *text, struct counted *ret)
{
    struct counted wide;
    enum nt_status st = wide_of(mem, text, &wide);
    uint8_t *s = st == STATUS_SUCCESS ? nt_arena_array(mem, (size_t)wide.count, 1) : NULL;
    if (!s)
        return st != STATUS_SUCCESS ? st : STATUS_NO_MEMORY;
    for (int i = 0; i < wide.count; i++) {
        char16_t c = ((const char16_t *)wide.p)[i];
        s[i] = c < 0x100 ? (uint8_t)c : '?';
    }
    *ret = (struct counted){ wide.count, s };
    return STATUS_SUCCESS;
}

static enum nt_status param_of(struct nt_arena *mem, const struct rpc_error_param *p, struct counted *ret)
{
    if (p->kind == RPC_ERROR_TEXT)
        return wide_of(mem, p->text ? p->text : "", ret);
    if (p->kind == RPC_ERROR_ANSI)
        return narrow_of(mem, p->text ? p->text : "", ret);
    if (p->kind != RPC_ERROR_BINARY)
        return STATUS_SUCCESS;
    if (p->blob.len > COUNT_MAX)
        return STATUS_INVALID_PARAMETER;
    ret->count = (int16_t)p->blob.len;
    ret->p = p->blob.len ? nt_arena_memdup(mem, p->blob.data, p->blob.len) : NULL;
    return p->blob.len && !ret->p ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

static enum nt_status raw_of(struct nt_arena *mem, const struct rpc_error_record *r, struct raw *raw)
{
    enum nt_status st = r->n_params <= RPC_ERROR_PARAMS_MAX ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    raw->named = r->computer != NULL;
    if (st == STATUS_SUCCESS && raw->named)
        st = wide_of(mem, r->computer, &raw->computer);
    for (unsigned i = 0; st == STATUS_SUCCESS && i < r->n_params; i++)
        st = param_of(mem, &r->params[i], &raw->params[i]);
    return st;
}

static const struct ndr_type whole_type = {
    .table_version = NDR_TYPE_VERSION,
    .size = sizeof(struct whole),
    .wire = PARAM_WIRE,
    .name = "ExtendedErrorInfoPtr",
    .push = push_whole,
    .pull = pull_whole,
};

enum nt_status rpc_eerr_decode(struct nt_blob data, struct nt_arena *mem, struct rpc_error_list *ret)
{
    struct whole w;
    struct ndr_item item = { &whole_type, &w };
    enum nt_status st = ndr_decode(data, &item, 1, mem);
    if (st == STATUS_SUCCESS)
        *ret = w.l;
    return st;
}

enum nt_status rpc_eerr_encode(const struct rpc_error_list *l, struct nt_arena *mem, struct nt_blob *ret)
{
    struct raw raw[RPC_ERROR_RECORDS_MAX] = { { 0 } };
    struct whole w = { *l, raw };
    struct ndr_item item = { &whole_type, &w };
    if (l->n > RPC_ERROR_RECORDS_MAX)
        return STATUS_INVALID_PARAMETER;
    for (size_t i = 0; i < l->n; i++) {
        enum nt_status st = raw_of(mem, &l->rec[i], &raw[i]);
        if (st != STATUS_SUCCESS)
            return st;
    }
    return ndr_encode(NDR_FORM_V1, NULL, &item, 1, mem, ret);
}

/* ---- for people and for those who keep one ---- */

static const char *status_name(uint32_t status)
{
    if (status & 0x80000000U)
        return nt_status_name((enum nt_status)status);
    return werror_name((enum werror)status);
}

static void append(char *buf, size_t size, size_t *at, const char *before, const char *text)
{
    if (*at < size) {
        int n = snprintf(buf + *at, size - *at, "%s%.*s", before, TEXT_SHOWN, text);
        *at += n > 0 ? (size_t)n : 0;
    }
}

size_t rpc_eerr_text(const struct rpc_error_list *l, char *buf, size_t size)
{
    if (size)
        buf[0] = 0;
    if (!l->n || !size)
        return 0;
    const struct rpc_error_record *r = &l->rec[l->n - 1];
    const char *name = status_name(r->status), *component = rpc_error_component(r->component);
    char number[32], where[48];
    snprintf(number, sizeof number, "0x%08x", r->status);
    snprintf(where, sizeof where, "component %u", r->component);
    size_t at = 0;
    append(buf, size, &at, "the cause it names is ", name ? name : number);
    append(buf, size, &at, " in ", component ? component : where);
    snprintf(where, sizeof where, "%u", r->location);
    append(buf, size, &at, " at ", where);
    if (r->computer && r->computer[0])
        append(buf, size, &at, " on ", r->computer);
    for (unsigned i = 0; i < r->n_params; i++) {
        const struct rpc_error_param *p = &r->params[i];
        if (p->text && p->text[0])
            append(buf, size, &at, ": ", p->text);
    }
    return at;
}

static const char *dup_text(struct nt_arena *mem, const char *s, bool *ok)
{
    const char *d = s ? nt_arena_strdup(mem, s) : NULL;
    *ok = *ok && (d || !s);
    return d;
}

struct rpc_error_record *rpc_error_copy(struct nt_arena *mem, const struct rpc_error_record *r)
{
    struct rpc_error_record *d = nt_arena_memdup(mem, r, sizeof *r);
    bool ok = d != NULL;
    if (!d)
        return NULL;
    d->computer = dup_text(mem, r->computer, &ok);
    for (unsigned i = 0; i < r->n_params && i < RPC_ERROR_PARAMS_MAX; i++) {
        d->params[i].text = dup_text(mem, r->params[i].text, &ok);
        d->params[i].blob.data = nt_arena_memdup(mem, r->params[i].blob.data, r->params[i].blob.len);
        ok = ok && d->params[i].blob.data;
    }
    return ok ? d : NULL;
}
