// SPDX-License-Identifier: Apache-2.0
#include "capture/tape.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/pdu_head.h"

#define SMB_PORT 445

/* One way of a pipe: what came of a PDU that is not whole. */
struct way {
    uint8_t *buf; /* RPC_HDR_LEN octets, then as many as the head says */
    size_t len, want;
};

struct capture_tape_pipe {
    struct capture_tape_pipe *next;
    struct capture_tape *t;
    struct capture_flow *flow;
    uint64_t id;
    bool rpc; /* a PDU has been seen */
    struct way way[2];
    char server[];
};

static size_t looks(const uint8_t *p)
{
    return p[1] == 0 && p[2] <= RPC_PT_ORPHANED && p[6] == 0 && p[7] == 0 ? pdu_head_len(p) : 0;
}

static void drop(struct way *v)
{
    free(v->buf);
    *v = (struct way){ NULL, 0, 0 };
}

struct capture_tape_pipe *capture_tape_open(struct capture_tape *t, const char *server, const char *peer,
                                            const char *name, const char *comment, uint64_t time,
                                            struct wr *w)
{
    struct capture_tape_pipe *p = calloc(1, sizeof *p + strlen(server) + 1);
    char at[80];
    if (!p)
        return NULL;
    const char *colon = strrchr(peer, ':');
    snprintf(at, sizeof at, "%.*s:%d", colon ? (int)(colon - peer) : 9, colon ? peer : "127.0.0.1", SMB_PORT);
    p->flow = capture_flow_get(&t->flows, NULL, at, false, comment, time, w);
    if (!p->flow) {
        free(p);
        return NULL;
    }
    if (!colon)
        p->flow->c.server.port = SMB_PORT; /* made up, all of it */
    memcpy(p->server, server, strlen(server) + 1);
    p->flow->c.host = p->server;
    p->t = t;
    p->id = ++t->last_id;
    p->next = t->pipes;
    t->pipes = p;
    capture_put_pipe_open(w, &p->flow->c, time, p->id, name);
    return p;
}

static bool pdu(struct capture_tape_pipe *p, bool from_server, uint64_t time, uint8_t *data, size_t len,
                struct wr *w)
{
    p->rpc = true;
    len = capture_trim_pdu(data, len);
    if (len)
        capture_put_pipe_data(w, &p->flow->c, from_server, time, p->id, (struct nt_blob){ data, len });
    return len != 0;
}

/* Where a PDU should begin there is none: octets of another protocol, or the rest of something that was
 * missed. */
static bool other(struct capture_tape_pipe *p, bool from_server, uint64_t time, struct nt_blob d,
                  struct wr *w)
{
    if (p->rpc)
        return false;
    capture_put_pipe_data(w, &p->flow->c, from_server, time, p->id, d);
    return true;
}

/* Takes of d what belongs to the PDU that is being put together. False: there is no memory, or no PDU. */
static bool gather(struct way *v, struct nt_blob *d)
{
    while (d->len && v->len < v->want) {
        size_t n = v->want - v->len < d->len ? v->want - v->len : d->len;
        memcpy(v->buf + v->len, d->data, n);
        v->len += n;
        *d = (struct nt_blob){ d->data + n, d->len - n };
        if (v->len != RPC_HDR_LEN || v->want != RPC_HDR_LEN)
            continue;
        size_t whole = looks(v->buf);
        uint8_t *bigger = whole ? realloc(v->buf, whole) : NULL;
        if (!bigger)
            return false;
        v->buf = bigger;
        v->want = whole;
    }
    return true;
}

bool capture_tape_octets(struct capture_tape_pipe *p, bool from_server, uint64_t time, struct nt_blob d,
                         struct wr *w)
{
    struct way *v = &p->way[from_server];
    bool put = false;
    while (d.len) {
        if (!v->buf) {
            if (d.len >= RPC_HDR_LEN ? !looks(d.data) : !p->rpc)
                return other(p, from_server, time, d, w) || put;
            v->buf = malloc(RPC_HDR_LEN);
            v->want = RPC_HDR_LEN;
        }
        if (!v->buf || !gather(v, &d)) {
            drop(v);
            return put;
        }
        if (v->len == v->want) {
            put = pdu(p, from_server, time, v->buf, v->len, w) || put;
            drop(v);
        }
    }
    return put;
}

void capture_tape_gap(struct capture_tape *t)
{
    for (struct capture_tape_pipe *p = t->pipes; p; p = p->next) {
        drop(&p->way[0]);
        drop(&p->way[1]);
    }
}

static void forget(struct capture_tape_pipe *p)
{
    struct capture_tape_pipe **at = &p->t->pipes;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    drop(&p->way[0]);
    drop(&p->way[1]);
    free(p);
}

void capture_tape_close(struct capture_tape_pipe *p, uint64_t time, struct wr *w)
{
    capture_put_pipe_close(w, &p->flow->c, time, p->id);
    capture_flow_unref(&p->t->flows, p->flow, time, w);
    forget(p);
}

void capture_tape_free(struct capture_tape *t)
{
    while (t->pipes)
        forget(t->pipes);
    capture_flows_free(&t->flows);
}
