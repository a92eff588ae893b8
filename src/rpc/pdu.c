// SPDX-License-Identifier: Apache-2.0
/* Codec of the connection-oriented PDUs; see pdu.h. */
#include "rpc/pdu.h"

#define VERSION_MAJOR  5 /* [MS-RPCE] 3.3.1.5.1: 5.0 only */
#define VERSION_MINOR  0

#define FAULT_EXTENDED 1 /* [MS-RPCE] 2.2.2.8, in the octet behind the cancel count */

#define DREP_LITTLE    0x10 /* [C706] 14.1: little endian, ASCII; the second byte 0 is IEEE */

/* { 8a885d04-1ceb-11c9-9fe8-08002b104860 } 2.0 and { 71710533-beba-4937-8319-b5dbef9ccc36 } 1.0 */
const struct rpc_syntax rpc_syntax_ndr20 = {
    { 0x8a885d04, 0x1ceb, 0x11c9, { 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60 } }, 2, 0
};
const struct rpc_syntax rpc_syntax_ndr64 = {
    { 0x71710533, 0xbeba, 0x4937, { 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36 } }, 1, 0
};

struct rpc_syntax rpc_syntax_features(uint8_t bits)
{
    return (struct rpc_syntax){ { 0x6cb71c2c, 0x9812, 0x4540, { bits } }, 1, 0 };
}

bool rpc_syntax_equal(const struct rpc_syntax *a, const struct rpc_syntax *b)
{
    return nt_guid_equal(&a->uuid, &b->uuid) && a->major == b->major && a->minor == b->minor;
}

const char *rpc_ptype_name(unsigned ptype)
{
    static const char *const names[] = {
        [RPC_PT_REQUEST] = "request",     [RPC_PT_RESPONSE] = "response",
        [RPC_PT_FAULT] = "fault",         [RPC_PT_BIND] = "bind",
        [RPC_PT_BIND_ACK] = "bind_ack",   [RPC_PT_BIND_NAK] = "bind_nak",
        [RPC_PT_ALTER] = "alter_context", [RPC_PT_ALTER_RESP] = "alter_context_resp",
        [RPC_PT_AUTH3] = "rpc_auth_3",    [RPC_PT_SHUTDOWN] = "shutdown",
        [RPC_PT_CO_CANCEL] = "co_cancel", [RPC_PT_ORPHANED] = "orphaned",
    };
    return ptype < sizeof names / sizeof names[0] && names[ptype] ? names[ptype] : "unknown PDU";
}

/* ---- reading in the sender's byte order ---- */

static uint16_t get_u16(struct rpc_rd *r)
{
    uint16_t v = rd_u16(&r->r);
    return r->big ? __builtin_bswap16(v) : v;
}

static uint32_t get_u32(struct rpc_rd *r)
{
    uint32_t v = rd_u32(&r->r);
    return r->big ? __builtin_bswap32(v) : v;
}

static void get_guid(struct rpc_rd *r, struct nt_guid *ret)
{
    ret->a = get_u32(r);
    ret->b = get_u16(r);
    ret->c = get_u16(r);
    rd_copy(&r->r, ret->d, sizeof ret->d);
}

static void get_syntax(struct rpc_rd *r, struct rpc_syntax *ret)
{
    get_guid(r, &ret->uuid);
    uint32_t version = get_u32(r); /* [C706] 12.6.3.1: major in the low half */
    ret->major = (uint16_t)version;
    ret->minor = (uint16_t)(version >> 16);
}

void rpc_get_ctx_elem(struct rpc_rd *r, struct rpc_ctx_elem *ret)
{
    ret->id = get_u16(r);
    ret->n_transfers = rd_u8(&r->r);
    rd_skip(&r->r, 1);
    get_syntax(r, &ret->abstract);
    if (ret->n_transfers > RPC_TRANSFERS_MAX)
        rd_fail(&r->r, RPC_NT_PROTOCOL_ERROR);
    for (unsigned i = 0; i < ret->n_transfers && r->r.st == STATUS_SUCCESS; i++)
        get_syntax(r, &ret->transfers[i]);
}

void rpc_get_result(struct rpc_rd *r, struct rpc_result *ret)
{
    ret->result = get_u16(r);
    ret->reason = get_u16(r);
    get_syntax(r, &ret->transfer);
}

static enum nt_status bad(const char **ret_why, const char *why)
{
    *ret_why = why;
    return RPC_NT_PROTOCOL_ERROR;
}

enum nt_status rpc_hdr_decode(const uint8_t p[RPC_HDR_LEN], struct rpc_hdr *ret, const char **ret_why)
{
    if (p[0] != VERSION_MAJOR || p[1] != VERSION_MINOR)
        return bad(ret_why, "a PDU of another protocol version than 5.0, or no RPC at all");
    struct rpc_hdr h = { .ptype = p[2], .flags = p[3], .drep = p[4], .big = (p[4] & 0xf0) == 0 };
    /* neither byte order, characters neither ASCII nor EBCDIC, floating point that is not IEEE */
    if ((p[4] & 0xee) != 0 || p[5] != 0)
        return bad(ret_why, "a PDU in a data representation that nobody uses");
    h.frag_len = le16(p + 8);
    h.auth_len = le16(p + 10);
    h.call_id = le32(p + 12);
    if (h.big) {
        h.frag_len = __builtin_bswap16(h.frag_len);
        h.auth_len = __builtin_bswap16(h.auth_len);
        h.call_id = __builtin_bswap32(h.call_id);
    }
    if (h.frag_len < RPC_HDR_LEN)
        return bad(ret_why, "a fragment length below the header's");
    if (h.auth_len && (size_t)h.auth_len + RPC_TRAILER_LEN > (size_t)h.frag_len - RPC_HDR_LEN)
        return bad(ret_why, "an authentication length above the fragment's");
    *ret = h;
    return STATUS_SUCCESS;
}

/* Leaves in r what is in front of the trailer, whose place is counted from the end ([MS-RPCE] 2.2.2.11) and
 * was checked with the header. */
static void decode_trailer(struct rpc_rd *r, struct rpc_pdu *d)
{
    d->has_auth = d->h.auth_len != 0;
    if (!d->has_auth)
        return;
    size_t off = (size_t)d->h.frag_len - d->h.auth_len - RPC_TRAILER_LEN;
    struct rpc_rd t = { rd_sub(&r->r, off, RPC_TRAILER_LEN), r->big };
    d->auth.type = rd_u8(&t.r);
    d->auth.level = rd_u8(&t.r);
    d->auth.pad = rd_u8(&t.r);
    rd_skip(&t.r, 1);
    d->auth.ctx_id = get_u32(&t);
    d->auth.off = off;
    r->r.len = off;
}

static void decode_bind(struct rpc_rd *r, struct rpc_pdu *d)
{
    d->u.bind.max_xmit = get_u16(r);
    d->u.bind.max_recv = get_u16(r);
    d->u.bind.assoc = get_u32(r);
    d->u.bind.n = rd_u8(&r->r);
    if (d->u.bind.n) /* a list of none may end here */
        rd_skip(&r->r, 3);
    d->u.bind.list = *r;
    for (unsigned i = 0; i < d->u.bind.n && r->r.st == STATUS_SUCCESS; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(r, &e);
    }
}

static void decode_ack(struct rpc_rd *r, struct rpc_pdu *d)
{
    d->u.ack.max_xmit = get_u16(r);
    d->u.ack.max_recv = get_u16(r);
    d->u.ack.assoc = get_u32(r);
    size_t len = get_u16(r); /* port_any_t: length with the terminator, or 0 */
    d->u.ack.addr = (struct nt_blob){ rd_bytes(&r->r, len), len };
    rd_align(&r->r, 4);
    d->u.ack.n = rd_u8(&r->r);
    rd_skip(&r->r, 3);
    d->u.ack.list = *r;
    for (unsigned i = 0; i < d->u.ack.n && r->r.st == STATUS_SUCCESS; i++) {
        struct rpc_result e;
        rpc_get_result(r, &e);
    }
}

/* { 90740320-fad0-11d3-82d7-009027b130ab } ([MS-RPCE] 2.2.1.1.2) */
static const struct nt_guid nak_signature = {
    0x90740320, 0xfad0, 0x11d3, { 0x82, 0xd7, 0x00, 0x90, 0x27, 0xb1, 0x30, 0xab }
};
#define GUID_LEN 16

/* Behind the versions, aligned to 4: the signature and the extended error information, to the PDU's end. What
 * has another signature there is of no interest. */
static void decode_nak_rest(struct rpc_rd *r, struct rpc_pdu *d)
{
    struct nt_guid g;
    size_t pad = (0 - r->r.pos) & 3;
    if (rd_left(&r->r) < pad + GUID_LEN)
        return;
    struct rpc_rd rest = *r;
    rd_skip(&rest.r, pad);
    get_guid(&rest, &g);
    if (nt_guid_equal(&g, &nak_signature))
        d->u.nak.extended = (struct nt_blob){ rest.r.base + rest.r.pos, rd_left(&rest.r) };
}

/* [MS-RPCE] 2.2.2.9; the versions are informative, and some servers leave them out. */
static void decode_nak(struct rpc_rd *r, struct rpc_pdu *d)
{
    d->u.nak.reason = get_u16(r);
    d->u.nak.major = d->u.nak.minor = 0;
    d->u.nak.extended = (struct nt_blob){ NULL, 0 };
    if (r->r.st != STATUS_SUCCESS || rd_left(&r->r) < 3)
        return;
    unsigned versions = rd_u8(&r->r);
    if (versions == 0 || 2 * (size_t)versions > rd_left(&r->r))
        return;
    d->u.nak.major = rd_u8(&r->r);
    d->u.nak.minor = rd_u8(&r->r);
    rd_skip(&r->r, 2 * ((size_t)versions - 1));
    decode_nak_rest(r, d);
}

static void decode_request(struct rpc_rd *r, struct rpc_pdu *d)
{
    d->u.req.alloc_hint = get_u32(r);
    d->u.req.ctx = get_u16(r);
    d->u.req.opnum = get_u16(r);
    d->u.req.has_object = d->h.flags & RPC_PFC_OBJECT;
    if (d->u.req.has_object)
        get_guid(r, &d->u.req.object);
}

static void decode_response(struct rpc_rd *r, struct rpc_pdu *d)
{
    d->u.rsp.alloc_hint = get_u32(r);
    d->u.rsp.ctx = get_u16(r);
    d->u.rsp.cancels = rd_u8(&r->r);
    unsigned flags = rd_u8(&r->r);
    d->u.rsp.status = 0;
    d->u.rsp.extended = false;
    if (d->h.ptype == RPC_PT_FAULT) {
        d->u.rsp.extended = flags & FAULT_EXTENDED;
        d->u.rsp.status = get_u32(r);
        rd_skip(&r->r, 4);
    }
}

struct nt_blob rpc_fault_extended(const struct rpc_pdu *d, const uint8_t *stub, size_t len)
{
    size_t said = d->u.rsp.alloc_hint; /* [MS-RPCE] 2.2.2.8: with the header */
    if (!d->u.rsp.extended || said <= RPC_FAULT_LEN || said - RPC_FAULT_LEN > len)
        return (struct nt_blob){ NULL, 0 };
    return (struct nt_blob){ stub, said - RPC_FAULT_LEN };
}

/* How much of a PDU may be authentication padding: of the kinds that build contexts all that is behind a
 * request's header, since their own fields tell where they end; so do Windows and Samba. */
static size_t pad_room(const struct rpc_pdu *d)
{
    bool binding = d->h.ptype == RPC_PT_BIND || d->h.ptype == RPC_PT_ALTER;
    return binding && d->auth.off >= RPC_REQ_LEN ? d->auth.off - RPC_REQ_LEN : d->body_len;
}

enum nt_status rpc_pdu_decode(const uint8_t *p, size_t len, struct rpc_pdu *ret, const char **ret_why)
{
    if (len < RPC_HDR_LEN)
        return bad(ret_why, "a PDU shorter than its header");
    enum nt_status st = rpc_hdr_decode(p, &ret->h, ret_why);
    if (st != STATUS_SUCCESS)
        return st;
    if (len != ret->h.frag_len)
        return bad(ret_why, "a fragment length that is not the PDU's");
    struct rpc_rd r = { .big = ret->h.big };
    rd_init(&r.r, p, len);
    decode_trailer(&r, ret);
    rd_skip(&r.r, RPC_HDR_LEN);
    switch ((enum rpc_ptype)ret->h.ptype) {
    case RPC_PT_REQUEST:
        decode_request(&r, ret);
        break;
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
        decode_response(&r, ret);
        break;
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        decode_bind(&r, ret);
        break;
    case RPC_PT_BIND_ACK:
    case RPC_PT_ALTER_RESP:
        decode_ack(&r, ret);
        break;
    case RPC_PT_BIND_NAK:
        decode_nak(&r, ret);
        break;
    case RPC_PT_AUTH3:
        rd_skip(&r.r, 4); /* pad, [MS-RPCE] 2.2.2.10 */
        break;
    case RPC_PT_SHUTDOWN:
    case RPC_PT_CO_CANCEL:
    case RPC_PT_ORPHANED:
        break;
    default:
        return bad(ret_why, "a PDU of a type that does not belong to connection-oriented RPC");
    }
    if (r.r.st != STATUS_SUCCESS)
        return bad(ret_why, "a PDU that ends in the middle of its fields");
    ret->body_off = r.r.pos;
    ret->body_len = rd_left(&r.r);
    if (ret->has_auth && ret->auth.pad > pad_room(ret))
        return bad(ret_why, "more authentication padding than there is data");
    return STATUS_SUCCESS;
}

/* ---- writing ---- */

static void fill_hdr(uint8_t *p, enum rpc_ptype type, unsigned flags, uint32_t call_id)
{
    p[0] = VERSION_MAJOR;
    p[1] = VERSION_MINOR;
    p[2] = (uint8_t)type;
    p[3] = (uint8_t)flags;
    put_le32(p + 4, DREP_LITTLE);
    put_le32(p + 8, 0);
    put_le32(p + 12, call_id);
}

size_t rpc_put_hdr(struct wr *w, enum rpc_ptype type, unsigned flags, uint32_t call_id)
{
    size_t start = w->len;
    uint8_t *p = wr_room(w, RPC_HDR_LEN);
    if (p)
        fill_hdr(p, type, flags, call_id);
    return start;
}

void rpc_pdu_end(struct wr *w, size_t start, size_t auth_len)
{
    if (w->st != STATUS_SUCCESS)
        return;
    if (w->len - start > RPC_FRAG_MAX) {
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
        return;
    }
    put_le16(w->base + start + 8, (uint16_t)(w->len - start));
    put_le16(w->base + start + 10, (uint16_t)auth_len);
}

static void put_guid(struct wr *w, const struct nt_guid *g)
{
    wr_u32(w, g->a);
    wr_u16(w, g->b);
    wr_u16(w, g->c);
    wr_bytes(w, g->d, sizeof g->d);
}

void rpc_put_shutdown(struct wr *w)
{
    size_t start = rpc_put_hdr(w, RPC_PT_SHUTDOWN, RPC_PFC_WHOLE, 0);
    wr_fill_u16(w, start + 8, RPC_HDR_LEN);
}

void rpc_put_syntax(struct wr *w, const struct rpc_syntax *s)
{
    put_guid(w, &s->uuid);
    wr_u32(w, (uint32_t)s->major | (uint32_t)s->minor << 16);
}

size_t rpc_put_bind(struct wr *w, enum rpc_ptype type, unsigned flags, uint32_t call_id, uint16_t max_frag,
                    uint32_t assoc, const struct rpc_ctx_elem *elems, unsigned n)
{
    size_t start = rpc_put_hdr(w, type, flags, call_id);
    wr_u16(w, max_frag);
    wr_u16(w, max_frag);
    wr_u32(w, assoc);
    wr_u32(w, n); /* 8 bits and 24 reserved ones */
    for (unsigned i = 0; i < n; i++) {
        wr_u16(w, elems[i].id);
        wr_u16(w, elems[i].n_transfers);
        rpc_put_syntax(w, &elems[i].abstract);
        for (unsigned k = 0; k < elems[i].n_transfers; k++)
            rpc_put_syntax(w, &elems[i].transfers[k]);
    }
    rpc_pdu_end(w, start, 0);
    return start;
}

size_t rpc_put_ack(struct wr *w, enum rpc_ptype type, unsigned flags, uint32_t call_id, uint16_t max_xmit,
                   uint16_t max_recv, uint32_t assoc, const char *addr, const struct rpc_result *results,
                   unsigned n)
{
    size_t start = rpc_put_hdr(w, type, flags, call_id);
    wr_u16(w, max_xmit);
    wr_u16(w, max_recv);
    wr_u32(w, assoc);
    size_t len = addr ? strlen(addr) + 1 : 0;
    wr_u16(w, (uint16_t)len);
    wr_bytes(w, addr, len);
    wr_zero(w, (0 - (w->len - start)) & 3);
    wr_u32(w, n);
    for (unsigned i = 0; i < n; i++) {
        wr_u16(w, results[i].result);
        wr_u16(w, results[i].reason);
        rpc_put_syntax(w, &results[i].transfer);
    }
    rpc_pdu_end(w, start, 0);
    return start;
}

size_t rpc_put_nak(struct wr *w, uint32_t call_id, uint16_t reason)
{
    return rpc_put_nak_extended(w, call_id, reason, (struct nt_blob){ NULL, 0 });
}

size_t rpc_put_nak_extended(struct wr *w, uint32_t call_id, uint16_t reason, struct nt_blob extended)
{
    size_t start = rpc_put_hdr(w, RPC_PT_BIND_NAK, RPC_PFC_WHOLE, call_id);
    wr_u16(w, reason);
    wr_u8(w, 1);
    wr_u8(w, VERSION_MAJOR);
    wr_u8(w, VERSION_MINOR);
    wr_zero(w, (0 - (w->len - start)) & 3);
    if (extended.len) {
        put_guid(w, &nak_signature);
        wr_bytes(w, extended.data, extended.len);
    }
    rpc_pdu_end(w, start, 0);
    return start;
}

size_t rpc_put_auth3(struct wr *w, uint32_t call_id)
{
    size_t start = rpc_put_hdr(w, RPC_PT_AUTH3, RPC_PFC_WHOLE, call_id);
    wr_zero(w, 4);
    rpc_pdu_end(w, start, 0);
    return start;
}

size_t rpc_put_fault(struct wr *w, unsigned flags, uint32_t call_id, uint16_t ctx, uint32_t status)
{
    return rpc_put_fault_extended(w, flags, call_id, ctx, status, (struct nt_blob){ NULL, 0 });
}

size_t rpc_put_fault_extended(struct wr *w, unsigned flags, uint32_t call_id, uint16_t ctx, uint32_t status,
                              struct nt_blob extended)
{
    size_t start = rpc_put_hdr(w, RPC_PT_FAULT, flags, call_id);
    wr_u32(w, (uint32_t)(RPC_FAULT_LEN + extended.len)); /* [MS-RPCE] 2.2.2.8; never 0, as with Windows */
    wr_u16(w, ctx);
    wr_u8(w, 0);
    wr_u8(w, extended.len ? FAULT_EXTENDED : 0);
    wr_u32(w, status);
    wr_u32(w, 0);
    wr_bytes(w, extended.data, extended.len);
    rpc_pdu_end(w, start, 0);
    return start;
}

void rpc_fill_request(uint8_t *p, unsigned flags, uint32_t call_id, uint32_t alloc_hint, uint16_t ctx,
                      uint16_t opnum, const struct nt_guid *object)
{
    fill_hdr(p, RPC_PT_REQUEST, flags | (object ? RPC_PFC_OBJECT : 0U), call_id);
    put_le32(p + 16, alloc_hint);
    put_le16(p + 20, ctx);
    put_le16(p + 22, opnum);
    if (object) {
        put_le32(p + 24, object->a);
        put_le16(p + 28, object->b);
        put_le16(p + 30, object->c);
        memcpy(p + 32, object->d, sizeof object->d);
    }
}

void rpc_fill_response(uint8_t *p, unsigned flags, uint32_t call_id, uint32_t alloc_hint, uint16_t ctx)
{
    fill_hdr(p, RPC_PT_RESPONSE, flags, call_id);
    put_le32(p + 16, alloc_hint);
    put_le16(p + 20, ctx);
    put_le16(p + 22, 0);
}
