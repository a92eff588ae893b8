// SPDX-License-Identifier: Apache-2.0
/* Codec of the three NTLM messages and of AV pairs, [MS-NLMP] 2.2. */
#include "sec/m_ntlm.h"
#include "sec/m_utf.h"

static const char signature[8] = "NTLMSSP";

static void get_header(struct rd *r, uint32_t type)
{
    uint8_t sig[8];

    rd_copy(r, sig, sizeof(sig));
    if (memcmp(sig, signature, sizeof(sig)) != 0 || rd_u32(r) != type)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
}

/* Length, maximum, offset; the window they name must not reach into the first `header` bytes. */
static struct nt_blob get_fields(struct rd *r, size_t header)
{
    size_t len = rd_u16(r);
    (void)rd_u16(r); /* maximum: ignored on receipt */
    size_t off = rd_u32(r);

    if (!len)
        return (struct nt_blob){ NULL, 0 };
    if (off < header)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    struct rd s = rd_sub(r, off, len);
    return (struct nt_blob){ s.base, s.len };
}

enum nt_status ntlm_parse_negotiate(struct nt_blob in, uint32_t *ret_flags)
{
    struct rd r;

    rd_init(&r, in.data, in.len);
    get_header(&r, 1);
    uint32_t flags = rd_u32(&r); /* domain and workstation that may follow are of no use to anybody */
    if (r.st == STATUS_SUCCESS)
        *ret_flags = flags;
    return r.st;
}

enum nt_status ntlm_parse_challenge(struct nt_blob in, struct ntlm_challenge *ret)
{
    struct ntlm_challenge c = { 0 };
    struct rd r;

    rd_init(&r, in.data, in.len);
    get_header(&r, 2);
    (void)get_fields(&r, 48); /* target name: the target information says it better */
    c.flags = rd_u32(&r);
    rd_copy(&r, c.challenge, sizeof(c.challenge));
    rd_skip(&r, 8);
    if (c.flags & NTLM_TARGET_INFO)
        c.target_info = get_fields(&r, 48);
    if (c.target_info.len > NTLM_TARGET_INFO_MAX)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    if (r.st != STATUS_SUCCESS)
        return r.st;
    if (c.flags & NTLM_TARGET_INFO) {
        enum nt_status st = ntlm_parse_av(c.target_info, &c.av);

        if (!nt_ok(st))
            return st;
    }
    *ret = c;
    return STATUS_SUCCESS;
}

/* NTLMv2_RESPONSE, [MS-NLMP] 2.2.2.8: proof, then NTLMv2_CLIENT_CHALLENGE. */
static enum nt_status parse_v2_response(struct ntlm_auth *a)
{
    struct rd r;

    rd_init(&r, a->nt.data, a->nt.len);
    a->proof = (struct nt_blob){ rd_bytes(&r, 16), 16 };
    a->temp = (struct nt_blob){ a->nt.data + r.pos, rd_left(&r) };
    if (rd_u8(&r) != 1 || rd_u8(&r) != 1)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    rd_skip(&r, 2 + 4 + 8 + 8 + 4); /* reserved, time, client challenge, reserved */
    if (r.st != STATUS_SUCCESS)
        return r.st;
    return ntlm_parse_av((struct nt_blob){ r.base + r.pos, rd_left(&r) }, &a->av);
}

enum nt_status ntlm_parse_auth(struct nt_blob in, struct ntlm_auth *ret)
{
    struct ntlm_auth a = { 0 };
    struct rd r;

    rd_init(&r, in.data, in.len);
    get_header(&r, 3);
    a.lm = get_fields(&r, 64);
    a.nt = get_fields(&r, 64);
    a.domain = get_fields(&r, 64);
    a.user = get_fields(&r, 64);
    a.workstation = get_fields(&r, 64);
    a.key = get_fields(&r, 64);
    a.flags = rd_u32(&r);
    if ((a.domain.len | a.user.len | a.workstation.len) & 1)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    if (r.st != STATUS_SUCCESS)
        return r.st;
    if (in.len >= NTLM_AUTH_HEADER) {
        memcpy(a.mic, in.data + NTLM_MIC_OFFSET, sizeof(a.mic));
        a.has_mic_field = true;
    }
    /* 24 bytes would be NTLMv1, which the caller refuses by the missing proof */
    if (a.nt.len > 24) {
        enum nt_status st = parse_v2_response(&a);

        if (!nt_ok(st))
            return st;
    }
    *ret = a;
    return STATUS_SUCCESS;
}

static void take_av(struct ntlm_av *av, struct rd *r, uint16_t id, struct nt_blob v)
{
    struct nt_blob *name = NULL;

    switch (id) {
    case AV_NB_COMPUTER:
        name = &av->nb_computer;
        break;
    case AV_NB_DOMAIN:
        name = &av->nb_domain;
        break;
    case AV_DNS_COMPUTER:
        name = &av->dns_computer;
        break;
    case AV_DNS_DOMAIN:
        name = &av->dns_domain;
        break;
    case AV_TARGET_NAME:
        name = &av->target_name;
        break;
    case AV_CHANNEL_BINDINGS:
        if (v.len != 16 || av->channel_bindings.data)
            rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        av->channel_bindings = v;
        return;
    case AV_FLAGS:
        if (v.len != 4) {
            rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
            return;
        }
        av->flags |= le32(v.data);
        av->has_flags = true;
        return;
    case AV_TIMESTAMP:
        if (v.len != 8 || av->has_timestamp) {
            rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
            return;
        }
        av->timestamp = le64(v.data);
        av->has_timestamp = true;
        return;
    default: /* others, also those to come, only travel through */
        return;
    }
    if ((v.len & 1) || name->data)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    *name = v;
}

enum nt_status ntlm_parse_av(struct nt_blob in, struct ntlm_av *ret)
{
    struct ntlm_av av = { 0 };
    struct rd r;

    rd_init(&r, in.data, in.len);
    for (;;) {
        uint16_t id = rd_u16(&r);
        size_t len = rd_u16(&r);
        const uint8_t *p = rd_bytes(&r, len);

        if (r.st != STATUS_SUCCESS)
            return r.st; /* AV_EOL must be there */
        if (id == AV_EOL)
            break; /* what follows is padding: Windows adds some ([MS-NLMP] appendix B, <30>) */
        take_av(&av, &r, id, (struct nt_blob){ p, len });
    }
    if (r.st != STATUS_SUCCESS)
        return r.st;
    *ret = av;
    return STATUS_SUCCESS;
}

void ntlm_put_header(struct wr *w, uint32_t type)
{
    wr_bytes(w, signature, sizeof(signature));
    wr_u32(w, type);
}

/* [MS-NLMP] 2.2.2.10: for debugging only. 6.1 is the first version that does all we do; revision 15. */
void ntlm_put_version(struct wr *w)
{
    static const uint8_t version[8] = { 6, 1, 0, 0, 0, 0, 0, 15 };

    wr_bytes(w, version, sizeof(version));
}

void ntlm_put_fields(struct wr *w, size_t len, size_t at)
{
    if (len > UINT16_MAX || at > UINT32_MAX) {
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
        return;
    }
    wr_u16(w, (uint16_t)len);
    wr_u16(w, (uint16_t)len);
    wr_u32(w, (uint32_t)at);
}

void ntlm_put_av(struct wr *w, uint16_t id, const void *value, size_t len)
{
    if (len > UINT16_MAX) {
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
        return;
    }
    wr_u16(w, id);
    wr_u16(w, (uint16_t)len);
    wr_bytes(w, value, len);
}

void ntlm_put_av_name(struct wr *w, uint16_t id, const char *utf8)
{
    wr_u16(w, id);
    size_t at = wr_mark_u16(w), start = w->len;

    utf_put16(w, utf8, false);
    if (w->len - start > UINT16_MAX)
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
    else
        wr_fill_u16(w, at, (uint16_t)(w->len - start));
}
