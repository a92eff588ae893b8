// SPDX-License-Identifier: Apache-2.0
/* What the fuzz targets of sec share: contexts of both roles whose clock and random bytes stand still, so
 * that a corpus can hold whole conversations. */
#ifndef FUZZ_SEC_FUZZ_H
#define FUZZ_SEC_FUZZ_H

#include <stdlib.h>

#include "crypto/crypto.h"
#include "sec/m_ntlm.h"
#include "sec/m_spnego.h"

static enum nt_status still_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    memset(buf, 0x11, len);
    return STATUS_SUCCESS;
}

static uint64_t still_clock(void *arg)
{
    (void)arg;
    return UINT64_C(0x01dc000000000000);
}

/* Every account's password is "secret". */
static enum nt_status any_account(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                  size_t domain_len, uint8_t ret_hash[16])
{
    (void)arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    cr_md4("s\0e\0c\0r\0e\0t\0", 12, ret_hash);
    return STATUS_SUCCESS;
}

/* Every computer's secure channel has the same key. */
static inline enum nt_status any_channel(void *arg, const char *computer, const char *domain,
                                         struct nt_arena *mem, struct sec_schannel_key *ret,
                                         struct sec_account *ret_account)
{
    (void)arg;
    (void)domain;
    (void)mem;
    (void)ret_account;
    memset(ret->key, 0x22, sizeof(ret->key));
    memcpy(ret->computer, computer, strlen(computer) + 1);
    memcpy(ret->domain, "LAB", 4);
    return STATUS_SUCCESS;
}

static const struct nt_env still_env = { .size = sizeof(still_env),
                                         .random = still_random,
                                         .wall = still_clock };
static const struct sec_acceptor any_acceptor = { .nt_hash = any_account,
                                                  .schannel = any_channel,
                                                  .netbios_name = "SRV",
                                                  .netbios_domain = "LAB",
                                                  .dns_name = "srv.lab.example",
                                                  .dns_domain = "lab.example" };

/* A context of "alice" towards SRV, or of SRV. Every failure of ours here is a bug. */
static struct sec_ctx *fuzz_start(const struct sec_provider *p, enum sec_role role)
{
    const struct sec_creds_options o = {
        .size = sizeof(o), .mech = SEC_MECH_NTLM, .user = "LAB\\alice", .password = "secret"
    };
    struct sec_params params = { .role = role,
                                 .service = "cifs",
                                 .host = "srv.lab.example",
                                 .flags = SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY,
                                 .acceptor = &any_acceptor,
                                 .env = &still_env };
    struct sec_schannel_key key = { .size = sizeof(key), .computer = "WS1", .domain = "LAB" };
    struct sec_ctx *c = NULL;

    memset(key.key, 0x22, sizeof(key.key));
    params.schannel = &key;
    if (role == SEC_SERVER && p != &sec_schannel)
        params.flags = SEC_FLAG_INTEGRITY | SEC_FLAG_ANONYMOUS;
    if (role == SEC_CLIENT && !nt_ok(sec_creds_new(&o, &params.creds, NULL)))
        abort();
    if (!nt_ok(p->start(&params, &c)))
        abort();
    sec_creds_unref(params.creds);
    return c;
}

/* A message for unprotect: the last bytes are the token. */
static void fuzz_message(struct sec_ctx *c, struct nt_blob in)
{
    size_t n = c->p == &sec_schannel ? 56 : 16;

    if (in.len < n)
        return;
    uint8_t *copy = malloc(in.len);
    if (!copy)
        return;
    memcpy(copy, in.data, in.len);
    struct sec_iov iov[] = { { SEC_PART_DATA, copy, in.len - n }, { SEC_PART_TOKEN, copy + in.len - n, n } };
    (void)c->p->unprotect(c, SEC_LEVEL_PRIVACY, iov, 2);
    free(copy);
}

/* Input of both targets: 'c' or 's', our role; then the peer's tokens, and messages after the last, each
 * behind a 16-bit length. Contexts are stepped until they fail. */
static void fuzz_conversation(const struct sec_provider *p, const uint8_t *data, size_t size)
{
    struct rd r;
    struct wr out;

    rd_init(&r, data, size);
    enum sec_role role = rd_u8(&r) == 'c' ? SEC_CLIENT : SEC_SERVER;
    struct sec_ctx *c = fuzz_start(p, role);
    enum nt_status st = STATUS_MORE_PROCESSING_REQUIRED;

    wr_init(&out, SEC_TOKEN_MAX);
    if (role == SEC_CLIENT)
        st = p->step(c, (struct nt_blob){ NULL, 0 }, &out);
    while (rd_left(&r)) {
        size_t n = rd_u16(&r);

        if (n > rd_left(&r))
            n = rd_left(&r);
        struct nt_blob in = { rd_bytes(&r, n), n };
        if (nt_ok(st)) {
            fuzz_message(c, in);
        } else if (st == STATUS_MORE_PROCESSING_REQUIRED) {
            wr_free(&out);
            wr_init(&out, SEC_TOKEN_MAX);
            st = p->step(c, in, &out);
        } else {
            break;
        }
    }
    struct nt_blob key;
    if (nt_ok(st) && nt_ok(p->query(c, SEC_ITEM_SESSION_KEY, &key)) && key.len != 16)
        abort();
    wr_free(&out);
    sec_free(c);
}

#endif
