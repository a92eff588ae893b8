// SPDX-License-Identifier: Apache-2.0
/*
 * Every combination of dialect, signing algorithm and cipher against a real server: opens a session and
 * \srvsvc, binds by one transact and checks the bind_ack. One line each; a combination that the server does
 * not have is "refused".
 *
 *   smb_live SERVER[:PORT] USER PASSWORD [dialect=3.1.1] [signing=gmac] [cipher=256-gcm]
 * [protect=encrypt|sign|default] [mech=ntlm|krb5|auto] [calls=N] [expect=ok|STATUS_NAME] [anonymous]
 * [nullsession] [unsigned] [lenient]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/npc.h>

static const struct {
    const char *name;
    enum npc_dialect d;
} dialects[] = { { "2.0.2", NPC_SMB_2_0_2 },
                 { "2.1", NPC_SMB_2_1 },
                 { "3.0", NPC_SMB_3_0 },
                 { "3.0.2", NPC_SMB_3_0_2 },
                 { "3.1.1", NPC_SMB_3_1_1 } };
static const struct {
    const char *name;
    enum npc_signing_alg a;
} algs[] = { { "hmac", NPC_HMAC_SHA256 }, { "cmac", NPC_AES_CMAC }, { "gmac", NPC_AES_GMAC } };
static const struct {
    const char *name;
    enum npc_cipher c;
} ciphers[] = { { "none", NPC_CIPHER_NONE },
                { "128-ccm", NPC_AES128_CCM },
                { "128-gcm", NPC_AES128_GCM },
                { "256-ccm", NPC_AES256_CCM },
                { "256-gcm", NPC_AES256_GCM } };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct wish {
    char server[256];
    uint16_t port;
    const char *user, *password, *dialect, *signing, *cipher, *protect, *expect, *mech;
    unsigned calls;
    bool anonymous, lenient, unsigned_, null_session;
};

/* [C706] bind of srvsvc 3.0 with NDR, call id 1 */
static const uint8_t bind_pdu[72] = {
    5,    0,    11,   3,    0x10, 0,    0,    0,    72,   0,    0,    0,    1,    0,    0,
    0,    0xb8, 0x10, 0xb8, 0x10, 0,    0,    0,    0,    1,    0,    0,    0,    0,    0,
    1,    0,    0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78, 0x5a, 0x47, 0xbf,
    0x6e, 0xe1, 0x88, 3,    0,    0,    0,    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
    0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0,
};
/* NetrServerGetInfo ([MS-SRVS] 3.1.4.17), ServerName NULL, level 101 */
static const uint8_t request_pdu[32] = {
    5, 0, 0, 3, 0x10, 0, 0, 0, 32, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 21, 0, 0, 0, 0, 0, 101, 0, 0, 0,
};

static bool rpc_ok(struct npc_pipe *p, const uint8_t *pdu, size_t len, uint8_t want, size_t *ret_len)
{
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans;
    enum nt_status st = npc_pipe_transact(p, mem, pdu, len, &ans);
    bool ok = st == STATUS_SUCCESS && ans.len >= 24 && ans.data[2] == want;
    if (st != STATUS_SUCCESS)
        printf("transact: %s\n", npc_pipe_error(p));
    else if (!ok)
        printf("answer: %zu bytes, type %d\n", ans.len, ans.len > 2 ? ans.data[2] : -1);
    *ret_len = ans.len;
    nt_arena_free(mem);
    return ok;
}

static bool use(struct npc_session *s, const struct wish *w, const enum npc_signing_alg *alg,
                const enum npc_cipher *cipher)
{
    struct npc_pipe *p;
    size_t bind_len = 0, info_len = 0;
    if (npc_pipe_open(s, "srvsvc", NULL, &p) != STATUS_SUCCESS) {
        printf("pipe: %s\n", npc_session_error(s));
        return false;
    }
    bool ok = rpc_ok(p, bind_pdu, sizeof bind_pdu, 12, &bind_len);
    for (unsigned i = 0; ok && i < w->calls; i++)
        ok = rpc_ok(p, request_pdu, sizeof request_pdu, 2, &info_len);
    npc_pipe_close(p);
    struct npc_facts f = { .size = sizeof f };
    if (npc_session_facts(s, &f) != STATUS_SUCCESS)
        return false;
    if (!w->lenient && ((alg && f.signing != *alg) || (cipher && f.cipher != *cipher && !w->protect)))
        ok = false;
    printf("%s dialect 0x%04x %s signing %d cipher %d%s%s%s%s bind %zu info %zu key %u/%u transact %u\n",
           ok ? "ok     " : "FAILED ", f.dialect, f.mech, f.signing, f.cipher, f.signed_ ? " signed" : "",
           f.encrypted ? " encrypted" : "", f.guest ? " guest" : "", f.anonymous ? " anonymous" : "",
           bind_len, info_len, f.session_key_len, f.application_key_len, f.max_transact);
    return ok;
}

static bool one(const struct wish *w, enum npc_dialect d, const enum npc_signing_alg *alg,
                const enum npc_cipher *cipher)
{
    struct nt_error err = { "" };
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds;
    co.mech = w->anonymous                              ? SEC_MECH_ANONYMOUS
              : w->mech && strcmp(w->mech, "krb5") == 0 ? SEC_MECH_KRB5
              : w->mech && strcmp(w->mech, "auto") == 0 ? SEC_MECH_AUTO
                                                        : SEC_MECH_NTLM;
    co.user = w->anonymous || !*w->user ? NULL : w->user; /* "": whom the ccache is for */
    co.password = w->anonymous || !*w->password ? NULL : w->password;
    if (sec_creds_new(&co, &creds, &err) != STATUS_SUCCESS) {
        printf("credentials: %s\n", err.text);
        return false;
    }
    const enum npc_cipher list[] = { cipher ? *cipher : NPC_CIPHER_NONE, NPC_CIPHER_NONE };
    struct npc_options o = NPC_OPTIONS_INIT;
    o.creds = creds;
    o.port = w->port;
    o.error = &err;
    o.timeout_ms = 10000;
    o.min_dialect = o.max_dialect = d;
    if (w->dialect && strcmp(w->dialect, "any") == 0)
        o.min_dialect = o.max_dialect = 0;
    if (alg) {
        o.signing = alg;
        o.n_signing = 1;
    }
    if (cipher)
        o.ciphers = list;
    o.allow_unsigned = (w->anonymous && !w->null_session) || w->unsigned_;
    o.protection = w->protect && strcmp(w->protect, "sign") == 0      ? NPC_PROTECT_SIGN
                   : w->protect && strcmp(w->protect, "encrypt") == 0 ? NPC_PROTECT_ENCRYPT
                                                                      : NPC_PROTECT_DEFAULT;
    struct npc_session *s;
    enum nt_status st = npc_session_open(w->server, &o, &s);
    sec_creds_unref(creds);
    bool ok;
    if (st != STATUS_SUCCESS) {
        const char *name = nt_status_name(st);
        ok = w->expect && strcmp(w->expect, name ? name : "") == 0;
        printf("%s %s: %s\n", ok ? "refused" : "FAILED ", name ? name : "?", err.text);
        return ok;
    }
    ok = use(s, w, alg, cipher) && (!w->expect || strcmp(w->expect, "ok") == 0);
    npc_session_unref(s);
    return ok;
}

static const char *value(const char *arg, const char *key)
{
    size_t n = strlen(key);
    return strncmp(arg, key, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static bool sweep_ciphers(const struct wish *w, enum npc_dialect d, const enum npc_signing_alg *alg)
{
    bool ok = true;
    bool v3 = d >= NPC_SMB_3_0;
    if (w->cipher && strcmp(w->cipher, "default") == 0)
        return one(w, d, alg, NULL);
    for (size_t i = 0; i < COUNT(ciphers); i++) {
        bool has =
            d == NPC_SMB_3_1_1 || ciphers[i].c == NPC_CIPHER_NONE || (v3 && ciphers[i].c == NPC_AES128_CCM);
        if (!has || (w->cipher && strcmp(w->cipher, ciphers[i].name) != 0))
            continue;
        ok &= one(w, d, alg, &ciphers[i].c);
    }
    return ok;
}

static bool sweep(const struct wish *w)
{
    bool ok = true;
    for (size_t i = 0; i < COUNT(dialects); i++) {
        if (w->dialect && strcmp(w->dialect, dialects[i].name) != 0)
            continue;
        if (dialects[i].d != NPC_SMB_3_1_1 || (w->signing && strcmp(w->signing, "default") == 0)) {
            ok &= sweep_ciphers(w, dialects[i].d, NULL);
            continue;
        }
        for (size_t j = 0; j < COUNT(algs); j++)
            if (!w->signing || strcmp(w->signing, algs[j].name) == 0)
                ok &= sweep_ciphers(w, dialects[i].d, &algs[j].a);
    }
    return ok;
}

int main(int argc, char **argv)
{
    struct wish w = { .calls = 1 };
    if (argc < 4) {
        fprintf(stderr, "usage: smb_live SERVER[:PORT] USER PASSWORD [key=value...]\n");
        return 2;
    }
    snprintf(w.server, sizeof w.server, "%s", argv[1]);
    char *colon = strrchr(w.server, ':');
    if (colon && strchr(w.server, ':') == colon) {
        *colon = 0;
        w.port = (uint16_t)atoi(colon + 1);
    }
    w.user = argv[2];
    w.password = argv[3];
    for (int i = 4; i < argc; i++) {
        const char *v;
        if ((v = value(argv[i], "dialect")))
            w.dialect = v;
        else if ((v = value(argv[i], "signing")))
            w.signing = v;
        else if ((v = value(argv[i], "cipher")))
            w.cipher = v;
        else if ((v = value(argv[i], "protect")))
            w.protect = v;
        else if ((v = value(argv[i], "expect")))
            w.expect = v;
        else if ((v = value(argv[i], "mech")))
            w.mech = v;
        else if ((v = value(argv[i], "port")))
            w.port = (uint16_t)atoi(v);
        else if ((v = value(argv[i], "calls")))
            w.calls = (unsigned)atoi(v);
        else if (strcmp(argv[i], "anonymous") == 0)
            w.anonymous = true;
        else if (strcmp(argv[i], "nullsession") == 0) /* without saying that it may be unsigned */
            w.anonymous = w.null_session = true;
        else if (strcmp(argv[i], "unsigned") == 0) /* guests too */
            w.unsigned_ = true;
        else if (strcmp(argv[i], "lenient") == 0) /* the server may lack an algorithm */
            w.lenient = true;
    }
    if (w.dialect && strcmp(w.dialect, "any") == 0)
        return one(&w, 0, NULL, NULL) ? 0 : 1;
    return sweep(&w) ? 0 : 1;
}
