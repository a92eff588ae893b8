// SPDX-License-Identifier: Apache-2.0
#include "tap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "capture/flow.h"

/* Octets of a PDU's packets: the longest PDU twice, with what is around it. */
#define PACKETS_MAX ((size_t)1 << 18)
/* Where a PDU says how long it and its token are ([C706] 12.6.3.1). */
enum { FRAG_LEN = 8, AUTH_LEN = 10, HDR = 16 };

/* What a connection's tag points at. */
struct tapped {
    struct capture_flow *flow; /* a TCP connection, with all of its pipes */
    uint64_t id; /* of the pipe */
    bool pipe;
};

struct tap {
    struct sink *sink;
    struct capture_flows flows;
    uint64_t last_id;
    bool told;
    void (*full)(void *arg);
    void *arg;
};

static uint64_t now(void)
{
    struct timespec t = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* All packets of one event are one record: they are in the file together or not at all. */
static void give(struct tap *t, struct wr *w)
{
    struct sink_stats st;
    if (w->st == STATUS_SUCCESS && w->len && !sink_put(t->sink, w->base, w->len) && !t->told) {
        sink_stats(t->sink, &st);
        t->told = st.full;
        if (st.full)
            t->full(t->arg);
    }
    wr_free_secret(w);
}

/* ---- connections ---- */

static struct tapped *tapped(struct tap *t, struct rpc_seen_conn *c, struct wr *w)
{
    struct tapped *x = c->tag;
    if (x)
        return x;
    x = calloc(1, sizeof *x);
    bool pipe = strcmp(c->protseq, "ncacn_np") == 0;
    struct capture_flow *f = x ? capture_flow_get(&t->flows, c->peer, c->local, pipe, NULL, now(), w) : NULL;
    if (!f) {
        free(x);
        return NULL;
    }
    x->flow = f;
    x->id = ++t->last_id;
    x->pipe = pipe;
    if (x->pipe) {
        const char *name = strrchr(c->endpoint, '\\');
        capture_put_pipe_open(w, &f->c, now(), x->id, name ? name + 1 : "unknown");
    }
    c->tag = x;
    return x;
}

/* ---- events ---- */

void tap_pdu(struct tap *t, struct rpc_seen_conn *c, bool out, const uint8_t *head, size_t head_len,
             const uint8_t *body, size_t body_len)
{
    struct wr w, pdu;
    if (t->told || !c->id)
        return;
    wr_init(&w, PACKETS_MAX);
    wr_init(&pdu, UINT16_MAX);
    wr_bytes(&pdu, head, head_len);
    if (body_len)
        wr_bytes(&pdu, body, body_len);
    struct tapped *x = tapped(t, c, &w);
    if (x && pdu.st == STATUS_SUCCESS && pdu.len >= HDR) {
        bool big = (pdu.base[4] & 0xf0) == 0; /* the sender's byte order */
        pdu.base[FRAG_LEN + big] = (uint8_t)pdu.len;
        pdu.base[FRAG_LEN + !big] = (uint8_t)(pdu.len >> 8);
        pdu.base[AUTH_LEN] = pdu.base[AUTH_LEN + 1] = 0;
        struct nt_blob data = { pdu.base, pdu.len };
        if (x->pipe)
            capture_put_pipe_data(&w, &x->flow->c, out, now(), x->id, data);
        else
            capture_put_data(&w, &x->flow->c, out, now(), data);
    }
    wr_free_secret(&pdu);
    give(t, &w);
}

void tap_closed(struct tap *t, struct rpc_seen_conn *c)
{
    struct tapped *x = c->tag;
    struct wr w;
    if (!x)
        return;
    wr_init(&w, PACKETS_MAX);
    if (x->pipe)
        capture_put_pipe_close(&w, &x->flow->c, now(), x->id);
    capture_flow_unref(&t->flows, x->flow, now(), &w);
    free(x);
    c->tag = NULL;
    give(t, &w);
}

/* ---- life ---- */

/* O_EXCL: no file, and no link that somebody has put there, is ever written to. */
enum nt_status tap_new(const char *file, uint64_t max, void (*full)(void *arg), void *arg, struct tap **ret,
                       struct nt_error *err)
{
    struct wr w;
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return nt_error_set(err, STATUS_OBJECT_NAME_COLLISION, "pcap %s: %s", file, strerror(errno));
    struct sink_options so = { .fd = fd, .max = max, .whole = true };
    struct tap *t = calloc(1, sizeof *t);
    if (!t || sink_new(&so, &t->sink) != STATUS_SUCCESS) {
        close(fd);
        free(t);
        return STATUS_NO_MEMORY;
    }
    t->full = full;
    t->arg = arg;
    wr_init(&w, 1024);
    capture_put_head(
        &w, "msrpcd",
        "Calls as msrpcd saw them, without their protection. Addresses are real; TCP and SMB are made up "
        "around them.",
        NULL);
    give(t, &w);
    *ret = t;
    return STATUS_SUCCESS;
}

enum nt_status tap_start(struct tap *t)
{
    return sink_start(t->sink);
}

void tap_stats(struct tap *t, struct sink_stats *ret)
{
    sink_stats(t->sink, ret);
}

void tap_free(struct tap *t)
{
    if (!t)
        return;
    capture_flows_free(&t->flows); /* connections that outlive us have no tag to look at any more */
    (void)sink_free(t->sink);
    free(t);
}
