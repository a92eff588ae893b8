// SPDX-License-Identifier: Apache-2.0
/* Security trailers; see m_sectrailer.h. */
#include "rpc/m_sectrailer.h"

/* [MS-RPCE] 2.2.2.11: the trailer of a request or response is aligned to 16, counted from the start of the
 * stub. */
#define STUB_ALIGN 16
/* The bodies of PDUs that carry tokens are multiples of 4 by construction; no peer pads them further. */
#define TOKEN_ALIGN 4

static void put_trailer(struct wr *w, const struct rpc_sec *s, size_t pad)
{
    uint8_t *p = wr_room(w, RPC_TRAILER_LEN);
    if (!p)
        return;
    p[0] = s->provider->rpc_auth_type;
    p[1] = s->wire_level ? s->wire_level : (uint8_t)s->level;
    p[2] = (uint8_t)pad;
    p[3] = 0;
    put_le32(p + 4, s->ctx_id);
}

void rpc_put_token(struct wr *w, size_t start, const struct rpc_sec *s, struct nt_blob token)
{
    size_t pad = (0 - (w->len - start)) & (TOKEN_ALIGN - 1);
    wr_zero(w, pad);
    put_trailer(w, s, pad);
    wr_bytes(w, token.data, token.len);
    if (token.len > RPC_FRAG_MAX)
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
    rpc_pdu_end(w, start, token.len);
}

static size_t stub_pad(size_t stub)
{
    return (0 - stub) & (STUB_ALIGN - 1);
}

size_t rpc_sec_overhead(const struct rpc_sec *s, size_t stub)
{
    if (!rpc_sec_signs(s))
        return 0;
    size_t pad = stub_pad(stub);
    return pad + RPC_TRAILER_LEN + s->provider->token_size(s->ctx, s->level, stub + pad);
}

size_t rpc_sec_room(const struct rpc_sec *s, size_t frag, size_t hdr)
{
    if (frag < hdr)
        return 0;
    size_t room = (frag - hdr) / STUB_ALIGN * STUB_ALIGN;
    size_t over = rpc_sec_overhead(s, room);
    if (frag - hdr < over)
        return 0;
    return (frag - hdr - over) / STUB_ALIGN * STUB_ALIGN;
}

/* NTLM covers headers whether that was negotiated or not: so did Windows before there was a flag for it, and
 * so do its peers still. For all else what [MS-RPCE] 3.3.1.5.2.2 says holds. */
void rpc_sec_establish(struct rpc_sec *s)
{
    struct nt_blob mech;
    s->established = true;
    bool ntlm = s->provider->query(s->ctx, SEC_ITEM_MECH, &mech) == STATUS_SUCCESS && mech.len == 4 &&
                memcmp(mech.data, "ntlm", 4) == 0;
    s->covers_header = s->header_sign || ntlm;
}

/* The parts in wire order. With header signing the header and the trailer take part ([MS-RPCE] 3.3.1.5.2.2).
 */
static size_t fill_iov(struct sec_iov iov[4], uint8_t *pdu, size_t hdr, size_t data, size_t token,
                       const struct rpc_sec *s)
{
    size_t n = 0;
    if (s->covers_header)
        iov[n++] = (struct sec_iov){ SEC_PART_SIGN_ONLY, pdu, hdr };
    iov[n++] = (struct sec_iov){ SEC_PART_DATA, pdu + hdr, data };
    if (s->covers_header)
        iov[n++] = (struct sec_iov){ SEC_PART_SIGN_ONLY, pdu + hdr + data, RPC_TRAILER_LEN };
    iov[n++] = (struct sec_iov){ SEC_PART_TOKEN, pdu + hdr + data + RPC_TRAILER_LEN, token };
    return n;
}

enum nt_status rpc_protect(struct wr *w, size_t start, size_t hdr, struct rpc_sec *s)
{
    if (!rpc_sec_signs(s)) {
        rpc_pdu_end(w, start, 0);
        return w->st;
    }
    size_t stub = w->len - start - hdr;
    size_t pad = stub_pad(stub);
    size_t token = s->provider->token_size(s->ctx, s->level, stub + pad);
    wr_zero(w, pad);
    put_trailer(w, s, pad);
    wr_zero(w, token); /* zeros remain where a provider fills less, [MS-RPCE] 2.2.2.11 */
    rpc_pdu_end(w, start, token);
    if (w->st != STATUS_SUCCESS)
        return w->st;
    struct sec_iov iov[4];
    size_t n = fill_iov(iov, w->base + start, hdr, stub + pad, token, s);
    return s->provider->protect(s->ctx, s->level, iov, n);
}

const char *rpc_trailer_mismatch(const struct rpc_trailer *t, const struct rpc_sec *s)
{
    if (t->type != s->provider->rpc_auth_type)
        return "a PDU of another authentication type";
    if (t->level != (s->wire_level ? s->wire_level : (uint8_t)s->level))
        return "a PDU of another authentication level";
    if (t->ctx_id != s->ctx_id)
        return "a PDU of another security context";
    return NULL;
}

enum nt_status rpc_unprotect(uint8_t *pdu, const struct rpc_pdu *d, struct rpc_sec *s,
                             struct nt_blob *ret_stub, const char **ret_why)
{
    size_t len = d->body_len;
    if (d->has_auth) {
        *ret_why = s->established ? rpc_trailer_mismatch(&d->auth, s)
                                  : "a PDU with a security trailer on a connection without security";
        if (*ret_why)
            return RPC_NT_PROTOCOL_ERROR;
        len -= d->auth.pad; /* not more than body_len: rpc_pdu_decode */
    } else if (rpc_sec_signs(s)) {
        *ret_why = "a PDU without the protection that was agreed on";
        return STATUS_ACCESS_DENIED;
    }
    if (d->has_auth && rpc_sec_signs(s)) {
        struct sec_iov iov[4];
        size_t n = fill_iov(iov, pdu, d->body_off, d->body_len, d->h.auth_len, s);
        enum nt_status st = s->provider->unprotect(s->ctx, s->level, iov, n);
        if (st != STATUS_SUCCESS) {
            *ret_why =
                "a PDU whose signature is wrong (changed on the way, replayed, or not from this server)";
            return nt_ok(st) ? RPC_NT_SEC_PKG_ERROR : st;
        }
    }
    *ret_stub = (struct nt_blob){ pdu + d->body_off, len };
    return STATUS_SUCCESS;
}
