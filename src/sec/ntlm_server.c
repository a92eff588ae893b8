// SPDX-License-Identifier: Apache-2.0
/* The acceptor's side of an NTLM exchange, [MS-NLMP] 3.2.5.1. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "sec/m_ntlm.h"
#include "sec/m_utf.h"

/* Names longer than this are of no account ([MS-SAMR] 2.2.6.21: a UPN is the longest, 256 + 1 + 255). */
#define ACCOUNT_NAME_MAX 512u

static void put_challenge(struct ntlm_ctx *c, struct wr *w)
{
    const struct sec_acceptor *a = c->acceptor;
    const char *target = a->netbios_domain ? a->netbios_domain : a->netbios_name;
    uint8_t stamp[8];

    ntlm_put_header(w, 2);
    size_t target_fields = w->len;
    wr_zero(w, 8);
    wr_u32(w, c->flags);
    wr_bytes(w, c->server_challenge, sizeof(c->server_challenge));
    wr_zero(w, 8);
    size_t info_fields = w->len;
    wr_zero(w, 8);
    ntlm_put_version(w);
    size_t target_at = w->len;
    utf_put16(w, target, false);
    size_t info_at = w->len;
    ntlm_put_av_name(w, AV_NB_DOMAIN, target);
    ntlm_put_av_name(w, AV_NB_COMPUTER, a->netbios_name);
    if (a->dns_domain)
        ntlm_put_av_name(w, AV_DNS_DOMAIN, a->dns_domain);
    if (a->dns_name)
        ntlm_put_av_name(w, AV_DNS_COMPUTER, a->dns_name);
    put_le64(stamp, c->timestamp);
    ntlm_put_av(w, AV_TIMESTAMP, stamp, sizeof(stamp));
    ntlm_put_av(w, AV_EOL, NULL, 0);
    if (w->len - info_at > NTLM_TARGET_INFO_MAX)
        wr_fail(w, STATUS_INVALID_PARAMETER);
    const size_t fields[2][3] = { { target_fields, target_at, info_at - target_at },
                                  { info_fields, info_at, w->len - info_at } };
    for (int i = 0; i < 2; i++) {
        wr_fill_u16(w, fields[i][0], (uint16_t)fields[i][2]);
        wr_fill_u16(w, fields[i][0] + 2, (uint16_t)fields[i][2]);
        wr_fill_u32(w, fields[i][0] + 4, (uint32_t)fields[i][1]);
    }
}

static enum nt_status send_challenge(struct ntlm_ctx *c, struct nt_blob in, struct wr *out)
{
    uint32_t need = NTLM_REQUIRED;
    enum nt_status st = ntlm_parse_negotiate(in, &c->offered);

    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the client's NTLM token is malformed");
    if (c->wanted & (SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY))
        need |= NTLM_SIGN;
    if (c->wanted & SEC_FLAG_PRIVACY)
        need |= NTLM_SEAL;
    if (need & ~c->offered)
        return nt_error_set(c->err, STATUS_NOT_SUPPORTED,
                            "the client does not offer the NTLM security that is required (flags 0x%08x)",
                            (unsigned)(need & ~c->offered));
    st = c->env->random(c->env->arg, c->server_challenge, sizeof(c->server_challenge));
    if (!nt_ok(st))
        return st;
    c->timestamp = c->env->wall(c->env->arg);
    c->flags = NTLM_REQUIRED | NTLM_REQUEST_TARGET | NTLM_ALWAYS_SIGN | NTLM_TARGET_INFO | NTLM_VERSION |
               (c->acceptor->netbios_domain ? NTLM_TARGET_DOMAIN : NTLM_TARGET_SERVER) |
               (c->offered & (NTLM_SIGN | NTLM_SEAL | NTLM_KEY_EXCH));
    wr_bytes(&c->negotiate, in.data, in.len);
    put_challenge(c, &c->challenge);
    if (c->negotiate.st != STATUS_SUCCESS)
        return c->negotiate.st;
    if (c->challenge.st != STATUS_SUCCESS)
        return c->challenge.st;
    wr_bytes(out, c->challenge.base, c->challenge.len);
    c->state = NTLM_EXCHANGED;
    return out->st == STATUS_SUCCESS ? STATUS_MORE_PROCESSING_REQUIRED : out->st;
}

/* The client's flags are the end of the negotiation: they may give up nothing that the CHALLENGE granted and
 * that matters, whatever the MIC says. */
static enum nt_status check_auth(struct ntlm_ctx *c, const struct ntlm_auth *a)
{
    uint32_t keep = NTLM_REQUIRED | NTLM_SIGN | NTLM_SEAL | NTLM_KEY_EXCH;
    uint32_t missing = c->flags & keep & ~a->flags;

    if (missing)
        return nt_error_set(c->err, STATUS_DOWNGRADE_DETECTED,
                            "the client's NTLM answer takes back security that was agreed on (flags 0x%08x)",
                            (unsigned)missing);
    if ((c->flags & NTLM_KEY_EXCH) && (c->flags & (NTLM_SIGN | NTLM_SEAL)) && a->key.len != 16)
        return nt_error_set(c->err, STATUS_INVALID_PARAMETER, "the client's NTLM answer has no session key");
    if (a->user.len > 2 * ACCOUNT_NAME_MAX || a->domain.len > 2 * ACCOUNT_NAME_MAX)
        return nt_error_set(c->err, STATUS_LOGON_FAILURE, "the client's NTLM answer has an over-long name");
    return STATUS_SUCCESS;
}

/* The client signs with its response the pairs of the server that it talked to: another name or time than
 * ours means that the answer was made for somebody else and relayed. */
static enum nt_status check_pairs(struct ntlm_ctx *c, const struct ntlm_auth *a)
{
    static const uint8_t none[16];
    struct ntlm_challenge sent;
    enum nt_status st = ntlm_parse_challenge((struct nt_blob){ c->challenge.base, c->challenge.len }, &sent);

    if (!nt_ok(st))
        return st;
    const struct nt_blob *mine = &sent.av.nb_computer, *theirs = &a->av.nb_computer;
    if ((theirs->data && (theirs->len != mine->len || memcmp(theirs->data, mine->data, mine->len) != 0)) ||
        (a->av.has_timestamp && a->av.timestamp != c->timestamp))
        return nt_error_set(c->err, STATUS_LOGON_FAILURE,
                            "the client's NTLM answer was made for another server");
    if (c->has_bindings) {
        const uint8_t *b = a->av.channel_bindings.data ? a->av.channel_bindings.data : none;

        if (!cr_equal(b, c->bindings, sizeof(c->bindings)))
            return nt_error_set(c->err, STATUS_BAD_BINDINGS,
                                "the client's NTLM answer is not bound to this TLS channel");
    }
    return STATUS_SUCCESS;
}

/* Compares the proof; on success gives the SessionBaseKey. */
static bool try_proof(struct ntlm_ctx *c, const struct ntlm_auth *a, const uint8_t hash[16],
                      struct nt_blob upper, struct nt_blob domain, uint8_t base_key[16])
{
    uint8_t key[16], proof[16], got[16];

    ntlm_v2_key(hash, upper, domain, key);
    ntlm_v2_proof(key, c->server_challenge, a->temp, proof, got);
    bool same = cr_equal(proof, a->proof.data, sizeof(proof));
    if (same)
        memcpy(base_key, got, 16);
    nt_wipe(key, sizeof(key));
    nt_wipe(got, sizeof(got));
    return same;
}

/* An account as the acceptor's callback describes it; its memory lives as long as the logon. */
struct found {
    struct nt_arena *mem;
    struct sec_account a;
};

static char16_t *host_order(struct nt_arena *mem, struct nt_blob le)
{
    char16_t *text = nt_arena_array(mem, le.len / 2 + 1, sizeof(*text));

    for (size_t i = 0; text && i < le.len / 2; i++)
        text[i] = le16(le.data + 2 * i);
    return text;
}

static enum nt_status check_proof(struct ntlm_ctx *c, const struct ntlm_auth *a, const uint8_t hash[16],
                                  uint8_t base_key[16]);

/* For sec_logon.knows. */
struct question {
    struct ntlm_ctx *c;
    const struct ntlm_auth *a;
};

static bool knows(void *arg, const uint8_t nt_hash[16])
{
    const struct question *q = arg;
    uint8_t base_key[16];
    bool yes = check_proof(q->c, q->a, nt_hash, base_key) == STATUS_SUCCESS;

    nt_wipe(base_key, sizeof(base_key));
    return yes;
}

static enum nt_status find_account(struct ntlm_ctx *c, const struct ntlm_auth *a, struct found *f)
{
    const struct sec_acceptor *from = c->acceptor;
    struct question q = { c, a };
    size_t machine = a->workstation.len <= 2 * ACCOUNT_NAME_MAX ? a->workstation.len : 0;
    struct sec_logon who = { .size = sizeof(who),
                             .user = host_order(f->mem, a->user),
                             .domain = host_order(f->mem, a->domain),
                             .workstation =
                                 host_order(f->mem, (struct nt_blob){ a->workstation.data, machine }),
                             .user_len = a->user.len / 2,
                             .domain_len = a->domain.len / 2,
                             .workstation_len = machine / 2,
                             .peer = c->peer_address,
                             .knows = knows,
                             .knows_arg = &q };

    if (!who.user || !who.domain || !who.workstation)
        return STATUS_NO_MEMORY;
    f->a.size = sizeof(f->a);
    if (from->account)
        return from->account(from->account_arg, &who, f->mem, &f->a);
    return from->nt_hash(from->arg, who.user, who.user_len, who.domain, who.domain_len, f->a.nt_hash);
}

static enum nt_status check_proof(struct ntlm_ctx *c, const struct ntlm_auth *a, const uint8_t hash[16],
                                  uint8_t base_key[16])
{
    struct wr upper;

    wr_init(&upper, 2 * ACCOUNT_NAME_MAX);
    utf_upper16(&upper, a->user.data, a->user.len);
    enum nt_status st = upper.st;
    if (nt_ok(st)) {
        struct nt_blob user = { upper.base, upper.len };

        /* some clients compute with an empty domain ([MS-NLMP] 3.2.5.1.2) */
        bool same = try_proof(c, a, hash, user, a->domain, base_key) ||
                    (a->domain.len && try_proof(c, a, hash, user, (struct nt_blob){ NULL, 0 }, base_key));
        st = same ? STATUS_SUCCESS : STATUS_LOGON_FAILURE;
    }
    wr_free(&upper);
    return st;
}

static enum nt_status check_password(struct ntlm_ctx *c, const struct ntlm_auth *a, struct found *f,
                                     uint8_t base_key[16])
{
    static const uint8_t none[16];
    enum nt_status st = find_account(c, a, f);

    if (st == STATUS_NO_SUCH_USER || st == STATUS_WRONG_PASSWORD) {
        /* who asks does not learn which names exist, from the time it takes neither */
        (void)check_proof(c, a, none, base_key);
        return STATUS_LOGON_FAILURE;
    }
    return st == STATUS_SUCCESS ? check_proof(c, a, f->a.nt_hash, base_key)
           : nt_ok(st)          ? STATUS_LOGON_FAILURE
                                : st;
}

static void set_exported(struct ntlm_ctx *c, const struct ntlm_auth *a, const uint8_t base_key[16])
{
    /* KXKEY for NTLMv2 is the SessionBaseKey ([MS-NLMP] 3.4.5.1) */
    if ((c->flags & NTLM_KEY_EXCH) && (c->flags & (NTLM_SIGN | NTLM_SEAL))) {
        memcpy(c->exported, a->key.data, sizeof(c->exported));
        cr_rc4(base_key, 16, c->exported, sizeof(c->exported));
    } else {
        c->flags &= ~(uint32_t)NTLM_KEY_EXCH;
        memcpy(c->exported, base_key, sizeof(c->exported));
    }
}

/* The MIC covers all three messages, so that nobody in the middle can have changed their flags. A client that
 * promised one in its signed pairs must have it (CVE-2019-1040). */
static enum nt_status check_mic(struct ntlm_ctx *c, const struct ntlm_auth *a, struct nt_blob in)
{
    static const uint8_t zero[16];
    uint8_t want[16];
    struct wr copy;

    if (!(a->av.flags & AV_FLAG_MIC))
        return STATUS_SUCCESS;
    wr_init(&copy, SEC_TOKEN_MAX);
    wr_bytes(&copy, in.data, in.len);
    enum nt_status st = copy.st;
    if (nt_ok(st) && a->has_mic_field) {
        memcpy(copy.base + NTLM_MIC_OFFSET, zero, sizeof(zero));
        ntlm_mic(c->exported, (struct nt_blob){ c->negotiate.base, c->negotiate.len },
                 (struct nt_blob){ c->challenge.base, c->challenge.len },
                 (struct nt_blob){ copy.base, copy.len }, want);
    }
    if (nt_ok(st) && (!a->has_mic_field || !cr_equal(want, a->mic, sizeof(want))))
        st = nt_error_set(c->err, STATUS_LOGON_FAILURE,
                          "the client's NTLM messages were changed on their way");
    wr_free(&copy);
    return st;
}

/* UTF-8 form of a name; without NUL, else "alice", NUL, anything would be alice. */
static enum nt_status text_of(struct nt_arena *mem, struct nt_blob le, const char **ret)
{
    struct wr w;

    wr_init(&w, SEC_TOKEN_MAX);
    utf_put8(&w, le.data, le.len);
    wr_u8(&w, 0);
    enum nt_status st = w.st;
    if (nt_ok(st) && memchr(w.base, 0, w.len - 1))
        st = STATUS_LOGON_FAILURE;
    if (nt_ok(st)) {
        *ret = nt_arena_strdup(mem, (const char *)w.base);
        st = *ret ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    }
    wr_free(&w);
    return st;
}

static enum nt_status make_token(struct ntlm_ctx *c, const struct ntlm_auth *a, struct found *f)
{
    size_t machine = a->workstation.len <= 2 * ACCOUNT_NAME_MAX ? a->workstation.len : 0;
    const char *workstation = NULL;
    enum nt_status st = text_of(f->mem, (struct nt_blob){ a->workstation.data, machine }, &workstation);

    if (nt_ok(st) && !f->a.account)
        st = text_of(f->mem, a->user, &f->a.account);
    if (nt_ok(st) && !f->a.domain)
        st = text_of(f->mem, a->domain, &f->a.domain);
    if (!nt_ok(st))
        return st == STATUS_LOGON_FAILURE
                   ? nt_error_set(c->err, st, "the client's NTLM answer has a name that is none")
                   : st;
    const struct sec_token_source s = { .mech = "ntlm",
                                        .workstation = workstation,
                                        .account = &f->a,
                                        .session_key = { c->exported, sizeof(c->exported) },
                                        .now = c->env->wall(c->env->arg) };
    return sec_token_new(&s, &c->token);
}

static enum nt_status authenticate(struct ntlm_ctx *c, const struct ntlm_auth *a, struct nt_blob in)
{
    uint8_t base_key[16] = { 0 };
    struct found f = { .mem = NULL };

    if (!a->proof.data)
        return nt_error_set(c->err, STATUS_LOGON_FAILURE, "the client's NTLM answer is not NTLMv2");
    enum nt_status st = check_pairs(c, a);
    if (!nt_ok(st))
        return st;
    f.mem = nt_arena_new_secret(0);
    if (!f.mem)
        return STATUS_NO_MEMORY;
    st = check_password(c, a, &f, base_key);
    if (nt_ok(st)) {
        set_exported(c, a, base_key);
        st = check_mic(c, a, in);
    }
    if (nt_ok(st))
        st = make_token(c, a, &f);
    nt_wipe(base_key, sizeof(base_key));
    nt_wipe(&f.a, sizeof(f.a));
    nt_arena_free(f.mem);
    return st;
}

static bool is_anonymous(const struct ntlm_ctx *c, const struct ntlm_auth *a)
{
    (void)c;
    return !a->user.len && !a->nt.len && (!a->lm.len || (a->lm.len == 1 && a->lm.data[0] == 0));
}

/* What is too long is cut, what has NUL in it ends there; who logs it has to expect anything. */
static void take_claim(struct sec_claim *claim, const struct ntlm_auth *a)
{
    struct wr w;

    wr_init(&w, SEC_TOKEN_MAX);
    if (a->domain.len) {
        utf_put8(&w, a->domain.data, a->domain.len);
        wr_u8(&w, '\\');
    }
    utf_put8(&w, a->user.data, a->user.len);
    if (nt_ok(w.st) && w.len) {
        size_t n = w.len < sizeof(claim->name) ? w.len : sizeof(claim->name) - 1;

        memcpy(claim->name, w.base, n);
        claim->name[n] = 0;
    }
    wr_free(&w);
}

static enum nt_status take_auth(struct ntlm_ctx *c, struct nt_blob in)
{
    static const uint8_t zero[16];
    struct ntlm_auth a;
    enum nt_status st = ntlm_parse_auth(in, &a);

    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the client's NTLM answer is malformed");
    if (c->claim)
        take_claim(c->claim, &a);
    bool nobody = is_anonymous(c, &a), whole = nobody && (NTLM_REQUIRED & ~a.flags) == 0;
    if (!nobody || whole)
        st = check_auth(c, &a);
    if (!nt_ok(st))
        return st;
    if (nobody) {
        if (!(c->wanted & SEC_FLAG_ANONYMOUS))
            return nt_error_set(c->err, STATUS_ACCESS_DENIED, "anonymous logon is not allowed");
        if (whole) /* else nothing is known of the key that came, not even that there is one */
            set_exported(c, &a, zero);
        c->granted = SEC_FLAG_ANONYMOUS;
        c->token = sec_token_ref(sec_token_anonymous());
    } else {
        st = authenticate(c, &a, in);
        if (!nt_ok(st))
            return st;
    }
    if (nobody &&
        !whole) { /* Samba's null sessions leave NTLM2 out: good for level connect, protects nothing */
        c->state = NTLM_READY;
        return STATUS_SUCCESS;
    }
    c->granted |=
        (c->flags & NTLM_SIGN ? SEC_FLAG_INTEGRITY : 0u) | (c->flags & NTLM_SEAL ? SEC_FLAG_PRIVACY : 0u);
    ntlm_set_keys(c);
    wr_free(&c->negotiate); /* a server holds many contexts for long */
    wr_free(&c->challenge);
    c->state = NTLM_READY;
    return STATUS_SUCCESS;
}

enum nt_status ntlm_server_step(struct ntlm_ctx *c, struct nt_blob in, struct wr *out)
{
    switch (c->state) {
    case NTLM_START:
        return send_challenge(c, in, out);
    case NTLM_EXCHANGED:
        return take_auth(c, in);
    case NTLM_READY:
    case NTLM_FAILED:
        break;
    }
    return STATUS_INVALID_DEVICE_STATE;
}
