// SPDX-License-Identifier: Apache-2.0
/* See fake_rpc.h. */
#include "fake_rpc.h"
#include <stdlib.h>

struct conn {
    struct io_stream s;
    struct fake *f;
    struct wr in, stub, replay;
    struct rpc_sec sec;
    bool has_sec;
    struct sec_acceptor acceptor;
    struct sec_params params;
    struct nt_error err;
    bool header_sign_seen;
    uint32_t call_id;
    uint16_t ctx, opnum;
    const struct rpc_syntax *abstract;
    bool bound;
};

/* ---- the interface ---- */

static void push_in(struct ndr_push *n, const void *p)
{
    const struct echo *r = p;
    ndr_push_u32(n, r->in.len);
    ndr_push_conformant(n, r->in.data, r->in.len, 1);
}

static void pull_out(struct ndr_pull *n, void *p)
{
    struct echo *r = p;
    r->out.len = ndr_pull_u32(n);
    r->out.data = ndr_pull_conformant(n, r->out.len, 1);
}

static void pull_in(struct ndr_pull *n, void *p)
{
    (void)p;
    ndr_pull_fail(n, RPC_NT_CANNOT_SUPPORT);
}

static void push_out(struct ndr_push *n, const void *p)
{
    (void)p;
    ndr_push_fail(n, RPC_NT_CANNOT_SUPPORT);
}

const struct rpc_interface fake_iface = {
    RPC_TABLE_VERSION,
    2,
    "fake",
    { { 0x11223344, 0x5566, 0x7788, { 1, 2, 3, 4, 5, 6, 7, 8 } }, 1, 2 },
    (const char *const[]){ "ncacn_np:[\\pipe\\fake]", NULL },
};
const struct rpc_interface fake_iface2 = {
    RPC_TABLE_VERSION, 2, "fake2", { { 0x99223344, 0x5566, 0x7788, { 1, 2, 3, 4, 5, 6, 7, 8 } }, 3, 0 }, NULL,
};
const struct rpc_op echo_op = {
    RPC_TABLE_VERSION,          1,       0,       &fake_iface, "Echo",  sizeof(struct echo),
    offsetof(struct echo, out), push_in, pull_in, push_out,    pull_out
};
const struct rpc_op echo2_op = {
    RPC_TABLE_VERSION,          0,       0,       &fake_iface2, "Echo2", sizeof(struct echo),
    offsetof(struct echo, out), push_in, pull_in, push_out,     pull_out
};

/* ---- sending ---- */

static void problem(struct conn *c, enum nt_status st)
{
    if (c->f->problem == STATUS_SUCCESS)
        c->f->problem = st;
}

static void send_wr(struct conn *c, struct wr *w)
{
    if (io_queue(&c->s, w) != STATUS_SUCCESS)
        io_close(&c->s, STATUS_CONNECTION_ABORTED, false);
}

static void hang_up(struct conn *c)
{
    io_close(&c->s, STATUS_CONNECTION_ABORTED, true);
}

static bool send_raw(struct conn *c)
{
    struct wr w;
    if (!c->f->raw)
        return false;
    wr_init(&w, SIZE_MAX);
    wr_bytes(&w, c->f->raw, c->f->raw_len);
    send_wr(c, &w);
    hang_up(c);
    return true;
}

static void twice(struct wr *w)
{
    size_t n = w->len;
    if (wr_room(w, n))
        memcpy(w->base + n, w->base, n);
}

/* ---- bind ---- */

static enum nt_status nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                              size_t domain_len, uint8_t ret_hash[16])
{
    struct conn *c = arg;
    (void)user;
    (void)user_len;
    (void)domain;
    (void)domain_len;
    memcpy(ret_hash, c->f->nt_hash, 16);
    return STATUS_SUCCESS;
}

static enum nt_status start_sec(struct conn *c, const struct rpc_pdu *d)
{
    c->has_sec = true;
    c->sec.provider = sec_provider_by_type(d->auth.type);
    c->sec.level = (enum sec_level)d->auth.level;
    c->sec.ctx_id = d->auth.ctx_id;
    c->acceptor = (struct sec_acceptor){ .arg = c,
                                         .nt_hash = nt_hash,
                                         .netbios_name = "SRV",
                                         .netbios_domain = "LAB",
                                         .dns_name = "srv.lab.example",
                                         .dns_domain = "lab.example" };
    unsigned flags = (d->auth.level >= SEC_LEVEL_INTEGRITY ? SEC_FLAG_INTEGRITY : 0U) |
                     (d->auth.level >= SEC_LEVEL_PRIVACY ? SEC_FLAG_PRIVACY : 0U);
    c->params = (struct sec_params){
        .role = SEC_SERVER, .acceptor = &c->acceptor, .env = c->f->env, .err = &c->err, .flags = flags
    };
    return c->sec.provider ? c->sec.provider->start(&c->params, &c->sec.ctx) : STATUS_NOT_SUPPORTED;
}

/* The provider's answer to the PDU's token. */
static enum nt_status step_sec(struct conn *c, const uint8_t *pdu, const struct rpc_pdu *d, struct wr *token)
{
    struct nt_blob in = { pdu + d->auth.off + RPC_TRAILER_LEN, d->h.auth_len };
    enum nt_status st = c->sec.provider->step(c->sec.ctx, in, token);
    if (st == STATUS_SUCCESS)
        rpc_sec_establish(&c->sec);
    return st == STATUS_MORE_PROCESSING_REQUIRED ? STATUS_SUCCESS : st;
}

static void refuse_bind(struct conn *c, const struct rpc_pdu *d)
{
    struct wr w;
    wr_init(&w, RPC_FRAG_MAX);
    if (d->h.ptype == RPC_PT_BIND)
        rpc_put_nak(&w, d->h.call_id, RPC_NAK_CHECKSUM);
    else
        rpc_put_fault(&w, RPC_PFC_WHOLE, d->h.call_id, 0, 5);
    send_wr(c, &w);
}

static unsigned fill_results(struct conn *c, const struct rpc_pdu *d, struct rpc_result *r)
{
    enum lie lie = d->h.ptype == RPC_PT_BIND ? c->f->lie : c->bound ? c->f->lie : HONEST;
    struct rpc_rd list = d->u.bind.list;
    unsigned n = d->u.bind.n < 2 ? d->u.bind.n : 2;
    for (unsigned i = 0; i < n; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&list, &e);
        bool ask = e.transfers[0].uuid.a == 0x6cb71c2c;
        r[i] = (struct rpc_result){ .result = RPC_RESULT_ACCEPTANCE, .transfer = rpc_syntax_ndr20 };
        if (ask && (lie == ACK_NO_FEATURES || c->f->no_features))
            r[i] = (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION,
                                        .reason = RPC_REASON_TRANSFER_SYNTAXES };
        else if (ask)
            r[i] = (struct rpc_result){ .result = RPC_RESULT_NEGOTIATE_ACK, .reason = 3 };
        else if (!rpc_syntax_equal(&e.abstract, &fake_iface.syntax) &&
                 !rpc_syntax_equal(&e.abstract, &fake_iface2.syntax))
            r[i] = (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION,
                                        .reason = RPC_REASON_ABSTRACT_SYNTAX };
    }
    if (lie == ACK_SYNTAX)
        r[0].transfer = rpc_syntax_ndr64;
    if (lie == ACK_REJECTS_IF || lie == ALTER_REJECTS)
        r[0] = (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION,
                                    .reason = RPC_REASON_ABSTRACT_SYNTAX };
    if (lie == ACK_REJECTS_TRANSFER)
        r[0] = (struct rpc_result){ .result = RPC_RESULT_PROVIDER_REJECTION,
                                    .reason = RPC_REASON_TRANSFER_SYNTAXES };
    if (lie == ACK_REJECTS_USER)
        r[0] = (struct rpc_result){ .result = RPC_RESULT_USER_REJECTION };
    if (lie == ACK_THREE_RESULTS)
        r[n++] = r[0];
    if (lie == ACK_ONE_RESULT)
        n = 1;
    if (lie == ALTER_TWO_RESULTS && d->h.ptype == RPC_PT_ALTER)
        r[n++] = r[0];
    return n;
}

/* What is changed in an ack that was built honestly. */
static void spoil_ack(struct wr *w, enum lie lie)
{
    if (w->st != STATUS_SUCCESS)
        return;
    uint8_t *p = w->base;
    size_t auth = le16(p + 10), trailer = auth ? w->len - auth - RPC_TRAILER_LEN : 0;
    switch (lie) {
    case ACK_LEVEL:
        p[trailer + 1] = SEC_LEVEL_CONNECT;
        break;
    case ACK_TYPE:
        p[trailer] = 68;
        break;
    case ACK_AUTH_CTX:
        p[trailer + 4] ^= 1;
        break;
    case ACK_CALL_ID:
        p[12] ^= 0x40;
        break;
    case ACK_NOT_LAST:
        p[3] = RPC_PFC_FIRST;
        break;
    case ACK_TRUNCATED:
        w->len -= 7;
        put_le16(p + 8, (uint16_t)w->len);
        break;
    case ACK_FRAG_LEN_0:
        put_le16(p + 8, 0);
        break;
    case ACK_FRAG_LEN_15:
        put_le16(p + 8, 15);
        break;
    case ACK_AUTH_LEN:
        put_le16(p + 10, 0xfff0);
        break;
    case ACK_VERSION:
        p[0] = 4;
        break;
    case ACK_DREP:
        p[4] = 0x21;
        break;
    case ACK_PTYPE:
        p[2] = 99;
        break;
    default:
        break;
    }
}

static void send_ack(struct conn *c, const struct rpc_pdu *d, struct nt_blob token)
{
    struct rpc_result r[4];
    enum lie lie = c->f->lie;
    bool bind = d->h.ptype == RPC_PT_BIND;
    unsigned n = fill_results(c, d, r);
    uint16_t frag = lie == ACK_SMALL_FRAG ? RPC_FRAG_MIN - 1 : d->u.bind.max_recv;
    unsigned flags =
        RPC_PFC_WHOLE |
        (c->sec.header_sign && (d->h.flags & RPC_PFC_HEADER_SIGN) ? (unsigned)RPC_PFC_HEADER_SIGN : 0U) |
        (c->f->mpx ? (unsigned)RPC_PFC_CONC_MPX : 0U);
    struct wr w;
    wr_init(&w, RPC_FRAG_MAX);
    if (lie == ALTER_IS_RESPONSE && !bind && c->bound) {
        (void)wr_room(&w, RPC_RSP_LEN);
        rpc_fill_response(w.base, RPC_PFC_WHOLE, d->h.call_id, 0, 0);
        rpc_pdu_end(&w, 0, 0);
    } else if (lie == ACK_IS_RESPONSE) {
        (void)wr_room(&w, RPC_RSP_LEN);
        rpc_fill_response(w.base, RPC_PFC_WHOLE, d->h.call_id, 0, 0);
        rpc_pdu_end(&w, 0, 0);
    } else if (lie == ACK_IS_NAK || lie == ACK_NAK_TYPE) {
        rpc_put_nak_extended(&w, d->h.call_id, lie == ACK_IS_NAK ? RPC_NAK_NOT_SPECIFIED : RPC_NAK_AUTH_TYPE,
                             c->f->extended);
    } else if (lie == ACK_IS_FAULT || (lie == ALTER_FAULT && !bind && c->bound)) {
        rpc_put_fault_extended(&w, RPC_PFC_WHOLE, d->h.call_id, 0, 5, c->f->extended);
    } else {
        rpc_put_ack(&w, bind ? RPC_PT_BIND_ACK : RPC_PT_ALTER_RESP, flags, d->h.call_id, frag, frag, 0x1234,
                    "135", r, n);
        if (token.len && lie != ACK_DROPS_AUTH)
            rpc_put_token(&w, 0, &c->sec, token);
        struct rpc_sec other = { .provider = &sec_ntlm, .level = SEC_LEVEL_PRIVACY, .ctx_id = 77 };
        if (lie == ACK_UNASKED_AUTH || (lie == ALTER_UNKNOWN_AUTH && !bind && c->bound))
            rpc_put_token(&w, 0, &other, (struct nt_blob){ (const uint8_t *)"token", 5 });
        spoil_ack(&w, lie);
    }
    if (lie == ACK_TWICE && bind)
        twice(&w);
    send_wr(c, &w);
}

static void on_bind(struct conn *c, const uint8_t *pdu, const struct rpc_pdu *d)
{
    struct wr token;
    enum nt_status st = STATUS_SUCCESS;
    if (c->f->raw_bind && send_raw(c))
        return;
    if (c->f->lie == ACK_HANGUP) {
        hang_up(c);
        return;
    }
    if (c->f->lie == ACK_SILENT || (c->bound && c->f->alter_silent))
        return;
    wr_init(&token, RPC_FRAG_MAX);
    if (d->h.ptype == RPC_PT_BIND) {
        c->f->binds++;
        c->header_sign_seen = d->h.flags & RPC_PFC_HEADER_SIGN;
        c->sec.header_sign = c->header_sign_seen && c->f->lie != ACK_NO_HEADER_SIGN;
        if (d->has_auth)
            st = start_sec(c, d);
    } else {
        c->f->alters++;
        if (d->has_auth && c->sec.established && d->auth.ctx_id != c->sec.ctx_id) { /* another one instead */
            sec_free(c->sec.ctx);
            c->sec = (struct rpc_sec){ .header_sign = d->h.flags & RPC_PFC_HEADER_SIGN };
            st = start_sec(c, d);
        }
    }
    if (st == STATUS_SUCCESS && d->has_auth)
        st = step_sec(c, pdu, d, &token);
    if (st == STATUS_SUCCESS)
        send_ack(c, d, (struct nt_blob){ token.base, token.len });
    else
        refuse_bind(c, d);
    wr_free(&token);
    if (!c->has_sec || c->sec.established)
        c->bound = true;
}

/* ---- answers to calls ---- */

static void big_endian(struct wr *w)
{
    if (w->st != STATUS_SUCCESS)
        return;
    uint8_t *p = w->base;
    p[4] = 0;
    put_le16(p + 8, __builtin_bswap16(le16(p + 8)));
    put_le16(p + 10, __builtin_bswap16(le16(p + 10)));
    put_le32(p + 12, __builtin_bswap32(le32(p + 12)));
    put_le32(p + 16, __builtin_bswap32(le32(p + 16)));
    put_le16(p + 20, __builtin_bswap16(le16(p + 20)));
}

/* Changes in a fragment after it was protected. */
static void spoil_after(struct conn *c, struct wr *w, bool first)
{
    if (w->st != STATUS_SUCCESS)
        return;
    uint8_t *p = w->base;
    size_t auth = le16(p + 10), trailer = auth ? w->len - auth - RPC_TRAILER_LEN : 0;
    switch (c->f->lie) {
    case RSP_LEVEL:
        p[trailer + 1] = SEC_LEVEL_CONNECT;
        break;
    case RSP_TYPE:
        p[trailer] = 16;
        break;
    case RSP_AUTH_CTX:
        p[trailer + 4] ^= 1;
        break;
    case RSP_FLIP:
        p[RPC_RSP_LEN] ^= 1;
        break;
    case RSP_FLIP_HEADER: /* the cancel count: nothing but the signature protects it */
        p[22] ^= 1;
        break;
    case RSP_FLIP_TOKEN:
        p[w->len - 1] ^= 1;
        break;
    case RSP_PAD:
        p[trailer + 2] = 255;
        break;
    case RSP_REPLAY: /* the second fragment comes in the place of all later ones */
        if (!first && c->replay.len) {
            w->len = 0;
            wr_bytes(w, c->replay.base, c->replay.len);
        } else if (!first) {
            wr_bytes(&c->replay, w->base, w->len);
        }
        break;
    case RSP_DREP_CHANGES:
        if (!first)
            big_endian(w);
        break;
    default:
        break;
    }
}

static void send_fault(struct conn *c, uint32_t code, bool signed_)
{
    struct wr w;
    wr_init(&w, RPC_FRAG_MAX);
    rpc_put_fault_extended(&w, RPC_PFC_WHOLE, c->call_id, c->ctx, code, c->f->extended);
    if (signed_ && rpc_protect(&w, 0, 32, &c->sec) != STATUS_SUCCESS)
        problem(c, STATUS_INTERNAL_ERROR);
    send_wr(c, &w);
}

static void send_fragment(struct conn *c, const uint8_t *stub, size_t total, size_t off, size_t n)
{
    enum lie lie = c->f->lie;
    bool first = off == 0, last = off + n == total;
    unsigned flags = (first ? (unsigned)RPC_PFC_FIRST : 0U) | (last ? (unsigned)RPC_PFC_LAST : 0U);
    if (lie == RSP_NO_FIRST)
        flags &= ~(unsigned)RPC_PFC_FIRST;
    if (lie == RSP_TWO_FIRST)
        flags |= RPC_PFC_FIRST;
    uint32_t hint = lie == RSP_ALLOC_HINT ? 0x80000000U : (uint32_t)(total - off);
    if (c->f->hint && first)
        hint = c->f->hint;
    struct wr w;
    wr_init(&w, SIZE_MAX);
    (void)wr_room(&w, RPC_RSP_LEN);
    if (w.st == STATUS_SUCCESS)
        rpc_fill_response(w.base, flags, c->call_id + (lie == RSP_CALL_ID ? 1 : 0), hint,
                          (uint16_t)(c->ctx + (lie == RSP_CTX ? 1 : 0)));
    wr_bytes(&w, stub + off, n);
    struct rpc_sec none = { .provider = NULL };
    struct rpc_sec other = { .provider = &sec_ntlm, .level = SEC_LEVEL_CONNECT, .ctx_id = 9 };
    bool bare = !c->has_sec || lie == RSP_UNSIGNED || (lie == RSP_SECOND_UNSIGNED && !first);
    if (lie == RSP_UNASKED_AUTH)
        rpc_put_token(&w, 0, &other, (struct nt_blob){ (const uint8_t *)"0123456789abcdef", 16 });
    else if (w.st == STATUS_SUCCESS &&
             rpc_protect(&w, 0, RPC_RSP_LEN, bare ? &none : &c->sec) != STATUS_SUCCESS)
        problem(c, STATUS_INTERNAL_ERROR);
    spoil_after(c, &w, first);
    if (lie == RSP_PTYPE && w.st == STATUS_SUCCESS)
        w.base[2] = c->f->ptype;
    if (c->f->big)
        big_endian(&w);
    if (lie == RSP_TWICE && last)
        twice(&w);
    send_wr(c, &w);
}

static void swap_counts(uint8_t *p)
{
    put_le32(p, __builtin_bswap32(le32(p)));
    put_le32(p + 4, __builtin_bswap32(le32(p + 4)));
}

static void respond(struct conn *c, size_t len)
{
    struct fake *f = c->f;
    uint8_t *stub = c->stub.base;
    size_t step = f->lie == RSP_LONG_FRAG ? 6000 : f->frag ? f->frag : 4096;
    if (f->lie == RSP_FAULT || f->lie == RSP_FAULT_ZERO || f->lie == RSP_FAULT_SIGNED) {
        send_fault(c, f->lie == RSP_FAULT_ZERO ? 0 : 0x1c010002, f->lie == RSP_FAULT_SIGNED);
        return;
    }
    if (f->lie == RSP_SHORT)
        len -= len > 6 ? 6 : len;
    if (f->lie == RSP_COUNT)
        put_le32(stub + 4, 0x80000000U);
    if (f->big)
        swap_counts(stub);
    for (size_t off = 0; off < len || off == 0; off += step) {
        send_fragment(c, stub, len, off, step < len - off ? step : len - off);
        if (f->lie == RSP_FAULT_MIDDLE) {
            send_fault(c, 0x1c010002, false);
            return;
        }
        if (f->lie == RSP_HANGUP_MIDDLE) {
            hang_up(c);
            return;
        }
    }
}

/* The stub is whole: its own length says where the verification trailer may start. */
static void on_call(struct conn *c)
{
    struct fake *f = c->f;
    f->requests++;
    size_t len = c->stub.len >= 8 ? 8 + (size_t)le32(c->stub.base) : SIZE_MAX;
    if (len > c->stub.len) {
        problem(c, STATUS_INVALID_NETWORK_RESPONSE);
        return;
    }
    struct rpc_vt vt = { .abstract = *c->abstract,
                         .transfer = rpc_syntax_ndr20,
                         .call_id = c->call_id,
                         .ctx = c->ctx,
                         .opnum = c->opnum };
    if (rpc_vt_check(c->stub.base + len, c->stub.len - len, &vt, c->header_sign_seen) != STATUS_SUCCESS)
        problem(c, STATUS_ACCESS_DENIED);
    if (c->stub.len - len >= 16)
        f->trailers++;
    if (f->keep && f->n_kept < FAKE_KEPT_MAX) {
        struct fake_kept *k = &f->kept[f->n_kept];
        *k = (struct fake_kept){ c->call_id, c->ctx, malloc(len), len };
        if (k->stub)
            memcpy(k->stub, c->stub.base, len);
        f->n_kept += k->stub != NULL;
        return;
    }
    if (f->lie == RSP_SILENT || f->lie == RSP_LATE || send_raw(c))
        return;
    if (f->lie == RSP_HANGUP)
        hang_up(c);
    else
        respond(c, len);
}

/* Fragment `k` of an answer; false if it has not so many. */
static bool answer_part(struct conn *c, const struct fake_kept *kept, size_t k)
{
    size_t step = c->f->frag ? c->f->frag : 4096;
    if (k * step >= kept->len)
        return false;
    c->call_id = kept->id;
    c->ctx = kept->ctx;
    send_fragment(c, kept->stub, kept->len, k * step,
                  step < kept->len - k * step ? step : kept->len - k * step);
    return true;
}

static void answer_one(struct conn *c, const struct fake_order *o, const struct fake_kept *kept)
{
    if (o->code) {
        struct wr w;
        wr_init(&w, RPC_FRAG_MAX);
        rpc_put_fault(&w, RPC_PFC_WHOLE | o->flags, kept->id, kept->ctx, o->code);
        send_wr(c, &w);
        return;
    }
    for (size_t k = 0; answer_part(c, kept, k) && !o->begin_only; k++)
        ;
}

void fake_answer(struct fake *f, const struct fake_order *o)
{
    unsigned n = o->order ? o->n : f->n_kept;
    bool more = true;
    for (unsigned i = 0; i < n && !o->mixed; i++)
        answer_one(f->conn, o, &f->kept[o->order ? o->order[i] : i]);
    for (size_t k = 0; more && o->mixed; k++) {
        more = false;
        for (unsigned i = 0; i < n; i++)
            more |= answer_part(f->conn, &f->kept[o->order ? o->order[i] : i], k);
    }
}

void fake_forget(struct fake *f)
{
    while (f->n_kept)
        free(f->kept[--f->n_kept].stub);
}

static void on_request(struct conn *c, uint8_t *pdu, const struct rpc_pdu *d)
{
    struct nt_blob stub = { pdu + d->body_off, d->body_len };
    const char *why = NULL;
    c->f->fragments++;
    struct rpc_sec none = { .provider = NULL };
    if (rpc_unprotect(pdu, d, c->has_sec ? &c->sec : &none, &stub, &why) != STATUS_SUCCESS) {
        problem(c, STATUS_ACCESS_DENIED);
        return;
    }
    if (d->h.flags & RPC_PFC_FIRST) {
        c->stub.len = 0;
        c->call_id = d->h.call_id;
        c->ctx = d->u.req.ctx;
        c->opnum = d->u.req.opnum;
        c->abstract = d->u.req.ctx == 0 ? &fake_iface.syntax : &fake_iface2.syntax;
    } else if (c->call_id != d->h.call_id) {
        problem(c, RPC_NT_PROTOCOL_ERROR);
    }
    /* the hint is what is to come, this fragment included */
    if (d->u.req.alloc_hint < stub.len || ((d->h.flags & RPC_PFC_LAST) && d->u.req.alloc_hint != stub.len))
        problem(c, RPC_NT_PROTOCOL_ERROR);
    wr_bytes(&c->stub, stub.data, stub.len);
    if (d->h.flags & RPC_PFC_LAST)
        on_call(c);
}

static void on_orphaned(struct conn *c)
{
    c->f->orphans++;
    if (c->f->lie == RSP_LATE && c->stub.len) { /* an answer that crossed */
        c->f->lie = HONEST;
        respond(c, 8 + (size_t)le32(c->stub.base));
    }
}

static void on_pdu(struct conn *c, uint8_t *pdu, size_t len)
{
    struct rpc_pdu d;
    struct wr none;
    const char *why = NULL;
    if (rpc_pdu_decode(pdu, len, &d, &why) != STATUS_SUCCESS) {
        problem(c, RPC_NT_PROTOCOL_ERROR);
        return;
    }
    switch ((enum rpc_ptype)d.h.ptype) {
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        on_bind(c, pdu, &d);
        break;
    case RPC_PT_AUTH3:
        c->f->auth3s++;
        wr_init(&none, RPC_FRAG_MAX);
        if (step_sec(c, pdu, &d, &none) != STATUS_SUCCESS)
            problem(c, STATUS_LOGON_FAILURE);
        wr_free(&none);
        c->bound = true;
        break;
    case RPC_PT_REQUEST:
        on_request(c, pdu, &d);
        break;
    case RPC_PT_CO_CANCEL:
        c->f->cancels++;
        break;
    case RPC_PT_ORPHANED:
        on_orphaned(c);
        break;
    default:
        problem(c, RPC_NT_PROTOCOL_ERROR);
    }
}

static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct conn *c = engine;
    wr_bytes(&c->in, data, len);
    if (c->in.st != STATUS_SUCCESS)
        return;
    size_t at = 0;
    while (c->in.len - at >= RPC_HDR_LEN) {
        size_t n = le16(c->in.base + at + 8);
        if (n < RPC_HDR_LEN || c->in.len - at < n)
            break;
        on_pdu(c, c->in.base + at, n);
        at += n;
    }
    memmove(c->in.base, c->in.base + at, c->in.len - at);
    c->in.len -= at;
}

static void on_close(void *engine, enum nt_status why)
{
    struct conn *c = engine;
    (void)why;
    c->f->conns--;
    io_stream_done(&c->s);
    sec_free(c->sec.ctx);
    wr_free(&c->in);
    wr_free(&c->stub);
    wr_free(&c->replay);
    free(c);
}

static const struct io_ops ops = { NULL, on_data, on_close };

static enum nt_status on_dial(void *arg, struct io_stream *s, const struct io_addr *to)
{
    struct fake *f = arg;
    f->dials++;
    f->port = to->port;
    if (f->refuse != STATUS_SUCCESS && (f->refuse_port == 0 || f->refuse_port == to->port))
        return f->refuse;
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return STATUS_NO_MEMORY;
    c->f = f;
    wr_init(&c->in, SIZE_MAX);
    wr_init(&c->stub, SIZE_MAX);
    wr_init(&c->replay, SIZE_MAX);
    io_stream_init(&c->s, &ops, c, f->env);
    enum nt_status st = io_mem_join(f->loop, s, &c->s);
    if (st != STATUS_SUCCESS) {
        free(c);
        return st;
    }
    f->conns++;
    f->conn = c;
    return STATUS_SUCCESS;
}

void fake_listen(struct fake *f)
{
    io_mem_on_dial(f->loop, on_dial, f);
}
