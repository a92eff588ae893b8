// SPDX-License-Identifier: Apache-2.0
/* SMB2 NEGOTIATE with its contexts ([MS-SMB2] 2.2.3, 2.2.4). */
#include "smb/smb.h"

enum { CTX_PREAUTH = 1, CTX_CIPHERS = 2, CTX_NETNAME = 5, CTX_SIGNING = 8 };

/* Contexts in one message: eight types are known, so that a few times as many are surely not meant well. */
#define MAX_CONTEXTS 32u

static bool offers_311(const struct smb_negotiate_req *q)
{
    for (size_t i = 0; i < q->n_dialects; i++)
        if (q->dialects[i] == NPC_SMB_3_1_1)
            return true;
    return false;
}

/* Head of a context, 8-aligned from the header at `from`; returns the mark of its length. */
static size_t ctx_begin(struct wr *w, size_t from, uint16_t type)
{
    size_t pad = (from - w->len) & 7;
    wr_zero(w, pad);
    wr_u16(w, type);
    size_t mark = wr_mark_u16(w);
    wr_u32(w, 0);
    return mark;
}

static void ctx_end(struct wr *w, size_t mark)
{
    wr_fill_u16(w, mark, (uint16_t)(w->len - mark - 6));
}

static void put_ids(struct wr *w, const uint16_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wr_u16(w, ids[i]);
}

/* [MS-SMB2] 2.2.3.1.1 */
static void put_preauth(struct wr *w, size_t from, const uint16_t *hashes, size_t n, struct nt_blob salt)
{
    size_t mark = ctx_begin(w, from, CTX_PREAUTH);
    wr_u16(w, (uint16_t)n);
    wr_u16(w, (uint16_t)salt.len);
    put_ids(w, hashes, n);
    wr_bytes(w, salt.data, salt.len);
    ctx_end(w, mark);
}

/* [MS-SMB2] 2.2.3.1.2, 2.2.3.1.7 */
static void put_list(struct wr *w, size_t from, uint16_t type, const uint16_t *ids, size_t n)
{
    size_t mark = ctx_begin(w, from, type);
    wr_u16(w, (uint16_t)n);
    put_ids(w, ids, n);
    ctx_end(w, mark);
}

void smb_put_negotiate_req(struct wr *w, const struct smb_negotiate_req *q)
{
    size_t from = w->len - SMB_HDR;
    wr_u16(w, 36);
    wr_u16(w, (uint16_t)q->n_dialects);
    wr_u16(w, q->mode);
    wr_u16(w, 0);
    wr_u32(w, q->caps);
    wr_bytes(w, q->guid, 16);
    size_t at = w->len; /* ClientStartTime, or offset and count of the contexts */
    wr_zero(w, 8);
    put_ids(w, q->dialects, q->n_dialects);
    if (!offers_311(q))
        return;
    wr_zero(w, (from - w->len) & 7);
    wr_fill_u32(w, at, (uint32_t)(w->len - from));
    uint16_t n = 1;
    put_preauth(w, from, q->hashes, q->n_hashes, q->salt);
    if (q->n_ciphers) {
        put_list(w, from, CTX_CIPHERS, q->ciphers, q->n_ciphers);
        n++;
    }
    if (q->n_signing) {
        put_list(w, from, CTX_SIGNING, q->signing, q->n_signing);
        n++;
    }
    if (q->netname.len) {
        size_t mark = ctx_begin(w, from, CTX_NETNAME);
        wr_bytes(w, q->netname.data, q->netname.len);
        ctx_end(w, mark);
        n++;
    }
    wr_fill_u16(w, at + 4, n);
}

/* What the contexts of either direction may hold; each at most once. */
struct contexts {
    bool preauth, ciphers, signing;
    uint16_t hash_ids[SMB_MAX_ALGS], cipher_ids[SMB_MAX_ALGS], signing_ids[SMB_MAX_ALGS];
    size_t n_hashes, n_ciphers, n_signing;
    struct nt_blob salt, netname;
};

/* Reads n ids, keeping the first SMB_MAX_ALGS. */
static size_t get_ids(struct rd *r, size_t n, uint16_t ids[SMB_MAX_ALGS])
{
    if (n == 0 || n > rd_left(r) / 2) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        uint16_t id = rd_u16(r);
        if (i < SMB_MAX_ALGS)
            ids[i] = id;
    }
    return n < SMB_MAX_ALGS ? n : SMB_MAX_ALGS;
}

static void once(struct rd *r, bool *seen)
{
    if (*seen)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    *seen = true;
}

static void get_context(struct rd *d, uint16_t type, struct contexts *c)
{
    size_t n, salt;
    switch (type) {
    case CTX_PREAUTH:
        once(d, &c->preauth);
        n = rd_u16(d);
        salt = rd_u16(d);
        c->n_hashes = get_ids(d, n, c->hash_ids);
        c->salt.data = rd_bytes(d, salt);
        c->salt.len = salt;
        break;
    case CTX_CIPHERS:
        once(d, &c->ciphers);
        n = rd_u16(d);
        c->n_ciphers = get_ids(d, n, c->cipher_ids);
        break;
    case CTX_SIGNING:
        once(d, &c->signing);
        n = rd_u16(d);
        c->n_signing = get_ids(d, n, c->signing_ids);
        break;
    case CTX_NETNAME:
        c->netname.data = d->base;
        c->netname.len = d->len;
        break;
    default: /* must be ignored ([MS-SMB2] 3.2.5.2) */
        break;
    }
}

static enum nt_status get_contexts(struct rd *r, size_t offset, unsigned count, struct contexts *c)
{
    memset(c, 0, sizeof *c);
    if (count > MAX_CONTEXTS || offset < SMB_HDR || offset > r->len || (offset & 7))
        return STATUS_INVALID_NETWORK_RESPONSE;
    struct rd all = rd_sub(r, offset, r->len - offset);
    for (unsigned i = 0; i < count; i++) {
        rd_align(&all, 8);
        uint16_t type = rd_u16(&all);
        size_t n = rd_u16(&all);
        rd_skip(&all, 4);
        struct rd data = rd_sub(&all, all.pos, n);
        rd_skip(&all, n);
        get_context(&data, type, c);
        if (data.st != STATUS_SUCCESS)
            return data.st;
    }
    if (!c->preauth)
        rd_fail(&all, STATUS_INVALID_NETWORK_RESPONSE);
    return all.st;
}

enum nt_status smb_get_negotiate_req(const uint8_t *msg, size_t len, struct smb_negotiate_req *ret)
{
    struct smb_negotiate_req q = { 0 };
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 36)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    size_t n = rd_u16(&r);
    q.mode = rd_u16(&r);
    rd_skip(&r, 2);
    q.caps = rd_u32(&r);
    rd_copy(&r, q.guid, 16);
    size_t offset = rd_u32(&r);
    unsigned count = rd_u16(&r);
    rd_skip(&r, 2);
    if (n == 0 || n > rd_left(&r) / 2)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    for (size_t i = 0; i < n && r.st == STATUS_SUCCESS; i++) {
        uint16_t d = rd_u16(&r);
        if (i < SMB_MAX_DIALECTS)
            q.dialects[q.n_dialects++] = d;
    }
    if (r.st == STATUS_SUCCESS && offers_311(&q)) {
        struct contexts c;
        enum nt_status st = get_contexts(&r, offset, count, &c);
        if (st != STATUS_SUCCESS)
            return st;
        memcpy(q.hashes, c.hash_ids, sizeof q.hashes);
        memcpy(q.ciphers, c.cipher_ids, sizeof q.ciphers);
        memcpy(q.signing, c.signing_ids, sizeof q.signing);
        q.n_hashes = c.n_hashes;
        q.n_ciphers = c.n_ciphers;
        q.n_signing = c.n_signing;
        q.salt = c.salt;
        q.netname = c.netname;
    }
    if (r.st == STATUS_SUCCESS)
        *ret = q;
    return r.st;
}

void smb_put_negotiate_rsp(struct wr *w, const struct smb_negotiate_rsp *p)
{
    size_t from = w->len - SMB_HDR;
    wr_u16(w, 65);
    wr_u16(w, p->mode);
    wr_u16(w, p->dialect);
    uint16_t count = p->dialect == NPC_SMB_3_1_1 ? (uint16_t)(1 + p->has_cipher + p->has_signing) : 0;
    wr_u16(w, count);
    wr_bytes(w, p->guid, 16);
    wr_u32(w, p->caps);
    wr_u32(w, p->max_transact);
    wr_u32(w, p->max_read);
    wr_u32(w, p->max_write);
    wr_u64(w, p->time);
    wr_u64(w, p->start_time);
    wr_u16(w, (uint16_t)(SMB_HDR + 64));
    wr_u16(w, (uint16_t)p->token.len);
    size_t at = wr_mark_u32(w);
    wr_bytes(w, p->token.data, p->token.len);
    if (!count)
        return;
    wr_zero(w, (from - w->len) & 7);
    wr_fill_u32(w, at, (uint32_t)(w->len - from));
    put_preauth(w, from, &p->hash, 1, p->salt);
    if (p->has_cipher)
        put_list(w, from, CTX_CIPHERS, &p->cipher, 1);
    if (p->has_signing)
        put_list(w, from, CTX_SIGNING, &p->signing, 1);
}

static enum nt_status rsp_contexts(struct rd *r, size_t offset, unsigned count, struct smb_negotiate_rsp *p)
{
    struct contexts c;
    enum nt_status st = get_contexts(r, offset, count, &c);
    if (st != STATUS_SUCCESS)
        return st;
    if (c.n_hashes != 1 || (c.ciphers && c.n_ciphers != 1) || (c.signing && c.n_signing != 1))
        return STATUS_INVALID_NETWORK_RESPONSE;
    p->hash = c.hash_ids[0];
    p->salt = c.salt;
    p->has_cipher = c.ciphers;
    p->cipher = c.ciphers ? c.cipher_ids[0] : 0;
    p->has_signing = c.signing;
    p->signing = c.signing ? c.signing_ids[0] : 0;
    return STATUS_SUCCESS;
}

enum nt_status smb_get_negotiate_rsp(const uint8_t *msg, size_t len, struct smb_negotiate_rsp *ret)
{
    struct smb_negotiate_rsp p = { 0 };
    struct rd r;
    rd_init(&r, msg, len);
    rd_skip(&r, SMB_HDR);
    if (rd_u16(&r) != 65)
        rd_fail(&r, STATUS_INVALID_NETWORK_RESPONSE);
    p.mode = rd_u16(&r);
    p.dialect = rd_u16(&r);
    unsigned count = rd_u16(&r);
    rd_copy(&r, p.guid, 16);
    p.caps = rd_u32(&r);
    p.max_transact = rd_u32(&r);
    p.max_read = rd_u32(&r);
    p.max_write = rd_u32(&r);
    p.time = rd_u64(&r);
    p.start_time = rd_u64(&r);
    size_t offset = rd_u16(&r);
    size_t n = rd_u16(&r);
    size_t contexts = rd_u32(&r);
    if (n) {
        struct rd token = rd_sub(&r, offset, n);
        p.token.data = token.base;
        p.token.len = token.len;
    }
    if (r.st == STATUS_SUCCESS && p.dialect == NPC_SMB_3_1_1) {
        enum nt_status st = rsp_contexts(&r, contexts, count, &p);
        if (st != STATUS_SUCCESS)
            return st;
    }
    if (r.st == STATUS_SUCCESS)
        *ret = p;
    return r.st;
}
