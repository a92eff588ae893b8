// SPDX-License-Identifier: Apache-2.0
/*
 * One side of a security context, driven by lines on standard input, so that a script can put it opposite
 * another implementation: sec_peer PROVIDER client|server [NAME=VALUE...] token HEX         one step: "more
 * HEX", "done HEX" or "fail STATUS SENTENCE" query key|peer|mech|flags|enctype protect LEVEL DATA [HEAD]
 * prints "ok DATA TOKEN" unprotect LEVEL DATA TOKEN [HEAD]  prints "ok DATA" Bytes are hexadecimal, "-" for
 * none. Names: user domain password ccache keytab service host flags mech (numbers). The server knows one
 * account, given by user and password.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "sec/m_sec.h"

#define BYTES_MAX 65536u

static uint8_t hex_bytes[3][BYTES_MAX];

static struct nt_blob unhex(int slot, const char *s)
{
    size_t n = 0;

    if (!s || strcmp(s, "-") == 0)
        return (struct nt_blob){ hex_bytes[slot], 0 };
    for (unsigned v; n < BYTES_MAX && sscanf(s, "%2x", &v) == 1; s += 2)
        hex_bytes[slot][n++] = (uint8_t)v;
    return (struct nt_blob){ hex_bytes[slot], n };
}

static void print_hex(const uint8_t *p, size_t n)
{
    printf(n ? " " : " -");
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
}

static void print_fail(enum nt_status st, const struct nt_error *err)
{
    const char *name = nt_status_name(st);

    printf("fail %s 0x%08x %s\n", name ? name : "?", (unsigned)st, err->text);
}

static enum nt_status one_account(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                  size_t domain_len, uint8_t ret_hash[16])
{
    const struct sec_creds *c = arg;

    (void)domain;
    (void)domain_len;
    if (user_len != strlen(c->user))
        return STATUS_NO_SUCH_USER;
    for (size_t i = 0; i < user_len; i++)
        if (user[i] != (unsigned char)c->user[i])
            return STATUS_NO_SUCH_USER;
    memcpy(ret_hash, c->nt_hash, sizeof(c->nt_hash));
    return STATUS_SUCCESS;
}

static void do_token(struct sec_ctx *ctx, char *arg, struct nt_error *err)
{
    struct wr out;

    wr_init(&out, SEC_TOKEN_MAX);
    enum nt_status st = ctx->p->step(ctx, unhex(0, arg), &out);
    if (nt_ok(st) || st == STATUS_MORE_PROCESSING_REQUIRED) {
        printf("%s", nt_ok(st) ? "done" : "more");
        print_hex(out.base, out.len);
        printf("\n");
    } else {
        print_fail(st, err);
    }
    wr_free(&out);
}

static void do_query(struct sec_ctx *ctx, const char *what, struct nt_error *err)
{
    static const struct {
        const char *name;
        enum sec_item item;
    } items[] = { { "key", SEC_ITEM_SESSION_KEY }, { "peer", SEC_ITEM_PEER },
                  { "mech", SEC_ITEM_MECH },       { "flags", SEC_ITEM_FLAGS },
                  { "enctype", SEC_ITEM_ENCTYPE }, { "expires", SEC_ITEM_EXPIRES } };
    struct nt_blob b;

    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (strcmp(items[i].name, what ? what : "") != 0)
            continue;
        enum nt_status st = ctx->p->query(ctx, items[i].item, &b);
        if (!nt_ok(st)) {
            print_fail(st, err);
            return;
        }
        printf("ok");
        print_hex(b.data, b.len);
        printf("\n");
        return;
    }
    printf("fail unknown\n");
}

static void do_message(struct sec_ctx *ctx, bool protect, char **argv, struct nt_error *err)
{
    enum sec_level level = (enum sec_level)atoi(argv[1] ? argv[1] : "0");
    struct nt_blob data = unhex(0, argv[2]);
    struct nt_blob token = unhex(1, protect ? NULL : argv[3]);
    struct nt_blob head = unhex(2, protect ? argv[3] : argv[3] ? argv[4] : NULL);
    struct sec_iov iov[3];
    size_t n = 0;

    if (protect)
        token.len = ctx->p->token_size(ctx, level, data.len);
    if (head.len)
        iov[n++] = (struct sec_iov){ SEC_PART_SIGN_ONLY, hex_bytes[2], head.len };
    iov[n++] = (struct sec_iov){ SEC_PART_DATA, hex_bytes[0], data.len };
    iov[n++] = (struct sec_iov){ SEC_PART_TOKEN, hex_bytes[1], token.len };
    enum nt_status st = protect ? ctx->p->protect(ctx, level, iov, n) : ctx->p->unprotect(ctx, level, iov, n);
    if (!nt_ok(st)) {
        print_fail(st, err);
        return;
    }
    printf("ok");
    print_hex(hex_bytes[0], data.len);
    if (protect)
        print_hex(hex_bytes[1], token.len);
    printf("\n");
}

static void parse_arg(char *arg, struct sec_creds_options *o, struct sec_params *p)
{
    char *value = strchr(arg, '=');
    const struct {
        const char *name;
        const char **to;
    } texts[] = { { "user", &o->user },     { "domain", &o->domain }, { "password", &o->password },
                  { "ccache", &o->ccache }, { "keytab", &o->keytab }, { "service", &p->service },
                  { "host", &p->host } };

    if (!value)
        return;
    *value++ = '\0';
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(arg, texts[i].name) == 0)
            *texts[i].to = value;
    if (strcmp(arg, "flags") == 0)
        p->flags = (unsigned)strtoul(value, NULL, 0);
    if (strcmp(arg, "mech") == 0)
        o->mech = (enum sec_mech)atoi(value);
}

static void serve(struct sec_ctx *ctx, struct nt_error *err)
{
    static char line[8 * BYTES_MAX];

    while (fgets(line, sizeof(line), stdin)) {
        char *argv[6] = { NULL }, *save = NULL;
        int n = 0;

        for (char *s = strtok_r(line, " \n", &save); s && n < 5; s = strtok_r(NULL, " \n", &save))
            argv[n++] = s;
        if (!argv[0])
            continue;
        err->text[0] = '\0';
        if (strcmp(argv[0], "token") == 0)
            do_token(ctx, argv[1], err);
        else if (strcmp(argv[0], "query") == 0)
            do_query(ctx, argv[1], err);
        else
            do_message(ctx, strcmp(argv[0], "protect") == 0, argv, err);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct nt_error err = { "" };
    struct sec_params p = { .err = &err };
    struct sec_acceptor acceptor = { .nt_hash = one_account,
                                     .netbios_name = "TERN",
                                     .netbios_domain = "TERNDOM",
                                     .dns_name = "tern.example",
                                     .dns_domain = "example" };
    const struct sec_provider *provider = argc > 2 ? sec_provider_by_name(argv[1]) : NULL;
    struct sec_ctx *ctx = NULL;

    if (!provider)
        return 2;
    for (int i = 3; i < argc; i++)
        parse_arg(argv[i], &o, &p);
    p.role = strcmp(argv[2], "server") == 0 ? SEC_SERVER : SEC_CLIENT;
    acceptor.keytab = p.role == SEC_SERVER ? o.keytab : NULL;
    if (p.role == SEC_SERVER)
        o.keytab = NULL;
    enum nt_status st = o.user || p.role == SEC_CLIENT ? sec_creds_new(&o, &p.creds, &err) : STATUS_SUCCESS;
    acceptor.arg = p.creds;
    if (p.role == SEC_SERVER) {
        p.acceptor = &acceptor;
        if (!p.creds)
            acceptor.nt_hash = NULL;
    }
    if (nt_ok(st))
        st = provider->start(&p, &ctx);
    if (nt_ok(st))
        serve(ctx, &err);
    else
        print_fail(st, &err);
    sec_free(ctx);
    sec_creds_unref(p.creds);
    return nt_ok(st) ? 0 : 1;
}
