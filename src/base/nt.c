// SPDX-License-Identifier: Apache-2.0
/* Small nouns of nt.h: wiping, error sentences, the system environment, GUID, SID, time. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <msrpc/nt.h>

void nt_wipe(void *p, size_t len)
{
    explicit_bzero(p, len);
}

/* Sentences go to terminals and logs: what a peer sent must not move a cursor or forge a line there. */
static void defuse(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}

enum nt_status nt_error_set(struct nt_error *err, enum nt_status st, const char *fmt, ...)
{
    if (!err)
        return st;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    defuse(err->text);
    return st;
}

static enum nt_status sys_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    uint8_t *p = buf;
    while (len) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return STATUS_INTERNAL_ERROR;
        p += n;
        len -= (size_t)n;
    }
    return STATUS_SUCCESS;
}

static uint64_t sys_wall(void *arg)
{
    (void)arg;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * NT_TIME_PER_SECOND + (uint64_t)t.tv_nsec / 100 + NT_TIME_UNIX_EPOCH;
}

static uint64_t sys_monotonic(void *arg)
{
    (void)arg;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

const struct nt_env *nt_env_system(void)
{
    static const struct nt_env env = {
        .size = sizeof env,
        .random = sys_random,
        .wall = sys_wall,
        .monotonic = sys_monotonic,
    };
    return &env;
}

/* ---- GUID ---- */

bool nt_guid_equal(const struct nt_guid *x, const struct nt_guid *y)
{
    return x->a == y->a && x->b == y->b && x->c == y->c && memcmp(x->d, y->d, sizeof x->d) == 0;
}

bool nt_guid_is_null(const struct nt_guid *g)
{
    static const struct nt_guid zero;
    return nt_guid_equal(g, &zero);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hexadecimal digits, most significant first. */
static bool hex_number(const char **s, int n, uint64_t *ret)
{
    uint64_t v = 0;
    for (; n > 0; n--) {
        int d = hex_digit(**s);
        if (d < 0)
            return false;
        v = v << 4 | (unsigned)d;
        (*s)++;
    }
    *ret = v;
    return true;
}

static bool literal(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

enum nt_status nt_guid_parse(const char *s, struct nt_guid *ret)
{
    bool brace = literal(&s, '{');
    uint64_t a, b, c, d, e;
    if (!hex_number(&s, 8, &a) || !literal(&s, '-') || !hex_number(&s, 4, &b) || !literal(&s, '-') ||
        !hex_number(&s, 4, &c) || !literal(&s, '-') || !hex_number(&s, 4, &d) || !literal(&s, '-') ||
        !hex_number(&s, 12, &e) || (brace && !literal(&s, '}')) || *s)
        return STATUS_INVALID_PARAMETER;
    *ret = (struct nt_guid){ .a = (uint32_t)a, .b = (uint16_t)b, .c = (uint16_t)c };
    for (int i = 0; i < 8; i++)
        ret->d[i] = (uint8_t)((i < 2 ? d >> (8 - 8 * i) : e >> (56 - 8 * i)) & 0xff);
    return STATUS_SUCCESS;
}

char *nt_guid_format(const struct nt_guid *g, char buf[NT_GUID_STRLEN + 1])
{
    snprintf(buf, NT_GUID_STRLEN + 1, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", g->a, g->b, g->c,
             g->d[0], g->d[1], g->d[2], g->d[3], g->d[4], g->d[5], g->d[6], g->d[7]);
    return buf;
}

/* ---- SID ---- */

bool nt_sid_equal(const struct nt_sid *x, const struct nt_sid *y)
{
    return x->revision == y->revision && x->count == y->count && x->count <= NT_SID_MAX_SUB &&
           memcmp(x->authority, y->authority, sizeof x->authority) == 0 &&
           memcmp(x->sub, y->sub, x->count * sizeof x->sub[0]) == 0;
}

/* A decimal number, or hexadecimal after 0x, up to max. */
static bool number(const char **s, uint64_t max, uint64_t *ret)
{
    const char *p = *s;
    unsigned base = 10;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && hex_digit(p[2]) >= 0) {
        base = 16;
        p += 2;
    }
    uint64_t v = 0;
    const char *start = p;
    for (;; p++) {
        int d = hex_digit(*p);
        if (d < 0 || (unsigned)d >= base)
            break;
        if (v > (max - (unsigned)d) / base)
            return false;
        v = v * base + (unsigned)d;
    }
    if (p == start)
        return false;
    *s = p;
    *ret = v;
    return true;
}

enum nt_status nt_sid_parse(const char *s, struct nt_sid *ret)
{
    struct nt_sid sid = { 0 };
    uint64_t v;
    if ((*s | 0x20) != 's')
        return STATUS_INVALID_SID;
    s++;
    if (!literal(&s, '-') || !number(&s, 255, &v) || v != 1 || !literal(&s, '-'))
        return STATUS_INVALID_SID;
    sid.revision = 1;
    if (!number(&s, UINT64_C(0xffffffffffff), &v))
        return STATUS_INVALID_SID;
    for (int i = 0; i < 6; i++)
        sid.authority[i] = (uint8_t)(v >> (40 - 8 * i));
    while (literal(&s, '-')) {
        if (sid.count == NT_SID_MAX_SUB || !number(&s, UINT32_MAX, &v))
            return STATUS_INVALID_SID;
        sid.sub[sid.count++] = (uint32_t)v;
    }
    if (*s)
        return STATUS_INVALID_SID;
    *ret = sid;
    return STATUS_SUCCESS;
}

char *nt_sid_format(const struct nt_sid *sid, char buf[NT_SID_STRLEN + 1])
{
    uint64_t auth = 0;
    for (int i = 0; i < 6; i++)
        auth = auth << 8 | sid->authority[i];
    /* [MS-DTYP] 2.4.2.1: hexadecimal from 2^32 on */
    int n = snprintf(buf, NT_SID_STRLEN + 1, auth >> 32 ? "S-%u-0x%llx" : "S-%u-%llu", sid->revision,
                     (unsigned long long)auth);
    for (unsigned i = 0; i < sid->count && i < NT_SID_MAX_SUB; i++)
        n += snprintf(buf + n, (size_t)(NT_SID_STRLEN + 1 - n), "-%u", sid->sub[i]);
    return buf;
}

enum nt_status nt_sid_append(const struct nt_sid *domain, uint32_t rid, struct nt_sid *ret)
{
    if (domain->count >= NT_SID_MAX_SUB)
        return STATUS_INVALID_SID;
    *ret = *domain;
    ret->sub[ret->count++] = rid;
    return STATUS_SUCCESS;
}

enum nt_status nt_sid_split(const struct nt_sid *sid, struct nt_sid *ret_domain, uint32_t *ret_rid)
{
    if (sid->count == 0 || sid->count > NT_SID_MAX_SUB)
        return STATUS_INVALID_SID;
    uint32_t rid = sid->sub[sid->count - 1];
    *ret_domain = *sid;
    ret_domain->sub[--ret_domain->count] = 0;
    *ret_rid = rid;
    return STATUS_SUCCESS;
}

size_t nt_sid_wire_size(const struct nt_sid *sid)
{
    return 8 + (size_t)4 * sid->count;
}

/* ---- time ---- */

uint64_t nt_time_from_unix(int64_t seconds)
{
    int64_t limit = (int64_t)((NT_TIME_NEVER - NT_TIME_UNIX_EPOCH) / NT_TIME_PER_SECOND);
    if (seconds > limit)
        return NT_TIME_NEVER;
    if (seconds < -(int64_t)(NT_TIME_UNIX_EPOCH / NT_TIME_PER_SECOND))
        return 0;
    return (uint64_t)(seconds * (int64_t)NT_TIME_PER_SECOND + (int64_t)NT_TIME_UNIX_EPOCH);
}

int64_t nt_time_to_unix(uint64_t t)
{
    if (t > NT_TIME_NEVER)
        t = NT_TIME_NEVER;
    return ((int64_t)t - (int64_t)NT_TIME_UNIX_EPOCH) / (int64_t)NT_TIME_PER_SECOND;
}
