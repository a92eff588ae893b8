// SPDX-License-Identifier: Apache-2.0
/* What a connection has come to: read from where it is kept, on request. */
#include <stdio.h>
#include <string.h>
#include "rpc/m_client.h"

/* Of the security context that calls use now. */
static void security_facts(const struct rpc_conn *c, const struct rpc_sec *sec, struct rpc_facts *f)
{
    const struct sec_provider *p = sec->provider;
    struct nt_blob b;
    f->security = sec->ctx_id;
    f->level = c->level;
    if (!p)
        return;
    f->level = sec->level;
    f->provider = rpc_conn_mech(c);
    f->header_sign = sec->header_sign;
    f->principal = rpc_conn_principal(c);
    if (p->query(sec->ctx, SEC_ITEM_ENCTYPE, &b) == STATUS_SUCCESS && b.len == sizeof f->enctype)
        memcpy(&f->enctype, b.data, sizeof f->enctype);
    if (p->query(sec->ctx, SEC_ITEM_SESSION_KEY, &b) == STATUS_SUCCESS)
        f->security_key_len = (unsigned)b.len;
}

static void session_facts(const struct rpc_conn *c, struct rpc_facts *f)
{
    struct npc_facts n = { .size = sizeof n };
    struct npc_pdu_facts pdu = { .size = sizeof pdu };
    f->session = c->session;
    if (c->lent) {
        if (rpc_lent_facts(c->tp, &pdu, &n) != STATUS_SUCCESS)
            return;
        f->lent = pdu.by_mux;
        f->bound = pdu.bound;
    } else if (!c->session || npc_session_facts(c->session, &n) != STATUS_SUCCESS) {
        return;
    }
    f->dialect = n.dialect;
    f->cipher = n.cipher;
    f->signing = n.signing;
    f->session_signed = n.signed_;
    f->session_encrypted = n.encrypted;
    f->session_mech = n.mech;
    f->session_key_len = n.session_key_len;
    f->transport_key_len = n.application_key_len;
    f->muxer = n.muxer;
    f->warm = c->lent ? pdu.warm : n.warm;
    f->session_principal = n.principal;
}

enum nt_status rpc_conn_facts(const struct rpc_conn *c, struct rpc_facts *ret)
{
    struct rpc_conn *w = (struct rpc_conn *)(uintptr_t)c; /* texts are cached there */
    struct rpc_facts f = { .size = ret->size };
    struct nt_blob b;
    const struct rpc_sec *sec = rpc_conn_sec(w);
    if (c->state != RPC_ST_READY)
        return STATUS_CONNECTION_INVALID;
    if (!sec)
        return STATUS_INVALID_PARAMETER;
    f.protseq = rpc_protseq_names[c->binding->protseq];
    f.endpoint = c->endpoint;
    f.host = c->binding->host;
    f.peer = c->peer;
    if (!c->peer[0] && c->tp->ops->query(c->tp, RPC_TP_PEER, &b) == STATUS_SUCCESS)
        snprintf(w->peer, sizeof w->peer, "%.*s", (int)b.len, (const char *)b.data);
    f.ndr64 = c->ctx[0].ndr64;
    f.transfer = c->ctx[0].ndr64 ? "NDR64" : "NDR 2.0";
    f.max_xmit_frag = c->max_xmit;
    f.max_recv_frag = c->max_recv;
    f.assoc_group = c->assoc;
    f.concurrent = c->mpx;
    f.keeps_on_orphan = c->features & RPC_FEATURE_KEEP_ON_ORPHAN;
    f.many_securities = c->features & RPC_FEATURE_SEC_MULTIPLEX;
    f.interfaces = c->n_ctx;
    f.securities = (c->provider ? 1 : 0) + c->n_xsec;
    security_facts(c, sec, &f);
    session_facts(c, &f);
    memcpy(ret, &f, ret->size < sizeof f ? ret->size : sizeof f);
    return STATUS_SUCCESS;
}
