// SPDX-License-Identifier: Apache-2.0
#include "npc/mux_tap.h"

void mux_put_tap(struct wr *w, const struct mux_tap *t)
{
    wr_u8(w, t->whose);
    wr_u32(w, t->uid);
    wr_u32(w, t->pid);
    wr_u32(w, t->queue);
    mux_put_str(w, t->server);
    mux_put_str(w, t->pipe);
}

enum nt_status mux_get_tap(struct rd *r, struct mux_tap *ret)
{
    ret->whose = rd_u8(r);
    ret->uid = rd_u32(r);
    ret->pid = rd_u32(r);
    ret->queue = rd_u32(r);
    mux_get_str(r, ret->server, sizeof ret->server);
    mux_get_str(r, ret->pipe, sizeof ret->pipe);
    if (ret->whose > MUX_ALL || ret->queue > MUX_TAP_QUEUE_MAX)
        return STATUS_INVALID_PARAMETER;
    return mux_done(r);
}

void mux_put_tapped(struct wr *w, const struct mux_tapped *t)
{
    wr_u64(w, t->tap);
    mux_put_str(w, t->program);
    mux_put_str(w, t->host);
}

enum nt_status mux_get_tapped(struct rd *r, struct mux_tapped *ret)
{
    ret->tap = rd_u64(r);
    mux_get_str(r, ret->program, sizeof ret->program);
    mux_get_str(r, ret->host, sizeof ret->host);
    return mux_done(r);
}

void mux_put_record(struct wr *w, const struct mux_record *r)
{
    wr_u8(w, r->kind);
    wr_u64(w, r->time);
    wr_u64(w, r->pipe);
    switch ((enum mux_record_kind)r->kind) {
    case MUX_TAP_PIPE:
        wr_u32(w, r->uid);
        wr_u32(w, r->pid);
        wr_u8(w, r->mode);
        mux_put_str(w, r->server);
        mux_put_str(w, r->peer);
        mux_put_str(w, r->name);
        break;
    case MUX_TAP_OCTETS:
        wr_u8(w, r->flags);
        mux_put_blob(w, r->octets.data, r->octets.len);
        break;
    case MUX_TAP_LOST:
        wr_u64(w, r->records);
        wr_u64(w, r->bytes);
        break;
    case MUX_TAP_CLOSED:
        break;
    }
}

enum nt_status mux_get_record(struct rd *r, struct mux_record *ret)
{
    ret->kind = rd_u8(r);
    ret->time = rd_u64(r);
    ret->pipe = rd_u64(r);
    switch ((enum mux_record_kind)ret->kind) {
    case MUX_TAP_PIPE:
        ret->uid = rd_u32(r);
        ret->pid = rd_u32(r);
        ret->mode = rd_u8(r);
        mux_get_str(r, ret->server, sizeof ret->server);
        mux_get_str(r, ret->peer, sizeof ret->peer);
        mux_get_str(r, ret->name, sizeof ret->name);
        break;
    case MUX_TAP_OCTETS:
        ret->flags = rd_u8(r);
        ret->octets = mux_get_blob(r, MUX_DATA_MAX);
        break;
    case MUX_TAP_LOST:
        ret->records = rd_u64(r);
        ret->bytes = rd_u64(r);
        break;
    case MUX_TAP_CLOSED:
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return mux_done(r);
}
