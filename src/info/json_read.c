// SPDX-License-Identifier: Apache-2.0
/*
 * JSON into C structures (docs/rpc-json.md). Members that are plain numbers come first, whatever their order
 * in the text, so that counts and tags that were given are known when what they count is read; those that
 * were not given are set from it.
 */
#include "info/m_info.h"

#include <stdio.h>
#include <stdlib.h>

/* Where in the value we are, for messages. */
struct path {
    const struct path *up;
    const char *name; /* NULL: an element */
    size_t index;
};

struct in {
    const char *text;
    struct nt_arena *mem;
    struct nt_error *err;
    enum nt_status st;
    struct agreed *agreed;
};

/* What an expression came to when something was read by it. An expression over several members may have been
 * given one of them for it, and something else another one later. */
struct agreed {
    struct agreed *next;
    struct info_scope s;
    const struct rpc_info_expr *x;
    uint64_t value;
};

static void format_path(const struct path *p, char *buf, size_t size, size_t *len)
{
    if (p->up)
        format_path(p->up, buf, size, len);
    int n = p->name ? snprintf(buf + *len, size - *len, "%s%s", p->up ? "." : "", p->name)
                    : snprintf(buf + *len, size - *len, "[%zu]", p->index);
    *len += n < 0 || (size_t)n >= size - *len ? size - *len - 1 : (size_t)n;
}

static void fail(struct in *i, const struct json *j, const struct path *p, const char *what)
{
    char path[256];
    size_t len = 0;
    unsigned line, col;
    if (i->st != STATUS_SUCCESS)
        return;
    info_json_where(i->text, j->at, &line, &col);
    format_path(p, path, sizeof(path), &len);
    i->st = nt_error_set(i->err, STATUS_INVALID_PARAMETER, "%u:%u: %s: %s", line, col, path, what);
}

static void *memory(struct in *i, size_t n, size_t size)
{
    void *p = i->st == STATUS_SUCCESS ? nt_arena_array(i->mem, n ? n : 1, size) : NULL;
    if (!p && i->st == STATUS_SUCCESS)
        i->st = nt_error_set(i->err, STATUS_NO_MEMORY, "memory is short");
    return p;
}

/* ---- numbers ---- */

/* Decimal or, with 0x, hexadecimal. */
static bool parse_integer(const char *s, size_t len, uint64_t *ret, bool *ret_minus)
{
    unsigned base = 10;
    uint64_t v = 0;
    const char *end = s + len;
    *ret_minus = s < end && *s == '-';
    s += *ret_minus;
    if (end - s > 2 && s[0] == '0' && (s[1] | 0x20) == 'x') {
        base = 16;
        s += 2;
    }
    if (s == end)
        return false;
    for (; s < end; s++) {
        unsigned c = (unsigned char)*s, lower = c | 0x20, d = 99;
        if (c >= '0' && c <= '9')
            d = c - '0';
        else if (lower >= 'a' && lower <= 'f')
            d = lower - 'a' + 10;
        if (d >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    if (*ret_minus && v > UINT64_C(1) << 63)
        return false;
    *ret = *ret_minus ? 0 - v : v;
    *ret_minus = *ret_minus && v;
    return true;
}

static bool integer_of(const struct json *j, uint64_t *ret, bool *ret_minus)
{
    return (j->type == JSON_NUMBER || j->type == JSON_STRING) &&
           parse_integer(j->text, j->len, ret, ret_minus);
}

static void expected_range(struct in *i, const struct json *j, const struct rpc_info_node *n,
                           const struct path *p)
{
    char what[96];
    unsigned bits = 8 * n->size;
    if (j->type == JSON_STRING && (n->base == RPC_INFO_NTSTATUS || n->base == RPC_INFO_WERROR))
        snprintf(what, sizeof(what), "the name of a status, or a number, is expected");
    else if (info_is_signed(n))
        snprintf(what, sizeof(what), "a number from -%llu to %llu is expected", 1ULL << (bits - 1),
                 (1ULL << (bits - 1)) - 1);
    else
        snprintf(what, sizeof(what), "a number from 0 to %llu is expected",
                 bits == 64 ? (unsigned long long)UINT64_MAX : (1ULL << bits) - 1);
    fail(i, j, p, what);
}

static void integer(struct in *i, const struct json *j, const struct rpc_info_node *n, void *at,
                    const struct path *p)
{
    uint64_t v;
    bool minus;
    if (integer_of(j, &v, &minus) && info_fits(n, v, minus))
        info_set(n, at, v);
    else
        expected_range(i, j, n, p);
}

static void floating(struct in *i, const struct json *j, const struct rpc_info_node *n, void *at,
                     const struct path *p)
{
    double d;
    uint64_t bits;
    if (j->type == JSON_STRING && info_parse_nan(j->text, &bits)) {
        info_set(n, at, bits);
        return;
    }
    if ((j->type != JSON_NUMBER && j->type != JSON_STRING) || !info_parse_double(j->text, &d)) {
        fail(i, j, p, "a number is expected");
        return;
    }
    float f = (float)d;
    memcpy(at, n->size == 4 ? (void *)&f : (void *)&d, n->size);
}

static void status(struct in *i, const struct json *j, const struct rpc_info_node *n, void *at,
                   const struct path *p)
{
    enum nt_status st;
    enum werror we;
    if (j->type == JSON_STRING && n->base == RPC_INFO_NTSTATUS && nt_status_from_name(j->text, &st))
        info_set(n, at, (uint32_t)st);
    else if (j->type == JSON_STRING && n->base == RPC_INFO_WERROR && werror_from_name(j->text, &we))
        info_set(n, at, (uint32_t)we);
    else
        integer(i, j, n, at, p);
}

static bool named_value(const struct rpc_info_type *t, const char *name, uint64_t *ret)
{
    for (uint32_t k = 0; k < t->n_values; k++)
        if (strcmp(t->values[k].name, name) == 0) {
            *ret = (uint64_t)t->values[k].value;
            return true;
        }
    return false;
}

static void enumerator(struct in *i, const struct json *j, const struct rpc_info_node *n, void *at,
                       const struct path *p)
{
    uint64_t v;
    bool minus;
    if (j->type == JSON_STRING && named_value(n->type, j->text, &v))
        info_set(n, at, v);
    else if (integer_of(j, &v, &minus) && info_fits(n, v, minus))
        info_set(n, at, v);
    else
        fail(i, j, p,
             j->type == JSON_STRING ? "the enumeration has no such name" : "a name or a number is expected");
}

static void bitmap(struct in *i, const struct json *j, const struct rpc_info_node *n, void *at,
                   const struct path *p)
{
    uint64_t all = 0, v;
    bool minus;
    if (j->type != JSON_ARRAY) {
        integer(i, j, n, at, p);
        return;
    }
    for (const struct json *e = j->first; e; e = e->next, all |= v) {
        if (e->type == JSON_STRING && named_value(n->type, e->text, &v)) {
            if (n->size < 8)
                v &= UINT64_MAX >> (64 - 8 * n->size);
        } else if (!integer_of(e, &v, &minus) || minus || !info_fits(n, v, false)) {
            fail(i, e, p, "names of flags and numbers are expected");
            return;
        }
    }
    info_set(n, at, all);
}

/* ---- other scalars ---- */

static void guid(struct in *i, const struct json *j, void *at, const struct path *p)
{
    struct nt_guid g;
    if (j->type != JSON_STRING || nt_guid_parse(j->text, &g) != STATUS_SUCCESS)
        fail(i, j, p, "a GUID is expected: 8-4-4-4-12 hexadecimal digits");
    else
        memcpy(at, &g, sizeof(g));
}

static void sid(struct in *i, const struct json *j, void *at, const struct path *p)
{
    struct nt_sid s;
    uint64_t revision = 1;
    bool minus;
    const struct json *text = j;
    if (j->type == JSON_OBJECT && j->len == 2 && info_json_member(j, "sid") &&
        info_json_member(j, "revision")) {
        text = info_json_member(j, "sid");
        if (!integer_of(info_json_member(j, "revision"), &revision, &minus) || revision > UINT8_MAX)
            revision = 1;
    }
    if (text->type != JSON_STRING || nt_sid_parse(text->text, &s) != STATUS_SUCCESS) {
        fail(i, j, p, "a SID is expected: \"S-1-5-...\"");
        return;
    }
    s.revision = (uint8_t)revision;
    memcpy(at, &s, sizeof(s));
}

static void scalar(struct in *i, const struct json *j, const struct rpc_info_node *n, void *at,
                   const struct path *p)
{
    switch (n->base) {
    case RPC_INFO_GUID:
        guid(i, j, at, p);
        break;
    case RPC_INFO_SID:
        sid(i, j, at, p);
        break;
    case RPC_INFO_FLOAT:
    case RPC_INFO_DOUBLE:
        floating(i, j, n, at, p);
        break;
    case RPC_INFO_NTSTATUS:
    case RPC_INFO_WERROR:
        status(i, j, n, at, p);
        break;
    case RPC_INFO_BOOLEAN:
        if (j->type == JSON_TRUE || j->type == JSON_FALSE) {
            info_set(n, at, j->type == JSON_TRUE);
            break;
        }
        __attribute__((fallthrough));
    default:
        integer(i, j, n, at, p);
    }
}

static void handle(struct in *i, const struct json *j, void *at, const struct path *p)
{
    struct ndr_handle h = { 0 };
    uint64_t attributes = 0;
    bool minus = false;
    const char *colon = j->type == JSON_STRING ? strchr(j->text, ':') : NULL;
    if (j->type != JSON_NULL &&
        (j->type != JSON_STRING ||
         (colon && (!parse_integer(j->text, (size_t)(colon - j->text), &attributes, &minus) || minus ||
                    attributes > UINT32_MAX)) ||
         nt_guid_parse(colon ? colon + 1 : j->text, &h.uuid) != STATUS_SUCCESS)) {
        fail(i, j, p, "a context handle is expected: null or a GUID");
        return;
    }
    h.attributes = (uint32_t)attributes;
    memcpy(at, &h, sizeof(h));
}

/* ---- texts and blobs ---- */

/* UTF-16 of a JSON string, with a terminator that is not counted. */
static char16_t *utf16(struct in *i, const struct json *j, size_t *ret_len, const struct path *p)
{
    if (j->type != JSON_STRING) {
        fail(i, j, p, "a string is expected");
        return NULL;
    }
    /* no more units than bytes */
    char16_t *s = memory(i, j->len + 1, sizeof(char16_t));
    if (s && ustr_from_utf8_wtf_buf(j->text, j->len, s, j->len + 1, ret_len) != STATUS_SUCCESS) {
        fail(i, j, p, "this cannot be written as UTF-16");
        return NULL;
    }
    return s;
}

/* Bytes of a JSON string; U+DC80 .. U+DCFF, which are in it as three bytes, are single ones. */
static char *bytes(struct in *i, const struct json *j, size_t *ret_len, const struct path *p)
{
    if (j->type != JSON_STRING) {
        fail(i, j, p, "a string is expected");
        return NULL;
    }
    uint8_t *buf = memory(i, j->len + 1, 1), *to = buf;
    const uint8_t *s = (const uint8_t *)j->text, *end = s + j->len;
    while (buf && s < end) {
        if (end - s >= 3 && s[0] == 0xed && (s[1] == 0xb2 || s[1] == 0xb3)) {
            *to++ = (uint8_t)((s[1] & 3) << 6 | (s[2] & 0x3f));
            s += 3;
        } else {
            *to++ = *s++;
        }
    }
    *ret_len = buf ? (size_t)(to - buf) : 0;
    return (char *)buf;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

static uint8_t *blob(struct in *i, const struct json *j, size_t *ret_len, const struct path *p)
{
    if (j->type != JSON_STRING || j->len % 2) {
        fail(i, j, p, "a string of hexadecimal digits is expected, two for each byte");
        return NULL;
    }
    uint8_t *buf = memory(i, j->len / 2, 1);
    for (size_t k = 0; buf && k < j->len / 2; k++) {
        int high = hex_digit(j->text[2 * k]), low = hex_digit(j->text[2 * k + 1]);
        if (high < 0 || low < 0) {
            fail(i, j, p, "this is no hexadecimal digit");
            return NULL;
        }
        buf[k] = (uint8_t)(high << 4 | low);
    }
    *ret_len = j->len / 2;
    return buf;
}

/* ---- counts ---- */

static void set_known(const struct info_scope *s, int32_t member)
{
    if (s->known && member >= 0)
        s->known[member] = 1;
}

static bool is_known(const struct info_scope *s, const struct rpc_info_expr *x)
{
    return !s->known || x->member < 0 || s->known[x->member] || !info_member_here(s, &s->members[x->member]);
}

/* Sets the member that an expression begins with, so that it is `want`. */
static bool give_value(struct in *i, const struct info_scope *s, const struct rpc_info_expr *x, uint64_t want)
{
    uint64_t v;
    const struct rpc_info_node *n = NULL;
    if (x->member < 0)
        return false;
    if (!info_solve(x, want, &v))
        v = want; /* a function, such as one that masks bits: try */
    const struct rpc_info_member *m = &s->members[x->member];
    if (m->node->kind == RPC_INFO_POINTER && info_is_number(m->node->to)) {
        void *place = info_member_place(s, m), *there;
        memcpy(&there, place, sizeof(there));
        if (!there && !(there = memory(i, 1, m->node->to->size)))
            return true;
        memcpy(place, &there, sizeof(there));
    }
    void *at = info_number_place(s, m, &n);
    if (!at || !info_fits(n, v, (int64_t)v < 0))
        return false;
    info_set(n, at, v);
    set_known(s, x->member);
    return info_eval(s, x) == want;
}

static void remember(struct in *i, const struct info_scope *s, const struct rpc_info_expr *x)
{
    struct agreed *a = memory(i, 1, sizeof(*a));
    if (!a)
        return;
    *a = (struct agreed){ i->agreed, *s, x, info_eval(s, x) };
    i->agreed = a;
}

static void still_agreed(struct in *i)
{
    for (const struct agreed *a = i->agreed; a && i->st == STATUS_SUCCESS; a = a->next)
        if (info_eval(&a->s, a->x) != a->value)
            i->st = nt_error_set(i->err, STATUS_INVALID_PARAMETER,
                                 "%.100s has to be %llu for one member and %llu for another", a->x->text,
                                 (unsigned long long)a->value, (unsigned long long)info_eval(&a->s, a->x));
}

/* The count says what is there, or is made to. */
static bool agree(struct in *i, const struct json *j, const struct info_scope *s,
                  const struct rpc_info_expr *x, uint64_t count, bool at_least, const struct path *p)
{
    char what[200];
    if (!is_known(s, x)) {
        if (give_value(i, s, x, count)) {
            remember(i, s, x);
            return true;
        }
        snprintf(what, sizeof(what), "%llu elements cannot be counted by %.100s", (unsigned long long)count,
                 x->text);
    } else {
        uint64_t said = info_eval(s, x);
        if (said == count || (at_least && said > count)) {
            remember(i, s, x);
            return true;
        }
        snprintf(what, sizeof(what), "%llu elements, but %.100s is %llu", (unsigned long long)count, x->text,
                 (unsigned long long)said);
    }
    fail(i, j, p, what);
    return false;
}

static void check_count(struct in *i, const struct json *j, const struct info_scope *s,
                        const struct rpc_info_node *n, uint64_t count, const struct path *p)
{
    if ((n->flags & RPC_INFO_FIXED) && n->kind == RPC_INFO_ARRAY && !n->length_is && count != n->count) {
        char what[96];
        snprintf(what, sizeof(what), "%llu elements are expected, and here are %llu",
                 (unsigned long long)n->count, (unsigned long long)count);
        fail(i, j, p, what);
    } else if ((n->flags & RPC_INFO_FIXED) && count > n->count) {
        fail(i, j, p, "this is too long");
    } else if (n->length_is) {
        if (agree(i, j, s, n->length_is, count, false, p) && n->size_is)
            agree(i, j, s, n->size_is, count, true, p);
    } else if (n->size_is) {
        agree(i, j, s, n->size_is, count, false, p);
    }
}

/* ---- constructed values ---- */

static void value(struct in *i, const struct json *j, const struct info_scope *s,
                  const struct rpc_info_node *n, void *at, const struct path *p);

/* Elements of an array; `into` is where they go, or NULL for new memory, which is given. */
static void *elements(struct in *i, const struct json *j, const struct info_scope *s,
                      const struct rpc_info_node *n, void *into, const struct path *p)
{
    size_t count = 0;
    void *from = NULL;
    enum info_bulk bulk = info_bulk(n);
    if (bulk == INFO_BLOB)
        from = blob(i, j, &count, p);
    else if (bulk == INFO_TEXT8)
        from = bytes(i, j, &count, p);
    else if (bulk == INFO_TEXT16)
        from = utf16(i, j, &count, p);
    else if (j->type != JSON_ARRAY)
        fail(i, j, p, "an array is expected");
    else
        count = j->len;
    if (i->st == STATUS_SUCCESS)
        check_count(i, j, s, n, count, p);
    if (i->st != STATUS_SUCCESS)
        return NULL;
    if (bulk != INFO_LIST) {
        if (into)
            memcpy(into, from, count * n->to->size);
        return into ? into : from;
    }
    if (!into && !(into = memory(i, count, n->to->size)))
        return NULL;
    size_t k = 0;
    for (const struct json *e = j->first; e && i->st == STATUS_SUCCESS; e = e->next, k++) {
        struct path here = { p, NULL, k };
        value(i, e, s, n->to, info_at(into, k * n->to->size), &here);
    }
    return into;
}

/* A terminated string; U+0000 inside would end it too early. */
static void *string(struct in *i, const struct json *j, const struct info_scope *s,
                    const struct rpc_info_node *n, void *into, const struct path *p)
{
    size_t len = 0;
    bool wide = n->base == RPC_INFO_WCHAR;
    void *text = wide ? (void *)utf16(i, j, &len, p) : (void *)bytes(i, j, &len, p);
    if (!text)
        return NULL;
    if ((wide ? ustr_len(text) : strlen(text)) != len) {
        fail(i, j, p, "a string ends with U+0000, so it cannot hold it");
        return NULL;
    }
    if ((n->flags & RPC_INFO_FIXED) && len >= n->count)
        fail(i, j, p, "this is too long");
    else if (n->size_is)
        agree(i, j, s, n->size_is, len + 1, true, p);
    if (into && i->st == STATUS_SUCCESS)
        memcpy(into, text, (len + 1) * (wide ? sizeof(char16_t) : 1));
    return text;
}

static void pointer(struct in *i, const struct json *j, const struct info_scope *s,
                    const struct rpc_info_node *n, void *at, const struct path *p)
{
    const struct rpc_info_node *to = n->to;
    void *target = NULL;
    if (j->type == JSON_NULL) {
        if (!(n->flags & (RPC_INFO_UNIQUE | RPC_INFO_FULL)))
            fail(i, j, p, "this must not be null");
        return;
    }
    if (to->kind == RPC_INFO_ARRAY) {
        target = elements(i, j, s, to,
                          to->flags & RPC_INFO_FIXED ? memory(i, (size_t)to->count, to->to->size) : NULL, p);
    } else if (to->kind == RPC_INFO_STRING) {
        target = to->flags & RPC_INFO_FIXED ? memory(i, (size_t)to->count, sizeof(char16_t)) : NULL;
        void *text = string(i, j, s, to, target, p);
        target = target ? target : text;
    } else if ((target = memory(i, 1, to->size))) {
        bool bracket = to->kind == RPC_INFO_POINTER;
        bool one = j->type == JSON_ARRAY && j->len == 1;
        if (bracket && !one)
            fail(i, j, p, "a pointer to a pointer is written as an array of one");
        else if (bracket || (one && info_nullable(to) && j->first->type == JSON_NULL))
            j = j->first;
        value(i, j, s, to, target, p);
    }
    memcpy(at, &target, sizeof(target));
}

static void members(struct in *i, const struct json *j, const struct info_scope *s, const struct path *p);

static void structure(struct in *i, const struct json *j, const struct rpc_info_type *t, void *at,
                      const struct path *p)
{
    struct info_scope s = info_struct_scope(t, at);
    if ((t->flags & RPC_INFO_TIME) && j->type != JSON_OBJECT) {
        uint64_t time;
        bool minus = false;
        if (!(j->type == JSON_STRING && info_parse_time(j->text, j->len, &time)) &&
            !(integer_of(j, &time, &minus) && !minus)) {
            fail(i, j, p, "a time is expected: \"2026-11-28T13:19:02Z\", \"never\", or a number");
            return;
        }
        info_set(t->members[0].node, info_at(at, t->members[0].offset), time & UINT32_MAX);
        info_set(t->members[1].node, info_at(at, t->members[1].offset), time >> 32);
        return;
    }
    if (t->flags & RPC_INFO_COUNTED_STRING) {
        uint8_t known[3] = { 0 };
        const struct rpc_info_member *buffer = &t->members[2];
        if (j->type == JSON_NULL)
            return;
        if (j->type == JSON_STRING) {
            size_t units = 0;
            void *text = utf16(i, j, &units, p);
            s.known = known;
            if (text)
                check_count(i, j, &s, buffer->node->to, units, p);
            memcpy(info_at(at, buffer->offset), &text, sizeof(text));
            return;
        }
    }
    if (j->type != JSON_OBJECT) {
        fail(i, j, p, "an object is expected");
        return;
    }
    members(i, j, &s, p);
}

static const struct rpc_info_member *member_named(const struct rpc_info_member *list, uint32_t n,
                                                  const char *name)
{
    for (uint32_t k = 0; k < n; k++)
        if (list[k].name && strcmp(list[k].name, name) == 0)
            return &list[k];
    return NULL;
}

static void union_value(struct in *i, const struct json *j, const struct info_scope *s,
                        const struct rpc_info_node *n, void *at, const struct path *p)
{
    const struct rpc_info_type *u = n->type;
    const struct rpc_info_expr *x = n->switch_is;
    const struct rpc_info_member *arm, *said = x && is_known(s, x) ? info_arm(u, info_eval(s, x)) : NULL;
    char what[200];
    if (j->type == JSON_NULL) {
        if (x && is_known(s, x) && said && said->node)
            fail(i, j, p, "the tag asks for an arm that has a value");
        return;
    }
    arm =
        j->type == JSON_OBJECT && j->len == 1 ? member_named(u->members, u->n_members, j->first->key) : NULL;
    if (!arm || !arm->node) {
        fail(i, j, p, "an object with the name of one arm of the union is expected, or null");
        return;
    }
    if (x && is_known(s, x)) {
        if (said != arm) {
            snprintf(what, sizeof(what), "%.60s is %lld, which is not the tag of %.60s", x->text,
                     (long long)info_eval(s, x), arm->name);
            fail(i, j->first, p, what);
            return;
        }
    } else if (x && (arm->n_cases != 1 || !give_value(i, s, x, (uint64_t)arm->cases[0]))) {
        snprintf(what, sizeof(what), "%.60s has to be given: %.60s does not say it", x->text, arm->name);
        fail(i, j->first, p, what);
        return;
    }
    if (x)
        remember(i, s, x);
    struct path here = { p, arm->name, 0 };
    value(i, j->first, s, arm->node, info_at(at, arm->offset), &here);
}

static void pipe_value(struct in *i, const struct json *j, const struct info_scope *s,
                       const struct rpc_info_node *n, void *at, const struct path *p)
{
    struct rpc_info_node all = { .kind = RPC_INFO_ARRAY, .to = n->to };
    size_t count = j->len;
    if (info_bulk(&all) == INFO_BLOB)
        count = j->len / 2;
    void *first = elements(i, j, s, &all, NULL, p);
    if (i->st == STATUS_SUCCESS)
        i->st = info_pipe_set(i->mem, first, count, n->to->size, at);
}

static void value(struct in *i, const struct json *j, const struct info_scope *s,
                  const struct rpc_info_node *n, void *at, const struct path *p)
{
    void *target;
    bool fixed = n->flags & RPC_INFO_FIXED;
    if (i->st != STATUS_SUCCESS)
        return;
    switch (n->kind) {
    case RPC_INFO_SCALAR:
        scalar(i, j, n, at, p);
        break;
    case RPC_INFO_ENUM:
        enumerator(i, j, n, at, p);
        break;
    case RPC_INFO_BITMAP:
        bitmap(i, j, n, at, p);
        break;
    case RPC_INFO_STRUCT:
        structure(i, j, n->type, at, p);
        break;
    case RPC_INFO_UNION:
        union_value(i, j, s, n, at, p);
        break;
    case RPC_INFO_POINTER:
        pointer(i, j, s, n, at, p);
        break;
    case RPC_INFO_ARRAY:
    case RPC_INFO_STRING:
        target = n->kind == RPC_INFO_ARRAY ? elements(i, j, s, n, fixed ? at : NULL, p)
                                           : string(i, j, s, n, fixed ? at : NULL, p);
        if (!fixed)
            memcpy(at, &target, sizeof(target));
        break;
    case RPC_INFO_HANDLE:
        handle(i, j, at, p);
        break;
    case RPC_INFO_PIPE:
        pipe_value(i, j, s, n, at, p);
        break;
    case RPC_INFO_BLOB: {
        struct nt_blob b = { NULL, 0 };
        b.data = blob(i, j, &b.len, p);
        memcpy(at, &b, sizeof(b));
        break;
    }
    default:
        if (j->type != JSON_NULL)
            fail(i, j, p, "this has no value: null is expected");
    }
    if (i->st == STATUS_SUCCESS && (n->flags & RPC_INFO_RANGE) && info_is_number(n)) {
        int64_t v = (int64_t)info_get(n, at);
        if (v < n->low || v > n->high) {
            char what[96];
            snprintf(what, sizeof(what), "a number from %lld to %lld is expected", (long long)n->low,
                     (long long)n->high);
            fail(i, j, p, what);
        }
    }
}

/* Numbers may count something else, so they come first. */
static bool early(const struct rpc_info_node *n)
{
    return info_is_number(n) || (n->kind == RPC_INFO_POINTER && info_is_number(n->to));
}

static bool required(const struct rpc_info_node *n)
{
    return (n->kind == RPC_INFO_STRING && !(n->flags & RPC_INFO_FIXED)) ||
           (n->kind == RPC_INFO_POINTER && !(n->flags & (RPC_INFO_UNIQUE | RPC_INFO_FULL)));
}

static void members(struct in *i, const struct json *j, const struct info_scope *scope, const struct path *p)
{
    struct info_scope s = *scope;
    for (const struct json *m = j->first; m; m = m->next) {
        const struct rpc_info_member *found = member_named(s.members, s.n, m->key);
        if (!(found && info_member_here(&s, found)) && !(s.op && s.out && strcmp(m->key, "result") == 0)) {
            char what[160];
            snprintf(what, sizeof(what), "there is no member '%.100s' here", m->key);
            fail(i, m, p, what);
        }
    }
    s.known = memory(i, s.n, 1);
    for (int late = 0; late < 2; late++)
        for (uint32_t k = 0; k < s.n && i->st == STATUS_SUCCESS; k++) {
            const struct rpc_info_member *m = &s.members[k];
            if (!info_member_here(&s, m) || early(m->node) == (late == 1))
                continue;
            struct path here = { p, m->name, 0 };
            const struct json *given = info_json_member(j, m->name);
            if (!given && late && required(m->node))
                fail(i, j, &here, "this is missing");
            if (!given)
                continue;
            s.known[k] = 1;
            value(i, given, &s, m->node, info_member_place(&s, m), &here);
        }
}

/* ---- operations ---- */

enum nt_status rpc_json_read(const struct rpc_info_op *op, enum rpc_info_side side, void *r, const char *json,
                             size_t len, struct nt_arena *mem, struct nt_error *err)
{
    struct json *j;
    bool out = side == RPC_INFO_RESPONSE;
    struct info_scope s = info_op_scope(op, side, r);
    struct path root = { NULL, out ? "out" : "in", 0 };
    struct in i = { json, mem, err, STATUS_SUCCESS, NULL };
    enum nt_status st = info_json_parse(json, len, mem, &j, err);
    if (st != STATUS_SUCCESS)
        return st;
    if (j->type != JSON_OBJECT) {
        fail(&i, j, &root, "an object is expected");
        return i.st;
    }
    members(&i, j, &s, &root);
    const struct json *result = out ? info_json_member(j, "result") : NULL;
    if (result && op->result && i.st == STATUS_SUCCESS) {
        struct path here = { &root, "result", 0 };
        value(&i, result, &s, op->result, info_at(r, op->result_offset), &here);
    }
    still_agreed(&i);
    return i.st;
}
