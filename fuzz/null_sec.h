// SPDX-License-Identifier: Apache-2.0
/*
 * A security provider that believes everything, for fuzzers of the RPC engines: behind real signatures only
 * noise would ever arrive. Authentication type NULL_SEC_TYPE; the linker puts __wrap_sec_provider_by_... in
 * the way of the real look-up.
 *
 * A token's first byte says what becomes of it: 0 established, 1 one more is awaited, 2 established with a
 * token back, 3 established as nobody, all else is refused; the rest is the name. A signature is 16 bytes,
 * and wrong if the first is 0xff. Nothing is encrypted.
 */
#ifndef FUZZ_NULL_SEC_H
#define FUZZ_NULL_SEC_H

#include <stdlib.h>
#include "sec/sec.h"
#include "sec/token.h"

#define NULL_SEC_TYPE  77
#define NULL_SEC_TOKEN 16

struct null_ctx {
    struct sec_ctx c;
    bool client;
    unsigned flags;
    unsigned legs;
    struct sec_token *token;
};

extern const struct sec_provider null_sec;

static enum nt_status null_start(const struct sec_params *p, struct sec_ctx **ret)
{
    struct null_ctx *x = calloc(1, sizeof *x);
    if (!x)
        return STATUS_NO_MEMORY;
    x->c.p = &null_sec;
    x->client = p->role == SEC_CLIENT;
    x->flags = SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY;
    *ret = &x->c;
    return STATUS_SUCCESS;
}

static enum nt_status null_establish(struct null_ctx *x, struct nt_blob name, bool nobody)
{
    char text[32] = "LAB\\nobody";
    if (name.len && name.len < 16)
        memcpy(text + 4, name.data, name.len);
    for (size_t i = 4; name.len && name.len < 16 && i < 4 + name.len; i++)
        if (text[i] < 'a' || text[i] > 'z')
            text[i] = 'x';
    if (name.len && name.len < 16)
        text[4 + name.len] = 0;
    struct sec_token_source s = { .mech = "null", .name = text, .now = 1 };
    if (nobody)
        x->flags |= SEC_FLAG_ANONYMOUS;
    sec_token_unref(x->token);
    x->token = NULL;
    return sec_token_new(&s, &x->token);
}

static enum nt_status null_step(struct sec_ctx *c, struct nt_blob in, struct wr *out)
{
    struct null_ctx *x = (struct null_ctx *)(void *)c;
    uint8_t what = in.len ? in.data[0] : 0xff;
    if (x->client && x->legs++ == 0) {
        wr_bytes(out, "\0alice", 6);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (what == 1 || what == 2)
        wr_bytes(out, "\0next", 5);
    if (what == 1)
        return STATUS_MORE_PROCESSING_REQUIRED;
    if (what > 3)
        return STATUS_LOGON_FAILURE;
    return null_establish(x, (struct nt_blob){ in.data + 1, in.len - 1 }, what == 3);
}

static size_t null_token_size(const struct sec_ctx *c, enum sec_level level, size_t data_len)
{
    (void)c;
    (void)level;
    (void)data_len;
    return NULL_SEC_TOKEN;
}

static enum nt_status null_protect(struct sec_ctx *c, enum sec_level level, struct sec_iov *iov, size_t n)
{
    (void)c;
    (void)level;
    if (iov[n - 1].kind != SEC_PART_TOKEN || iov[n - 1].len != NULL_SEC_TOKEN)
        abort();
    memset(iov[n - 1].data, 0x11, iov[n - 1].len);
    return STATUS_SUCCESS;
}

/* Touches all that it is given, so that a sanitizer sees a part that is not there. */
static enum nt_status null_unprotect(struct sec_ctx *c, enum sec_level level, struct sec_iov *iov, size_t n)
{
    volatile uint8_t sum = 0;
    (void)c;
    (void)level;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < iov[i].len; k++)
            sum = (uint8_t)(sum + iov[i].data[k]);
    return iov[n - 1].len == 0 || iov[n - 1].data[0] == 0xff ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

static enum nt_status null_query(struct sec_ctx *c, enum sec_item what, struct nt_blob *ret)
{
    struct null_ctx *x = (struct null_ctx *)(void *)c;
    switch (what) {
    case SEC_ITEM_MECH:
        *ret = (struct nt_blob){ (const uint8_t *)"null", 4 };
        return STATUS_SUCCESS;
    case SEC_ITEM_FLAGS:
        *ret = (struct nt_blob){ (const uint8_t *)&x->flags, sizeof x->flags };
        return STATUS_SUCCESS;
    case SEC_ITEM_TOKEN:
        if (!x->token)
            return STATUS_NOT_SUPPORTED;
        *ret = (struct nt_blob){ (const uint8_t *)x->token, 0 };
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static void null_free(struct sec_ctx *c)
{
    struct null_ctx *x = (struct null_ctx *)(void *)c;
    sec_token_unref(x->token);
    free(x);
}

const struct sec_provider null_sec = {
    .name = "null",
    .rpc_auth_type = NULL_SEC_TYPE,
    .caps = SEC_CAP_HEADER_SIGN,
    .start = null_start,
    .step = null_step,
    .token_size = null_token_size,
    .protect = null_protect,
    .unprotect = null_unprotect,
    .query = null_query,
    .free = null_free,
};

const struct sec_provider *__real_sec_provider_by_type(uint8_t type);
const struct sec_provider *__wrap_sec_provider_by_type(uint8_t type);
const struct sec_provider *__wrap_sec_provider_by_type(uint8_t type)
{
    return type == NULL_SEC_TYPE ? &null_sec : __real_sec_provider_by_type(type);
}

const struct sec_provider *__real_sec_provider_by_name(const char *name);
const struct sec_provider *__wrap_sec_provider_by_name(const char *name);
const struct sec_provider *__wrap_sec_provider_by_name(const char *name)
{
    return strcmp(name, "null") == 0 ? &null_sec : __real_sec_provider_by_name(name);
}

/* ---- an environment that is the same in every run ---- */

static uint64_t null_counter;

/* Numbers that never come again, as handles need them, but the same in each run. */
static enum nt_status null_random(void *arg, void *buf, size_t len)
{
    uint8_t *p = buf;
    (void)arg;
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(i % 16 < 8 ? 0x5a : null_counter >> 8 * (i % 8));
    null_counter++;
    return STATUS_SUCCESS;
}

static uint64_t null_wall(void *arg)
{
    (void)arg;
    return UINT64_C(133000000000000000);
}

static uint64_t null_monotonic(void *arg)
{
    (void)arg;
    return 1;
}

static const struct nt_env null_env = {
    sizeof null_env, NULL, null_random, null_wall, null_monotonic, NULL, 0
};

#endif
