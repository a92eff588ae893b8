// SPDX-License-Identifier: Apache-2.0
/* The client's side of an NTLM exchange, [MS-NLMP] 3.1.5.1. */
#include "crypto/crypto.h"
#include "sec/m_ntlm.h"
#include "sec/m_utf.h"

static enum nt_status send_negotiate(struct ntlm_ctx *c, struct wr *out)
{
    struct wr *w = &c->negotiate;

    c->offered =
        NTLM_REQUIRED | NTLM_REQUEST_TARGET | NTLM_ALWAYS_SIGN | NTLM_SIGN | NTLM_VERSION | NTLM_KEY_EXCH;
    /* RPC at level connect: Samba tries to sign its answers where it could, has no room for that and gives
     * fault 1 */
    if ((c->wanted & SEC_FLAG_DCE_STYLE) && !(c->wanted & (SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY)))
        c->offered &= ~(uint32_t)(NTLM_SIGN | NTLM_KEY_EXCH);
    if (c->wanted & SEC_FLAG_PRIVACY)
        c->offered |= NTLM_SEAL;
    ntlm_put_header(w, 1);
    wr_u32(w, c->offered);
    ntlm_put_fields(w, 0, 40); /* domain and workstation: empty when a version is sent */
    ntlm_put_fields(w, 0, 40);
    ntlm_put_version(w);
    if (w->st != STATUS_SUCCESS)
        return w->st;
    wr_bytes(out, w->base, w->len);
    c->state = NTLM_EXCHANGED;
    return out->st == STATUS_SUCCESS ? STATUS_MORE_PROCESSING_REQUIRED : out->st;
}

/* [MS-NLMP] 3.1.5.1.2: is what the server selected strong enough? Whatever was offered and not granted means
 * that somebody on the way, or the server, weakens the session. */
static enum nt_status check_challenge(struct ntlm_ctx *c, const struct ntlm_challenge *ch)
{
    uint32_t need = NTLM_REQUIRED, missing;

    if (!c->anonymous)
        need |= NTLM_TARGET_INFO;
    if (c->wanted & (SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY))
        need |= NTLM_SIGN;
    if (c->wanted & SEC_FLAG_PRIVACY)
        need |= NTLM_SEAL;
    missing = need & ~ch->flags;
    if (missing)
        return nt_error_set(
            c->err, STATUS_DOWNGRADE_DETECTED,
            "the server's NTLM challenge takes back security that was asked for (flags 0x%08x)",
            (unsigned)missing);
    if (!c->anonymous && (!ch->av.nb_computer.data || !ch->av.nb_domain.data))
        return nt_error_set(c->err, STATUS_LOGON_FAILURE,
                            "the server's NTLM challenge does not name the server and its domain");
    return STATUS_SUCCESS;
}

/* The server's pairs and ours, as NTLMv2 signs them. */
static void put_target_info(struct ntlm_ctx *c, const struct ntlm_challenge *ch, struct wr *w)
{
    static const uint8_t none[16];
    uint8_t flags[4];
    struct rd r;

    rd_init(&r, ch->target_info.data, ch->target_info.len);
    for (;;) {
        uint16_t id = rd_u16(&r);
        size_t len = rd_u16(&r);
        const uint8_t *value = rd_bytes(&r, len);

        if (r.st != STATUS_SUCCESS || id == AV_EOL)
            break;
        if (id != AV_FLAGS && id != AV_TARGET_NAME && id != AV_CHANNEL_BINDINGS)
            ntlm_put_av(w, id, value, len);
    }
    put_le32(flags, (ch->av.flags & ~AV_FLAG_UNVERIFIED) | AV_FLAG_MIC);
    ntlm_put_av(w, AV_FLAGS, flags, sizeof(flags));
    ntlm_put_av(w, AV_CHANNEL_BINDINGS, c->has_bindings ? c->bindings : none, 16);
    wr_u16(w, AV_TARGET_NAME);
    size_t at = wr_mark_u16(w), start = w->len;
    if (c->service && c->host) {
        utf_put16(w, c->service, false);
        wr_u16(w, '/');
        utf_put16(w, c->host, false);
    }
    if (w->len - start > UINT16_MAX)
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
    wr_fill_u16(w, at, (uint16_t)(w->len - start));
    ntlm_put_av(w, AV_EOL, NULL, 0);
}

/* NtChallengeResponse and KeyExchangeKey, [MS-NLMP] 3.3.2. */
static enum nt_status respond(struct ntlm_ctx *c, const struct ntlm_challenge *ch, struct nt_blob domain,
                              struct wr *nt, uint8_t key_exchange[16])
{
    uint8_t client_challenge[8], key[16];
    struct wr upper;

    enum nt_status st = c->env->random(c->env->arg, client_challenge, sizeof(client_challenge));
    if (!nt_ok(st))
        return st;
    wr_zero(nt, 16); /* NTProofStr */
    wr_u8(nt, 1);
    wr_u8(nt, 1);
    wr_zero(nt, 6);
    wr_u64(nt, ch->av.has_timestamp ? ch->av.timestamp : c->env->wall(c->env->arg));
    wr_bytes(nt, client_challenge, sizeof(client_challenge));
    wr_zero(nt, 4);
    put_target_info(c, ch, nt);
    wr_zero(nt, 4);
    wr_init(&upper, SEC_TOKEN_MAX);
    utf_put16(&upper, c->creds->user, true);
    if (c->creds->upn) {
        wr_u16(&upper, '@');
        utf_put16(&upper, c->creds->domain, true);
    }
    st = nt->st != STATUS_SUCCESS ? nt->st : upper.st;
    if (nt_ok(st)) {
        ntlm_v2_key(c->creds->nt_hash, (struct nt_blob){ upper.base, upper.len }, domain, key);
        ntlm_v2_proof(key, ch->challenge, (struct nt_blob){ nt->base + 16, nt->len - 16 }, nt->base,
                      key_exchange);
        nt_wipe(key, sizeof(key));
    }
    wr_free(&upper);
    return st;
}

/* The variable parts of an AUTHENTICATE, in the order of the payload. */
enum { P_DOMAIN, P_USER, P_WORKSTATION, P_LM, P_NT, P_KEY, P_COUNT };

static void put_auth(struct wr *w, const struct wr part[P_COUNT], uint32_t flags)
{
    static const int field_order[P_COUNT] = { P_LM, P_NT, P_DOMAIN, P_USER, P_WORKSTATION, P_KEY };
    size_t at[P_COUNT], pos = NTLM_AUTH_HEADER;

    for (int i = 0; i < P_COUNT; i++) {
        if (part[i].st != STATUS_SUCCESS)
            wr_fail(w, part[i].st);
        at[i] = pos;
        pos += part[i].len;
    }
    ntlm_put_header(w, 3);
    for (int i = 0; i < P_COUNT; i++)
        ntlm_put_fields(w, part[field_order[i]].len, at[field_order[i]]);
    wr_u32(w, flags);
    ntlm_put_version(w);
    wr_zero(w, 16); /* MIC */
    for (int i = 0; i < P_COUNT; i++)
        wr_bytes(w, part[i].base, part[i].len);
}

static void put_names(struct ntlm_ctx *c, struct wr part[P_COUNT])
{
    utf_put16(&part[P_USER], c->creds->user, false);
    if (c->creds->upn) { /* the server finds the domain by the name's suffix */
        wr_u16(&part[P_USER], '@');
        utf_put16(&part[P_USER], c->creds->domain, false);
    } else {
        utf_put16(&part[P_DOMAIN], c->creds->domain, false);
    }
    if (c->creds->workstation)
        utf_put16(&part[P_WORKSTATION], c->creds->workstation, false);
}

static enum nt_status make_session_key(struct ntlm_ctx *c, const uint8_t key_exchange[16], struct wr *key)
{
    if (!(c->flags & NTLM_KEY_EXCH) || !(c->flags & (NTLM_SIGN | NTLM_SEAL))) {
        c->flags &= ~(uint32_t)NTLM_KEY_EXCH;
        memcpy(c->exported, key_exchange, sizeof(c->exported));
        return STATUS_SUCCESS;
    }
    enum nt_status st = c->env->random(c->env->arg, c->exported, sizeof(c->exported));
    if (!nt_ok(st))
        return st;
    uint8_t *p = wr_room(key, sizeof(c->exported));
    if (!p)
        return key->st;
    memcpy(p, c->exported, sizeof(c->exported));
    cr_rc4(key_exchange, 16, p, sizeof(c->exported));
    return STATUS_SUCCESS;
}

static enum nt_status build_auth(struct ntlm_ctx *c, const struct ntlm_challenge *ch, struct wr part[P_COUNT],
                                 struct wr *msg)
{
    uint8_t key_exchange[16] = { 0 };
    enum nt_status st = STATUS_SUCCESS;

    if (c->anonymous) {
        wr_zero(&part[P_LM], 1);
    } else {
        put_names(c, part);
        wr_zero(&part[P_LM], 24);
        st = respond(c, ch, (struct nt_blob){ part[P_DOMAIN].base, part[P_DOMAIN].len }, &part[P_NT],
                     key_exchange);
    }
    if (nt_ok(st))
        st = make_session_key(c, key_exchange, &part[P_KEY]);
    nt_wipe(key_exchange, sizeof(key_exchange));
    if (!nt_ok(st))
        return st;
    put_auth(msg, part, c->flags | (c->anonymous ? (uint32_t)NTLM_ANONYMOUS : 0));
    if (msg->st != STATUS_SUCCESS)
        return msg->st;
    uint8_t mic[16];
    ntlm_mic(c->exported, (struct nt_blob){ c->negotiate.base, c->negotiate.len },
             (struct nt_blob){ c->challenge.base, c->challenge.len }, (struct nt_blob){ msg->base, msg->len },
             mic);
    memcpy(msg->base + NTLM_MIC_OFFSET, mic, sizeof(mic));
    return STATUS_SUCCESS;
}

static enum nt_status answer_challenge(struct ntlm_ctx *c, struct nt_blob in, struct wr *out)
{
    struct ntlm_challenge ch;
    struct wr part[P_COUNT], msg;
    enum nt_status st = ntlm_parse_challenge(in, &ch);

    if (!nt_ok(st))
        return nt_error_set(c->err, st, "the server's NTLM challenge is malformed");
    st = check_challenge(c, &ch);
    if (!nt_ok(st))
        return st;
    /* the target information is sent back, so it is part of what was negotiated; the rest only if we offered
     * it */
    c->flags = ch.flags & (c->offered | NTLM_TARGET_INFO);
    wr_bytes(&c->challenge, in.data, in.len);
    if (c->challenge.st != STATUS_SUCCESS)
        return c->challenge.st;
    for (int i = 0; i < P_COUNT; i++)
        wr_init(&part[i], SEC_TOKEN_MAX);
    wr_init(&msg, SEC_TOKEN_MAX);
    st = build_auth(c, &ch, part, &msg);
    if (nt_ok(st)) {
        wr_bytes(out, msg.base, msg.len);
        st = out->st;
    }
    for (int i = 0; i < P_COUNT; i++)
        wr_free(&part[i]);
    wr_free(&msg);
    if (!nt_ok(st))
        return st;
    ntlm_set_keys(c);
    c->granted = (c->flags & NTLM_SIGN ? SEC_FLAG_INTEGRITY : 0u) |
                 (c->flags & NTLM_SEAL ? SEC_FLAG_PRIVACY : 0u) | (c->anonymous ? SEC_FLAG_ANONYMOUS : 0u);
    c->state = NTLM_READY;
    return STATUS_SUCCESS;
}

enum nt_status ntlm_client_step(struct ntlm_ctx *c, struct nt_blob in, struct wr *out)
{
    switch (c->state) {
    case NTLM_START:
        return in.len ? STATUS_INVALID_PARAMETER : send_negotiate(c, out);
    case NTLM_EXCHANGED:
        return answer_challenge(c, in, out);
    case NTLM_READY: /* nothing may come after our AUTHENTICATE */
    case NTLM_FAILED:
        break;
    }
    return STATUS_INVALID_DEVICE_STATE;
}
