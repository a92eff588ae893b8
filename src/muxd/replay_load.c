// SPDX-License-Identifier: Apache-2.0
/* A capture as a recording. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "muxd/m_replay.h"

/* What is being put together while the file is read; the recording itself has MUXD_REPLAY_MEMORY. */
#define READER_MEMORY ((size_t)64 << 20)
/* Pipes of servers, and answers to offers: a recording is of tests, not of a site. */
#define PIPES_MAX  4096u
#define OFFERS_MAX 256u
/* Blocks of the file. */
#define CHUNK ((size_t)256 << 10)

static void *take(struct muxd_replay *r, size_t size)
{
    void *p = size <= MUXD_REPLAY_MEMORY - r->used ? nt_arena_alloc(r->mem, size, 8) : NULL;
    if (!p) {
        r->failed = true;
        return NULL;
    }
    r->used += size;
    memset(p, 0, size);
    return p;
}

static bool take_blob(struct muxd_replay *r, struct nt_blob from, struct nt_blob *ret)
{
    uint8_t *p = take(r, from.len ? from.len : 1);
    if (!p)
        return false;
    if (from.len)
        memcpy(p, from.data, from.len);
    *ret = (struct nt_blob){ p, from.len };
    return true;
}

/* ---- pipes ---- */

bool rec_is_server(const struct rec_pipe *p, const char *server)
{
    return (p->host[0] && strcasecmp(p->host, server) == 0) || strcasecmp(p->addr, server) == 0;
}

static void address(const struct capture_peer *peer, char buf[CAPTURE_PEER_STRLEN])
{
    char text[CAPTURE_PEER_STRLEN];
    capture_peer_format(peer, text);
    char *colon = strrchr(text, ':');
    if (colon)
        *colon = 0;
    bool v6 = text[0] == '[';
    snprintf(buf, CAPTURE_PEER_STRLEN, "%s", text + v6);
    if (v6)
        buf[strcspn(buf, "]")] = 0;
}

static struct rec_pipe *pipe_of(struct muxd_replay *r, const struct capture_event *e)
{
    char addr[CAPTURE_PEER_STRLEN];
    const char *host = e->host ? e->host : "";
    unsigned n = 0;
    address(&e->server, addr);
    for (struct rec_pipe *p = r->pipes; p; p = p->next, n++)
        if (strcasecmp(p->name, e->pipe) == 0 && strcasecmp(p->host, host) == 0 && strcmp(p->addr, addr) == 0)
            return p;
    struct rec_pipe *p = n < PIPES_MAX ? take(r, sizeof *p) : NULL;
    size_t len = strlen(e->pipe) + 1;
    if (p)
        p->name = take(r, len);
    if (!p || !p->name) {
        r->failed = true;
        return NULL;
    }
    memcpy(p->name, e->pipe, len);
    snprintf(p->host, sizeof p->host, "%s", host);
    memcpy(p->addr, addr, sizeof p->addr);
    p->next = r->pipes;
    r->pipes = p;
    return p;
}

/* ---- events ---- */

static bool is_usable(struct muxd_replay *r, const struct capture_call *c)
{
    bool answered = c->outcome == CAPTURE_ANSWERED;
    if (c->req.sealed || c->rsp.sealed)
        r->stats.sealed++;
    else if (c->outcome == CAPTURE_NO_ANSWER)
        r->stats.unanswered++;
    else if (!c->iface_known || !c->opnum_known)
        r->stats.unknown++;
    else if (!c->req.complete || c->req.truncated || (answered && (!c->rsp.complete || c->rsp.truncated)))
        r->stats.incomplete++;
    else
        return true;
    return false;
}

/* By the order of requests; answers may have come in another. */
static void insert(struct rec_pipe *p, struct rec_call *c)
{
    struct rec_call **at = &p->calls;
    if (p->last && p->last->frame <= c->frame) {
        p->last->next = c;
        p->last = c;
        return;
    }
    while (*at && (*at)->frame <= c->frame)
        at = &(*at)->next;
    c->next = *at;
    *at = c;
    if (!c->next)
        p->last = c;
}

static void on_call(struct muxd_replay *r, const struct capture_event *e)
{
    const struct capture_call *v = e->call;
    struct rec_pipe *p = is_usable(r, v) ? pipe_of(r, e) : NULL;
    struct rec_call *c = p ? take(r, sizeof *c) : NULL;
    if (!c)
        return;
    c->frame = e->frame;
    c->iface = v->iface;
    c->syntax = v->syntax;
    c->opnum = v->opnum;
    c->has_object = v->has_object;
    c->object = v->object;
    c->req_drep = v->req.drep;
    c->rsp_drep = v->rsp.drep;
    c->outcome = v->outcome;
    c->fault = v->fault;
    c->did_not_execute = v->did_not_execute;
    if (!take_blob(r, v->req.stub, &c->req) ||
        (c->outcome == CAPTURE_ANSWERED && !take_blob(r, v->rsp.stub, &c->rsp)))
        return;
    insert(p, c);
    r->stats.calls++;
}

static void on_bind(struct muxd_replay *r, const struct capture_event *e)
{
    struct rec_pipe *p = e->bind->answered && !e->bind->refused ? pipe_of(r, e) : NULL;
    for (unsigned i = 0; p && i < e->bind->n; i++) {
        const struct capture_bind_item *it = &e->bind->items[i];
        const struct rec_offer *have = p->offers;
        unsigned n = 0;
        if (it->features)
            continue;
        for (; have; have = have->next, n++)
            if (rpc_syntax_equal(&have->iface, &it->iface) &&
                rpc_syntax_equal(&have->transfer, &it->transfer))
                break;
        struct rec_offer *o = have || n == OFFERS_MAX ? NULL : take(r, sizeof *o);
        if (!o)
            continue;
        *o = (struct rec_offer){ p->offers, it->iface, it->transfer, it->result, it->reason };
        p->offers = o;
    }
}

static void on_event(void *arg, const struct capture_event *e)
{
    struct muxd_replay *r = arg;
    if (e->kind == CAPTURE_NOTE)
        r->stats.notes++;
    else if (!e->pipe || r->failed)
        return; /* TCP: no Connect of ours leads there */
    else if (e->kind == CAPTURE_CALL)
        on_call(r, e);
    else
        on_bind(r, e);
}

/* ---- the file ---- */

enum nt_status muxd_replay_new(bool strict, struct muxd_replay **ret)
{
    struct muxd_replay *r = calloc(1, sizeof *r);
    if (!r)
        return STATUS_NO_MEMORY;
    struct capture_options o = { .memory = READER_MEMORY, .arg = r, .event = on_event };
    r->strict = strict;
    r->mem = nt_arena_new_secret(0);
    r->capture = capture_new(&o);
    r->file = r->capture ? capture_file_new(r->capture) : NULL;
    if (!r->mem || !r->file) {
        muxd_replay_free(r);
        return STATUS_NO_MEMORY;
    }
    *ret = r;
    return STATUS_SUCCESS;
}

enum nt_status muxd_replay_feed(struct muxd_replay *r, const uint8_t *data, size_t len)
{
    enum nt_status st = capture_file_feed(r->file, data, len);
    return st == STATUS_SUCCESS && r->failed ? STATUS_INSUFFICIENT_RESOURCES : st;
}

static void count(struct muxd_replay *r)
{
    r->stats.servers = r->stats.pipes = 0;
    for (struct rec_pipe *p = r->pipes; p; p = p->next) {
        const struct rec_pipe *q = r->pipes;
        while (q != p && !(strcasecmp(q->host, p->host) == 0 && strcmp(q->addr, p->addr) == 0))
            q = q->next;
        r->stats.servers += q == p;
        r->stats.pipes++;
        p->next_strict = p->calls;
    }
}

enum nt_status muxd_replay_ready(struct muxd_replay *r, struct muxd_replay_stats *ret, struct nt_error *err)
{
    bool whole = capture_file_whole(r->file);
    capture_end(r->capture);
    capture_delete(r->capture);
    capture_file_free(r->file);
    r->capture = NULL;
    r->file = NULL;
    count(r);
    *ret = r->stats;
    if (r->failed)
        return nt_error_set(err, STATUS_INSUFFICIENT_RESOURCES, "it has more than fits into memory");
    if (!whole)
        return nt_error_set(err, STATUS_FILE_INVALID, "it ends in the middle");
    if (!r->pipes)
        return nt_error_set(err, STATUS_FILE_INVALID,
                            "there is nothing of named pipes in it that could be answered");
    return STATUS_SUCCESS;
}

static enum nt_status read_file(struct muxd_replay *r, int fd, struct nt_error *err)
{
    enum nt_status st = STATUS_SUCCESS;
    uint8_t *buf = malloc(CHUNK);
    ssize_t n = buf ? 1 : 0;
    if (!buf)
        return STATUS_NO_MEMORY;
    while (st == STATUS_SUCCESS && n > 0) {
        n = read(fd, buf, CHUNK);
        if (n > 0)
            st = muxd_replay_feed(r, buf, (size_t)n);
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    nt_wipe(buf, CHUNK);
    free(buf);
    if (n < 0)
        return nt_error_set(err, STATUS_FILE_INVALID, "%s", strerror(errno));
    if (st == STATUS_FILE_INVALID)
        return nt_error_set(err, st, "it is no pcapng file, or not all of it is");
    return st;
}

enum nt_status muxd_replay_load(const char *path, bool strict, struct muxd_replay **ret,
                                struct muxd_replay_stats *ret_stats, struct nt_error *err)
{
    struct muxd_replay *r = NULL;
    struct nt_error why = { "" };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return nt_error_set(err, STATUS_OBJECT_NAME_NOT_FOUND, "%s: %s", path, strerror(errno));
    enum nt_status st = muxd_replay_new(strict, &r);
    if (st == STATUS_SUCCESS)
        st = read_file(r, fd, &why);
    if (st == STATUS_SUCCESS)
        st = muxd_replay_ready(r, ret_stats, &why);
    close(fd);
    if (st != STATUS_SUCCESS) {
        muxd_replay_free(r);
        return nt_error_set(err, st, "%s: %s", path, why.text[0] ? why.text : nt_status_text(st));
    }
    *ret = r;
    return STATUS_SUCCESS;
}

void muxd_replay_free(struct muxd_replay *r)
{
    if (!r)
        return;
    capture_delete(r->capture);
    capture_file_free(r->file);
    nt_arena_free(r->mem);
    free(r);
}
