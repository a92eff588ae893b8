// SPDX-License-Identifier: Apache-2.0
/* A client and an acceptor in one process, with a clock and random bytes of their own: for tests of sec. */
#ifndef TESTS_SEC_WORLD_H
#define TESTS_SEC_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "sec/m_ntlm.h"

static inline struct nt_blob blob(const void *p, size_t n)
{
    return (struct nt_blob){ p, n };
}

struct world {
    struct nt_env env;
    uint8_t next; /* "random" bytes */
    uint64_t now;
    struct sec_acceptor acceptor;
    struct nt_error client_err, server_err;
    struct sec_creds *creds;
    struct sec_params cp, sp;
    struct sec_ctx *client, *server;
    struct wr tok[3]; /* NEGOTIATE, CHALLENGE, AUTHENTICATE */
    enum nt_status lookup;
    char16_t seen_user[64];
};

static inline enum nt_status fake_random(void *arg, void *buf, size_t len)
{
    struct world *w = arg;

    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = w->next++;
    return STATUS_SUCCESS;
}

static inline uint64_t fake_time(void *arg)
{
    return ((struct world *)arg)->now;
}

static inline enum nt_status lookup(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                    size_t domain_len, uint8_t ret_hash[16])
{
    struct world *w = arg;

    (void)domain;
    (void)domain_len;
    memset(w->seen_user, 0, sizeof(w->seen_user));
    memcpy(w->seen_user, user, user_len * sizeof(*user));
    if (nt_ok(w->lookup))
        cr_md4("s\0e\0c\0r\0e\0t\0", 12, ret_hash);
    return w->lookup;
}

static inline void world_init_params(struct world *w, unsigned flags)
{
    memset(w, 0, sizeof(*w));
    w->now = UINT64_C(0x01dc000000000000);
    w->env = (struct nt_env){ .size = sizeof(w->env), .arg = w, .random = fake_random, .wall = fake_time };
    w->acceptor = (struct sec_acceptor){ .arg = w,
                                         .nt_hash = lookup,
                                         .netbios_name = "SRV",
                                         .netbios_domain = "LAB",
                                         .dns_name = "srv.lab.example",
                                         .dns_domain = "lab.example" };
    w->cp = (struct sec_params){ .role = SEC_CLIENT,
                                 .service = "cifs",
                                 .host = "srv.lab.example",
                                 .flags = flags,
                                 .env = &w->env,
                                 .err = &w->client_err };
    w->sp = (struct sec_params){
        .role = SEC_SERVER, .flags = flags, .acceptor = &w->acceptor, .env = &w->env, .err = &w->server_err
    };
    for (int i = 0; i < 3; i++)
        wr_init(&w->tok[i], SEC_TOKEN_MAX);
}

static inline void world_init(struct world *w, const struct sec_creds_options *o, unsigned flags)
{
    world_init_params(w, flags);
    assert_int_equal(sec_creds_new(o, &w->creds, NULL), STATUS_SUCCESS);
    w->cp.creds = w->creds;
}

static inline void world_done(struct world *w)
{
    sec_free(w->client);
    sec_free(w->server);
    sec_creds_unref(w->creds);
    for (int i = 0; i < 3; i++)
        wr_free(&w->tok[i]);
}

/* The only account: its password is "secret". */
static const struct sec_creds_options alice = { .size = sizeof(struct sec_creds_options),
                                                .user = "LAB\\alice",
                                                .password = "secret" };

#endif
